/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/air.h"
#include "phy/allowance.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

/* What keeps sending without ever being a frame costs no more than what is allowed, and takes nothing away from frames over it and
 * behind it. Costs are counted in acquisitions, so nothing here depends on the machine. */

#define CELLS   6250 /* a second */
#define SECOND  64   /* acquisitions in vain that one brings */
#define AT_ONCE 64   /* and as many again for those that promise more */

/* ---- the allowance alone */

/* One candidate in each cell from `from` on, none of them a frame; how many are taken. */
static unsigned offer(struct wm_allowance *allowance, int64_t from, int64_t cells, double strength)
{
    unsigned taken = 0;

    for (int64_t cell = from; cell < from + cells; cell++) {
        if (wm_allowance_waits(allowance, cell) || !wm_allowance_take(allowance, cell, strength))
            continue;
        wm_allowance_vain(allowance, strength);
        taken++;
    }
    return taken;
}

START_TEST(what_leads_to_nothing_is_bounded)
{
    struct wm_allowance allowance;
    const int64_t from = 1000;

    wm_allowance_reset(&allowance, from);
    ck_assert(wm_allowance_is_whole(&allowance, from));
    /* in its first second all that may be had at once, then what each second brings */
    ck_assert_uint_le(offer(&allowance, from, CELLS, 1), SECOND + AT_ONCE);
    ck_assert(!wm_allowance_is_whole(&allowance, from + CELLS));
    for (int second = 1; second < 10; second++) {
        const unsigned taken = offer(&allowance, from + second * CELLS, CELLS, 1);
        ck_assert_uint_ge(taken, SECOND - 2);
        ck_assert_uint_le(taken, SECOND);
    }
    ck_assert(!wm_allowance_is_whole(&allowance, from + 10 * CELLS));
    ck_assert(wm_allowance_is_whole(&allowance, from + 12 * CELLS));
}
END_TEST

/* Not even who is always louder than before, and always beginning anew, has more than that and the half that is kept. */
START_TEST(nor_does_more_promise_help)
{
    struct wm_allowance allowance;
    unsigned taken = 0;
    double strength = 1e-6;

    wm_allowance_reset(&allowance, 0);
    for (int64_t cell = 0; cell < 10 * CELLS; cell++) {
        if (cell % 20 == 0) {
            wm_allowance_begin(&allowance);
            strength *= 1.01;
        }
        taken += offer(&allowance, cell, 1, strength);
    }
    ck_assert_uint_ge(taken, 10 * SECOND);
    ck_assert_uint_le(taken, 10 * SECOND + 2 * AT_ONCE);
}
END_TEST

START_TEST(the_half_that_is_kept)
{
    struct wm_allowance allowance;
    const int64_t at = 3 * CELLS;

    wm_allowance_reset(&allowance, 0);
    offer(&allowance, 0, at, 1);
    ck_assert(!wm_allowance_take(&allowance, at, 1));
    ck_assert(!wm_allowance_take(&allowance, at, 1.5));
    ck_assert(wm_allowance_take(&allowance, at, 3)); /* louder */
    wm_allowance_begin(&allowance);
    ck_assert(wm_allowance_take(&allowance, at, 0.1)); /* the first ones */
    ck_assert(wm_allowance_take(&allowance, at, 0.1));
    ck_assert(!wm_allowance_take(&allowance, at, 0.1));
}
END_TEST

/* Nor does what comes before each: one in vain, and two more where the preamble is long (S1: 558 chips). */
START_TEST(frames_cost_nothing)
{
    struct wm_allowance allowance;

    wm_allowance_reset(&allowance, 0);
    for (int64_t cell = 0; cell < 10 * CELLS; cell += 100) {
        for (int before = _i ? 3 : 1; before >= 0; before--) {
            ck_assert(!wm_allowance_waits(&allowance, cell + 90 - 8 * before));
            ck_assert(wm_allowance_take(&allowance, cell + 90 - 8 * before, 1));
            if (before > 0)
                wm_allowance_vain(&allowance, 1);
        }
        wm_allowance_frame(&allowance, _i ? 558 : 38);
    }
    ck_assert(wm_allowance_is_whole(&allowance, 10 * CELLS));
}
END_TEST

START_TEST(one_after_the_other)
{
    struct wm_allowance allowance;
    unsigned taken = 0;

    wm_allowance_reset(&allowance, 0);
    for (int64_t cell = 0; cell < 60; cell++) {
        if (wm_allowance_waits(&allowance, cell))
            continue;
        ck_assert(wm_allowance_take(&allowance, cell, 1));
        wm_allowance_frame(&allowance, 0);
        taken++;
    }
    ck_assert_uint_ge(taken, 10);
    ck_assert_uint_le(taken, 11);
}
END_TEST

