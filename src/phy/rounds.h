/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "phy/parts.h"
#include "phy/subband.h"

/* The receiver's work on two cores, in rounds of one batch of samples each. One round's jobs, in this order, each for whichever
 * thread is free:
 *
 *   listening to batch n        one job a channel
 *   parts of batch n            what bursts are, when all channels have been listened to, see phy/parts.h: few jobs, some long
 *   filling of batch n + 1      fetching, converting, sub-bands, the gates' filters: many short jobs, see phy/fill.h
 *
 * Filling waits for nothing, so a thread has work wherever the other is; only at a round's end it may wait for a short job. */
struct wm_rounds;

struct wm_rounds_config {
    unsigned threads;
    enum wm_sample_format format;
    struct wm_intake *capture; /* borrowed; for batches where there are no sub-bands */
    size_t capture_keep;
    struct wm_subband *const *subbands; /* borrowed */
    unsigned subband_count, decimation;
    size_t batch;                       /* of the channels' intakes */
    struct wm_channel_config *channels; /* with their intakes, which become views of them */
    unsigned channel_count;
    size_t result_bytes;
    wm_sync_fn on_sync;
    void (*on_result)(void *user, const void *result);
    void *user;
};

/* Samples of a batch at this rate. */
size_t wm_rounds_batch(double sample_rate_hz);
WM_MUST_USE enum wm_status wm_rounds_create(const struct wm_rounds_config *config, struct wm_rounds **rounds);
void wm_rounds_destroy(struct wm_rounds *rounds);

/* Takes up to `most` bytes from offset on, as many as suit; *taken = 0: there are no more. */
WM_MUST_USE enum wm_status wm_rounds_pull(struct wm_rounds *rounds, wm_fetch_fn fetch, void *user, uint64_t offset, uint64_t most,
                                          uint64_t *taken);
/* The end of the stream, with so many zeros behind it. The caller resets the intakes and sub-bands then. */
WM_MUST_USE enum wm_status wm_rounds_finish(struct wm_rounds *rounds, size_t zeros);
void wm_rounds_reset(struct wm_rounds *rounds);
void wm_rounds_stats(const struct wm_rounds *rounds, struct wm_receiver_stats *stats);
