/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/headers.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct wm_headers headers;

static void set_up(void)
{
    memset(&headers, 0, sizeof headers);
}

static void same_span(struct wm_span a, struct wm_span b)
{
    ck_assert_ptr_eq(a.data, b.data);
    ck_assert_uint_eq(a.len, b.len);
}

/* The layout is the same, and so are the summaries, whether their texts are handed over or made. */
static void same_layout(struct wm_span apl)
{
    struct wm_layout expected, got;

    wm_layout_read(apl, NULL, &expected);
    wm_layout_read(apl, &headers, &got);
    ck_assert_uint_eq(got.signature, expected.signature);
    ck_assert_uint_eq(got.header_bytes, expected.header_bytes);
    ck_assert_uint_eq(got.end, expected.end);
    ck_assert_int_eq(got.whole, expected.whole);
    ck_assert_uint_eq(got.dates, expected.dates);
    for (unsigned i = 0; i < got.dates; i++) {
        ck_assert_uint_eq(got.date[i].storage, expected.date[i].storage);
        ck_assert_uint_eq(got.date[i].offset, expected.date[i].offset);
        ck_assert_str_eq(got.date[i].text, expected.date[i].text);
    }
}

static void same_summary(const struct wm_record *expected, const struct wm_record *got, const char *text, size_t len)
{
    static struct wm_summary a, b;

    wm_summary_begin(&a);
    wm_summary_begin(&b);
    wm_summary_add(&a, expected, (struct wm_text){0});
    wm_summary_add(&b, got, (struct wm_text){text, len});
    ck_assert_uint_eq(a.count, b.count);
    for (unsigned i = 0; i < a.count; i++) {
        ck_assert_str_eq(a.entry[i].name, b.entry[i].name);
        ck_assert_uint_eq(a.entry[i].name_len, b.entry[i].name_len);
        ck_assert_uint_eq(a.entry[i].key, b.entry[i].key);
        ck_assert_int_eq(a.entry[i].is_number, b.entry[i].is_number);
        ck_assert_int_eq(a.entry[i].is_free_text, b.entry[i].is_free_text);
        ck_assert_str_eq(a.entry[i].text, b.entry[i].text);
        ck_assert_uint_eq(a.entry[i].text_len, b.entry[i].text_len);
        ck_assert_uint_eq(strlen(a.entry[i].text), a.entry[i].text_len);
    }
}

/* Reads with the memory and without: every field that a reader of records can see is the same. Returns how many records. */
static unsigned compare(struct wm_span apl)
{
    struct wm_record_reader plain = wm_record_reader_of(apl), fast = plain;
    struct wm_record expected, got;
    char expected_text[1300], text[1300];
    const char *expected_why = NULL, *why = NULL;
    enum wm_status status;
    unsigned n = 0;

    memset(text, 0, sizeof text);
    same_layout(apl);
    fast.headers = &headers;
    do {
        status = wm_record_next(&plain, &expected, &expected_why);
        ck_assert_int_eq(wm_record_next(&fast, &got, &why), status);
        ck_assert_ptr_eq(why, expected_why);
        if (status == WM_END)
            break;
        n++;
        same_span(got.raw, expected.raw);
        same_span(got.dib, expected.dib);
        same_span(got.vib, expected.vib);
        same_span(got.raw_value, expected.raw_value);
        ck_assert_uint_eq(got.offset, expected.offset);
        ck_assert_int_eq(got.function, expected.function);
        ck_assert_uint_eq(got.storage, expected.storage);
        ck_assert_uint_eq(got.tariff, expected.tariff);
        ck_assert_uint_eq(got.subunit, expected.subunit);
        ck_assert_str_eq(got.quantity, expected.quantity);
        ck_assert_str_eq(got.unit, expected.unit);
        ck_assert_str_eq(got.detail, expected.detail);
        ck_assert_int_eq(got.known, expected.known);
        ck_assert_int_eq(got.manufacturer, expected.manufacturer);
        ck_assert_int_eq(got.more_follows, expected.more_follows);
        ck_assert_int_eq(got.idle, expected.idle);
        ck_assert_uint_eq(got.profile, expected.profile);
        ck_assert_int_eq(got.derived, expected.derived);
        ck_assert_int_eq(got.time_kind, expected.time_kind);
        ck_assert_int_eq(got.kind, expected.kind);
        ck_assert_uint_eq(wm_record_value_text(&got, text, sizeof text),
                          wm_record_value_text(&expected, expected_text, sizeof expected_text));
        if (expected.kind != WM_VALUE_NONE && expected.kind != WM_VALUE_INVALID)
            ck_assert_str_eq(text, expected_text);
        same_summary(&expected, &got, text, strlen(text));
    } while (status == WM_OK);
    same_layout(apl);
    return n;
}

static unsigned compare_hex(const char *hex)
{
    static uint8_t bytes[300];
    size_t len;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes, sizeof bytes, &len, NULL), WM_OK);
    return compare((struct wm_span){bytes, len});
}

