/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/burst.h"
#include "phy/demodulator.h"
#include "phy/transmitter.h"
#include "suite.h"

#include <math.h>
#include <string.h>

#define LEAD  60
#define BYTES 40

/* One transmission in a channel's baseband, and a demodulator that knows its timing as a sync word would tell it. */
struct trial {
    enum wm_mode mode;
    enum wm_format format;
    uint8_t bytes[BYTES];
    struct burst burst;
    struct wm_chip_timing truth;
    struct wm_demodulator *demodulator;
};

static void trial_open(struct trial *t, int i, double ec_n0_db, uint64_t seed)
{
    static const struct {
        enum wm_mode mode;
        enum wm_format format;
    } kinds[] = {{WM_MODE_S, WM_FORMAT_A}, {WM_MODE_T, WM_FORMAT_A}, {WM_MODE_C, WM_FORMAT_A}, {WM_MODE_C, WM_FORMAT_B}};
    const struct wm_mode_info *info = wm_mode_info(kinds[i].mode);
    size_t first;

    memset(t, 0, sizeof *t);
    t->mode = kinds[i].mode;
    t->format = kinds[i].format;
    burst_open(&t->burst, seed);
    for (size_t b = 0; b < BYTES; b++)
        t->bytes[b] = (uint8_t)wm_rng_below(&t->burst.rng, 256);
    struct wm_transmission tx = {.mode = t->mode, .format = t->format, .air = {t->bytes, BYTES}, .preamble_pairs = 30};
    ck_assert_int_eq(wm_transmission_build(&tx, t->burst.chips, BURST_CHIPS_MAX, &t->burst.count, &first), WM_OK);
    struct wm_modulation m = {.sample_rate_hz = 400e3,
                              .chip_rate_cps = info->chip_rate_cps,
                              .deviation_hz = info->deviation_hz,
                              .offset_hz = 6e3,
                              .start_sample = 0.4,
                              .amplitude = 0.1};
    burst_render(&t->burst, &m, LEAD, ec_n0_db);
    t->truth = burst_timing(&m, LEAD, first);
    t->truth.clock_spread = 0.001;
    ck_assert_int_eq(wm_demodulator_create(wm_kernels_select(NULL), t->mode, 400e3 / info->chip_rate_cps * 1.15, &t->demodulator),
                     WM_OK);
}

static void trial_close(struct trial *t)
{
    wm_demodulator_destroy(t->demodulator);
    burst_close(&t->burst);
}

static bool strong; /* what begin is told */

static void begin(struct trial *t, bool with_events)
{
    wm_demodulator_begin(t->demodulator, &t->burst.in, &t->truth, t->format, (float)t->burst.noise_density, with_events, strong);
}

static struct wm_soft soft;

static unsigned bit_errors(const struct trial *t, const struct wm_soft *read)
{
    unsigned n = 0;

    for (size_t i = 0; i < read->len; i++)
        n += (unsigned)__builtin_popcount(read->bytes[i] ^ t->bytes[i]);
    return n;
}

START_TEST(every_tier_reads_a_strong_frame)
{
    struct trial t;

    trial_open(&t, _i % 4, 20, 1 + (uint64_t)_i);
    strong = _i >= 4;
    begin(&t, true);
    for (unsigned tier = 0; tier < WM_TIERS; tier++) {
        for (size_t bytes = BYTES; bytes > 0; bytes = bytes > 13 ? bytes - 13 : 0) { /* and shorter: the link layer asks twice */
            memset(&soft, 0xEE, sizeof soft);
            ck_assert_int_eq(wm_demodulator_read(t.demodulator, tier, bytes, &soft), WM_OK);
            ck_assert_uint_eq(soft.len, bytes);
            ck_assert_int_eq(soft.format, t.format);
            ck_assert_uint_eq(soft.invalid_words, 0);
            ck_assert_msg(bit_errors(&t, &soft) == 0, "tier %u, %zu bytes: %u bits wrong", tier, bytes, bit_errors(&t, &soft));
        }
    }
    ck_assert_double_eq_tol(wm_demodulator_timing(t.demodulator)->period / t.truth.period, 1, 1e-3);
    ck_assert_int_eq(wm_demodulator_read(t.demodulator, WM_TIERS, BYTES, &soft), WM_END);
    ck_assert_int_eq(wm_demodulator_read(t.demodulator, 0, 0, &soft), WM_INVALID);
    ck_assert_int_eq(wm_demodulator_read(t.demodulator, 0, 291, &soft), WM_INVALID);
    ck_assert_int_eq(wm_demodulator_read(t.demodulator, 0, 290, &soft), WM_TOO_SHORT);
    ck_assert_int_eq(wm_demodulator_read(t.demodulator, 2, BYTES, &soft), WM_OK); /* nothing of the failures stays */
    ck_assert_uint_eq(bit_errors(&t, &soft), 0);
    trial_close(&t);
}
END_TEST

