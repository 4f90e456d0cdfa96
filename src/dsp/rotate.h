/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/kernels.h"

#define WM_ROTATOR_BLOCK 64

/* gain * e^{j 2 pi n step} for the first samples of a block, step in cycles. */
struct wm_rotator {
    double step;
    float gain;
    float re[WM_ROTATOR_BLOCK], im[WM_ROTATOR_BLOCK];
};

void wm_rotator_set(struct wm_rotator *rotator, double step, float gain);

/* out[n] = (in[n] - offset) * gain * e^{j 2 pi (phase + n * step)}, phase in cycles; offset: re and im, NULL: none; in place is
 * allowed. The phasor is set anew in double precision every block, so float rounding does not grow with the length. */
void wm_rotate(const struct wm_kernels *kernels, const struct wm_rotator *rotator, const float *re, const float *im, size_t count,
               double phase, const float offset[2], float *out_re, float *out_im);
