/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/spool.h"
#include "app/out/output.h"
#include "broker.h"
#include "sample_reading.h"
#include "suite.h"

#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* MQTT against a real broker, and the spool by itself. */

static char dir[64], path[96];
static struct broker broker;
static struct sample sample;
static struct wm_outputs *outputs;

static void start(void)
{
    strcpy(dir, "/tmp/wmsdr_mqtt_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/spool", dir);
    sample_open(&sample);
    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
}

static void stop(void)
{
    char command[128];

    wm_outputs_destroy(outputs);
    broker_kill(&broker, SIGKILL);
    sample_close(&sample);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static void start_with_broker(void)
{
    start();
    broker_prepare(&broker, dir, false);
    broker_start(&broker);
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    char spec[512];
    va_list args;

    va_start(args, format);
    vsnprintf(spec, sizeof spec, format, args);
    va_end(args);
    ck_assert_msg(wm_outputs_add(outputs, spec) == WM_OK, "%s", wm_outputs_why(outputs));
}

static struct wm_spool *open_spool(uint64_t bytes)
{
    struct wm_spool *spool = NULL;

    ck_assert_int_eq(wm_spool_open(path, bytes, &spool), WM_OK);
    return spool;
}

static void append_number(struct wm_spool *spool, unsigned n, uint64_t *pushed_out)
{
    char text[512];
    size_t len = (size_t)snprintf(text, sizeof text, "%u:%.*s", n, (int)(n * 37 % 400), "..................................");

    ck_assert_int_eq(wm_spool_append(spool, (struct wm_span){(const uint8_t *)text, len}, pushed_out), WM_OK);
}

static unsigned first_number(struct wm_spool *spool)
{
    uint64_t cursor = wm_spool_first(spool);
    struct wm_span data;
    char text[16] = "";

    ck_assert_int_eq(wm_spool_read(spool, &cursor, &data), WM_OK);
    memcpy(text, data.data, data.len < 15 ? data.len : 15);
    return (unsigned)atoi(text);
}

/* Ten times round the ring, opened anew now and then as a process that was killed would. */
START_TEST(spool_keeps_order_over_its_ends)
{
    struct wm_spool *spool = open_spool(WM_SPOOL_MIN);
    unsigned in = 0, out = 0;
    uint64_t pushed_out;

    for (unsigned round = 0; round < 400; round++) {
        for (unsigned i = 0; i < 50 + round % 7; i++) {
            append_number(spool, in++, &pushed_out);
            ck_assert_uint_eq(pushed_out, 0);
        }
        while (in - out > round % 90) {
            ck_assert_uint_eq(first_number(spool), out);
            ck_assert_int_eq(wm_spool_release(spool), WM_OK);
            out++;
        }
        ck_assert_uint_eq(wm_spool_count(spool), in - out);
        if (round % 10 == 0) {
            wm_spool_close(spool);
            spool = open_spool(WM_SPOOL_MIN);
            ck_assert(!wm_spool_was_damaged(spool));
            ck_assert_uint_eq(wm_spool_count(spool), in - out);
        }
    }
    wm_spool_close(spool);
}
END_TEST

START_TEST(spool_full_pushes_out_the_oldest)
{
    struct wm_spool *spool = open_spool(WM_SPOOL_MIN);
    uint64_t pushed_out, all = 0;

    for (unsigned n = 0; n < 10000; n++) {
        append_number(spool, n, &pushed_out);
        all += pushed_out;
    }
    ck_assert_uint_gt(wm_spool_count(spool), 500);
    ck_assert_uint_eq(wm_spool_count(spool) + all, 10000);
    ck_assert_uint_eq(first_number(spool), all);
    wm_spool_close(spool);
}
END_TEST

START_TEST(spool_of_another_process_is_left_alone)
{
    struct wm_spool *spool = open_spool(WM_SPOOL_MIN), *second = NULL;

    ck_assert_int_eq(wm_spool_open(path, WM_SPOOL_MIN, &second), WM_FULL);
    wm_spool_close(spool);
}
END_TEST

START_TEST(spool_leaves_out_what_is_damaged)
{
    struct wm_spool *spool = open_spool(WM_SPOOL_MIN);
    uint64_t pushed_out;
    FILE *file;

    for (unsigned n = 0; n < 10; n++)
        ck_assert_int_eq(wm_spool_append(spool, (struct wm_span){(const uint8_t *)"0123456789", 10}, &pushed_out), WM_OK);
    wm_spool_close(spool);
    file = fopen(path, "r+");
    fseek(file, 4096 + 24 * 6 + 10, SEEK_SET); /* inside the seventh: 8 of length and check, 10 padded to 16 */
    fputc('x', file);
    fclose(file);
    spool = open_spool(WM_SPOOL_MIN);
    ck_assert(wm_spool_was_damaged(spool));
    ck_assert_uint_eq(wm_spool_count(spool), 6);
    wm_spool_close(spool);
    file = fopen(path, "w");
    fputs("something else, not a spool, and longer than its header", file);
    fclose(file);
    ck_assert_int_eq(wm_spool_open(path, WM_SPOOL_MIN, &spool), WM_INVALID);
}
END_TEST

START_TEST(readings_arrive_and_are_retained)
{
    struct listener *early = listen_to(&broker, "early", "wmsdr/#"), *late;
    bool found = false;

    add("mqtt://127.0.0.1:%u?spool=%s", broker.port, path);
    for (unsigned n = 0; n < 5; n++)
        ck_assert_int_eq(wm_outputs_write(outputs, sample_of_one_meter(&sample, n)), WM_OK);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    ck_assert_uint_eq(listener_wait(early, 7, 20), 7); /* birth, five readings, the end */
    ck_assert_str_eq(listener_topic(early, 0), "wmsdr/status");
    ck_assert_str_eq(listener_payload(early, 0), "online");
    for (unsigned n = 0; n < 5; n++) {
        char volume[32];

        snprintf(volume, sizeof volume, "\"volume_m3\":0.%03u,", n);
        ck_assert_str_eq(listener_topic(early, 1 + n), "wmsdr/SON/12345678");
        ck_assert_ptr_nonnull(strstr(listener_payload(early, 1 + n), volume));
    }
    ck_assert_str_eq(listener_payload(early, 6), "offline");
    late = listen_to(&broker, "late", "wmsdr/#");
    ck_assert_uint_eq(listener_wait(late, 2, 20), 2);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(listener_retained(late, i));
        found |= strstr(listener_payload(late, i), "\"volume_m3\":0.004,") != NULL;
    }
    ck_assert(found);
    ck_assert_int_ne(access(path, F_OK), 0); /* an empty spool leaves nothing behind */
    listener_stop(early);
    listener_stop(late);
}
END_TEST

