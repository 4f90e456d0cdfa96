/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/frame.h"
#include "phy/soft.h"

/* Soft symbols and CRCs to a frame: the one place where symbols are repaired. */

/* Bounds of the repair (Chase-like list decoding over error events; see docs/receiver.md). A failing block is corrected by the
 * cheapest set of at most `max_set` of its `max_events` cheapest events, of total cost at most `max_cost`, that zeroes the CRC
 * syndrome. A block with more than `max_candidates` sets under the cost cap is noise and is not tried: each candidate accepts a wrong
 * block with probability 2^-16. */
struct wm_repair {
    unsigned max_events;
    unsigned max_set;
    unsigned max_candidates;
    float max_cost;
};

extern const struct wm_repair wm_repair_default; /* 12 events, pairs, 60 candidates, cost 10 */
extern const struct wm_repair wm_repair_none;

/* What happened, for the end-of-run summary: counters that the caller owns and that only grow. */
struct wm_deframe_stats {
    uint64_t frames[2];   /* clean, repaired */
    uint64_t crc_failed;  /* syncs given up because a CRC failed in every tier */
    uint64_t implausible; /* CRC passed after repair, but the header makes no sense: refused */
    uint64_t bad_length;  /* L below the minimum in every tier */
    uint64_t cut;         /* the stream or the burst ended inside the frame */
};

/* Reads one frame from a synchronised burst. *frame gets data, len, format, grade, repaired. *air_bytes: on WM_OK what the frame spans
 * on air; on WM_TOO_SHORT how many bytes must have arrived before the next call, which starts afresh.
 * Tiers are tried in rising order until one passes. WM_INTEGRITY, WM_MALFORMED: not a frame. A clean frame needs every CRC; a repaired
 * one must also make sense (a C field the standard names, a CI that is not reserved, for format A every block). */
WM_MUST_USE enum wm_status wm_deframe(const struct wm_soft_source *source, enum wm_format format, const struct wm_repair *repair,
                                      struct wm_frame *frame, size_t *air_bytes, struct wm_deframe_stats *stats);
