/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/correlator.h"

/* Detection of line codes whose words hold as many ones as zeros: 3-of-6 (16 words of 6 chips) and Manchester (2 words of 2 chips).
 *
 * The phase of a balanced word returns to where it started whatever the deviation is. So each word is correlated whole, against all
 * its waveforms, and the carrier phase is a slow constant across words. Three passes, each dearer and better than the one before:
 *   track    word by word without a phase reference; timing, clock and deviation follow the decisions
 *   smooth   decisions against the phase of the neighbouring words: metric |S + Z| - |S|
 *   refine   timing, clock and deviation fitted to the whole burst, correlations anew, smooth again
 * The reasons and figures are in docs/receiver.md. */

enum wm_word_code { WM_WORDS_3OF6, WM_WORDS_MANCHESTER };

struct wm_words;

/* words_max data words, pre_chips chips of known preamble and sync before them (a multiple of the word's chips). */
WM_MUST_USE enum wm_status wm_words_create(const struct wm_kernels *kernels, enum wm_word_code code, const uint8_t *pre,
                                           size_t pre_chips, size_t words_max, double period_max, struct wm_words **words);
void wm_words_destroy(struct wm_words *words);

/* First pass over `count` data words. *timing is the estimate from the sync word and comes back tracked. WM_TOO_SHORT: the baseband
 * does not hold them. Afterwards wm_words_values has the decisions. Called again with the same *timing and more words it goes on
 * where it stopped, with the same result as all at once. */
WM_MUST_USE enum wm_status wm_words_track(struct wm_words *words, const struct wm_baseband *in, struct wm_chip_timing *timing,
                                          size_t count);
/* The baseband's indices begin anew: nothing of the last burst holds. */
void wm_words_reset(struct wm_words *words);
/* Second pass, on what track or refine left. */
void wm_words_smooth(struct wm_words *words);
/* Third pass: fits timing and deviation to the decisions, correlates again, smooths again. *timing is updated. */
WM_MUST_USE enum wm_status wm_words_refine(struct wm_words *words, const struct wm_baseband *in, struct wm_chip_timing *timing);

/* The decided nibbles (3-of-6) or bits (Manchester), one a byte. */
const uint8_t *wm_words_values(const struct wm_words *words);
/* Mean amplitude of the burst in the baseband's units (noise removed by averaging in phase), after smooth; 0 before. */
float wm_words_amplitude(const struct wm_words *words);

/* The two (3-of-6) or one (Manchester) best other values of word w and what each costs: log-likelihood ratio for a white noise
 * density of `noise_density` (power per sample-rate unit of the baseband). After smooth only. Returns how many. */
unsigned wm_words_others(const struct wm_words *words, size_t w, float noise_density, uint8_t value[2], float cost[2]);
