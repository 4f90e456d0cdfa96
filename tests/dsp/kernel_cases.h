/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/kernels.h"

/* Every kernel behind one call, with input of its own making, so that variants can be compared (kernel_compare.c, also on other
 * CPUs) and timed (bench/kernels.c) alike. Plain C: needs the kernels and nothing else. */

#define KERNEL_N_MAX   1024 /* outputs of a call */
#define KERNEL_STRIDE  1096 /* of all planes; no power of two, whose planes would get into each other's way in the cache */
#define KERNEL_OUT_MAX 16   /* planes of output, times two for complex ones */

struct kernel_scene {
    unsigned char raw[8 * KERNEL_N_MAX];     /* samples as bytes */
    float cf32[2 * KERNEL_N_MAX + 1];        /* samples as floats, of any kind */
    int16_t x[2 * (KERNEL_N_MAX * 8 + 64)];  /* samples for filters */
    int16_t tap_re[2 * 64], tap_im[2 * 64];  /* of filters, as pairs */
    float plane[24 * KERNEL_STRIDE + 64];    /* real parts, in as many planes as a kernel takes */
    float plane_im[24 * KERNEL_STRIDE + 64]; /* imaginary parts */
    float second[6 * KERNEL_STRIDE + 64];    /* a second complex signal */
    float second_im[6 * KERNEL_STRIDE + 64]; /* */
    float tap[256], tap2[256];               /* real taps, tones */
    float bank[129 * WM_INTERPOLATOR_TAPS];  /* of an interpolator */
    uint8_t known[32];                       /* chips */
    float sign[KERNEL_STRIDE + 64];          /* of chips */
    unsigned char out[2 * KERNEL_OUT_MAX * 4 * KERNEL_STRIDE];
};

struct kernel_case {
    const char *name;
    const char *unit; /* what n counts */
    void (*run)(const struct wm_kernels *kernels, struct kernel_scene *scene, size_t n);
    size_t planes;      /* of output, KERNEL_STRIDE values each */
    size_t value_bytes; /* */
    size_t values;      /* in a plane; 0: n */
    size_t usual_n;     /* of a call in the receiver */
};

extern const struct kernel_case kernel_cases[];
extern const size_t kernel_case_count;

/* Fills the inputs: kind 0 ordinary signals, 1 the extremes of each type, 2 zeros and values of all sizes. */
void kernel_scene_fill(struct kernel_scene *scene, unsigned seed, int kind);

/* Compares a variant with `oracle` on n outputs. 0 when they are the same to the last bit, else 1 + the plane that differs. */
size_t kernel_case_differs(const struct kernel_case *one, const struct wm_kernels *oracle, const struct wm_kernels *variant,
                           struct kernel_scene *scene, size_t n);
