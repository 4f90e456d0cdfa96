/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/sync.h"

/* Inside of the finder: what the search (sync.c) and the acquisition (acquire.c) share. */

#define WM_SYNC_LAGS     2
#define WM_SYNC_BANK     9
#define WM_SYNC_TAPS_MAX 640
#define WM_SYNC_BESIDE   2    /* positions either side, half a chip, that the preamble is looked for at */
#define WM_SYNC_CHIPS    256  /* of the sequence, at most */
#define WM_CLOCK_STEP    0.03 /* between clock hypotheses of the search */
#define WM_CUM_MAX       16   /* largest chip sum inside the sequence */
#define WM_REALIGN_CHIPS 18   /* how far a candidate may sit beside the sequence: C format B repeats it 16 chips on */
#define WM_FOLLOW_CHIPS  16   /* longest word that `follows` takes */

/* The sequence's lag products as they are expected at one chip clock. */
struct wm_sync_template {
    double period; /* baseband samples a chip */
    size_t taps;
    float energy[WM_SYNC_LAGS];
    float tap[WM_SYNC_LAGS][WM_SYNC_TAPS_MAX];
};

/* Lag products of the stretch that is searched. */
struct wm_lag_products {
    float *re, *im;
    double *power; /* running sum of |d|^2 */
};

struct wm_sync_finder {
    struct wm_sync_config config;
    const struct wm_kernels *kernels;
    uint8_t *known;
    double period;                  /* nominal */
    size_t lag[WM_SYNC_LAGS], lags; /* the longest first */
    size_t hop;
    float score_min;
    double carrier_max; /* cycles a sample */
    /* below it the clock is taken for a crystal's: the known chips alone do not tell better (2.4 sigma at 6.5 dB) */
    double clock_nominal;
    double step_max; /* carrier left after the search, radians a chip */
    int cum_first;   /* chip sum at the sequence's start, relative to its end */
    struct wm_sync_template bank[WM_SYNC_BANK];
    size_t bank_count;
    struct wm_sync_template preamble; /* goes on where the sync word would be; config.long_preamble only */
    /* acquisition */
    struct wm_correlator *chips;
    bool follow_ready; /* the correlation holds the chips behind the last acquired sequence */
    double follow_h;
    struct wm_complex_plane fine; /* sample planes twice, the second time a chip later: any whole sample of shift */
    size_t fine_stride;
    struct wm_complex_plane one, zero; /* tones of the shifted chips */
    float *is_one;                     /* 1 or 0 for each known chip */
    float *fine_memory;
    /* search work space */
    struct wm_lag_products d[WM_SYNC_LAGS];
    float *c_re, *c_im;
    float score[WM_SYNC_BATCH]; /* of each position, mean over the lags */
    float preamble_score[WM_SYNC_BATCH];
    float *memory;
    double *sums;
};

/* The acquisition's part of the finder; wm_sync_finder_destroy frees it. */
WM_MUST_USE enum wm_status wm_acquire_create(struct wm_sync_finder *finder);
