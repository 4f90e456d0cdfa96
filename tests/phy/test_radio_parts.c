/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/mode.h"
#include "phy/radio/gain.h"
#include "phy/radio/level.h"
#include "phy/radio/plan.h"
#include "phy/radio/sample_clock.h"
#include "phy/radio/usb.h"
#include "phy/radio/voids.h"
#include "phy/signal.h"
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The parts of a radio that need none: where to tune, how to set the gain, what time it is. */

#define STC    (1u << WM_MODE_S | 1u << WM_MODE_T | 1u << WM_MODE_C)
#define SECOND 1000000000LL

/* ---- plan ---- */

static const struct wm_radio_caps rtl = {.rate_count = 2, .rate = {{225001, 300000}, {900001, 3200000}}, .format = WM_SAMPLES_CU8};

START_TEST(plan_keeps_dc_off_the_channels)
{
    static const struct {
        struct wm_rate_range range;
        unsigned modes;
        double rate_hz; /* expected */
        unsigned held;  /* modes inside */
    } cases[] = {
        {{900001, 3200000}, STC, 1.6e6, STC},
        {{900001, 3200000}, STC | 1u << WM_MODE_C_DOWN, 2.0e6, STC | 1u << WM_MODE_C_DOWN},
        {{900001, 1.7e6}, STC | 1u << WM_MODE_C_DOWN, 1.6e6, 0}, /* not all fit: three, whichever */
        {{2e6, 20e6}, STC, 2e6, STC},
        {{10e6, 10e6}, STC, 10e6, STC},
        {{0.9e6, 1.1e6}, 1u << WM_MODE_T, 0.9e6, 1u << WM_MODE_T},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wm_radio_caps caps = {.rate_count = 1, .rate = {cases[i].range}};
        double rate_hz, centre_hz;
        unsigned held = 0, count = 0;

        ck_assert_int_eq(wm_plan_choose(&caps, cases[i].modes, 0, 0, &rate_hz, &centre_hz), WM_OK);
        ck_assert_double_eq(rate_hz, cases[i].rate_hz);
        for (unsigned m = 0; m < WM_MODE_COUNT; m++) {
            const struct wm_mode_info *mode = wm_mode_info((enum wm_mode)m);
            double away = fabs(mode->centre_hz - centre_hz);
            bool clean = away - mode->channel_half_width_hz >= WM_PLAN_DC_HZ &&
                         away + mode->channel_half_width_hz <= rate_hz / 2 * WM_PLAN_CLEAN;
            if ((cases[i].modes >> m & 1) && clean) {
                held |= 1u << m;
                count++;
            }
        }
        if (cases[i].held)
            ck_assert_uint_eq(held, cases[i].held);
        else
            ck_assert_uint_eq(count, 3);
    }
}
END_TEST

START_TEST(plan_obeys_the_user)
{
    double rate_hz, centre_hz;

    ck_assert_int_eq(wm_plan_choose(&rtl, STC, 2.4e6, 868.0e6, &rate_hz, &centre_hz), WM_OK);
    ck_assert_double_eq(rate_hz, 2.4e6);
    ck_assert_double_eq(centre_hz, 868.0e6);
    ck_assert_int_eq(wm_plan_choose(&rtl, STC, 2.4e6, 0, &rate_hz, &centre_hz), WM_OK);
    ck_assert_double_eq(rate_hz, 2.4e6);
    ck_assert(centre_hz > 868.43e6 && centre_hz < 868.79e6);
    ck_assert_int_eq(wm_plan_choose(&rtl, STC, 0, 868.9e6, &rate_hz, &centre_hz), WM_OK);
    ck_assert_double_eq(centre_hz, 868.9e6);
    struct wm_radio_caps slow = {.rate_count = 1, .rate = {{48e3, 192e3}}};
    ck_assert_int_eq(wm_plan_choose(&slow, STC, 0, 0, &rate_hz, &centre_hz), WM_UNSUPPORTED);
}
END_TEST

