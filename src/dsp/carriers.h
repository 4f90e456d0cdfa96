/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/* Unmodulated carriers: finding them in a stretch of samples, and taking them out of a stream. They are all power in one place, so
 * a notch of some hundred hertz leaves what else is there nearly whole; as interference they would be as loud as they are. */

#define WM_CARRIERS_MAX      3
#define WM_CARRIER_BLOCKS    16
#define WM_CARRIER_BLOCK_MAX 128 /* samples */

struct wm_carriers {
    unsigned count;
    float frequency[WM_CARRIERS_MAX]; /* cycles a sample, -0.5 to 0.5 */
};

/* Looks for carriers that have at least `share` of the stretch's power each, the louder ones already taken out. re and im are
 * WM_CARRIER_BLOCKS * block samples, block at most WM_CARRIER_BLOCK_MAX; the carriers found are taken out of them. */
void wm_carriers_find(float *re, float *im, size_t block, double share, struct wm_carriers *carriers);

/* Follows one carrier by a first-order loop and takes it out: a notch of +-rate / (2 pi WM_NOTCH_SAMPLES). It begins as a running
 * mean, so that it has converged after a few times as many samples. */
#define WM_NOTCH_SAMPLES 200
struct wm_notch {
    double frequency;
    double re, im; /* the carrier at the next sample */
    unsigned heard;
};

void wm_notch_run(struct wm_notch *notch, float *re, float *im, size_t n);

/* Takes a carrier's part out of n samples; returns the power per sample that was in it. */
double wm_carrier_project(double frequency, float *re, float *im, size_t n);
