/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rng.h"
#include "suite.h"

#include <math.h>

#define DRAWS 1000000

/* xoshiro256** from the state 1, 2, 3, 4: the vector that public implementations share (rand_xoshiro, Rust, reference C). */
START_TEST(generator_matches_the_published_sequence)
{
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240u, 1216172134540287360u};
    struct wm_rng rng = {{1, 2, 3, 4}};

    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_uint_eq(wm_rng_next(&rng), expected[i]);
}
END_TEST

START_TEST(seed_zero_works_and_seeds_differ)
{
    struct wm_rng a, b, c;

    wm_rng_seed(&a, 0);
    wm_rng_seed(&b, 1);
    wm_rng_seed(&c, 0);
    ck_assert_uint_eq(a.s[0], 0xE220A8397B1DCDAFu); /* SplitMix64's first output for seed 0 */
    ck_assert_uint_ne(wm_rng_next(&a), wm_rng_next(&b));
    wm_rng_next(&c);
    ck_assert_uint_eq(wm_rng_next(&a), wm_rng_next(&c));
}
END_TEST

/* Mean, variance, kurtosis, tails and whiteness, each within 4.5 standard errors. */
START_TEST(gaussian_is_gaussian)
{
    struct wm_rng rng;
    double sum = 0, squares = 0, fourth = 0, lag1 = 0, cross = 0, last = 0;
    unsigned beyond2 = 0, beyond4 = 0;
    double n = 2.0 * DRAWS;

    wm_rng_seed(&rng, 7);
    for (unsigned i = 0; i < DRAWS; i++) {
        double x[2];

        wm_rng_gaussian(&rng, &x[0], &x[1]);
        cross += x[0] * x[1];
        for (unsigned k = 0; k < 2; k++) {
            sum += x[k];
            squares += x[k] * x[k];
            fourth += x[k] * x[k] * x[k] * x[k];
            lag1 += x[k] * last;
            last = x[k];
            beyond2 += fabs(x[k]) > 2;
            beyond4 += fabs(x[k]) > 4;
        }
    }
    ck_assert_double_eq_tol(sum / n, 0, 4.5 / sqrt(n));
    ck_assert_double_eq_tol(squares / n, 1, 4.5 * sqrt(2 / n));
    ck_assert_double_eq_tol(fourth / n, 3, 4.5 * sqrt(96 / n));
    ck_assert_double_eq_tol(lag1 / n, 0, 4.5 / sqrt(n));
    ck_assert_double_eq_tol(cross / DRAWS, 0, 4.5 / sqrt(DRAWS));
    ck_assert_double_eq_tol(beyond2, n * erfc(sqrt(2)), 4.5 * sqrt(n * erfc(sqrt(2))));
    ck_assert_double_eq_tol(beyond4, n * erfc(4 / sqrt(2)), 4.5 * sqrt(n * erfc(4 / sqrt(2))));
}
END_TEST

/* The stream of a seed is a promise: recordings are named by it. Bit patterns, so any machine that differs shows. */
START_TEST(gaussian_is_the_same_everywhere)
{
    struct wm_rng rng;
    double a, b, sum = 0;

    wm_rng_seed(&rng, 1);
    for (unsigned i = 0; i < 1000; i++) {
        wm_rng_gaussian(&rng, &a, &b);
        sum += a - b;
    }
    ck_assert_msg(a == 0x1.df832cf64558bp-2 && b == 0x1.ec0d132bae2d4p-2 && sum == -0x1.abfe9dd2a3ea4p+5, "%a %a %a", a, b, sum);
}
END_TEST

START_TEST(integers_below_are_uniform)
{
    unsigned seen[7] = {0};
    unsigned low;
    struct wm_rng rng;

    wm_rng_seed(&rng, 3);
    for (unsigned i = 0; i < 70000; i++)
        seen[wm_rng_below(&rng, 7)]++;
    for (unsigned i = 0; i < 7; i++)
        ck_assert_double_eq_tol(seen[i], 10000, 450);
    /* 2^32 is 4/3 of this range: without rejection the low third would come twice as often */
    low = 0;
    for (unsigned i = 0; i < 30000; i++)
        low += wm_rng_below(&rng, 3u << 30) < 1u << 30;
    ck_assert_double_eq_tol(low, 10000, 370);
    for (unsigned i = 0; i < 1000; i++) {
        double x = wm_rng_range(&rng, -2, 5);

        ck_assert(x >= -2 && x < 5);
        ck_assert_uint_eq(wm_rng_below(&rng, 1), 0);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: rng");
    TCase *tcase = tcase_create("rng");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, generator_matches_the_published_sequence);
    tcase_add_test(tcase, seed_zero_works_and_seeds_differ);
    tcase_add_test(tcase, gaussian_is_gaussian);
    tcase_add_test(tcase, gaussian_is_the_same_everywhere);
    tcase_add_test(tcase, integers_below_are_uniform);
    return suite;
}
