/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/channel_model.h"
#include "dsp/modulate.h"
#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAU 6.283185307179586

static void random_chips(uint64_t seed, uint8_t *chips, size_t count)
{
    struct wm_rng rng;

    wm_rng_seed(&rng, seed);
    for (size_t i = 0; i < count; i++)
        chips[i] = (uint8_t)wm_rng_below(&rng, 2);
}

static struct wm_modulator *make(const struct wm_modulation *config, const uint8_t *chips, size_t count)
{
    struct wm_modulator *modulator = NULL;

    ck_assert_int_eq(wm_modulator_create(config, chips, count, &modulator), WM_OK);
    return modulator;
}

/* Demodulates by exact phase differences between neighbouring samples: within a chip each one must be offset +- deviation. */
START_TEST(phase_steps_give_back_the_chips)
{
    static const double rates[] = {800e3, 1.6e6, 2.048e6, 3.2e6};
    uint8_t chips[300];
    float complex *buffer = calloc(20000, sizeof *buffer);

    random_chips(1, chips, sizeof chips);
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        struct wm_modulation config = {.sample_rate_hz = rates[r],
                                       .chip_rate_cps = 100e3 * 1.07,
                                       .deviation_hz = 47e3,
                                       .offset_hz = -123456,
                                       .start_sample = 17.3,
                                       .phase_rad = 1,
                                       .amplitude = 0.5};
        struct wm_modulator *modulator = make(&config, chips, sizeof chips);
        unsigned steps = 0;

        memset(buffer, 0, 20000 * sizeof *buffer);
        wm_modulator_add(modulator, 0, buffer, 20000);
        for (int n = 18; n < 19998; n++) {
            double begin = (n - config.start_sample) * config.chip_rate_cps / config.sample_rate_hz;
            double end = (n + 1 - config.start_sample) * config.chip_rate_cps / config.sample_rate_hz;
            double hz = carg(buffer[n + 1] * conjf(buffer[n])) / TAU * config.sample_rate_hz;

            if (end >= sizeof chips)
                break;
            if (floor(begin) != floor(end))
                continue;
            ck_assert_double_eq_tol(hz, config.offset_hz + (chips[(int)begin] ? 1 : -1) * config.deviation_hz, 1);
            steps++;
        }
        ck_assert_uint_gt(steps, 1500);
        wm_modulator_destroy(modulator);
    }
    free(buffer);
}
END_TEST

START_TEST(any_chunking_gives_the_same_samples_and_adds)
{
    struct wm_modulation config = {.sample_rate_hz = 1.6e6,
                                   .chip_rate_cps = 32768,
                                   .deviation_hz = 50e3,
                                   .bt = 0.5,
                                   .offset_hz = -325e3,
                                   .start_sample = 100.75,
                                   .amplitude = 0.25};
    uint8_t chips[100];
    float complex *whole = calloc(6000, sizeof *whole);
    float complex *parts = calloc(6000, sizeof *parts);
    struct wm_modulator *modulator;
    int64_t first, end;

    random_chips(2, chips, sizeof chips);
    modulator = make(&config, chips, sizeof chips);
    wm_modulator_add(modulator, 0, whole, 6000);
    for (size_t at = 0, step = 1; at < 6000; at += step, step = step * 3 % 997)
        wm_modulator_add(modulator, (int64_t)at, parts + at, at + step > 6000 ? 6000 - at : step);
    ck_assert_mem_eq(whole, parts, 6000 * sizeof *whole);
    wm_modulator_range(modulator, &first, &end);
    ck_assert_int_eq(first, 101);
    ck_assert_int_eq(end, 4984); /* 100.75 + 100 * 1.6e6 / 32768 = 4983.56 */
    ck_assert(whole[first - 1] == 0 && whole[first] != 0 && whole[end - 1] != 0 && whole[end] == 0);
    ck_assert_double_eq_tol(wm_modulator_chip_time(modulator, 100), 4983.5625, 1e-9);
    for (int64_t n = first; n < end; n++)
        ck_assert_double_eq_tol(cabsf(whole[n]), 0.25, 1e-6);
    wm_modulator_add(modulator, 0, parts, 6000);
    ck_assert(parts[3000] == 2 * whole[3000]);
    wm_modulator_destroy(modulator);
    free(whole);
    free(parts);
}
END_TEST

/* A shift of the start by 3/8 sample is a shift of the phase curve by 3/8 sample, carrier included. */
START_TEST(time_is_exact_between_samples)
{
    struct wm_modulation config = {.sample_rate_hz = 1.6e6,
                                   .chip_rate_cps = 100e3,
                                   .deviation_hz = 50e3,
                                   .bt = 0.5,
                                   .offset_hz = 31e3,
                                   .start_sample = 5,
                                   .phase_rad = 0.3,
                                   .amplitude = 1};
    uint8_t chips[64];
    struct wm_modulator *a, *b;

    random_chips(3, chips, sizeof chips);
    a = make(&config, chips, sizeof chips);
    config.start_sample += 0.375;
    b = make(&config, chips, sizeof chips);
    for (double t = 5; t < 1020; t += 0.61)
        ck_assert_double_eq_tol(cos(TAU * wm_modulator_phase_turns(a, t)), cos(TAU * wm_modulator_phase_turns(b, t + 0.375)), 1e-9);
    ck_assert_double_eq_tol(wm_modulator_phase_turns(a, 0), 0.3 / TAU, 0.3); /* clamped to the burst's start */
    wm_modulator_destroy(a);
    wm_modulator_destroy(b);
}
END_TEST

