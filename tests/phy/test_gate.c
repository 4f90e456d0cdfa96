/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rng.h"
#include "phy/gate.h"
#include "suite.h"

#include <math.h>

#define SAMPLES 24   /* independent noise samples in a cell, as in a receiver's channel */
#define SECOND  6250 /* cells */

static struct wm_rng rng;
static struct wm_gate *gate;

static const struct wm_gate_config config = {.window = 2, .ratio = 1.6, .cell_samples = SAMPLES, .floor_min = 1e-9};

static void start(void)
{
    wm_rng_seed(&rng, 3);
    ck_assert_int_eq(wm_gate_create(&config, &gate), WM_OK);
}

static void stop(void)
{
    wm_gate_destroy(gate);
}

/* The mean power of a cell: noise, and a constant envelope on top. */
static double cell(double noise, double signal)
{
    double sum = 0;

    for (int i = 0; i < SAMPLES; i++) {
        double a, b;
        wm_rng_gaussian(&rng, &a, &b);
        a = a * sqrt(noise / 2) + sqrt(signal);
        b *= sqrt(noise / 2);
        sum += (a * a + b * b) / SAMPLES;
    }
    return sum;
}

/* The same with its shape told where it is wanted. A carrier of constant frequency, and a signal whose phase is another one a lag
 * later, lie in the noise. */
static bool push_shaped(double noise, double signal, double carrier)
{
    struct wm_gate_shape shape = {0};

    for (int i = 0; i < SAMPLES; i++) {
        double re[2], im[2];
        const double along = 6.283185307179586 * wm_rng_uniform(&rng);
        for (int late = 0; late < 2; late++) {
            const double phase = 6.283185307179586 * wm_rng_uniform(&rng), turned = along + 1.0 * late;
            wm_rng_gaussian(&rng, &re[late], &im[late]);
            re[late] = re[late] * sqrt(noise / 2) + sqrt(signal) * cos(phase) + sqrt(carrier) * cos(turned);
            im[late] = im[late] * sqrt(noise / 2) + sqrt(signal) * sin(phase) + sqrt(carrier) * sin(turned);
        }
        const double p = re[0] * re[0] + im[0] * im[0];
        shape.power += p / SAMPLES;
        shape.fourth += p * p / SAMPLES;
        shape.re += (re[1] * re[0] + im[1] * im[0]) / SAMPLES;
        shape.im += (im[1] * re[0] - re[1] * im[0]) / SAMPLES;
    }
    if (wm_gate_wants_shape(gate))
        wm_gate_shape(gate, &shape);
    return wm_gate_push(gate, shape.power);
}

static double off_db(double noise)
{
    return 10 * log10(wm_gate_floor(gate) / noise);
}

/* In noise alone: the floor is right soon and stays so, the gate is shut but for a few cells in a thousand. */
START_TEST(noise)
{
    static const double power[] = {1, 1e-4, 3e-8};
    unsigned open = 0;

    for (int i = 0; i < 2 * SECOND; i++) {
        bool now = wm_gate_push(gate, cell(power[_i], 0));
        if (i >= 200) {
            ck_assert_double_eq_tol(off_db(power[_i]), 0, 1.5);
            open += now;
        }
    }
    ck_assert_double_eq_tol(off_db(power[_i]), 0, 0.5);
    ck_assert_msg(open < 2 * SECOND / 200, "open in %u cells of noise", open);
}
END_TEST

START_TEST(a_burst_opens_it)
{
    const double signal[] = {2.5, 10, 1000}; /* 4 dB: what a frame at 7 dB Ec/N0 has in this band */
    unsigned opened = 0, late = 0;

    for (int i = 0; i < SECOND; i++)
        (void)wm_gate_push(gate, cell(1, 0));
    for (int b = 0; b < 50; b++) {
        for (int i = 0; i < 40; i++) {
            bool now = wm_gate_push(gate, cell(1, signal[_i]));
            if (i == 3)
                opened += now;
        }
        for (int i = 0; i < 100; i++) {
            bool now = wm_gate_push(gate, cell(1, 0));
            if (i == 3)
                late += now;
        }
    }
    ck_assert_msg(opened >= 49, "open after four cells in %u of 50", opened);
    ck_assert_msg(late <= 3, "still open four cells behind %u of 50", late);
    ck_assert_double_eq_tol(off_db(1), 0, 0.6);
}
END_TEST

/* With the channel busy nearly always the floor is that of the gaps. */
START_TEST(a_busy_channel_does_not_raise_the_floor)
{
    const int busy[] = {50, 90, 97};

    /* bursts of 20 ms or so and gaps between them, the same share of the time throughout */
    for (int i = 0; i < 4 * SECOND; i++) {
        const int period = 2000;
        bool gap = i % period >= period * busy[_i] / 100;
        (void)wm_gate_push(gate, cell(1, gap ? 0 : 100));
        if (i > 2 * SECOND)
            ck_assert_double_eq_tol(off_db(1), 0, 1.5);
    }
}
END_TEST

/* No silence from the first cell on: the envelope tells how much of it is noise. */
START_TEST(frames_without_silence_are_no_floor)
{
    const double signal[] = {0.9, 2.5, 10, 1000};
    unsigned open = 0;

    for (int i = 0; i < 2 * SECOND; i++) {
        bool now = push_shaped(1, signal[_i], 0);
        if (i >= 200) {
            ck_assert_double_lt(off_db(1), _i == 3 ? 12 : 1.6);
            open += now;
        }
    }
    if (_i < 3)
        ck_assert_double_eq_tol(off_db(1), 0, 0.7);
    ck_assert_uint_ge(open, _i == 0 ? 1.3 * SECOND : 1.9 * SECOND); /* 0.9 is no more than S at its limit, whose window is longer */
}
END_TEST

