/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/content.h"
#include "link/crc.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Application data beyond plain records: compact and format frames, compact profiles, the fixed data structure, errors, clock. */

static struct wm_formats *formats;
static struct wm_content content;
static uint8_t bytes[2][600];

static void start(void)
{
    ck_assert_int_eq(wm_formats_create(false, &formats), WM_OK);
}

static void stop(void)
{
    wm_formats_destroy(formats);
}

static struct wm_span span_in(unsigned k, const char *hex)
{
    size_t len;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes[k], sizeof bytes[k], &len, NULL), WM_OK);
    return (struct wm_span){bytes[k], len};
}

static void give(uint8_t ci, const char *hex)
{
    ck_assert_int_eq(wm_content_read(formats, true, ci, wm_ci_info(ci)->payload, span_in(0, hex), &content), WM_OK);
}

static const char *hex_of(struct wm_span span)
{
    static char text[2 * 600 + 1];

    wm_hex_encode(span, text);
    return text;
}

/* "storage value unit time;" for each record. */
static const char *records_text(bool only_derived)
{
    static char out[8192];
    struct wm_record_reader reader = content.records;
    struct wm_record record;
    const char *why;
    size_t len = 0;

    out[0] = '\0';
    while (wm_record_next(&reader, &record, &why) == WM_OK) {
        char value[640];
        char scratch[WM_DATETIME_CHARS];
        const char *time;
        size_t time_len;
        if (record.idle || (only_derived && !record.derived))
            continue;
        wm_record_value_text(&record, value, sizeof value);
        time = wm_content_time(&content, &record, scratch, &time_len);
        ck_assert_uint_eq(time ? strlen(time) : 0, time_len);
        len += (size_t)snprintf(out + len, sizeof out - len, "%d %s %s%s%s;", (int)record.storage, value, record.unit,
                                time ? " " : "", time ? time : "");
    }
    return out;
}

/* EN 13757-3:2018, G.5.2 (full, format and compact frame of one state) and a pair of a Kamstrup meter. */
#define FULL    "0202D20402152E16022A3423"
#define FORMAT  "08313B02020215022A"
#define COMPACT "313B42A6D2042E163423"

START_TEST(a_compact_frame_needs_its_format)
{
    give(0x79, COMPACT);
    ck_assert_int_eq(content.compact, WM_COMPACT_UNKNOWN);
    ck_assert_uint_eq(content.signature, 0x3B31);
    ck_assert_uint_eq(content.full_crc, 0xA642);
    ck_assert(!content.has_records);
}
END_TEST

START_TEST(a_full_frame_teaches_the_format)
{
    give(0x78, FULL);
    ck_assert_uint_eq(content.layout.signature, 0x3B31);
    ck_assert_uint_eq(wm_formats_count(formats), 1);
    give(0x79, COMPACT);
    ck_assert_int_eq(content.compact, WM_COMPACT_EXPANDED);
    ck_assert_str_eq(hex_of(content.records.apl), FULL);
    ck_assert_str_eq(records_text(false), "0 0.1234 kWh;0 567.8 m³;0 0.9012 kW;");
}
END_TEST

START_TEST(a_format_frame_teaches_the_format)
{
    give(0x69, FORMAT);
    ck_assert_uint_eq(content.signature, 0x3B31);
    ck_assert_str_eq(hex_of(content.headers), "02020215022A");
    give(0x7B, "2F2F" COMPACT "2F2F2F"); /* as it stands behind decryption */
    ck_assert_int_eq(content.compact, WM_COMPACT_EXPANDED);
    ck_assert_str_eq(hex_of(content.records.apl), FULL);
}
END_TEST

static const struct {
    const char *hex, *text;
} bad_formats[] = {
    {"08323B02020215022A", "the signature is not that of these headers"},
    {"08313B0202021502AA", "the headers are cut off or malformed"},
    {"09313B02020215022A", "the headers are cut off or malformed"},
    {"01313B", "the headers are cut off or malformed"},
    {"", "the headers are cut off or malformed"},
};

