/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/phase_steps.h"
#include "dsp/rng.h"
#include "suite.h"

#include <math.h>
#include <string.h>

#define CHIPS 437
#define FIXED 54
#define INDEX 0.9

/* Correlations of a burst with the tones decided and with the others, seen by who decided `wrong` chips otherwise than they were
 * sent. */
struct scene {
    uint8_t chip[CHIPS];
    float memory[4][CHIPS];
    struct wm_stripped planes;
    struct wm_phase_steps *steps;
};

static void scene_open(struct scene *s, const size_t *wrong, unsigned count, double drift, double index_off, double noise,
                       uint64_t seed)
{
    struct wm_rng rng;
    double turned = 0, sum = 0;

    memset(s, 0, sizeof *s);
    wm_rng_seed(&rng, seed);
    s->planes = (struct wm_stripped){{s->memory[0], s->memory[1]}, {s->memory[2], s->memory[3]}, s->chip, CHIPS};
    ck_assert_int_eq(wm_phase_steps_create(CHIPS, &s->steps), WM_OK);
    for (size_t k = 0; k < CHIPS; k++) {
        const double x = (double)k / CHIPS;
        bool other = false;
        s->chip[k] = k < FIXED ? k & 1 : wm_rng_next(&rng) >> 63;
        for (unsigned i = 0; i < count; i++)
            other = other || wrong[i] == k;
        const double step = s->chip[k] ? 1 : -1; /* as decided; what was sent is the other where it is wrong */
        const double phase = 0.4 + 0.3 * x + drift * x * x + M_PI * index_off * (sum + step / 2) + turned;
        const struct wm_complex_plane *heard = other ? &s->planes.other : &s->planes.decided;
        const struct wm_complex_plane *not = other ? &s->planes.decided : &s->planes.other;
        heard->re[k] = (float)cos(phase);
        heard->im[k] = (float)sin(phase);
        not ->re[k] = not ->im[k] = 0;
        if (other) /* sent: minus step, so the sum really is lower by twice that */
            turned -= 2 * M_PI * INDEX * step;
        sum += step;
        for (int i = 0; i < 4; i += 2) {
            double re, im;
            wm_rng_gaussian(&rng, &re, &im);
            s->memory[i][k] += (float)(noise * re);
            s->memory[i + 1][k] += (float)(noise * im);
        }
    }
}

static const double noises[] = {0, 0.3};

START_TEST(carrier_drift_and_index_are_fitted)
{
    struct scene s;
    struct wm_phase_fit fit;
    float cost[CHIPS];
    size_t flip[2];

    scene_open(&s, NULL, 0, 0.5, 0.004, noises[_i], 7);
    ck_assert(wm_phase_steps_fit(s.steps, &s.planes, &fit));
    ck_assert_double_eq_tol(fit.index, 0.004, _i ? 0.001 : 1e-4);
    ck_assert_double_eq_tol(fit.phase, 0.4, _i ? 0.1 : 0.02);
    ck_assert_double_eq_tol(fit.slope * CHIPS + fit.curve * CHIPS * CHIPS, 0.8, _i ? 0.15 : 0.03);
    const double along = wm_stripped_turn(&s.planes, &fit);
    ck_assert_uint_eq(wm_phase_steps_costs(s.steps, &s.planes, along, FIXED, INDEX, cost, flip), 0);
    for (size_t k = FIXED; k < CHIPS; k++)
        ck_assert_float_gt(cost[k], 0);
    wm_phase_steps_destroy(s.steps);
}
END_TEST

static const size_t places[] = {60, 130, 245, 246, 380, 430, CHIPS - 1};

START_TEST(one_wrong_chip_is_found_wherever_it_is)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct scene s;
        struct wm_phase_fit fit;
        float cost[CHIPS];
        size_t flip[2] = {0};
        scene_open(&s, &places[i], 1, 0.2, 0, noises[_i], 20 + i);
        ck_assert(wm_phase_steps_fit(s.steps, &s.planes, &fit));
        const double along = wm_stripped_turn(&s.planes, &fit);
        ck_assert_uint_ge(wm_phase_steps_costs(s.steps, &s.planes, along, FIXED, INDEX, cost, flip), 1);
        for (size_t k = FIXED; k < CHIPS; k++)
            ck_assert(k == places[i] || cost[k] > cost[places[i]]);
        ck_assert(_i > 0 || flip[0] == places[i]);
        ck_assert_float_lt(cost[places[i]], -0.5F);
        wm_phase_steps_destroy(s.steps);
    }
}
END_TEST

