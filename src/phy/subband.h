/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "phy/intake.h"

/* First stage for captures wider than the receiver's own rates: one part of the band, with all channels in it, as a stream of at
 * most WM_SUBBAND_RATE_MAX_HZ. One complex band-pass that decimates by a whole number; nothing is mixed, so what lies at an offset
 * f from the capture's centre lies at f modulo the sub-band's rate, and the converter's offset stays at 0.
 *
 *   capture  ------[==== low ... high ====]----------------   every D-th output of a filter round the middle
 *   sub-band                 [====]                           rate / D, 16 bit, in an intake of its own
 *
 * The stop band, 60 dB and more, begins where an alias would come to lie within WM_SUBBAND_GUARD_HZ of a channel. */
struct wm_subband;

#define WM_SUBBAND_RATE_MAX_HZ 3.2e6
#define WM_SUBBAND_GUARD_HZ    60e3

struct wm_span_hz {
    double low, high;
};

struct wm_subband_config {
    const struct wm_kernels *kernels;
    const struct wm_intake *capture;
    enum wm_sample_format format;
    double sample_rate_hz;  /* of the capture */
    struct wm_span_hz pass; /* offsets from the capture's centre */
    double width_hz;        /* of the widest sub-band of the capture: all have filters of equal length and keep step */
    size_t keep;            /* samples of the sub-band */
};

/* By how much a capture of this rate is decimated; 1: it is narrow and needs no sub-bands. */
unsigned wm_subband_decimation(double sample_rate_hz);
/* The fewest sub-bands that hold all of n channels: from the lowest upwards, each as far as it reaches. bands (room for n) are what
 * must pass, band_of[i] says where channel i is. Returns their number. */
unsigned wm_subband_plan(double sample_rate_hz, const struct wm_span_hz *channels, unsigned n, struct wm_span_hz *bands,
                         unsigned *band_of);
/* Samples of the capture that must be kept. */
size_t wm_subband_reach(double sample_rate_hz, double width_hz);

WM_MUST_USE enum wm_status wm_subband_create(const struct wm_subband_config *config, struct wm_subband **subband);
void wm_subband_destroy(struct wm_subband *subband);
void wm_subband_reset(struct wm_subband *subband);

/* Filters what has arrived, up to where its scale may change. True: it stopped there, and after all readers have done what can be
 * done with what is there, it is to be called again. */
bool wm_subband_run(struct wm_subband *subband);
/* For several threads: takes n samples of the capture from their bytes, as pushing them to it and running every sub-band would, but
 * the pool's workers share the work. 8-bit formats only, no split sample pending, n >= wm_subband_reach, and n / decimation + 1
 * at most what each sub-band's intake has left. */
void wm_subband_spread(struct wm_subband *const *subbands, unsigned count, struct wm_intake *capture, struct wm_pool *pool,
                       const void *bytes, size_t n);
/* Drops what the channels need no more after all that can be done has been done. */
void wm_subband_trim(struct wm_subband *subband);
/* What the channels read from. */
const struct wm_intake *wm_subband_intake(const struct wm_subband *subband);
/* Sample m of the sub-band belongs to sample m * decimation + delay of the capture. */
double wm_subband_delay(const struct wm_subband *subband);
