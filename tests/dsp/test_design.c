/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/design.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#ifdef WMSDR_HAVE_LIQUID
#include <liquid/liquid.h>
#endif

static double complex response(const struct wm_band_filter *filter, double hz, double rate_hz)
{
    double complex sum = 0;

    /* the pairs hold (re, -im); output m sums x[m + n] * tap[n]: an input of +hz turns forward with n */
    for (unsigned n = 0; n < filter->fir.taps; n++)
        sum += (filter->fir.for_re[2 * n] - I * filter->fir.for_re[2 * n + 1]) * cexp(2 * I * M_PI * hz / rate_hz * n);
    return sum / filter->gain;
}

static double db(double complex x)
{
    return 20 * log10(cabs(x) + 1e-20);
}

static const struct {
    unsigned taps, decimation;
    double rate_hz, half_hz, offset_hz;
} bands[] = {
    {64, 4, 1.6e6, 180e3, 325e3},  {64, 4, 1.6e6, 180e3, -325e3}, {32, 2, 0.8e6, 180e3, 0},
    {128, 8, 3.2e6, 180e3, 1.1e6}, {24, 8, 1.6e6, 120e3, 325e3},  {24, 16, 3.2e6, 120e3, -9e5},
    {80, 5, 2.048e6, 180e3, 1e5},  {17, 4, 1.6e6, 200e3, -2e5},   {9, 2, 0.8e6, 370e3, 0},
};

START_TEST(band_filter)
{
    const unsigned taps = bands[_i].taps;
    const double rate = bands[_i].rate_hz, half = bands[_i].half_hz, offset = bands[_i].offset_hz;
    const double transition = 3.7 * rate / taps; /* Kaiser window, 60 dB: (60 - 7.95) / 14.36 of rate / taps, to both sides */
    struct wm_band_filter filter;
    double sum = 0, noise = 0;

    ck_assert_int_eq(wm_band_filter_create(&filter, taps, bands[_i].decimation, rate, half, offset, 60), WM_OK);
    ck_assert_uint_eq(filter.fir.taps % 8, 0);
    ck_assert_uint_ge(filter.fir.taps, taps);
    ck_assert_uint_lt(filter.fir.taps, taps + 8);
    ck_assert_uint_eq(filter.fir.decimation, bands[_i].decimation);
    for (unsigned k = 0; k < 2 * filter.fir.taps; k++) /* what the 32-bit sums of the kernel rely on */
        sum += abs(filter.fir.for_re[k]);
    ck_assert_double_le(sum, 65535);
    for (unsigned n = 0; n < filter.fir.taps; n++) {
        ck_assert_int_eq(filter.fir.for_im[2 * n + 1], filter.fir.for_re[2 * n]);
        ck_assert_int_eq(filter.fir.for_im[2 * n], -filter.fir.for_re[2 * n + 1]);
    }

    ck_assert_double_eq_tol(db(response(&filter, offset, rate)), 0, 0.02);
    for (double side = -1; side <= 1 && transition < fmin(half, rate / 2 - half);
         side += 2) /* a short filter is wider than asked */
        ck_assert_double_eq_tol(db(response(&filter, offset + side * half, rate)), -6, 1);
    /* 16-bit taps: the stop band ends where their rounding does */
    for (double hz = transition; hz <= rate / 2 - half; hz += rate / 1000)
        for (double side = -1; side <= 1; side += 2)
            if (hz > half + transition / 2)
                ck_assert_double_lt(db(response(&filter, offset + side * hz, rate)), -52);
    for (int i = 0; i < 4096; i++) {
        double complex h = response(&filter, (i + 0.5) / 4096 * rate, rate);
        noise += creal(h * conj(h)) / 4096 * rate;
    }
    ck_assert_double_eq_tol(filter.noise_hz, noise, 1e-3 * noise);
    double complex dc = response(&filter, 0, rate) * filter.gain;
    ck_assert_double_eq_tol(filter.dc_re, creal(dc), 1e-6);
    ck_assert_double_eq_tol(filter.dc_im, cimag(dc), 1e-6);
    wm_band_filter_destroy(&filter);
    ck_assert_ptr_null(filter.memory);
    wm_band_filter_destroy(&filter);
}
END_TEST

