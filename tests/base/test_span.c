/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/span.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static const uint8_t seven[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
static const struct wm_span seven_span = {seven, sizeof seven};

START_TEST(cursor_reads_little_endian)
{
    struct wm_cursor cur = wm_cursor_of(seven_span);

    ck_assert_uint_eq(wm_cursor_u8(&cur), 0x01);
    ck_assert_uint_eq(wm_cursor_u16le(&cur), 0x0302);
    ck_assert_uint_eq(wm_cursor_u32le(&cur), 0x07060504);
    ck_assert_uint_eq(wm_cursor_left(&cur), 0);
    ck_assert(!cur.failed);
}
END_TEST

START_TEST(cursor_past_the_end_fails_and_stays_failed)
{
    struct wm_cursor cur = wm_cursor_of(wm_span_sub(seven_span, 0, 3));

    ck_assert_uint_eq(wm_cursor_u32le(&cur), 0);
    ck_assert(cur.failed);
    ck_assert_uint_eq(wm_cursor_left(&cur), 0);
    ck_assert_uint_eq(wm_cursor_u8(&cur), 0);
    ck_assert_uint_eq(wm_cursor_rest(&cur).len, 0);
    ck_assert(cur.failed);
}
END_TEST

START_TEST(cursor_takes_and_rests)
{
    struct wm_cursor cur = wm_cursor_of(seven_span);
    struct wm_span two = wm_cursor_take(&cur, 2);
    struct wm_span rest = wm_cursor_rest(&cur);

    ck_assert_uint_eq(two.len, 2);
    ck_assert_ptr_eq(two.data, seven);
    ck_assert_uint_eq(rest.len, 5);
    ck_assert_ptr_eq(rest.data, seven + 2);
    ck_assert(!cur.failed);
}
END_TEST

START_TEST(sub_span_never_reaches_outside)
{
    ck_assert_uint_eq(wm_span_sub(seven_span, 5, 9).len, 2);
    ck_assert_uint_eq(wm_span_sub(seven_span, 9, 1).len, 0);
    ck_assert_uint_eq(wm_span_sub(seven_span, SIZE_MAX, SIZE_MAX).len, 0);
    ck_assert(wm_span_equal(wm_span_sub(seven_span, 0, 0), wm_span_sub(seven_span, 7, 1)));
    ck_assert(!wm_span_equal(wm_span_sub(seven_span, 0, 2), wm_span_sub(seven_span, 1, 2)));
}
END_TEST

START_TEST(writer_is_the_twin_and_bounded)
{
    uint8_t memory[7];
    struct wm_writer out = wm_writer_of(memory, sizeof memory);

    wm_writer_u8(&out, 0x01);
    wm_writer_u16le(&out, 0x0302);
    wm_writer_u32le(&out, 0x07060504);
    ck_assert(!out.failed);
    ck_assert(wm_span_equal(wm_writer_span(&out), seven_span));
    wm_writer_u8(&out, 0xFF);
    ck_assert(out.failed);
    ck_assert_uint_eq(out.len, 7);
}
END_TEST

START_TEST(hex_both_ways)
{
    char text[15];
    uint8_t bytes[7];
    size_t len = 0;
    size_t bad = 0;

    ck_assert_uint_eq(wm_hex_encode(seven_span, text), 14);
    ck_assert_str_eq(text, "01020304050607");
    ck_assert_int_eq(wm_hex_decode("01020304050607", 14, bytes, sizeof bytes, &len, NULL), WM_OK);
    ck_assert(wm_span_equal((struct wm_span){bytes, len}, seven_span));
    ck_assert_int_eq(wm_hex_decode("aBcG", 4, bytes, sizeof bytes, &len, &bad), WM_MALFORMED);
    ck_assert_uint_eq(bad, 3);
    ck_assert_int_eq(wm_hex_decode("abc", 3, bytes, sizeof bytes, &len, &bad), WM_MALFORMED);
    ck_assert_int_eq(wm_hex_decode("0011", 4, bytes, 1, &len, NULL), WM_FULL);
}
END_TEST

/* Vectors and what is left over give the same as one by one, at every length, alignment and place of a wrong digit. */
START_TEST(hex_at_every_length)
{
    uint8_t bytes[80], back[80];
    char text[161], other[161];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 83 + 7);
    for (size_t len = 0; len <= 70; len++) {
        for (size_t from = 0; from < 3; from++) {
            struct wm_span span = {bytes + from, len};
            for (size_t i = 0; i < len; i++)
                snprintf(other + 2 * i, 3, from == 1 ? "%02x" : "%02X", span.data[i]);
            ck_assert_ptr_eq(wm_hex_write(text, span, from != 1), text + 2 * len);
            ck_assert(memcmp(text, other, 2 * len) == 0);
            memset(back, 0xEE, sizeof back);
            ck_assert_uint_eq(wm_hex_read(text, 2 * len, back, sizeof back), len);
            ck_assert(memcmp(back, span.data, len) == 0);
            for (size_t i = len; i < sizeof back; i++)
                ck_assert_uint_eq(back[i], 0xEE);
            if (len)
                ck_assert_uint_eq(wm_hex_read(text, 2 * len, back, len - 1), len - 1);
            for (size_t at = 0; at < 2 * len; at++) {
                static const char wrong[] = {'/', ':', '@', 'G', '`', 'g', ' ', 0, (char)0xB0};
                char kept = text[at];
                size_t bad = 999, n;
                text[at] = wrong[(at + len) % sizeof wrong];
                ck_assert_uint_eq(wm_hex_read(text, 2 * len, back, sizeof back), at / 2);
                ck_assert_int_eq(wm_hex_decode(text, 2 * len, back, sizeof back, &n, &bad), WM_MALFORMED);
                ck_assert_uint_eq(bad, at);
                text[at] = kept;
            }
        }
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("base: span");
    TCase *tcase = tcase_create("span");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, cursor_reads_little_endian);
    tcase_add_test(tcase, cursor_past_the_end_fails_and_stays_failed);
    tcase_add_test(tcase, cursor_takes_and_rests);
    tcase_add_test(tcase, sub_span_never_reaches_outside);
    tcase_add_test(tcase, writer_is_the_twin_and_bounded);
    tcase_add_test(tcase, hex_both_ways);
    tcase_add_test(tcase, hex_at_every_length);
    return suite;
}
