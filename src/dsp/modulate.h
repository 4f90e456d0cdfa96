/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* One burst of continuous-phase FSK: chips in, complex samples out, at any sample rate and any place between samples.
 *
 * Each sample's phase is computed from the chips and the sample's own time, not summed up sample by sample: so there is no drift,
 * and any part of the burst can be rendered at any time, in any order, with the same result. */
struct wm_modulator;

struct wm_modulation {
    double sample_rate_hz;
    double chip_rate_cps; /* actual rate: nominal times (1 + clock error) */
    double deviation_hz;  /* chip 1 is +deviation; negative: inverted */
    double bt;            /* Gaussian shaping, bandwidth times chip duration; 0: rectangular chips */
    double offset_hz;     /* carrier from the stream's centre */
    double start_sample;  /* where the first chip begins, fractional, in samples from the stream's first */
    double phase_rad;     /* carrier phase there (of the unshaped signal) */
    double amplitude;     /* of the complex envelope, constant */
};

/* chips: one a byte, 0 or 1, copied. WM_INVALID: no chip, a chip above 1, a rate not above 0, bt below 0 or between 0 and 0.1. */
WM_MUST_USE enum wm_status wm_modulator_create(const struct wm_modulation *config, const uint8_t *chips, size_t count,
                                               struct wm_modulator **modulator);
void wm_modulator_destroy(struct wm_modulator *modulator);

/* Adds the burst's part of the stream's samples [first, first + count) to buffer. */
void wm_modulator_add(const struct wm_modulator *modulator, int64_t first, float complex *buffer, size_t count);

/* The carrier's phase in turns, 0 <= phase < 1, at a stream time in samples; clamped to the burst. */
double wm_modulator_phase_turns(const struct wm_modulator *modulator, double sample);

/* Stream time, in samples, at which a chip begins. chip == count: the end of the burst. */
double wm_modulator_chip_time(const struct wm_modulator *modulator, size_t chip);

/* First sample of the burst and first sample behind it. */
void wm_modulator_range(const struct wm_modulator *modulator, int64_t *first, int64_t *end);
