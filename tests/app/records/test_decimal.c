/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/decimal.h"
#include "suite.h"

#include <string.h>

static const struct {
    int64_t mantissa;
    int exponent;
    const char *text;
} texts[] = {
    {0, 0, "0"},
    {0, -3, "0.000"},
    {0, 4, "0"},
    {123450, -3, "123.450"},
    {-1, -3, "-0.001"},
    {-12340, -3, "-12.340"},
    {15, 3, "15000"},
    {999, -3, "0.999"},
    {1000, -3, "1.000"},
    {INT64_MIN, 0, "-9223372036854775808"},
    {INT64_MAX, -19, "0.9223372036854775807"},
    {7, 30, "7000000000000000000000000000000"},
    {7, -30, "0.000000000000000000000000000007"},
    {7, 31, "7e31"},
    {-7, -31, "-7e-31"},
};

START_TEST(positional_text)
{
    char out[80];

    ck_assert_uint_eq(wm_decimal_text((struct wm_decimal){texts[_i].mantissa, texts[_i].exponent}, out, sizeof out),
                      strlen(texts[_i].text));
    ck_assert_str_eq(out, texts[_i].text);
}
END_TEST

START_TEST(text_never_longer_than_its_room)
{
    char out[8] = "#######";

    ck_assert_uint_eq(wm_decimal_text((struct wm_decimal){123450, -3}, out, 7), 0);
    ck_assert_str_eq(out, "#######");
    ck_assert_uint_eq(wm_decimal_text((struct wm_decimal){123450, -3}, out, 8), 7);
    ck_assert_uint_eq(wm_decimal_text((struct wm_decimal){INT64_MIN, INT32_MIN}, out, 8), 0);
}
END_TEST

/* The short way and the long one, which little room enforces. */
START_TEST(both_ways_are_one)
{
    static const int64_t magnitudes[] = {0,       1,        9,        10,        99,        100,       12345,
                                         9999999, 10000000, 99999999, 100000000, 123456789, 4294967296};
    char way[80], other[30];

    for (unsigned i = 0; i < sizeof magnitudes / sizeof *magnitudes; i++) {
        for (int exponent = -9; exponent <= 0; exponent++) {
            struct wm_decimal value = {_i ? -magnitudes[i] : magnitudes[i], exponent};
            memset(way, '#', sizeof way);
            ck_assert_uint_eq(wm_decimal_text(value, way, sizeof way), wm_decimal_text(value, other, sizeof other));
            ck_assert_str_eq(way, other);
        }
    }
}
END_TEST

START_TEST(multiplication_is_exact_or_refused)
{
    struct wm_decimal product;

    ck_assert_int_eq(wm_decimal_mul((struct wm_decimal){15, -1}, 24, &product), WM_OK);
    ck_assert_int_eq(product.mantissa, 360);
    ck_assert_int_eq(product.exponent, -1);
    ck_assert_int_eq(wm_decimal_mul((struct wm_decimal){INT64_MAX, 0}, 2, &product), WM_FULL);
    ck_assert_int_eq(wm_decimal_mul((struct wm_decimal){INT64_MIN, 0}, -1, &product), WM_FULL);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: decimal");
    TCase *tcase = tcase_create("decimal");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, positional_text, 0, sizeof texts / sizeof *texts);
    tcase_add_test(tcase, text_never_longer_than_its_room);
    tcase_add_loop_test(tcase, both_ways_are_one, 0, 2);
    tcase_add_test(tcase, multiplication_is_exact_or_refused);
    return suite;
}
