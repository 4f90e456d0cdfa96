/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rng.h"
#include "phy/intake.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEEP 1000

/* What the stream's component i is after conversion, for the integer formats. */
static int expected(enum wm_sample_format format, const uint8_t *bytes, size_t i)
{
    int16_t wide;

    if (format == WM_SAMPLES_CU8)
        return 2 * bytes[i] - 255;
    if (format == WM_SAMPLES_CS8)
        return (int8_t)bytes[i];
    memcpy(&wide, bytes + 2 * i, 2);
    return wide;
}

static struct wm_intake *make(enum wm_sample_format format)
{
    struct wm_intake *intake = NULL;

    ck_assert_int_eq(wm_intake_create(wm_kernels_select(NULL), format, KEEP, &intake), WM_OK);
    ck_assert_int_eq(wm_intake_end(intake), 0);
    return intake;
}

/* Pushes all, in parts; after each call the newest samples are there. */
static void push_all(struct wm_intake *intake, const uint8_t *bytes, size_t len, size_t step)
{
    for (size_t at = 0; at < len;) {
        size_t n = len - at < step ? len - at : step;
        int64_t before = wm_intake_end(intake);
        size_t used = wm_intake_push(intake, bytes + at, n);
        int64_t kept = before > KEEP ? before - KEEP : 0;
        /* Check's own asserts write to a pipe each time: too slow for every byte */
        if (used < 1 || used > n || wm_intake_end(intake) - before > WM_INTAKE_BATCH || wm_intake_first(intake) > kept)
            ck_abort_msg("%zu bytes at %zu: %zu taken, samples %lld to %lld", n, at, used, (long long)wm_intake_first(intake),
                         (long long)wm_intake_end(intake));
        at += used;
    }
}

START_TEST(integers_in_any_split)
{
    enum { SAMPLES = 120000 };
    static const size_t steps[] = {1, 2, 3, 5, 7, 1001, 16384, 65536, 1000000};
    static const double scale[] = {[WM_SAMPLES_CU8] = 255, [WM_SAMPLES_CS8] = 128, [WM_SAMPLES_CS16] = 32768};
    const enum wm_sample_format format = (enum wm_sample_format)_i;
    const size_t len = SAMPLES * wm_sample_format_bytes(format);
    uint8_t *bytes = malloc(len);
    struct wm_rng rng;

    ck_assert_ptr_nonnull(bytes);
    wm_rng_seed(&rng, 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)wm_rng_below(&rng, 256);
    int16_t *want = malloc(SAMPLES * 2 * sizeof *want);
    ck_assert_ptr_nonnull(want);
    for (size_t i = 0; i < 2 * SAMPLES; i++)
        want[i] = (int16_t)expected(format, bytes, i);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        struct wm_intake *intake = make(format);
        int64_t checked = 0;
        ck_assert_double_eq(wm_intake_full_scale(intake), scale[_i]);
        /* small parts: all of it is looked at on the way, never more than what is kept later; large ones: what is left */
        const size_t look = steps[s] < 2000 ? 1999 : len;
        for (size_t at = 0; at < len; at += look) {
            push_all(intake, bytes + at, len - at < look ? len - at : look, steps[s]);
            if (look == len)
                checked = SAMPLES - KEEP;
            ck_assert_int_le(wm_intake_first(intake), checked);
            const size_t n = (size_t)(wm_intake_end(intake) - checked);
            ck_assert_mem_eq(wm_intake_at(intake, checked), want + 2 * checked, n * 4);
            checked += (int64_t)n;
        }
        ck_assert_int_eq(checked, SAMPLES);
        /* one stretch without a seam */
        const int64_t from = SAMPLES - KEEP;
        ck_assert_ptr_eq(wm_intake_at(intake, from) + 2 * (KEEP - 1), wm_intake_at(intake, SAMPLES - 1));
        wm_intake_pad(intake, 300);
        ck_assert_int_eq(wm_intake_end(intake), SAMPLES + 300);
        for (int64_t i = SAMPLES; i < SAMPLES + 300; i++)
            ck_assert(wm_intake_at(intake, i)[0] == 0 && wm_intake_at(intake, i)[1] == 0);
        /* a rest of a sample is forgotten with the stream */
        (void)wm_intake_push(intake, bytes, 1);
        wm_intake_reset(intake);
        ck_assert_int_eq(wm_intake_end(intake), 0);
        ck_assert_int_eq(wm_intake_first(intake), 0);
        push_all(intake, bytes, 4 * wm_sample_format_bytes(format), steps[s]);
        ck_assert_int_eq(wm_intake_at(intake, 0)[0], expected(format, bytes, 0));
        wm_intake_destroy(intake);
    }
    free(want);
    free(bytes);
    wm_intake_destroy(NULL);
}
END_TEST

static float *noise(size_t samples, double rms, uint64_t seed)
{
    float *x = malloc(2 * samples * sizeof *x);
    struct wm_rng rng;

    ck_assert_ptr_nonnull(x);
    wm_rng_seed(&rng, seed);
    for (size_t i = 0; i < samples; i++) {
        double a, b;
        wm_rng_gaussian(&rng, &a, &b);
        x[2 * i] = (float)(a * rms);
        x[2 * i + 1] = (float)(b * rms);
    }
    return x;
}

