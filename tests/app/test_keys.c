/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* wmsdr keys, key files of other programs, decode --explain and --counters, through the built program. */

#define KEY "000102030405060708090A0B0C0D0E0F"
/* OMS Vol. 2 Annex N.2.3 (mode 7 with MAC), and the same with one bit of the MAC changed */
#define MODE7                                                                                                                      \
    "434493157856341233038C2075900F002C25B30A000021924D4F2FB66E017A75002007109058475F4BC91DF878B80A1B0F98B629024AAC727942BFC54923" \
    "3C01"                                                                                                                         \
    "40829B93"
#define MODE7_BAD                                                                                                                  \
    "434493157856341233038C2075900F002C25B30A000021924D4F3FB66E017A75002007109058475F4BC91DF878B80A1B0F98B629024AAC727942BFC54923" \
    "3C01"                                                                                                                         \
    "40829B93"

static struct cli cli;

static void set_up(void)
{
    cli_open(&cli);
}

static void tear_down(void)
{
    cli_close(&cli);
}

static void has(const char *text)
{
    ck_assert_msg(strstr(cli.out, text) != NULL, "no \"%s\" in:\n%s%s", text, cli.out, cli.err);
}

START_TEST(keys_check_explains_and_hides)
{
    cli_run(&cli, "umask 077; printf '12345678 = " KEY " id=3\\nKAM.*.*.07 = " KEY "\\n* = 0001020304050607\\n' >k; "
                  "$W keys check -k k KAM.12345678.1B.07 87654321");
    ck_assert_int_eq(cli.exit_code, 0);
    has("3 keys");
    has("1. AES-128, filed under *.12345678.*.*, for key id 3");
    has("2. AES-128, filed under KAM.*.*.07 (a kind of meter)");
    has("1. DES (modes 2 and 3), filed under *.*.*.* (the default)");
    ck_assert_ptr_null(strstr(cli.out, "0001020304"));
    cli_run(&cli, "$W keys check 1234");
    ck_assert_int_eq(cli.exit_code, 3);
    cli_run(&cli, "$W keys burn");
    ck_assert_int_eq(cli.exit_code, 2);
}
END_TEST

START_TEST(other_programs_key_files)
{
    static const char *const files[] = {
        "printf 'name=x\\ndriver=auto\\nid=12345678.M=ELS.T=03\\nkey=" KEY "\\n' >k",
        "printf 'id;remark;key\\n12345678;cellar;" KEY "\\n99999999;none;\\n' >k.csv; mv k.csv m.csv; ln -s m.csv k.csv",
        "mkdir d; printf 'name=x\\nid=12345678\\nkey=" KEY "\\n' >d/one; printf 'name=y\\nid=*\\nkey=NOKEY\\n' >d/two",
    };
    static const char *const names[] = {"k", "k.csv", "d"};
    char command[1024];

    for (size_t i = 0; i < 3; i++) {
        snprintf(command, sizeof command, "umask 077; %s; $W decode -q -F json -k %s " MODE7, files[i], names[i]);
        cli_run(&cli, command);
        ck_assert_msg(cli.exit_code == 0, "%s%s", cli.out, cli.err);
        has("\"verdict\":\"decrypted-and-authenticated\"");
    }
    cli_run(&cli, "umask 022; printf '* = " KEY "\\n' >open; $W decode -q -F json -k open " MODE7);
    ck_assert_int_eq(cli.exit_code, 1);
    ck_assert_ptr_nonnull(strstr(cli.err, "chmod 600"));
    cli_run(&cli, "umask 022; printf '* = " KEY "\\n' >open; $W decode -q -F json --shared-keys -k open " MODE7);
    ck_assert_int_eq(cli.exit_code, 0);
    cli_run(&cli, "umask 077; printf 'name=x\\nid=12345678\\nkey=12\\n' >k2; $W keys check -k k2");
    ck_assert_int_eq(cli.exit_code, 1);
    ck_assert_ptr_nonnull(strstr(cli.err, "k2, line 3: the key is not 32"));
}
END_TEST

