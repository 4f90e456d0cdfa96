/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/correlator.h"
#include "phy/mode.h"
#include "phy/soft.h"

/* Soft bytes of one mode from a channel's baseband and an acquired timing, in tiers of rising effort:
 *   tier  S, T (words)                        C (trellis)
 *   0     words without phase reference       strong: chips one by one; else trellis over 16 modulation indices
 *   1     phase from the neighbouring words   trellis, and the alternatives that it cannot see
 *   2, 3  burst refined, again                burst refined, trellis over a finer grid, stiffer carrier, alternatives
 * Error events come from tier 1 on, with mode C's format B from tier 0 unless the burst is strong. */
struct wm_demodulator;

#define WM_TIERS 4

/* period_max: baseband samples a chip at the slowest clock. */
WM_MUST_USE enum wm_status wm_demodulator_create(const struct wm_kernels *kernels, enum wm_mode mode, double period_max,
                                                 struct wm_demodulator **demodulator);
void wm_demodulator_destroy(struct wm_demodulator *demodulator);

/* The baseband's indices begin anew. */
void wm_demodulator_reset(struct wm_demodulator *demodulator);

/* Begins a burst. `in` and what it points to must stay until the next begin. start of *timing: the first data chip. with_events:
 * whether error events are wanted (they are not where another mode is likelier); strong: decisions without any memory are likely
 * to do, so that the first tier need not be more. */
void wm_demodulator_begin(struct wm_demodulator *demodulator, const struct wm_baseband *in, const struct wm_chip_timing *timing,
                          enum wm_format format, float noise_density, bool with_events, bool strong);
/* As wm_soft_source.read. */
WM_MUST_USE enum wm_status wm_demodulator_read(struct wm_demodulator *demodulator, unsigned tier, size_t bytes,
                                               struct wm_soft *soft);
/* The best timing so far. */
const struct wm_chip_timing *wm_demodulator_timing(const struct wm_demodulator *demodulator);
