/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/output.h"
#include "broker.h"
#include "cli.h"
#include "sample_reading.h"
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `wmsdr decode --from mqtt://…`: many radios feed many decoders. */

static struct cli cli;
static struct broker broker;

static void start(void)
{
    cli_open(&cli);
    broker_prepare(&broker, cli.dir, false);
    broker_start(&broker);
}

static void stop(void)
{
    broker_kill(&broker, SIGKILL);
    cli_close(&cli);
}

#define TELEGRAMS 3000

START_TEST(two_decoders_share)
{
    struct sample sample;
    struct wm_outputs *outputs;
    char text[1024];

    /* a helper in the shell: waits until both have written their mark, or all lines are there */
    snprintf(
        text, sizeof text,
        "for i in 1 2; do $W decode --from mqtt://127.0.0.1:%u/radio/+ -F json:out$i?fields=id >o$i 2>e$i & echo $! >pid$i; done; "
        "sleep 1",
        broker.port);
    cli_run(&cli, text);
    ck_assert_int_eq(cli.exit_code, 0);
    sample_open(&sample);
    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
    snprintf(text, sizeof text, "json:mqtt://127.0.0.1:%u/radio/one?what=telegrams&spool=none", broker.port);
    ck_assert_int_eq(wm_outputs_add(outputs, text), WM_OK);
    for (unsigned n = 0; n < TELEGRAMS; n++)
        ck_assert_int_eq(wm_outputs_write(outputs, sample_number(&sample, n)), WM_OK);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    wm_outputs_destroy(outputs);
    sample_close(&sample);
    cli_run(&cli, "for i in $(seq 600); do n=$(cat out1 out2 | wc -l); [ $n -ge 3000 ] && break; sleep 0.1; done; "
                  "kill $(cat pid1 pid2); for p in $(cat pid1 pid2); do while kill -0 $p 2>/dev/null; do sleep 0.1; done; done; "
                  "cat out1 out2 | wc -l; cat out1 out2 | sort -u | wc -l; cat e1 e2 >&2");
    ck_assert_msg(strcmp(cli.out, "3000\n3000\n") == 0, "%s %s", cli.out, cli.err);
    cli_run(&cli, "for i in 1 2; do [ $(wc -l <out$i) -gt 500 ] && echo has its share; done; wc -l out1 out2 >&2");
    ck_assert_msg(strcmp(cli.out, "has its share\nhas its share\n") == 0, "%s", cli.err);
}
END_TEST

static const struct {
    const char *command, *said;
} faults[] = {
    {"$W decode --from http://broker", "--from http://broker: there are mqtt://HOST[/TOPIC] mqtts://HOST[/TOPIC]"},
    {"$W decode --from mqtt://", "--from mqtt://: mqtt://HOST/TOPIC?group=NAME"},
    {"$W decode --from 'mqtt://h?rotate=1'", "'rotate' is no option of mqtt; there are fields what queue group"},
    {"$W decode --from mqtt://h:0", "'0' is no port number"},
    {"$W decode --from mqtt://u:secret@h", "a password does not belong on a command line"},
    {"$W decode --from 'mqtt://h?password-file=none'", "none: No such file"},
};

START_TEST(faults_are_said)
{
    cli_run(&cli, faults[_i].command);
    ck_assert_int_eq(cli.exit_code, 1);
    ck_assert_msg(strstr(cli.err, faults[_i].said), "%s: %s", faults[_i].command, cli.err);
    ck_assert_ptr_null(strstr(cli.err, "secret"));
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: wmsdr decode --from");
    TCase *tcase = tcase_create("share");

    if (!broker_exists())
        return suite;
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, two_decoders_share);
    tcase_add_loop_test(tcase, faults_are_said, 0, sizeof faults / sizeof faults[0]);
    return suite;
}