START_TEST(explain_names_every_byte)
{
    cli_run(&cli, "$W decode --explain --key " KEY " " MODE7);
    ck_assert_int_eq(cli.exit_code, 0);
    has("decrypted-and-authenticated: ");
    has("fragment 0");
    has("message counter      2739");
    has("21924D4F2FB66E01          MAC                  verified");
    has("2 encrypted blocks");
    has("28504.27 m³");
    ck_assert_ptr_null(strstr(cli.out, KEY));
    cli_run(&cli, "$W decode --explain --key " KEY " " MODE7_BAD);
    has("bad-mac: ");
    has("not proven");
    ck_assert_ptr_null(strstr(cli.out, "28504"));
}
END_TEST

START_TEST(counters_refuse_replays_over_runs)
{
    cli_run(&cli, "$W decode -q -F json --counters c --key " KEY " " MODE7 " " MODE7);
    has("\"verdict\":\"decrypted-and-authenticated\"");
    has("\"verdict\":\"replayed-counter\"");
    cli_run(&cli, "$W decode -q -F json --counters c --key " KEY " " MODE7);
    ck_assert_ptr_null(strstr(cli.out, "decrypted-and-authenticated"));
    has("\"verdict\":\"replayed-counter\"");
    has("\"readable\":false");
    cli_run(&cli, "$W decode -q -F json --key " KEY " " MODE7 " " MODE7); /* without a file they are not looked at */
    ck_assert_ptr_null(strstr(cli.out, "replayed"));
    cli_run(&cli, "echo no counters here, but text that is long enough >t; $W decode -q --counters t " MODE7);
    ck_assert_int_eq(cli.exit_code, 1);
}
END_TEST

/* Received: a recording played again. (A copy within seconds is left out as a repeater's.) */
START_TEST(counters_refuse_replays_on_air)
{
    cli_run(&cli, "printf 'T A %s\\nT A %s\\n' " MODE7 " " MODE7 " >air; $W synth -t air -o air_868.95M_1600k.cu8 && "
                  "$W rx -q -r air_868.95M_1600k.cu8 -F json --counters c --key " KEY);
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    has("\"verdict\":\"decrypted-and-authenticated\"");
    cli_run(&cli, "$W rx -q -r air_868.95M_1600k.cu8 -F json --counters c --key " KEY);
    ck_assert_ptr_null(strstr(cli.out, "decrypted-and-authenticated"));
    has("\"verdict\":\"replayed-counter\"");
    /* where the counter cannot be kept nothing is delivered */
    cli_run(&cli,
            "$W decode -q --counters c2 -F hex " MODE7 " >/dev/null; ls c2 >/dev/null && "
            "{ trap '' XFSZ; ulimit -f 0; $W rx -q -r air_868.95M_1600k.cu8 -F json --counters c2 --key " KEY "; } 2>&1 | cat");
    has("the file of message counters cannot be written");
    ck_assert_ptr_null(strstr(cli.out, "verdict"));
}
END_TEST

START_TEST(what_is_not_public_is_asked_for)
{
    cli_run(&cli, "$W decode --help");
    has("--experimental");
    has("--date");
    cli_run(&cli, "$W decode --date yesterday " MODE7);
    ck_assert_int_eq(cli.exit_code, 2);
    ck_assert_ptr_nonnull(strstr(cli.err, "--date: not a day"));
    cli_run(&cli, "$W rx --help");
    has("--experimental");
    has("--counters");
    has("--shared-keys");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: wmsdr keys, --explain, --counters");
    TCase *tests = tcase_create("keys");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, keys_check_explains_and_hides);
    tcase_add_test(tests, other_programs_key_files);
    tcase_add_test(tests, explain_names_every_byte);
    tcase_add_test(tests, counters_refuse_replays_over_runs);
    tcase_add_test(tests, counters_refuse_replays_on_air);
    tcase_add_test(tests, what_is_not_public_is_asked_for);
    suite_add_tcase(suite, tests);
    return suite;
}
