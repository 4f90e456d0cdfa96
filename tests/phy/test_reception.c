/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/air.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE   1.6e6
#define MIDDLE 868.625e6 /* both channels inside 1.6 MHz */
#define NOISE  0.078     /* 10 steps of an 8-bit converter */

/* ---- frames */

START_TEST(strong_frames_of_every_mode_are_heard_once)
{
    struct air air;
    struct ear ear;

    air_open(&air, RATE, MIDDLE, AIR_MIX_S, NOISE, 20 + (uint64_t)_i);
    air_send_mix(&air, 20);
    ear_open(&ear, &air);
    ear_hear(&ear, (enum wm_sample_format)_i, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* The edges of what the standard allows, each at 15 dB. */
START_TEST(the_tolerances_of_the_standard_are_heard)
{
    static const double carrier[] = {-60e3, 0, 60e3};
    static const double deviation[WM_MODE_COUNT][3] = {[WM_MODE_S] = {40e3, 50e3, 80e3},
                                                       [WM_MODE_T] = {40e3, 50e3, 80e3},
                                                       [WM_MODE_C] = {33.75e3, 45e3, 56.25e3},
                                                       [WM_MODE_C_DOWN] = {20e3, 25e3, 30e3}};
    static const double clock_ppm[WM_MODE_COUNT] = {
        [WM_MODE_S] = 15000, [WM_MODE_T] = 100000, [WM_MODE_C] = 100, [WM_MODE_C_DOWN] = 100};
    const enum wm_mode mode = (enum wm_mode)_i;
    struct air air;
    struct ear ear;
    double at = 0.015;

    air_open(&air, RATE, mode == WM_MODE_C_DOWN ? 869.4e6 : MIDDLE, mode == WM_MODE_T || mode == WM_MODE_C ? 0.2 : 0.5, NOISE,
             30 + (uint64_t)_i);
    for (int c = -1; c <= 1; c++) {
        for (int i = 0; i < 9; i++) {
            struct air_burst burst = {.mode = mode,
                                      .bytes = 20,
                                      .at_s = at,
                                      .ec_n0_db = 15,
                                      .offset_hz = carrier[i / 3],
                                      .deviation_hz = deviation[mode][i % 3],
                                      .clock_ppm = c * clock_ppm[mode],
                                      .bt = i & 1 ? 0.5 : 0};
            struct air_frame *frame = air_send(&air, &burst);
            at = frame->end_sample / RATE + 0.0031;
        }
    }
    ck_assert(at * RATE < (double)air.samples);
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* Every clock inside the tolerance, not only its edges: the search's hypotheses must leave no hole between them. */
START_TEST(every_clock_is_heard)
{
    static const struct {
        enum wm_mode mode;
        double step_ppm;
        int steps;
    } cases[] = {{WM_MODE_S, 2500, 6}, {WM_MODE_T, 5000, 20}};
    struct air air;
    struct ear ear;
    double at = 0.015;

    air_open(&air, RATE, MIDDLE, 0.3, NOISE, 45);
    for (int i = -cases[_i].steps; i <= cases[_i].steps; i++) {
        struct air_burst burst = {
            .mode = cases[_i].mode, .bytes = 20, .at_s = at, .ec_n0_db = 18, .clock_ppm = i * cases[_i].step_ppm};
        at = air_send(&air, &burst)->end_sample / RATE + 0.0031;
    }
    ck_assert(at * RATE < (double)air.samples);
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* The largest deviation at rates whose burst baseband is anything from 400 to 600 kHz. */
START_TEST(wide_frames_are_heard_at_any_rate)
{
    static const double rates[] = {0.8e6, 0.96e6, 1.0e6, 1.1e6, 1.19e6, 1.25e6, 1.5e6, 3.0e6};
    const double rate = rates[_i];
    struct air air;
    struct ear ear;
    double at = 0.015;

    air_open(&air, rate, 868.95e6, 0.08, NOISE, 46);
    for (int i = -2; i <= 2; i++) {
        struct air_burst burst = {
            .mode = WM_MODE_T, .bytes = 20, .at_s = at, .ec_n0_db = 18, .offset_hz = 15e3 * i, .deviation_hz = 80e3};
        at = air_send(&air, &burst)->end_sample / rate + 0.0031;
    }
    ck_assert(at * rate < (double)air.samples);
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

START_TEST(the_longest_frames_are_heard)
{
    struct air air;
    struct ear ear;

    air_open(&air, RATE, MIDDLE, 0.35, NOISE, 40);
    air_send(&air, &(struct air_burst){.mode = WM_MODE_T, .bytes = 290, .at_s = 0.02, .ec_n0_db = 12, .clock_ppm = -100e3});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 290, .at_s = 0.03, .ec_n0_db = 12, .clock_ppm = -15e3});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_C, .bytes = 290, .at_s = 0.08, .ec_n0_db = 12, .clock_ppm = 100});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 12, .at_s = 0.22, .ec_n0_db = 15});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_T, .bytes = 12, .at_s = 0.24, .ec_n0_db = 15});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_C, .bytes = 12, .at_s = 0.26, .ec_n0_db = 15});
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* 558 chips that resemble their end are not acquired over and over; and a strong frame that begins among them is heard. */
START_TEST(a_long_preamble_costs_one_acquisition)
{
    struct air air;
    struct ear ear;
    struct wm_receiver_stats stats;
    struct air_frame *strong;
    size_t bytes;
    double at = 0.02;

    air_open(&air, RATE, MIDDLE, 0.8, NOISE, 47);
    for (int i = 0; i < 20; i++) {
        struct air_burst burst = {.mode = WM_MODE_S,
                                  .bytes = 20,
                                  .at_s = at,
                                  .ec_n0_db = 11,
                                  .preamble_pairs = 279,
                                  .offset_hz = 6e3 * (i - 10),
                                  .clock_ppm = 50 * (i % 5 - 2),
                                  .deviation_hz = 1e3 * (40 + 2 * i)};
        at = air_send(&air, &burst)->end_sample / RATE + 0.007;
    }
    ck_assert(at * RATE < (double)air.samples);
    ear_open(&ear, &air);
    uint8_t *samples = air_samples(&air, WM_SAMPLES_CU8, 1, &bytes);
    struct wm_receiver *receiver = ear_receiver(&ear, WM_SAMPLES_CU8, NULL);
    ear_listen(receiver, samples, bytes, 0);
    wm_receiver_stats(receiver, &stats);
    air_heard_once(&air);
    ck_assert_uint_le(stats.mode[WM_MODE_S].acquisitions, air.count + air.count / 4);
    wm_receiver_destroy(receiver);
    free(samples);
    ear_close(&ear);
    air_close(&air);

    air_open(&air, RATE, MIDDLE, 0.08, NOISE / 10, 48);
    air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 30, .at_s = 0.02, .ec_n0_db = 10, .preamble_pairs = 279});
    strong = air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 30, .at_s = 0.027, .ec_n0_db = 32, .offset_hz = 9e3});
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    ck_assert_uint_eq(strong->heard, 1);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* The receiver's reason to be: most frames are read where the bytes alone, without any CRC's help, can be (docs/receiver.md). */
START_TEST(weak_frames_are_heard)
{
    static const struct {
        enum wm_mode mode;
        double ec_n0_db;
        unsigned least;
    } cases[] = {{WM_MODE_T, 9.5, 18}, {WM_MODE_C, 9.5, 18}, {WM_MODE_S, 9.5, 18}};
    struct air air;
    struct ear ear;
    unsigned heard = 0;
    double at = 0.02;

    air_open(&air, RATE, MIDDLE, cases[_i].mode == WM_MODE_S ? 0.6 : 0.25, NOISE, 50 + (uint64_t)_i);
    for (int i = 0; i < 20; i++) {
        struct air_burst burst = {.mode = cases[_i].mode,
                                  .bytes = 30,
                                  .at_s = at,
                                  .ec_n0_db = cases[_i].ec_n0_db,
                                  .offset_hz = wm_rng_range(&air.rng, -25e3, 25e3),
                                  .clock_ppm = wm_rng_range(&air.rng, -80, 80)};
        at = air_send(&air, &burst)->end_sample / RATE + 0.004;
    }
    ck_assert(at * RATE < (double)air.samples);
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    for (size_t i = 0; i < air.count; i++) {
        ck_assert_uint_le(air.frame[i].heard, 1);
        heard += air.frame[i].heard;
    }
    ck_assert_msg(heard >= cases[_i].least, "mode %s: %u of 20", wm_mode_info(cases[_i].mode)->name, heard);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* A signal far below one step of the converter's range is as good as a large one when the noise is small too. */
START_TEST(scale_does_not_matter)
{
    static const struct {
        enum wm_sample_format format;
        double noise;
    } cases[] = {{WM_SAMPLES_CU8, 3 / 127.5}, {WM_SAMPLES_CS16, 3 / 32768.0}, {WM_SAMPLES_CS16, 0.02},
                 {WM_SAMPLES_CF32, 1e-6},     {WM_SAMPLES_CF32, 1e-3},        {WM_SAMPLES_CF32, 1e3}};
    struct air air;
    struct ear ear;

    air_open(&air, RATE, MIDDLE, AIR_MIX_S, cases[_i].noise, 60);
    air_send_mix(&air, 14);
    ear_open(&ear, &air);
    ear_hear(&ear, cases[_i].format, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* ---- where, when and how strong */

START_TEST(what_is_said_of_a_frame_is_so)
{
    static const enum wm_sample_format formats[] = {WM_SAMPLES_CU8, WM_SAMPLES_CS16, WM_SAMPLES_CF32};
    const int64_t start_ns = 1767225600123456789; /* any */
    struct air air;
    struct ear ear;
    struct wm_receiver *receiver = NULL;
    size_t bytes;

    air_open(&air, RATE, MIDDLE, AIR_MIX_S, NOISE / 4, 70);
    air_send_mix(&air, 20);
    ear_open(&ear, &air);
    uint8_t *samples = air_samples(&air, formats[_i], 1, &bytes);
    struct wm_receiver_config config = {.format = formats[_i],
                                        .sample_rate_hz = RATE,
                                        .centre_hz = MIDDLE,
                                        .start_time_ns = start_ns,
                                        .on_sync = ear_on_sync,
                                        .user = &ear};
    ck_assert_int_eq(wm_receiver_create(&config, &receiver), WM_OK);
    ear_listen(receiver, samples, bytes, 4096);
    air_heard_once(&air);
    for (size_t i = 0; i < air.count; i++) {
        const struct air_frame *frame = &air.frame[i];
        const struct wm_mode_info *info = wm_mode_info(frame->burst.mode);
        const struct wm_signal *signal = &frame->signal;
        double power_db = 20 * log10(frame->amplitude);
        double late = (double)signal->sample_index - frame->data_sample;

        /* a tenth of a chip, and the rounding to a sample */
        ck_assert_msg(fabs(late) < 1 + 0.1 * RATE / info->chip_rate_cps, "frame %zu: %g samples late", i, late);
        ck_assert_int_le(llabs(signal->time_ns - start_ns - llround((double)signal->sample_index / RATE * 1e9)), 1000);
        ck_assert_double_eq(signal->channel_hz, info->centre_hz);
        ck_assert_double_eq_tol(signal->offset_hz, frame->burst.offset_hz, 2e3);
        ck_assert_double_eq_tol(signal->rssi_dbfs, power_db, 1.0);
        ck_assert_double_eq_tol(signal->snr_db, 20, 1.5);
        /* Gaussian shaping makes single chips swing less far */
        ck_assert_double_eq_tol(signal->deviation_hz, frame->deviation_hz,
                                frame->deviation_hz * (frame->burst.bt > 0 ? 0.15 : 0.06));
        if (fabs(frame->burst.clock_ppm) > 5000)
            ck_assert_double_eq_tol(signal->clock_ppm, frame->burst.clock_ppm, 6000);
    }
    free(samples);
    ear_close(&ear);
    wm_receiver_destroy(receiver);
    air_close(&air);
}
END_TEST

/* ---- more than one at a time */

START_TEST(both_channels_at_once)
{
    struct air air;
    struct ear ear;

    air_open(&air, RATE, MIDDLE, 0.2, NOISE, 110);
    for (int i = 0; i < 8; i++) {
        air_send(&air,
                 &(struct air_burst){.mode = i & 1 ? WM_MODE_T : WM_MODE_C, .bytes = 50, .at_s = 0.02 + 0.02 * i, .ec_n0_db = 16});
        air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 20, .at_s = 0.02 + 0.02 * i, .ec_n0_db = 16});
    }
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* Frames that follow one another without a gap, each with an oscillator of its own. */
START_TEST(back_to_back)
{
    static const enum wm_mode modes[] = {WM_MODE_T, WM_MODE_C, WM_MODE_T, WM_MODE_T, WM_MODE_C, WM_MODE_C};
    struct air air;
    struct ear ear;
    double at = 0.02;

    air_open(&air, RATE, MIDDLE, 0.15, NOISE, 120);
    for (int i = 0; i < 6; i++) {
        const enum wm_mode mode = _i == 0 ? modes[i] : WM_MODE_S;
        struct air_burst burst = {
            .mode = mode, .bytes = _i ? 20 : 50, .at_s = at, .ec_n0_db = 16, .offset_hz = 4e3 * (i - 3), .tail_chips = 0};
        at = air_send(&air, &burst)->end_sample / RATE;
    }
    ck_assert(at < 0.145);
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* Near and far: a strong frame that begins inside a weak one is heard, and so is a weak one soon after a strong one. */
START_TEST(strong_and_weak)
{
    struct air air;
    struct ear ear;
    struct air_frame *strong, *after;

    air_open(&air, RATE, MIDDLE, 0.12, NOISE / 30, 130);
    air_send(&air, &(struct air_burst){.mode = WM_MODE_T, .bytes = 100, .at_s = 0.020, .ec_n0_db = 13, .offset_hz = 7e3});
    strong = air_send(&air, &(struct air_burst){.mode = WM_MODE_T, .bytes = 40, .at_s = 0.024, .ec_n0_db = 35, .offset_hz = -9e3});
    after = air_send(&air, &(struct air_burst){.mode = WM_MODE_C, .bytes = 40, .at_s = 0.060, .ec_n0_db = 40, .offset_hz = 3e3});
    after = air_send(
        &air, &(struct air_burst){
                  .mode = WM_MODE_T, .bytes = 40, .at_s = after->end_sample / RATE + 0.001, .ec_n0_db = 13, .offset_hz = -20e3});
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CS16, NULL);
    ck_assert_uint_eq(strong->heard, 1);
    ck_assert_uint_eq(after[-1].heard, 1);
    ck_assert_uint_eq(after->heard, 1);
    ck_assert_uint_le(air.frame[0].heard, 1);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* ---- captured bands */

START_TEST(any_rate_and_centre)
{
    static const struct {
        double rate, centre;
        unsigned modes;
    } cases[] = {
        {0.8e6, 868.95e6, 6},
        {0.8e6, 868.3e6, 1},
        {0.9e6, 868.80e6, 6},
        {1.0e6, 868.62e6, 7},
        {1.024e6, 868.95e6, 6},
        {1.2e6, 868.625e6, 7},
        {1.8e6, 868.3e6, 7},
        {1.92e6, 869.0e6, 15},
        {2e6, 868.5e6, 7},
        {2.048e6, 868.625e6, 15},
        {2.4e6, 869.5e6, 14},
        {2.4e6, 868.0e6, 7},
        {2.56e6, 868.95e6, 15},
        {2.88e6, 868.7e6, 15},
        {3.2e6, 868.625e6, 15},
        {3.2e6, 867.6e6, 7},
        {1234567, 868.6001e6, 7},
        /* wide, through sub-bands: ratios that are not whole, channels at the edges, across the sub-band's own edge, at the middle
         */
        {3.3e6, 868.91e6, 15},
        {4e6, 868.3e6, 15},
        {5.12e6, 870.6e6, 15},
        {6.4e6, 871.3e6, 15},
        {7.654321e6, 866.1e6, 15},
        {8e6, 872.1e6, 15},
        {10e6, 864.2e6, 7},
        {10e6, 868.95e6, 15},
        {20e6, 866.0e6, 15},
        {20e6, 859.3e6, 7},
        {20e6, 878.1e6, 15},
    };
    const double rate = cases[_i].rate;
    struct air air;
    struct ear ear;

    air_open(&air, rate, cases[_i].centre, 0.07, NOISE, 140 + (uint64_t)_i);
    for (unsigned mode = 0; mode < WM_MODE_COUNT; mode++) {
        bool covers = wm_receiver_covers(rate, cases[_i].centre, (enum wm_mode)mode);
        ck_assert_msg(covers == (cases[_i].modes >> mode & 1), "case %d, mode %u", _i, mode);
        if (covers)
            air_send(&air, &(struct air_burst){.mode = (enum wm_mode)mode,
                                               .bytes = 30,
                                               .at_s = mode == WM_MODE_C ? 0.04 : 0.02,
                                               .ec_n0_db = 14,
                                               .offset_hz = 10e3,
                                               .clock_ppm = 50});
    }
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    for (size_t i = 0; i < air.count; i++)
        ck_assert_double_le(fabs((double)air.frame[i].signal.sample_index - air.frame[i].data_sample),
                            1 + 0.15 * rate / wm_mode_info(air.frame[i].burst.mode)->chip_rate_cps);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* A carrier 45 dB over a frame, 5 LSB under the converter's rails, where decimation would put it into the frame's channel. */
START_TEST(what_lies_outside_a_sub_band_stays_there)
{
    const double rate = 10e6, centre = 866e6, sub_rate = rate / 4;

    for (int alias = -2; alias <= 1; alias++) {
        const double hz = wm_mode_info(WM_MODE_T)->centre_hz - centre + 20e3 + alias * sub_rate;
        struct air air;
        struct ear ear;
        if (alias == 0)
            continue;
        air_open(&air, rate, centre, 0.05, NOISE / 5, 240);
        air_send(&air, &(struct air_burst){.mode = WM_MODE_T, .bytes = 40, .at_s = 0.020, .ec_n0_db = 9, .offset_hz = -7e3});
        air_send(&air, &(struct air_burst){.mode = WM_MODE_C, .bytes = 40, .at_s = 0.035, .ec_n0_db = 9, .offset_hz = 9e3});
        ck_assert_double_gt(20 * log10(0.9 / air.frame[0].amplitude), 45);
        for (size_t n = 0; n < air.samples; n++)
            air.x[n] += (float complex)(0.9 * cexp(2 * I * M_PI * fmod(hz / rate * (double)n, 1)));
        ear_open(&ear, &air);
        ear_hear(&ear, WM_SAMPLES_CS8, NULL);
        air_heard_once(&air);
        ear_close(&ear);
        air_close(&air);
    }
}
END_TEST

/* Not a moment of silence: one behind the other, from before the first sample to behind the last, the noise is never heard alone.
 */
START_TEST(without_any_silence)
{
    static const struct {
        enum wm_mode mode;
        size_t bytes;
        double seconds, ec_n0_db;
    } cases[] = {{WM_MODE_T, 70, 0.15, 9.5}, {WM_MODE_C, 70, 0.15, 9.5}, {WM_MODE_S, 50, 0.5, 9}};
    struct air air;
    struct ear ear;
    double at = -0.003;
    unsigned sent = 0, heard = 0;

    air_open(&air, RATE, MIDDLE, cases[_i].seconds, NOISE, 95 + (uint64_t)_i);
    while (at < cases[_i].seconds) {
        struct air_burst burst = {
            .mode = cases[_i].mode, .bytes = cases[_i].bytes, .at_s = at, .ec_n0_db = cases[_i].ec_n0_db, .offset_hz = 7e3};
        at = air_send(&air, &burst)->end_sample / RATE;
    }
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    for (size_t i = 1; i + 1 < air.count; i++) { /* the first and the last are not all there */
        sent++;
        heard += air.frame[i].heard == 1;
    }
    ck_assert_uint_ge(sent, 12);
    ck_assert_msg(heard + 1 >= sent, "%u of %u heard", heard, sent);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* A strong carrier beside the channel, wherever it lies, is neither frame nor the converter's offset. */
START_TEST(beside_a_carrier)
{
    static const double beside_hz[] = {-400e3, -300e3, 300e3, 306.25e3, 350e3, 400e3};
    struct air air;
    struct ear ear;

    air_open(&air, RATE, 868.95e6, 0.25, NOISE / 2, 99);
    for (size_t i = 0; i < air.samples; i++) /* 14 dB above the whole band's noise */
        air.x[i] += (float)(5 * NOISE / 2) * cexpf((float)(6.283185307179586 * fmod(beside_hz[_i] / RATE * (double)i, 1)) * I);
    for (int i = 0; i < 20; i++)
        air_send(
            &air,
            &(struct air_burst){
                .mode = i & 1 ? WM_MODE_C : WM_MODE_T, .bytes = 30, .at_s = 0.03 + 0.01 * i, .ec_n0_db = 11, .offset_hz = 5e3});
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CS16, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* One inside the channel that stands before the frames come is taken out: here 17 dB above the noise in 200 kHz, 6 above a frame.
 */
START_TEST(over_a_carrier)
{
    static const double beside_hz[] = {-150e3, -100e3, -37e3, 60e3, 120e3, 170e3};
    const bool slow = _i & 1;
    struct air air;
    struct ear ear;

    air_open(&air, RATE, 868.95e6, slow ? 0.85 : 0.7, NOISE / 2, 199);
    const double at = slow ? 868.3e6 - 868.95e6 + beside_hz[_i] : beside_hz[_i];
    for (size_t i = 0; i < air.samples; i++)
        air.x[i] += (float)(2.5 * NOISE / 2) * cexpf((float)(6.283185307179586 * fmod(at / RATE * (double)i, 1)) * I);
    for (int i = 0; i < 12; i++)
        air_send(&air, &(struct air_burst){.mode = slow    ? WM_MODE_S
                                                   : i & 1 ? WM_MODE_C
                                                           : WM_MODE_T,
                                           .bytes = 20,
                                           .at_s = 0.55 + (slow ? 0.022 : 0.011) * i,
                                           .ec_n0_db = slow ? 12 : 11,
                                           .offset_hz = 5e3});
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CS16, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

START_TEST(frames_are_heard_over_dc)
{
    struct air air;
    struct ear ear;
    struct wm_front_end front = {.gain = 1, .dc_i = 0.25, .dc_q = -0.15, .iq_gain_db = 0.4, .iq_phase_deg = 2};

    const double rate = _i ? 8e6 : RATE;
    /* S's channel holds the centre; the offset is learned in the first milliseconds */
    air_open(&air, rate, 868.4e6, 0.3, NOISE, 220);
    air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 30, .at_s = 0.004, .ec_n0_db = 14});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 30, .at_s = 0.05, .ec_n0_db = 10});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_S, .bytes = 30, .at_s = 0.15, .ec_n0_db = 14});
    air_send(&air, &(struct air_burst){.mode = WM_MODE_T, .bytes = 30, .at_s = 0.18, .ec_n0_db = 14});
    wm_channel_front_end(&front, rate, 0, air.x, air.samples);
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: reception");
    TCase *tcase = tcase_create("frames");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, strong_frames_of_every_mode_are_heard_once, 0, WM_SAMPLES_COUNT);
    tcase_add_loop_test(tcase, the_tolerances_of_the_standard_are_heard, 0, WM_MODE_COUNT);
    tcase_add_loop_test(tcase, every_clock_is_heard, 0, 2);
    tcase_add_loop_test(tcase, wide_frames_are_heard_at_any_rate, 0, 8);
    tcase_add_test(tcase, the_longest_frames_are_heard);
    tcase_add_test(tcase, a_long_preamble_costs_one_acquisition);
    tcase_add_loop_test(tcase, weak_frames_are_heard, 0, 3);
    tcase_add_loop_test(tcase, scale_does_not_matter, 0, 6);
    tcase_add_loop_test(tcase, what_is_said_of_a_frame_is_so, 0, 3);
    tcase_add_test(tcase, both_channels_at_once);
    tcase_add_loop_test(tcase, back_to_back, 0, 2);
    tcase_add_test(tcase, strong_and_weak);
    tcase_add_loop_test(tcase, any_rate_and_centre, 0, 28);
    tcase_add_loop_test(tcase, without_any_silence, 0, 3);
    tcase_add_loop_test(tcase, beside_a_carrier, 0, 6);
    tcase_add_loop_test(tcase, over_a_carrier, 0, 6);
    tcase_add_loop_test(tcase, frames_are_heard_over_dc, 0, 2);
    tcase_add_test(tcase, what_lies_outside_a_sub_band_stays_there);
    return suite;
}
