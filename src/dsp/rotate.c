/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rotate.h"

#include <math.h>

#define BLOCK 64

void wm_rotate(const struct wm_kernels *kernels, const float *re, const float *im, size_t count, double phase, double step,
               float gain, float *out_re, float *out_im)
{
    double turn_re[BLOCK], turn_im[BLOCK];
    float table_re[BLOCK], table_im[BLOCK], c[BLOCK], s[BLOCK];
    size_t n = count < BLOCK ? count : BLOCK;
    double sr = cos(2 * M_PI * step), si = sin(2 * M_PI * step);

    /* the second half of a table is the first, turned: six doublings in double, error below 1e-14 */
    turn_re[0] = gain;
    turn_im[0] = 0;
    for (size_t have = 1; have < n; have *= 2) {
        for (size_t i = 0; i < have; i++) {
            turn_re[have + i] = turn_re[i] * sr - turn_im[i] * si;
            turn_im[have + i] = turn_re[i] * si + turn_im[i] * sr;
        }
        double squared = sr * sr - si * si;
        si = 2 * sr * si;
        sr = squared;
    }
    for (size_t i = 0; i < n; i++) {
        table_re[i] = (float)turn_re[i];
        table_im[i] = (float)turn_im[i];
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