/* Tiers may be asked in any order, and a second burst begins afresh: the answer depends on the burst and the tier alone. */
START_TEST(answers_do_not_depend_on_what_was_asked_before)
{
    static struct wm_soft want[WM_TIERS];
    static struct wm_error_event events[WM_TIERS][2048];
    static const unsigned orders[][6] = {{3, 3, 0, 2, 1, 3}, {2, 1, 0, 3, 2, 1}, {1, 3, 2, 0, 0, 1}};
    struct trial t;

    trial_open(&t, _i, 8, 30 + (uint64_t)_i);
    begin(&t, true);
    for (unsigned tier = 0; tier < WM_TIERS; tier++) {
        ck_assert_int_eq(wm_demodulator_read(t.demodulator, tier, BYTES, &want[tier]), WM_OK);
        memcpy(events[tier], want[tier].events, want[tier].event_count * sizeof events[tier][0]);
    }
    for (size_t o = 0; o < 3; o++) {
        begin(&t, true);
        for (size_t i = 0; i < 6; i++) {
            unsigned tier = orders[o][i];
            ck_assert_int_eq(wm_demodulator_read(t.demodulator, tier, BYTES, &soft), WM_OK);
            ck_assert_mem_eq(soft.bytes, want[tier].bytes, BYTES);
            ck_assert_uint_eq(soft.event_count, want[tier].event_count);
            for (size_t e = 0; e < soft.event_count; e++)
                ck_assert(soft.events[e].last_bit == events[tier][e].last_bit && soft.events[e].mask == events[tier][e].mask &&
                          soft.events[e].cost == events[tier][e].cost);
            if (i == 2) /* a look at the length in between */
                ck_assert_int_eq(wm_demodulator_read(t.demodulator, 0, 1, &soft), WM_OK);
        }
    }
    trial_close(&t);
}
END_TEST

static void apply(uint8_t *bytes, const struct wm_error_event *event)
{
    for (unsigned i = 0; i < 32 && i <= event->last_bit; i++)
        if (event->mask >> i & 1)
            bytes[(event->last_bit - i) / 8] ^= (uint8_t)(0x80 >> (event->last_bit - i) % 8);
    if (event->apart)
        bytes[(event->last_bit - event->apart) / 8] ^= (uint8_t)(0x80 >> (event->last_bit - event->apart) % 8);
}

/* Events: sorted, inside the frame, never free below nothing, none twice; where a frame is wrong by little one or two of them mend
 * it. Mode C has pairs of chips far apart. */
START_TEST(events_mend_weak_frames)
{
    unsigned wrong = 0, mended = 0, apart = 0;

    for (uint64_t f = 0; f < 120; f++) {
        struct trial t;
        trial_open(&t, _i, _i == 0 ? 5.5 : 7, 100 + f);
        begin(&t, false);
        ck_assert_int_eq(wm_demodulator_read(t.demodulator, 2, BYTES, &soft), WM_OK);
        ck_assert_uint_eq(soft.event_count, 0); /* not wanted */
        begin(&t, true);
        ck_assert_int_eq(wm_demodulator_read(t.demodulator, 0, BYTES, &soft), WM_OK);
        ck_assert(_i >= 2 || soft.event_count == 0); /* without a phase reference there are none */
        ck_assert_int_eq(wm_demodulator_read(t.demodulator, 2, BYTES, &soft), WM_OK);
        ck_assert_uint_gt(soft.event_count, 0);
        unsigned before = bit_errors(&t, &soft);
        for (size_t e = 0; e < soft.event_count; e++) {
            const struct wm_error_event *event = &soft.events[e];
            ck_assert(event->last_bit < 8 * BYTES && event->mask & 1 && event->cost >= 0);
            ck_assert(e == 0 || event->last_bit >= soft.events[e - 1].last_bit);
            ck_assert_uint_le(32 - (unsigned)__builtin_clz(event->mask), event->last_bit + 1);
            ck_assert_uint_le(event->apart, event->last_bit);
            apart += event->apart > 0;
            bool twice = false;
            for (size_t o = e; o-- > 0 && soft.events[o].last_bit == event->last_bit;)
                twice = twice || (soft.events[o].mask == event->mask && soft.events[o].apart == event->apart);
            ck_assert(!twice);
        }
        if (before > 0 && before <= 6) {
            uint8_t fixed[BYTES];
            memcpy(fixed, soft.bytes, BYTES);
            for (int round = 0; round < 3; round++) { /* whatever event makes it better */
                for (size_t e = 0; e < soft.event_count; e++) {
                    struct wm_soft trial = {.len = BYTES};
                    memcpy(trial.bytes, fixed, BYTES);
                    unsigned now = bit_errors(&t, &trial);
                    apply(trial.bytes, &soft.events[e]);
                    if (bit_errors(&t, &trial) < now)
                        memcpy(fixed, trial.bytes, BYTES);
                }
            }
            wrong++;
            mended += memcmp(fixed, t.bytes, BYTES) == 0;
        }
        trial_close(&t);
    }
    ck_assert_uint_ge(wrong, 6);
    ck_assert((_i >= 2) == (apart > 0));
    ck_assert_msg(mended >= (_i < 2 ? 0.7 : 0.35) * wrong, "%u of %u", mended, wrong);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: demodulator");
    TCase *tcase = tcase_create("demodulator");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, every_tier_reads_a_strong_frame, 0, 8);
    tcase_add_loop_test(tcase, answers_do_not_depend_on_what_was_asked_before, 0, 4);
    tcase_add_loop_test(tcase, events_mend_weak_frames, 0, 4);
    return suite;
}
