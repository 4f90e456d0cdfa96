/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rotate.h"

#include <math.h>

#define BLOCK WM_ROTATOR_BLOCK

void wm_rotator_set(struct wm_rotator *rotator, double step, float gain)
{
    double re[BLOCK], im[BLOCK], sr = cos(2 * M_PI * step), si = sin(2 * M_PI * step);

    rotator->step = step;
    rotator->gain = gain;
    /* the second half of a table is the first, turned: six doublings in double, error below 1e-14 */
    re[0] = (double)gain;
    im[0] = 0;
    for (size_t have = 1; have < BLOCK; have *= 2) {
        for (size_t i = 0; i < have; i++) {
            re[have + i] = re[i] * sr - im[i] * si;
            im[have + i] = re[i] * si + im[i] * sr;
        }
        double squared = sr * sr - si * si;
        si = 2 * sr * si;
        sr = squared;
    }
    for (size_t i = 0; i < BLOCK; i++) {
        rotator->re[i] = (float)re[i];
        rotator->im[i] = (float)im[i];
    }
}

void wm_rotate(const struct wm_kernels *kernels, const struct wm_rotator *rotator, const float *re, const float *im, size_t count,
               double phase, const float offset[2], float *out_re, float *out_im)
{
    struct wm_rotation rotation = {
        .table_re = rotator->re, .table_im = rotator->im, .offset_re = offset ? offset[0] : 0, .offset_im = offset ? offset[1] : 0};

    for (size_t at = 0; at < count; at += BLOCK) {
        double cycles = phase + rotator->step * (double)at;
        const size_t n = count - at < BLOCK ? count - at : BLOCK;
        cycles -= floor(cycles);
        rotation.by_re = (float)cos(2 * M_PI * cycles);
        rotation.by_im = (float)sin(2 * M_PI * cycles);
        kernels->rotate(re + at, im + at, &rotation, n, out_re + at, out_im + at);
    }
}
