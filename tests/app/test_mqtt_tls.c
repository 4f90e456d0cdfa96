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
#include <unistd.h>

/* mqtts:// with a user and a password, against a real broker with certificates made here: its authority is ca.pem, its certificate
 * is for broker.invalid and 127.0.0.1. The same broker has a port without both, at which the test listens. */

#define PASSWORD "correct-horse"
#define WRONG    "battery-staple"

static struct cli cli;
static struct broker broker; /* its port is the plain one */
static unsigned tls_port;

static const char make_certificates[] =
    "new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'; exec 3>&2 2>openssl.log; "
    "for a in ca other; do openssl req -x509 $new -keyout $a.key -out $a.pem -days 2 -subj /CN=test-$a || exit 1; done; "
    "openssl req $new -keyout server.key -out server.csr -subj /CN=broker || exit 1; "
    "echo 'subjectAltName=DNS:broker.invalid,IP:127.0.0.1' >names; "
    "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem || exit 1; "
    "mosquitto_passwd -c -b users meter " PASSWORD " || exit 1; "
    "echo " PASSWORD " >right; echo " WRONG " >wrong; : >empty";

static void start(void)
{
    struct broker second;
    char text[1024];

    cli_open(&cli);
    snprintf(text, sizeof text, "%s/state", cli.dir);
    setenv("XDG_STATE_HOME", text, 1);
    cli_run(&cli, make_certificates);
    ck_assert_int_eq(cli.exit_code, 0);
    broker_prepare(&second, cli.dir, false);
    broker_prepare(&broker, cli.dir, false);
    tls_port = second.port;
    snprintf(
        text, sizeof text,
        "per_listener_settings true\nlog_type none\n%s"
        "listener %u 127.0.0.1\nallow_anonymous true\n"
        "listener %u 127.0.0.1\nallow_anonymous false\npassword_file %s/users\ncertfile %s/server.pem\nkeyfile %s/server.key\n",
        geteuid() == 0 ? "user root\n" : "", broker.port, tls_port, cli.dir, cli.dir, cli.dir);
    cli_file(&cli, "mosquitto.conf", text, strlen(text));
    broker_start(&broker);
}

static void stop(void)
{
    broker_kill(&broker, SIGKILL);
    cli_close(&cli);
}

/* A water meter's telegram without encryption: 10000001 and 10000002. */
#define TELEGRAM(n) "23443A630" n "00001001077A2A0000000C1356341200426C3F3C4C130289110002FD170000"

static void publish(const char *scheme, const char *host, unsigned port, const char *options, const char *telegram)
{
    char command[512];

    snprintf(command, sizeof command, "$W decode -q -F '%s%s:%u?status=none&%s' %s", scheme, host, port, options, telegram);
    cli_run(&cli, command);
    ck_assert_ptr_null(strstr(cli.err, PASSWORD));
    ck_assert_ptr_null(strstr(cli.err, WRONG));
    ck_assert_uint_eq(cli.out_len, 0);
}

START_TEST(readings_arrive_over_tls)
{
    struct listener *listener = listen_to(&broker, "listener", "wmsdr/#");

    publish("mqtts://meter@", "127.0.0.1", tls_port, "ca=ca.pem&password-file=right", TELEGRAM("1"));
    ck_assert_msg(cli.exit_code == 0 && !*cli.err, "%d %s", cli.exit_code, cli.err);
    ck_assert_uint_eq(listener_wait(listener, 1, 20), 1);
    ck_assert_ptr_nonnull(strstr(listener_payload(listener, 0), "\"id\":\"10000001\""));
    listener_stop(listener);
}
END_TEST

static const struct {
    const char *scheme, *host, *options;
    bool plain_port;
    const char *place, *remedy;
} refusals[] = {
    {"mqtts://meter@", "127.0.0.1", "ca=ca.pem&password-file=wrong", false, "does not accept user 'meter'",
     "password in wrong; correct the name or the file"},
    {"mqtts://", "127.0.0.1", "ca=ca.pem", false, "wants a user name and a password", "mqtts://USER@HOST?password-file=FILE"},
    {"mqtts://meter@", "127.0.0.1", "ca=other.pem&password-file=right", false, "not from an authority in other.pem", "ca=FILE"},
    {"mqtts://meter@", "127.0.0.1", "password-file=right", false, "not from an authority in the system's list", "ca=FILE"},
    {"mqtts://meter@", "localhost", "ca=ca.pem&password-file=right", false, "certificate is not for 'localhost'",
     "connect to a name that stands in it"},
    {"mqtts://meter@", "127.0.0.1", "ca=right&password-file=right", false, "TLS fails: Unable to load CA certificates",
     "check cafile \"right\""},
    {"mqtt://meter@", "127.0.0.1", "password-file=right", false, "ends the connection at once", "mqtts://"},
    {"mqtts://meter@", "127.0.0.1", "ca=ca.pem&password-file=right", true, "does not speak TLS at this port", "use mqtt://"},
};

/* Refused, said once with the place and what helps; the reading waits, in the same spool whatever was wrong, and goes first when
 * the next run has it right. */
