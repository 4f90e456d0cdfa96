/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/input/lines.h"
#include "suite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct wm_line_reader reader;

static void start(void)
{
    memset(&reader, 0, sizeof reader);
}

/* The line as its own heap block of exactly its length, so that the address sanitizer sees a read behind its end. */
static enum wm_status parse(const char *text, struct wm_line *line)
{
    size_t len = strlen(text);
    char *exact = malloc(len ? len : 1);
    enum wm_status status;

    memcpy(exact, text, len);
    status = wm_line_parse(&reader, exact, len, line);
    free(exact);
    return status;
}

/* OMS Vol. 2 Annex N.2.1, frame format A with CRCs, and its telegram. */
#define OMS_AIR "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B29D6D69EBF3EC8A"
#define OMS                                                                                                                        \
    "2E44931578563412"                                                                                                             \
    "33037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3"
/* OMS examples, frame format B: L counts its CRC. */
#define SHORT_B_AIR    "1444AE0C7856341201078C2027780B134365877AC5"
#define PLAIN_TELEGRAM "0F44AE0C7856341201078C2027780B13"

static const struct {
    const char *text;
    enum wm_status status;
    enum wm_line_form form;
    const char *telegram; /* NULL: any */
} samples[] = {
    {OMS, WM_OK, WM_LINE_HEX, OMS},
    {"  0x" OMS "\r", WM_OK, WM_LINE_HEX, OMS},
    {OMS_AIR, WM_OK, WM_LINE_HEX, OMS},
    {"\"" OMS "\",", WM_OK, WM_LINE_HEX, OMS},
    {"telegram=|"
     "2E449315785634123303"
     "|7A2A_0020#255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3|+32",
     WM_OK, WM_LINE_HEX, OMS},
    {"2E 44 93 15 78 56 34 12 33 03 7A 2A 00 20 25 59 23 C9 5A AA 26 D1 B2 E7 49 3B 01 3E C4 A6 F6 D3 52 9B 52 0E DF F0 EA 6D EF "
     "C9 "
     "9D 6D 69 EB F3",
     WM_OK, WM_LINE_HEX, OMS},
    /* rtl_wmbus README: MODE;CRC_OK;3OUTOF6OK;TIMESTAMP;PACKET_RSSI;CURRENT_RSSI;LINK_LAYER_IDENT_NO;DATAGRAM */
    {"T1;1;1;2019-04-03 19:00:42.000;97;148;12345678;0x" OMS, WM_OK, WM_LINE_RTL_WMBUS, OMS},
    {"t2a;S1;1;1;2019-04-03 19:00:42.000;97;148;12345678;0x" OMS ";0x00", WM_OK, WM_LINE_RTL_WMBUS, OMS},
    {"T1;0;0;2019-04-03 19:00:42.000;97;148;12345678;0x" OMS, WM_INTEGRITY, WM_LINE_RTL_WMBUS, NULL},
    {"T1;1;1;2019-04-03 19:00:42.000;97;148;12345678", WM_MALFORMED, WM_LINE_RTL_WMBUS, NULL},
    {"X9;1;1;t;97;148;12345678;0x" OMS, WM_MALFORMED, WM_LINE_RTL_WMBUS, NULL},
    {"T1;1;1;t;;;;", WM_MALFORMED, WM_LINE_RTL_WMBUS, NULL},
    {"time,msg,codes,model,button,id,data,mode", WM_NOT_MINE, WM_LINE_RTL_433, NULL},
    {"2020-08-10 20:40:47,,,Wireless-MBus,,12345678," OMS ",C", WM_OK, WM_LINE_RTL_433, OMS},
    {"2020-08-10 20:40:47,,,Oregon-THN132N,,1," OMS ",C", WM_MALFORMED, WM_LINE_RTL_433, NULL},
    {"2020-08-10 20:40:47,,,Wireless-MBus,,1,,", WM_MALFORMED, WM_LINE_RTL_433, NULL},
    {"{\"time\" : \"@0.1s\", \"model\" : \"Wireless-MBus\", \"mode\" : \"T\", \"data\" : \"" OMS "\"}", WM_OK, WM_LINE_RTL_433,
     OMS},
    {"{\"model\" : \"Other\", \"id\" : 1}", WM_NOT_MINE, WM_LINE_RTL_433, NULL},
    {"{\"_\":\"decode\", \"telegram\": \"" OMS "\"}", WM_OK, WM_LINE_JSON, OMS},
    {"{\"_\":\"telegram\",\"media\":\"water\"}", WM_NOT_MINE, WM_LINE_JSON, NULL},
    {"{\"telegram\": \"" OMS "\"", WM_MALFORMED, WM_LINE_JSON, NULL},
    {"{\"id\": 5}", WM_MALFORMED, WM_LINE_JSON, NULL},
    {"\"rawData\": \"" OMS_AIR "\",", WM_OK, WM_LINE_JSON, OMS},
    {"\"frameType\": \"A\",", WM_NOT_MINE, WM_LINE_JSON, NULL},
    {"b" OMS_AIR, WM_OK, WM_LINE_CUL, OMS},
    {"b" OMS_AIR "8241", WM_OK, WM_LINE_CUL, OMS},
    {"bY" SHORT_B_AIR "8241", WM_OK, WM_LINE_CUL, NULL},
    /* culfw clib/rf_mbus.c, its comment on sending */
    {"bst0F44AE0C7856341201074447780B12436587255D", WM_OK, WM_LINE_CUL, "0F44AE0C785634120107780B12436587"},
    /* IMST iM871A: message from the public issue tracker of wmbusmeters, number 1517 */
    {"A5C2034144C5140124065070068C20E97A260030258AA4FA4EEABB7FF16A3D4D4D195F6905291547F08E0DCAD6D16B6730F3366256ADD4362B3642294B7F6"
     "D2B703E"
     "C1291E8CA7F4",
     WM_OK, WM_LINE_IM871A, NULL},
    {"A5C2034144C5140124065070068C20E97A260030258AA4FA4EEABB7FF16A3D4D4D195F6905291547F08E0DCAD6D16B6730F3366256ADD4362B3642294B7F6"
     "D2B703E"
     "C1291E8CA7F5",
     WM_INTEGRITY, WM_LINE_IM871A, NULL},
    {"a58104009cf7", WM_NOT_MINE, WM_LINE_IM871A, NULL},
    {">>> c009047b9ec0", WM_NOT_MINE, WM_LINE_IU891A, NULL},
    {"<<< ff0c00f3", WM_NOT_MINE, WM_LINE_HEX, NULL},
    {"", WM_NOT_MINE, WM_LINE_HEX, NULL},
    {"   ", WM_NOT_MINE, WM_LINE_HEX, NULL},
    {"# comment", WM_NOT_MINE, WM_LINE_HEX, NULL},
    {"// comment", WM_NOT_MINE, WM_LINE_HEX, NULL},
    {"[", WM_NOT_MINE, WM_LINE_HEX, NULL},
    {"}", WM_NOT_MINE, WM_LINE_HEX, NULL},
    {"hello", WM_MALFORMED, WM_LINE_HEX, NULL},
    {"2E4", WM_MALFORMED, WM_LINE_HEX, NULL},
    {"b", WM_MALFORMED, WM_LINE_CUL, NULL},
    {"0x", WM_MALFORMED, WM_LINE_HEX, NULL},
    {"0544AE0C78563412010778", WM_MALFORMED, WM_LINE_HEX, NULL},
};

