/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/burst.h"
#include "dsp/words.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAD      40
#define WORDS_MAX 600
#define PRE_MAX   64

/* A burst of either code: what is known of it, what it says, and a detector for it. */
struct trial {
    enum wm_word_code code;
    unsigned values; /* of a word */
    size_t words, pre_chips;
    uint8_t pre[PRE_MAX], sent[WORDS_MAX];
    struct burst burst;
    struct wm_modulation m;
    struct wm_chip_timing truth;
    struct wm_words *detector;
};

static void trial_open(struct trial *t, enum wm_word_code code, size_t words, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->code = code;
    t->words = words;
    t->values = code == WM_WORDS_3OF6 ? 16 : 2;
    burst_open(&t->burst, seed);
    burst_add_pairs(&t->burst, 16);
    if (code == WM_WORDS_3OF6)
        burst_add_bits(&t->burst, 0x03D, 10);
    else
        burst_add_bits(&t->burst, 0x07696, 18);
    t->pre_chips = t->burst.count - 6; /* three pairs of the preamble are before what is known */
    memcpy(t->pre, t->burst.chips + 6, t->pre_chips);
    for (size_t w = 0; w < words; w++) {
        t->sent[w] = (uint8_t)wm_rng_below(&t->burst.rng, t->values);
        if (code == WM_WORDS_3OF6)
            burst_add_nibble(&t->burst, t->sent[w]);
        else
            burst_add_bit(&t->burst, t->sent[w]);
    }
    burst_add_pairs(&t->burst, 2);
    t->m = (struct wm_modulation){.sample_rate_hz = 400e3,
                                  .chip_rate_cps = code == WM_WORDS_3OF6 ? 100e3 : 32768,
                                  .deviation_hz = 50e3,
                                  .offset_hz = 9e3,
                                  .start_sample = 0.3,
                                  .phase_rad = 2,
                                  .amplitude = 0.02};
    ck_assert_int_eq(wm_words_create(wm_kernels_select(NULL), code, t->pre, t->pre_chips, words, 400e3 / t->m.chip_rate_cps * 1.15,
                                     &t->detector),
                     WM_OK);
}

static void trial_render(struct trial *t, double ec_n0_db)
{
    burst_render(&t->burst, &t->m, LEAD, ec_n0_db);
    t->truth = burst_timing(&t->m, LEAD, t->pre_chips + 6);
    t->truth.clock_spread = 0.001; /* what a sync word leaves open */
}

static void trial_close(struct trial *t)
{
    wm_words_destroy(t->detector);
    burst_close(&t->burst);
}

static unsigned errors(const struct trial *t)
{
    const uint8_t *value = wm_words_values(t->detector);
    unsigned n = 0;

    for (size_t w = 0; w < t->words; w++)
        n += value[w] != t->sent[w];
    return n;
}

static const double deviations[] = {40e3, 50e3, 60e3, 70e3, 80e3};

/* Every deviation, shaped or not, a timing that is a little off: no error in any pass, and amplitude and deviation are found. */
START_TEST(strong_words_are_read)
{
    const enum wm_word_code code = (enum wm_word_code)(_i & 1);
    struct trial t;

    for (size_t d = 0; d < sizeof deviations / sizeof *deviations; d++) {
        for (int off = -1; off <= 1; off++) {
            trial_open(&t, code, 200, 10 + d);
            t.m.deviation_hz = deviations[d];
            t.m.bt = _i & 2 ? 0.5 : 0;
            trial_render(&t, INFINITY);
            struct wm_chip_timing timing = t.truth;
            const double h = t.truth.h;
            /* S turns far within a chip: the sync word's estimate is that much finer */
            timing.start += off * (code == WM_WORDS_3OF6 ? 0.12 : 0.04) * t.truth.period;
            timing.h += off * 0.05;
            timing.carrier += off * 300.0 / 400e3;
            timing.period *= 1 + off * 2e-4;
            ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &timing, t.words), WM_OK);
            ck_assert_msg(errors(&t) == 0, "code %d, %g Hz, %+d: %u errors tracked", code, deviations[d], off, errors(&t));
            wm_words_smooth(t.detector);
            ck_assert_msg(errors(&t) == 0, "code %d, %g Hz, %+d: %u errors smoothed", code, deviations[d], off, errors(&t));
            if (t.m.bt == 0 || code == WM_WORDS_3OF6) /* Gaussian S chips, 1.5 turns each, correlate by half with straight ones */
                ck_assert_double_eq_tol((double)wm_words_amplitude(t.detector) / t.m.amplitude, 1, t.m.bt > 0 ? 0.35 : 0.1);
            ck_assert_int_eq(wm_words_refine(t.detector, &t.burst.in, &timing), WM_OK);
            ck_assert_msg(errors(&t) == 0, "code %d, %g Hz, %+d: %u errors refined", code, deviations[d], off, errors(&t));
            ck_assert_double_eq_tol(timing.carrier * 400e3, t.m.offset_hz, 100);
            if (t.m.bt == 0 && code == WM_WORDS_3OF6)
                ck_assert_double_eq_tol(timing.h / h, 1, 0.03);
            trial_close(&t);
        }
    }
}
END_TEST