START_TEST(what_is_refused_waits)
{
    struct listener *listener = listen_to(&broker, "listener", "wmsdr/#");
    char place[64], spool[96], options[256];
    bool other_host = strcmp(refusals[_i].host, "127.0.0.1") != 0 || refusals[_i].plain_port;
    unsigned port = refusals[_i].plain_port ? broker.port : tls_port;
    const char *first;

    snprintf(spool, sizeof spool, "spool=%s/kept&", cli.dir);
    snprintf(place, sizeof place, "%s://%s:%u: ", strncmp(refusals[_i].scheme, "mqtts", 5) == 0 ? "mqtts" : "mqtt",
             refusals[_i].host, port);
    snprintf(options, sizeof options, "%s%s", other_host ? spool : "", refusals[_i].options);
    publish(refusals[_i].scheme, refusals[_i].host, port, options, TELEGRAM("1"));
    ck_assert_msg(strstr(cli.err, place) && strstr(cli.err, refusals[_i].place) && strstr(cli.err, refusals[_i].remedy), "%s",
                  cli.err);
    first = strstr(cli.err, "trying again");
    ck_assert_msg(first && !strstr(first + 1, "trying again"), "%s", cli.err);
    ck_assert_msg(strstr(cli.err, "1 messages wait in"), "%s", cli.err);
    ck_assert_uint_eq(listener_wait(listener, 1, 0), 0);

    snprintf(options, sizeof options, "%sca=ca.pem&password-file=right", other_host ? spool : "");
    publish("mqtts://meter@", "127.0.0.1", tls_port, options, TELEGRAM("2"));
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_msg(strstr(cli.err, "1 messages of an earlier run are delivered first"), "%s", cli.err);
    ck_assert_uint_eq(listener_wait(listener, 2, 20), 2);
    ck_assert_ptr_nonnull(strstr(listener_payload(listener, 0), "\"id\":\"10000001\""));
    ck_assert_ptr_nonnull(strstr(listener_payload(listener, 1), "\"id\":\"10000002\""));
    listener_stop(listener);
}
END_TEST

static const struct {
    const char *options, *said;
} faults[] = {
    {"ca=nowhere.pem", "ca=nowhere.pem: No such file"},
    {"ca=ca.pem&cert=server.pem", "cert=FILE and key=FILE go together"},
    {"ca=ca.pem&cert=server.pem&key=nowhere.key", "key=nowhere.key: No such file"},
    {"ca=ca.pem&password-file=empty", "empty: there is no password in it"},
};

START_TEST(faults_are_said_at_once)
{
    publish("mqtts://meter@", "127.0.0.1", tls_port, faults[_i].options, TELEGRAM("1"));
    ck_assert_int_ne(cli.exit_code, 0);
    ck_assert_msg(strstr(cli.err, faults[_i].said), "%s", cli.err);
}
END_TEST

/* The password file is corrected while we run. */
START_TEST(a_corrected_password_counts_at_once)
{
    struct listener *listener = listen_to(&broker, "listener", "wmsdr/#");
    struct wm_outputs *outputs;
    struct sample sample;
    char spec[256];

    sample_open(&sample);
    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
    snprintf(spec, sizeof spec, "mqtts://meter@127.0.0.1:%u?status=none&spool=none&ca=%s/ca.pem&password-file=%s/wrong", tls_port,
             cli.dir, cli.dir);
    ck_assert_msg(wm_outputs_add(outputs, spec) == WM_OK, "%s", wm_outputs_why(outputs));
    ck_assert_int_eq(wm_outputs_write(outputs, sample_number(&sample, 1)), WM_OK);
    ck_assert_int_eq(wm_outputs_flush(outputs), WM_OK);
    ck_assert_uint_eq(listener_wait(listener, 1, 1), 0);
    cli_file(&cli, "wrong", PASSWORD "\n", strlen(PASSWORD) + 1);
    ck_assert_uint_eq(listener_wait(listener, 1, 120), 1);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    wm_outputs_destroy(outputs);
    sample_close(&sample);
    listener_stop(listener);
}
END_TEST

/* `decode --from` connects the same way. */
START_TEST(decoders_subscribe_over_tls)
{
    char command[512];

    snprintf(
        command, sizeof command,
        "$W decode --from 'mqtts://meter@127.0.0.1:%u/radio/+?ca=ca.pem&password-file=right' --count 1 -F hex:heard 2>e & p=$!; "
        "for i in $(seq 300); do [ -s heard ] && break; kill -0 $p || break; "
        "$W decode -q -F 'hex:mqtt://127.0.0.1:%u/radio/one?what=telegrams&status=none&spool=none' " TELEGRAM(
            "1") "; sleep 0.1; "
                 "done; kill $p; wait $p; cat heard; cat e >&2",
        tls_port, broker.port);
    cli_run(&cli, command);
    ck_assert_msg(strncmp(cli.out, "23443A6301", 10) == 0, "%s %s", cli.out, cli.err);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: MQTT over TLS");
    TCase *tcase = tcase_create("TLS");

    if (!broker_exists())
        return suite;
    if (system("openssl version >/dev/null 2>&1") != 0) {
        fputs("the openssl command is not installed: the tests of mqtts:// are skipped\n", stderr);
        return suite;
    }
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, readings_arrive_over_tls);
    tcase_add_loop_test(tcase, what_is_refused_waits, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_loop_test(tcase, faults_are_said_at_once, 0, sizeof faults / sizeof faults[0]);
    tcase_add_test(tcase, a_corrected_password_counts_at_once);
    tcase_add_test(tcase, decoders_subscribe_over_tls);
    return suite;
}
