/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/frame.h"
#include "phy/soft.h"

/* Soft symbols and CRCs to a frame: the one place where symbols are repaired. */

/* Bounds of the repair (Chase-like list decoding over error events; see docs/receiver.md). A failing block is corrected by the
 * cheapest set of at most `max_set` of its `max_events` cheapest events that zeroes the CRC syndrome, if the odds against it are
 * small:
 *
 *   (sum of e^-cost over everything else that fits + 2^-16 * (more + unknown)) / e^-cost
 *
 * "everything else" are other events and pairs of them that come to other bits; "more" is the weight of all sets of three events
 * and more, 2^-16 of which fits by chance (large in a block of noise), `unknown` that of errors the demodulator knows nothing of
 * (interference), against 1 for none at all. A block whose CRC fits is held against the errors that its CRC cannot see in the same
 * way. The sum over the frame's blocks may be e^-log_odds; format B has one CRC for many bytes and needs better odds. At most
 * `max_candidates` sets are looked at. */
#define WM_REPAIR_EVENTS_MAX 24
#define WM_REPAIR_SET_MAX    3
struct wm_repair {
    unsigned max_events; /* <= WM_REPAIR_EVENTS_MAX */
    unsigned max_set;    /* <= WM_REPAIR_SET_MAX */
    unsigned max_candidates;
    float unknown;
    float log_odds_a, log_odds_b;
};

extern const struct wm_repair wm_repair_default;
extern const struct wm_repair wm_repair_none;

/* What happened, for the end-of-run summary: counters that the caller owns and that only grow. Each call that does not return
 * WM_TOO_SHORT adds one to exactly one of them. */
struct wm_deframe_stats {
    uint64_t frames[2];   /* clean, repaired */
    uint64_t crc_failed;  /* syncs given up because no tier passed its CRCs */
    uint64_t implausible; /* CRC passed after repair, but the header makes no sense: refused */
    uint64_t bad_length;  /* L below the minimum in every tier */
    uint64_t cut;         /* the stream or the burst ended inside the frame */
};

/* Reads one frame from a synchronised burst. *frame gets data, len, format, grade, repaired (data is scratch on failure).
 * *air_bytes: on WM_OK what the frame spans on air; on WM_TOO_SHORT how many bytes must have arrived before the next call, which
 * starts afresh. Tiers are tried in rising order until one passes, each first on its hard decisions and then with repair.
 * WM_INTEGRITY: a CRC failed in every tier that found a length, or a repaired frame made no sense; WM_MALFORMED: no tier found a
 * possible L; WM_END: the burst or the stream ended inside the frame; WM_INVALID: no such format. A clean frame needs every CRC; a
 * repaired one must also make sense (a C field the standard names, a CI that is not reserved, for format A every block). stats may
 * be NULL. */
WM_MUST_USE enum wm_status wm_deframe(const struct wm_soft_source *source, enum wm_format format, const struct wm_repair *repair,
                                      struct wm_frame *frame, size_t *air_bytes, struct wm_deframe_stats *stats);