/* ---- gain ---- */

/* A stick at an antenna: the noise at the converter is what the antenna and the tuner bring, times the gain, and the converter's
 * own; a strong neighbour adds clipping above a certain gain. */
struct air {
    double antenna_dbfs; /* noise at 0 dB of gain */
    double carrier_dbfs; /* a signal that is there for `busy` of the time */
    double busy;
};

static struct wm_level level_of(const struct air *air, double gain_db)
{
    const double noise = pow(10, (air->antenna_dbfs + gain_db) / 10) + pow(10, -51.0 / 10);
    const double carrier_db = air->carrier_dbfs + gain_db;

    return (struct wm_level){.noise_dbfs = 10 * log10(noise),
                             .clip_share = carrier_db > -3 ? air->busy * fmin(1, (carrier_db + 3) / 6) : 0};
}

static const float r820t_db[] = {0,     0.9F,  1.4F,  2.7F,  3.7F,  7.7F,  8.7F,  12.5F, 14.4F, 15.7F,
                                 16.6F, 19.7F, 20.7F, 22.9F, 25.4F, 28.0F, 29.7F, 32.8F, 33.8F, 36.4F,
                                 37.2F, 38.6F, 40.2F, 42.1F, 43.4F, 43.9F, 44.5F, 48.0F, 49.6F};

/* Runs the controller for so many seconds; how often it changed the gain in the last half. */
static unsigned run_gain(struct wm_gain *gain, const struct wm_radio_caps *caps, const struct air *air, unsigned seconds)
{
    unsigned changes = 0;

    for (unsigned s = 0; s < seconds; s++) {
        struct wm_level level = level_of(air, (double)caps->gain_db[gain->step]);
        changes += wm_gain_update(gain, &level, 1) && s >= seconds / 2;
    }
    return changes;
}

START_TEST(gain_settles_where_the_noise_is_right)
{
    static const double antennas_dbfs[] = {-80, -70, -62, -55, -45};
    struct wm_radio_caps caps = rtl;

    caps.gain_count = sizeof r820t_db / sizeof r820t_db[0];
    memcpy(caps.gain_db, r820t_db, sizeof r820t_db);
    for (size_t i = 0; i < sizeof antennas_dbfs / sizeof antennas_dbfs[0]; i++) {
        const struct air air = {antennas_dbfs[i], -200, 0};
        struct wm_gain gain = wm_gain_of(&caps);
        unsigned changes = run_gain(&gain, &caps, &air, 300);
        double noise_dbfs = level_of(&air, (double)caps.gain_db[gain.step]).noise_dbfs;

        ck_assert_msg(changes == 0, "hunts at %.0f dBFS", antennas_dbfs[i]);
        if (gain.step + 1 < caps.gain_count)
            ck_assert_msg(noise_dbfs >= -29.5 && noise_dbfs <= -23.5, "%.1f dBFS with an antenna of %.0f", noise_dbfs,
                          antennas_dbfs[i]);
    }
}
END_TEST

START_TEST(gain_backs_off_from_clipping_and_stays_there)
{
    struct wm_radio_caps caps = rtl;
    const struct air air = {-68, -20, 0.05};
    struct wm_gain gain;
    unsigned late;

    caps.gain_count = sizeof r820t_db / sizeof r820t_db[0];
    memcpy(caps.gain_db, r820t_db, sizeof r820t_db);
    gain = wm_gain_of(&caps);
    late = run_gain(&gain, &caps, &air, 7200);
    ck_assert_double_le(level_of(&air, (double)caps.gain_db[gain.step]).clip_share, 0.02);
    ck_assert_uint_le(late, 12); /* tries again ever more seldom */
    /* the neighbour moves away */
    const struct air quiet = {-68, -200, 0};
    run_gain(&gain, &caps, &quiet, 7200);
    ck_assert_double_ge(level_of(&quiet, (double)caps.gain_db[gain.step]).noise_dbfs, -29.5);
}
END_TEST

/* ---- level ---- */

