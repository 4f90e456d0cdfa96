/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* `wmsdr doctor`: the right diagnosis first, for what goes wrong most. */

static struct cli cli;

static void start(void)
{
    cli_open(&cli);
}

static void stop(void)
{
    cli_close(&cli);
}

static const struct {
    const char *synth;  /* how the recording is made */
    const char *doctor; /* how it is shown to the doctor */
    const char *diagnosis, *remedy;
    int status;
} cases[] = {
    {"-m T -n 10 --offset-khz 10", "-s 1.6M", "Diagnosis: good: 10 telegrams", "T ", 0},
    {"-m S -n 4 -f 868.625M", "-s 1.6M", "Diagnosis: good: 4 telegrams", "S ", 0},
    {"-m T -n 10 --clock-ppm 3000", "-s 2.4M", "Diagnosis: wrong sample rate", "say -s 1600000", 3},
    {"-m C -n 10", "-s 2.048M", "Diagnosis: wrong sample rate", "say -s 1600000", 3},
    {"-m T -n 10 --lo-offset-khz 100", "-s 1.6M", "Diagnosis: mistuned", "say -f 868.525", 3},
    {"-m C -n 10 --lo-offset-khz -100", "-s 1.6M", "Diagnosis: mistuned", "say -f 868.725", 3},
    {"-m T -n 10 --noise-lsb 90", "-s 1.6M", "Diagnosis: overloaded", "lower the gain", 3},
    {"-n 0 --duration 1", "-s 1.6M", "Diagnosis: deaf", "antenna", 3},
    {"-n 0 --duration 1 --noise-lsb 0.4", "-s 1.6M", "Diagnosis: deaf", "gain", 3},
    {"-m T -n 10 --lo-offset-khz 30", "-s 1.6M", "Diagnosis: good", "off by -35 ppm", 0},
};

START_TEST(diagnoses)
{
    char command[512];

    snprintf(
        command, sizeof command,
        "$W synth -s 1.6M -f 868.625M --noise-lsb 6 --gap-ms 50-80 %s -o in.cu8 && $W doctor -r in.cu8 -f 868.625M %s --svg p.svg",
        cases[_i].synth, cases[_i].doctor);
    cli_run(&cli, command);
    ck_assert_msg(cli.exit_code == cases[_i].status, "%d: %s%s", cli.exit_code, cli.out, cli.err);
    ck_assert_msg(strncmp(cli.out, cases[_i].diagnosis, strlen(cases[_i].diagnosis)) == 0, "%s", cli.out);
    ck_assert_msg(strstr(cli.out, cases[_i].remedy) != NULL, "%s", cli.out);
    if (!strstr(cli.err, "not built in")) {
        cli_run(&cli, "head -c 4 p.svg; tail -c 7 p.svg; grep -c 'T, C' p.svg");
        ck_assert_msg(strncmp(cli.out, "<svg</svg>\n1", 12) == 0, "%s", cli.out);
    }
}
END_TEST

START_TEST(nothing_there)
{
    cli_run(&cli, "head -c 4000000 /dev/zero >zero.cu8; $W doctor -r zero.cu8 -s 1.6M -f 868.625M");
    ck_assert_int_eq(cli.exit_code, 3);
    ck_assert_msg(strstr(cli.out, "Diagnosis: 100 % of the samples are one value") == cli.out, "%s", cli.out);
    cli_run(&cli, "$W doctor -r gone.cu8 -s 1.6M -f 868.625M");
    ck_assert_int_eq(cli.exit_code, 1);
    cli_run(&cli, "LD_LIBRARY_PATH= $W doctor");
    ck_assert_msg(strncmp(cli.out, "Diagnosis: ", 11) == 0, "%s", cli.out);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("doctor");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, diagnoses, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tests, nothing_there);
    suite_add_tcase(suite, tests);
    return suite;
}
