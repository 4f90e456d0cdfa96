/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/convert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inner loops, one implementation for each instruction set, chosen at run time for each object. `scalar` is the oracle: every
 * variant gives exactly the same numbers, to the last bit. The integer kernels are exact by nature; the float kernels add in the
 * same order in every variant (eight accumulators, one tree) and are compiled without contraction into fused multiply-add. */

#define WM_LANES 8 /* accumulators of a float kernel: part of the result's definition */

/* A complex FIR that decimates 16-bit samples. Output m is sum over n of x[m * decimation + n] * tap[n], n < taps. Taps come twice,
 * as pairs that multiply (I, Q): (re, -im) for the real part, (im, re) for the imaginary one. The taps' absolute values sum to at
 * most 65535, so that 32-bit sums cannot overflow with any input. */
struct wm_fir {
    unsigned taps; /* a multiple of 8, at least 8 */
    unsigned decimation;
    const int16_t *for_re; /* 2 * taps */
    const int16_t *for_im; /* 2 * taps */
};

/* Taps of one fractional position of an interpolator. */
#define WM_INTERPOLATOR_TAPS 8

static inline int64_t wm_fixed_position(double samples)
{
    return (int64_t)(samples * 4294967296.0 + 0.5);
}

static inline size_t wm_interpolator_row(int64_t position, unsigned phases)
{
    return (size_t)(((uint64_t)(uint32_t)position * phases + 0x80000000u) >> 32);
}

/* Chip correlations in planes, see dsp/correlator.h. */
struct wm_complex_plane {
    float *re;
    float *im;
};

/* What the costs of alternatives are made of. Index k is a chip; WM_ALTERNATIVE_REACH values lie before index 0 and behind the
 * last. */
#define WM_ALTERNATIVE_WINDOW 20 /* chips to either side that hold the phase */
#define WM_ALTERNATIVE_PAIR   16 /* chips between the two of a pair, at most */
#define WM_ALTERNATIVE_ROWS   (1 + WM_ALTERNATIVE_PAIR)
#define WM_ALTERNATIVE_REACH  48
struct wm_alternative_planes {
    struct wm_complex_plane prefix; /* sum of the decided tones of all chips before k, data phase out */
    struct wm_complex_plane other;  /* the other tone */
    float *sign;                    /* of the decided chip: +1 or -1, 0 where there is none or none that may change */
    float jump_re, jump_im;         /* e^{j 2 pi h} */
};

struct wm_rotation {
    const float *table_re, *table_im; /* count phasors */
    float by_re, by_im;
    float offset_re, offset_im;
};

struct wm_kernels {
    const char *name;

    /* n complex samples to 16 bit: cu8 as 2u - 255, cs8 and cs16 as they are, cf32 times gain, rounded to nearest even, saturated;
     * NaN becomes 0. */
    void (*convert_cu8)(const void *in, size_t n, int16_t *out);
    void (*convert_cs8)(const void *in, size_t n, int16_t *out);
    void (*convert_cf32)(const void *in, size_t n, float gain, int16_t *out);

    /* n_out outputs from x, which holds (n_out - 1) * decimation + taps complex samples. */
    void (*fir)(const struct wm_fir *fir, const int16_t *x, size_t n_out, float *re, float *im);

    /* The same sums as interleaved 16-bit samples: divided by 2^shift, 1 <= shift <= 23, to nearest (halves up), saturated. */
    void (*decimate)(const struct wm_fir *fir, const int16_t *x, size_t n_out, unsigned shift, int16_t *out);

    /* Sums over n samples of their differences d from the first one: |d|^2, re d, im d; each WM_LANES sums by index modulo
     * WM_LANES, added as a tree. */
    void (*moments)(const float *re, const float *im, size_t n, float sums[3]);

    /* Lag products d[n] = y[n + lag] * conj(y[n]), n < count. */
    void (*lag_product)(const float *re, const float *im, size_t lag, size_t count, float *d_re, float *d_im);