START_TEST(a_wrong_format_frame_teaches_nothing)
{
    give(0x69, bad_formats[_i].hex);
    ck_assert_str_eq(content.text, bad_formats[_i].text);
    ck_assert_uint_eq(wm_formats_count(formats), 0);
}
END_TEST

START_TEST(a_compact_frame_is_what_its_crc_says)
{
    char hex[] = COMPACT;

    give(0x78, FULL);
    for (size_t i = 4; i < sizeof COMPACT - 1; i++) { /* each digit of CRC and values */
        strcpy(hex, COMPACT);
        hex[i] = hex[i] == '0' ? '1' : '0';
        give(0x79, hex);
        ck_assert_int_eq(content.compact, WM_COMPACT_WRONG);
        ck_assert(!content.has_records);
    }
    give(0x79, "313B42A6D2042E1634");
    ck_assert_int_eq(content.compact, WM_COMPACT_WRONG);
    give(0x79, "313B42A6D2042E16342300");
    ck_assert_int_eq(content.compact, WM_COMPACT_WRONG);
    give(0x79, "313B42");
    ck_assert_int_eq(content.compact, WM_COMPACT_CUT);
}
END_TEST

/* A value of variable length brings its LVAR in the compact frame. */
START_TEST(a_variable_length_is_in_the_compact_frame)
{
    const char *full = "0DFD0C034342410213E803";
    char compact[64];

    give(0x78, full);
    snprintf(compact, sizeof compact, "%02X%02X%02X%02X03434241E803", content.layout.signature & 0xFF,
             content.layout.signature >> 8, wm_crc16(span_in(1, full)) & 0xFF, wm_crc16(span_in(1, full)) >> 8);
    give(0x79, compact);
    ck_assert_int_eq(content.compact, WM_COMPACT_EXPANDED);
    ck_assert_str_eq(hex_of(content.records.apl), full);
}
END_TEST

/* More formats than there is room for: the store stays as large as it is, and the last one is there. */
START_TEST(the_store_is_bounded)
{
    uint8_t headers[6] = {0x84, 0x80, 0x80, 0x00, 0x13};

    for (unsigned i = 0; i < 3 * WM_FORMATS_MAX; i++) {
        headers[1] = (uint8_t)(0x80 | (i & 0x7F));
        headers[2] = (uint8_t)(0x80 | (i >> 7 & 0x7F));
        ck_assert_int_eq(wm_formats_add(formats, (struct wm_span){headers, 5}), WM_OK);
        ck_assert(wm_formats_has(formats, wm_crc16((struct wm_span){headers, 5}), 5));
    }
    ck_assert_uint_le(wm_formats_count(formats), WM_FORMATS_MAX);
    ck_assert_uint_gt(wm_formats_count(formats), WM_FORMATS_MAX / 2);
}
END_TEST

START_TEST(what_is_used_stays)
{
    uint8_t headers[6] = {0x84, 0x80, 0x80, 0x00, 0x13};

    give(0x78, FULL);
    for (unsigned i = 0; i < 3 * WM_FORMATS_MAX; i++) {
        headers[1] = (uint8_t)(0x80 | (i & 0x7F));
        headers[2] = (uint8_t)(0x80 | (i >> 7 & 0x7F));
        ck_assert_int_eq(wm_formats_add(formats, (struct wm_span){headers, 5}), WM_OK);
        give(0x79, COMPACT);
        ck_assert_int_eq(content.compact, WM_COMPACT_EXPANDED);
    }
}
END_TEST

