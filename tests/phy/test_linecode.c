/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/linecode.h"
#include "suite.h"

#include <jansson.h>
#include <string.h>

#define BYTES_MAX 512
static const enum wm_line_code codes[] = {WM_CODE_MANCHESTER, WM_CODE_3OF6, WM_CODE_NRZ};

/* Encodes and packs the chips into bytes, top bit first; odd chips at the end are dropped. */
static size_t packed(enum wm_line_code code, struct wm_span bytes, uint8_t *out)
{
    uint8_t chips[16 * BYTES_MAX];
    size_t count, len, invalid;

    ck_assert_int_eq(wm_linecode_encode(code, bytes, chips, sizeof chips, &count), WM_OK);
    ck_assert_int_eq(wm_linecode_decode(WM_CODE_NRZ, chips, count, out, BYTES_MAX, &len, &invalid), WM_OK);
    return len;
}

static void check_vector(enum wm_line_code code, const char *input, const char *output)
{
    uint8_t bytes[BYTES_MAX], expected[BYTES_MAX], got[BYTES_MAX], chips[8 * BYTES_MAX];
    size_t len, expected_len, chip_count, got_len, invalid;

    ck_assert_int_eq(wm_hex_decode(input, strlen(input), bytes, sizeof bytes, &len, NULL), WM_OK);
    ck_assert_int_eq(wm_hex_decode(output, strlen(output), expected, sizeof expected, &expected_len, NULL), WM_OK);
    ck_assert_uint_ge(expected_len, packed(code, (struct wm_span){bytes, len}, got));
    ck_assert_mem_eq(got, expected, len * wm_linecode_chips_per_byte(code) / 8);
    ck_assert_int_eq(wm_linecode_encode(WM_CODE_NRZ, (struct wm_span){expected, expected_len}, chips, sizeof chips, &chip_count),
                     WM_OK);
    ck_assert_int_eq(wm_linecode_decode(code, chips, len * wm_linecode_chips_per_byte(code), got, sizeof got, &got_len, &invalid),
                     WM_OK);
    ck_assert_uint_eq(invalid, 0);
    ck_assert(wm_span_equal((struct wm_span){got, got_len}, (struct wm_span){bytes, len}));
}

/* Test vectors of Silicon Labs application note AN451 (wireless M-Bus software). */
START_TEST(published_vectors)
{
    check_vector(WM_CODE_MANCHESTER, "12", "A9A6");
    check_vector(WM_CODE_MANCHESTER, "EF", "5655");
    check_vector(WM_CODE_3OF6, "2345", "38B719");
    check_vector(WM_CODE_3OF6, "5678", "65A4EC");
    check_vector(WM_CODE_NRZ, "A5", "A5");
}
END_TEST

START_TEST(shared_vectors)
{
    json_t *all = json_load_file(WMSDR_SHARED_DIR "/corpora/phy_vectors.json", 0, NULL);
    unsigned checked = 0;
    size_t i;
    json_t *one;

    if (!all)
        return;
    json_array_foreach(all, i, one)
    {
        const char *kind = json_string_value(json_object_get(one, "kind"));
        const char *input = json_string_value(json_object_get(one, "input"));
        const char *output = json_string_value(json_object_get(one, "output"));
        bool ours = strcmp(kind, "3of6") == 0 || strcmp(kind, "manchester") == 0;

        if (!ours || !input || !output || strlen(input) % 2)
            continue;
        check_vector(kind[0] == '3' ? WM_CODE_3OF6 : WM_CODE_MANCHESTER, input, output);
        checked++;
    }
    ck_assert_uint_gt(checked, 20);
    json_decref(all);
}
END_TEST

START_TEST(every_byte_comes_back)
{
    uint8_t bytes[256], back[256], chips[16 * 256];
    size_t count, len, invalid;

    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    for (unsigned c = 0; c < 3; c++) {
        ck_assert_int_eq(wm_linecode_encode(codes[c], (struct wm_span){bytes, 256}, chips, sizeof chips, &count), WM_OK);
        ck_assert_int_eq(wm_linecode_decode(codes[c], chips, count, back, sizeof back, &len, &invalid), WM_OK);
        ck_assert_uint_eq(invalid, 0);
        ck_assert_uint_eq(len, 256);
        ck_assert_mem_eq(bytes, back, 256);
    }
}
END_TEST

START_TEST(three_of_six_has_sixteen_words_of_three_ones)
{
    unsigned words = 0;

    for (unsigned word = 0; word < 64; word++) {
        int nibble = wm_3of6_decode(word);

        if (nibble < 0)
            continue;
        words++;
        ck_assert_int_eq(__builtin_popcount(word), 3);
        ck_assert_uint_eq(wm_3of6_encode((unsigned)nibble), word);
    }
    ck_assert_uint_eq(words, 16);
    ck_assert_int_eq(wm_3of6_decode(0x15), -1); /* 010101, how a C frame's second sync half begins */
}
END_TEST

START_TEST(invalid_words_are_counted)
{
    uint8_t chips[32] = {0};
    uint8_t bytes[2];
    size_t len, invalid;

    ck_assert_int_eq(wm_linecode_decode(WM_CODE_3OF6, chips, 24, bytes, 2, &len, &invalid), WM_OK);
    ck_assert_uint_eq(invalid, 4);
    chips[0] = 1; /* one good pair: 10 is a 0 */
    ck_assert_int_eq(wm_linecode_decode(WM_CODE_MANCHESTER, chips, 31, bytes, 2, &len, &invalid), WM_OK);
    ck_assert_uint_eq(invalid, 7);
    ck_assert_uint_eq(len, 1);
    ck_assert_int_eq(wm_linecode_decode(WM_CODE_NRZ, chips, 32, bytes, 2, &len, &invalid), WM_FULL);
    ck_assert_int_eq(wm_linecode_encode(WM_CODE_NRZ, (struct wm_span){bytes, 2}, chips, 15, &len), WM_FULL);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: line codes");
    TCase *tcase = tcase_create("line codes");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, published_vectors);
    tcase_add_test(tcase, shared_vectors);
    tcase_add_test(tcase, every_byte_comes_back);
    tcase_add_test(tcase, three_of_six_has_sixteen_words_of_three_ones);
    tcase_add_test(tcase, invalid_words_are_counted);
    return suite;
}
