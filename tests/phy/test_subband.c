/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rng.h"
#include "phy/subband.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first stage of wide captures by itself: what passes, what does not, how large it comes out, and when. */

#define KEEP 40000

/* ---- which channels share a sub-band */

START_TEST(plan)
{
    static const struct {
        double rate;
        struct wm_span_hz channel[4];
        unsigned n, bands, band_of[4];
    } cases[] = {
        {20e6, {{-200e3, 100e3}}, 1, 1, {0}},
        {20e6, {{1e6, 1.3e6}, {0, 0.2e6}, {2.2e6, 2.5e6}}, 3, 1, {0, 0, 0}}, /* 2.5 of 2.68 MHz */
        {20e6, {{2.4e6, 2.7e6}, {0, 0.2e6}, {1e6, 1.3e6}}, 3, 2, {1, 0, 0}}, /* 2.7 of 2.68 */
        {20e6, {{6e6, 6.2e6}, {-5e6, -4.9e6}, {-4.6e6, -4.5e6}, {6.1e6, 6.3e6}}, 4, 2, {1, 0, 0, 1}},
        {20e6, {{6e6, 6.2e6}, {-9e6, -8e6}, {0, 1e6}}, 3, 3, {2, 0, 1}},
        {20e6, {{0, 2e6}, {0.5e6, 0.7e6}, {1.9e6, 2.1e6}}, 3, 1, {0, 0, 0}}, /* one inside the other */
        {3.21e6, {{-732e3, -400e3}, {500e3, 733e3}}, 2, 1, {0, 0}}, /* from the lowest channel of the mode table to the highest */
    };
    struct wm_span_hz bands[4];
    unsigned band_of[4];

    const unsigned count = wm_subband_plan(cases[_i].rate, cases[_i].channel, cases[_i].n, bands, band_of);
    ck_assert_uint_eq(count, cases[_i].bands);
    for (unsigned i = 0; i < cases[_i].n; i++) {
        ck_assert_uint_eq(band_of[i], cases[_i].band_of[i]);
        ck_assert_double_le(bands[band_of[i]].low, cases[_i].channel[i].low);
        ck_assert_double_ge(bands[band_of[i]].high, cases[_i].channel[i].high);
    }
}
END_TEST

/* ---- streams */

struct bench {
    double rate, out_rate;
    struct wm_span_hz pass;
    enum wm_sample_format format;
    struct wm_intake *capture;
    struct wm_subband *subband;
};

static void open_bench(struct bench *bench, double rate, struct wm_span_hz pass, enum wm_sample_format format, const char *kernels)
{
    const double width = pass.high - pass.low;
    const struct wm_kernels *k = wm_kernels_select(kernels);

    *bench = (struct bench){.rate = rate, .out_rate = rate / wm_subband_decimation(rate), .pass = pass, .format = format};
    ck_assert_int_eq(wm_intake_create(k, format, wm_subband_reach(rate, width), &bench->capture), WM_OK);
    const struct wm_subband_config config = {.kernels = k,
                                             .capture = bench->capture,
                                             .format = format,
                                             .sample_rate_hz = rate,
                                             .pass = pass,
                                             .width_hz = width,
                                             .keep = KEEP};
    ck_assert_int_eq(wm_subband_create(&config, &bench->subband), WM_OK);
}

static void close_bench(struct bench *bench)
{
    wm_subband_destroy(bench->subband);
    wm_intake_destroy(bench->capture);
}

static void push(struct bench *bench, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t used = wm_intake_push(bench->capture, bytes, len);
        bytes += used;
        len -= used;
        while (wm_subband_run(bench->subband))
            ;
    }
}

/* A tone and noise, in units of the format's full scale, as bytes. */
static void push_tone(struct bench *bench, double hz, double amplitude, double noise_rms, size_t samples, uint64_t seed)
{
    static const double scale[] = {127.5, 128, 32768, 1}, zero[] = {127.5, 0, 0, 0};
    const size_t sample_bytes = wm_sample_format_bytes(bench->format), half = sample_bytes / 2;
    uint8_t *bytes = malloc(samples * sample_bytes);
    struct wm_rng rng;

    ck_assert_ptr_nonnull(bytes);
    wm_rng_seed(&rng, seed);
    for (size_t n = 0; n < samples; n++) {
        double x[2] = {0, 0};
        if (noise_rms > 0)
            wm_rng_gaussian(&rng, &x[0], &x[1]);
        const double angle = 2 * M_PI * fmod(hz / bench->rate * (double)n, 1);
        x[0] = x[0] * noise_rms + amplitude * cos(angle);
        x[1] = x[1] * noise_rms + amplitude * sin(angle);
        for (int c = 0; c < 2; c++) {
            const double code = floor(x[c] * scale[bench->format] + zero[bench->format] + 0.5);
            const float value = (float)x[c];
            const int16_t wide = (int16_t)fmax(-32768, fmin(32767, code));
            uint8_t *to = bytes + n * sample_bytes + (size_t)c * half;
            if (bench->format == WM_SAMPLES_CF32)
                memcpy(to, &value, 4);
            else if (bench->format == WM_SAMPLES_CS16)
                memcpy(to, &wide, 2);
            else if (bench->format == WM_SAMPLES_CS8)
                *to = (uint8_t)(int8_t)fmax(-128, fmin(127, code));
            else
                *to = (uint8_t)fmax(0, fmin(255, code));
        }
    }
    push(bench, bytes, samples * sample_bytes);
    free(bytes);
}