START_TEST(formats_are_kept_in_a_file)
{
    char path[] = "/tmp/wmsdr_formats_XXXXXX";
    unsigned long line;
    FILE *file;

    close(mkstemp(path));
    ck_assert_int_eq(wm_formats_file(formats, path, &line), WM_OK);
    give(0x78, FULL);
    give(0x78, FULL); /* the same again is no new one */
    wm_formats_destroy(formats);
    file = fopen(path, "a");
    fputs("# a comment\n\n  0203", file); /* and a line that was cut off */
    fclose(file);
    ck_assert_int_eq(wm_formats_create(false, &formats), WM_OK);
    ck_assert_int_eq(wm_formats_file(formats, path, &line), WM_OK);
    ck_assert_uint_eq(wm_formats_count(formats), 1);
    give(0x79, COMPACT);
    ck_assert_int_eq(content.compact, WM_COMPACT_EXPANDED);
    give(0x78, "0413E8030000");
    wm_formats_destroy(formats);
    ck_assert_int_eq(wm_formats_create(false, &formats), WM_OK);
    ck_assert_int_eq(wm_formats_file(formats, path, &line), WM_OK);
    ck_assert_uint_eq(wm_formats_count(formats), 2);
    unlink(path);
}
END_TEST

START_TEST(a_file_that_is_no_list_of_formats_is_named)
{
    char path[] = "/tmp/wmsdr_formats_XXXXXX";
    unsigned long line;
    FILE *file;

    close(mkstemp(path));
    file = fopen(path, "w");
    fputs("0213\n12345678 = 00112233\n", file);
    fclose(file);
    ck_assert_int_eq(wm_formats_file(formats, path, &line), WM_MALFORMED);
    ck_assert_uint_eq(line, 2);
    unlink(path);
    ck_assert_int_eq(wm_formats_file(formats, "/nonexistent/formats", &line), WM_IO);
}
END_TEST

START_TEST(the_known_formats_are_formats)
{
    struct wm_formats *known;

    ck_assert_int_eq(wm_formats_create(true, &known), WM_OK);
    ck_assert_uint_gt(wm_formats_count(known), 15);
    ck_assert(wm_formats_has(known, 0xF1E7, 13));
    wm_formats_destroy(known);
}
END_TEST

/* Annex F.2.6 to F.2.8, and a series over ends of months as heat cost allocators and water meters send it. */
static const struct {
    const char *apl, *derived;
} profiles[] = {
    {"868081006D0000A04111358490810003F04902008D908100831E0A34FEA0860100D0FB0100",
     "33 100.000 kWh 2010-02-01T00:00:00;34 130.000 kWh 2010-03-01T00:00:00;"},
    {"84046D002041118B04150030128D04951F056901030211",
     "9 12300.3 m³ 2010-01-01T01:00;10 12300.5 m³ 2010-01-01T02:00;11 12301.6 m³ 2010-01-01T03:00;"},
    {"84046D002341118B04151630128D049513056901110203",
     "9 12300.5 m³ 2010-01-01T02:00;10 12300.3 m³ 2010-01-01T01:00;11 12300.0 m³ 2010-01-01T00:00;"},
    /* monthly from the last of January 2024: absolute BCD values, one never recorded, one with an error display */
    {"82046C1F318D04931E0E3CFE01000000FFFFFFFF03000000", "9 0.001 m³ 2024-02-29;10  m³ 2024-03-31;11 0.003 m³ 2024-04-30;"},
    /* signed differences of one byte, hourly, the second illegal: then no later value can be known */
    {"84046D00204111840413640000008D04931F05E101FF8005",
     "9 0.099 m³ 2010-01-01T01:00;10  m³ 2010-01-01T02:00;11 0.005 m³ 2010-01-01T03:00;"},
    /* no base value: absolute values need none; no base time: no time */
    {"8D04931F0632010A000B00", "9 0.010 m³;10 0.011 m³;"},
    /* not spaced in time */
    {"84046D002041118D04931F0602000A000B00", "9 0.010 m³;10 0.011 m³;"},
    /* half months: only every second has a date */
    {"82046CE1318D04931F0632FD0A000B00", "9 0.010 m³;10 0.011 m³ 2031-02-01;"},
};

START_TEST(a_compact_profile_is_taken_apart)
{
    give(0x78, profiles[_i].apl);
    ck_assert_str_eq(records_text(true), profiles[_i].derived);
}
END_TEST

START_TEST(values_have_the_time_of_their_storage)
{
    give(0x78, "0413E8030000046D002041114413E7030000426C1F31");
    ck_assert_str_eq(records_text(false), "0 1.000 m³ 2010-01-01T00:00;0 2010-01-01T00:00 ;1 0.999 m³ 2024-01-31;1 2024-01-31 ;");
}
END_TEST

