/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/burst.h"
#include "dsp/sync.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAD 1500 /* samples of nothing, or of noise, before the burst */

/* The sequences of the two channels: EN 13757-4 sync words behind the shortest preamble's end. */
static const struct sequence {
    double chip_rate_cps, deviation_hz, h_min, h_max, clock_tolerance;
    unsigned pairs;
    uint64_t sync;
    unsigned sync_count;
} sequences[] = {
    {100e3, 50e3, 0.675, 1.6, 0.12, 14, 0x03D, 10},
    {32768, 50e3, 2.44, 4.88, 0.02, 13, 0x07696, 18},
};

static struct wm_sync_finder *make_finder(const struct sequence *s, double rate_hz)
{
    uint8_t chips[64];
    struct wm_sync_finder *finder = NULL;

    for (unsigned i = 0; i < 2 * s->pairs; i++)
        chips[i] = i & 1;
    for (unsigned i = 0; i < s->sync_count; i++)
        chips[2 * s->pairs + i] = s->sync >> (s->sync_count - 1 - i) & 1;
    struct wm_sync_config config = {.kernels = wm_kernels_select(NULL),
                                    .chips = chips,
                                    .count = 2 * s->pairs + s->sync_count,
                                    .sync_count = s->sync_count,
                                    .sample_rate_hz = rate_hz,
                                    .chip_rate_cps = s->chip_rate_cps,
                                    .deviation_hz = s->deviation_hz,
                                    .h_min = s->h_min,
                                    .h_max = s->h_max,
                                    .carrier_max_hz = 72e3,
                                    .clock_tolerance = s->clock_tolerance};
    ck_assert_int_eq(wm_sync_finder_create(&config, &finder), WM_OK);
    return finder;
}

/* The best candidate of all positions, batch after batch. */
static enum wm_status search_all(struct wm_sync_finder *finder, const struct wm_baseband *in, struct wm_sync_candidate *best,
                                 unsigned *found)
{
    const int64_t hop = (int64_t)wm_sync_finder_hop(finder), span = (int64_t)wm_sync_finder_span(finder);
    const int64_t batch = WM_SYNC_BATCH / hop * hop, end = in->first + (int64_t)in->count;
    struct wm_sync_candidate candidate;

    best->score = 0;
    *found = 0;
    for (int64_t from = (in->first + hop - 1) / hop * hop; from + batch + span <= end; from += batch) {
        enum wm_status status = wm_sync_finder_search(finder, in, from, from + batch, &candidate);
        ck_assert(status == WM_OK || status == WM_END);
        if (status != WM_OK)
            continue;
        ck_assert(candidate.score > 0 && candidate.score <= 1.001f);
        ++*found;
        if (candidate.score > best->score)
            *best = candidate;
    }
    return *found ? WM_OK : WM_END;
}

/* Balanced data as both line codes have them. */
static void add_data(struct burst *burst, unsigned words)
{
    for (unsigned i = 0; i < words; i++)
        burst_add_nibble(burst, wm_rng_below(&burst->rng, 16));
}

static const struct {
    unsigned sequence;
    double rate_hz, ec_n0_db, clock, deviation_hz, bt;
} estimates[] = {
    {0, 400e3, INFINITY, 0, 50e3, 0},    {0, 400e3, INFINITY, 0, 40e3, 0},      {0, 400e3, INFINITY, 0, 80e3, 0},
    {0, 400e3, INFINITY, 0, 50e3, 0.5},  {0, 400e3, INFINITY, 0.1, 50e3, 0},    {0, 400e3, INFINITY, -0.1, 50e3, 0.5},
    {0, 400e3, INFINITY, 0.05, 45e3, 0}, {0, 400e3, INFINITY, -0.065, 50e3, 0}, {0, 450e3, INFINITY, 0, 50e3, 0},
    {0, 500e3, INFINITY, 0.08, 55e3, 0}, {0, 400e3, 20, 0, 55e3, 0.5},          {0, 400e3, 10, 0, 50e3, 0},
    {0, 400e3, 10, 0.09, 50e3, 0},       {0, 400e3, 10, -0.11, 60e3, 0},        {1, 400e3, INFINITY, 0, 50e3, 0},
    {1, 400e3, INFINITY, 0, 40e3, 0},    {1, 400e3, INFINITY, 0, 70e3, 0},      {1, 400e3, INFINITY, 0.0005, 50e3, 0.5},
    {1, 533e3, INFINITY, 0, 60e3, 0},    {1, 400e3, 20, 0, 50e3, 0.5},          {1, 400e3, 10, 0, 50e3, 0},
};