/* Clocks that the sync word's estimate has wrong, over frames so long that not following them would be several chips. */
START_TEST(the_clock_is_followed)
{
    static const double error[] = {-2e-3, -1e-3, 0, 1e-3, 2e-3};
    struct trial t;

    for (size_t e = 0; e < sizeof error / sizeof *error; e++) {
        trial_open(&t, (enum wm_word_code)_i, 500, 30 + e);
        trial_render(&t, 25);
        struct wm_chip_timing timing = t.truth;
        timing.period *= 1 + error[e];
        ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &timing, t.words), WM_OK);
        ck_assert_msg(errors(&t) == 0, "code %d, clock %+g: %u errors", _i, error[e], errors(&t));
        ck_assert_double_eq_tol(timing.period / t.truth.period, 1, 5e-4);
        trial_close(&t);
    }
}
END_TEST

/* The passes are worth their cost: over many weak frames each makes fewer errors than the one before, or as few. */
START_TEST(each_pass_is_better)
{
    unsigned sum[3] = {0};
    const unsigned frames = 40;
    const double ec_n0_db = _i == WM_WORDS_3OF6 ? 6 : 6.5;

    for (unsigned f = 0; f < frames; f++) {
        struct trial t;
        trial_open(&t, (enum wm_word_code)_i, _i == WM_WORDS_3OF6 ? 80 : 240, 100 + f);
        trial_render(&t, ec_n0_db);
        struct wm_chip_timing timing = t.truth;
        timing.start += (f & 1 ? 0.05 : -0.05) * timing.period * (_i == WM_WORDS_3OF6 ? 1 : 0.5);
        ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &timing, t.words), WM_OK);
        sum[0] += errors(&t);
        wm_words_smooth(t.detector);
        sum[1] += errors(&t);
        ck_assert_int_eq(wm_words_refine(t.detector, &t.burst.in, &timing), WM_OK);
        sum[2] += errors(&t);
        trial_close(&t);
    }
    ck_assert_msg(sum[0] > 10 && sum[1] < 0.8 * sum[0] && sum[2] <= 1.2 * sum[1], "errors: %u, %u, %u", sum[0], sum[1], sum[2]);
}
END_TEST

/* Where a decision is wrong the truth is among the others most of the time, and cheap; where it is right the others cost more. */
START_TEST(the_others_hold_the_truth)
{
    unsigned wrong = 0, offered = 0, right = 0;
    double cost_wrong = 0, cost_right = 0;

    for (unsigned f = 0; f < 60; f++) {
        struct trial t;
        uint8_t value[2];
        float cost[2];
        trial_open(&t, (enum wm_word_code)_i, 80, 200 + f);
        trial_render(&t, _i == WM_WORDS_3OF6 ? 6.5 : 5);
        struct wm_chip_timing timing = t.truth;
        ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &timing, t.words), WM_OK);
        ck_assert_uint_eq(wm_words_others(t.detector, 0, 1, value, cost), 0); /* not before smooth */
        wm_words_smooth(t.detector);
        for (size_t w = 0; w < t.words; w++) {
            const uint8_t decided = wm_words_values(t.detector)[w];
            unsigned n = wm_words_others(t.detector, w, (float)t.burst.noise_density, value, cost);
            ck_assert_uint_eq(n, _i == WM_WORDS_3OF6 ? 2 : 1);
            for (unsigned i = 0; i < n; i++) {
                ck_assert(value[i] < t.values && value[i] != decided && cost[i] >= 0);
                ck_assert(i == 0 || (value[1] != value[0] && cost[1] >= cost[0]));
                if (decided != t.sent[w] && value[i] == t.sent[w]) {
                    offered++;
                    cost_wrong += (double)cost[i];
                }
            }
            wrong += decided != t.sent[w];
            if (decided == t.sent[w]) {
                right++;
                cost_right += (double)cost[0];
            }
        }
        ck_assert_uint_eq(wm_words_others(t.detector, 0, 0, value, cost), 0); /* no noise, no price */
        trial_close(&t);
    }
    ck_assert_uint_gt(wrong, 20);
    ck_assert_msg(offered >= 0.85 * wrong, "%u of %u", offered, wrong);
    ck_assert_msg(cost_wrong / offered < 0.3 * cost_right / right, "%g, %g", cost_wrong / offered, cost_right / right);
}
END_TEST

