/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/parts.h"
#include "phy/subband.h"

/* Fills the intakes that channels listen to with many samples at once, in jobs for several threads: each fetches its own bytes,
 * converts them (and filters them for the sub-bands of a wide capture), and hears the cells that lie in its piece while it is in
 * the nearest cache. What comes out is what pushing the bytes one after the other would have made; where the scale of the input
 * would change (cf32, cs16 in sub-bands), it ends before. */
struct wm_fill;

struct wm_fill_config {
    enum wm_sample_format format;
    struct wm_intake *capture;          /* what is pushed; without sub-bands the channels listen to it */
    struct wm_subband *const *subbands; /* borrowed, as everything here */
    unsigned subband_count, decimation;
    struct wm_parts *parts;
    size_t batch, keep; /* samples: of the channels' intakes in one batch at most; that the capture keeps */
};

/* Fewer samples are not worth it. */
#define WM_FILL_MIN 32768

WM_MUST_USE enum wm_status wm_fill_create(const struct wm_fill_config *config, struct wm_fill **fill);
void wm_fill_destroy(struct wm_fill *fill);

/* Begins with `samples` >= WM_FILL_MIN samples from byte `offset` on, which have room in the intakes. The capture must be between
 * blocks. True: then so many jobs are to be done, and behind them end. False: nothing has been done. */
bool wm_fill_begin(struct wm_fill *fill, wm_fetch_fn fetch, void *user, uint64_t offset, size_t samples);
size_t wm_fill_jobs(const struct wm_fill *fill);
void wm_fill_job(void *fill, size_t i);
void wm_fill_end(void *fill, size_t nothing);
/* Samples taken, known after end; 0 where it would have been too few. */
size_t wm_fill_taken(const struct wm_fill *fill);
