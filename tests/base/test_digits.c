/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digits.h"
#include "suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void check(uint64_t value)
{
    char expected[32], out[WM_UINT_CHARS + 4];
    char *end;

    memset(out, '#', sizeof out);
    end = wm_uint_write(out, value);
    snprintf(expected, sizeof expected, "%" PRIu64, value);
    ck_assert_uint_eq((size_t)(end - out), strlen(expected));
    ck_assert(memcmp(out, expected, strlen(expected)) == 0);
    ck_assert(memcmp(out + WM_UINT_CHARS, "####", 4) == 0); /* never beyond its room */
}

START_TEST(numbers_around_every_power_of_ten)
{
    uint64_t power = 1;

    check(0);
    for (unsigned i = 0; i < 20; i++, power *= 10) {
        check(power - 1);
        check(power);
        check(power + 1);
        check(power * 7 + 3);
    }
    check(UINT64_MAX);
}
END_TEST

START_TEST(every_group_of_four_digits)
{
    char expected[16], out[8];

    for (uint32_t n = 0; n < 10000; n++) {
        uint32_t value = n * 10000 + (9999 - n);
        snprintf(expected, sizeof expected, "%08" PRIu32, value);
        wm_digits_store(out, wm_digits_of(value) + WM_DIGITS_ZERO);
        ck_assert(memcmp(out, expected, 8) == 0);
        check(n);
        check(value);
    }
}
END_TEST

START_TEST(pairs_are_in_a_row)
{
    char expected[16];

    for (int n = 0; n < 100; n++) {
        snprintf(expected, sizeof expected, "%02d", n);
        ck_assert(memcmp(wm_digit_pairs + 2 * n, expected, 2) == 0);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("base: digits");
    TCase *tcase = tcase_create("digits");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, numbers_around_every_power_of_ten);
    tcase_add_test(tcase, every_group_of_four_digits);
    tcase_add_test(tcase, pairs_are_in_a_row);
    return suite;
}
