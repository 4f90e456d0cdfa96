/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `wmsdr record` and `rx --grab-failed`: what is cut out of a recording is the recording, and is received again. */

static struct cli cli;

static const char telegrams[] = "T A 1444645E4455223368077A55000000046D1D2C9C2B gap-ms=700\n"
                                "S A 1444645E4455223368077A56000000041389E20100 gap-ms=700\n"
                                "C B 1444645E4455223368077A58000000041389E20101 gap-ms=700\n";

static void start(void)
{
    cli_open(&cli);
    cli_file(&cli, "list", telegrams, sizeof telegrams - 1);
    cli_run(&cli, "$W synth -t list -s 1.6M -f 868.625M --noise-lsb 6 --start 2026-03-01T10:00:00Z -o in.sigmf-data");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
}

static void stop(void)
{
    cli_close(&cli);
}

START_TEST(whole)
{
    cli_run(&cli,
            "$W record -r in.sigmf-meta -o all && cmp in.sigmf-data all_0001.sigmf-data && $W rx -q -r all_0001.sigmf-meta -F hex");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_msg(strstr(cli.err, "1 recording"), "%s", cli.err);
    ck_assert_msg(strstr(cli.out, "1444645E4455223368077A55"), "%s", cli.out);
    /* nothing is overwritten */
    cli_run(&cli,
            "$W record -q -r in.sigmf-meta -o all -t 0.5 && wc -c <all_0002.sigmf-data && cmp in.sigmf-data all_0001.sigmf-data");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_int_eq(atoi(cli.out), 1600000);
}
END_TEST

START_TEST(limited)
{
    cli_run(&cli, "$W record -r in.sigmf-meta -o part -l 300k && wc -c <part_0001.sigmf-data && head -c 300000 in.sigmf-data | cmp "
                  "- part_0001.sigmf-data");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_int_eq(atoi(cli.out), 300000);
    ck_assert_msg(strstr(cli.err, "limit"), "%s", cli.err);
}
END_TEST

START_TEST(bursts)
{
    cli_run(&cli, "$W record -r in.sigmf-meta -o burst --bursts && cat burst_*.sigmf-data | wc -c && wc -c <in.sigmf-data");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_int_lt(atoi(cli.out), atoi(strchr(cli.out, '\n')) * 2 / 3); /* the pauses are not in it */
    /* each telegram is, at the time it had */
    cli_run(&cli,
            "$W rx -q -r in.sigmf-meta -F json --fields time,telegram | cut -c 1-35 | sort >whole; "
            "for f in burst_*.sigmf-meta; do $W rx -q -r $f -F json --fields time,telegram; done | cut -c 1-35 | sort >parts; "
            "diff whole parts && wc -l <parts");
    ck_assert_msg(cli.exit_code == 0, "%s%s", cli.out, cli.err);
    ck_assert_int_eq(atoi(cli.out), 3);
}
END_TEST

START_TEST(failed_bursts)
{
    cli_run(&cli,
            "$W synth -m C -n 20 -s 1.6M --noise-lsb 6 --ec-n0 6 --seed 4 -o weak_868.95M_1600k.cu8; "
            "$W rx -q -r weak_868.95M_1600k.cu8 -F hex --no-repair --grab-failed bad >/dev/null; ls bad_*.sigmf-meta | wc -l");
    ck_assert_int_ge(atoi(cli.out), 3);
    /* repair has mended some of them: what is kept can be tried again */
    cli_run(&cli, "for f in bad_*.sigmf-meta; do $W rx -q -r $f -F hex; done | wc -l");
    ck_assert_int_ge(atoi(cli.out), 1);
    cli_run(&cli, "$W rx -r in.sigmf-meta -F hex --grab-failed good >/dev/null; ls | grep -c ^good");
    ck_assert_int_eq(atoi(cli.out), 0);
    ck_assert_msg(strstr(cli.err, "--grab-failed: 0 recordings"), "%s", cli.err);
}
END_TEST

/* Somebody stopped recording in the middle of the second telegram and went on an hour later, where by chance the rest of one came.
 */
#define CUT  2257975ull
#define LOST 5760000000ull
static const char cut_meta[] =
    "{\"global\":{\"core:datatype\":\"cu8\",\"core:version\":\"1.0.0\",\"core:sample_rate\":1600000},\"captures\":["
    "{\"core:sample_start\":0,\"core:frequency\":868625000,\"core:datetime\":\"2026-03-01T10:00:00Z\"},"
    "{\"core:sample_start\":2257975,\"core:global_index\":5762257975,\"core:frequency\":868625000,"
    "\"core:datetime\":\"2026-03-01T11:00:01.5Z\"}],\"annotations\":[]}";

static const char *const cut_runs[] = {
    "ln in.sigmf-data cut.sigmf-data; $W rx",
    "ln in.sigmf-data cut.sigmf-data; $W rx --threads 2",
    "ln in.sigmf-data cut.sigmf-data; $W rx --grab-failed bad",
    "mkfifo cut.sigmf-data; cat in.sigmf-data >cut.sigmf-data & $W rx",
    "mkfifo cut.sigmf-data; cat in.sigmf-data >cut.sigmf-data & $W rx --threads 2",
};

START_TEST(behind_a_gap_it_begins_anew)
{
    unsigned long long uncut[3], first, third;
    char command[256], second[8];

    cli_run(&cli, "$W rx -q -r in.sigmf-meta -F csv --fields sample");
    ck_assert_msg(sscanf(cli.out, "sample %llu %llu %llu", &uncut[0], &uncut[1], &uncut[2]) == 3, "%s", cli.out);
    ck_assert(uncut[1] < CUT && CUT < uncut[1] + 15000); /* 192 chips and more of 32768 a second */
    cli_file(&cli, "cut.sigmf-meta", cut_meta, sizeof cut_meta - 1);
    snprintf(command, sizeof command, "%s -q -r cut.sigmf-meta -F csv --fields sample,time", cut_runs[_i]);
    cli_run(&cli, command);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_msg(
        sscanf(cli.out, "sample,time %llu,2026-03-01T10:00:00.700%*s %llu,2026-03-01T11:00:%7s", &first, &third, second) == 3, "%s",
        cli.out);
    ck_assert_uint_eq(first, uncut[0]);
    ck_assert_uint_eq(third, uncut[2] + LOST);
    ck_assert_double_eq_tol(atof(second), 1.5 + (double)(uncut[2] - CUT) / 1.6e6, 1e-4); /* so many decimals were read */
}
END_TEST

START_TEST(misuse)
{
    cli_run(&cli, "$W record -r in.sigmf-meta -l 3x");
    ck_assert_int_eq(cli.exit_code, 2);
    cli_run(&cli, "$W record -r in.sigmf-meta -o /nonexistent/a");
    ck_assert_int_eq(cli.exit_code, 1);
    ck_assert_msg(strstr(cli.err, "No such file"), "%s", cli.err);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("record");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, whole);
    tcase_add_test(tests, limited);
    tcase_add_test(tests, bursts);
    tcase_add_test(tests, failed_bursts);
    tcase_add_loop_test(tests, behind_a_gap_it_begins_anew, 0, sizeof cut_runs / sizeof cut_runs[0]);
    tcase_add_test(tests, misuse);
    suite_add_tcase(suite, tests);
    return suite;
}
