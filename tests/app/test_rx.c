/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `wmsdr rx` from end to end: faults, streams and a real recording. The signal itself is the receiver's tests' business. */

static struct cli cli;

static void start(void)
{
    unsigned char *silence = malloc(400001);

    cli_open(&cli);
    memset(silence, 0x80, 400001);
    cli_file(&cli, "plain.cu8", silence, 400000);
    cli_file(&cli, "named_868.95M_1600k.cu8", silence, 400000);
    cli_file(&cli, "odd_868.95M_1600k.cu8", silence, 400001);
    cli_file(&cli, "empty_868.95M_1600k.cu8", "", 0);
    cli_file(&cli, "bytes", silence, 1000);
    free(silence);
}

static void stop(void)
{
    cli_close(&cli);
}

static const struct {
    const char *command;
    int exit_code;
    const char *said;
} runs[] = {
    {"$W rx -r named_868.95M_1600k.cu8", 0, "0 telegrams"},
    {"$W rx -r plain.cu8 -s 1.6M -f 869.2M", 0, "868.30 MHz (S) lies outside 868.40-870.00 MHz"},
    {"$W rx -r named_868.95M_1600k.cu8 -m T", 0, "0.125 s of signal"},
    {"$W rx -r plain.cu8 -f 868.95M", 2,
     "the sample rate of plain.cu8 is not known: give it with -s, e.g. -s 1.6M, or in the file name"},
    {"$W rx -r plain.cu8 -s 1.6M", 2, "the centre frequency of plain.cu8 is not known: give it with -f"},
    {"$W rx -r - -f 868.95M <plain.cu8", 2, "the sample rate of standard input is not known"},
    {"$W rx -r - -s 1600k -f 868.95M <plain.cu8", 0, "0.125 s of signal"},
    {"$W rx -r plain.cu8 -s 1M6 -f 868.6M", 0, "0.125 s of signal"},
    {"$W rx -r plain.cu8 -s 1.6M -f 868.95M --threads 2", 0, "0.125 s of signal"},
    {"$W rx -r plain.cu8 -s 1.6M -f 868.95M --threads 3", 2, "--threads 3: not a number of cores that it can use; there are 1 and 2"},
    {"$W rx -r plain.cu8 -s 21M -f 868.95M", 1, "must lie between 0.8 and 20 MHz"},
    {"$W rx -r plain.cu8 -s 9600 -f 868.95M", 1, "must lie between 0.8 and 20 MHz"},
    {"$W rx -r plain.cu8 -s fast -f 868.95M", 2, "-s fast: not a sample rate; write 1600000, 1600k or 1.6M"},
    {"$W rx -r plain.cu8 -s 1.6M -f 433.92M", 1, "no channel lies inside the band"},
    {"$W rx -r plain.cu8 -s 1.6M -f 433.92M", 1, "868.95 MHz (T, C) lies outside 433.12-434.72 MHz"},
    {"$W rx -r plain.cu8 -s 1.6M -f here", 2, "-f here: not a frequency"},
    {"$W rx -r plain.cu8 -s 1.6M -f 868.95M -m N", 2, "-m N: no such mode"},
    {"$W rx -r plain.cu8 -s 1.6M -f 868.95M --format mp3", 2, "there are cu8, cs8, cs16 and cf32"},
    {"$W rx -r plain.cu8 -s 1.6M -f 868.95M --kernels abacus", 2, "this CPU runs scalar"},
    {"$W rx -r plain.cu8 -s 1.6M -f 868.95M --start yesterday", 2, "--start yesterday: not a time"},
    {"$W rx -r bytes -s 1.6M -f 868.95M", 1, "bytes: nothing tells its sample format"},
    {"$W rx -r odd_868.95M_1600k.cu8", 3, "ended inside a sample"},
    {"$W rx -r empty_868.95M_1600k.cu8", 1, "is empty"},
    {"$W rx -r - -s 1.6M -f 868.95M </dev/null", 3, "ended before the first sample"},
    {"$W rx -r nowhere.cu8", 1, "nowhere.cu8: No such file or directory"},
    {"$W rx -r .", 1, "is a directory"},
    {"$W rx plain.cu8", 2, "a recording is given with -r FILE"},
    {"$W rx --help", 0, ""},
};

START_TEST(every_run_says_what_is)
{
    cli_run(&cli, runs[_i].command);
    ck_assert_msg(cli.exit_code == runs[_i].exit_code, "%s: exit code %d: %s", runs[_i].command, cli.exit_code, cli.err);
    ck_assert_msg(strstr(cli.err, runs[_i].said), "%s: %s", runs[_i].command, cli.err);
}
END_TEST

START_TEST(quiet_is_quiet)
{
    cli_run(&cli, "$W rx -q -r plain.cu8 -s 1.6M -f 868.6M");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_str_eq(cli.err, "");
    ck_assert_str_eq(cli.out, "");
}
END_TEST

/* An interrupt ends a silent pipe cleanly, with the summary. */
START_TEST(a_signal_ends_it)
{
    cli_run(
        &cli,
        "mkfifo p; $W rx -r - -s 1.6M -f 868.95M <p & pid=$!; exec 9>p; cat plain.cu8 >&9; sleep 1; kill -TERM $pid; wait $pid");
    ck_assert_msg(cli.exit_code == 0, "exit code %d: %s", cli.exit_code, cli.err);
    ck_assert_ptr_nonnull(strstr(cli.err, "0 telegrams"));
}
END_TEST

/* A real recording: two telegrams, each once and with every CRC, the second of which only a good receiver hears. */
START_TEST(the_real_recording)
{
    char *save = NULL;
    unsigned lines = 0;

    if (access(WMSDR_SHARED_DIR "/recordings/rtlsdr_868.950M_1M6_samples2.cu8", R_OK) != 0)
        return;
    cli_run(&cli, "$W rx -F json -F rtlwmbus:lines -r " WMSDR_SHARED_DIR "/recordings/rtlsdr_868.950M_1M6_samples2.cu8");
    ck_assert_msg(cli.exit_code == 0, "exit code %d: %s", cli.exit_code, cli.err);
    for (char *line = strtok_r(cli.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        ck_assert_ptr_nonnull(object);
        ck_assert(json_is_null(json_object_get(object, "time")));
        ck_assert_str_ne(json_string_value(json_object_get(object, "grade")), "unchecked");
        json_decref(object);
        lines++;
    }
    ck_assert_msg(lines == 2, "%u telegrams: %s", lines, cli.err);
    cli_run(&cli, "$W decode -q -F hex <lines | sort -u | wc -l");
    ck_assert_str_eq(cli.out, "2\n");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: wmsdr rx");
    TCase *tcase = tcase_create("rx");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, every_run_says_what_is, 0, sizeof runs / sizeof runs[0]);
    tcase_add_test(tcase, quiet_is_quiet);
    tcase_add_test(tcase, a_signal_ends_it);
    tcase_add_test(tcase, the_real_recording);
    return suite;
}