START_TEST(what_is_estimated)
{
    const struct sequence *s = &sequences[estimates[_i].sequence];
    const bool noisy = isfinite(estimates[_i].ec_n0_db);
    struct wm_sync_finder *finder = make_finder(s, estimates[_i].rate_hz);

    for (int c = -2; c <= 2; c++) {
        struct wm_modulation m = {.sample_rate_hz = estimates[_i].rate_hz,
                                  .chip_rate_cps = s->chip_rate_cps * (1 + estimates[_i].clock),
                                  .deviation_hz = estimates[_i].deviation_hz,
                                  .bt = estimates[_i].bt,
                                  .offset_hz = 30e3 * c,
                                  .start_sample = 0.21 * (c + 2),
                                  .phase_rad = c,
                                  .amplitude = 0.01};
        struct wm_sync_candidate candidate;
        struct wm_chip_timing timing;
        struct wm_sync_quality quality;
        struct burst burst;
        unsigned found;

        burst_open(&burst, 100 + (uint64_t)(10 * _i + c));
        burst_add_pairs(&burst, s->pairs + 4);
        burst_add_bits(&burst, s->sync, s->sync_count);
        const size_t first = burst.count;
        add_data(&burst, 40);
        burst_render(&burst, &m, LEAD, estimates[_i].ec_n0_db);
        const struct wm_chip_timing truth = burst_timing(&m, LEAD, first);
        ck_assert_int_eq(search_all(finder, &burst.in, &candidate, &found), WM_OK);
        ck_assert_msg(fabs(candidate.start - truth.start) < 5 * truth.period, "candidate %g chips late",
                      (candidate.start - truth.start) / truth.period);
        ck_assert_double_eq_tol(candidate.carrier * m.sample_rate_hz, m.offset_hz, noisy ? 12e3 : 3.5e3);
        ck_assert_int_le(wm_sync_finder_need(finder, &candidate), (int64_t)burst.in.count);
        ck_assert_int_eq(wm_sync_finder_acquire(finder, &burst.in, &candidate, &timing, &quality), WM_OK);
        ck_assert_msg(fabs(timing.start - truth.start) < (noisy ? 0.2 : 0.1) * truth.period, "carrier %d: start %g chips late", c,
                      (timing.start - truth.start) / truth.period);
        ck_assert_double_eq_tol(timing.carrier * m.sample_rate_hz, m.offset_hz, noisy ? 2.5e3 : 1e3);
        ck_assert_double_eq_tol(timing.period / truth.period, 1, fabs(estimates[_i].clock) < 0.005 ? 0.001 : 0.01);
        /* Gaussian chips swing less far: the index that fits them best is smaller */
        ck_assert_double_ge(timing.h / truth.h, estimates[_i].bt > 0 ? 0.8 : noisy ? 0.93 : 0.97);
        ck_assert_double_le(timing.h / truth.h, noisy ? 1.07 : 1.03);
        ck_assert_double_eq_tol((double)quality.amplitude / m.amplitude, 1, estimates[_i].bt > 0 ? 0.25 : noisy ? 0.2 : 0.08);
        ck_assert(quality.coherence <= 1.001f && quality.coherence > (noisy ? 0.7f : 0.9f));
        ck_assert(quality.contrast <= 1.001f && quality.contrast > (noisy ? 0.75f : 0.9f));
        burst_close(&burst);
    }
    wm_sync_finder_destroy(finder);
}
END_TEST

