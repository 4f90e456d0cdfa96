/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/burst.h"
#include "dsp/trellis.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAD      40
#define CHIPS_MAX 2320
#define PRE       54 /* 22 chips of preamble and C's two sync words */
#define ALPHA     0.94f

struct trial {
    size_t chips;
    uint8_t pre[PRE];
    struct burst burst;
    struct wm_modulation m;
    struct wm_chip_timing truth;
    struct wm_trellis *trellis;
};

static void trial_open(struct trial *t, size_t chips, double deviation_hz, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->chips = chips;
    burst_open(&t->burst, seed);
    burst_add_pairs(&t->burst, 14);
    burst_add_bits(&t->burst, 0x543D54CD, 32);
    memcpy(t->pre, t->burst.chips + 6, PRE);
    burst_add_random(&t->burst, chips);
    t->m = (struct wm_modulation){.sample_rate_hz = 400e3,
                                  .chip_rate_cps = 100e3,
                                  .deviation_hz = deviation_hz,
                                  .offset_hz = -7e3,
                                  .start_sample = 0.6,
                                  .phase_rad = 1,
                                  .amplitude = 3};
    ck_assert_int_eq(wm_trellis_create(wm_kernels_select(NULL), t->pre, PRE, chips, 4.1, &t->trellis), WM_OK);
}

static void trial_render(struct trial *t, double ec_n0_db)
{
    burst_render(&t->burst, &t->m, LEAD, ec_n0_db);
    t->truth = burst_timing(&t->m, LEAD, 60);
}

static void trial_close(struct trial *t)
{
    wm_trellis_destroy(t->trellis);
    burst_close(&t->burst);
}

static unsigned errors(const struct trial *t)
{
    const uint8_t *value = wm_trellis_values(t->trellis);
    unsigned n = 0;

    for (size_t k = 0; k < t->chips; k++)
        n += value[k] != t->burst.chips[60 + k];
    return n;
}

static const double deviations[] = {33.75e3, 40e3, 45e3, 50e3, 56.25e3};

START_TEST(strong_chips_are_read)
{
    for (int off = -1; off <= 1; off++) {
        struct trial t;
        trial_open(&t, 500, deviations[_i], 10 + (uint64_t)_i);
        t.m.chip_rate_cps *= 1 + off * 100e-6;
        t.m.bt = off == 1 ? 0.5 : 0;
        trial_render(&t, INFINITY);
        struct wm_chip_timing timing = t.truth;
        const double h = t.truth.h;
        timing.start += off * 0.1 * timing.period;
        timing.period = 4; /* nominal: 100 ppm of error */
        timing.h += off * 0.03;
        ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &timing, t.chips), WM_OK);
        wm_trellis_hard(t.trellis);
        ck_assert_msg(errors(&t) == 0, "%g Hz, %+d: %u errors", deviations[_i], off, errors(&t));
        double found = wm_trellis_decide(t.trellis, timing.h, 0.01, true, ALPHA);
        wm_trellis_improve(t.trellis);
        ck_assert_double_eq_tol(found, h, off == 1 ? 0.05 : 0.0101); /* shaping makes it smaller */
        /* near h = 1 a wrong chip leaves next to no phase step behind, and shaping makes it cheap */
        ck_assert_msg(errors(&t) <= (t.m.bt > 0 ? 1 : 0), "%g Hz, %+d: %u errors in the trellis", deviations[_i], off, errors(&t));
        wm_trellis_refine(t.trellis, &timing, 0.03);
        ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &timing, t.chips), WM_OK);
        (void)wm_trellis_decide(t.trellis, timing.h, 0, false, ALPHA);
        wm_trellis_improve(t.trellis);
        ck_assert_uint_eq(errors(&t), 0);
        struct wm_alternative events[64];
        (void)wm_trellis_events(t.trellis, 1e-6f, 14, events, 64);
        ck_assert_double_eq_tol((double)wm_trellis_amplitude(t.trellis) / t.m.amplitude, 1, t.m.bt > 0 ? 0.2 : 0.05);
        trial_close(&t);
    }
}
END_TEST

/* The estimate of a sync word is off by so much; after refine the error is a fraction of that. */
START_TEST(refine_finds_carrier_timing_clock_and_index)
{
    static const double noise_db[] = {INFINITY, 12, 9};

    for (size_t n = 0; n < 3; n++) {
        for (int off = -1; off <= 1; off += 2) {
            struct trial t;
            trial_open(&t, 500, 45e3, 40 + n);
            trial_render(&t, noise_db[n]);
            struct wm_chip_timing timing = t.truth;
            timing.start += off * 0.12 * timing.period;
            timing.period *= 1 + off * 80e-6;
            timing.carrier += off * 60.0 / 400e3;
            timing.h -= off * 0.02;
            for (int round = 0; round < 2; round++) {
                ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &timing, t.chips), WM_OK);
                (void)wm_trellis_decide(t.trellis, timing.h, round ? 0 : 0.01, !round, ALPHA);
                wm_trellis_improve(t.trellis);
                wm_trellis_refine(t.trellis, &timing, round ? 0.012 : 0.05);
            }
            double middle = (double)t.chips / 2; /* where start and period are one figure */
            double late = (timing.start + middle * timing.period - t.truth.start - middle * t.truth.period) / t.truth.period;
            ck_assert_msg(fabs(late) < 0.06, "%g dB, %+d: %g chips late", noise_db[n], off, late);
            ck_assert_double_eq_tol(timing.carrier * 400e3, t.m.offset_hz, 20);
            ck_assert_double_eq_tol(timing.h, t.truth.h, 0.012);
            ck_assert_double_eq_tol(timing.period / t.truth.period, 1, n ? 1.2e-4 : 4e-5);
            trial_close(&t);
        }
    }
}
END_TEST