START_TEST(lowpass)
{
    static const double cutoff[] = {0.05, 0.1, 0.25, 0.4};
    float taps[64];

    for (size_t c = 0; c < sizeof cutoff / sizeof *cutoff; c++) {
        double sum = 0;
        ck_assert_int_eq(wm_design_lowpass(taps, 64, cutoff[c], 60), WM_OK);
        for (int n = 0; n < 64; n++) {
            sum += (double)taps[n];
            ck_assert_double_eq_tol((double)taps[n], (double)taps[63 - n], 1e-6); /* linear phase */
        }
        ck_assert_double_eq_tol(sum, 1, 1e-5);
        for (double f = 0; f < 0.5; f += 0.002) {
            double complex h = 0;
            for (int n = 0; n < 64; n++)
                h += (double)taps[n] * cexp(-2 * I * M_PI * f * n);
            if (f < cutoff[c] - 0.035)
                ck_assert_double_eq_tol(db(h), 0, 0.1);
            if (f > cutoff[c] + 0.035)
                ck_assert_double_lt(db(h), -55);
        }
    }
    ck_assert_int_eq(wm_design_lowpass(taps, 1, 0.1, 60), WM_INVALID);
    ck_assert_int_eq(wm_design_lowpass(taps, 64, 0, 60), WM_INVALID);
    ck_assert_int_eq(wm_design_lowpass(taps, 64, 0.5, 60), WM_INVALID);
    ck_assert_int_eq(wm_design_lowpass(taps, 64, NAN, 60), WM_INVALID);
    ck_assert_int_eq(wm_design_lowpass(taps, 64, 0.1, 0), WM_INVALID);
}
END_TEST

/* A tone interpolated to any fraction: what a Kaiser-windowed sinc of eight taps can. Burst basebands have four samples a chip or
 * more, their signal lies below 0.35 of the rate. */
START_TEST(interpolator)
{
    static const struct {
        double frequency, error;
    } cases[] = {{0, 1e-6}, {0.05, 2e-3}, {0.1, 3e-3}, {0.2, 3e-3}, {0.3, 8e-3}, {0.35, 9e-2}, {-0.2, 3e-3}, {-0.3, 8e-3}};
    const unsigned phases = 128;
    float *bank = wm_design_interpolator(phases);

    ck_assert_ptr_nonnull(bank);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (unsigned p = 0; p <= phases; p++) {
            double complex sum = 0;
            double gain = 0;
            for (int k = 0; k < WM_INTERPOLATOR_TAPS; k++) {
                double tap = (double)bank[p * WM_INTERPOLATOR_TAPS + (unsigned)k];
                sum += tap * cexp(2 * I * M_PI * cases[c].frequency * (k - 3));
                gain += tap;
            }
            ck_assert_double_eq_tol(gain, 1, 1e-6);
            double complex want = cexp(2 * I * M_PI * cases[c].frequency * p / phases);
            ck_assert_msg(cabs(sum - want) < cases[c].error, "frequency %g, row %u: error %g", cases[c].frequency, p,
                          cabs(sum - want));
        }
    }
    /* a whole position is the sample itself */
    for (int k = 0; k < WM_INTERPOLATOR_TAPS; k++) {
        ck_assert_double_eq_tol((double)bank[k], k == 3, 1e-6);
        ck_assert_double_eq_tol((double)bank[phases * WM_INTERPOLATOR_TAPS + (unsigned)k], k == 4, 1e-6);
    }
    free(bank);
}
END_TEST

#ifdef WMSDR_HAVE_LIQUID
/* Tap by tap beside liquid-dsp's design, which is in single precision. */
START_TEST(lowpass_beside_liquid)
{
    static const struct {
        unsigned n;
        double cutoff, stop_db;
    } cases[] = {{2, 0.25, 30}, {17, 0.1, 40}, {64, 0.1125, 60}, {129, 0.02, 80}, {512, 0.004, 60}};
    float taps[512], theirs[512], sum = 0;

    ck_assert_int_eq(wm_design_lowpass(taps, cases[_i].n, cases[_i].cutoff, cases[_i].stop_db), WM_OK);
    ck_assert_int_eq(liquid_firdes_kaiser(cases[_i].n, (float)cases[_i].cutoff, (float)cases[_i].stop_db, 0, theirs), LIQUID_OK);
    for (unsigned i = 0; i < cases[_i].n; i++)
        sum += theirs[i];
    for (unsigned i = 0; i < cases[_i].n; i++)
        ck_assert_float_eq_tol(taps[i], theirs[i] / sum, 2e-6F);
}
END_TEST
#endif

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: design");
    TCase *tcase = tcase_create("design");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, band_filter, 0, sizeof bands / sizeof *bands);
    tcase_add_test(tcase, lowpass);
    tcase_add_test(tcase, interpolator);
#ifdef WMSDR_HAVE_LIQUID
    tcase_add_loop_test(tcase, lowpass_beside_liquid, 0, 5);
#endif
    return suite;
}