/* Noise: a position in e^11 or so reaches the threshold, and acquisition refuses most of those. */
START_TEST(noise_is_not_found)
{
    enum { SAMPLES = 400000 };
    struct wm_sync_finder *finder = make_finder(&sequences[_i], 400e3);
    struct burst burst;
    struct wm_modulation m = {.sample_rate_hz = 400e3, .chip_rate_cps = 100e3, .deviation_hz = 50e3, .amplitude = 1e-6};
    unsigned candidates = 0, taken = 0;
    const int64_t hop = (int64_t)wm_sync_finder_hop(finder), batch = WM_SYNC_BATCH / hop * hop;

    burst_open(&burst, 7 + (uint64_t)_i);
    burst_add_random(&burst, 8);
    burst_render(&burst, &m, SAMPLES / 2, -30);
    for (int64_t from = 600 / hop * hop; from + 4000 < (int64_t)burst.in.count; from += batch) {
        struct wm_sync_candidate candidate;
        struct wm_chip_timing timing;
        struct wm_sync_quality quality;
        if (wm_sync_finder_search(finder, &burst.in, from, from + batch, &candidate) != WM_OK)
            continue;
        candidates++;
        taken += wm_sync_finder_acquire(finder, &burst.in, &candidate, &timing, &quality) == WM_OK;
    }
    /* a second of air with the gate open all the time */
    ck_assert_msg(candidates <= 60, "%u candidates in a second of noise", candidates);
    ck_assert_msg(taken <= 8, "%u of %u candidates acquired", taken, candidates);
    burst_close(&burst);
    wm_sync_finder_destroy(finder);
}
END_TEST

/* What resembles the sequence and is none: the preamble alone, the sequence upside down, another sync word. The last two may pass
 * where seven of ten chips are right after all (the threshold is for weak signals), but never look like the sequence. */
START_TEST(look_alikes_are_refused)
{
    const struct sequence *s = &sequences[_i % 2];
    struct wm_sync_finder *finder = make_finder(s, 400e3);

    for (int kind = 0; kind < 3; kind++) {
        struct wm_modulation m = {.sample_rate_hz = 400e3,
                                  .chip_rate_cps = s->chip_rate_cps,
                                  .deviation_hz = kind == 1 ? -50e3 : 50e3,
                                  .offset_hz = 5e3,
                                  .start_sample = 0.3,
                                  .amplitude = 1};
        struct wm_sync_candidate candidate;
        struct wm_chip_timing timing;
        struct wm_sync_quality quality;
        struct burst burst;
        unsigned found;

        burst_open(&burst, 300 + (uint64_t)kind);
        burst_add_pairs(&burst, 60);
        if (kind == 1)
            burst_add_bits(&burst, s->sync, s->sync_count);
        if (kind == 2)
            burst_add_bits(&burst, ~s->sync, s->sync_count);
        add_data(&burst, kind ? 20 : 0);
        if (kind == 0)
            burst_add_pairs(&burst, 60);
        burst_render(&burst, &m, LEAD, 25);
        if (search_all(finder, &burst.in, &candidate, &found) == WM_OK && candidate.start + 40 * 13 < (double)burst.in.count)
            ck_assert_msg(wm_sync_finder_acquire(finder, &burst.in, &candidate, &timing, &quality) == WM_NOT_MINE ||
                              (kind > 0 && quality.contrast < 0.8f),
                          "kind %d: coherence %g, contrast %g", kind, (double)quality.coherence, (double)quality.contrast);
        burst_close(&burst);
    }
    wm_sync_finder_destroy(finder);
}
END_TEST

