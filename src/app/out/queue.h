/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/sink.h"

/* The bounded queue between whoever receives and one output's thread.
 *
 *   receiver --formats into--> [ filling half ]  <-- swapped under the lock -->  [ draining half ] --> output's thread
 *
 * Items are formatted straight into the filling half, so nothing is copied; the thread takes a whole half at a time and works
 * on it without the lock. A writer that may not wait drops the item when the half is full, and counts it. */
struct wm_queue;

/* An item: a key (a topic, a meter's name; often empty) and data. */
struct wm_item {
    unsigned flags; /* the transport's own, 16 bits */
    const char *key;
    size_t key_len;
    const char *data;
    size_t len;
};

/* A run of items. */
struct wm_batch {
    const char *pos, *end;
};

bool wm_batch_next(struct wm_batch *batch, struct wm_item *item);

/* Writing one item into a sink over memory: begin, the key, key_ends, the data, end. */
size_t wm_item_begin(struct wm_sink *sink, unsigned flags);
void wm_item_key_ends(struct wm_sink *sink, size_t begin);
void wm_item_end(struct wm_sink *sink, size_t begin);

#define WM_ITEM_ROOM   (128u << 10) /* what one reading may need, all its items together */
#define WM_QUEUE_BYTES (4u << 20)   /* of each half, unless told otherwise */

/* bytes: of each half, at least 2 * WM_ITEM_ROOM (less is raised to that). */
WM_MUST_USE enum wm_status wm_queue_create(size_t bytes, struct wm_queue **queue);
void wm_queue_destroy(struct wm_queue *queue);

/* The writer's side. begin: the sink to write items into, with at least WM_ITEM_ROOM; NULL when there is no room (patient: it
 * waits for room instead) or the queue is closed: the reading is then counted as dropped. end: makes the items visible; when they
 * did not fit they vanish whole, counted as one. */
struct wm_sink *wm_queue_begin(struct wm_queue *queue, bool patient);
void wm_queue_end(struct wm_queue *queue);
/* Wakes the thread for what is there. Without it the thread wakes when much has come together. */
void wm_queue_kick(struct wm_queue *queue);
/* Waits until the thread has done all that was written so far, at most this long (-1: for ever). Whether it has. */
bool wm_queue_drain(struct wm_queue *queue, int wait_ms);
/* No more will be written; the thread gets what is left. */
void wm_queue_close(struct wm_queue *queue);

/* The thread's side: gives the last batch back and takes what there is, waiting at most wait_ms (-1: for ever) for it. false:
 * closed and empty. An empty batch: the time is over. */
bool wm_queue_take(struct wm_queue *queue, int wait_ms, struct wm_batch *batch);
/* Nothing will be taken any more: writers that wait are let go, and what they write is counted as dropped. */
void wm_queue_abandon(struct wm_queue *queue);

uint64_t wm_queue_dropped(struct wm_queue *queue);
