/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/channel_model.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU   6.283185307179586
#define COUNT 65536

static double complex tone_at(const float complex *x, double cycles_per_sample)
{
    double complex sum = 0;

    for (int n = 0; n < COUNT; n++)
        sum += x[n] * cexp(-I * TAU * cycles_per_sample * n);
    return sum / COUNT;
}

START_TEST(noise_has_the_stated_density)
{
    float complex *x = calloc(COUNT, sizeof *x);
    double complex mean = 0, lag = 0, square = 0;
    double power = 0, low = 0, high = 0;
    struct wm_rng rng;

    wm_rng_seed(&rng, 11);
    wm_channel_noise(&rng, 0.02, x, COUNT);
    for (int n = 0; n < COUNT; n++) {
        mean += x[n] / COUNT;
        power += creal(x[n] * conjf(x[n])) / COUNT;
        square += x[n] * x[n] / COUNT;
        if (n)
            lag += x[n] * conjf(x[n - 1]) / COUNT;
    }
    ck_assert_double_eq_tol(power, 0.02, 4.5 * 0.02 / sqrt(COUNT));
    ck_assert_double_le(cabs(mean), 4.5 * sqrt(0.02 / COUNT));
    ck_assert_double_le(cabs(lag), 4.5 * 0.02 / sqrt(COUNT));
    ck_assert_double_le(cabs(square), 6.4 * 0.02 / sqrt(COUNT)); /* circular: I and Q alike and independent */
    for (int k = 0; k < 64; k++) {
        low += pow(cabs(tone_at(x, k / 2048.0)), 2) * COUNT / 64;
        high += pow(cabs(tone_at(x, 0.4 + k / 2048.0)), 2) * COUNT / 64;
    }
    ck_assert_double_eq_tol(low, 0.02, 4.5 * 0.02 / 8);
    ck_assert_double_eq_tol(high, 0.02, 4.5 * 0.02 / 8);
    free(x);
}
END_TEST

START_TEST(amplitude_follows_the_definition_of_ec_n0)
{
    /* Ec = A^2 / chip rate, N0 = variance / sample rate: at 0 dB and a chip a sample A^2 is the variance. */
    ck_assert_double_eq_tol(wm_channel_amplitude(0, 1e5, 1e5, 0.25), 0.5, 1e-12);
    ck_assert_double_eq_tol(wm_channel_amplitude(10, 1e5, 1.6e6, 0.16), 0.1 * sqrt(10), 1e-12);
}
END_TEST

START_TEST(front_end_faults_are_those_stated)
{
    const double f = 1000.0 / COUNT;
    float complex *x = calloc(COUNT, sizeof *x);
    struct wm_front_end ideal = {.gain = 1};
    struct wm_front_end bad = {.gain = 0.5, .iq_gain_db = 1, .iq_phase_deg = 4, .dc_i = 0.03, .dc_q = -0.02};
    struct wm_front_end off = {.gain = 1, .offset_hz = 500};
    double g = pow(10, 1 / 20.0), phi = 4 * TAU / 360;
    /* i = cos, q = g sin(x + phi): z = a e^jx + b e^-jx with a = (1 + g e^j phi) / 2, b = (1 - g e^-j phi) / 2 */
    double complex a = (1 + g * cexp(I * phi)) / 2, b = (1 - g * cexp(-I * phi)) / 2;

    for (int n = 0; n < COUNT; n++)
        x[n] = (float complex)cexp(I * TAU * f * n);
    wm_channel_front_end(&ideal, COUNT, 0, x, COUNT);
    ck_assert_double_le(cabs(tone_at(x, f) - 1), 1e-6);
    ck_assert_double_le(cabs(tone_at(x, -f)), 1e-6);
    wm_channel_front_end(&bad, COUNT, 0, x, COUNT);
    ck_assert_double_le(cabs(tone_at(x, f) - 0.5 * a), 1e-5);
    ck_assert_double_le(cabs(tone_at(x, -f) - 0.5 * b), 1e-5);
    ck_assert_double_le(cabs(tone_at(x, 0) - (0.03 - 0.02 * I)), 1e-6);

    for (int n = 0; n < COUNT; n++)
        x[n] = (float complex)cexp(I * TAU * f * n);
    wm_channel_front_end(&off, COUNT, 0, x, 1000);
    wm_channel_front_end(&off, COUNT, 1000, x + 1000, COUNT - 1000); /* without a seam */
    ck_assert_double_le(cabs(tone_at(x, f + 500.0 / COUNT) - 1), 1e-5);
    free(x);
}
END_TEST