static const struct {
    const char *apl, *records;
} fixed[] = {
    {"785634120A00E97E0100000035010000", "0 0.001 m³;1 0.135 m³;"},           /* [libmbus] manual_frame2 */
    {"93929190100005693165000069000000", "0 6531 kWh;0 0.069 m³;"},           /* [libmbus] sen_pollusonic_2 */
    {"785634120AC0130200010000FFFFFFFF", "1 25600000 MJ;1 4294967.295 kWh;"}, /* binary, stored */
};

START_TEST(fixed_data_structure)
{
    struct wm_span apl = span_in(0, fixed[_i].apl);

    ck_assert_int_eq(wm_content_read(NULL, false, 0x73, WM_CI_PAYLOAD_FIXED, apl, &content), WM_OK);
    ck_assert_str_eq(records_text(false), fixed[_i].records);
    for (size_t len = 0; len < apl.len; len++) {
        struct wm_record_reader reader = wm_record_reader_of_fixed(wm_span_sub(apl, 0, len));
        struct wm_record record;
        const char *why;
        ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_TOO_SHORT);
        ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_END);
    }
}
END_TEST

static const struct {
    uint8_t ci;
    const char *apl, *kind, *text;
} others[] = {
    {0x70, "08", "error", "application too busy"},
    {0x6E, "2F2F042F", "error", "premature end of record"},
    {0x70, "", "error", "unspecified error"},
    {0x6F, "FF", "error", NULL},
    {0x74, "10", "alarm", NULL},
    {0x50, "", "reset", "all"},
    {0x50, "10", "reset", "user data"},
    {0x6C, "00372D6CA1A115", "clock", "set clock"},
    {0x6D, "02000A00", "clock", "put clock back"},
    {0x6D, "03000A00", "clock", NULL},
};

START_TEST(what_is_no_record_is_named)
{
    give(others[_i].ci, others[_i].apl);
    ck_assert(!content.has_records);
    ck_assert_str_eq(wm_content_kind_name(&content), others[_i].kind);
    ck_assert(others[_i].text ? content.text && strcmp(content.text, others[_i].text) == 0 : !content.text);
}
END_TEST

START_TEST(a_clock_is_set_to_a_time)
{
    char text[WM_DATETIME_CHARS];

    give(0x6C, "0000200041110000");
    ck_assert_int_eq(content.time_kind, WM_VALUE_DATETIME);
    wm_datetime_text(content.time_kind, &content.time, text);
    ck_assert_str_eq(text, "2010-01-01T00:32:00");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: content");
    TCase *tcase = tcase_create("content");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, a_compact_frame_needs_its_format);
    tcase_add_test(tcase, a_full_frame_teaches_the_format);
    tcase_add_test(tcase, a_format_frame_teaches_the_format);
    tcase_add_loop_test(tcase, a_wrong_format_frame_teaches_nothing, 0, sizeof bad_formats / sizeof *bad_formats);
    tcase_add_test(tcase, a_compact_frame_is_what_its_crc_says);
    tcase_add_test(tcase, a_variable_length_is_in_the_compact_frame);
    tcase_add_test(tcase, the_store_is_bounded);
    tcase_add_test(tcase, what_is_used_stays);
    tcase_add_test(tcase, formats_are_kept_in_a_file);
    tcase_add_test(tcase, a_file_that_is_no_list_of_formats_is_named);
    tcase_add_test(tcase, the_known_formats_are_formats);
    tcase_add_loop_test(tcase, a_compact_profile_is_taken_apart, 0, sizeof profiles / sizeof *profiles);
    tcase_add_test(tcase, values_have_the_time_of_their_storage);
    tcase_add_loop_test(tcase, fixed_data_structure, 0, sizeof fixed / sizeof *fixed);
    tcase_add_loop_test(tcase, what_is_no_record_is_named, 0, sizeof others / sizeof *others);
    tcase_add_test(tcase, a_clock_is_set_to_a_time);
    return suite;
}