START_TEST(search_finds_h_in_noise)
{
    for (unsigned f = 0; f < 12; f++) {
        struct trial t;
        trial_open(&t, 400, deviations[f % 5], 60 + f);
        trial_render(&t, 11);
        struct wm_chip_timing timing = t.truth;
        timing.h += 0.05 * (f % 3 - 1.0);
        ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &timing, t.chips), WM_OK);
        double found = wm_trellis_decide(t.trellis, timing.h, 0.01, true, ALPHA);
        wm_trellis_improve(t.trellis);
        ck_assert_msg(fabs(found - t.truth.h) < 0.0151, "frame %u: %g, not %g", f, found, t.truth.h);
        trial_close(&t);
    }
}
END_TEST

/* Where the best path errs, the event that undoes it is on the list; its price is lower than those of right decisions. */
START_TEST(events_hold_the_truth)
{
    enum { CAP = 2048 };
    static struct wm_alternative events[CAP];
    unsigned bursts = 0, undone = 0, hard = 0, sequence = 0;
    size_t listed = 0;

    for (unsigned f = 0; f < 60; f++) {
        struct trial t;
        trial_open(&t, 400, 45e3, 100 + f);
        trial_render(&t, 7);
        ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &t.truth, t.chips), WM_OK);
        wm_trellis_hard(t.trellis);
        hard += errors(&t);
        (void)wm_trellis_decide(t.trellis, t.truth.h, 0, false, ALPHA);
        wm_trellis_improve(t.trellis);
        sequence += errors(&t);
        size_t n = wm_trellis_events(t.trellis, (float)t.burst.noise_density, 14, events, CAP);
        listed += n;
        const uint8_t *value = wm_trellis_values(t.trellis);
        for (size_t i = 0; i < n; i++) {
            ck_assert(events[i].mask & 1);
            ck_assert(events[i].cost >= 0 && events[i].cost <= 14);
            ck_assert_uint_lt(events[i].last, t.chips);
            ck_assert_uint_le(32 - (unsigned)__builtin_clz(events[i].mask), events[i].last + 1);
            ck_assert(i == 0 || events[i].last >= events[i - 1].last);
        }
        /* errors that lie within 32 chips of one another are one burst: its pattern as a mask */
        for (size_t k = 0; k < t.chips; k++) {
            if (value[k] == t.burst.chips[60 + k])
                continue;
            size_t last = k;
            uint32_t mask = 1;
            for (size_t j = k + 1; j < t.chips && j - last < 8 && j - k < 32; j++) {
                if (value[j] != t.burst.chips[60 + j]) {
                    mask = mask << (j - last) | 1;
                    last = j;
                }
            }
            bursts++;
            for (size_t i = 0; i < n; i++)
                if (events[i].last == last && events[i].mask == mask) {
                    undone++;
                    break;
                }
            k = last;
        }
        /* the same list, cut to its capacity */
        struct wm_alternative first[4];
        ck_assert_uint_eq(wm_trellis_events(t.trellis, (float)t.burst.noise_density, 14, first, 4), n < 4 ? n : 4);
        trial_close(&t);
    }
    ck_assert_msg(sequence < hard / 3, "%u errors, chip by chip %u", sequence, hard); /* what the trellis is for */
    ck_assert_uint_gt(bursts, 15);
    ck_assert_msg(undone >= 0.8 * bursts, "%u of %u error bursts on the list", undone, bursts);
    ck_assert_uint_lt(listed, 60 * 400);
}
END_TEST

START_TEST(bounds)
{
    struct trial t;
    struct wm_alternative events[8];

    trial_open(&t, 300, 45e3, 5);
    trial_render(&t, 20);
    ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &t.truth, 301), WM_INVALID);
    struct wm_baseband in = t.burst.in;
    in.count = (size_t)(t.truth.start + 299 * t.truth.period);
    ck_assert_int_eq(wm_trellis_correlate(t.trellis, &in, &t.truth, 300), WM_TOO_SHORT);
    ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &t.truth, 300), WM_OK);
    ck_assert_uint_eq(wm_trellis_events(t.trellis, 1, 14, events, 8), 0); /* nothing is decided */
    (void)wm_trellis_decide(t.trellis, t.truth.h, 0, false, ALPHA);
    wm_trellis_improve(t.trellis);
    ck_assert_uint_eq(wm_trellis_events(t.trellis, 0, 14, events, 8), 0); /* no noise, no price */
    ck_assert_uint_eq(wm_trellis_events(t.trellis, (float)t.burst.noise_density, 14, events, 0), 0);
    ck_assert_uint_eq(errors(&t), 0);
    t.chips = 8; /* short frames */
    ck_assert_int_eq(wm_trellis_correlate(t.trellis, &t.burst.in, &t.truth, 8), WM_OK);
    (void)wm_trellis_decide(t.trellis, t.truth.h, 0.01, true, ALPHA);
    wm_trellis_improve(t.trellis);
    struct wm_chip_timing timing = t.truth;
    wm_trellis_refine(t.trellis, &timing, 0.05);
    ck_assert_uint_eq(errors(&t), 0);
    trial_close(&t);
    wm_trellis_destroy(NULL);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: trellis");
    TCase *tcase = tcase_create("trellis");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, strong_chips_are_read, 0, sizeof deviations / sizeof *deviations);
    tcase_add_test(tcase, refine_finds_carrier_timing_clock_and_index);
    tcase_add_test(tcase, search_finds_h_in_noise);
    tcase_add_test(tcase, events_hold_the_truth);
    tcase_add_test(tcase, bounds);
    return suite;
}
