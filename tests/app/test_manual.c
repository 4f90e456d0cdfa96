/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <string.h>

/* What is generated from the option tables: the man page and the completion have every command and option that --help has. */

static struct cli cli;

static void start(void)
{
    cli_open(&cli);
}

static void stop(void)
{
    cli_close(&cli);
}

/* Each command of `wmsdr --help`, and each of their long options, must be found; prints what is not. */
static const char each[] =
    "for c in $($W --help | sed -n 's/^  \\([a-z]*\\) .*/\\1/p'); do echo $c; $W $c --help | grep -o '^  .\\{0,4\\}--[a-z-]*' | "
    "grep -o -- '--.*'; done";

START_TEST(the_man_page_has_all)
{
    cli_run(&cli, each);
    ck_assert_msg(strstr(cli.out, "--grab-failed") && strstr(cli.out, "doctor\n"), "%s", cli.out);
    cli_run(&cli,
            "$W --man | sed 's/\\\\//g; s/fB//g; s/fR//g' >man; (for c in $($W --help | sed -n 's/^  \\([a-z]*\\) .*/\\1/p'); do "
            "echo \"SS wmsdr $c\"; $W $c --help | grep -o '^  .\\{0,4\\}--[a-z-]*' | grep -o -- '--.*'; done) | while read -r w; "
            "do grep -q "
            "-- \"$w\" man || echo \"$w\"; done");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_msg(cli.out_len == 0, "missing: %s", cli.out);
}
END_TEST

START_TEST(completion_works)
{
    cli_run(
        &cli,
        "$W --bash-completion >c; bash -c '. ./c; COMP_WORDS=(wmsdr rx --grab); COMP_CWORD=2; _wmsdr; echo \"${COMPREPLY[*]}\"; "
        "COMP_WORDS=(wmsdr doc); COMP_CWORD=1; _wmsdr; echo \"${COMPREPLY[*]}\"'");
    ck_assert_str_eq(cli.out, "--grab-failed\ndoctor\n");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("manual");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, the_man_page_has_all);
    tcase_add_test(tests, completion_works);
    suite_add_tcase(suite, tests);
    return suite;
}