START_TEST(level_measures_what_is_there)
{
    enum { BYTES = 1 << 20 };
    unsigned char *bytes = malloc(BYTES);
    struct wm_level_meter meter = wm_level_meter_of(WM_SAMPLES_CU8);
    struct wm_level level;
    uint32_t seed = 7;

    ck_assert_ptr_nonnull(bytes);
    ck_assert(!wm_level_read(&meter, &level));
    for (size_t i = 0; i < BYTES; i++) { /* uniform, 32 values: 9.23 rms a component */
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(112 + (seed >> 27));
    }
    memset(bytes + BYTES / 2, 0, BYTES / 8); /* lost packets */
    wm_level_push(&meter, bytes, BYTES);
    ck_assert(wm_level_read(&meter, &level));
    ck_assert_uint_eq(level.samples, BYTES / 2);
    ck_assert_double_eq_tol(level.noise_dbfs, 10 * log10(2 * 9.23 * 9.23 / (127.5 * 127.5)), 0.3);
    ck_assert_double_eq_tol(level.flat_share, 0.125, 0.01);
    ck_assert_double_eq(level.clip_share, 0); /* they are not taken for clipping */
    wm_level_push(&meter, bytes + BYTES / 2, BYTES / 8);
    ck_assert(wm_level_read(&meter, &level)); /* nothing else: is told, too */
    ck_assert_double_ge(level.flat_share, 0.99);
    free(bytes);
}
END_TEST

START_TEST(voids_are_found)
{
    enum { BYTES = 65536 };
    unsigned char *bytes = malloc(BYTES);
    static const size_t sizes[][2] = {{4096, 512}, {1000, 512}, {1000, 700}, {0, 1024}, {BYTES - 512, 512}, {8, BYTES - 16}};
    size_t from = 0, to = 0;

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(bytes, 128, BYTES);
        memset(bytes + sizes[i][0], 0, sizes[i][1]);
        from = 0;
        ck_assert(wm_void_next(WM_SAMPLES_CU8, -INFINITY, bytes, BYTES, &from, &to));
        ck_assert_uint_eq(from, sizes[i][0]);
        ck_assert_uint_eq(to, sizes[i][0] + sizes[i][1]);
        from = to;
        ck_assert(!wm_void_next(WM_SAMPLES_CU8, -INFINITY, bytes, BYTES, &from, &to));
    }
    /* half a packet is left alone, wherever it lies; so is silence where there is next to no noise */
    for (size_t at = 0; at < 600; at += 2) {
        memset(bytes, 128, BYTES);
        memset(bytes + 2000 + at, 0, WM_VOID_BYTES - 2);
        from = 0;
        ck_assert(!wm_void_next(WM_SAMPLES_CU8, 0, bytes, BYTES, &from, &to));
    }
    memset(bytes, 0, BYTES);
    from = 0;
    ck_assert(!wm_void_next(WM_SAMPLES_CS8, -45, bytes, BYTES, &from, &to));
    ck_assert(wm_void_next(WM_SAMPLES_CS8, -30, bytes, BYTES, &from, &to));
    ck_assert(!wm_void_next(WM_SAMPLES_CS16, -70, bytes, BYTES, &from, &to));
    ck_assert(wm_void_next(WM_SAMPLES_CF32, -30, bytes, BYTES, &from, &to));
    ck_assert_uint_eq(to, BYTES);
    free(bytes);
}
END_TEST

/* ---- clock ---- */

/* A device whose rate is off by `ppm`; its buffers of 10 ms arrive late by up to 4 ms, one in 16 by 30 more, and in their order. */
struct device {
    struct wm_sample_clock *clock;
    double rate_hz, ppm;
    double t_s;       /* true time since the beginning */
    uint64_t counted; /* index as the program has it */
    double missing;   /* samples the device made and nobody counted */
    uint32_t seed;
    int64_t step_ns; /* of the system clock */
    int64_t corrected;
    double jitter; /* times so much; 0: once */
    double held_s; /* something holds them up by so much, and lets them go a fifth faster than they are made */
    int64_t arrived_ns;
};