/* Power of the sub-band's last n samples in full scale squared, and the part of it that is a tone of the capture at hz. */
static double power(const struct bench *bench, size_t n, double hz, double *tone)
{
    const struct wm_intake *intake = wm_subband_intake(bench->subband);
    const int64_t end = wm_intake_end(intake);
    const int16_t *x = wm_intake_at(intake, end - (int64_t)n);
    const double scale = 1 / wm_intake_full_scale(intake);
    double sum = 0;
    double complex line = 0;

    for (size_t i = 0; i < n; i++) {
        const double complex y = scale * (x[2 * i] + I * x[2 * i + 1]);
        sum += creal(y * conj(y));
        line += y * cexp(-2 * I * M_PI * fmod(hz / bench->out_rate * (double)i, 1));
    }
    *tone = creal(line * conj(line)) / ((double)n * (double)n);
    return sum / (double)n;
}

static const struct {
    double rate;
    struct wm_span_hz pass;
} captures[] = {
    {3.3e6, {-732e3, 733e3}},   {4e6, {-732e3, 733e3}},    {5.12e6, {400e3, 1865e3}},  {6.4e6, {-2e6, -535e3}},
    {7.777777e6, {1e6, 2.4e6}}, {8e6, {1.068e6, 2.533e6}}, {10e6, {-1.83e6, -1.57e6}}, {12.5e6, {-5e6, -3.535e6}},
    {16e6, {7.5e6, 7.8e6}},     {20e6, {6.17e6, 7.635e6}}, {20e6, {-1.2e6, 0.265e6}},
};

static double db(double power)
{
    return 10 * log10(power + 1e-30);
}

/* A tone at the format's full scale passes as it is within the band, and comes out 60 dB weaker from wherever an alias would fall
 * into the band or beside it. */
START_TEST(passes_and_stops)
{
    const double rate = captures[_i].rate, low = captures[_i].pass.low, high = captures[_i].pass.high;
    const unsigned decimation = wm_subband_decimation(rate);
    struct bench bench;
    double tone;

    open_bench(&bench, rate, captures[_i].pass, WM_SAMPLES_CS16, NULL);
    ck_assert_double_le(bench.out_rate, 3.2e6);
    for (int step = 0; step <= 4; step++) {
        const double hz = low + (high - low) * step / 4;
        wm_subband_reset(bench.subband);
        wm_intake_reset(bench.capture);
        push_tone(&bench, hz, 0.7, 0, 6000 * decimation, 1);
        power(&bench, 1500, hz, &tone);
        ck_assert_msg(fabs(db(tone / 0.49)) < 0.05, "%g MS/s: %.0f Hz passes with %.2f dB", rate / 1e6, hz, db(tone / 0.49));
        for (int alias = 1; alias < (int)decimation; alias++) {
            /* beside the band as far as the guard, at its ends */
            const double beside = step == 0 ? -0.98 * WM_SUBBAND_GUARD_HZ : step == 4 ? 0.98 * WM_SUBBAND_GUARD_HZ : 0;
            /* what passes is only promised to be free up to the guard on the side where the alias is nearer */
            const double other = hz + (alias * bench.out_rate) + (beside < 0 ? 0 : beside);
            wm_subband_reset(bench.subband);
            wm_intake_reset(bench.capture);
            push_tone(&bench, other, 0.7, 0, 6000 * decimation, 1);
            const double all = power(&bench, 1500, other, &tone);
            ck_assert_msg(db(all / 0.49) < -60, "%g MS/s: %.0f Hz comes back at %.0f Hz with %.1f dB", rate / 1e6, other, hz,
                          db(all / 0.49));
        }
    }
    close_bench(&bench);
}
END_TEST

