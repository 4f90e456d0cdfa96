/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The float kernels as source, included once by each vector variant's file and compiled there with its instruction set. They use
 * the compiler's generic vectors of eight floats, so the order of every addition is the same in each variant. Only kernels_*.c
 * include this. */
#pragma once

#include "dsp/kernels.h"
#include "dsp/line_3of6.h"
#include "dsp/trellis.h"

#include <math.h>
#include <string.h>

typedef float v8 __attribute__((vector_size(32)));
typedef float v4 __attribute__((vector_size(16)));
typedef int32_t i8v __attribute__((vector_size(32)));

static inline v8 load8(const float *p)
{
    v8 v;

    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store8(float *p, v8 v)
{
    memcpy(p, &v, sizeof v);
}

static inline v8 splat8(float x)
{
    return (v8){x, x, x, x, x, x, x, x};
}

/* ((0+4)+(2+6))+((1+5)+(3+7)): the order the scalar oracle uses too. */
static inline float sum8(v8 v)
{
    v4 a = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
    v4 b = a + __builtin_shufflevector(a, a, 2, 3, 0, 1);

    return b[0] + b[1];
}

static inline v8 sqrt8(v8 v)
{
#ifdef __AVX__
    return (v8)__builtin_ia32_sqrtps256(v);
#else
    v8 r;
    for (int i = 0; i < 8; i++)
        r[i] = sqrtf(v[i]);
    return r;
#endif
}

static inline v8 select8(i8v mask, v8 a, v8 b)
{
    return (v8)((mask & (i8v)a) | (~mask & (i8v)b));
}

static float vec_energy(const float *re, const float *im, size_t n)
{
    v8 acc = splat8(0);
    size_t i = 0;
    float tail[8] = {0};

    for (; i + 8 <= n; i += 8) {
        v8 a = load8(re + i);
        v8 b = load8(im + i);
        acc += a * a + b * b;
    }
    for (size_t k = 0; i + k < n; k++)
        tail[k] = re[i + k] * re[i + k] + im[i + k] * im[i + k];
    return sum8(acc + load8(tail));
}

static void vec_lag_product(const float *re, const float *im, size_t lag, size_t count, float *d_re, float *d_im)
{
    size_t n = 0;

    for (; n + 8 <= count; n += 8) {
        v8 ar = load8(re + n + lag), ai = load8(im + n + lag);
        v8 br = load8(re + n), bi = load8(im + n);
        store8(d_re + n, ar * br + ai * bi);
        store8(d_im + n, ai * br - ar * bi);
    }
    for (; n < count; n++) {
        d_re[n] = re[n + lag] * re[n] + im[n + lag] * im[n];
        d_im[n] = im[n + lag] * re[n] - re[n + lag] * im[n];
    }
}

static void vec_correlate(const float *d_re, const float *d_im, const float *taps, size_t n_taps, size_t count, float *out_re,
                          float *out_im)
{
    size_t n = 0;

    for (; n + 16 <= count; n += 16) {
        v8 r0 = splat8(0), r1 = splat8(0), i0 = splat8(0), i1 = splat8(0);
        for (size_t k = 0; k < n_taps; k++) {
            v8 t = splat8(taps[k]);
            r0 += load8(d_re + n + k) * t;
            r1 += load8(d_re + n + k + 8) * t;
            i0 += load8(d_im + n + k) * t;
            i1 += load8(d_im + n + k + 8) * t;
        }
        store8(out_re + n, r0);
        store8(out_re + n + 8, r1);
        store8(out_im + n, i0);
        store8(out_im + n + 8, i1);
    }
    for (; n + 8 <= count; n += 8) {
        v8 r = splat8(0), i = splat8(0);
        for (size_t k = 0; k < n_taps; k++) {
            v8 t = splat8(taps[k]);
            r += load8(d_re + n + k) * t;
            i += load8(d_im + n + k) * t;
        }
        store8(out_re + n, r);
        store8(out_im + n, i);
    }
    for (; n < count; n++) {
        float r = 0, i = 0;
        for (size_t k = 0; k < n_taps; k++) {
            r += d_re[n + k] * taps[k];
            i += d_im[n + k] * taps[k];
        }
        out_re[n] = r;
        out_im[n] = i;
    }
}

static void vec_multiply(const float *re, const float *im, const float *c, const float *s, size_t count, float *out_re,
                         float *out_im)
{
    size_t n = 0;

    for (; n + 8 <= count; n += 8) {
        v8 a = load8(re + n), b = load8(im + n), x = load8(c + n), y = load8(s + n);
        store8(out_re + n, a * x - b * y);
        store8(out_im + n, a * y + b * x);
    }
    for (; n < count; n++) {
        float a = re[n], b = im[n];
        out_re[n] = a * c[n] - b * s[n];
        out_im[n] = a * s[n] + b * c[n];
    }
}

static void vec_interpolate(const float *re, const float *im, const float *bank, unsigned phases, double start, double step,
                            size_t count, float *out_re, float *out_im, size_t out_stride)
{
    for (size_t i = 0; i < count; i++) {
        double at = start + step * (double)i;
        int32_t base = (int32_t)at; /* positions are not negative: truncation is floor */
        int32_t row = (int32_t)((at - (double)base) * phases + 0.5);
        const ptrdiff_t first = base - (WM_INTERPOLATOR_TAPS / 2 - 1);
        v8 t = load8(bank + (ptrdiff_t)row * WM_INTERPOLATOR_TAPS);
        v8 x = load8(re + first) * t, y = load8(im + first) * t;
        v4 a = __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7);
        v4 b = __builtin_shufflevector(y, y, 0, 1, 2, 3) + __builtin_shufflevector(y, y, 4, 5, 6, 7);
        /* both trees at once: re in lanes 0 and 1, im in 2 and 3 */
        v4 c = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
        out_re[i * out_stride] = c[0] + c[1];
        out_im[i * out_stride] = c[2] + c[3];
    }
}

