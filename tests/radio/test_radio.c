/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli.h"
#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The unmodified program at a radio that is none, once for each interface (KIND): what it hears, how it is tuned, and what it does
 * when something goes wrong. Nothing here looks at the wall clock; the program's own messages tell how long it took. That it is
 * quick enough on a machine is for tests/radio/faults.sh. */
#ifndef KIND
#error "KIND is rtltcp, rtlsdr or soapy"
#endif
#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)

static struct cli cli;

static const char telegrams[] = "T A 1444645E4455223368077A55000000046D1D2C9C2B gap-ms=60\n"
                                "S A 1444645E4455223368077A56000000041389E20100 gap-ms=60\n"
                                "C B 1444645E4455223368077A58000000041389E20101 gap-ms=60\n";

static void start(void)
{
    cli_open(&cli);
    cli_file(&cli, "list", telegrams, sizeof telegrams - 1);
    cli_run(&cli, "$W synth -t list -s 1.6M -f 868.625M --duration 0.5 --noise-lsb 6 -o rec.cu8");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
}

static void stop(void)
{
    cli_close(&cli);
}

static bool is(const char *kind)
{
    return strcmp(TEXT(KIND), kind) == 0;
}

/* Runs `wmsdr COMMAND -d FAKE ARGS` at the fake with these settings; it is interrupted after so many seconds (0: it ends by
 * itself). The exit code and what it wrote are there then. In simulated time (simulated_time.c), where seconds cost what the
 * program computes in them and a loaded machine makes nothing late, or in earnest. */
static void run_in(bool simulated, const char *settings, const char *command, const char *args, double seconds)
{
    char line[2040], device[64], before[700] = "", time[100] = "timeout 300";
    const char *server = "";

    snprintf(device, sizeof device, is("rtlsdr") ? "rtlsdr:FAKE0001" : "soapy:driver=fake");
    if (is("rtltcp") && simulated) {
        const unsigned id = (unsigned)getpid();
        snprintf(device, sizeof device, "rtltcp:127.%u.%u.%u", 1 + id / 65536 % 250, id / 256 % 256, 1 + id % 254);
        server = FAKE_PRELOAD "/fake_server.so";
    } else if (is("rtltcp")) {
        snprintf(device, sizeof device, "rtltcp:127.0.0.1:$(cat port)");
        snprintf(before, sizeof before,
                 "rm -f port; %s port \"file=rec.cu8 log=log %s\" & SERVER=$!; until [ -s port ]; do sleep 0.05; done;",
                 FAKE_SERVER, settings);
    }
    if (simulated)
        snprintf(time, sizeof time, "SIMULATED_TIME=%s%g", seconds > 0 ? "end=" : "none=", seconds);
    else
        snprintf(time, sizeof time, "timeout --foreground --preserve-status -s INT %g", seconds);
    snprintf(line, sizeof line,
             "rm -f log; %s export FAKE_RADIO=\"file=rec.cu8 log=log %s\" LD_LIBRARY_PATH=%s SOAPY_SDR_PLUGIN_PATH=%s "
             "SOAPY_SDR_ROOT=/nonexistent; { %s%s %s%s%s$W %s -d %s %s; R=$?; }; [ -z \"$SERVER\" ] || kill $SERVER; "
             "exit $R",
             before, settings, FAKE_LIBRARIES, FAKE_MODULES, simulated ? "timeout 300 env " : "", time,
             simulated ? "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=\"" FAKE_PRELOAD "/fake_time.so " : "", server,
             simulated ? "\" " : "", command, device, args);
    if (*server)
        setenv("FAKE_RTL_TCP", device + strlen("rtltcp:"), 1);
    cli_run(&cli, line);
}

static void rx_in(bool simulated, const char *settings, const char *args, double seconds)
{
    char all[300];

    snprintf(all, sizeof all, "-F json:out.json %s", args);
    run_in(simulated, settings, "rx", all, seconds);
}

static void rx(const char *settings, const char *args, double seconds)
{
    rx_in(true, settings, args, seconds);
}

static unsigned count_lines(const char *file, const char *pattern)
{
    char command[256];

    snprintf(command, sizeof command, "grep -c -- '%s' %s || true", pattern, file);
    cli_run(&cli, command);
    return (unsigned)atoi(cli.out);
}

