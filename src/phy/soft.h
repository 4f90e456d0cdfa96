/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/mode.h"

#include <stddef.h>
#include <stdint.h>

/* What the demodulator hands to the link layer: bytes, and where they may be wrong.
 *
 * The design's first sketch was "best value, runner-up and margin for each nibble". An error event is the same idea with any
 * footprint: a 3-of-6 word's second-best value changes up to four bits of one nibble, a Manchester bit one bit, but the survivor
 * that lost a merge in the NRZ trellis differs in two or more neighbouring bits that straddle nibbles. One form serves all three.
 */

#define WM_SOFT_BYTES_MAX 292 /* format A, L = 255: 290 bytes on air, and one byte of slack either side */

/* A cheap alternative: XOR `mask` into the 32 bits that end at bit `last_bit`, at a price. */
struct wm_error_event {
    uint32_t last_bit; /* index of the event's last wrong bit from the frame's first (0 is the top bit of byte 0) */
    uint32_t mask;     /* bit 0 is last_bit itself, bit i the bit i places before it; never 0; bit 0 is always set */
    uint32_t apart;    /* not 0: and the bit so far before last_bit, which is none of the mask's; lies inside the frame */
    float cost;        /* log-likelihood ratio given up by taking it, natural logarithm, >= 0 */
};

struct wm_soft {
    uint8_t bytes[WM_SOFT_BYTES_MAX]; /* hard decisions, CRCs included, as they came */
    size_t len;
    struct wm_error_event *events; /* sorted by last_bit, in the receiver's memory, valid inside the callback only */
    size_t event_count;
    unsigned invalid_words; /* 3-of-6 words whose best hard value is not a code word (0 for word-wise detectors) */
    enum wm_format format;  /* by sync word; WM_FORMAT_A in modes that have no other */
};

/* Where the link layer pulls symbols from: the receiver implements it for one synchronised burst.
 *
 * The link layer does not know chips, the receiver does not know frames: so link asks for as many bytes as it needs to learn the
 * length, then for the whole frame, and again with a higher tier when a CRC fails. */
struct wm_soft_source {
    /* Demodulates the first `bytes` bytes after the sync word with the given tier's effort (0 is the cheapest) into *soft.
     * WM_TOO_SHORT: these samples have not arrived yet (the receiver will call again when they have);
     * WM_END: the tier does not exist; the receiver's budget is spent; or the stream ended before. */
    enum wm_status (*read)(void *self, unsigned tier, size_t bytes, struct wm_soft *soft);
    void *self;
};