#define MONO0 5000000000LL
#define UTC0  1800000000000000000LL

static void run_clock(struct device *d, double seconds)
{
    const double end_s = d->t_s + seconds;

    while (d->t_s < end_s) {
        double late_s;
        int64_t arrival_ns, correction;

        d->t_s += 0.01;
        d->seed = d->seed * 1664525 + 1013904223;
        late_s = (double)(d->seed >> 16) / 65536 * 0.004 + ((d->seed & 0xff00) < 0x1000 ? 0.03 : 0);
        late_s = late_s * (d->jitter > 0 ? d->jitter : 1) + d->held_s;
        d->held_s = fmax(0, d->held_s - 0.002);
        d->counted = (uint64_t)llround(d->t_s * d->rate_hz * (1 + d->ppm * 1e-6) - d->missing) + (uint64_t)d->corrected;
        arrival_ns = MONO0 + (int64_t)((d->t_s + late_s) * 1e9);
        arrival_ns = d->arrived_ns = arrival_ns > d->arrived_ns ? arrival_ns : d->arrived_ns;
        correction = wm_sample_clock_update(d->clock, d->counted, arrival_ns, arrival_ns - MONO0 + UTC0 + d->step_ns);
        d->corrected += correction;
    }
}

/* By how much the clock errs on the sample that was made last, in milliseconds. */
static double error_ms(const struct device *d)
{
    const uint64_t index = (uint64_t)llround(d->t_s * d->rate_hz * (1 + d->ppm * 1e-6) - d->missing) + (uint64_t)d->corrected;

    return (double)(wm_sample_clock_time(d->clock, index) - UTC0 - (int64_t)(d->t_s * 1e9)) * 1e-6;
}

START_TEST(clock_learns_the_rate_and_ignores_steps)
{
    static const double ppms[] = {-100, -50, 0, 50, 100};

    for (size_t i = 0; i < sizeof ppms / sizeof ppms[0]; i++) {
        struct device d = {.rate_hz = 1.6e6, .ppm = ppms[i], .seed = 1};

        ck_assert_int_eq(wm_sample_clock_create(d.rate_hz, &d.clock), WM_OK);
        ck_assert_int_eq(wm_sample_clock_time(d.clock, 0), WM_TIME_UNKNOWN);
        run_clock(&d, 30);
        d.step_ns = 3600 * SECOND;
        run_clock(&d, 15);
        ck_assert_int_eq(wm_sample_clock_step_ns(d.clock), 3600 * SECOND);
        d.step_ns = -2 * SECOND;
        run_clock(&d, 15);
        ck_assert_int_eq(d.corrected, 0);
        ck_assert_double_eq_tol(error_ms(&d), 0, 1);
        ck_assert_double_eq_tol(wm_sample_clock_ppm(d.clock), ppms[i], 3);
        /* what has stood for ten minutes is true: back by a tenth slower */
        run_clock(&d, 601 - 15);
        ck_assert_uint_eq(wm_sample_clock_followed(d.clock), 1);
        ck_assert_double_gt(error_ms(&d), -500);
        run_clock(&d, 20);
        ck_assert_double_eq_tol(error_ms(&d), -2000, 1);
        /* forward, and far back, at once */
        d.step_ns = 3600 * SECOND;
        run_clock(&d, 601);
        ck_assert_double_eq_tol(error_ms(&d), 3600e3, 1);
        d.step_ns = -3600 * SECOND;
        run_clock(&d, 601);
        ck_assert_double_eq_tol(error_ms(&d), -3600e3, 1);
        ck_assert_uint_eq(wm_sample_clock_followed(d.clock), 3);
        wm_sample_clock_destroy(d.clock);
    }
}
END_TEST

