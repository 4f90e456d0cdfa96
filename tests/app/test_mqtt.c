/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/connection.h"
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

/* What Home Assistant's documentation asks of a discovery message of a sensor: www.home-assistant.io/integrations/mqtt ("MQTT
 * Discovery") and .../sensor.mqtt, device classes and their units .../integrations/sensor ("Device
 * class"), state classes of each developers.home-assistant.io/docs/core/entity/sensor and DEVICE_CLASS_STATE_CLASSES of the
 * "sensor" component. Compared in November 2026. The classes used here, with all units and state classes each may have. */
static const struct {
    const char *device_class, *units, *state_classes;
} classes[] = {
    {"energy", " J kJ MJ GJ mWh Wh kWh MWh GWh TWh cal kcal Mcal Gcal ", " total total_increasing "},
    {"water", " L gal m³ ft³ CCF ", " total total_increasing "},
    {"gas", " L m³ ft³ CCF ", " total total_increasing "},
    {"volume", " L mL gal fl. oz. m³ ft³ CCF ", " total total_increasing "},
    {"power", " mW W kW MW GW TW ", " measurement "},
    {"volume_flow_rate", " m³/h m³/s ft³/min L/h L/min L/s gal/min mL/s ", " measurement "},
    {"temperature", " °C °F K ", " measurement "},
    {"pressure", " Pa kPa hPa bar cbar mbar mmHg inHg psi ", " measurement "},
    {"humidity", " % ", " measurement "},
    {"voltage", " µV mV V kV MV ", " measurement "},
    {"current", " mA A ", " measurement "},
    {"frequency", " Hz kHz MHz GHz ", " measurement "},
    {"signal_strength", " dB dBm ", " measurement "},
    {"weight", " kg g mg µg oz lb st ", " measurement total total_increasing "},
    {"reactive_energy", " varh kvarh ", " total total_increasing "},
    {"reactive_power", " var kvar ", " measurement "},
    {"duration", " d h min s ms µs ", " measurement total total_increasing "},
};

static bool in_list(const char *list, const char *word)
{
    char padded[64];

    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(list, padded) != NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void check_discovery(const char *topic, const char *payload, const char *state_topic)
{
    static const char *const known[] = {"name",
                                        "unique_id",
                                        "state_topic",
                                        "value_template",
                                        "device_class",
                                        "state_class",
                                        "unit_of_measurement",
                                        "entity_category",
                                        "suggested_display_precision",
                                        "availability_topic",
                                        "device",
                                        "origin"};
    json_t *object = json_loads(payload, JSON_REJECT_DUPLICATES, NULL), *value;
    const char *class, *state_class, *unit, *key, *name, *end;
    json_t *device;

    ck_assert_msg(object, "%s", payload);
    /* <prefix>/sensor/<node>/<object>/config, of letters, digits, _ and - */
    ck_assert_int_eq(strncmp(topic, "homeassistant/sensor/", 21), 0);
    name = strchr(topic + 21, '/');
    ck_assert_uint_eq(strspn(topic + 21, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"), name - topic - 21);
    end = strchr(++name, '/');
    ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-"), end - name);
    ck_assert_str_eq(end, "/config");
    json_object_foreach(object, key, value)
    {
        bool found = false;

        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found |= strcmp(known[i], key) == 0;
        ck_assert_msg(found, "%s is no variable of an MQTT sensor", key);
    }
    ck_assert_str_eq(text_of(object, "state_topic"), state_topic); /* required */
    ck_assert(text_of(object, "unique_id") && strstr(text_of(object, "unique_id"), "12345678"));
    ck_assert(text_of(object, "name") && *text_of(object, "name"));
    ck_assert_int_eq(strncmp(text_of(object, "value_template"), "{{ value_json.", 14), 0);
    ck_assert_int_eq(strncmp(text_of(object, "value_template") + 14, name, (size_t)(end - name)), 0);
    ck_assert_str_eq(text_of(object, "availability_topic"), "wmsdr/status"); /* whose payloads are by default online, offline */
    device = json_object_get(object, "device");
    ck_assert(json_array_size(json_object_get(device, "identifiers")) == 1); /* identifiers or connections are required */
    ck_assert(text_of(device, "name") && text_of(device, "manufacturer") && text_of(device, "model"));
    ck_assert_str_eq(text_of(json_object_get(object, "origin"), "name"), "wmsdr"); /* name is required in origin */
    class = text_of(object, "device_class");
    state_class = text_of(object, "state_class");
    unit = text_of(object, "unit_of_measurement");
    ck_assert(!state_class || in_list(" measurement total total_increasing ", state_class));
    /* the template gives "" for a value that a telegram does not have: ignored only where one of these says that it is a number */
    ck_assert_msg(class || state_class || unit || json_object_get(object, "suggested_display_precision"), "%s", payload);
    ck_assert(!unit || *unit);
    json_object_foreach(device, key, value)
    {
        ck_assert_msg(
            in_list(" configuration_url connections hw_version identifiers manufacturer model model_id name serial_number "
                    "suggested_area sw_version via_device ",
                    key),
            "%s is no variable of a device", key);
    }
    if (text_of(object, "entity_category"))
        ck_assert_str_eq(text_of(object, "entity_category"), "diagnostic");
    for (size_t i = 0; class && i <= sizeof classes / sizeof classes[0]; i++) {
        ck_assert_msg(i < sizeof classes / sizeof classes[0], "%s is no device class", class);
        if (strcmp(class, classes[i].device_class) == 0) {
            ck_assert_msg(unit && in_list(classes[i].units, unit), "%s in %s", class, unit);
            ck_assert_msg(!state_class || in_list(classes[i].state_classes, state_class), "%s as %s", class, state_class);
            break;
        }
    }
    json_decref(object);
}

/* A meter with one record of each quantity that has a meaning for Home Assistant, and some that have none. */
static void fill_with_records(struct wm_frame *frame, uint8_t type)
{
    static const char hex[] = "0044EE4D785634123C047A01000000"
                              "040601000000"   /* energy kWh */
                              "04FB0001000000" /* energy 0.1 MWh */
                              "040F01000000"   /* energy MJ */
                              "041301000000"   /* volume */
                              "441301000000"   /* volume, storage 1 */
                              "142B01000000"   /* power, maximum */
                              "042B01000000"   /* power */
                              "043B01000000"   /* flow */
                              "025A0100"       /* temperature */
                              "02620100"       /* difference: K */
                              "02680100"       /* pressure */
                              "02FB1A0100"     /* humidity */
                              "02FD480100"     /* voltage */
                              "02FD590100"     /* current */
                              "02FB2E0100"     /* frequency */
                              "02FD710100"     /* reception level */
                              "02FD740100"     /* days */
                              "02220100"       /* hours */
                              "026E0100"       /* HCA */
                              "041B01000000"   /* mass */
                              "04FB0201000000" /* reactive energy */
                              "04FB1701000000" /* reactive power */
                              "04FB3701000000" /* apparent power: kVA has no class */
                              "043401000000"   /* power in MJ/h: nor has this */
                              "044401000000"   /* flow in m³/min */
                              "023A0100"       /* dimensionless: a number without unit or class */
                              "02FD170000";    /* error flags */

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), frame->data, sizeof frame->data, &frame->len, NULL), WM_OK);
    frame->data[0] = (uint8_t)(frame->len - 1);
    frame->data[9] = type;
}

