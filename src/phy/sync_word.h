/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/kernels.h"
#include "dsp/sync.h"
#include "phy/mode.h"

/* The sync words of EN 13757-4 as what a channel searches for. */

#define WM_SECOND_SYNC_CHIPS 16
/* The second half of mode C's sync word: format A, format B. */
extern const uint8_t wm_second_sync[2][WM_SECOND_SYNC_CHIPS];

/* One a byte: the last `preamble` chips of the preamble, 01 pairs, an even count, and the sync word. Returns how many. */
size_t wm_sync_word_chips(size_t preamble, const struct wm_chips *word, uint8_t *chips);

/* A finder for the preamble's end and the sync word of modes that begin alike (modes[0] leads), over the deviations of all of them,
 * in baseband of sample_rate_hz. *sequence_chips: how long the sequence is. The caller destroys *finder. */
WM_MUST_USE enum wm_status wm_sync_word_finder_create(const struct wm_kernels *kernels, const enum wm_mode *modes,
                                                      unsigned mode_count, double sample_rate_hz, size_t *sequence_chips,
                                                      struct wm_sync_finder **finder);