START_TEST(hears_and_is_tuned)
{
    rx_in(_i == 1, "", "-m S,T,C -g 30", 4);
    ck_assert_msg(cli.exit_code == 0, "%d: %s", cli.exit_code, cli.err);
    if (_i == 1)
        ck_assert_msg(strstr(cli.err, " 0 lost in 0 gaps, 0 faults"), "%s", cli.err);
    else
        ck_assert_msg(strstr(cli.err, " gaps, 0 faults"), "%s", cli.err);
    ck_assert_uint_ge(count_lines("out.json", "1444645E4455223368077A5[568]"), 6);
    ck_assert_uint_ge(count_lines("out.json", "\"mode\":\"S\""), 1);
    ck_assert_uint_eq(count_lines("out.json", "\"time\":null"), 0);
    ck_assert_uint_eq(count_lines("log", is("soapy") ? "rate 1600000" : "^rate 1600000$"), 1);
    ck_assert_uint_eq(count_lines("log", "^frequency 8686[0-9]*$"), 1);
    ck_assert_uint_eq(count_lines("log", is("soapy") ? "^gain 30$" : "^gain 297$"), 1);
}
END_TEST

START_TEST(what_is_said_wins)
{
    rx("", "-m T -s 2.4M -f 868.7M -p 10 -g 12", 3);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_uint_eq(count_lines("log", "^rate 2400000$"), 1);
    ck_assert_uint_eq(count_lines("log", "^frequency 868691313$"), 1);
    ck_assert_uint_eq(count_lines("log", is("soapy") ? "^gain 12$" : "^gain 125$"), 1);
}
END_TEST

/* Faults that pass: seen, said, mended, and telegrams are heard on both sides. */
static const struct {
    const char *settings;
    const char *seen; /* in the messages; what begins within a second may be only so many % of the samples */
    bool bytes;       /* also of a server, whose stream has neither buffers nor timestamps */
} passing[] = {
    {"stall@3/stream", "samples", false},
    {"stall@3/open", "samples", true},
    {"unplug@3/2", NULL, true},
    {"constant@3/open", "garbage: ", true},
    {"stale@3/open", "repeat the one before", false},
    {"slow@3/open", "% of the samples arrive", true},
    {"hang@3/4", "no samples", false},
    {"hang@3/open", "opening it again", false},
};

START_TEST(mends)
{
    double before_s = 0;
    char *given;

    if (is("rtltcp") && !passing[_i].bytes)
        return;
    if (is("soapy") && strcmp(passing[_i].settings, "hang@3/open") == 0)
        return; /* is not opened again while the call hangs */
    rx(passing[_i].settings, "-m S,T,C -g 30", 13);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    if (passing[_i].seen)
        ck_assert_msg(strstr(cli.err, passing[_i].seen) != NULL, "%s: %s", passing[_i].settings, cli.err);
    ck_assert_msg(strstr(cli.err, "receiving again") != NULL, "%s: %s", passing[_i].settings, cli.err);
    ck_assert_ptr_null(strstr(cli.err, "given up"));
    /* tuned again as before */
    given = strstr(passing[_i].settings, "/stream");
    if (!given) {
        ck_assert_uint_ge(count_lines("log", "^rate 1600000$"), 2);
        ck_assert_uint_eq(count_lines("log", "^frequency"), count_lines("log", "^frequency 86861"));
        ck_assert_uint_ge(count_lines("log", "^frequency"), 2);
        ck_assert_uint_eq(count_lines("log", "^gain"), count_lines("log", is("soapy") ? "^gain 30$" : "^gain 297$"));
    }
    /* times rise, and one pause is as long as the fault was */
    cli_run(&cli, "sed 's/.*\"time\":\"[^\"]*:\\([0-9.]*\\)Z\".*/\\1/' out.json");
    ck_assert_ptr_nonnull(strchr(cli.out, '\n'));
    for (char *line = strtok(cli.out, "\n"); line; line = strtok(NULL, "\n")) {
        double s = strtod(line, NULL);
        ck_assert_msg(before_s == 0 || fmod(s - before_s + 60, 60) < 30, "time goes back: %f %f", before_s, s);
        before_s = s;
    }
}
END_TEST

/* Faults that stay: the program ends, and in time. */
static const struct {
    const char *settings;
    const char *seen;
} staying[] = {
    {"stall@2", "samples"},
    {"hang@2", "samples"},
    {"unplug@2", NULL},
    {"constant@2", "garbage"},
};

