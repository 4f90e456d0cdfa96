/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/transmitter.h"
#include "suite.h"

#include <string.h>

static const uint8_t byte_12[] = {0x12};
static const struct wm_span one_byte = {byte_12, 1};

static void check(const struct wm_transmission *tx, const char *expected, size_t expected_data)
{
    uint8_t chips[2000];
    char text[2001];
    size_t count, data;

    ck_assert_int_eq(wm_transmission_build(tx, chips, sizeof chips, &count, &data), WM_OK);
    ck_assert_uint_eq(count, wm_transmission_chips(tx));
    ck_assert_uint_eq(data, expected_data);
    for (size_t i = 0; i < count; i++)
        text[i] = (char)('0' + chips[i]);
    text[count] = '\0';
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(wm_transmission_build(tx, chips, count - 1, &count, &data), WM_FULL);
}

START_TEST(each_mode_and_format)
{
    /* T: nibbles 1 and 2 are 001101 001110; the tail starts with the opposite of the last chip */
    check(&(struct wm_transmission){.mode = WM_MODE_T, .air = one_byte, .tail_chips = 4},
          "01010101010101010101010101010101010101"
          "0000111101"
          "001101001110"
          "1010",
          48);
    check(&(struct wm_transmission){.mode = WM_MODE_S, .format = WM_FORMAT_A, .air = one_byte, .tail_chips = 2},
          "010101010101010101010101010101"
          "000111011010010110"
          "1010100110100110"
          "10",
          48);
    check(&(struct wm_transmission){.mode = WM_MODE_C, .format = WM_FORMAT_A, .air = one_byte},
          "01010101010101010101010101010101"
          "01010100001111010101010011001101"
          "00010010",
          64);
    check(&(struct wm_transmission){.mode = WM_MODE_C, .format = WM_FORMAT_B, .air = one_byte, .preamble_pairs = 2},
          "0101"
          "01010100001111010101010000111101"
          "00010010",
          36);
}
END_TEST

START_TEST(long_preamble)
{
    struct wm_transmission tx = {
        .mode = WM_MODE_S, .air = one_byte, .preamble_pairs = wm_mode_info(WM_MODE_S)->preamble_pairs_long};

    ck_assert_uint_eq(wm_transmission_chips(&tx), 576 + 16);
}
END_TEST

START_TEST(what_a_mode_has_not_is_refused)
{
    uint8_t chips[200];
    size_t count;
    struct wm_transmission tx = {.mode = WM_MODE_T, .format = WM_FORMAT_B, .air = one_byte};

    ck_assert_int_eq(wm_transmission_build(&tx, chips, sizeof chips, &count, NULL), WM_INVALID);
    tx = (struct wm_transmission){.mode = WM_MODE_C, .format = WM_FORMAT_B, .air = one_byte, .tail_chips = 2};
    ck_assert_int_eq(wm_transmission_build(&tx, chips, sizeof chips, &count, NULL), WM_INVALID);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: transmitter");
    TCase *tcase = tcase_create("transmitter");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, each_mode_and_format);
    tcase_add_test(tcase, long_preamble);
    tcase_add_test(tcase, what_a_mode_has_not_is_refused);
    return suite;
}