START_TEST(known_headers_read_the_same)
{
    static const char *const pairs[][2] = {
        {"0C1427048502", "0C1499999999"},                             /* another value, also one that is none */
        {"0C1427048502", "0C142704850A"},                             /* a digit above 9 */
        {"8C4004FF0F123456780C13", "8C4004FF0F123456"},               /* manufacturer's VIFE; then cut off */
        {"04ED3B00000000046DFFFF0000", "04ED3B00000000046D00000000"}, /* dates, open and sound */
        {"0D6D0310000000", "0D6D031F000000"},                         /* type M: its control byte makes it a duration or a time */
        {"0D6D0300112201FD1700", "0D6D0310112201FD1701"},
        {"02FC03001234", "02FC03"}, /* a plain-text unit of no characters; then cut off before its length */
        {"02FC00031234", "02FC00"},
        {"027C001234", "027C"},
        /* the unit of a count is none, so only the length keeps these from being kept: behind it another text, or nothing */
        {"02FC41001234", "02FC4101411234"},
        {"02FC41001234", "02FC41"},
        {"0DFD1103414243", "0DFD110141"},             /* text */
        {"0DFD110341", "0DFD11FF"},                   /* cut off, reserved LVAR */
        {"02FC0325524874D822", "02FC0325524874D723"}, /* plain-text unit: is not kept */
        {"2F0F0102", "2F1F0102"},
        {"00000000", "0000"},
    };

    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (unsigned k = 0; k < 4; k++)
            ck_assert_uint_gt(compare_hex(pairs[i][k % 2]), 0);
    }
}
END_TEST

START_TEST(what_is_kept_is_found)
{
    uint8_t bytes[] = {0x0C, 0x14, 0x27, 0x04, 0x85, 0x02};
    struct wm_span apl = {bytes, sizeof bytes};
    struct wm_record_reader reader = wm_record_reader_of(apl);
    struct wm_record record;
    const char *why;

    reader.headers = &headers;
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert_ptr_nonnull(record.header);
    ck_assert_ptr_eq(wm_header_place(&headers, wm_header_key(apl)), record.header);
    ck_assert_uint_eq(record.header->key, wm_header_key(apl));
    ck_assert_uint_eq(wm_header_key(wm_span_sub(apl, 0, 2)), wm_header_key(apl)); /* the value is no part of it */
    ck_assert_uint_eq(wm_header_key(wm_span_sub(apl, 0, 1)), 0);
}
END_TEST

START_TEST(not_every_header_is_kept)
{
    static const uint8_t longest[] = {0x84, 0x80, 0x80, 0x40, 0x84, 0xBB, 0x3B, 0, 0, 0, 0},
                         too_long[] = {0x84, 0x80, 0x80, 0x80, 0x40, 0x84, 0xBB, 0x3B, 0, 0, 0, 0}, special[] = {0x0F, 0x14, 0},
                         cut_off[] = {0x84, 0x80, 0x40, 0x93}, plain_text[] = {0x04, 0x7C, 0x01, 0x41, 0, 0, 0, 0},
                         volume[] = {0x04, 0x13, 0, 0, 0, 0};

    ck_assert_uint_eq(wm_header_key((struct wm_span){longest, sizeof longest}) >> 56, WM_HEADER_BYTES);
    ck_assert_uint_eq(wm_header_key((struct wm_span){too_long, sizeof too_long}), 0);
    ck_assert_uint_eq(wm_header_key((struct wm_span){cut_off, sizeof cut_off}), 0);
    ck_assert_uint_eq(wm_header_key((struct wm_span){0}), 0);
    compare((struct wm_span){special, sizeof special});
    ck_assert_ptr_null(wm_header_find(&headers, wm_header_key((struct wm_span){special, sizeof special})));
    compare((struct wm_span){plain_text, sizeof plain_text});
    ck_assert_ptr_null(wm_header_find(&headers, wm_header_key((struct wm_span){plain_text, sizeof plain_text})));
    compare((struct wm_span){volume, sizeof volume});
    ck_assert_ptr_nonnull(wm_header_find(&headers, wm_header_key((struct wm_span){volume, sizeof volume})));
}
END_TEST

/* Many more headers than places, each several times: they take each other's. */
START_TEST(more_headers_than_places)
{
    uint8_t bytes[24];
    unsigned records = 0;

    srand(1);
    for (unsigned n = 0; n < 4000; n++) {
        size_t len = 2 + (size_t)rand() % (sizeof bytes - 2);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)rand();
        bytes[0] &= 0xCF; /* common ones more often */
        if (n % 2)
            bytes[0] &= 0x7F;
        records += compare((struct wm_span){bytes, len});
        records += compare((struct wm_span){bytes, len});
    }
    ck_assert_uint_gt(records, 8000);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: headers");
    TCase *tcase = tcase_create("headers");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, known_headers_read_the_same);
    tcase_add_test(tcase, what_is_kept_is_found);
    tcase_add_test(tcase, not_every_header_is_kept);
    tcase_add_test(tcase, more_headers_than_places);
    return suite;
}
