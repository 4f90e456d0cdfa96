/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/log.h"
#include "dsp/convert.h"
#include "phy/mode.h"
#include "phy/signal.h"
#include "phy/soft.h"

#include <stdbool.h>

/* IQ samples in, synchronised bursts with soft symbols out, all modes and channels of one captured band at once.
 * The same samples give the same bursts whatever the chunk size. Allocates at creation only. Not thread-safe; one thread per
 * object. */
struct wm_receiver;

/* One sync word found. The source and signal are valid inside the callback only. */
struct wm_sync {
    enum wm_mode mode;
    enum wm_format format;
    const struct wm_signal *signal;
    const struct wm_soft_source *source;
    void *result; /* with several threads: all that the callback may change, see wm_receiver_config */
};

/* Called for each sync word. WM_OK: a frame of *air_bytes was read; WM_TOO_SHORT: call again when *air_bytes have arrived; anything
 * else: no frame here, the search goes on. */
typedef enum wm_status (*wm_sync_fn)(void *user, const struct wm_sync *sync, size_t *air_bytes);

struct wm_receiver_config {
    enum wm_sample_format format;
    double sample_rate_hz; /* WM_SAMPLE_RATE_MIN_HZ to WM_SAMPLE_RATE_MAX_HZ; above 3.2e6 through sub-bands */
    double centre_hz;
    unsigned modes;        /* bit per enum wm_mode; 0: all */
    int64_t start_time_ns; /* UTC of the first sample or WM_TIME_UNKNOWN */
    const char *kernels;   /* a SIMD variant by name, NULL: the best this CPU has */
    wm_sync_fn on_sync;
    void *user;
    const struct wm_log *log; /* borrowed, may be NULL */
    /* 0 or 1: everything happens in the thread that pushes, as soon as it can. 2: that thread and one more work on batches of 0.16
     * s and more, which is for recordings. on_sync is then called from both at the same time and must change nothing but
     * sync->result, result_bytes of zeros at first; each result is given to on_result later, from the thread that pushes, in the
     * order in which one thread would have called on_sync, except where on_sync said WM_TOO_SHORT. */
    unsigned threads;
    size_t result_bytes;
    void (*on_result)(void *user, const void *result);
};

#define WM_SAMPLE_RATE_MIN_HZ 0.8e6
#define WM_SAMPLE_RATE_MAX_HZ 20e6

/* WM_INVALID: a field out of range, or no mode's channel lies inside the band. */
WM_MUST_USE enum wm_status wm_receiver_create(const struct wm_receiver_config *config, struct wm_receiver **receiver);
/* Any number of bytes; a sample may be split between calls. */
WM_MUST_USE enum wm_status wm_receiver_push(struct wm_receiver *receiver, const void *samples, size_t bytes);
/* For several threads: instead of being given the bytes, each thread fetches its own. Up to `len` bytes from offset on, either put
 * into room (len bytes) or elsewhere for as long as the pull lasts; *got < len: they end there. Called by several threads at once.
 */
typedef const void *(*wm_fetch_fn)(void *user, uint64_t offset, size_t len, void *room, size_t *got);
/* Whether it can. */
bool wm_receiver_pulls(const struct wm_receiver *receiver);
/* Takes what one round needs, as if `*taken` bytes had been pushed; offset 0 is the first of them, so the next pull's 0 is this
 * one's *taken. 0: there is nothing more. */
WM_MUST_USE enum wm_status wm_receiver_pull(struct wm_receiver *receiver, wm_fetch_fn fetch, void *user, uint64_t *taken);
/* End of stream: reads what is still pending. Then push starts a new stream. */
WM_MUST_USE enum wm_status wm_receiver_flush(struct wm_receiver *receiver);
void wm_receiver_destroy(struct wm_receiver *receiver);

/* Whether the mode's channel lies inside the band this configuration captures. */
bool wm_receiver_covers(double sample_rate_hz, double centre_hz, enum wm_mode mode);

struct wm_receiver_stats {
    uint64_t samples; /* complex samples taken */
    struct {
        bool active;           /* the mode is received */
        uint64_t bursts;       /* times the energy gate of its channel opened */
        uint64_t acquisitions; /* places in the channel that were looked at closely: the costly work, bounded (phy/allowance.h) */
        uint64_t syncs;        /* sync words given to on_sync (first calls) */
        uint64_t frames;       /* on_sync said WM_OK */
        float noise_dbfs;      /* noise floor in the channel, last estimate */
    } mode[WM_MODE_COUNT];
};
void wm_receiver_stats(const struct wm_receiver *receiver, struct wm_receiver_stats *stats);
/* Name of the SIMD variant in use. */
const char *wm_receiver_kernels(const struct wm_receiver *receiver);
