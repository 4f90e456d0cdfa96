/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/kernels.h"

/* out[n] = in[n] * gain * e^{j 2 pi (phase + n * step)}, phase and step in cycles; in place is allowed. The phasor is set anew in
 * double precision every block, so float rounding does not grow with the length. */
void wm_rotate(const struct wm_kernels *kernels, const float *re, const float *im, size_t count, double phase, double step,
               float gain, float *out_re, float *out_im);
