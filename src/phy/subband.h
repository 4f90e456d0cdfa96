/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

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
    size_t batch;           /* 0, or its intake is for work in batches of so many */
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
/* The same for all of a capture. */
bool wm_subband_run_all(struct wm_subband *const *subbands, unsigned count);
/* Instead of run, for several threads (phy/fill.h), each part of it by whoever: output m is made of wm_subband_taps samples from
 * m * decimation on. */
#define WM_SUBBAND_BLOCK 2048 /* outputs between looks at the level, which changes nothing in 8-bit formats */
int64_t wm_subband_next(const struct wm_subband *subband); /* output */
unsigned wm_subband_taps(const struct wm_subband *subband);
void wm_subband_make(const struct wm_subband *subband, const int16_t *x, size_t n, int16_t *out);
/* Of outputs made, for `made`; 0 where no scale is watched. */
double wm_subband_power(const struct wm_subband *subband, const int16_t *out, size_t n);
/* How far the scale stays when outputs up to `end` are made: powers are those of the blocks, or what is missing of the first. */
int64_t wm_subband_stays(const struct wm_subband *subband, const double *powers, int64_t end);
/* They have been made, `end` as stays said or before, and lie in the intake behind what there was. */
void wm_subband_made(struct wm_subband *subband, const int16_t *out, const double *powers, int64_t end);
/* What the channels read from. */
struct wm_intake *wm_subband_intake(const struct wm_subband *subband);
/* Sample m of the sub-band belongs to sample m * decimation + delay of the capture. */
double wm_subband_delay(const struct wm_subband *subband);