    /* Sliding correlation of a complex signal with real taps: out[n] = sum over k of d[n + k] * tap[k], n < count. */
    void (*correlate)(const float *d_re, const float *d_im, const float *taps, size_t n_taps, size_t count, float *out_re,
                      float *out_im);

    /* out[n] = (in[n] - offset) * (table[n] * by), all complex, n < count. In place is allowed. */
    void (*rotate)(const float *re, const float *im, const struct wm_rotation *rotation, size_t count, float *out_re,
                   float *out_im);

    /* Interpolated values at positions start + i * step (in samples of re/im, not negative, all taps inside), i < count. Start and
     * step are first rounded to 32.32 fixed point (wm_fixed_position), then i * step is exact. `bank` holds phases + 1 rows of
     * WM_INTERPOLATOR_TAPS taps; the fraction is rounded to a row. */
    void (*interpolate)(const float *re, const float *im, const float *bank, unsigned phases, double start, double step,
                        size_t count, float *out_re, float *out_im);

    /* One chip's correlations with both tones from its `samples` sample planes, `count` chips side by side: c1 += z_i e^{-j a_i},
     * c0 += z_i e^{+j a_i} with cos a_i, sin a_i given. Plane i starts at z + i * plane_stride. */
    void (*chip_tones)(const float *z_re, const float *z_im, size_t plane_stride, unsigned samples, const float *cos_a,
                       const float *sin_a, size_t count, float *c1_re, float *c1_im, float *c0_re, float *c0_im);

    /* 3-of-6 word correlations of `count` words: c1/c0 hold 6 planes of stride `plane_stride`; Z gets 16 planes of the same stride,
     * by nibble. (rot_re, rot_im) = e^{-j pi h}. */
    void (*words_3of6)(const float *c1_re, const float *c1_im, const float *c0_re, const float *c0_im, size_t plane_stride,
                       float rot_re, float rot_im, size_t count, float *z_re, float *z_im);

    /* For each of `count` words the code with the largest |Z|^2 among `codes` planes. */
    void (*best_energy)(const float *z_re, const float *z_im, size_t plane_stride, unsigned codes, size_t count, uint8_t *best);

    /* metric[b][w] = |S + Z_b| - |S|, planes as Z. */
    void (*coherent_metric)(const float *z_re, const float *z_im, const float *s_re, const float *s_im, size_t plane_stride,
                            unsigned codes, size_t count, float *metric);

    /* The trellis of dsp/trellis.h over n chips, the first n_known forced, for WM_LANES modulation indices h side by side; c1 and
     * c0 were made with h_tones. Best path's metric and last state of each lane; choice[4 * k + state / 2], bit by lane: whether
     * the path into `state` behind chip k ends with a one. */
    void (*trellis)(const struct wm_complex_plane *c1, const struct wm_complex_plane *c0, size_t n, const uint8_t *known,
                    size_t n_known, const float h[WM_LANES], float h_tones, float alpha, float metric[WM_LANES],
                    uint8_t last[WM_LANES], uint8_t *choice);

    /* Costs of the alternatives of dsp/alternatives.h at the chips [from, to): row 0 of cost is the chip alone, row d the pair with
     * the chip d before it, row WM_ALTERNATIVE_ROWS the least of them, `stride` apart, value of chip k at index k. Rows are written
     * to whole vectors behind `to`. */
    void (*alternatives)(const struct wm_alternative_planes *planes, size_t from, size_t to, float *cost, size_t stride);
};

/* The variant by name ("scalar", "sse4.1", "avx2", "avx512", "neon"), or the best that this CPU has when name is NULL. NULL when
 * there is no such variant here. */
const struct wm_kernels *wm_kernels_select(const char *name);
/* The i-th variant this CPU can run, NULL behind the last; the first is "scalar". */
const struct wm_kernels *wm_kernels_at(size_t i);
