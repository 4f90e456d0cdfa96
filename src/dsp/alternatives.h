/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/phasor.h"

#include <stddef.h>
#include <stdint.h>

/* Which other chip sequences explain a CPFSK burst nearly as well as the decided one: single chips, and pairs of opposite chips at
 * most 16 apart. A flipped chip turns the phase of all chips behind it by 2 pi h; a pair turns only those between. Each is judged
 * by a generalised likelihood ratio, the carrier phase being unknown and constant over a window to both sides.
 *
 * The trellis does not see these all: paths whose chip sums stay 2 apart never merge, and its carrier references look back only. */

struct wm_alternative {
    size_t last;   /* last flipped chip */
    uint32_t mask; /* bit 0 is `last`, bit i the chip i before it */
    float
        cost; /* in units of amplitude: times 2 A / variance it is a log-likelihood ratio; negative: better than what was decided */
};

/* n chips, the first `fixed` of which are known. v: each chip's correlation with its decided tone with the data phase taken out; o:
 * the same for the other tone. Work space of the caller: prefix has n + 1 entries. */
struct wm_alternatives {
    size_t n, fixed;
    uint8_t *chip;
    struct wm_phasor *v, *o, *prefix;
    struct wm_phasor jump; /* e^{j 2 pi h} */
};

/* Applies the best alternative as long as one is better than what is decided, at most `rounds` times; chip, v and o follow. */
void wm_alternatives_improve(struct wm_alternatives *alternatives, unsigned rounds);

/* All alternatives of cost at most max_cost, in order of their last chip; at most cap, then the later ones are missing. */
size_t wm_alternatives_list(struct wm_alternatives *alternatives, float max_cost, struct wm_alternative *list, size_t cap);
