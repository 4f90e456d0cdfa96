/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "phy/channel.h"

/* The work of a receiver's channels on two cores, with the same output as on one.
 *
 * A batch of samples is worked on at once, when the listeners have run over it. It is cut where the gate opens after some silence:
 * a part is a job that goes on from there until it stands at a later cut with nothing going on, where the next part begins from the
 * same state. Whether it does is only known afterwards: a part that another one ran across is thrown away, and a cut that nobody
 * reached in this state is none. So what comes out does not depend on guesses, only the time it takes does.
 *
 * Callbacks are made by the parts, at the same time and for nothing where a part is thrown away. They must touch only the result
 * given to them; results of the parts that count are handed over in the order in which one core would have made them. */
struct wm_parts;

struct wm_parts_config {
    struct wm_pool *pool;                     /* for the creation */
    const struct wm_channel_config *channels; /* intake: a view of the batch */
    struct wm_intake *const *ahead;           /* of each channel: where the next batch is being filled */
    unsigned channel_count;
    size_t batch_samples; /* of the channels' intakes, at most */
    size_t result_bytes;  /* room given to each call of on_sync, zeroed */
    wm_sync_fn on_sync;   /* with sync->result; channels' own on_sync and user are ignored */
    void (*on_result)(void *user, const void *result);
    void *user;
};

WM_MUST_USE enum wm_status wm_parts_create(const struct wm_parts_config *config, struct wm_parts **parts);
void wm_parts_destroy(struct wm_parts *parts);
void wm_parts_reset(struct wm_parts *parts);

/* Jobs for a pool, user the parts. While the next batch is filled: samples [from, to) of an intake have been, all that can be made
 * of them in any order; from which index on that is not true after all. */
void wm_parts_hear(struct wm_parts *parts, const struct wm_intake *intake, int64_t from, int64_t to);
void wm_parts_unhear(struct wm_parts *parts, int64_t from);
/* What has been filled becomes the batch, all work that needs no sample from `end` on: the channels' listeners, one job each; then,
 * when all have been, so many parts, as make says. */
void wm_parts_turn(struct wm_parts *parts, int64_t end);
void wm_parts_listen(void *parts, size_t channel);
size_t wm_parts_make(void *parts);
void wm_parts_job(void *parts, size_t i);
/* After the jobs: hands the results over. */
WM_MUST_USE enum wm_status wm_parts_settle(struct wm_parts *parts);
/* At the end of the stream, as wm_channel_finish. */
WM_MUST_USE enum wm_status wm_parts_finish(struct wm_parts *parts);
void wm_parts_stats(const struct wm_parts *parts, struct wm_receiver_stats *stats);