/* The shaped phase against a numerical convolution of the chips with a sampled Gaussian. */
START_TEST(gaussian_shaping_matches_numerical_convolution)
{
    enum { FINE = 200, COUNT = 24 };
    const double bt = 0.5, sigma = sqrt(log(2)) / (TAU * bt);
    struct wm_modulation config = {.sample_rate_hz = FINE, .chip_rate_cps = 1, .deviation_hz = 0.5, .bt = bt, .amplitude = 1};
    uint8_t chips[COUNT];
    struct wm_modulator *modulator;
    double weight = 0, last = 0;

    random_chips(4, chips, COUNT);
    modulator = make(&config, chips, COUNT);
    for (int k = -3 * FINE; k <= 3 * FINE; k++)
        weight += exp(-0.5 * pow(k / (sigma * FINE), 2));
    for (int n = 3 * FINE; n < (COUNT - 3) * FINE; n++) {
        double step = wm_modulator_phase_turns(modulator, n + 1) - wm_modulator_phase_turns(modulator, n);
        double sum = 0;

        for (int k = -3 * FINE; k <= 3 * FINE; k++)
            sum += exp(-0.5 * pow(k / (sigma * FINE), 2)) * (chips[(n + k) / FINE] ? 0.5 : -0.5);
        step -= round(step);
        ck_assert_double_eq_tol(step * FINE, sum / weight, 2e-3);
        if (n > 3 * FINE)
            ck_assert_double_le(fabs(step * FINE - last), 0.02); /* no jumps */
        last = step * FINE;
    }
    wm_modulator_destroy(modulator);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    static const uint8_t chips[] = {0, 1, 2};
    struct wm_modulation config = {.sample_rate_hz = 1e6, .chip_rate_cps = 1e5, .deviation_hz = 5e4, .amplitude = 1};
    struct wm_modulator *modulator;

    ck_assert_int_eq(wm_modulator_create(&config, chips, 3, &modulator), WM_INVALID);
    ck_assert_int_eq(wm_modulator_create(&config, chips, 0, &modulator), WM_INVALID);
    config.bt = 0.05;
    ck_assert_int_eq(wm_modulator_create(&config, chips, 2, &modulator), WM_INVALID);
    config.bt = 0;
    config.chip_rate_cps = NAN;
    ck_assert_int_eq(wm_modulator_create(&config, chips, 2, &modulator), WM_INVALID);
}
END_TEST

/* Error rate of the ideal noncoherent detector of orthogonal chips (h = 1) in the model's noise: theory says exp(-Ec / 2 N0) / 2
 * (Proakis, binary orthogonal signalling). Signal scale, noise scale and quantiser all enter it. */
static double chip_error_rate(double ec_n0_db, unsigned count, bool quantised)
{
    enum { SPAN = 16 };
    const double rate = 1.6e6, sigma_lsb = 10, scale = wm_channel_full_scale(WM_SAMPLES_CU8);
    const double variance = 2 * pow(sigma_lsb / scale, 2);
    struct wm_modulation config = {.sample_rate_hz = rate,
                                   .chip_rate_cps = rate / SPAN,
                                   .deviation_hz = rate / SPAN / 2,
                                   .phase_rad = 0.7,
                                   .amplitude = wm_channel_amplitude(ec_n0_db, rate / SPAN, rate, variance)};
    uint8_t *chips = malloc(count);
    struct wm_modulator *modulator;
    struct wm_rng rng;
    unsigned errors = 0;

    random_chips(5, chips, count);
    modulator = make(&config, chips, count);
    wm_rng_seed(&rng, 6);
    for (unsigned c = 0; c < count; c++) {
        float complex y[SPAN] = {0};
        uint8_t codes[2 * SPAN];
        double complex tone[2] = {0, 0};

        wm_modulator_add(modulator, (int64_t)c * SPAN, y, SPAN);
        wm_channel_noise(&rng, variance, y, SPAN);
        wm_channel_quantise(WM_SAMPLES_CU8, y, SPAN, codes);
        for (unsigned i = 0; i < SPAN; i++) {
            double complex x = quantised ? codes[2 * i] - 127.5 + I * (codes[2 * i + 1] - 127.5) : y[i];

            tone[0] += x * cexp(I * TAU / 2 * i / SPAN);
            tone[1] += x * cexp(-I * TAU / 2 * i / SPAN);
        }
        errors += (cabs(tone[1]) > cabs(tone[0])) != chips[c];
    }
    wm_modulator_destroy(modulator);
    free(chips);
    return (double)errors / count;
}

START_TEST(chip_error_rate_is_theory)
{
    static const double points_db[] = {0, 6, 9};
    const unsigned count = 200000;

    for (unsigned i = 0; i < 3; i++) {
        double theory = 0.5 * exp(-0.5 * pow(10, points_db[i] / 10));
        double error = 4 * sqrt(theory * (1 - theory) / count);

        ck_assert_double_eq_tol(chip_error_rate(points_db[i], count, false), theory, error);
        ck_assert_double_eq_tol(chip_error_rate(points_db[i], count, true), theory, error + 0.01 * theory);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: modulate");
    TCase *tcase = tcase_create("modulate");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, phase_steps_give_back_the_chips);
    tcase_add_test(tcase, any_chunking_gives_the_same_samples_and_adds);
    tcase_add_test(tcase, time_is_exact_between_samples);
    tcase_add_test(tcase, gaussian_shaping_matches_numerical_convolution);
    tcase_add_test(tcase, bad_arguments_are_refused);
    tcase_add_test(tcase, chip_error_rate_is_theory);
    return suite;
}
