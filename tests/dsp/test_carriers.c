/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/carriers.h"
#include "dsp/rng.h"
#include "suite.h"

#include <math.h>

#define BLOCK 64
#define COUNT (WM_CARRIER_BLOCKS * BLOCK)

static float re[COUNT], im[COUNT];

/* Noise of power 1 and carriers of the given amplitudes, from sample `first` on. */
static void make(struct wm_rng *rng, const double *frequency, const double *amplitude, unsigned carriers, size_t first)
{
    for (size_t n = 0; n < COUNT; n++) {
        double a, b;
        wm_rng_gaussian(rng, &a, &b);
        re[n] = (float)(a * sqrt(0.5));
        im[n] = (float)(b * sqrt(0.5));
        for (unsigned i = 0; i < carriers; i++) {
            const double phase = 2 * M_PI * frequency[i] * (double)(first + n) + i;
            re[n] += (float)(amplitude[i] * cos(phase));
            im[n] += (float)(amplitude[i] * sin(phase));
        }
    }
}

static double power(void)
{
    double sum = 0;

    for (size_t n = 0; n < COUNT; n++)
        sum += (double)(re[n] * re[n] + im[n] * im[n]);
    return sum / COUNT;
}

/* Where they are between the bins, and how loud beside each other, does not matter. */
START_TEST(carriers_are_found_and_taken_out)
{
    struct wm_carriers found;
    struct wm_rng rng;

    wm_rng_seed(&rng, 400);
    for (int i = -32; i <= 32; i++) {
        const double frequency[] = {(i + 0.125 * (i & 7)) / 66.0, -0.41 + 0.01 * (i & 3)};
        const double amplitude[] = {i & 1 ? 1 : 20, 3};
        const unsigned carriers = fabs(frequency[0] - frequency[1]) < 0.02 ? 1 : 2;
        make(&rng, frequency, amplitude, carriers, 0);
        wm_carriers_find(re, im, BLOCK, 0.05, &found);
        ck_assert_uint_eq(found.count, carriers);
        for (unsigned k = 0; k < carriers; k++) {
            double nearest = 1;
            for (unsigned j = 0; j < found.count; j++) {
                const double apart = found.frequency[j] - frequency[k];
                nearest = fmin(nearest, fabs(apart - round(apart)));
            }
            ck_assert_double_lt(nearest, 5e-5); /* 20 Hz at 400 kS/s */
        }
        ck_assert_double_lt(power(), 1.15);
    }
    for (int i = 0; i < 50; i++) {
        make(&rng, NULL, NULL, 0, 0);
        wm_carriers_find(re, im, BLOCK, 0.05, &found);
        ck_assert_uint_eq(found.count, 0);
    }
}
END_TEST

/* Follows a carrier that is 20 Hz beside where it was said to be, and lets the rest through, however the samples are cut. */
START_TEST(a_notch_takes_its_carrier_out)
{
    const double frequency[] = {0.1234 + 5e-5}, amplitude[] = {10};
    struct wm_notch notch = {.frequency = 0.1234};
    struct wm_rng rng;

    wm_rng_seed(&rng, 401);
    make(&rng, frequency, amplitude, 1, 0);
    wm_notch_run(&notch, re, im, COUNT);
    make(&rng, frequency, amplitude, 1, COUNT);
    struct wm_notch again = notch;
    static float re_2[COUNT], im_2[COUNT];
    for (size_t n = 0; n < COUNT; n++) {
        re_2[n] = re[n];
        im_2[n] = im[n];
    }
    wm_notch_run(&notch, re, im, COUNT);
    ck_assert_double_gt(power(), 0.85);
    ck_assert_double_lt(power(), 1.5);
    for (size_t n = 0; n < COUNT; n += 37)
        wm_notch_run(&again, re_2 + n, im_2 + n, n + 37 < COUNT ? 37 : COUNT - n);
    for (size_t n = 0; n < COUNT; n++)
        ck_assert(re[n] == re_2[n] && im[n] == im_2[n]);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: carriers");
    TCase *tcase = tcase_create("carriers");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, carriers_are_found_and_taken_out);
    tcase_add_test(tcase, a_notch_takes_its_carrier_out);
    return suite;
}
