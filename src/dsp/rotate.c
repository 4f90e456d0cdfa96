/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rotate.h"

#include <math.h>

#define BLOCK 64

void wm_rotate(const struct wm_kernels *kernels, const float *re, const float *im, size_t count, double phase, double step,
               float gain, float *out_re, float *out_im)
{
    float table_re[BLOCK], table_im[BLOCK], c[BLOCK], s[BLOCK];
    size_t n = count < BLOCK ? count : BLOCK;
    double pr = gain, pi = 0;
    const double sr = cos(2 * M_PI * step), si = sin(2 * M_PI * step);

    for (size_t i = 0; i < n; i++) { /* 64 steps of a double recurrence: error below 1e-14 */
        double t = pr * sr - pi * si;
        table_re[i] = (float)pr;
        table_im[i] = (float)pi;
        pi = pr * si + pi * sr;
        pr = t;
    }
    for (size_t at = 0; at < count; at += BLOCK) {
        double cycles = phase + step * (double)at;
        float cr, ci;
        n = count - at < BLOCK ? count - at : BLOCK;
        cycles -= floor(cycles);
        cr = (float)cos(2 * M_PI * cycles);
        ci = (float)sin(2 * M_PI * cycles);
        for (size_t i = 0; i < n; i++) {
            c[i] = table_re[i] * cr - table_im[i] * ci;
            s[i] = table_re[i] * ci + table_im[i] * cr;
        }
        kernels->multiply(re + at, im + at, c, s, n, out_re + at, out_im + at);
    }
}