/* A steady carrier is no frame: it stays in the floor, and the gate shut; noise has its shape. */
START_TEST(a_carrier_is_floor)
{
    const double carrier[] = {0, 2, 100};
    unsigned open = 0;

    for (int i = 0; i < 4 * SECOND; i++) {
        bool now = push_shaped(1, 0, carrier[_i]);
        open += i >= 400 && now;
    }
    ck_assert_double_eq_tol(off_db(1 + carrier[_i]), 0, 1);
    ck_assert_msg(open < 4 * SECOND / 200, "open in %u cells", open);
}
END_TEST

START_TEST(the_floor_follows_the_gain)
{
    for (int i = 0; i < SECOND; i++)
        (void)wm_gate_push(gate, cell(1, 0));
    for (int i = 0; i < 2 * SECOND; i++) /* up: known when the old cells are out of the memory */
        (void)wm_gate_push(gate, cell(100, 0));
    ck_assert_double_eq_tol(off_db(100), 0, 1);
    for (int i = 0; i < SECOND / 8; i++) /* down: the low end is seen at once */
        (void)wm_gate_push(gate, cell(1, 0));
    ck_assert_double_eq_tol(off_db(1), 0, 1.5);
}
END_TEST

START_TEST(before_and_beneath)
{
    unsigned open = 0;

    ck_assert_double_eq(wm_gate_floor(gate), config.floor_min);
    ck_assert_double_eq(wm_gate_level(gate), 0);
    ck_assert(wm_gate_push(gate, 1)); /* open until the floor is known */
    ck_assert_double_eq(wm_gate_level(gate), 1);
    ck_assert(wm_gate_push(gate, 3));
    ck_assert_double_eq(wm_gate_level(gate), 2);
    ck_assert(wm_gate_push(gate, 5));
    ck_assert_double_eq(wm_gate_level(gate), 4); /* of the window */
    wm_gate_reset(gate);
    ck_assert_double_eq(wm_gate_level(gate), 0);
    ck_assert_double_eq(wm_gate_floor(gate), config.floor_min);
    for (int i = 0; i < SECOND; i++) { /* no noise at all: the converter's rounding is the floor, nothing opens */
        bool now = wm_gate_push(gate, i % 2 ? 0 : 1e-10);
        open += i >= 200 && now;
        ck_assert_double_eq(wm_gate_floor(gate), config.floor_min);
    }
    ck_assert_uint_eq(open, 0);
    struct wm_gate *other;
    struct wm_gate_config wrong = config;
    wrong.window = 0;
    ck_assert_int_eq(wm_gate_create(&wrong, &other), WM_INVALID);
    wrong.window = 1000;
    ck_assert_int_eq(wm_gate_create(&wrong, &other), WM_INVALID);
    wm_gate_destroy(NULL);
}
END_TEST

/* After a reset it is as new. */
START_TEST(reset_forgets)
{
    static bool first[3000];

    for (int round = 0; round < 2; round++) {
        wm_rng_seed(&rng, 5);
        for (int i = 0; i < 3000; i++) {
            bool now = wm_gate_push(gate, cell(1, i / 100 % 3 == 2 ? 3 : 0));
            ck_assert(round == 0 || now == first[i]);
            first[i] = now;
            if (i == 30) /* the floor is not known yet: an estimate from what has come */
                ck_assert_double_eq_tol(off_db(1), 0, 3);
        }
        wm_gate_reset(gate);
    }
}
END_TEST

/* Quiet is what noise is nearly always and a burst that opens the gate never. */
START_TEST(quiet_is_less_than_open)
{
    unsigned noise_quiet = 0, burst_quiet = 0, both = 0;

    for (int i = 0; i < 40; i++) {
        wm_gate_push(gate, cell(1, 0));
        ck_assert(!wm_gate_quiet(gate)); /* the floor is not known */
    }
    for (int i = 0; i < 4000; i++) {
        const bool burst = i % 400 >= 300, settled = i % 100 >= 10;
        bool open = wm_gate_push(gate, cell(1, burst ? 2 : 0));
        both += open && wm_gate_quiet(gate);
        noise_quiet += i >= 100 && !burst && settled && wm_gate_quiet(gate);
        burst_quiet += burst && settled && wm_gate_quiet(gate);
    }
    ck_assert_uint_eq(both, 0);
    ck_assert_uint_ge(noise_quiet, 2000); /* of 2610 */
    ck_assert_uint_eq(burst_quiet, 0);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: gate");
    TCase *tcase = tcase_create("gate");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, noise, 0, 3);
    tcase_add_loop_test(tcase, a_burst_opens_it, 0, 3);
    tcase_add_loop_test(tcase, a_busy_channel_does_not_raise_the_floor, 0, 3);
    tcase_add_loop_test(tcase, frames_without_silence_are_no_floor, 0, 4);
    tcase_add_loop_test(tcase, a_carrier_is_floor, 0, 3);
    tcase_add_test(tcase, the_floor_follows_the_gain);
    tcase_add_test(tcase, before_and_beneath);
    tcase_add_test(tcase, reset_forgets);
    tcase_add_test(tcase, quiet_is_less_than_open);
    return suite;
}
