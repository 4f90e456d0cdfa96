/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/output.h"
#include "suite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A plain water meter made for this test: BCD volume with a kept zero, a date in storage 1, a manufacturer-specific record, text
 * with a quote and a control character, and fillers. */
static const char telegram_hex[] = "3244EE4D785634123C067A8F000000"
                                   "0C1350550000"
                                   "426CE1F1"
                                   "4C1300000000"
                                   "02FF200100"
                                   "0DFD0C05"
                                   "22610A622C"
                                   "2F2F2F2F2F2F";

static struct wm_opener *opener;
static struct wm_frame frame;
static struct wm_message message;
static struct wm_content content;
static char memory[16384];

static void start(void)
{
    memset(&frame, 0, sizeof frame);
    ck_assert_int_eq(wm_hex_decode(telegram_hex, strlen(telegram_hex), frame.data, sizeof frame.data, &frame.len, NULL), WM_OK);
    ck_assert_uint_eq(frame.len, frame.data[0] + 1u);
    frame.format = WM_FORMAT_A;
    frame.grade = WM_GRADE_REPAIRED;
    frame.repaired = 2;
    frame.on_air = true;
    frame.mode = WM_MODE_T;
    frame.signal = (struct wm_signal){.sample_index = 1234567,
                                      .time_ns = 1714564800123456789,
                                      .channel_hz = 868.95e6,
                                      .offset_hz = -12345.6F,
                                      .rssi_dbfs = -31.26F,
                                      .snr_db = 14.04F,
                                      .deviation_hz = 49876.5F,
                                      .clock_ppm = 1234.5F};
    ck_assert_int_eq(wm_opener_create(NULL, &opener), WM_OK);
    ck_assert_int_eq(wm_open(opener, (struct wm_span){frame.data, frame.len}, &message), WM_OK);
    ck_assert_int_eq(wm_reading_content(NULL, &message, &content), WM_OK);
}

static void stop(void)
{
    wm_opener_destroy(opener);
}

/* The reading in one format, with the format's heading. */
static const char *in_format(const char *name, const struct wm_line *line)
{
    struct wm_reading reading = {&frame, &message, line, &content};
    struct wm_sink sink = wm_sink_memory(memory, sizeof memory - 1);
    const struct wm_output_format *format;

    for (size_t i = 0; (format = wm_output_format(i)) && strcmp(format->name, name) != 0; i++)
        ;
    ck_assert_ptr_nonnull(format);
    if (format->begin)
        format->begin(&sink);
    format->write(&sink, &reading);
    ck_assert_int_eq(sink.error, 0);
    memory[sink.len] = '\0';
    return memory;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Compares with tests/app/golden/reading.NAME, byte for byte. */
static void check_golden(const char *name)
{
    char expected[sizeof memory];
    char path[256];
    const char *got = in_format(name, NULL);
    FILE *file;
    size_t n;

    snprintf(path, sizeof path, "%s/tests/app/golden/reading.%s", WMSDR_SOURCE_DIR, name);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    n = fread(expected, 1, sizeof expected - 1, file);
    expected[n] = '\0';
    fclose(file);
    for (size_t i = 0; i <= n; i++)
        ck_assert_msg(got[i] == expected[i], "%s differs at byte %zu: %.40s", name, i, got + i);
}

START_TEST(json_golden)
{
    check_golden("json");
}
END_TEST

START_TEST(json_parses_back)
{
    json_t *object = json_loads(in_format("json", NULL), JSON_REJECT_DUPLICATES, NULL);
    json_t *records = json_object_get(object, "records");

    ck_assert_ptr_nonnull(object);
    ck_assert_str_eq(json_string_value(json_object_get(object, "telegram")), telegram_hex);
    ck_assert_uint_eq(json_array_size(records), 5);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(records, 4), "value")), ",b\na\"");
    json_decref(object);
}
END_TEST

