/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What one channel may spend on acquisitions, counted in cells of signal, never in time that passes: the same samples are worked on
 * in the same way on every machine. An acquisition and the reading that follows it cost about a millisecond of a core, and whatever
 * keeps sending FSK (or pretends to be a frame) without being one offers a thousand a second.
 *
 * Two leaky buckets, each kept as the cell up to which it is paid for (the virtual scheduling form of the generic cell rate
 * algorithm, ITU-T I.371 annex A):
 *   pace     one after the other with a distance, so that no millisecond of air costs much more than another; who must wait, waits
 *   in vain  those that led to no frame; who cannot pay is dropped. Air full of frames has less than one such a second, air full of
 *            frames too weak to be read some twenty. Half of it is kept for candidates that promise more than what was tried in
 *            vain: the first ones of a transmission, and such as are clearly stronger. So a transmitter that never stops does not
 *            use up what a frame over it or behind it needs */
struct wm_allowance {
    int64_t paced, in_vain;
    unsigned first; /* candidates that still count as the first of this transmission */
    double tried;   /* strength of what was tried in vain lately, 0: nothing */
};

/* As if nothing had been spent before the cell. */
void wm_allowance_reset(struct wm_allowance *allowance, int64_t cell);
/* Nothing is left of what was spent: it stands as after a reset. */
bool wm_allowance_is_whole(const struct wm_allowance *allowance, int64_t cell);
/* A transmission may have begun: the gate has opened. */
void wm_allowance_begin(struct wm_allowance *allowance);
/* The next acquisition must wait for a later cell. */
bool wm_allowance_waits(const struct wm_allowance *allowance, int64_t cell);
/* Takes an acquisition's price for a candidate of this strength, in any unit. False: there is none left for this one, and nothing
 * was taken. */
bool wm_allowance_take(struct wm_allowance *allowance, int64_t cell, double strength);
/* What came of it. Nothing: its strength is what others are measured by. A frame: its price is given back, and one more for what
 * its neighbour may have cost, and those that so long a preamble costs at the threshold of hearing, in S two. */
void wm_allowance_vain(struct wm_allowance *allowance, double strength);
void wm_allowance_frame(struct wm_allowance *allowance, unsigned preamble_chips);