/* However small in the converter's steps the noise is, its density stays what it was: nothing is added by rounding. */
START_TEST(noise_keeps_its_density)
{
    static const struct {
        enum wm_sample_format format;
        double noise_rms; /* a component, in full scale */
    } levels[] = {
        {WM_SAMPLES_CU8, 1.5 / 127.5},  {WM_SAMPLES_CS8, 1.5 / 128},     {WM_SAMPLES_CS8, 0.6 / 128}, {WM_SAMPLES_CS8, 40.0 / 128},
        {WM_SAMPLES_CS16, 1.5 / 32768}, {WM_SAMPLES_CS16, 30 / 32768.0}, {WM_SAMPLES_CS16, 0.3},      {WM_SAMPLES_CF32, 1e-6},
        {WM_SAMPLES_CF32, 0.02},        {WM_SAMPLES_CF32, 3000},
    };
    static const double step[] = {1 / 127.5, 1 / 128.0, 1 / 32768.0, 0};
    struct bench bench;
    double tone;

    /* how much of a component's noise passes, in both: measured where rounding is nothing beside it */
    open_bench(&bench, 8e6, (struct wm_span_hz){-732e3, 733e3}, WM_SAMPLES_CF32, NULL);
    push_tone(&bench, 0, 0, 0.1, 120000, 3);
    const double share = power(&bench, 30000, 0, &tone) / 0.01;
    close_bench(&bench);
    ck_assert_double_eq_tol(share, 2 * (8e6 / 3 - WM_SUBBAND_GUARD_HZ) / 8e6, 0.1);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const double sent = levels[i].noise_rms, rounding = step[levels[i].format];
        open_bench(&bench, 8e6, (struct wm_span_hz){-732e3, 733e3}, levels[i].format, NULL);
        push_tone(&bench, 0, 0, sent, 120000, 3);
        const double heard = power(&bench, 30000, 0, &tone);
        const double expected = (sent * sent + rounding * rounding / 12) * share;
        ck_assert_msg(fabs(db(heard / expected)) < 0.1, "%s, %g rms: %.2f dB", wm_sample_format_name(levels[i].format), sent,
                      db(heard / expected));
        close_bench(&bench);
    }
}
END_TEST

/* Loud, silent, and faint again: the scale follows, and what is held keeps its level. */
START_TEST(the_scale_follows)
{
    const double share = 0.597; /* of a component's noise, both components: see above */
    struct bench bench;
    double tone;

    open_bench(&bench, 8e6, (struct wm_span_hz){-732e3, 733e3}, WM_SAMPLES_CS16, NULL);
    push_tone(&bench, 0, 0, 0.1, 400000, 4);
    ck_assert_double_le(wm_intake_full_scale(wm_subband_intake(bench.subband)), 40000);
    push_tone(&bench, 0, 0, 0, 100000, 5);
    push_tone(&bench, 0, 0, 1.5 / 32768, 800000, 6);
    ck_assert_double_ge(wm_intake_full_scale(wm_subband_intake(bench.subband)), 32 * 32768);
    ck_assert_double_eq_tol(db(power(&bench, 30000, 0, &tone)), db(share * (2.25 + 1 / 12.0) / 32768 / 32768), 0.2);
    push_tone(&bench, 100e3, 1e-3, 0.003, 800000, 7);
    ck_assert_double_eq_tol(db(power(&bench, 30000, 100e3, &tone)), db(1e-6 + share * 9e-6), 0.2);
    ck_assert_double_eq_tol(db(tone), -60, 0.5);
    close_bench(&bench);
}
END_TEST

/* Sample m is the capture's m * decimation + delay: a step in the middle of the filter; and zeros behind the end are padding. */
START_TEST(time_is_kept)
{
    struct bench bench;
    const size_t at = 40000, samples = 80000;
    uint8_t *bytes = calloc(samples, 2);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = at; i < samples; i++)
        bytes[2 * i] = 64;
    open_bench(&bench, 20e6, (struct wm_span_hz){-732e3, 733e3}, WM_SAMPLES_CS8, NULL);
    push(&bench, bytes, 2 * samples);
    const struct wm_intake *intake = wm_subband_intake(bench.subband);
    const double full = wm_intake_full_scale(intake);
    int64_t m = 0;
    while (*wm_intake_at(intake, m) < full / 4) /* half of half of full scale: where the step's middle has come to */
        m++;
    ck_assert_double_le(fabs((double)(m * 7) + wm_subband_delay(bench.subband) - (double)at), 7);

    const int64_t end = wm_intake_end(intake);
    ck_assert_int_eq(wm_intake_stream_end(intake), end);
    wm_intake_pad(bench.capture, 14000);
    while (wm_subband_run(bench.subband))
        ;
    ck_assert_int_eq(wm_intake_end(intake), end + 2000);
    ck_assert_int_eq(wm_intake_stream_end(intake), end);
    close_bench(&bench);
    free(bytes);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: sub-bands");
    TCase *tcase = tcase_create("sub-bands");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, plan, 0, 7);
    tcase_add_loop_test(tcase, passes_and_stops, 0, sizeof captures / sizeof *captures);
    tcase_add_test(tcase, noise_keeps_its_density);
    tcase_add_test(tcase, the_scale_follows);
    tcase_add_test(tcase, time_is_kept);
    return suite;
}
