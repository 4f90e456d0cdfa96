/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* `wmsdr query` on a store that `wmsdr decode --store` has made. */

static struct cli cli;

/* Three telegrams of two meters, volumes 0.001, 0.002 and 0.003 m³. */
#define A1 "1E44EE4D110000003C077A8F0000000C130100000002FD170000426CE1F12F"
#define A2 "1E44EE4D110000003C077A900000000C130200000002FD170000426CE1F12F"
#define B1 "1E44EE4D220000003C077A8F0000000C130300000002FD170000426CE1F12F"

static void start(void)
{
    cli_open(&cli);
    cli_run(&cli, "$W decode -q --store r.db " A1 " " B1 " " A2);
}

static void stop(void)
{
    cli_close(&cli);
}

static const struct {
    const char *command;
    int exit_code;
    const char *out, *said;
} runs[] = {
    {"$W query --store r.db --fields volume_m3 -F csv | cut -d, -f2-", 0,
     "manufacturer,id,version,type_name,name,value,unit\nSON,00000011,60,water,volume_m3,0.002,m³\n"
     "SON,00000022,60,water,volume_m3,0.003,m³\n",
     ""},
    {"$W query -S r.db history 00000011 --fields volume_m3 -F csv | cut -d, -f3,7", 0, "id,value\n00000011,0.001\n00000011,0.002\n",
     ""},
    {"$W query -S r.db history SON-00000011 -n 1 --fields volume_m3 -F csv | cut -d, -f3,7", 0, "id,value\n00000011,0.002\n", ""},
    {"$W query -S r.db last 00000022 --fields volume_m3 | tail -1", 0, "    volume_m3                                  0.003 m³\n",
     ""},
    {"$W query -S r.db last 00000033", 1, "", "r.db has no such reading"},
    {"$W query -S r.db --until 1999-12-31", 1, "", "r.db has no such reading"},
    {"$W query -S r.db last KAM-00000022", 1, "", "no such reading"},
    {"$W query -S r.db last meter", 2, "", "meter: a meter is its identification number"},
    {"$W query -S none.db", 1, "", "none.db: there is no such file"},
    {"echo text >t; $W query -S t", 1, "", "t: "},
    {"$W query -S r.db history", 2, "", "history of which meter?"},
    {"$W query", 2, "", "name the store"},
    {"$W query -S r.db -F xml", 2, "", "-F: there are text, json and csv"},
};

START_TEST(queries)
{
    cli_run(&cli, runs[_i].command);
    ck_assert_msg(cli.exit_code == runs[_i].exit_code, "%s: exit code %d: %s", runs[_i].command, cli.exit_code, cli.err);
    ck_assert_str_eq(cli.out, runs[_i].out);
    ck_assert_msg(strstr(cli.err, runs[_i].said), "%s: %s", runs[_i].command, cli.err);
}
END_TEST

START_TEST(json_is_an_object_a_telegram)
{
    json_t *object;

    cli_run(&cli, "$W query -S r.db -F json last 00000011");
    object = json_loads(cli.out, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(object);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "telegrams")), 2);
    ck_assert_ptr_nonnull(strstr(cli.out, "\"volume_m3\":0.002,"));
    json_decref(object);
    cli_run(&cli, "$W query -S r.db -F json history 00000011 | wc -l");
    ck_assert_str_eq(cli.out, "2\n");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: wmsdr query");
    TCase *tcase = tcase_create("query");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, queries, 0, sizeof runs / sizeof runs[0]);
    tcase_add_test(tcase, json_is_an_object_a_telegram);
    return suite;
}
