/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <string.h>

/* Configuration files: what they say, what wins, what is refused, and reading them again. */

static struct cli cli;

#define WATER "1E44EE4D110000003C077A8F0000000C130100000002FD170000426CE1F12F"

static void file(const char *name, const char *text)
{
    cli_file(&cli, name, text, strlen(text));
}

static void start(void)
{
    cli_open(&cli);
    file("good", "# wmsdr\n[all]\noutput = csv:out.csv?fields=id,volume_m3\noutput = hex:out.hex\nquiet = yes\nmodes = T\n"
                 "[decode]\nonly = type=water\n");
}

static void stop(void)
{
    cli_close(&cli);
}

START_TEST(a_file_of_options)
{
    cli_run(&cli, "$W decode --config good " WATER "; cat out.csv out.hex");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_str_eq(cli.out, "id,volume_m3\n00000011,0.001\n" WATER "\n");
    ck_assert_str_eq(cli.err, "");
}
END_TEST

START_TEST(the_command_line_wins)
{
    cli_run(&cli, "$W decode " WATER " -F hex --config=good; ls out.csv");
    ck_assert_ptr_eq(strstr(cli.out, WATER), cli.out);
    ck_assert_ptr_nonnull(strstr(cli.err, "out.csv"));
    cli_run(&cli, "$W decode --config good --only type=gas -F hex -- " WATER);
    ck_assert_str_eq(cli.out, ""); /* rules add up */
}
END_TEST

static const struct {
    const char *text, *said;
} faults[] = {
    {"[rx]\nrate = 1.6M\nnonsense = 1\n", "f, line 3: 'nonsense' is no option of rx"},
    {"[decode]\nrate = 1.6M\n", "f, line 2: 'rate' is no option of decode"},
    {"[radio]\nrate = 1.6M\n", "[radio] is no section; there are [rx], [decode] and [all]"},
    {"rate = 1.6M\n", "f, line 1"},
    {"[rx]\nthis is no option\n", "f, line 2"},
    {"[rx]\nquiet = perhaps\n", "f, line 2: quiet: yes or no"},
    {"[rx]\nrate = fast\n", "-s fast: not a sample rate"},
    {"[rx]\noutput = xml:out\n", "-F xml: no such format"},
    {"[rx]\noutput = mqtt://u:secret@host\n", "a password does not belong"},
    {"[decode]\nonly = colour=red\n", "--only colour=red"},
    {"[decode]\nkeys = nowhere\n", "nowhere: "},
    {"[rx]\nfields = Total\n", "--fields: names have small letters"},
    {"[all]\nquiet = yes\n", "there is neither a section [rx] nor [decode] in it"},
    {"[rx]\nconfig = other\n", "'config' is no option of rx"},
};

START_TEST(faults_are_said)
{
    file("f", faults[_i].text);
    cli_run(&cli, "$W config check f");
    ck_assert_msg(cli.exit_code != 0, "%s", faults[_i].text);
    ck_assert_msg(strstr(cli.err, faults[_i].said), "%s: %s", faults[_i].text, cli.err);
    ck_assert_str_eq(cli.out, "");
}
END_TEST

START_TEST(checking_opens_nothing)
{
    file("f",
         "[rx]\noutput = json:made\nstore = readings.db\noutput = mqtt://nowhere.invalid/x\nread = none.cu8\nkernels = scalar\n");
    cli_run(&cli, "$W config check f; ls made readings.db 2>/dev/null | wc -l");
    ck_assert_str_eq(cli.out, "f: good\n0\n");
    cli_run(&cli, "$W config check none");
    ck_assert_int_eq(cli.exit_code, 2);
    cli_run(&cli, "$W config look");
    ck_assert_int_eq(cli.exit_code, 2);
}
END_TEST

/* A running receiver takes over other outputs; a file with a fault changes nothing; files are continued, not emptied. */
START_TEST(reading_again)
{
    unsigned char silence[20000];

    memset(silence, 0x80, sizeof silence);
    cli_file(&cli, "silence", silence, sizeof silence);
    file("c1", "[rx]\noutput = hex:first\nrate=1.6M\nfrequency=868.95M\n");
    file("c2", "[rx]\noutput = hex:first\noutput = csv:second\nrate=1.6M\nfrequency=868.95M\n");
    file("c3", "[rx]\noutput = xml:third\n");
    cli_run(&cli, "cp c1 c; mkfifo p; $W rx --config c -r - <p & pid=$!; exec 9>p; cat silence >&9; "
                  "w() { for i in $(seq 300); do grep -q \"$1\" err && break; sleep 0.1; done; }; "
                  "for i in $(seq 100); do [ -e first ] && break; sleep 0.1; done; sleep 0.5; echo kept >>first; "
                  "cp c3 c; kill -HUP $pid; cat silence >&9; w 'goes on as before'; "
                  "cp c2 c; kill -HUP $pid; cat silence >&9; w 'read again'; "
                  "exec 9>&-; wait $pid; grep -c kept first; ls second");
    ck_assert_ptr_nonnull(strstr(cli.err, "-F xml: no such format"));
    ck_assert_ptr_nonnull(strstr(cli.err, "the configuration has not been taken over; all goes on as before"));
    ck_assert_ptr_nonnull(strstr(cli.err, "the configuration has been read again"));
    ck_assert_msg(strcmp(cli.out, "1\nsecond\n") == 0, "%s%s", cli.out, cli.err);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: configuration");
    TCase *tcase = tcase_create("config");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, a_file_of_options);
    tcase_add_test(tcase, the_command_line_wins);
    tcase_add_loop_test(tcase, faults_are_said, 0, sizeof faults / sizeof faults[0]);
    tcase_add_test(tcase, checking_opens_nothing);
    tcase_add_test(tcase, reading_again);
    return suite;
}