START_TEST(every_form)
{
    struct wm_line line;
    enum wm_status status = parse(samples[_i].text, &line);
    char hex[2 * WM_TELEGRAM_MAX + 1];

    ck_assert_msg(status == samples[_i].status, "%s: %s (%s)", samples[_i].text, wm_status_text(status), reader.why);
    ck_assert_msg(status == WM_OK ? !reader.why[0] : reader.why[0] != 0, "%s: %s", samples[_i].text, reader.why);
    if (status != WM_OK)
        return;
    ck_assert_msg(line.form == samples[_i].form, "%s: %s", samples[_i].text, wm_line_form_name(line.form));
    wm_hex_encode((struct wm_span){line.frame.data, line.frame.len}, hex);
    if (samples[_i].telegram)
        ck_assert_str_eq(hex, samples[_i].telegram);
    ck_assert_uint_eq(line.frame.len, line.frame.data[0] + 1u);
    ck_assert_uint_eq(line.trailing.len, 0);
}
END_TEST

START_TEST(what_a_line_says_is_kept)
{
    struct wm_line line;

    ck_assert_int_eq(parse("C1;1;1;2019-04-03 19:00:42.000;97;148;12345678;0x" OMS, &line), WM_OK);
    ck_assert(line.has_mode && line.frame.mode == WM_MODE_C && !line.frame.on_air);
    ck_assert_str_eq(line.time, "2019-04-03 19:00:42.000");
    ck_assert(line.has_rssi_raw && line.rssi_raw == 97.0);
    ck_assert_int_eq(line.frame.grade, WM_GRADE_UNCHECKED);
    ck_assert_int_eq(parse("b" OMS_AIR "8241", &line), WM_OK);
    ck_assert_uint_eq(line.number, 2);
    ck_assert(line.has_rssi_dbm && line.rssi_dbm == -41.5);
    ck_assert(line.has_lqi && line.lqi == 65);
    ck_assert_int_eq(line.frame.format, WM_FORMAT_A);
    ck_assert_int_eq(line.frame.grade, WM_GRADE_CLEAN);
    ck_assert_int_eq(parse("time,msg,codes,model,data,mode", &line), WM_NOT_MINE);
    ck_assert_int_eq(parse("2020-08-10 20:40:47,,,Wireless-MBus," OMS ",S", &line), WM_OK);
    ck_assert(line.has_mode && line.frame.mode == WM_MODE_S);
    ck_assert_str_eq(line.time, "2020-08-10 20:40:47");
}
END_TEST