START_TEST(clock_is_monotonic)
{
    struct device d = {.rate_hz = 2.4e6, .ppm = 80, .seed = 3};
    int64_t before_ns = INT64_MIN;

    ck_assert_int_eq(wm_sample_clock_create(d.rate_hz, &d.clock), WM_OK);
    run_clock(&d, 3);                      /* settled */
    for (unsigned i = 0; i < 68000; i++) { /* more than the ten minutes and what it takes to follow */
        int64_t now_ns;
        run_clock(&d, 0.01);
        if (i == 2000)
            d.step_ns = -SECOND;
        now_ns = wm_sample_clock_time(d.clock, d.counted);
        ck_assert_int_gt(now_ns, before_ns);
        before_ns = now_ns;
    }
    ck_assert_uint_eq(wm_sample_clock_followed(d.clock), 1);
    ck_assert_double_eq_tol(error_ms(&d), -1000, 1);
    wm_sample_clock_destroy(d.clock);
}
END_TEST

START_TEST(clock_sees_lost_samples)
{
    struct device d = {.rate_hz = 1.6e6, .ppm = 50, .seed = 5};
    const int64_t lost = 40000; /* 25 ms */

    ck_assert_int_eq(wm_sample_clock_create(d.rate_hz, &d.clock), WM_OK);
    run_clock(&d, 60);
    d.missing = (double)lost;
    run_clock(&d, 2.2);
    ck_assert_int_lt(llabs(d.corrected - lost), 1600); /* 1 ms */
    ck_assert_double_eq_tol(error_ms(&d), 0, 1);
    run_clock(&d, 60);
    ck_assert_double_eq_tol(error_ms(&d), 0, 1);
    ck_assert_double_eq_tol(wm_sample_clock_ppm(d.clock), 50, 3);
    wm_sample_clock_destroy(d.clock);
}
END_TEST

/* What is too long to be jitter and does not grow less is believed at once, however much the jitter is. */
START_TEST(clock_sees_large_losses_soon)
{
    static const struct {
        double jitter, lost_s, soon_s;
    } cases[] = {{1, 0.5, 0.35}, {1, 0.1, 0.35}, {0.1, 0.06, 0.35}, {2, 0.5, 0.5}, {4, 0.5, 0.9}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct device d = {.rate_hz = 1.6e6, .ppm = -50, .seed = 11, .jitter = cases[i].jitter};

        ck_assert_int_eq(wm_sample_clock_create(d.rate_hz, &d.clock), WM_OK);
        run_clock(&d, 30);
        ck_assert_int_eq(d.corrected, 0);
        d.t_s += cases[i].lost_s;
        d.missing = cases[i].lost_s * d.rate_hz * (1 + d.ppm * 1e-6);
        run_clock(&d, cases[i].soon_s);
        ck_assert_double_eq_tol(error_ms(&d), 0, 1 * cases[i].jitter);
        run_clock(&d, 30);
        ck_assert_double_eq_tol(error_ms(&d), 0, 0.5 * cases[i].jitter);
        ck_assert_double_eq_tol((double)d.corrected / d.rate_hz, cases[i].lost_s, 0.0005 * cases[i].jitter);
        wm_sample_clock_destroy(d.clock);
    }
}
END_TEST

START_TEST(clock_does_not_take_jitter_for_losses)
{
    static const double jitters[] = {0.1, 0.5, 1, 2, 4};

    for (size_t i = 0; i < sizeof jitters / sizeof jitters[0]; i++) {
        struct device d = {.rate_hz = 1.6e6, .ppm = 50, .seed = 13, .jitter = 0.1};

        ck_assert_int_eq(wm_sample_clock_create(d.rate_hz, &d.clock), WM_OK);
        run_clock(&d, 60);
        d.jitter = jitters[i]; /* the machine is busy from now on */
        run_clock(&d, 1800);
        ck_assert_int_eq(d.corrected, 0);
        d.held_s = 0.95; /* a network stands still, and takes seconds to catch up */
        run_clock(&d, 60);
        ck_assert_int_eq(d.corrected, 0);
        wm_sample_clock_destroy(d.clock);
    }
}
END_TEST