static void vec_chip_tones(const float *z_re, const float *z_im, size_t plane_stride, unsigned samples, const float *cos_a,
                           const float *sin_a, size_t count, float *c1_re, float *c1_im, float *c0_re, float *c0_im)
{
    for (size_t k = 0; k < count; k += 8) { /* planes are padded to whole vectors */
        v8 rc = splat8(0), rs = splat8(0), ic = splat8(0), is = splat8(0);
        for (unsigned i = 0; i < samples; i++) {
            v8 a = load8(z_re + i * plane_stride + k);
            v8 b = load8(z_im + i * plane_stride + k);
            v8 c = splat8(cos_a[i]), s = splat8(sin_a[i]);
            rc += a * c;
            rs += a * s;
            ic += b * c;
            is += b * s;
        }
        store8(c1_re + k, rc + is);
        store8(c1_im + k, ic - rs);
        store8(c0_re + k, rc - is);
        store8(c0_im + k, ic + rs);
    }
}

struct cv8 {
    v8 re, im;
};

static inline struct cv8 cadd(struct cv8 a, struct cv8 b)
{
    return (struct cv8){a.re + b.re, a.im + b.im};
}

static inline struct cv8 cmul_const(struct cv8 a, v8 re, v8 im)
{
    return (struct cv8){a.re * re - a.im * im, a.re * im + a.im * re};
}

/* The eight three-chip paths from the current phase: path b2 b1 b0 (first chip most significant). */
static inline void half_word(const struct cv8 c0[3], const struct cv8 c1[3], v8 rr, v8 ri, struct cv8 path[8])
{
    const struct cv8 *tone[2] = {c0, c1};
    struct cv8 inner[4];

    for (int m = 0; m < 2; m++)
        for (int l = 0; l < 2; l++) /* after a 1 the phase has moved by +pi h: turn the rest back by e^{-j pi h} */
            inner[2 * m + l] = cadd(tone[m][1], cmul_const(tone[l][2], rr, m ? ri : -ri));
    for (int f = 0; f < 2; f++)
        for (int i = 0; i < 4; i++)
            path[4 * f + i] = cadd(tone[f][0], cmul_const(inner[i], rr, f ? ri : -ri));
}

static void vec_words_3of6(const float *c1_re, const float *c1_im, const float *c0_re, const float *c0_im, size_t plane_stride,
                           float rot_re, float rot_im, size_t count, float *z_re, float *z_im)
{
    /* rot^3 for halves with three equal chips */
    const float r2_re = rot_re * rot_re - rot_im * rot_im, r2_im = 2 * rot_re * rot_im;
    const float r3_re = r2_re * rot_re - r2_im * rot_im, r3_im = r2_re * rot_im + r2_im * rot_re;
    const v8 rr = splat8(rot_re), ri = splat8(rot_im), r3r = splat8(r3_re), r3i = splat8(r3_im);

    for (size_t w = 0; w < count; w += 8) {
        struct cv8 one[6], zero[6], first[8], second[8];
        for (int j = 0; j < 6; j++) {
            one[j] = (struct cv8){load8(c1_re + j * plane_stride + w), load8(c1_im + j * plane_stride + w)};
            zero[j] = (struct cv8){load8(c0_re + j * plane_stride + w), load8(c0_im + j * plane_stride + w)};
        }
        half_word(zero, one, rr, ri, first);
        half_word(zero + 3, one + 3, rr, ri, second);
        for (int p = 0; p < 8; p++) {
            /* A word is balanced, so the second half starts at minus its own sum: ones - zeros of the first half. */
            int sum = 3 - 2 * __builtin_popcount((unsigned)p);
            v8 re = (sum == 3 || sum == -3) ? r3r : rr;
            v8 im = (sum == 3 || sum == -3) ? r3i : ri;
            second[p] = cmul_const(second[p], re, sum > 0 ? im : -im);
        }
        for (int nibble = 0; nibble < 16; nibble++) {
            unsigned code = wm_code_3of6[nibble];
            struct cv8 z = cadd(first[code >> 3], second[code & 7]);
            store8(z_re + nibble * plane_stride + w, z.re);
            store8(z_im + nibble * plane_stride + w, z.im);
        }
    }
}