START_TEST(gives_up)
{
    const char *at;
    double seconds;

    rx(staying[_i].settings, "-m S,T,C -g 30", 0);
    ck_assert_msg(cli.exit_code == 1, "%d: %s", cli.exit_code, cli.err);
    if (staying[_i].seen)
        ck_assert_msg(strstr(cli.err, staying[_i].seen) != NULL, "%s", cli.err);
    at = strstr(cli.err, "given up after ");
    ck_assert_msg(at != NULL, "%s", cli.err);
    seconds = strtod(at + strlen("given up after "), NULL);
    ck_assert_msg(seconds > 8 && seconds < 10, "%s", cli.err);
    ck_assert_uint_ge(count_lines("out.json", "1444645E"), 1); /* what was heard has been written */
}
END_TEST

START_TEST(lost_samples_are_noticed)
{
    const char *at;
    double lost;

    rx("lost@4", "-m S,T,C -g 30", 9);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    at = strstr(cli.err, " samples received, ");
    ck_assert_ptr_nonnull(at);
    lost = strtod(at + strlen(" samples received, "), NULL);
    ck_assert_msg(fabs(lost - 800e3) < (is("rtltcp") ? 10e3 : 5), "%s", cli.err); /* a byte stream is late at times */
}
END_TEST

/* Held up, as by a busy network, and then everything at once: nothing is missing, wherever in the watched second it falls. */
START_TEST(late_samples_are_no_fault)
{
    char settings[40];

    snprintf(settings, sizeof settings, "burst@%.1f/0.9", 3 + 0.2 * _i);
    if (_i == 5) {
        if (!is("rtltcp"))
            return; /* a radio's own buffers hold no second */
        snprintf(settings, sizeof settings, "burst@3/1.2");
    }
    rx(settings, "-m S,T,C -g 30", 7);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_msg(strstr(cli.err, _i == 5 ? " 0 lost in 0 gaps, 1 faults" : " 0 lost in 0 gaps, 0 faults"), "%s: %s", settings,
                  cli.err);
    ck_assert_msg(_i < 5 || strstr(cli.err, "s; waiting\n"), "%s", cli.err);
}
END_TEST

/* The number behind the last `key` of a text. */
static double last_number(const char *text, const char *key)
{
    const char *at = NULL;

    for (const char *next = text; (next = strstr(next, key)); next++)
        at = next;
    ck_assert_msg(at != NULL, "no %s in %s", key, text);
    return strtod(at + strlen(key), NULL);
}