START_TEST(clock_goes_on_after_a_break)
{
    struct device d = {.rate_hz = 1.6e6, .ppm = -50, .seed = 9};

    ck_assert_int_eq(wm_sample_clock_create(d.rate_hz, &d.clock), WM_OK);
    run_clock(&d, 20);
    d.t_s += 5;                                             /* the stick was pulled out */
    d.missing = 5 * d.rate_hz * (1 + d.ppm * 1e-6) - 30000; /* the program's guess was 30000 samples too high */
    d.corrected += (int64_t)llround(5 * d.rate_hz * (1 + d.ppm * 1e-6));
    wm_sample_clock_resume(d.clock);
    run_clock(&d, 1);
    ck_assert_double_eq_tol(error_ms(&d), 0, 1);
    run_clock(&d, 60);
    ck_assert_double_eq_tol(error_ms(&d), 0, 1);
    ck_assert_double_eq_tol(wm_sample_clock_ppm(d.clock), -50, 3);
    wm_sample_clock_destroy(d.clock);
}
END_TEST

/* ---- USB ---- */

static void put(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%s\n", text);
    fclose(file);
}

START_TEST(usb_tells_who_holds_a_stick)
{
    char root[] = "/tmp/wmsdr_usb_XXXXXX", dir[128], command[256];
    struct wm_usb_device found[4];

    ck_assert_ptr_nonnull(mkdtemp(root));
    ck_assert_uint_eq(wm_usb_rtl_sticks(root, found, 4), 0);
    snprintf(command, sizeof command, "mkdir -p %s/1-2/ %s/1-2:1.0 %s/1-3 %s/drivers/dvb_usb_rtl28xxu", root, root, root, root);
    ck_assert_int_eq(system(command), 0);
    snprintf(dir, sizeof dir, "%s/1-3", root); /* a keyboard */
    put(dir, "idVendor", "046d");
    put(dir, "idProduct", "c31c");
    snprintf(dir, sizeof dir, "%s/1-2", root);
    put(dir, "idVendor", "0bda");
    put(dir, "idProduct", "2838");
    put(dir, "busnum", "1");
    put(dir, "devnum", "250");
    put(dir, "serial", "00000868");
    ck_assert_uint_eq(wm_usb_rtl_sticks(root, found, 4), 1);
    ck_assert_str_eq(found[0].serial, "00000868");
    ck_assert_str_eq(found[0].node, "/dev/bus/usb/001/250");
    ck_assert_str_eq(found[0].kernel_driver, "");
    snprintf(command, sizeof command, "ln -s ../drivers/dvb_usb_rtl28xxu %s/1-2:1.0/driver", root);
    ck_assert_int_eq(system(command), 0);
    ck_assert_uint_eq(wm_usb_rtl_sticks(root, found, 4), 1);
    ck_assert_str_eq(found[0].kernel_driver, "dvb_usb_rtl28xxu");
    ck_assert(!found[0].allowed);
    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("radio parts");
    TCase *tests = tcase_create("all");

    tcase_add_test(tests, plan_keeps_dc_off_the_channels);
    tcase_add_test(tests, plan_obeys_the_user);
    tcase_add_test(tests, gain_settles_where_the_noise_is_right);
    tcase_add_test(tests, gain_backs_off_from_clipping_and_stays_there);
    tcase_add_test(tests, level_measures_what_is_there);
    tcase_add_test(tests, voids_are_found);
    tcase_add_test(tests, clock_learns_the_rate_and_ignores_steps);
    tcase_add_test(tests, clock_is_monotonic);
    tcase_add_test(tests, clock_sees_lost_samples);
    tcase_add_test(tests, clock_sees_large_losses_soon);
    tcase_add_test(tests, clock_does_not_take_jitter_for_losses);
    tcase_add_test(tests, clock_goes_on_after_a_break);
    tcase_add_test(tests, usb_tells_who_holds_a_stick);
    suite_add_tcase(suite, tests);
    return suite;
}