static void vec_best_energy(const float *z_re, const float *z_im, size_t plane_stride, unsigned codes, size_t count, uint8_t *best)
{
    for (size_t w = 0; w < count; w += 8) {
        v8 top = splat8(-1);
        v8 index = splat8(0);
        for (unsigned b = 0; b < codes; b++) {
            v8 re = load8(z_re + b * plane_stride + w), im = load8(z_im + b * plane_stride + w);
            v8 e = re * re + im * im;
            i8v more = e > top;
            top = select8(more, e, top);
            index = select8(more, splat8((float)b), index);
        }
        for (size_t k = 0; k < 8 && w + k < count; k++)
            best[w + k] = (uint8_t)index[k];
    }
}

static void vec_coherent_metric(const float *z_re, const float *z_im, const float *s_re, const float *s_im, size_t plane_stride,
                                unsigned codes, size_t count, float *metric)
{
    for (size_t w = 0; w < count; w += 8) {
        v8 sr = load8(s_re + w), si = load8(s_im + w);
        v8 base = sqrt8(sr * sr + si * si);
        for (unsigned b = 0; b < codes; b++) {
            v8 re = sr + load8(z_re + b * plane_stride + w), im = si + load8(z_im + b * plane_stride + w);
            store8(metric + b * plane_stride + w, sqrt8(re * re + im * im) - base);
        }
    }
}

/* One step's candidates into state t; the four states of the other parity are not touched. */
static void vec_trellis_metric(const struct wm_complex_plane *c1, const struct wm_complex_plane *c0, size_t n, const uint8_t *known,
                               size_t n_known, const float h[WM_LANES], float h_tones, float alpha, float metric[WM_LANES])
{
    v8 m[WM_TRELLIS_STATES], re[WM_TRELLIS_STATES], im[WM_TRELLIS_STATES];
    v8 tr, ti, hr, hi;
    const v8 a = splat8(alpha);

    for (int i = 0; i < 8; i++) {
        tr[i] = (float)cos(M_PI * (double)h[i]);
        ti[i] = (float)sin(M_PI * (double)h[i]);
        hr[i] = (float)cos(M_PI * ((double)h[i] - (double)h_tones) / 2);
        hi[i] = (float)sin(M_PI * ((double)h[i] - (double)h_tones) / 2);
    }
    for (int s = 0; s < WM_TRELLIS_STATES; s++) {
        m[s] = splat8(s ? -1e9f : 0);
        re[s] = im[s] = splat8(0);
    }
    for (size_t k = 0; k < n; k++) {
        const v8 p_re = splat8(c1->re[k]), p_im = splat8(c1->im[k]), q_re = splat8(c0->re[k]), q_im = splat8(c0->im[k]);
        const v8 one_re = p_re * hr + p_im * hi, one_im = p_im * hr - p_re * hi;
        const v8 zero_re = q_re * hr - q_im * hi, zero_im = q_im * hr + q_re * hi;
        const v8 penalty_one = splat8(k < n_known && !known[k] ? 1e6f : 0),
                 penalty_zero = splat8(k < n_known && known[k] ? 1e6f : 0);
        const int parity = (int)(k & 1); /* of the states that are alive before this chip */
        v8 up[4], down[4], up_re[4], up_im[4], down_re[4], down_im[4];

        for (int i = 0; i < 4; i++) {
            int s = 2 * i + parity;
            v8 inverse = splat8(1) / (sqrt8(re[s] * re[s] + im[s] * im[s]) + splat8(1e-9f));
            v8 ar = a * re[s], ai = a * im[s];
            up[i] = m[s] + (one_re * re[s] + one_im * im[s]) * inverse - penalty_one;
            down[i] = m[s] + (zero_re * re[s] + zero_im * im[s]) * inverse - penalty_zero;
            up_re[i] = ar + one_re;
            up_im[i] = ai + one_im;
            down_re[i] = ar + zero_re;
            down_im[i] = ai + zero_im;
        }
        for (int i = 0; i < 4; i++) {
            int t = 2 * i + (parity ^ 1);
            int from_one = ((t - 1) & 7) >> 1, from_zero = ((t + 1) & 7) >> 1;
            i8v one = up[from_one] > down[from_zero];
            v8 ur = select8(one, up_re[from_one], down_re[from_zero]), ui = select8(one, up_im[from_one], down_im[from_zero]);
            v8 by = select8(one, ti, -ti);
            m[t] = select8(one, up[from_one], down[from_zero]);
            re[t] = ur * tr - ui * by;
            im[t] = ur * by + ui * tr;
        }
    }
    for (int i = 0; i < 8; i++) {
        metric[i] = -INFINITY;
        for (int s = (int)(n & 1); s < WM_TRELLIS_STATES; s += 2)
            metric[i] = m[s][i] > metric[i] ? m[s][i] : metric[i];
    }
}