static size_t longest_run_of_zeros(const char *name)
{
    char path[300];
    size_t longest = 0, run = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", cli.dir, name);
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    for (int c; (c = getc(file)) != EOF;) {
        run = c == 0 ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    fclose(file);
    return longest;
}

/* What a driver fills up with is not recorded; where it was stands in the metadata, and when played the times are right. */
START_TEST(gaps_are_recorded)
{
    double first_s[3] = {-1, -1, -1}, lost;
    unsigned count = 0;

    run_in(true, "zeros@3/1.3", "record", "-m S,T,C -g 30 -o air -t 8", 0);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_msg(strstr(cli.err, "1 recording, the last air_0001"), "%s", cli.err);
    lost = last_number(cli.err, " samples received, ");
    ck_assert_msg(lost > 0.3 * 1.6e6 && lost < 0.36 * 1.6e6, "%s", cli.err); /* a quarter of 1.3 s */
    ck_assert_uint_lt(longest_run_of_zeros("air_0001.sigmf-data"), 512);
    cli_run(&cli, "cat air_0001.sigmf-meta");
    ck_assert_msg(fabs(last_number(cli.out, "\"core:global_index\": ") - last_number(cli.out, "\"core:sample_start\": ") - lost) <
                      1,
                  "lost %f: %s", lost, cli.out);
    cli_run(&cli, "$W record -q -r air_0001.sigmf-meta -o copy; cmp copy_0001.sigmf-data air_0001.sigmf-data && "
                  "cmp copy_0001.sigmf-meta air_0001.sigmf-meta");
    ck_assert_msg(cli.exit_code == 0, "%s%s", cli.out, cli.err);
    /* each telegram comes once in each half second */
    cli_run(&cli, "$W rx -q -r air_0001.sigmf-meta -F json --copies --fields time,telegram | "
                  "sed 's/.*:\\([0-9.]*\\)Z\",\"telegram\":\"1444645E4455223368077A5\\([568]\\).*/\\1 \\2/'");
    for (char *line = strtok(cli.out, "\n"); line; line = strtok(NULL, "\n")) {
        char *rest;
        const double s = fmod(strtod(line, &rest), 0.5);
        const int which = atoi(rest) == 5 ? 0 : atoi(rest) == 6 ? 1 : 2;

        if (first_s[which] < 0)
            first_s[which] = s;
        ck_assert_msg(fabs(remainder(s - first_s[which], 0.5)) < 2e-3, "%s: %f, first %f", line, s, first_s[which]);
        count++;
    }
    ck_assert_uint_gt(count, 30);
}
END_TEST

START_TEST(zeros_are_diagnosed)
{
    run_in(true, "zeros@2", "doctor", "-m S,T,C -g 30 -t 8", 0);
    ck_assert_msg(cli.exit_code == 3, "%d: %s", cli.exit_code, cli.err);
    ck_assert_msg(strncmp(cli.out, "Diagnosis: ", 11) == 0 &&
                      strstr(cli.out, "lost on their way; the driver fills up with zeros, "),
                  "%s", cli.out);
    ck_assert_double_gt(last_number(cli.out, "fills up with zeros, "), 50);
    ck_assert_msg(!strstr(cli.out, " 0 runs of zeros"), "%s", cli.out);
}
END_TEST

START_TEST(devices_are_listed)
{
    char line[1000];

    if (is("rtltcp"))
        return;
    snprintf(line, sizeof line,
             "export FAKE_RADIO=serial=ABC LD_LIBRARY_PATH=%s SOAPY_SDR_PLUGIN_PATH=%s SOAPY_SDR_ROOT=/nonexistent; $W devices",
             is("rtlsdr") ? FAKE_LIBRARIES : "/nonexistent", is("soapy") ? FAKE_MODULES : "/nonexistent");
    cli_run(&cli, line);
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_msg(strstr(cli.out, is("rtlsdr") ? "  rtlsdr:ABC" : "  soapy:driver=fake,serial=ABC"), "%s", cli.out);
    ck_assert_msg(strstr(cli.out, "<- taken without -d"), "%s", cli.out);
    ck_assert_str_eq(cli.err, ""); /* sound cards are not asked for */
}
END_TEST

START_TEST(a_sound_card_is_asked_when_named)
{
    if (!is("soapy"))
        return;
    cli_run(&cli,
            "export FAKE_RADIO= SOAPY_SDR_PLUGIN_PATH=" FAKE_MODULES " SOAPY_SDR_ROOT=/nonexistent; $W rx -d soapy:driver=audio");
    ck_assert_int_eq(cli.exit_code, 1);
    ck_assert_msg(strstr(cli.err, "ALSA lib") && strstr(cli.err, "no sound card"), "%s", cli.err);
}
END_TEST

START_TEST(what_is_not_there_is_said)
{
    char line[1000];

    snprintf(line, sizeof line,
             "export FAKE_RADIO= LD_LIBRARY_PATH=%s SOAPY_SDR_PLUGIN_PATH=%s SOAPY_SDR_ROOT=/nonexistent; $W rx -d %s",
             FAKE_LIBRARIES, FAKE_MODULES,
             is("rtlsdr")  ? "rtlsdr:NOSUCH"
             : is("soapy") ? "soapy:driver=nosuch"
                           : "rtltcp:127.0.0.1:1");
    cli_run(&cli, line);
    ck_assert_int_eq(cli.exit_code, 1);
    ck_assert_msg(strstr(cli.err, is("rtlsdr") ? "serial number" : is("soapy") ? "cannot be opened" : "refused"), "%s", cli.err);
    cli_run(&cli, "$W rx -d nonsense");
    ck_assert_int_eq(cli.exit_code, 2);
    cli_run(&cli, "$W rx -d " TEXT(KIND) ":x -r rec.cu8");
    ck_assert_int_eq(cli.exit_code, 2);
}
END_TEST

START_TEST(several_are_merged)
{
    char line[1800];
    double before_s = -1;
    unsigned count = 0;

    if (!is("rtltcp"))
        return;
    snprintf(line, sizeof line,
             "%s p1 file=rec.cu8 & A=$!; %s p2 file=rec.cu8 & B=$!; until [ -s p1 ] && [ -s p2 ]; do sleep 0.05; done; "
             "timeout --foreground --preserve-status -s INT 6 $W rx -m S,T,C -g 30 -d rtltcp:127.0.0.1:$(cat p1) -d "
             "rtltcp:127.0.0.1:$(cat p2) "
             "-s 2.4M --copies -F json:out.json; R=$?; kill $A $B; exit $R",
             FAKE_SERVER, FAKE_SERVER);
    cli_run(&cli, line);
    ck_assert_msg(cli.exit_code == 0, "%d: %s", cli.exit_code, cli.err);
    /* each is set as it was said for it: the second plays the recording of 1.6 MS/s at 2.4, and nothing is heard there */
    ck_assert_msg(strstr(cli.err, "1.600 MS/s") && strstr(cli.err, "2.400 MS/s"), "%s", cli.err);
    ck_assert_uint_ge(count_lines("out.json", "1444645E"), 3);
    snprintf(line, sizeof line,
             "rm p1 p2; %s p1 'file=rec.cu8 stall@1/1.2' & A=$!; %s p2 file=rec.cu8 & B=$!; until [ -s p1 ] && [ -s p2 ]; do sleep "
             "0.05; done; "
             "timeout --foreground --preserve-status -s INT 6 $W rx -m S,T,C -g 30 -d rtltcp:127.0.0.1:$(cat p1) -d "
             "rtltcp:127.0.0.1:$(cat p2) "
             "--copies -F json:out2.json; R=$?; kill $A $B; exit $R",
             FAKE_SERVER, FAKE_SERVER);
    cli_run(&cli, line);
    ck_assert_msg(cli.exit_code == 0, "%d: %s", cli.exit_code, cli.err);
    cli_run(&cli, "sed 's/.*\"time\":\"[^\"]*:\\([0-9]*\\):\\([0-9.]*\\)Z\".*/\\1 \\2/' out2.json");
    for (char *at = strtok(cli.out, "\n"); at; at = strtok(NULL, "\n")) {
        char *rest;
        double s = 60 * strtod(at, &rest);
        s += strtod(rest, NULL);
        ck_assert_msg(before_s < 0 || fmod(s - before_s + 3600, 3600) < 1800, "%f behind %f", s, before_s);
        before_s = s;
        count++;
    }
    ck_assert_uint_ge(count, 12);
}
END_TEST

START_TEST(the_service_manager_is_told)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char command[200], text[512], all[4096] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    ssize_t n;

    snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", cli.dir);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    snprintf(command, sizeof command, "%s/notify", cli.dir);
    setenv("NOTIFY_SOCKET", command, 1);
    setenv("WATCHDOG_USEC", "1000000", 1);
    rx("", "-m S,T,C -g 30", 4);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    while ((n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT)) > 0 && strlen(all) + (size_t)n + 2 < sizeof all) {
        text[n] = '\0';
        strcat(strcat(all, text), "\n");
    }
    close(fd);
    ck_assert_msg(strncmp(all, "READY=1\nWATCHDOG=1\nSTATUS=1 radio, ", 35) == 0, "%s", all);
    ck_assert_msg(strstr(all + 35, "WATCHDOG=1\n") != NULL, "%s", all);
    ck_assert_msg(strstr(all, "STOPPING=1\n") || strlen(all) > 300, "%s", all); /* or the queue was full */
    /* and a service plays no demo */
    cli_run(&cli, "LD_LIBRARY_PATH= $W rx -F json:out.json");
    ck_assert_int_eq(cli.exit_code, 1);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("radio " TEXT(KIND));
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, hears_and_is_tuned, 0, 2); /* in earnest and simulated */
    tcase_add_test(tests, what_is_said_wins);
    tcase_add_loop_test(tests, mends, 0, (int)(sizeof passing / sizeof passing[0]));
    tcase_add_loop_test(tests, gives_up, 0, (int)(sizeof staying / sizeof staying[0]));
    tcase_add_test(tests, lost_samples_are_noticed);
    tcase_add_loop_test(tests, late_samples_are_no_fault, 0, 6);
    tcase_add_test(tests, gaps_are_recorded);
    tcase_add_test(tests, zeros_are_diagnosed);
    tcase_add_test(tests, devices_are_listed);
    tcase_add_test(tests, a_sound_card_is_asked_when_named);
    tcase_add_test(tests, what_is_not_there_is_said);
    suite_add_tcase(suite, tests);
    tests = tcase_create("several");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, several_are_merged);
    suite_add_tcase(suite, tests);
    tests = tcase_create("service");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, the_service_manager_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