/* Floats of any scale: noise is well above a step and far below the rails, and the gain is what relates the two. */
START_TEST(floats_of_any_scale)
{
    static const double rms[] = {1e-6, 1e-3, 0.02, 1, 300, 1e6};
    enum { SAMPLES = 40000 };
    float *x = noise(SAMPLES, rms[_i], 2);
    struct wm_intake *intake = make(WM_SAMPLES_CF32);

    push_all(intake, (const uint8_t *)x, SAMPLES * 8, 8 * 1000);
    wm_intake_pad(intake, 0); /* what is gathered is given out at the end */
    ck_assert_int_eq(wm_intake_end(intake), SAMPLES);
    const double scale = wm_intake_full_scale(intake);
    ck_assert_msg(rms[_i] * scale > 16 && rms[_i] * scale < 400, "noise of %g steps", rms[_i] * scale);
    ck_assert_double_eq(exp2(round(log2(scale))), scale); /* a power of two: exact */
    for (int64_t i = SAMPLES - KEEP; i < SAMPLES; i++) {
        ck_assert_double_eq_tol(wm_intake_at(intake, i)[0], x[2 * i] * scale, 0.5001);
        ck_assert_double_eq_tol(wm_intake_at(intake, i)[1], x[2 * i + 1] * scale, 0.5001);
    }
    wm_intake_destroy(intake);
    free(x);
}
END_TEST

START_TEST(floats_in_any_split)
{
    static const size_t steps[] = {1, 3, 7, 8, 1000, 32768, 131072, 10000000};
    enum { SAMPLES = 40001 };
    float *x = noise(SAMPLES, 0.01, 3);
    int16_t want[2 * KEEP];

    for (size_t i = SAMPLES; i < 2 * SAMPLES; i++) /* the second half is 40 dB louder */
        x[i] *= 100;
    x[500] = NAN;
    x[501] = INFINITY;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        struct wm_intake *intake = make(WM_SAMPLES_CF32);
        push_all(intake, (const uint8_t *)x, SAMPLES * 8, steps[s]);
        wm_intake_pad(intake, 5);
        ck_assert_int_eq(wm_intake_end(intake), SAMPLES + 5);
        const int16_t *got = wm_intake_at(intake, SAMPLES + 5 - KEEP);
        if (s == 0)
            memcpy(want, got, sizeof want);
        ck_assert_mem_eq(got, want, sizeof want);
        wm_intake_destroy(intake);
    }
    free(x);
}
END_TEST

/* A loud burst does not move the gain, silence has none, and a gain that falls away is followed. */
START_TEST(the_gain_follows_the_noise)
{
    enum { BLOCK = 8192 };
    struct wm_intake *intake = make(WM_SAMPLES_CF32);
    float *quiet = noise(BLOCK, 1e-3, 4), *loud = noise(BLOCK, 0.3, 5), *zeros = calloc(2 * BLOCK, sizeof *zeros);

    push_all(intake, (const uint8_t *)zeros, BLOCK * 8, 4096);
    push_all(intake, (const uint8_t *)quiet, BLOCK * 8, 4096);
    const double gain = wm_intake_full_scale(intake);
    push_all(intake, (const uint8_t *)loud, BLOCK * 8, 4096);
    ck_assert_double_eq(wm_intake_full_scale(intake), gain);
    push_all(intake, (const uint8_t *)zeros, BLOCK * 8, 4096);
    ck_assert_double_eq(wm_intake_full_scale(intake), gain);
    for (int i = 0; i < 100; i++) /* louder from now on */
        push_all(intake, (const uint8_t *)loud, BLOCK * 8, 65536);
    const double lower = wm_intake_full_scale(intake);
    ck_assert_msg(0.3 * lower > 16 && 0.3 * lower < 400, "noise of %g steps", 0.3 * lower);
    push_all(intake, (const uint8_t *)loud, 100 * 8, 65536); /* a block begun is forgotten with its stream */
    wm_intake_reset(intake);
    push_all(intake, (const uint8_t *)quiet, BLOCK * 8, 65536);
    ck_assert_int_eq(wm_intake_end(intake), BLOCK);
    ck_assert_double_eq_tol(wm_intake_at(intake, BLOCK - KEEP)[0], quiet[2 * (BLOCK - KEEP)] * wm_intake_full_scale(intake),
                            0.5001);
    ck_assert_double_eq(wm_intake_full_scale(intake), gain);
    wm_intake_destroy(intake);
    free(quiet);
    free(loud);
    free(zeros);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: intake");
    TCase *tcase = tcase_create("intake");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, integers_in_any_split, 0, WM_SAMPLES_CF32);
    tcase_add_loop_test(tcase, floats_of_any_scale, 0, 6);
    tcase_add_test(tcase, floats_in_any_split);
    tcase_add_test(tcase, the_gain_follows_the_noise);
    return suite;
}
