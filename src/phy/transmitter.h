/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"
#include "phy/mode.h"

/* A frame on air as its chips: preamble, sync word, line-coded bytes, tail. */
struct wm_transmission {
    enum wm_mode mode;
    enum wm_format format;   /* picks the sync word; WM_FORMAT_NONE: A */
    struct wm_span air;      /* the frame with its CRCs, L first */
    unsigned preamble_pairs; /* 01 pairs; 0: the mode's minimum */
    unsigned tail_chips;     /* alternating, beginning with the opposite of the last chip */
};

/* Chips the transmission takes in all. */
size_t wm_transmission_chips(const struct wm_transmission *tx);

/* Writes the chips, one a byte. *first_data (may be NULL) gets the index of the first chip after the sync word.
 * WM_INVALID: the mode has no such format, or a tail it must not have; WM_FULL: more than cap chips. */
WM_MUST_USE enum wm_status wm_transmission_build(const struct wm_transmission *tx, uint8_t *chips, size_t cap, size_t *count,
                                                 size_t *first_data);