START_TEST(quantiser_rounds_and_clips)
{
    const float complex x[] = {0, 1 - 1 * I, (float)(10.2 / 127.5) - (float)(10.2 / 127.5) * I, 2 - 2 * I};
    uint8_t u8[8], u16[16], f32[32];
    float back[8];

    ck_assert_uint_eq(wm_channel_quantise(WM_SAMPLES_CU8, x, 4, u8), 2);
    ck_assert_mem_eq(u8, ((uint8_t[]){128, 128, 255, 0, 138, 117, 255, 0}), 8); /* 127.5 + 10.2 = 137.7; 127.5 - 10.2 = 117.3 */
    ck_assert_uint_eq(wm_channel_quantise(WM_SAMPLES_CS8, x, 4, u8), 3);        /* +1 is one code too far */
    ck_assert_mem_eq(u8, ((uint8_t[]){0, 0, 127, 128, 10, 246, 127, 128}), 8);
    ck_assert_uint_eq(wm_channel_quantise(WM_SAMPLES_CS16, x, 4, u16), 3);
    ck_assert_mem_eq(u16, ((uint8_t[]){0, 0, 0, 0, 0xFF, 0x7F, 0x00, 0x80}), 8);
    ck_assert_mem_eq(u16 + 8, ((uint8_t[]){0x3D, 0x0A, 0xC3, 0xF5}), 4); /* 0.08 * 32768 = 2621.4 */
    ck_assert_uint_eq(wm_channel_quantise(WM_SAMPLES_CF32, x, 4, f32), 0);
    memcpy(back, f32, sizeof back); /* the test runs on little-endian machines */
    ck_assert_mem_eq(back, x, sizeof back);
}
END_TEST

START_TEST(quantised_noise_keeps_its_size)
{
    float complex *x = calloc(COUNT, sizeof *x);
    uint8_t *codes = malloc(2 * COUNT);
    double mean = 0, square = 0;
    struct wm_rng rng;

    wm_rng_seed(&rng, 12);
    wm_channel_noise(&rng, 2 * pow(10 / wm_channel_full_scale(WM_SAMPLES_CU8), 2), x, COUNT);
    ck_assert_uint_eq(wm_channel_quantise(WM_SAMPLES_CU8, x, COUNT, codes), 0);
    for (int k = 0; k < 2 * COUNT; k++) {
        mean += (codes[k] - 127.5) / (2 * COUNT);
        square += pow(codes[k] - 127.5, 2) / (2 * COUNT);
    }
    ck_assert_double_eq_tol(mean, 0, 4.5 * 10 / sqrt(2 * COUNT));
    ck_assert_double_eq_tol(square, 100 + 1 / 12.0, 4.5 * 100 * sqrt(2.0 / (2 * COUNT)));
    free(codes);
    free(x);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: channel model");
    TCase *tcase = tcase_create("channel model");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, noise_has_the_stated_density);
    tcase_add_test(tcase, amplitude_follows_the_definition_of_ec_n0);
    tcase_add_test(tcase, front_end_faults_are_those_stated);
    tcase_add_test(tcase, quantiser_rounds_and_clips);
    tcase_add_test(tcase, quantised_noise_keeps_its_size);
    return suite;
}