/* ---- on the air */

#define RATE    1.6e6
#define MIDDLE  868.625e6
#define NOISE   0.078
#define SECONDS 2.0
#define EC_N0   18.0 /* of who keeps sending */

enum kind { RANDOM, PREAMBLE, SYNC_WORDS };

/* Somebody sends for the first `share` of the air and is no meter: chips of chance, 01 without end, or preamble and sync word over
 * and over. */
static void send_without_end(struct air *air, enum wm_mode mode, enum kind kind, double share)
{
    const struct wm_mode_info *info = wm_mode_info(mode);
    const double amplitude = sqrt(pow(10, EC_N0 / 10) * info->chip_rate_cps * air->noise_variance / air->sample_rate_hz);
    const unsigned period = 40 + info->sync_a.count;
    double phase = 0;
    long chip = -1;
    bool one = false;

    for (size_t n = 0; n < (size_t)(share * (double)air->samples); n++) {
        const long now = (long)((double)n * info->chip_rate_cps / air->sample_rate_hz);
        if (now != chip) {
            const unsigned at = (unsigned)(now % period);
            one = kind == RANDOM                ? wm_rng_range(&air->rng, 0, 1) < 0.5
                  : kind == PREAMBLE || at < 40 ? now & 1
                                                : info->sync_a.bits >> (period - 1 - at) & 1;
            chip = now;
        }
        phase = fmod(phase + (info->centre_hz - air->centre_hz + (one ? 1 : -1) * info->deviation_hz) / air->sample_rate_hz, 1);
        air->x[n] += (float complex)(amplitude * cexp(2 * I * M_PI * phase));
    }
}

/* Frames 11 dB over it while it lasts, and weak ones when it has just ended. */
START_TEST(who_never_stops_is_bounded_and_frames_are_heard)
{
    static const struct {
        enum wm_mode mode;
        enum kind kind;
    } cases[] = {{WM_MODE_T, RANDOM}, {WM_MODE_T, PREAMBLE}, {WM_MODE_T, SYNC_WORDS}, {WM_MODE_S, RANDOM}, {WM_MODE_S, SYNC_WORDS}};
    const enum wm_mode mode = cases[_i].mode;
    const double share = 0.87;
    /* 01 without end is near enough a carrier to be taken for the floor, which takes a moment to forget it */
    const double behind = share * SECONDS + (cases[_i].kind == PREAMBLE ? 0.18 : 0.004);
    struct air air;
    struct ear ear;
    struct wm_receiver_stats stats;
    size_t bytes;

    air_open(&air, RATE, MIDDLE, SECONDS, NOISE, 300 + (uint64_t)_i);
    send_without_end(&air, mode, cases[_i].kind, share);
    for (int i = 0; i < 8; i++)
        air_send(&air, &(struct air_burst){.mode = mode == WM_MODE_T && i & 1 ? WM_MODE_C : mode,
                                           .bytes = 40,
                                           .at_s = 0.9 + 0.1 * i, /* when there is nothing left to spend */
                                           .ec_n0_db = 29,
                                           .offset_hz = 2e3 * (i - 4)});
    for (int i = 0; i < 2; i++)
        air_send(&air, &(struct air_burst){.mode = mode, .bytes = 30, .at_s = behind + 0.03 * i, .ec_n0_db = 12});
    ear_open(&ear, &air);
    uint8_t *samples = air_samples(&air, WM_SAMPLES_CU8, 1, &bytes);
    struct wm_receiver *receiver = ear_receiver(&ear, WM_SAMPLES_CU8, NULL);
    ear_listen(receiver, samples, bytes, 0);
    wm_receiver_stats(receiver, &stats);
    air_heard_once(&air);
    /* some 700 to 1000 a second are offered */
    ck_assert_uint_ge(stats.mode[mode].acquisitions, air.count + SECOND);
    ck_assert_uint_le(stats.mode[mode].acquisitions,
                      (mode == WM_MODE_S ? 4 : 2) * air.count + 2 * AT_ONCE + (uint64_t)(SECOND * SECONDS));
    wm_receiver_destroy(receiver);
    free(samples);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: allowance");
    TCase *tcase = tcase_create("allowance");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, what_leads_to_nothing_is_bounded);
    tcase_add_test(tcase, nor_does_more_promise_help);
    tcase_add_test(tcase, the_half_that_is_kept);
    tcase_add_loop_test(tcase, frames_cost_nothing, 0, 2);
    tcase_add_test(tcase, one_after_the_other);
    tcase_add_loop_test(tcase, who_never_stops_is_bounded_and_frames_are_heard, 0, 5);
    return suite;
}
