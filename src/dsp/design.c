/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/design.h"

#include <liquid/liquid.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum wm_status wm_design_lowpass(float *taps, unsigned n, double cutoff, double stop_db)
{
    float sum = 0;

    if (n < 2 || !(cutoff > 0) || !(cutoff < 0.5) || !(stop_db > 0))
        return WM_INVALID;
    liquid_firdes_kaiser(n, (float)cutoff, (float)stop_db, 0.0f, taps);
    for (unsigned i = 0; i < n; i++)
        sum += taps[i];
    if (!(fabsf(sum) > 0))
        return WM_INVALID;
    for (unsigned i = 0; i < n; i++)
        taps[i] /= sum;
    return WM_OK;
}

/* J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", ISCAS 1974 */
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

/* Modified Bessel function of order 0 by its power series (Abramowitz and Stegun 9.6.12), x <= 6: 20 terms reach double precision.
 */
static double bessel_i0(double x)
{
    double term = 1, sum = 1;

    for (int k = 1; k <= 20; k++) {
        term *= x * x / 4 / (k * k);
        sum += term;
    }
    return sum;
}

float *wm_design_interpolator(unsigned phases)
{
    float *bank = aligned_alloc(32, ((size_t)phases + 1) * WM_INTERPOLATOR_TAPS * sizeof *bank);

    if (!bank)
        return NULL;
    for (unsigned p = 0; p <= phases; p++) {
        double row[WM_INTERPOLATOR_TAPS], sum = 0;
        double fraction = (double)p / phases;
        for (int k = 0; k < WM_INTERPOLATOR_TAPS; k++) {
            /* Kaiser-windowed sinc; tap k sits k - (taps/2 - 1) samples from the position's integer part */
            double t = k - (WM_INTERPOLATOR_TAPS / 2 - 1) - fraction;
            double x = t / (WM_INTERPOLATOR_TAPS / 2);
            double window = fabs(x) < 1 ? bessel_i0(5.0 * sqrt(1 - x * x)) : 0;
            row[k] = (t == 0 ? 1.0 : sin(M_PI * t) / (M_PI * t)) * window;
            sum += row[k];
        }
        for (int k = 0; k < WM_INTERPOLATOR_TAPS; k++)
            bank[p * WM_INTERPOLATOR_TAPS + k] = (float)(row[k] / sum);
    }
    return bank;
}