static const struct {
    uint8_t type; /* EN 13757-7 */
    const char *volume_class;
} meters[] = {{0x02, "volume"}, {0x03, "gas"},   {0x04, "volume"}, {0x06, "water"},
              {0x07, "water"},  {0x15, "water"}, {0x16, "water"}};

START_TEST(discovery)
{
    char volume[64];
    bool volume_has_class = false;
    struct listener *listener = listen_to(&broker, "home", "homeassistant/#");
    unsigned heard, with_class = 0;

    add("mqtt://127.0.0.1:%u?spool=none&discovery=homeassistant", broker.port);
    sample_of_one_meter(&sample, 1);
    fill_with_records(&sample.frame, meters[_i].type);
    ck_assert_int_eq(wm_open(sample.opener, (struct wm_span){sample.frame.data, sample.frame.len}, &sample.message), WM_OK);
    ck_assert_int_eq(wm_reading_content(NULL, &sample.message, &sample.content), WM_OK);
    for (int i = 0; i < 3; i++) /* announced once */
        ck_assert_int_eq(wm_outputs_write(outputs, &sample.reading), WM_OK);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    heard = listener_wait(listener, 29, 20);
    ck_assert_uint_ge(heard, 29);
    snprintf(volume, sizeof volume, "\"device_class\":\"%s\",\"state_class\":\"total_increasing\"", meters[_i].volume_class);
    for (unsigned i = 0; i < heard; i++) {
        check_discovery(listener_topic(listener, i), listener_payload(listener, i), "wmsdr/SON/12345678");
        volume_has_class |= strstr(listener_payload(listener, i), volume) != NULL;
        with_class += strstr(listener_payload(listener, i), "\"device_class\"") != NULL;
        for (unsigned k = 0; k < i; k++)
            ck_assert_str_ne(listener_topic(listener, i), listener_topic(listener, k));
    }
    ck_assert_uint_ge(with_class, 19);
    ck_assert(volume_has_class);
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
 * may come again when its acknowledgement was lost with a connection. Towards the broker that is what was in flight, an outage. The
 * broker in its turn sends again what this listener had not acknowledged, which on a busy machine can be thousands; it does so
 * under the identifier that the message had before, and that is counted, not judged. WMSDR_KILLS=1 in the environment: the broker
 * is killed with SIGKILL, though it saves after every change. It acknowledges before it saves, so what it loses then is counted,
 * not judged. */
START_TEST(nothing_is_lost_over_five_outages)
{
    static bool seen[READINGS];
    static unsigned with_id[UINT16_MAX + 1]; /* the reading that came under it last, from 1 on */
    bool kill_it = getenv("WMSDR_KILLS") != NULL;
    struct listener *listener;
    unsigned heard, next = 0, again = 0, by_broker = 0, missing = 0;

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
            unsigned n = number_of(listener_payload(listener, heard)), *before = &with_id[listener_id(listener, heard)];

            ck_assert_uint_lt(n, READINGS);
            ck_assert_msg(seen[n] || n == next || (kill_it && n > next), "reading %u came before %u", n, next);
            again += seen[n] && *before != n + 1;
            by_broker += seen[n] && *before == n + 1;
            *before = n + 1;
            if (!seen[n]) {
                missing += n - next;
                next = n + 1;
            }
            seen[n] = true;
        }
    }
    printf("%u readings, the broker %s %d times: %u arrived in order, %u of them again, %u more sent again by the broker; the "
           "broker lost %u\n",
           READINGS, kill_it ? "killed" : "ended", OUTAGES, next - missing, again, by_broker, missing);
    ck_assert_uint_eq(next, READINGS);
    ck_assert_uint_le(again, OUTAGES * WM_MQTT_INFLIGHT);
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
    tcase_add_loop_test(mqtt, discovery, 0, sizeof meters / sizeof meters[0]);
    tcase_add_test(mqtt, telegrams_unopened);
    tcase_add_test(mqtt, the_will);
    tcase_add_test(mqtt, the_spool_outlives_the_process);
    tcase_add_test(mqtt, nothing_is_lost_over_five_outages);
    return suite;
}
