/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/alternatives.h"
#include "dsp/correlator.h"

/* Sequence detection of uncoded binary CPFSK (mode C) by a Viterbi trellis with a carrier reference in each survivor.
 *
 * The state is the chip sum (ones minus zeros) modulo 8: two paths of equal sum have the same data phase for any modulation index,
 * so merging them loses nothing; only the four states of one parity are alive at a time. Branch metric Re(c conj V) / |V|,
 * reference V' = (alpha V + c) e^{+-j pi h}. Eight modulation indices run side by side in the vector lanes: an error of 0.01 in h
 * turns the phase by 0.75 rad over a run of 24 equal chips, so h is found by the best path metric. Source: per-survivor processing,
 * Raheli, Polydoros and Tzou, IEEE Trans. Commun. 43 (1995). */
#define WM_TRELLIS_STATES 8
#define WM_TRELLIS_LANES  8

struct wm_trellis;

/* Known chips `pre` (preamble and sync) before up to chips_max data chips. */
WM_MUST_USE enum wm_status wm_trellis_create(const struct wm_kernels *kernels, const uint8_t *pre, size_t pre_chips,
                                             size_t chips_max, double period_max, struct wm_trellis **trellis);
void wm_trellis_destroy(struct wm_trellis *trellis);
/* Another sync word of the same length. */
void wm_trellis_set_known(struct wm_trellis *trellis, const uint8_t *pre);

/* Chip correlations of the burst with the given timing; must precede what follows. WM_TOO_SHORT. */
WM_MUST_USE enum wm_status wm_trellis_correlate(struct wm_trellis *trellis, const struct wm_baseband *in,
                                                const struct wm_chip_timing *timing, size_t chips);
/* Chip by chip, no memory: the tone with more energy. */
void wm_trellis_hard(struct wm_trellis *trellis);
/* The trellis over all chips with eight modulation indices round h, h_step apart (0: h alone), side by side, and with `widen`,
 * where the best of them is the first or the last, with the next eight beyond it; the best path's chips are kept. Returns its
 * index. alpha: how much of the carrier reference is kept from chip to chip. */
double wm_trellis_decide(struct wm_trellis *trellis, double h, double h_step, bool widen, float alpha);
/* After it: applies the better ones of the alternatives that the trellis could not see. */
void wm_trellis_improve(struct wm_trellis *trellis);
/* Fits carrier, h, timing and clock to the decisions: *timing is updated; correlate again afterwards. h_span: how far h may be off.
 */
void wm_trellis_refine(struct wm_trellis *trellis, struct wm_chip_timing *timing, double h_span);

/* Decided data chips, one a byte. */
const uint8_t *wm_trellis_values(const struct wm_trellis *trellis);
float wm_trellis_amplitude(const struct wm_trellis *trellis);

/* Other sequences that explain the burst nearly as well, in order of their last data chip; cost is a log-likelihood ratio, at most
 * max_cost. noise_density: white noise power per sample-rate unit of the baseband. After wm_trellis_improve. Returns how many, at
 * most cap (the first ones). */
size_t wm_trellis_events(struct wm_trellis *trellis, float noise_density, float max_cost, struct wm_alternative *events,
                         size_t cap);