START_TEST(a_further_word)
{
    static const uint16_t words[] = {0x54CD, 0x543D};
    const struct sequence *s = &sequences[0];
    struct wm_sync_finder *finder = make_finder(s, 400e3);
    struct wm_modulation m = {.sample_rate_hz = 400e3,
                              .chip_rate_cps = 100e3,
                              .deviation_hz = 45e3,
                              .offset_hz = -20e3,
                              .start_sample = 0.6,
                              .amplitude = 0.5};
    struct wm_sync_candidate candidate;
    struct wm_chip_timing timing;
    struct wm_sync_quality quality;
    struct burst burst;
    uint8_t chips[2][16];
    unsigned found;

    for (int w = 0; w < 2; w++)
        for (int i = 0; i < 16; i++)
            chips[w][i] = words[w] >> (15 - i) & 1;
    burst_open(&burst, 9);
    burst_add_pairs(&burst, s->pairs + 4);
    burst_add_bits(&burst, s->sync, s->sync_count);
    burst_add_bits(&burst, words[_i], 16);
    add_data(&burst, 30);
    burst_render(&burst, &m, LEAD, 15);
    ck_assert_int_eq(search_all(finder, &burst.in, &candidate, &found), WM_OK);
    ck_assert_int_eq(wm_sync_finder_acquire(finder, &burst.in, &candidate, &timing, &quality), WM_OK);
    ck_assert_double_eq_tol((double)wm_sync_finder_follows(finder, chips[_i], 16), m.amplitude, 0.15);
    ck_assert_double_lt((double)wm_sync_finder_follows(finder, chips[!_i], 16), 0.85 * m.amplitude);
    /* out of samples */
    struct wm_baseband in = burst.in;
    in.count = (size_t)candidate.start - 60;
    ck_assert_int_eq(wm_sync_finder_acquire(finder, &in, &candidate, &timing, &quality), WM_TOO_SHORT);
    ck_assert_int_eq(wm_sync_finder_search(finder, &in, in.first, in.first + (int64_t)in.count, &candidate), WM_INVALID);
    burst_close(&burst);
    wm_sync_finder_destroy(finder);
    wm_sync_finder_destroy(NULL);
}
END_TEST

/* Format B's sync word is the same 16 chips twice: its first half is to be found, not the second, at 400 kS/s as at 500. */
START_TEST(a_word_sent_twice)
{
    static const double rates[] = {400e3, 409.6e3, 500e3};
    const struct sequence *s = &sequences[0];
    struct wm_sync_finder *finder = make_finder(s, rates[_i]);
    unsigned right = 0;

    for (unsigned n = 0; n < 60; n++) {
        struct wm_modulation m = {.sample_rate_hz = rates[_i],
                                  .chip_rate_cps = 100e3,
                                  .deviation_hz = 45e3,
                                  .start_sample = 0.3 * n,
                                  .phase_rad = n,
                                  .amplitude = 0.5};
        struct wm_sync_candidate candidate;
        struct wm_chip_timing timing;
        struct wm_sync_quality quality;
        struct burst burst;
        unsigned found;

        burst_open(&burst, 500 + n);
        burst_add_pairs(&burst, 16);
        burst_add_bits(&burst, 0x543D, 16);
        const size_t first = burst.count;
        burst_add_bits(&burst, 0x543D, 16);
        add_data(&burst, 40);
        burst_render(&burst, &m, LEAD, 7.5);
        const struct wm_chip_timing truth = burst_timing(&m, LEAD, first);
        right += search_all(finder, &burst.in, &candidate, &found) == WM_OK &&
                 wm_sync_finder_acquire(finder, &burst.in, &candidate, &timing, &quality) == WM_OK &&
                 fabs(timing.start - truth.start) < truth.period;
        burst_close(&burst);
    }
    ck_assert_msg(right >= 58, "%u of 60 at %g kS/s", right, rates[_i] / 1e3);
    wm_sync_finder_destroy(finder);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: sync");
    TCase *tcase = tcase_create("sync");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, what_is_estimated, 0, sizeof estimates / sizeof *estimates);
    tcase_add_loop_test(tcase, a_word_sent_twice, 0, 3);
    tcase_add_loop_test(tcase, noise_is_not_found, 0, 2);
    tcase_add_loop_test(tcase, look_alikes_are_refused, 0, 2);
    tcase_add_loop_test(tcase, a_further_word, 0, 2);
    return suite;
}
