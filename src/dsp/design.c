/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Modified Bessel function of order 0 by its power series (Abramowitz and Stegun 9.6.12), x <= 12: 40 terms reach double
 * precision, as do fewer where x is less. */
static double bessel_i0(double x)
{
    const double square = x * x / 4;
    double term = 1, sum = 1, before = 0;

    for (int k = 1; k <= 40 && sum > before; k++) {
        before = sum;
        term *= square / (k * k);
        sum += term;
    }
    return sum;
}

/* Kaiser's window at x, -1 to 1 over its length, but for its scale. */
static double window_at(double x, double shape)
{
    return fabs(x) <= 1 ? bessel_i0(shape * sqrt(1 - x * x)) : 0;
}

static double sinc(double x)
{
    return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x);
}

/* J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", ISCAS 1974: the window's shape for a stop
 * band so far down, and the taps that a transition takes. */
static double window_shape(double stop_db)
{
    if (stop_db > 50)
        return 0.1102 * (stop_db - 8.7);
    return stop_db > 21 ? 0.5842 * pow(stop_db - 21, 0.4) + 0.07886 * (stop_db - 21) : 0;
}

enum wm_status wm_design_lowpass(float *taps, unsigned n, double cutoff, double stop_db)
{
    double sum = 0;

    if (n < 2 || !(cutoff > 0) || !(cutoff < 0.5) || !(stop_db > 0 && stop_db <= WM_STOP_DB_MAX))
        return WM_INVALID;
    const double shape = window_shape(stop_db), middle = (n - 1) / 2.0;
    for (unsigned i = 0; i < (n + 1) / 2; i++) { /* the other half is its mirror */
        const double tap = sinc(2 * cutoff * (i - middle)) * window_at((i - middle) / middle, shape);
        taps[i] = taps[n - 1 - i] = (float)tap;
        sum += i == n - 1 - i ? tap : 2 * tap;
    }
    if (!(fabs(sum) > 0))
        return WM_INVALID;
    for (unsigned i = 0; i < n; i++)
        taps[i] = (float)((double)taps[i] / sum);
    return WM_OK;
}

unsigned wm_design_lowpass_taps(double transition, double stop_db)
{
    const double taps = 1 + (stop_db - 7.95) / (14.36 * transition);

    return taps > 8 ? ((unsigned)ceil(taps) + 7) / 8 * 8 : 8;
}

/* Largest sum of absolute products that a 32-bit accumulator takes with 16-bit input: 65535 * 32768 < 2^31. */
static const double abs_sum_max = 65000;

enum wm_status wm_band_filter_create(struct wm_band_filter *filter, unsigned taps, unsigned decimation, double sample_rate_hz,
                                     double half_width_hz, double offset_hz, double stop_db)
{
    const unsigned padded = (taps + 7) / 8 * 8;
    float *prototype = calloc(padded, sizeof *prototype);
    enum wm_status status = WM_NO_MEMORY;
    double scale = 0, norm = 0;

    memset(filter, 0, sizeof *filter);
    filter->memory = aligned_alloc(32, (size_t)padded * 4 * sizeof(int16_t));
    if (!prototype || !filter->memory)
        goto out;
    status = wm_design_lowpass(prototype, taps, half_width_hz / sample_rate_hz, stop_db);
    if (status != WM_OK)
        goto out;
    for (unsigned n = 0; n < taps; n++) {
        double w = -2 * M_PI * offset_hz / sample_rate_hz * n;
        scale += fabs(prototype[n]) * (fabs(cos(w)) + fabs(sin(w)));
    }
    scale = fmin(abs_sum_max / scale, 32000.0 / fabs(prototype[taps / 2])); /* each tap fits 16 bits as well */
    int16_t *re = filter->memory, *im = filter->memory + 2 * (size_t)padded;
    for (unsigned n = 0; n < padded; n++) {
        double w = -2 * M_PI * offset_hz / sample_rate_hz * n;
        int16_t tr = (int16_t)lrint(scale * prototype[n] * cos(w));
        int16_t ti = (int16_t)lrint(scale * prototype[n] * sin(w));
        re[2 * n] = tr;
        re[2 * n + 1] = (int16_t)-ti;
        im[2 * n] = ti;
        im[2 * n + 1] = tr;
        filter->dc_re += tr;
        filter->dc_im += ti;
        norm += (double)tr * tr + (double)ti * ti;
    }
    filter->fir = (struct wm_fir){.taps = padded, .decimation = decimation, .for_re = re, .for_im = im};
    filter->gain = scale;
    filter->noise_hz = norm / (scale * scale) * sample_rate_hz;
out:
    free(prototype);
    if (status != WM_OK)
        wm_band_filter_destroy(filter);
    return status;
}

void wm_band_filter_destroy(struct wm_band_filter *filter)
{
    free(filter->memory);
    memset(filter, 0, sizeof *filter);
}

void wm_band_filter_offset(const struct wm_band_filter *filter, double i, double q, float offset[2])
{
    offset[0] = (float)(i * filter->dc_re - q * filter->dc_im);
    offset[1] = (float)(i * filter->dc_im + q * filter->dc_re);
}

float *wm_design_interpolator(unsigned phases)
{
    enum { HALF = WM_INTERPOLATOR_TAPS / 2 };
    float *bank = aligned_alloc(32, ((size_t)phases + 1) * WM_INTERPOLATOR_TAPS * sizeof *bank);
    double *at = malloc(((size_t)HALF * phases + 1) * sizeof *at); /* Kaiser-windowed sinc at i / phases samples to either side */

    for (unsigned i = 0; bank && at && i <= HALF * phases; i++) {
        const double t = (double)i / phases;
        at[i] = sinc(t) * (i < HALF * phases ? window_at(t / HALF, 5.0) : 0);
    }
    for (unsigned p = 0; bank && at && p <= phases; p++) {
        double row[WM_INTERPOLATOR_TAPS], sum = 0;
        for (int k = 0; k < WM_INTERPOLATOR_TAPS; k++) {
            /* tap k sits k - (taps/2 - 1) samples from the position's integer part */
            row[k] = at[abs((k - (HALF - 1)) * (int)phases - (int)p)];
            sum += row[k];
        }
        for (int k = 0; k < WM_INTERPOLATOR_TAPS; k++)
            bank[p * WM_INTERPOLATOR_TAPS + k] = (float)(row[k] / sum);
    }
    if (!at) {
        free(bank);
        bank = NULL;
    }
    free(at);
    return bank;
}