START_TEST(telegrams_unopened)
{
    struct listener *listener = listen_to(&broker, "raw", "wmsdr/telegrams");

    add("json:mqtt://127.0.0.1:%u?what=telegrams&status=none&spool=none", broker.port);
    ck_assert_int_eq(wm_outputs_write(outputs, sample_number(&sample, 7)), WM_OK);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    ck_assert_uint_eq(listener_wait(listener, 1, 20), 1);
    ck_assert_ptr_nonnull(strstr(listener_payload(listener, 0), "\"telegram\":\"1E44EE4D07"));
    ck_assert_ptr_null(strstr(listener_payload(listener, 0), "records"));
    listener_stop(listener);
}
END_TEST

/* Killed, our will is published by the broker. */
START_TEST(the_will)
{
    struct listener *listener = listen_to(&broker, "heir", "wmsdr/status");
    pid_t child = fork();

    if (child == 0) {
        add("mqtt://127.0.0.1:%u?spool=none", broker.port);
        (void)!wm_outputs_write(outputs, sample_number(&sample, 1));
        pause();
    }
    ck_assert_uint_eq(listener_wait(listener, 1, 20), 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_uint_eq(listener_wait(listener, 2, 20), 2);
    ck_assert_str_eq(listener_payload(listener, 1), "offline");
    listener_stop(listener);
}
END_TEST

/* With the broker away all is spooled, survives us, and the next run delivers it first. */
START_TEST(the_spool_outlives_the_process)
{
    struct listener *listener;
    struct wm_output_stats stats;
    pid_t child;

    listener = listen_to(&broker, "patient", "wmsdr/#");
    broker_kill(&broker, SIGTERM);
    child = fork();
    if (child == 0) {
        add("mqtt://127.0.0.1:%u?spool=%s&status=none&retain=no", broker.port, path);
        for (unsigned n = 0; n < 100; n++)
            (void)!wm_outputs_write(outputs, sample_of_one_meter(&sample, n));
        (void)!wm_outputs_flush(outputs);
        pause();
    }
    for (int i = 0; i < 2000; i++) { /* until all are on disk: the reader of a spool in use sees its header */
        uint64_t count = 0;
        FILE *file = fopen(path, "r");

        if (file && fseek(file, 32, SEEK_SET) == 0 && fread(&count, sizeof count, 1, file) == 1 && count == 100)
            i = 2000;
        if (file)
            fclose(file);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    broker_start(&broker);
    add("mqtt://127.0.0.1:%u?spool=%s&status=none&retain=no", broker.port, path);
    for (unsigned n = 100; n < 110; n++)
        ck_assert_int_eq(wm_outputs_write(outputs, sample_of_one_meter(&sample, n)), WM_OK);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    ck_assert_uint_eq(listener_wait(listener, 110, 30), 110);
    for (unsigned n = 0; n < 110; n++) {
        char volume[32];

        snprintf(volume, sizeof volume, "\"volume_m3\":0.%03u,", n);
        ck_assert_ptr_nonnull(strstr(listener_payload(listener, n), volume));
    }
    wm_outputs_stats(outputs, 0, &stats);
    ck_assert_uint_eq(stats.lost, 0);
    listener_stop(listener);
}
END_TEST

/* The number of a reading from its volume. */
static unsigned number_of(const char *payload)
{
    const char *volume = strstr(payload, "\"volume_m3\":");
    unsigned whole = 0, thousandths = 0;

    ck_assert_ptr_nonnull(volume);
    ck_assert_int_eq(sscanf(volume + 12, "%u.%3u", &whole, &thousandths), 2);
    return whole * 1000 + thousandths;
}

#define READINGS 10000
#define OUTAGES  5

/* Ten thousand readings while the broker is ended and started five times: each arrives, and is first heard in its turn. A message
 * may come again when its acknowledgement was lost with a connection: what was in flight, at most 100 towards the broker and as
 * many as it had sent on, an outage. WMSDR_KILLS=1 in the environment: the broker is killed with SIGKILL, though it saves after
 * every change. It acknowledges before it saves, so what it loses then is counted, not judged. */
START_TEST(nothing_is_lost_over_five_outages)
{
    static bool seen[READINGS];
    bool kill_it = getenv("WMSDR_KILLS") != NULL;
    struct listener *listener;
    unsigned heard, next = 0, again = 0, missing = 0;

    if (kill_it) {
        broker_kill(&broker, SIGKILL);
        broker_prepare(&broker, dir, true);
        broker_start(&broker);
    }
    listener = listen_to(&broker, "counting", "wmsdr/SON/#");
    add("mqtt://127.0.0.1:%u?spool=%s&retain=no", broker.port, path);
    for (unsigned n = 0; n < READINGS; n++) {
        ck_assert_int_eq(wm_outputs_write(outputs, sample_of_one_meter(&sample, n)), WM_OK);
        if (n % 100 == 99) {
            ck_assert_int_eq(wm_outputs_flush(outputs), WM_OK);
            nanosleep(&(struct timespec){0, 20000000}, NULL);
        }
        if (n % (READINGS / OUTAGES) == READINGS / OUTAGES / 2) {
            broker_kill(&broker, kill_it ? SIGKILL : SIGTERM);
            nanosleep(&(struct timespec){0, 100000000}, NULL);
        }
        if (n % (READINGS / OUTAGES) == READINGS / OUTAGES / 2 + 300)
            broker_start(&broker);
    }
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    for (heard = 0; next < READINGS;) {
        unsigned count = listener_wait(listener, heard + 1, 60);

        if (count == heard)
            break;
        for (; heard < count; heard++) {
            unsigned n = number_of(listener_payload(listener, heard));

            ck_assert_uint_lt(n, READINGS);
            ck_assert_msg(seen[n] || n == next || (kill_it && n > next), "reading %u came before %u", n, next);
            again += seen[n];
            if (!seen[n]) {
                missing += n - next;
                next = n + 1;
            }
            seen[n] = true;
        }
    }
    printf("%u readings, the broker %s %d times: %u arrived in order, %u of them again; the broker lost %u\n", READINGS,
           kill_it ? "killed" : "ended", OUTAGES, next - missing, again, missing);
    ck_assert_uint_eq(next, READINGS);
    ck_assert_uint_le(again, OUTAGES * 300);
    listener_stop(listener);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: MQTT");
    TCase *spool = tcase_create("spool"), *mqtt = tcase_create("broker");

    suite_add_tcase(suite, spool);
    tcase_add_checked_fixture(spool, start, stop);
    tcase_add_test(spool, spool_keeps_order_over_its_ends);
    tcase_add_test(spool, spool_full_pushes_out_the_oldest);
    tcase_add_test(spool, spool_of_another_process_is_left_alone);
    tcase_add_test(spool, spool_leaves_out_what_is_damaged);
    if (!broker_exists())
        return suite;
    suite_add_tcase(suite, mqtt);
    tcase_add_checked_fixture(mqtt, start_with_broker, stop);
    tcase_add_test(mqtt, readings_arrive_and_are_retained);
    tcase_add_test(mqtt, telegrams_unopened);
    tcase_add_test(mqtt, the_will);
    tcase_add_test(mqtt, the_spool_outlives_the_process);
    tcase_add_test(mqtt, nothing_is_lost_over_five_outages);
    return suite;
}