START_TEST(json_without_time_or_air)
{
    struct wm_line line = {.form = WM_LINE_CUL,
                           .number = 7,
                           .has_rssi_dbm = true,
                           .rssi_dbm = -41.5,
                           .has_lqi = true,
                           .lqi = 3,
                           .trailing = {(const uint8_t *)"\xDE\xAD", 2}};

    frame.signal.time_ns = WM_TIME_UNKNOWN;
    ck_assert_ptr_nonnull(strstr(in_format("json", NULL), "{\"time\":null,\"sample\":1234567,"));
    frame.on_air = false;
    frame.grade = WM_GRADE_CLEAN;
    ck_assert(begins(in_format("json", &line), "{\"format\":\"A\",\"grade\":\"clean\",\"source\":{\"form\":\"cul\",\"line\":7,"
                                               "\"rssi_dbm\":-41.5,\"lqi\":3,\"trailing\":\"DEAD\"},\"telegram\":"));
}
END_TEST

START_TEST(text_golden)
{
    check_golden("text");
}
END_TEST

START_TEST(csv_golden)
{
    check_golden("csv");
}
END_TEST

START_TEST(hex_golden)
{
    char line[256];

    snprintf(line, sizeof line, "%s\n", telegram_hex);
    ck_assert_str_eq(in_format("hex", NULL), line);
}
END_TEST

START_TEST(rtl_wmbus_golden)
{
    ck_assert_str_eq(
        in_format("rtlwmbus", NULL),
        "T1;1;1;2024-05-01 12:00:00.123456;-31;-31;12345678;0x3244ee4d785634123c067a8f0000000c1350550000426ce1f14c1300000000"
        "02ff2001000dfd0c0522610a622c2f2f2f2f2f2f\n");
    frame.signal.time_ns = WM_TIME_UNKNOWN;
    frame.mode = WM_MODE_C;
    ck_assert(begins(in_format("rtlwmbus", NULL), "C1;1;1;1970-01-01 00:00:00.000000;-31;-31;12345678;0x3244"));
}
END_TEST

/* What rtl_wmbus lines are made of goes back in, and nothing else comes out. */
START_TEST(rtl_wmbus_line_is_read_back)
{
    struct wm_line_reader reader = {0};
    struct wm_line line;
    const char *text = in_format("rtlwmbus", NULL);

    ck_assert_int_eq(wm_line_parse(&reader, text, strlen(text), &line), WM_OK);
    ck_assert_uint_eq(line.frame.len, frame.len);
    ck_assert_mem_eq(line.frame.data, frame.data, frame.len);
    ck_assert(line.has_mode && line.frame.mode == WM_MODE_T);
}
END_TEST

START_TEST(own_json_is_read_back)
{
    struct wm_line_reader reader = {0};
    struct wm_line line;
    const char *text = in_format("json", NULL);
    char first[sizeof memory];

    ck_assert_int_eq(wm_line_parse(&reader, text, strlen(text), &line), WM_OK);
    ck_assert_int_eq(line.form, WM_LINE_WMSDR);
    ck_assert_uint_eq(line.frame.signal.sample_index, 1234567);
    ck_assert_int_eq(line.frame.signal.time_ns, 1714564800123456000);
    /* and gives the same line again */
    strcpy(first, text);
    frame = line.frame;
    ck_assert_str_eq(in_format("json", NULL), first);
}
END_TEST