START_TEST(a_key_is_for_its_line)
{
    struct wm_line line;

    ck_assert_int_eq(parse("{\"telegram\":\"" OMS "\",\"key\":\"0102030405060708090A0B0C0D0E0F11\"}", &line), WM_OK);
    ck_assert(line.has_key);
    ck_assert_uint_eq(line.key.bytes[15], 0x11);
    ck_assert_int_eq(parse("{\"telegram\":\"" OMS "\"}", &line), WM_OK);
    ck_assert(!line.has_key);
    /* a bad key is said, without being repeated, and does not cost the telegram */
    ck_assert_int_eq(parse("{\"telegram\":\"" OMS "\",\"key\":\"ABCDEF01\"}", &line), WM_OK);
    ck_assert(!line.has_key);
    ck_assert_ptr_nonnull(strstr(reader.why, "32 hex digits"));
    ck_assert_ptr_null(strstr(reader.why, "ABCDEF01"));
    ck_assert_int_eq(parse("{\"telegram\":\"" OMS "\",\"key\" \"ABCDEF01\"}", &line), WM_MALFORMED);
    ck_assert_ptr_null(strstr(reader.why, "ABCDEF01"));
}
END_TEST

START_TEST(damage_and_length)
{
    char text[] = OMS_AIR;
    struct wm_line line;

    text[40] = text[40] == '0' ? '1' : '0';
    ck_assert_int_eq(parse(text, &line), WM_INTEGRITY);
    ck_assert_ptr_nonnull(strstr(reader.why, "block 2"));
    ck_assert_int_eq(parse("2E44931578563412330333637A2A", &line), WM_INTEGRITY); /* block 1 fits, the rest is missing */
    ck_assert_ptr_nonnull(strstr(reader.why, "cut off"));
    ck_assert_int_eq(parse("2E449315785634123303"
                           "7A2A002025",
                           &line),
                     WM_TOO_SHORT);
    ck_assert_uint_eq(line.frame.len, 15);
    ck_assert_ptr_nonnull(strstr(reader.why, "47 bytes, 15"));
    ck_assert_int_eq(parse(OMS "DEAD", &line), WM_OK);
    ck_assert_uint_eq(line.trailing.len, 2);
    ck_assert_uint_eq(line.trailing.data[0], 0xDE);
    ck_assert_int_eq(parse(SHORT_B_AIR, &line), WM_OK);
    ck_assert_int_eq(line.frame.format, WM_FORMAT_B);
    ck_assert_uint_eq(line.frame.data[0], 0x12);
}
END_TEST

START_TEST(damaged_lines_on_request)
{
    struct wm_line line;

    reader.accept_damaged = true;
    ck_assert_int_eq(parse("T1;0;0;2019-04-03 19:00:42.000;97;148;12345678;0x" OMS, &line), WM_OK);
    ck_assert(line.damaged);
}
END_TEST

START_TEST(too_much_is_refused)
{
    size_t len = WM_LINE_CHARS_MAX + 1;
    char *text = malloc(len + 1);
    struct wm_line line;

    memset(text, '0', len);
    text[len] = '\0';
    ck_assert_int_eq(parse(text, &line), WM_FULL);
    text[2 * WM_LINE_BYTES_MAX + 2] = '\0';
    ck_assert_int_eq(parse(text, &line), WM_FULL);
    free(text);
}
END_TEST

START_TEST(no_prefix_of_any_line_does_harm)
{
    const char *text = samples[_i].text;
    struct wm_line line;

    for (size_t n = 0; n < strlen(text); n++) {
        char *prefix = strndup(text, n);

        (void)!parse(prefix, &line);
        free(prefix);
    }
}
END_TEST

/* Old rtl_wmbus: format B with an L that counts the CRCs the line leaves out. */
START_TEST(old_rtl_wmbus_length)
{
    struct wm_line line;

    ck_assert_int_eq(parse("C1;1;1;t;1;1;12345678;0x11"
                           "44AE0C7856341201078C2027780B13",
                           &line),
                     WM_OK);
    ck_assert_uint_eq(line.frame.len, 16);
    ck_assert_uint_eq(line.frame.data[0], 15);
}
END_TEST

