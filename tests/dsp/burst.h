/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/correlator.h"
#include "dsp/modulate.h"
#include "dsp/rng.h"

/* One burst in a channel's baseband, for the tests of the detectors: what was sent, the samples, and the true timing. */
#define BURST_CHIPS_MAX 5200

struct burst {
    uint8_t chips[BURST_CHIPS_MAX]; /* appended by the burst_add functions; then burst_render */
    size_t count;
    struct wm_rng rng;

    float *re, *im;
    struct wm_baseband in;
    double noise_density; /* noise variance of a baseband sample */
    double amplitude;
};

void burst_open(struct burst *burst, uint64_t seed);
void burst_close(struct burst *burst);
void burst_add_bits(struct burst *burst, uint64_t bits, unsigned count); /* first sent on top */
void burst_add_pairs(struct burst *burst, unsigned pairs);               /* 01 */
void burst_add_random(struct burst *burst, size_t chips);
/* A value's word of the 3-of-6 code, or of Manchester (1 is 01). */
void burst_add_nibble(struct burst *burst, unsigned nibble);
void burst_add_bit(struct burst *burst, unsigned bit);

/* Renders the chips with `lead` samples before and behind. modulation: sample_rate_hz, chip_rate_cps, deviation_hz, bt, offset_hz,
 * phase_rad and amplitude are taken; start_sample counts from the first chip's nominal place at `lead`. ec_n0_db: INFINITY for no
 * noise. */
void burst_render(struct burst *burst, const struct wm_modulation *modulation, size_t lead, double ec_n0_db);

/* The true timing, chip `first` as its start. */
struct wm_chip_timing burst_timing(const struct wm_modulation *modulation, size_t lead, size_t first);
