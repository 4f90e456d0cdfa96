/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/linecode.h"
#include "phy/mode.h"
#include "suite.h"

START_TEST(table_is_consistent)
{
    for (int i = 0; i < WM_MODE_COUNT; i++) {
        const struct wm_mode_info *info = wm_mode_info((enum wm_mode)i);

        ck_assert_int_eq(info->mode, i);
        ck_assert_uint_eq(info->chips_per_byte, wm_linecode_chips_per_byte(info->code));
        ck_assert(info->deviation_min_hz <= info->deviation_hz && info->deviation_hz <= info->deviation_max_hz);
        ck_assert_uint_le(info->preamble_pairs_min, info->preamble_pairs_long);
        ck_assert(info->sync_a.count > 0 && info->sync_a.count < 64);
        ck_assert_uint_eq(info->sync_a.bits >> info->sync_a.count, 0);
        ck_assert_uint_eq(info->sync_b.bits >> info->sync_b.count, 0);
        ck_assert_double_ge(info->channel_half_width_hz,
                            info->carrier_tolerance_hz + info->deviation_hz + info->chip_rate_cps / 2 - 1e3);
    }
    /* header lengths that vendor stacks state: S short 48, S long 576, T 48, C 64 chips */
    ck_assert_uint_eq(2 * wm_mode_info(WM_MODE_S)->preamble_pairs_min + wm_mode_info(WM_MODE_S)->sync_a.count, 48);
    ck_assert_uint_eq(2 * wm_mode_info(WM_MODE_S)->preamble_pairs_long + wm_mode_info(WM_MODE_S)->sync_a.count, 576);
    ck_assert_uint_eq(2 * wm_mode_info(WM_MODE_T)->preamble_pairs_min + wm_mode_info(WM_MODE_T)->sync_a.count, 48);
    ck_assert_uint_eq(2 * wm_mode_info(WM_MODE_C)->preamble_pairs_min + wm_mode_info(WM_MODE_C)->sync_b.count, 64);
}
END_TEST

START_TEST(names_both_ways)
{
    static const struct {
        const char *text;
        enum wm_mode mode;
    } good[] = {{"S", WM_MODE_S}, {"t", WM_MODE_T}, {"C1", WM_MODE_C}, {"s1", WM_MODE_S}};
    enum wm_mode mode;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_int_eq(wm_mode_by_name(good[i].text, &mode), WM_OK);
        ck_assert_int_eq(mode, good[i].mode);
    }
    ck_assert_int_eq(wm_mode_by_name("", &mode), WM_INVALID);
    ck_assert_int_eq(wm_mode_by_name("T11", &mode), WM_INVALID);
    ck_assert_str_eq(wm_format_name(WM_FORMAT_A), "A");
    ck_assert_str_eq(wm_format_name(WM_FORMAT_B), "B");
    ck_assert_str_eq(wm_format_name(WM_FORMAT_NONE), "");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: mode");
    TCase *tcase = tcase_create("mode");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, table_is_consistent);
    tcase_add_test(tcase, names_both_ways);
    return suite;
}
