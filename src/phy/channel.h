/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/intake.h"
#include "phy/listener.h"
#include "phy/receiver.h"

/* One radio channel of the captured band: energy gate, baseband while it is open, sync search, bursts in progress.
 *
 * It is driven by sample index, never by how much happens to have arrived: `next` says which sample the next piece of work needs,
 * `run` does that piece and looks at no later sample. That makes the output independent of how the input is split, and delivers a
 * frame as soon as its last sample is there. */
struct wm_channel;

struct wm_channel_config {
    const struct wm_kernels *kernels;
    const struct wm_intake *intake;
    struct wm_listener *listener; /* another one's, borrowed, for a channel that is only given cells; NULL: its own */
    double sample_rate_hz;        /* of the intake */
    unsigned decimation;   /* of the capture into what the intake holds: its sample m belongs to the capture's m * decimation */
    double delay;          /* + delay */
    double centre_hz;      /* of the captured band, moved by a multiple of the sample rate to be the nearest to the channel */
    enum wm_mode modes[2]; /* those on this channel, in the order they are tried on a sync word: T before C */
    unsigned mode_count;
    double rounding_power; /* of the converter's rounding, full scale squared, per complex sample */
    int64_t start_time_ns;
    wm_sync_fn on_sync;
    void *user;
};

WM_MUST_USE enum wm_status wm_channel_create(const struct wm_channel_config *config, struct wm_channel **channel);
void wm_channel_destroy(struct wm_channel *channel);
/* Forgets all; the next sample has index 0. */
void wm_channel_reset(struct wm_channel *channel);

/* Stream index that must have arrived (exclusive) before run may be called. */
int64_t wm_channel_next(const struct wm_channel *channel);
void wm_channel_run(struct wm_channel *channel);
/* Work in parts (phy/parts.h): listening needs nothing of the bursts and can be done before. The first cell that needs a sample
 * from `end` on. */
int64_t wm_channel_cells_until(const struct wm_channel *channel, int64_t end);
struct wm_listener *wm_channel_listener(struct wm_channel *channel);
/* From now on run takes its cells from here, where cells[0] is cell `first`; borrowed. NULL: it listens itself. */
void wm_channel_script(struct wm_channel *channel, const struct wm_cell *cells, int64_t first);
/* Goes on at a cell as if nothing had been before it; what was listened to stays. */
void wm_channel_begin_at(struct wm_channel *channel, int64_t cell);
/* The next cell to run. */
int64_t wm_channel_cell(const struct wm_channel *channel);
/* Nothing is going on: until the gate opens, running its cells does nothing but count them. Skip goes on at a later cell of the
 * script as if those before it, in none of which the gate is open, had been run. */
bool wm_channel_is_idle(const struct wm_channel *channel);
void wm_channel_skip(struct wm_channel *channel, int64_t cell);
/* Whether it stands at the cell, where the gate opens, and goes on from there exactly as after begin_at: nothing of what was before
 * is still going on or held. */
bool wm_channel_is_fresh_for(const struct wm_channel *channel, int64_t cell);
/* What it has counted since the last call, which wm_channel_stats will not tell any more. */
struct wm_channel_counts {
    uint64_t bursts, acquisitions, syncs[2], frames[2]; /* by index into config.modes */
};
struct wm_channel_counts wm_channel_take_counts(struct wm_channel *channel);

/* At the end of the stream: bursts that still wait are told so. */
void wm_channel_finish(struct wm_channel *channel);
/* How far behind the newest sample it may look. */
size_t wm_channel_reach(double sample_rate_hz);

void wm_channel_stats(const struct wm_channel *channel, struct wm_receiver_stats *stats);
