/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/correlator.h"
#include "phy/baseband.h"
#include "phy/receiver.h"

/* The bursts of one channel whose sync word has been found and whose frame has not been read yet: what samples each waits for, and
 * its reading when they are there, offered to the callback as one mode after the other. */
struct wm_bursts;

struct wm_bursts_config {
    const struct wm_kernels *kernels;
    const struct wm_band *band; /* borrowed */
    enum wm_mode modes[2];      /* in the order they are tried on a sync word: T before C */
    unsigned mode_count;
    /* for what a signal says of itself */
    double sample_rate_hz; /* of what the band is made of */
    unsigned decimation;   /* of the capture into that */
    double delay;          /* samples of the capture */
    int64_t start_time_ns;
    wm_sync_fn on_sync;
    void *user;
};

#define WM_BURST_HEAD_MAX 16 /* bytes of a frame that are kept from one call to the next */
struct wm_burst {
    struct wm_chip_timing timing;
    double strength; /* of the candidate that it was */
    int64_t need;    /* baseband samples that must have been made, or, where it is early: stream samples that must have arrived */
    bool early;      /* it is to be read first when its last chip has been heard */
    int64_t early_need;
    /* its own */
    bool used;
    float amplitude;
    int mode_at;      /* index into config.modes that is being tried; -1: the next is to be chosen */
    unsigned tried;   /* bit by index */
    float follows[2]; /* C's second word, format A and B, relative to the sync word */
    bool cut;         /* the transmission ended at baseband sample cut_at, before the frame that its L tells of */
    int64_t cut_at;
    unsigned short_tier;             /* that could not read for want of samples */
    unsigned again;                  /* so many times what had been planned for did not do */
    uint8_t head[WM_BURST_HEAD_MAX]; /* as first read */
    size_t head_bytes;               /* 0: not yet */
    enum wm_format format;
};

WM_MUST_USE enum wm_status wm_bursts_create(const struct wm_bursts_config *config, struct wm_bursts **bursts);
void wm_bursts_destroy(struct wm_bursts *bursts);
/* There are none; the band begins anew. */
void wm_bursts_reset(struct wm_bursts *bursts);

/* One more, in the place of the first when there are too many. follows: the amplitude of C's second word behind the sync word in
 * format A and B, 0: not looked for. */
struct wm_burst *wm_bursts_add(struct wm_bursts *bursts, const struct wm_chip_timing *timing, float amplitude, double strength,
                               const float follows[2]);
bool wm_bursts_any(const struct wm_bursts *bursts);
/* The one that waits for the earliest sample, NULL: there is none; and the stream samples that must have arrived for it. */
struct wm_burst *wm_bursts_next(const struct wm_bursts *bursts);
int64_t wm_burst_need(const struct wm_bursts *bursts, const struct wm_burst *burst);
/* First baseband sample that any of them may still look at, INT64_MAX: none. */
int64_t wm_bursts_oldest(const struct wm_bursts *bursts);
/* The n-th, n < WM_BURSTS_MAX, NULL: there is none. */
#define WM_BURSTS_MAX 4
struct wm_burst *wm_bursts_at(struct wm_bursts *bursts, unsigned n);
/* Its transmission ended at this baseband sample. */
void wm_burst_cut(struct wm_burst *burst, int64_t at);

/* Offers it to the callback. Read or vain: it is gone. Read: what was read, and where it ends in the baseband. */
enum wm_burst_outcome { WM_BURST_WAITS, WM_BURST_READ, WM_BURST_VAIN };
struct wm_burst_frame {
    enum wm_mode mode;
    double end, period; /* samples: where the frame ends, of its chips */
};
enum wm_burst_outcome wm_bursts_offer(struct wm_bursts *bursts, struct wm_burst *burst, float noise_density,
                                      struct wm_burst_frame *frame);
/* At the end of the stream: the callback is told of each that there is no more of it. */
void wm_bursts_finish(struct wm_bursts *bursts, float noise_density);

/* By index into config.modes: sync words, frames. */
struct wm_burst_counts {
    uint64_t syncs[2], frames[2];
};
struct wm_burst_counts *wm_bursts_counts(struct wm_bursts *bursts);