static const struct {
    const char *first, *second;
    const char *why; /* NULL: both accepted */
} specs[] = {
    {"json:-", "csv:/dev/null", NULL},
    {"json", "csv", "two outputs on standard output would mix; give each its own file: -F csv:FILE"},
    {"json:/dev/null", "csv:/dev/null", "two outputs on /dev/null would mix; give each its own file: -F csv:FILE"},
    {"json:/dev/null", "xml", "-F xml: no such format; there are text json flat csv influx hex explain rtlwmbus"},
    {"json:/dev/null", "", "-F : no such format; there are text json flat csv influx hex explain rtlwmbus"},
    {"json:/dev/null", "csv:", "-F csv:: a file name is missing after the colon"},
    {"json:/dev/null", "csv?fields=time,id", NULL},
    {"json:/dev/null", "csv?fields=Time",
     "-F csv?fields=Time: fields: names have small letters, digits and underscores, with "
     "commas between: time,id,volume_m3"},
    {"json:/dev/null", "hex?fields=id", "-F hex?fields=id: fields= goes with text, json, flat and csv"},
    {"json:/dev/null", "csv?what=telegrams",
     "-F csv?what=telegrams: what=telegrams needs a format that has them unopened: json, hex or rtlwmbus"},
    {"json:/dev/null", "hex?rotat=1M",
     "-F hex?rotat=1M: 'rotat' is no option of file; there are fields what queue rotate keep append"},
    {"json:/dev/null", "hex:/dev/null2?rotate=big",
     "-F hex:/dev/null2?rotate=big: rotate=big: a number from 1 to "
     "18446744073709551615 (k, M, G may follow)"},
    {"json:/dev/null", "tcp://", "-F tcp://: tcp://HOST:PORT is what it looks like"},
    {"json:/dev/null", "influx:udp://localhost", "-F influx:udp://localhost: udp://HOST:PORT is what it looks like"},
    {"json:/dev/null", "influx:udp://localhost:99999", "-F influx:udp://localhost:99999: '99999' is no port number"},
    {"json:/dev/null", "text:tcp://localhost:1",
     "-F text:tcp://localhost:1: tcp takes formats of one line: json, flat, csv, influx, hex, rtlwmbus"},
    {"json:/dev/null", "json:exec:/bin/true", "-F json:exec:/bin/true: exec has a form of its own; write -F exec:/bin/true"},
    {"json:/dev/null", "exec:/no/such", "/no/such: No such file or directory; exec: takes the path of a program, nothing else"},
    {"json:/dev/null", "csv:/no/such/dir/x", "cannot write /no/such/dir/x: No such file or directory"},
};

START_TEST(output_specs)
{
    struct wm_outputs *outputs;
    enum wm_status status;

    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
    ck_assert_int_eq(wm_outputs_add(outputs, specs[_i].first), WM_OK);
    status = wm_outputs_add(outputs, specs[_i].second);
    ck_assert_int_eq(status == WM_OK, specs[_i].why == NULL);
    ck_assert_str_eq(wm_outputs_why(outputs), specs[_i].why ? specs[_i].why : "");
    wm_outputs_destroy(outputs);
}
END_TEST

START_TEST(a_full_disk_stops_no_other_output)
{
    struct wm_reading reading = {&frame, &message, NULL, &content};
    char path[] = "/tmp/wmsdr_output_XXXXXX";
    char spec[64];
    struct wm_outputs *outputs;
    FILE *file;
    int lines = 0;
    int c;

    close(mkstemp(path));
    snprintf(spec, sizeof spec, "hex:%s", path);
    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
    ck_assert_int_eq(wm_outputs_add(outputs, "json:/dev/full"), WM_OK);
    ck_assert_int_eq(wm_outputs_add(outputs, spec), WM_OK);
    ck_assert_int_eq(wm_outputs_write(outputs, &reading), WM_OK); /* still in the queue */
    ck_assert_int_eq(wm_outputs_drain(outputs), WM_IO);
    ck_assert_ptr_nonnull(strstr(wm_outputs_why(outputs), "/dev/full: No space left on device"));
    ck_assert_int_eq(wm_outputs_write(outputs, &reading), WM_OK); /* one is left */
    ck_assert_int_eq(wm_outputs_close(outputs), WM_IO);
    wm_outputs_destroy(outputs);
    file = fopen(path, "r");
    while ((c = getc(file)) != EOF)
        lines += c == '\n';
    ck_assert_int_eq(lines, 2);
    fclose(file);
    remove(path);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: outputs");
    TCase *tcase = tcase_create("output");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, json_golden);
    tcase_add_test(tcase, json_parses_back);
    tcase_add_test(tcase, json_without_time_or_air);
    tcase_add_test(tcase, text_golden);
    tcase_add_test(tcase, csv_golden);
    tcase_add_test(tcase, hex_golden);
    tcase_add_test(tcase, rtl_wmbus_golden);
    tcase_add_test(tcase, rtl_wmbus_line_is_read_back);
    tcase_add_test(tcase, own_json_is_read_back);
    tcase_add_loop_test(tcase, output_specs, 0, sizeof specs / sizeof specs[0]);
    tcase_add_test(tcase, a_full_disk_stops_no_other_output);
    return suite;
}