START_TEST(bounds)
{
    struct trial t;

    trial_open(&t, (enum wm_word_code)_i, 100, 9);
    trial_render(&t, 20);
    struct wm_chip_timing timing = t.truth;
    struct wm_baseband in = t.burst.in;
    in.count = (size_t)(t.truth.start + 150 * t.truth.period);
    ck_assert_int_eq(wm_words_track(t.detector, &in, &timing, t.words), WM_TOO_SHORT);
    in.count = (size_t)t.truth.start;
    timing = t.truth;
    ck_assert_int_eq(wm_words_track(t.detector, &in, &timing, 1), WM_TOO_SHORT);
    timing = t.truth; /* and then all is well: nothing of the failure stays */
    ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &timing, t.words), WM_OK);
    ck_assert(wm_words_amplitude(t.detector) == 0);
    wm_words_smooth(t.detector);
    ck_assert(wm_words_amplitude(t.detector) > 0);
    ck_assert_uint_eq(errors(&t), 0);
    timing = t.truth;
    t.words = 1; /* the shortest frame */
    ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &timing, 1), WM_OK);
    wm_words_smooth(t.detector);
    ck_assert_int_eq(wm_words_refine(t.detector, &t.burst.in, &timing), WM_OK);
    ck_assert_uint_eq(errors(&t), 0);
    trial_close(&t);
    wm_words_destroy(NULL);
}
END_TEST

/* All variants make the same numbers of a weak frame. */
START_TEST(variants_agree)
{
    struct trial t;
    struct wm_chip_timing want = {0};
    uint8_t value[WORDS_MAX];
    float amplitude = 0;

    trial_open(&t, (enum wm_word_code)_i, 131, 77);
    trial_render(&t, 7);
    for (size_t v = 0; wm_kernels_at(v); v++) {
        struct wm_words *words = NULL;
        struct wm_chip_timing timing = t.truth;
        ck_assert_int_eq(wm_words_create(wm_kernels_at(v), t.code, t.pre, t.pre_chips, t.words, 15, &words), WM_OK);
        ck_assert_int_eq(wm_words_track(words, &t.burst.in, &timing, t.words), WM_OK);
        wm_words_smooth(words);
        ck_assert_int_eq(wm_words_refine(words, &t.burst.in, &timing), WM_OK);
        if (v == 0) {
            want = timing;
            amplitude = wm_words_amplitude(words);
            memcpy(value, wm_words_values(words), t.words);
        }
        ck_assert(timing.start == want.start && timing.period == want.period && timing.carrier == want.carrier &&
                  timing.h == want.h && wm_words_amplitude(words) == amplitude);
        ck_assert_mem_eq(wm_words_values(words), value, t.words);
        wm_words_destroy(words);
    }
    trial_close(&t);
}
END_TEST

/* The head first, then all: bit by bit what one look at all gives, also after a look too far and another burst's in between. */
START_TEST(tracking_goes_on_where_it_stopped)
{
    const enum wm_word_code code = (enum wm_word_code)_i;
    struct trial t;

    trial_open(&t, code, 333, 70);
    trial_render(&t, 8);
    struct wm_chip_timing once = t.truth, steps, other = t.truth;
    uint8_t want[WORDS_MAX];
    ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &once, t.words), WM_OK);
    memcpy(want, wm_words_values(t.detector), t.words);
    const size_t counts[] = {24, 24, 100, 97, 333};
    for (int round = 0; round < 4; round++) {
        wm_words_reset(t.detector);
        for (size_t i = 0; i < 5; i++) {
            steps = t.truth;
            ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &steps, counts[i]), WM_OK);
            if (round == 1 && i == 2)
                wm_words_smooth(t.detector); /* changes decisions */
            if (round == 2 && i == 3) {
                other.start += 0.2;
                ck_assert_int_eq(wm_words_track(t.detector, &t.burst.in, &other, 200), WM_OK);
            }
            if (round == 3 && i == 3) {
                struct wm_chip_timing again = t.truth;
                struct wm_baseband part = t.burst.in;
                part.count = part.count * 4 / 5; /* not all has arrived */
                ck_assert_int_eq(wm_words_track(t.detector, &part, &again, 333), WM_TOO_SHORT);
            }
        }
        ck_assert_mem_eq(wm_words_values(t.detector), want, t.words);
        ck_assert_mem_eq(&steps, &once, sizeof once);
    }
    trial_close(&t);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: words");
    TCase *tcase = tcase_create("words");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, strong_words_are_read, 0, 4);
    tcase_add_loop_test(tcase, the_clock_is_followed, 0, 2);
    tcase_add_loop_test(tcase, each_pass_is_better, 0, 2);
    tcase_add_loop_test(tcase, the_others_hold_the_truth, 0, 2);
    tcase_add_loop_test(tcase, bounds, 0, 2);
    tcase_add_loop_test(tcase, variants_agree, 0, 2);
    tcase_add_loop_test(tcase, tracking_goes_on_where_it_stopped, 0, 2);
    return suite;
}
