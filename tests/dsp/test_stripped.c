/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/phasor.h"
#include "dsp/rng.h"
#include "dsp/stripped.h"
#include "suite.h"

#include <math.h>
#include <string.h>

#define CHIPS 1500
#define INDEX 0.93
#define TONES 0.9 /* modulation index of the correlations */

/* A burst with a run of ones longer than any table of chip sums, heard without noise: the sent tone with amplitude 1, the other
 * with 0.3, both with the data's phase and one of their own that shows whether they were taken for each other. */
struct scene {
    uint8_t chip[CHIPS];
    float memory[8][CHIPS];
    struct wm_complex_plane c1, c0;
    struct wm_stripped planes;
};

static struct wm_complex_plane plane(struct scene *s, int i)
{
    return (struct wm_complex_plane){s->memory[i], s->memory[i + 1]};
}

static void scene_open(struct scene *s)
{
    struct wm_rng rng;
    double sum = 0;

    memset(s, 0, sizeof *s);
    wm_rng_seed(&rng, 11);
    s->c1 = plane(s, 0);
    s->c0 = plane(s, 2);
    s->planes = (struct wm_stripped){plane(s, 4), plane(s, 6), s->chip, CHIPS};
    for (size_t k = 0; k < CHIPS; k++) {
        s->chip[k] = k < 150 ? 1 : wm_rng_next(&rng) >> 63;
        const double data = M_PI * INDEX * sum, half = M_PI * (INDEX - TONES) / 2;
        for (int one = 0; one < 2; one++) {
            const struct wm_complex_plane *tone = one ? &s->c1 : &s->c0;
            const bool sent = one == s->chip[k];
            const double phase = data + (one ? half : -half) + (sent ? 0 : 0.8);
            tone->re[k] = (float)((sent ? 1 : 0.3) * cos(phase));
            tone->im[k] = (float)((sent ? 1 : 0.3) * sin(phase));
        }
        sum += s->chip[k] ? 1 : -1;
    }
}

START_TEST(only_a_constant_is_left_of_both_tones)
{
    static struct scene s;

    scene_open(&s);
    wm_stripped_make(&s.planes, &s.c1, &s.c0, INDEX, TONES);
    for (size_t k = 0; k < CHIPS; k++) {
        ck_assert_float_eq_tol(s.planes.decided.re[k], 1, 2e-5F);
        ck_assert_float_eq_tol(s.planes.decided.im[k], 0, 2e-5F);
        ck_assert_float_eq_tol(s.planes.other.re[k], (float)(0.3 * cos(0.8)), 2e-5F);
        ck_assert_float_eq_tol(s.planes.other.im[k], (float)(0.3 * sin(0.8)), 2e-5F);
    }
}
END_TEST

START_TEST(a_flip_is_as_if_decided_so_from_the_start)
{
    static const size_t places[] = {0, 149, 700, 701, CHIPS - 1};
    static struct scene flipped, made;

    scene_open(&flipped);
    wm_stripped_make(&flipped.planes, &flipped.c1, &flipped.c0, INDEX, INDEX);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        wm_stripped_flip(&flipped.planes, places[i], wm_phase_jump(INDEX));
        scene_open(&made);
        memcpy(made.chip, flipped.chip, CHIPS);
        wm_stripped_make(&made.planes, &made.c1, &made.c0, INDEX, INDEX);
        for (int m = 4; m < 8; m++)
            for (size_t k = 0; k < CHIPS; k++)
                ck_assert_float_eq_tol(flipped.memory[m][k], made.memory[m][k], 5e-5F);
    }
}
END_TEST

static const struct wm_phase_fit fits[] = {
    {0, 0, 0, 0}, {3, 0, 0, 0}, {-40, 0.2, 0, 0}, {0, -3.1, 0, 0}, {1, 0.01, 2e-5, 0}, {0.5, -0.02, -1e-5, 0.05}, {0, 0, 0, -0.1},
};

START_TEST(the_fitted_phase_is_taken_out)
{
    static struct scene before, s;
    const struct wm_phase_fit *fit = &fits[_i];
    double sum = 0, along = 0, reported;

    scene_open(&s);
    wm_stripped_make(&s.planes, &s.c1, &s.c0, INDEX, INDEX); /* some phase is left in them */
    memcpy(&before, &s, sizeof s);
    reported = wm_stripped_turn(&s.planes, fit);
    for (size_t k = 0; k < CHIPS; k++) {
        const double x = (double)k, step = s.chip[k] ? 1 : -1;
        const double common = fit->phase + x * (fit->slope + x * fit->curve) + M_PI * fit->index * sum;
        for (int m = 4; m < 8; m += 2) {
            const double own = common + M_PI * fit->index * (m == 4 ? step : -step) / 2;
            const struct wm_phasor was = {(double)before.memory[m][k], (double)before.memory[m + 1][k]};
            const struct wm_phasor want = wm_phasor_mul(was, wm_phasor(-own));
            ck_assert_double_eq_tol((double)s.memory[m][k], want.re, 1e-4);
            ck_assert_double_eq_tol((double)s.memory[m + 1][k], want.im, 1e-4);
        }
        along += (double)s.memory[4][k];
        sum += step;
    }
    ck_assert_double_eq_tol(reported, along, 1e-9 * CHIPS);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: stripped");
    TCase *tcase = tcase_create("stripped");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, only_a_constant_is_left_of_both_tones);
    tcase_add_test(tcase, a_flip_is_as_if_decided_so_from_the_start);
    tcase_add_loop_test(tcase, the_fitted_phase_is_taken_out, 0, sizeof fits / sizeof fits[0]);
    return suite;
}
