/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/correlator.h"

/* Finding a known chip sequence (preamble and sync word) in a channel's samples with carrier, deviation, timing and clock unknown.
 *
 * Search: the lag product d[n] = y[n + lag] conj(y[n]) of a CPFSK signal turns by +-2 pi deviation lag with the chip and by a
 * constant 2 pi f lag with the carrier. Correlated with the sequence's expected sine (zero mean, so the cosine part and any DC fall
 * out) it gives j sin(2 pi deviation lag) e^{j 2 pi f lag}: its magnitude does not depend on the carrier, hardly on the deviation,
 * and its angle is the carrier. One real correlation replaces a search over carrier and deviation. Acquire: chip correlations of
 * the known chips, coherent over the sequence, on a small grid of times and modulation indices round the candidate; then least
 * squares. docs/receiver.md has the figures. */

struct wm_sync_config {
    const struct wm_kernels *kernels;
    const uint8_t *chips; /* the known sequence, one chip a byte; copied */
    size_t count;
    size_t sync_count;  /* the last so many are the sync word (the rest is preamble) */
    bool long_preamble; /* much more of the preamble may come before the sequence: places that look rather like that are skipped */
    double sample_rate_hz;
    double chip_rate_cps;
    double deviation_hz;
    double h_min, h_max;    /* range of the modulation index */
    double carrier_max_hz;  /* a candidate further off is none */
    double clock_tolerance; /* a bank of clock hypotheses covers it */
};

struct wm_sync_finder;
WM_MUST_USE enum wm_status wm_sync_finder_create(const struct wm_sync_config *config, struct wm_sync_finder **finder);
void wm_sync_finder_destroy(struct wm_sync_finder *finder);

/* One place where the sequence may end. */
struct wm_sync_candidate {
    double start;   /* time of the first chip after the sequence, baseband samples */
    double period;  /* of the clock hypothesis */
    double carrier; /* coarse, cycles a sample */
    float score;    /* normalised correlation squared, 0..1, noise gives about 1/independent samples */
    float strength; /* the correlation not normalised, as a power of a baseband sample: what is louder and fits better has more */
};

/* Baseband samples a position needs behind its own: positions [from, to) are searched when `to + span` have arrived. */
size_t wm_sync_finder_span(const struct wm_sync_finder *finder);
/* Samples between searched positions: `from` and `to` are to be multiples of it. */
size_t wm_sync_finder_hop(const struct wm_sync_finder *finder);

/* The best candidate whose sequence begins at a baseband index in [from, to), to - from at most WM_SYNC_BATCH. WM_END when none
 * reaches the threshold. */
#define WM_SYNC_BATCH 512
WM_MUST_USE enum wm_status wm_sync_finder_search(struct wm_sync_finder *finder, const struct wm_baseband *in, int64_t from,
                                                 int64_t to, struct wm_sync_candidate *best);

/* What acquire says of the burst besides its timing. */
struct wm_sync_quality {
    float coherence;  /* |sum V|^2 / (n sum |V|^2) over the known chips: 1 without noise, about 1/n on noise */
    float contrast;   /* share of the sync word's tone energy that lies in the expected tones: 0.5 on noise or a wrong alignment */
    float amplitude;  /* of a baseband sample */
    float clock_left; /* relative clock error that the known chips still show */
};

/* Estimates the timing round a candidate. WM_TOO_SHORT: needs samples up to wm_sync_finder_need; WM_NOT_MINE: it is not the
 * sequence. */
WM_MUST_USE enum wm_status wm_sync_finder_acquire(struct wm_sync_finder *finder, const struct wm_baseband *in,
                                                  const struct wm_sync_candidate *candidate, struct wm_chip_timing *timing,
                                                  struct wm_sync_quality *quality);
/* Baseband index one past the last sample acquire looks at. */
int64_t wm_sync_finder_need(const struct wm_sync_finder *finder, const struct wm_sync_candidate *candidate);

/* Amplitude per sample of a further known word of n <= 16 chips that follows the sequence acquired last; 0 when there is none. */
float wm_sync_finder_follows(const struct wm_sync_finder *finder, const uint8_t *chips, size_t n);