/* Alone, neither explains the burst better: half of it would be turned. Their own correlations are made undecided. */
START_TEST(two_wrong_chips_far_apart_are_found_together)
{
    static const size_t wrong[2] = {150, 290};
    struct scene s;
    struct wm_phase_fit fit;
    struct wm_far_pair pairs[300];
    float cost[CHIPS];
    size_t flip[2] = {0}, n;
    bool listed = false;

    for (uint64_t seed = 5;; seed++) { /* the first burst whose chips are opposite there, so that the phase comes back */
        scene_open(&s, wrong, 2, 0, 0, noises[_i], seed);
        if (s.chip[wrong[0]] != s.chip[wrong[1]])
            break;
        wm_phase_steps_destroy(s.steps);
    }
    for (int i = 0; i < 2; i++) {
        s.planes.decided.re[wrong[i]] = s.planes.other.re[wrong[i]] * 0.9F;
        s.planes.decided.im[wrong[i]] = s.planes.other.im[wrong[i]] * 0.9F;
    }
    ck_assert(wm_phase_steps_fit(s.steps, &s.planes, &fit));
    const double along = wm_stripped_turn(&s.planes, &fit);
    ck_assert_uint_eq(wm_phase_steps_costs(s.steps, &s.planes, along, FIXED, INDEX, cost, flip), 2);
    ck_assert(flip[0] == wrong[1] && flip[1] == wrong[0]);
    n = wm_phase_steps_pairs(s.steps, 0.5F, pairs, 300);
    for (size_t i = 0; i < n; i++) {
        listed = listed || (pairs[i].first == wrong[0] && pairs[i].last == wrong[1]);
        ck_assert(pairs[i].first < pairs[i].last && pairs[i].cost >= 0 && pairs[i].cost <= 0.5F);
        ck_assert(i == 0 || pairs[i].last >= pairs[i - 1].last);
    }
    ck_assert(listed);
    ck_assert_uint_eq(wm_phase_steps_pairs(s.steps, 0.5F, pairs, 0), 0);
    wm_phase_steps_destroy(s.steps);
}
END_TEST

START_TEST(what_is_no_single_carrier_is_not_fitted)
{
    struct scene s;
    struct wm_phase_fit fit;

    scene_open(&s, NULL, 0, 0, 0, 0, 3);
    for (size_t k = 0; k < CHIPS; k++) { /* swings by +-60 degrees */
        s.planes.decided.re[k] = (float)cos(1.05 * sin(0.04 * (double)k));
        s.planes.decided.im[k] = (float)sin(1.05 * sin(0.04 * (double)k));
    }
    ck_assert(!wm_phase_steps_fit(s.steps, &s.planes, &fit));
    ck_assert(fit.slope == 0 && fit.index == 0);
    s.planes.n = 45; /* four groups, four unknowns */
    ck_assert(!wm_phase_steps_fit(s.steps, &s.planes, &fit));
    s.planes.n = CHIPS;
    for (size_t k = 0; k < CHIPS; k++)
        s.chip[k] = 1; /* the data's sum is the time */
    ck_assert(!wm_phase_steps_fit(s.steps, &s.planes, &fit));
    wm_phase_steps_destroy(s.steps);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: phase steps");
    TCase *tcase = tcase_create("phase steps");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, carrier_drift_and_index_are_fitted, 0, 2);
    tcase_add_loop_test(tcase, one_wrong_chip_is_found_wherever_it_is, 0, 2);
    tcase_add_loop_test(tcase, two_wrong_chips_far_apart_are_found_together, 0, 2);
    tcase_add_test(tcase, what_is_no_single_carrier_is_not_fitted);
    return suite;
}
