/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"
#include "dsp/phasor.h"
#include "dsp/stripped.h"

/* The phase of a whole CPFSK burst, its data taken out: what is left of carrier, its drift and the modulation index, and single
 * chips that were decided wrongly.
 *
 * A wrong chip leaves all chips behind it turned by 2 pi h, which is little where h is near 1 (-36 degrees at 0.9): a window of a
 * few chips cannot tell it from noise, and a carrier and an h fitted to the wrong decisions hide it. So each chip is judged by a
 * generalised likelihood ratio over the burst: the phase is linear in its unknowns, so fitting them anew with one chip flipped
 * changes the squared residual by 2 theta r'u + theta^2 u'Mu, with u the step behind the chip, r = My the residual and M what
 * takes the fit out (linear regression with one term more). Two wrong chips far apart are two such steps. */
struct wm_phase_steps;

/* Room for n_max chips. */
WM_MUST_USE enum wm_status wm_phase_steps_create(size_t n_max, struct wm_phase_steps **steps);
void wm_phase_steps_destroy(struct wm_phase_steps *steps);

/* Least squares over the phase of the decided correlations. False: the burst is too short, or its data too regular, to tell; the
 * fit is 0 then. */
bool wm_phase_steps_fit(struct wm_phase_steps *steps, const struct wm_stripped *planes, struct wm_phase_fit *fit);

/* After a fit that told, and wm_stripped_turn by it, which returned `along`. cost[k] of each chip from `fixed` on: what flipping it
 * costs in units of amplitude, as in alternatives.h; negative: the burst is explained better. Returns how many chips the best set
 * of one or two that costs less than 0 has, in flip[]. */
unsigned wm_phase_steps_costs(struct wm_phase_steps *steps, const struct wm_stripped *planes, double along, size_t fixed, double h,
                              float *cost, size_t flip[2]);

/* Two chips farther apart than the alternatives' pairs; each alone may cost much more. */
struct wm_far_pair {
    size_t first, last;
    float cost;
};

/* After wm_phase_steps_costs: pairs of cost at most max_cost and cheaper than one after the other, in order of their last chip; at
 * most cap. */
size_t wm_phase_steps_pairs(const struct wm_phase_steps *steps, float max_cost, struct wm_far_pair *list, size_t cap);

/* v of the chips [from, to) added up; *sum, the chip sum (ones minus zeros) before them, is moved on, *mean is its mean over them.
 */
struct wm_phasor wm_phase_gather(const struct wm_complex_plane *v, const uint8_t *chip, size_t from, size_t to, int *sum,
                                 double *mean);
