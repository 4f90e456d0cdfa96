/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/queue.h"

/* What is known of each meter right now, for those who ask: its last reading as JSON, and its values as metrics. Safe to read while
 * it is written. */
struct wm_board;

#define WM_BOARD_METERS 20000

WM_MUST_USE enum wm_status wm_board_create(struct wm_board **board);
void wm_board_destroy(struct wm_board *board);

/* What was heard of a meter: labels (manufacturer="…",id="…"…), its JSON line, its values as lines `name="…"} 1.5`; readable: what
 * it says takes the place of the last. WM_FULL: too many meters; WM_NO_MEMORY. */
struct wm_board_entry {
    const char *labels, *json, *values;
    size_t labels_len, json_len, values_len;
    double heard_s;
    bool readable;
};
WM_MUST_USE enum wm_status wm_board_put(struct wm_board *board, const struct wm_board_entry *entry);
size_t wm_board_count(struct wm_board *board);

/* All meters as metrics in Prometheus' text format; as a JSON array, of one identification number where id is not NULL. A malloc'ed
 * text, NULL: no memory. */
char *wm_board_metrics(struct wm_board *board, size_t *len);
char *wm_board_json(struct wm_board *board, const char *id, size_t *count, size_t *len);
