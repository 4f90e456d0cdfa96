/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/kernels.h"

/* Filter design. Everything here allocates and is used at creation only. */

/* Kaiser-windowed low-pass of n taps: cutoff (-6 dB) as a fraction of the sample rate, 0 < cutoff < 0.5, stop band `stop_db` down,
 * at most WM_STOP_DB_MAX, sum 1. */
#define WM_STOP_DB_MAX 110.0
WM_MUST_USE enum wm_status wm_design_lowpass(float *taps, unsigned n, double cutoff, double stop_db);

/* Taps that such a low-pass needs for a transition of so much of the sample rate (Kaiser's estimate), a multiple of 8. */
unsigned wm_design_lowpass_taps(double transition, double stop_db);

/* A decimating complex band-pass round offset_hz with 16-bit taps, for struct wm_kernels.fir and .decimate. */
struct wm_band_filter {
    struct wm_fir fir;
    double gain;     /* output per unit of input at the centre: divide by it */
    double noise_hz; /* two-sided noise bandwidth: white noise of density N0 comes out with power N0 * noise_hz (gain removed) */
    double dc_re, dc_im; /* response to a constant input of 1 in I, before the gain is removed */
    int16_t *memory;
};

WM_MUST_USE enum wm_status wm_band_filter_create(struct wm_band_filter *filter, unsigned taps, unsigned decimation,
                                                 double sample_rate_hz, double half_width_hz, double offset_hz, double stop_db);
void wm_band_filter_destroy(struct wm_band_filter *filter);
/* What a constant input i + jq makes of each output, the gain not removed: real part, imaginary part. */
void wm_band_filter_offset(const struct wm_band_filter *filter, double i, double q, float offset[2]);

/* Interpolator bank for struct wm_kernels.interpolate: (phases + 1) rows of WM_INTERPOLATOR_TAPS taps, each row's sum 1; row p
 * serves a fraction p / phases. Free with free(). NULL: out of memory. */
float *wm_design_interpolator(unsigned phases);
