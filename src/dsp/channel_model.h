/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/convert.h"
#include "dsp/rng.h"

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* What lies between a modulator and a file of samples: noise, the receiver's analogue faults, the converter. Full scale is 1. */

/* Adds white Gaussian noise: `variance` is of the complex sample (both components together), N0 * sample rate. */
void wm_channel_noise(struct wm_rng *rng, double variance, float complex *buffer, size_t count);

/* The amplitude of a constant-envelope signal of the wanted Ec/N0: power = Ec * chip rate, noise variance = N0 * sample rate. */
double wm_channel_amplitude(double ec_n0_db, double chip_rate_cps, double sample_rate_hz, double noise_variance);

/* The receiver's front end, applied in the order of the fields. All zero and gain 1: ideal. */
struct wm_front_end {
    double offset_hz;    /* local oscillator error: the whole band moves up by it */
    double gain;         /* linear */
    double iq_gain_db;   /* Q is this much stronger than I */
    double iq_phase_deg; /* Q is this far from square to I */
    double dc_i, dc_q;   /* full scale 1 */
};

/* In place; `first` is the index of buffer[0] in the stream, so that blocks join without a seam. */
void wm_channel_front_end(const struct wm_front_end *front_end, double sample_rate_hz, int64_t first, float complex *buffer,
                          size_t count);

/* Converter steps for full scale 1: 127.5 for cu8, 128 for cs8, 32768 for cs16, 1 for cf32. */
double wm_channel_full_scale(enum wm_sample_format format);

/* Rounds to the nearest code and clips. cu8: round(127.5 x + 127.5). out holds count * wm_sample_format_bytes(format) bytes.
 * Returns how many components were clipped. */
size_t wm_channel_quantise(enum wm_sample_format format, const float complex *buffer, size_t count, uint8_t *out);
