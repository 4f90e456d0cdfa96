/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/kernels.h"

/* From a channel's samples to chip correlations: the burst is interpolated onto a whole number of samples a chip, carrier removed,
 * and each chip is correlated with both tones. What follows (words, trellis) sees c1 and c0 only.
 *
 * Correlations lie in planes, so that the kernels work on many words side by side: chip k of word w is plane k, column w. The phase
 * of c1 and c0 is referenced to the chip's start: a correlation over several chips turns chip i back by pi h times the chip sum
 * (ones minus zeros) of the chips before it. Source: CPFSK detection by complex correlation, Proakis, Digital Communications, ch.
 * "CPM". */

/* A stretch of one channel's baseband. index of re[0] is `first`. */
struct wm_baseband {
    const float *re, *im;
    int64_t first;
    size_t count;
};

/* Where the chips are. Times in baseband samples. */
struct wm_chip_timing {
    double start;        /* time of chip 0's beginning */
    double period;       /* samples a chip */
    double carrier;      /* cycles a sample */
    double origin;       /* time at which the derotation's phase is 0: stays while start and period are tracked */
    double clock_spread; /* how well the period is known, relative */
    double h;            /* modulation index: 2 * deviation / chip rate */
};

/* Samples a chip after interpolation are to be about as many as the baseband has: with half as many, noise that a carrier far from
 * the middle turns beyond half of their rate comes to lie on the signal. */
#define WM_CHIP_SAMPLES_MAX 12
static inline unsigned wm_chip_samples(double period)
{
    return period > 6 ? 8 : 4;
}

struct wm_correlator {
    const struct wm_kernels *kernels;
    unsigned word_chips; /* chips a word: planes */
    unsigned samples;    /* samples a chip after interpolation */
    size_t words_max;
    size_t stride;                  /* of a plane, words_max rounded up to whole vectors */
    struct wm_complex_plane c1, c0; /* word_chips planes each */
    /* work space */
    struct wm_complex_plane z;      /* word_chips * samples planes */
    struct wm_complex_plane turned; /* derotated baseband */
    size_t turned_max;
    float *bank;
    float *memory;
};

/* Room for words_max words of word_chips chips with at most period_max baseband samples a chip. */
WM_MUST_USE enum wm_status wm_correlator_create(const struct wm_kernels *kernels, unsigned word_chips, unsigned samples,
                                                size_t words_max, double period_max, struct wm_correlator **chips);
void wm_correlator_destroy(struct wm_correlator *chips);

/* Correlates `words` words beginning with the word that starts at chip first_chip (may be negative) into columns column … The
 * baseband must hold them with WM_CHIP_MARGIN samples either side: WM_TOO_SHORT otherwise. */
#define WM_CHIP_MARGIN 6
WM_MUST_USE enum wm_status wm_correlator_run(struct wm_correlator *chips, const struct wm_baseband *in,
                                             const struct wm_chip_timing *timing, long first_chip, size_t words, size_t column);

/* Correlates columns [column, column + words) of the last run anew with another modulation index. */
void wm_correlator_tones(struct wm_correlator *chips, double h, size_t words, size_t column);

/* Baseband index one past the last sample that correlating up to (not including) chip `end` needs. */
int64_t wm_correlator_need(const struct wm_chip_timing *timing, long end);