/* What receivers really printed: how many telegrams are in each file, and how many lines are refused. */
static const struct {
    const char *file;
    unsigned telegrams, damaged, refused;
} files[] = {
    {"wmbusmeters_serial_aes.msg", 2, 0, 0},
    {"wmbusmeters_serial_rawtty_ok.hex", 2, 0, 0},
    {"wmbusmeters_serial_rtl433_ok.msg", 2, 0, 0},
    {"wmbusmeters_serial_rtlwmbus_linkmodes.msg", 2, 0, 0},
    {"wmbusmeters_serial_rtlwmbus_ok.msg", 2, 0, 0},
    {"wmbusmeters_serial_rtlwmbus_with_timestamps.msg", 2, 1, 0},
    {"wmbusmeters_simulation_aes_removed.msg", 4, 0, 0},
    {"wmbusmeters_simulation_rtlwmbus_errors.txt", 2, 2, 0},
    {"ioBroker_test.json", 1, 0, 0},
    {"ioBroker_Imst.init-T.json", 0, 0, 0},
    {"ioBroker_Amber.init-T-cmdout.json", 0, 0, 0},
    {"ioBroker_Cul.init-C.json", 0, 0, 0},
    {"ioBroker_Ebi.init-C.json", 0, 0, 0},
    {"ioBroker_ImstV2.init-T.json", 0, 0, 0},
    {"ioBroker_ImstV2.init-T-noise.json", 4, 0, 0},
};

START_TEST(corpus_files)
{
    char path[512];
    char *text = NULL;
    size_t cap = 0;
    ssize_t n;
    unsigned telegrams = 0;
    unsigned damaged = 0;
    unsigned refused = 0;
    struct wm_line line;
    FILE *file;

    snprintf(path, sizeof path, "%s/corpora/lines/%s", WMSDR_SHARED_DIR, files[_i].file);
    file = fopen(path, "r");
    if (!file)
        return;
    while ((n = getline(&text, &cap, file)) >= 0) {
        enum wm_status status = wm_line_parse(&reader, text, (size_t)n, &line);

        telegrams += status == WM_OK;
        damaged += status == WM_INTEGRITY;
        refused += status != WM_OK && status != WM_INTEGRITY && status != WM_NOT_MINE;
    }
    free(text);
    fclose(file);
    ck_assert_msg(telegrams == files[_i].telegrams && damaged == files[_i].damaged && refused == files[_i].refused,
                  "%s: %u telegrams, %u damaged, %u refused; last: %s", files[_i].file, telegrams, damaged, refused, reader.why);
}
END_TEST

/* Each "line" of the collected receiver formats is read, but for the one whose receiver says that its CRC failed. */
START_TEST(corpus_formats)
{
    FILE *file = fopen(WMSDR_SHARED_DIR "/corpora/lines/receiver_formats.jsonl", "r");
    char *text = NULL;
    size_t cap = 0;
    unsigned count = 0;

    if (!file)
        return;
    while (getline(&text, &cap, file) >= 0) {
        json_t *row = json_loads(text, 0, NULL);
        const char *sample = json_string_value(json_object_get(row, "line"));
        const char *format = json_string_value(json_object_get(row, "format"));
        struct wm_line line;

        if (sample) {
            enum wm_status status = parse(sample, &line);
            /* the sample of the simulation file is shortened */
            enum wm_status expected = strstr(format, "crc bad")      ? WM_INTEGRITY
                                      : strstr(format, "simulation") ? WM_TOO_SHORT
                                                                     : WM_OK;

            ck_assert_msg(status == expected, "%s: %s (%s)", format, wm_status_text(status), reader.why);
            count++;
        }
        json_decref(row);
    }
    ck_assert_uint_ge(count, 8);
    free(text);
    fclose(file);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: lines");
    TCase *tcase = tcase_create("lines");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_loop_test(tcase, every_form, 0, sizeof samples / sizeof samples[0]);
    tcase_add_test(tcase, what_a_line_says_is_kept);
    tcase_add_test(tcase, a_key_is_for_its_line);
    tcase_add_test(tcase, damage_and_length);
    tcase_add_test(tcase, damaged_lines_on_request);
    tcase_add_test(tcase, too_much_is_refused);
    tcase_add_loop_test(tcase, no_prefix_of_any_line_does_harm, 0, sizeof samples / sizeof samples[0]);
    tcase_add_test(tcase, old_rtl_wmbus_length);
    tcase_add_loop_test(tcase, corpus_files, 0, sizeof files / sizeof files[0]);
    tcase_add_test(tcase, corpus_formats);
    return suite;
}
