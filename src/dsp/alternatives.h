/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"
#include "dsp/stripped.h"

/* Which other chip sequences explain a CPFSK burst nearly as well as the decided one: single chips, and pairs of opposite chips at
 * most WM_ALTERNATIVE_PAIR apart. A flipped chip turns the phase of all chips behind it by 2 pi h; a pair turns only those between.
 * Each is judged by a generalised likelihood ratio, the carrier phase being unknown and constant over a window to both sides.
 *
 * The trellis does not see these all: paths whose chip sums stay 2 apart never merge, and its carrier references look back only. */

struct wm_alternative {
    size_t last;   /* last flipped chip */
    uint32_t mask; /* bit 0 is `last`, bit i the chip i before it */
    size_t apart;  /* not 0: and the chip so far before `last`, which is none of the mask's */
    /* in units of amplitude: times 2 A / variance it is a log-likelihood ratio; negative: better than what was decided */
    float cost;
};

struct wm_alternatives;

/* Room for n_max chips. */
WM_MUST_USE enum wm_status wm_alternatives_create(const struct wm_kernels *kernels, size_t n_max,
                                                  struct wm_alternatives **alternatives);
void wm_alternatives_destroy(struct wm_alternatives *alternatives);

/* What the caller fills before wm_alternatives_begin; chip and n are the caller's to set. Valid as long as the object. */
struct wm_stripped *wm_alternatives_planes(struct wm_alternatives *alternatives);

/* A new burst, the first `fixed` chips of which are known. */
void wm_alternatives_begin(struct wm_alternatives *alternatives, size_t fixed, double h);
/* Applies the best alternative, or the best pair, as long as one is better than what is decided, at most `rounds` times; the planes
 * and the chips follow. Returns how many it applied. */
unsigned wm_alternatives_improve(struct wm_alternatives *alternatives, bool pairs_only, unsigned rounds);

/* For the list: what single chips cost, an array of n, known better than from a window. */
void wm_alternatives_set_singles(struct wm_alternatives *alternatives, const float *cost);

/* All alternatives of cost at most max_cost, in order of their last chip; at most cap, then the later ones are missing. */
size_t wm_alternatives_list(const struct wm_alternatives *alternatives, float max_cost, struct wm_alternative *list, size_t cap);
