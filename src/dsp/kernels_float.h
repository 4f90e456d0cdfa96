/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The float kernels as vector source, included once by each vector variant's file and compiled there with its instruction set. That
 * file says how wide its vectors are (WM_VECTOR, 4 or 8 lanes) and names the operations that the compiler's generic vectors
 * lack: WM_VECTOR_SQRT(v), WM_VECTOR_SELECT(mask, a, b), a where the mask is set, and WM_VECTOR_MASK(mask), a bit a lane. Columns
 * of planes do not meet, so that the width does not matter to them; where lanes are added (energy, interpolate), eight of them are,
 * in the order of the oracle. */
#pragma once

#include "dsp/kernels.h"
#include "dsp/line_3of6.h"
#include "dsp/trellis.h"

#include <math.h>
#include <string.h>

#define V        WM_VECTOR
#define V_IN_ALL (WM_LANES / V) /* vectors that make WM_LANES */

typedef float vf __attribute__((vector_size(4 * V)));
typedef float v4 __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(4 * V)));

static inline vf load(const float *p)
{
    vf v;

    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

static inline vf splat(float x)
{
#if WM_VECTOR == 8
    return (vf){x, x, x, x, x, x, x, x};
#else
    return (vf){x, x, x, x};
#endif
}

/* Lanes 0+4, 1+5, 2+6, 3+7 of eight: the first level of the tree. */
static inline v4 fold(const vf v[V_IN_ALL])
{
#if WM_VECTOR == 8
    return __builtin_shufflevector(v[0], v[0], 0, 1, 2, 3) + __builtin_shufflevector(v[0], v[0], 4, 5, 6, 7);
#else
    return v[0] + v[1];
#endif
}

/* Eight lanes added as a tree. */
static inline float all_lanes(const vf v[V_IN_ALL])
{
    const v4 a = fold(v);
    const v4 b = a + __builtin_shufflevector(a, a, 2, 3, 0, 1);

    return b[0] + b[1];
}

static void vec_moments(const float *re, const float *im, size_t n, float sums[3])
{
    vf power[V_IN_ALL], sum_re[V_IN_ALL], sum_im[V_IN_ALL];

    for (int j = 0; j < V_IN_ALL; j++)
        power[j] = sum_re[j] = sum_im[j] = splat(0);
    for (size_t i = 0; i < n; i += WM_LANES) {
        float tail_re[WM_LANES], tail_im[WM_LANES];
        const float *from_re = re + i, *from_im = im + i;
        if (n - i < WM_LANES) { /* the first sample adds nothing */
            for (size_t k = 0; k < WM_LANES; k++) {
                tail_re[k] = i + k < n ? from_re[k] : re[0];
                tail_im[k] = i + k < n ? from_im[k] : im[0];
            }
            from_re = tail_re;
            from_im = tail_im;
        }
        for (int j = 0; j < V_IN_ALL; j++) {
            const vf a = load(from_re + j * V) - splat(re[0]), b = load(from_im + j * V) - splat(im[0]);
            power[j] += a * a + b * b;
            sum_re[j] += a;
            sum_im[j] += b;
        }
    }
    sums[0] = all_lanes(power);
    sums[1] = all_lanes(sum_re);
    sums[2] = all_lanes(sum_im);
}

static void vec_lag_product(const float *re, const float *im, size_t lag, size_t count, float *d_re, float *d_im)
{
    size_t n = 0;

    for (; n + V <= count; n += V) {
        vf ar = load(re + n + lag), ai = load(im + n + lag);
        vf br = load(re + n), bi = load(im + n);
        store(d_re + n, ar * br + ai * bi);
        store(d_im + n, ai * br - ar * bi);
    }
    for (; n < count; n++) {
        d_re[n] = re[n + lag] * re[n] + im[n + lag] * im[n];
        d_im[n] = im[n + lag] * re[n] - re[n + lag] * im[n];
    }
}

/* Eight sums at once hide the additions' latency, and each tap is spread over them once. */
static inline void correlate_block(const float *d_re, const float *d_im, const float *taps, size_t n_taps, float *out_re,
                                   float *out_im, int vectors)
{
    vf r[4], i[4];

    for (int j = 0; j < vectors; j++)
        r[j] = i[j] = splat(0);
    for (size_t k = 0; k < n_taps; k++) {
        const vf t = splat(taps[k]);
        for (int j = 0; j < vectors; j++) {
            r[j] += load(d_re + k + j * V) * t;
            i[j] += load(d_im + k + j * V) * t;
        }
    }
    for (int j = 0; j < vectors; j++) {
        store(out_re + j * V, r[j]);
        store(out_im + j * V, i[j]);
    }
}

static void vec_correlate(const float *d_re, const float *d_im, const float *taps, size_t n_taps, size_t count, float *out_re,
                          float *out_im)
{
    size_t n = 0;

    for (; n + 4 * V <= count; n += 4 * V)
        correlate_block(d_re + n, d_im + n, taps, n_taps, out_re + n, out_im + n, 4);
    for (; n + V <= count; n += V)
        correlate_block(d_re + n, d_im + n, taps, n_taps, out_re + n, out_im + n, 1);
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

static void vec_rotate(const float *re, const float *im, const struct wm_rotation *r, size_t count, float *out_re, float *out_im)
{
    const vf by_re = splat(r->by_re), by_im = splat(r->by_im), offset_re = splat(r->offset_re), offset_im = splat(r->offset_im);
    size_t n = 0;

    for (; n + V <= count; n += V) {
        const vf a = load(re + n) - offset_re, b = load(im + n) - offset_im;
        const vf x = load(r->table_re + n), y = load(r->table_im + n), c = x * by_re - y * by_im, s = x * by_im + y * by_re;
        store(out_re + n, a * c - b * s);
        store(out_im + n, a * s + b * c);
    }
    for (; n < count; n++) {
        const float a = re[n] - r->offset_re, b = im[n] - r->offset_im;
        const float c = r->table_re[n] * r->by_re - r->table_im[n] * r->by_im;
        const float s = r->table_re[n] * r->by_im + r->table_im[n] * r->by_re;
        out_re[n] = a * c - b * s;
        out_im[n] = a * s + b * c;
    }
}

/* The products of one position, folded once. */
static inline void interpolate_one(const float *re, const float *im, const float *bank, unsigned phases, int64_t at, v4 *x, v4 *y)
{
    const ptrdiff_t first = (ptrdiff_t)(at >> 32) - (WM_INTERPOLATOR_TAPS / 2 - 1);
    const float *tap = bank + wm_interpolator_row(at, phases) * WM_INTERPOLATOR_TAPS;
    vf a[V_IN_ALL], b[V_IN_ALL];

    for (int j = 0; j < V_IN_ALL; j++) {
        const vf t = load(tap + j * V);
        a[j] = load(re + first + j * V) * t;
        b[j] = load(im + first + j * V) * t;
    }
    *x = fold(a);
    *y = fold(b);
}

/* (0+2, 1+3) of both: the second level. */
static inline v4 fold2(v4 a, v4 b)
{
    return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}

/* (0+1, 2+3) of both: the third. */
static inline v4 fold3(v4 a, v4 b)
{
    return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

/* Four positions at once, so that the trees of eight sums share their shuffles. */
static void vec_interpolate(const float *re, const float *im, const float *bank, unsigned phases, double start, double step,
                            size_t count, float *out_re, float *out_im)
{
    const int64_t by = wm_fixed_position(step);
    int64_t at = wm_fixed_position(start);
    size_t i = 0;
    v4 x[4], y[4];

    for (; i + 4 <= count; i += 4) {
        for (int j = 0; j < 4; j++, at += by)
            interpolate_one(re, im, bank, phases, at, &x[j], &y[j]);
        v4 r = fold3(fold2(x[0], x[1]), fold2(x[2], x[3])), q = fold3(fold2(y[0], y[1]), fold2(y[2], y[3]));
        memcpy(out_re + i, &r, sizeof r);
        memcpy(out_im + i, &q, sizeof q);
    }
    for (; i < count; i++, at += by) {
        interpolate_one(re, im, bank, phases, at, &x[0], &y[0]);
        v4 both = fold2(x[0], y[0]);
        out_re[i] = both[0] + both[1];
        out_im[i] = both[2] + both[3];
    }
}

static inline void tones_block(const float *z_re, const float *z_im, size_t plane_stride, unsigned samples, const float *cos_a,
                               const float *sin_a, size_t count, float *c1_re, float *c1_im, float *c0_re, float *c0_im)
{
    for (size_t k = 0; k < count; k += V) { /* planes are padded to whole vectors */
        vf rc = splat(0), rs = splat(0), ic = splat(0), is = splat(0);
        for (unsigned i = 0; i < samples; i++) {
            vf a = load(z_re + i * plane_stride + k);
            vf b = load(z_im + i * plane_stride + k);
            vf c = splat(cos_a[i]), s = splat(sin_a[i]);
            rc += a * c;
            rs += a * s;
            ic += b * c;
            is += b * s;
        }
        store(c1_re + k, rc + is);
        store(c1_im + k, ic - rs);
        store(c0_re + k, rc - is);
        store(c0_im + k, ic + rs);
    }
}

static void vec_chip_tones(const float *z_re, const float *z_im, size_t plane_stride, unsigned samples, const float *cos_a,
                           const float *sin_a, size_t count, float *c1_re, float *c1_im, float *c0_re, float *c0_im)
{
    /* the detectors' own numbers of samples, so that the compiler unrolls them and keeps the tones in registers */
    if (samples == 2)
        tones_block(z_re, z_im, plane_stride, 2, cos_a, sin_a, count, c1_re, c1_im, c0_re, c0_im);
    else if (samples == 4)
        tones_block(z_re, z_im, plane_stride, 4, cos_a, sin_a, count, c1_re, c1_im, c0_re, c0_im);
    else
        tones_block(z_re, z_im, plane_stride, samples, cos_a, sin_a, count, c1_re, c1_im, c0_re, c0_im);
}

struct cvf {
    vf re, im;
};

static inline struct cvf cadd(struct cvf a, struct cvf b)
{
    return (struct cvf){a.re + b.re, a.im + b.im};
}

static inline struct cvf cmul_const(struct cvf a, vf re, vf im)
{
    return (struct cvf){a.re * re - a.im * im, a.re * im + a.im * re};
}

/* The eight three-chip paths from the current phase: path b2 b1 b0 (first chip most significant). */
static inline void half_word(const struct cvf c0[3], const struct cvf c1[3], vf rr, vf ri, struct cvf path[8])
{
    const struct cvf *tone[2] = {c0, c1};
    struct cvf inner[4];

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
    const vf rr = splat(rot_re), ri = splat(rot_im), r3r = splat(r3_re), r3i = splat(r3_im);

    for (size_t w = 0; w < count; w += V) {
        struct cvf one[6], zero[6], first[8], second[8];
        for (int j = 0; j < 6; j++) {
            one[j] = (struct cvf){load(c1_re + j * plane_stride + w), load(c1_im + j * plane_stride + w)};
            zero[j] = (struct cvf){load(c0_re + j * plane_stride + w), load(c0_im + j * plane_stride + w)};
        }
        half_word(zero, one, rr, ri, first);
        half_word(zero + 3, one + 3, rr, ri, second);
        for (int p = 0; p < 8; p++) {
            /* A word is balanced, so the second half starts at minus its own sum: ones - zeros of the first half. */
            int sum = 3 - 2 * __builtin_popcount((unsigned)p);
            vf re = (sum == 3 || sum == -3) ? r3r : rr;
            vf im = (sum == 3 || sum == -3) ? r3i : ri;
            second[p] = cmul_const(second[p], re, sum > 0 ? im : -im);
        }
        for (int nibble = 0; nibble < 16; nibble++) {
            unsigned code = wm_code_3of6[nibble];
            struct cvf z = cadd(first[code >> 3], second[code & 7]);
            store(z_re + nibble * plane_stride + w, z.re);
            store(z_im + nibble * plane_stride + w, z.im);
        }
    }
}

static void vec_best_energy(const float *z_re, const float *z_im, size_t plane_stride, unsigned codes, size_t count, uint8_t *best)
{
    for (size_t w = 0; w < count; w += V) {
        vf top = splat(-1);
        vf index = splat(0);
        for (unsigned b = 0; b < codes; b++) {
            vf re = load(z_re + b * plane_stride + w), im = load(z_im + b * plane_stride + w);
            vf e = re * re + im * im;
            vi more = e > top;
            top = WM_VECTOR_SELECT(more, e, top);
            index = WM_VECTOR_SELECT(more, splat((float)b), index);
        }
        for (size_t k = 0; k < V && w + k < count; k++)
            best[w + k] = (uint8_t)index[k];
    }
}

static void vec_coherent_metric(const float *z_re, const float *z_im, const float *s_re, const float *s_im, size_t plane_stride,
                                unsigned codes, size_t count, float *metric)
{
    for (size_t w = 0; w < count; w += V) {
        vf sr = load(s_re + w), si = load(s_im + w);
        vf base = WM_VECTOR_SQRT(sr * sr + si * si);
        for (unsigned b = 0; b < codes; b++) {
            vf re = sr + load(z_re + b * plane_stride + w), im = si + load(z_im + b * plane_stride + w);
            store(metric + b * plane_stride + w, WM_VECTOR_SQRT(re * re + im * im) - base);
        }
    }
}

/* One step's candidates into state t; the four states of the other parity are not touched. */
static void trellis_lanes(const struct wm_complex_plane *c1, const struct wm_complex_plane *c0, size_t n, const uint8_t *known,
                          size_t n_known, const float h[V], float h_tones, float alpha, float metric[V], uint8_t last[V],
                          unsigned first_lane, uint8_t *choice)
{
    vf m[WM_TRELLIS_STATES], re[WM_TRELLIS_STATES], im[WM_TRELLIS_STATES];
    vf tr, ti, hr, hi;
    const vf a = splat(alpha);

    for (int i = 0; i < V; i++) {
        tr[i] = (float)cos(M_PI * (double)h[i]);
        ti[i] = (float)sin(M_PI * (double)h[i]);
        hr[i] = (float)cos(M_PI * ((double)h[i] - (double)h_tones) / 2);
        hi[i] = (float)sin(M_PI * ((double)h[i] - (double)h_tones) / 2);
    }
    for (int s = 0; s < WM_TRELLIS_STATES; s++) {
        m[s] = splat(s ? -1e9f : 0);
        re[s] = im[s] = splat(0);
    }
    for (size_t k = 0; k < n; k++) {
        const vf p_re = splat(c1->re[k]), p_im = splat(c1->im[k]), q_re = splat(c0->re[k]), q_im = splat(c0->im[k]);
        const vf one_re = p_re * hr + p_im * hi, one_im = p_im * hr - p_re * hi;
        const vf zero_re = q_re * hr - q_im * hi, zero_im = q_im * hr + q_re * hi;
        const vf penalty_one = splat(k < n_known && !known[k] ? 1e6f : 0), penalty_zero = splat(k < n_known && known[k] ? 1e6f : 0);
        const int parity = (int)(k & 1); /* of the states that are alive before this chip */
        vf up[4], down[4], up_re[4], up_im[4], down_re[4], down_im[4];

        for (int i = 0; i < 4; i++) {
            int s = 2 * i + parity;
            vf inverse = splat(1) / (WM_VECTOR_SQRT(re[s] * re[s] + im[s] * im[s]) + splat(1e-9f));
            vf ar = a * re[s], ai = a * im[s];
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
            vi one = up[from_one] > down[from_zero];
            uint8_t *bits = choice + 4 * k + i; /* state t is 2 i or 2 i + 1 */
            *bits = (uint8_t)((first_lane ? *bits : 0) | WM_VECTOR_MASK(one) << first_lane);
            vf ur = WM_VECTOR_SELECT(one, up_re[from_one], down_re[from_zero]),
               ui = WM_VECTOR_SELECT(one, up_im[from_one], down_im[from_zero]);
            vf by = WM_VECTOR_SELECT(one, ti, -ti);
            m[t] = WM_VECTOR_SELECT(one, up[from_one], down[from_zero]);
            re[t] = ur * tr - ui * by;
            im[t] = ur * by + ui * tr;
        }
    }
    for (int i = 0; i < V; i++) {
        metric[i] = -INFINITY;
        for (int s = (int)(n & 1); s < WM_TRELLIS_STATES; s += 2) {
            if (m[s][i] > metric[i]) {
                metric[i] = m[s][i];
                last[i] = (uint8_t)s;
            }
        }
    }
}

static void vec_trellis(const struct wm_complex_plane *c1, const struct wm_complex_plane *c0, size_t n, const uint8_t *known,
                        size_t n_known, const float h[WM_LANES], float h_tones, float alpha, float metric[WM_LANES],
                        uint8_t last[WM_LANES], uint8_t *choice)
{
    for (unsigned i = 0; i < WM_LANES; i += V)
        trellis_lanes(c1, c0, n, known, n_known, h + i, h_tones, alpha, metric + i, last + i, i, choice);
}

static inline struct cvf prefix_at(const struct wm_alternative_planes *p, ptrdiff_t k)
{
    return (struct cvf){load(p->prefix.re + k), load(p->prefix.im + k)};
}

static inline struct cvf csub(struct cvf a, struct cvf b)
{
    return (struct cvf){a.re - b.re, a.im - b.im};
}

static inline vf length(struct cvf a)
{
    return WM_VECTOR_SQRT(a.re * a.re + a.im * a.im);
}

static void vec_alternatives(const struct wm_alternative_planes *p, size_t from, size_t to, float *cost, size_t stride)
{
    const vf jr = splat(p->jump_re), ji = splat(p->jump_im);

    for (ptrdiff_t k = (ptrdiff_t)from; k < (ptrdiff_t)to; k += V) {
        const struct cvf end = prefix_at(p, k + 1 + WM_ALTERNATIVE_WINDOW), here = prefix_at(p, k), next = prefix_at(p, k + 1);
        const struct cvf other = {load(p->other.re + k), load(p->other.im + k)}, behind = csub(end, next);
        const vf sign = load(p->sign + k);
        const struct cvf begin = prefix_at(p, k - WM_ALTERNATIVE_WINDOW);
        const struct cvf flipped = cadd(cadd(csub(here, begin), other), cmul_const(behind, jr, ji * sign));
        vf least = length(csub(end, begin)) - length(flipped);
        store(cost + k, least);
        for (ptrdiff_t d = 1; d <= WM_ALTERNATIVE_PAIR; d++) {
            const ptrdiff_t j = k - d;
            const struct cvf first = prefix_at(p, j - WM_ALTERNATIVE_WINDOW);
            const struct cvf before = csub(prefix_at(p, j), first), between = csub(here, prefix_at(p, j + 1));
            const struct cvf other_j = {load(p->other.re + j), load(p->other.im + j)};
            const vf sign_j = load(p->sign + j);
            /* the second chip's other tone starts from the turned phase as well */
            const struct cvf turned = cmul_const(cadd(between, other), jr, ji * sign_j);
            const struct cvf sum = cadd(cadd(cadd(before, behind), other_j), turned);
            const vi opposite = sign_j * sign < splat(0);
            const vf c = WM_VECTOR_SELECT(opposite, length(csub(end, first)) - length(sum), splat(INFINITY));
            const vi less = c < least;
            store(cost + (size_t)d * stride + (size_t)k, c);
            least = WM_VECTOR_SELECT(less, c, least);
        }
        store(cost + (size_t)WM_ALTERNATIVE_ROWS * stride + (size_t)k, least);
    }
}

/* The part of a variant's table that is made here. */
#define WM_VECTOR_KERNELS                                                                                                          \
    .moments = vec_moments, .lag_product = vec_lag_product, .correlate = vec_correlate, .rotate = vec_rotate,                      \
    .interpolate = vec_interpolate, .chip_tones = vec_chip_tones, .words_3of6 = vec_words_3of6, .best_energy = vec_best_energy,    \
    .coherent_metric = vec_coherent_metric, .trellis = vec_trellis, .alternatives = vec_alternatives
