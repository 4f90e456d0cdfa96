/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/burst.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAD  20
#define CHIPS 240

static const struct {
    double rate_hz, chip_rate_cps, deviation_hz, offset_hz, start;
    unsigned word_chips, samples;
} cases[] = {
    {400e3, 100e3, 50e3, 0, 0, 1, 4},       {400e3, 100e3, 50e3, 0, 0.37, 6, 4},     {400e3, 100e3, 50e3, 30e3, 0.5, 6, 4},
    {400e3, 100e3, 45e3, -60e3, 0.9, 1, 4}, {512e3, 110e3, 60e3, 12345, 0.77, 6, 4}, {450e3, 90e3, 40e3, -5e3, 0.1, 2, 4},
    {400e3, 32768, 50e3, 20e3, 0.25, 2, 8}, {533e3, 33000, 60e3, -40e3, 0.6, 1, 8},  {400e3, 112e3, 35e3, 9e3, 0.3, 1, 4},
};

/* Without noise: the tone of a chip gives samples * amplitude with the phase at the chip's start, the other tone what is left of
 * pi h of turning against each other. */
START_TEST(noise_free_chips)
{
    struct wm_modulation m = {.sample_rate_hz = cases[_i].rate_hz,
                              .chip_rate_cps = cases[_i].chip_rate_cps,
                              .deviation_hz = cases[_i].deviation_hz,
                              .offset_hz = cases[_i].offset_hz,
                              .start_sample = cases[_i].start,
                              .phase_rad = 0.7,
                              .amplitude = 0.3};
    const unsigned word = cases[_i].word_chips, samples = cases[_i].samples;
    struct burst burst;
    struct wm_correlator *c = NULL;

    burst_open(&burst, 1 + (uint64_t)_i);
    burst_add_random(&burst, CHIPS);
    burst_render(&burst, &m, LEAD, INFINITY);
    const struct wm_chip_timing timing = burst_timing(&m, LEAD, 0);
    const double full = samples * m.amplitude;

    ck_assert_int_eq(wm_correlator_create(wm_kernels_select(NULL), word, samples, CHIPS / word + 3, timing.period, &c), WM_OK);
    ck_assert_uint_ge(c->stride, CHIPS / word + 3);
    ck_assert_uint_eq(c->stride % WM_LANES, 0);
    ck_assert_int_eq(wm_correlator_run(c, &burst.in, &timing, 0, CHIPS / word, 3), WM_OK);
    int sum = 0;
    double worst = 0;
    for (size_t k = 0; k < CHIPS; k++) {
        size_t at = k % word * c->stride + k / word + 3;
        double complex c1 = c->c1.re[at] + I * c->c1.im[at], c0 = c->c0.re[at] + I * c->c0.im[at];
        double complex own = burst.chips[k] ? c1 : c0, other = burst.chips[k] ? c0 : c1;
        double complex phase = cexp(I * (m.phase_rad + M_PI * timing.h * sum));
        double complex rest = 0;
        for (unsigned i = 0; i < samples; i++)
            rest += cexp((burst.chips[k] ? 1 : -1) * 2 * I * M_PI * timing.h * (i + 0.5) / samples);
        /* at the corners between chips the interpolator smears: a few percent of one sample of four */
        worst = fmax(worst, cabs(own - full * phase) / full);
        worst = fmax(worst, cabs(other - rest * m.amplitude * phase) / full);
        sum += burst.chips[k] ? 1 : -1;
    }
    ck_assert_msg(worst < 0.14, "error %g", worst);

    /* chips before and behind the burst are just not there: zeros */
    wm_correlator_destroy(c);
    burst_close(&burst);
}
END_TEST

/* A column, a first chip and a part of the words change nothing but where the values go. */
START_TEST(parts_are_as_the_whole)
{
    struct wm_modulation m = {.sample_rate_hz = 400e3,
                              .chip_rate_cps = 101e3,
                              .deviation_hz = 48e3,
                              .offset_hz = 7e3,
                              .start_sample = 0.4,
                              .amplitude = 1};
    struct burst burst;
    struct wm_correlator *whole = NULL, *part = NULL;

    burst_open(&burst, 5);
    burst_add_random(&burst, CHIPS);
    burst_render(&burst, &m, LEAD, 10);
    struct wm_chip_timing timing = burst_timing(&m, LEAD, 60); /* chips before the start have negative numbers */
    ck_assert_int_eq(wm_correlator_create(wm_kernels_select(NULL), 6, 4, 40, timing.period, &whole), WM_OK);
    ck_assert_int_eq(wm_correlator_create(wm_kernels_select(NULL), 6, 4, 40, timing.period, &part), WM_OK);
    ck_assert_int_eq(wm_correlator_run(whole, &burst.in, &timing, -60, 40, 0), WM_OK);
    for (int w = 0; w < 40; w += 5) {
        ck_assert_int_eq(wm_correlator_run(part, &burst.in, &timing, -60 + 6 * w, 5, (size_t)w), WM_OK);
        for (size_t j = 0; j < 6; j++) {
            for (size_t k = j * whole->stride + (size_t)w; k < j * whole->stride + (size_t)w + 5; k++) {
                ck_assert_double_eq_tol((double)part->c1.re[k], (double)whole->c1.re[k], 2e-2);
                ck_assert_double_eq_tol((double)part->c1.im[k], (double)whole->c1.im[k], 2e-2);
                ck_assert_double_eq_tol((double)part->c0.re[k], (double)whole->c0.re[k], 2e-2);
                ck_assert_double_eq_tol((double)part->c0.im[k], (double)whole->c0.im[k], 2e-2);
            }
        }
    }
    wm_correlator_destroy(whole);
    wm_correlator_destroy(part);
    burst_close(&burst);
}
END_TEST

START_TEST(bounds)
{
    struct wm_modulation m = {
        .sample_rate_hz = 400e3, .chip_rate_cps = 100e3, .deviation_hz = 50e3, .start_sample = 0.4, .amplitude = 1};
    struct burst burst;
    struct wm_correlator *c = NULL;

    burst_open(&burst, 6);
    burst_add_random(&burst, 60);
    burst_render(&burst, &m, LEAD, INFINITY);
    struct wm_chip_timing timing = burst_timing(&m, LEAD, 0);
    ck_assert_int_eq(wm_correlator_create(wm_kernels_select(NULL), 6, WM_CHIP_SAMPLES_MAX + 1, 10, 4, &c), WM_INVALID);
    ck_assert_int_eq(wm_correlator_create(wm_kernels_select(NULL), 6, 4, 10, timing.period, &c), WM_OK);
    ck_assert_int_eq(wm_correlator_run(c, &burst.in, &timing, 0, 11, 0), WM_INVALID);
    ck_assert_int_eq(wm_correlator_run(c, &burst.in, &timing, 0, 10, 1), WM_INVALID);
    struct wm_chip_timing slow = timing;
    slow.period *= 3;
    ck_assert_int_ne(wm_correlator_run(c, &burst.in, &slow, 0, 10, 0), WM_OK);
    ck_assert_int_eq(wm_correlator_run(c, &burst.in, &timing, 0, 10, 0), WM_OK);
    /* to the sample: what `need` says suffices, one less does not; likewise in front */
    struct wm_baseband in = burst.in;
    in.count = (size_t)wm_correlator_need(&timing, 60);
    ck_assert_uint_le(in.count, burst.in.count);
    ck_assert_int_eq(wm_correlator_run(c, &in, &timing, 0, 10, 0), WM_OK);
    in.count--;
    ck_assert_int_eq(wm_correlator_run(c, &in, &timing, 0, 10, 0), WM_TOO_SHORT);
    ck_assert_int_eq(wm_correlator_run(c, &in, &timing, 0, 9, 0), WM_OK);
    size_t first = (size_t)floor(timing.start) - WM_CHIP_MARGIN;
    in = (struct wm_baseband){burst.re + first, burst.im + first, (int64_t)first, burst.in.count - first};
    ck_assert_int_eq(wm_correlator_run(c, &in, &timing, 0, 10, 0), WM_OK);
    in = (struct wm_baseband){burst.re + first + 1, burst.im + first + 1, (int64_t)first + 1, burst.in.count - first - 1};
    ck_assert_int_eq(wm_correlator_run(c, &in, &timing, 0, 10, 0), WM_TOO_SHORT);
    ck_assert_int_eq(wm_correlator_run(c, &in, &timing, -6, 10, 0), WM_TOO_SHORT);
    wm_correlator_destroy(c);
    wm_correlator_destroy(NULL);
    burst_close(&burst);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: correlator");
    TCase *tcase = tcase_create("correlator");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, noise_free_chips, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, parts_are_as_the_whole);
    tcase_add_test(tcase, bounds);
    return suite;
}
