/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The oracle: every kernel in plain C, one sample at a time, in the order of operations that kernels.h promises. */
#include "dsp/kernels.h"
#include "dsp/line_3of6.h"
#include "dsp/trellis.h"

#include <math.h>
#include <string.h>

static void scalar_convert_cu8(const void *in, size_t n, int16_t *out)
{
    const uint8_t *u = in;

    for (size_t i = 0; i < 2 * n; i++)
        out[i] = (int16_t)(2 * u[i] - 255);
}

static void scalar_convert_cs8(const void *in, size_t n, int16_t *out)
{
    const int8_t *s = in;

    for (size_t i = 0; i < 2 * n; i++)
        out[i] = s[i];
}

static void scalar_convert_cf32(const void *in, size_t n, float gain, int16_t *out)
{
    const unsigned char *bytes = in;

    for (size_t i = 0; i < 2 * n; i++) {
        float x;
        memcpy(&x, bytes + 4 * i, sizeof x); /* the caller's buffer need not be aligned */
        x *= gain;
        if (!(x > -32768.0f)) /* also NaN */
            x = x <= -32768.0f ? -32768.0f : 0.0f;
        if (x > 32767.0f)
            x = 32767.0f;
        out[i] = (int16_t)lrintf(x);
    }
}

static void scalar_fir(const struct wm_fir *fir, const int16_t *x, size_t n_out, float *re, float *im)
{
    for (size_t m = 0; m < n_out; m++, x += 2 * (size_t)fir->decimation) {
        int32_t r = 0, i = 0;
        for (size_t k = 0; k < 2 * (size_t)fir->taps; k++) {
            r += x[k] * fir->for_re[k];
            i += x[k] * fir->for_im[k];
        }
        re[m] = (float)r;
        im[m] = (float)i;
    }
}

/* Division by 2^shift with the halves up. Half a step is added when one bit is left to go, where it cannot overflow. */
static int16_t narrowed(int32_t sum, unsigned shift)
{
    sum = ((sum >> (shift - 1)) + 1) >> 1;
    return (int16_t)(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
}

static void scalar_decimate(const struct wm_fir *fir, const int16_t *x, size_t n_out, unsigned shift, int16_t *out)
{
    for (size_t m = 0; m < n_out; m++, x += 2 * (size_t)fir->decimation) {
        int32_t r = 0, i = 0;
        for (size_t k = 0; k < 2 * (size_t)fir->taps; k++) {
            r += x[k] * fir->for_re[k];
            i += x[k] * fir->for_im[k];
        }
        out[2 * m] = narrowed(r, shift);
        out[2 * m + 1] = narrowed(i, shift);
    }
}

static float tree(const float acc[WM_LANES])
{
    return ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]));
}

static void scalar_moments(const float *re, const float *im, size_t n, float sums[3])
{
    float power[WM_LANES] = {0}, sum_re[WM_LANES] = {0}, sum_im[WM_LANES] = {0};

    for (size_t i = 0; i < n; i++) {
        const float a = re[i] - re[0], b = im[i] - im[0];
        power[i % WM_LANES] += a * a + b * b;
        sum_re[i % WM_LANES] += a;
        sum_im[i % WM_LANES] += b;
    }
    sums[0] = tree(power);
    sums[1] = tree(sum_re);
    sums[2] = tree(sum_im);
}

static void scalar_lag_product(const float *re, const float *im, size_t lag, size_t count, float *d_re, float *d_im)
{
    for (size_t n = 0; n < count; n++) {
        d_re[n] = re[n + lag] * re[n] + im[n + lag] * im[n];
        d_im[n] = im[n + lag] * re[n] - re[n + lag] * im[n];
    }
}

static void scalar_correlate(const float *d_re, const float *d_im, const float *taps, size_t n_taps, size_t count, float *out_re,
                             float *out_im)
{
    for (size_t n = 0; n < count; n++) {
        float r = 0, i = 0;
        for (size_t k = 0; k < n_taps; k++) {
            r += d_re[n + k] * taps[k];
            i += d_im[n + k] * taps[k];
        }
        out_re[n] = r;
        out_im[n] = i;
    }
}

static void scalar_rotate(const float *re, const float *im, const struct wm_rotation *r, size_t count, float *out_re, float *out_im)
{
    for (size_t n = 0; n < count; n++) {
        const float a = re[n] - r->offset_re, b = im[n] - r->offset_im;
        const float c = r->table_re[n] * r->by_re - r->table_im[n] * r->by_im;
        const float s = r->table_re[n] * r->by_im + r->table_im[n] * r->by_re;
        out_re[n] = a * c - b * s;
        out_im[n] = a * s + b * c;
    }
}

static void scalar_interpolate(const float *re, const float *im, const float *bank, unsigned phases, double start, double step,
                               size_t count, float *out_re, float *out_im)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t at = wm_fixed_position(start) + (int64_t)i * wm_fixed_position(step);
        const float *tap = bank + wm_interpolator_row(at, phases) * WM_INTERPOLATOR_TAPS;
        const ptrdiff_t first = (ptrdiff_t)(at >> 32) - (WM_INTERPOLATOR_TAPS / 2 - 1);
        float r[WM_LANES], q[WM_LANES];
        for (int k = 0; k < WM_INTERPOLATOR_TAPS; k++) {
            r[k] = re[first + k] * tap[k];
            q[k] = im[first + k] * tap[k];
        }
        out_re[i] = tree(r);
        out_im[i] = tree(q);
    }
}

static void scalar_chip_tones(const float *z_re, const float *z_im, size_t plane_stride, unsigned samples, const float *cos_a,
                              const float *sin_a, size_t count, float *c1_re, float *c1_im, float *c0_re, float *c0_im)
{
    for (size_t k = 0; k < count; k++) {
        float rc = 0, rs = 0, ic = 0, is = 0;
        for (unsigned i = 0; i < samples; i++) {
            float a = z_re[i * plane_stride + k], b = z_im[i * plane_stride + k];
            rc += a * cos_a[i];
            rs += a * sin_a[i];
            ic += b * cos_a[i];
            is += b * sin_a[i];
        }
        c1_re[k] = rc + is;
        c1_im[k] = ic - rs;
        c0_re[k] = rc - is;
        c0_im[k] = ic + rs;
    }
}

struct cf {
    float re, im;
};

static struct cf turn(struct cf a, float re, float im)
{
    return (struct cf){a.re * re - a.im * im, a.re * im + a.im * re};
}

/* Correlation of three chips, first chip in bit 2, phases relative to the start of the first. */
static struct cf half_word(const struct cf tone[2][3], unsigned path, float rr, float ri)
{
    unsigned f = path >> 2, m = path >> 1 & 1, l = path & 1;
    struct cf last = turn(tone[l][2], rr, m ? ri : -ri);
    struct cf inner = {tone[m][1].re + last.re, tone[m][1].im + last.im};

    inner = turn(inner, rr, f ? ri : -ri);
    return (struct cf){tone[f][0].re + inner.re, tone[f][0].im + inner.im};
}

static void scalar_words_3of6(const float *c1_re, const float *c1_im, const float *c0_re, const float *c0_im, size_t plane_stride,
                              float rot_re, float rot_im, size_t count, float *z_re, float *z_im)
{
    const float r2_re = rot_re * rot_re - rot_im * rot_im, r2_im = 2 * rot_re * rot_im;
    const float r3_re = r2_re * rot_re - r2_im * rot_im, r3_im = r2_re * rot_im + r2_im * rot_re;

    for (size_t w = 0; w < count; w++) {
        struct cf tone[2][2][3]; /* half, chip value, position */
        for (int j = 0; j < 6; j++) {
            tone[j / 3][0][j % 3] = (struct cf){c0_re[j * plane_stride + w], c0_im[j * plane_stride + w]};
            tone[j / 3][1][j % 3] = (struct cf){c1_re[j * plane_stride + w], c1_im[j * plane_stride + w]};
        }
        for (int nibble = 0; nibble < 16; nibble++) {
            unsigned code = wm_code_3of6[nibble];
            struct cf first = half_word(tone[0], code >> 3, rot_re, rot_im);
            struct cf second = half_word(tone[1], code & 7, rot_re, rot_im);
            int sum = 3 - 2 * __builtin_popcount(code & 7); /* ones minus zeros of the first half */
            float re = (sum == 3 || sum == -3) ? r3_re : rot_re;
            float im = (sum == 3 || sum == -3) ? r3_im : rot_im;
            second = turn(second, re, sum > 0 ? im : -im);
            z_re[nibble * plane_stride + w] = first.re + second.re;
            z_im[nibble * plane_stride + w] = first.im + second.im;
        }
    }
}

static void scalar_best_energy(const float *z_re, const float *z_im, size_t plane_stride, unsigned codes, size_t count,
                               uint8_t *best)
{
    for (size_t w = 0; w < count; w++) {
        float top = -1;
        best[w] = 0;
        for (unsigned b = 0; b < codes; b++) {
            float re = z_re[b * plane_stride + w], im = z_im[b * plane_stride + w];
            float e = re * re + im * im;
            if (e > top) {
                top = e;
                best[w] = (uint8_t)b;
            }
        }
    }
}

static void scalar_coherent_metric(const float *z_re, const float *z_im, const float *s_re, const float *s_im, size_t plane_stride,
                                   unsigned codes, size_t count, float *metric)
{
    for (size_t w = 0; w < count; w++) {
        float base = sqrtf(s_re[w] * s_re[w] + s_im[w] * s_im[w]);
        for (unsigned b = 0; b < codes; b++) {
            float re = s_re[w] + z_re[b * plane_stride + w], im = s_im[w] + z_im[b * plane_stride + w];
            metric[b * plane_stride + w] = sqrtf(re * re + im * im) - base;
        }
    }
}

static float scalar_trellis_lane(const struct wm_complex_plane *c1, const struct wm_complex_plane *c0, size_t n,
                                 const uint8_t *known, size_t n_known, float h, float h_tones, float alpha, unsigned lane,
                                 uint8_t *last, uint8_t *choice)
{
    float m[WM_TRELLIS_STATES], re[WM_TRELLIS_STATES] = {0}, im[WM_TRELLIS_STATES] = {0};
    const float tr = (float)cos(M_PI * (double)h), ti = (float)sin(M_PI * (double)h);
    const float hr = (float)cos(M_PI * ((double)h - (double)h_tones) / 2),
                hi = (float)sin(M_PI * ((double)h - (double)h_tones) / 2);
    float best = -INFINITY;

    for (int s = 0; s < WM_TRELLIS_STATES; s++)
        m[s] = s ? -1e9f : 0;
    for (size_t k = 0; k < n; k++) {
        float one_re = c1->re[k] * hr + c1->im[k] * hi, one_im = c1->im[k] * hr - c1->re[k] * hi;
        float zero_re = c0->re[k] * hr - c0->im[k] * hi, zero_im = c0->im[k] * hr + c0->re[k] * hi;
        float penalty_one = k < n_known && !known[k] ? 1e6f : 0, penalty_zero = k < n_known && known[k] ? 1e6f : 0;
        float next[WM_TRELLIS_STATES], next_re[WM_TRELLIS_STATES], next_im[WM_TRELLIS_STATES];
        for (int t = (int)(k & 1) ^ 1; t < WM_TRELLIS_STATES; t += 2) {
            int u = (t - 1) & 7, d = (t + 1) & 7;
            float up_inverse = 1 / (sqrtf(re[u] * re[u] + im[u] * im[u]) + 1e-9f);
            float down_inverse = 1 / (sqrtf(re[d] * re[d] + im[d] * im[d]) + 1e-9f);
            float up = m[u] + (one_re * re[u] + one_im * im[u]) * up_inverse - penalty_one;
            float down = m[d] + (zero_re * re[d] + zero_im * im[d]) * down_inverse - penalty_zero;
            bool one = up > down;
            uint8_t *bits = choice + 4 * k + t / 2;
            *bits = (uint8_t)((lane ? *bits : 0) | (unsigned)one << lane);
            float ur = alpha * re[one ? u : d] + (one ? one_re : zero_re), ui = alpha * im[one ? u : d] + (one ? one_im : zero_im);
            float by = one ? ti : -ti;
            next[t] = one ? up : down;
            next_re[t] = ur * tr - ui * by;
            next_im[t] = ur * by + ui * tr;
        }
        for (int t = (int)(k & 1) ^ 1; t < WM_TRELLIS_STATES; t += 2) {
            m[t] = next[t];
            re[t] = next_re[t];
            im[t] = next_im[t];
        }
    }
    for (int s = (int)(n & 1); s < WM_TRELLIS_STATES; s += 2) {
        if (m[s] > best) {
            best = m[s];
            *last = (uint8_t)s;
        }
    }
    return best;
}

static void scalar_trellis(const struct wm_complex_plane *c1, const struct wm_complex_plane *c0, size_t n, const uint8_t *known,
                           size_t n_known, const float h[WM_LANES], float h_tones, float alpha, float metric[WM_LANES],
                           uint8_t last[WM_LANES], uint8_t *choice)
{
    for (unsigned i = 0; i < WM_LANES; i++)
        metric[i] = scalar_trellis_lane(c1, c0, n, known, n_known, h[i], h_tones, alpha, i, &last[i], choice);
}

static float length(float re, float im)
{
    return sqrtf(re * re + im * im);
}

static void scalar_alternatives(const struct wm_alternative_planes *p, size_t from, size_t to, float *cost, size_t stride)
{
    const float *re = p->prefix.re, *im = p->prefix.im, *o_re = p->other.re, *o_im = p->other.im;
    const float jr = p->jump_re;

    for (ptrdiff_t k = (ptrdiff_t)from; k < (ptrdiff_t)to; k++) {
        const ptrdiff_t end = k + 1 + WM_ALTERNATIVE_WINDOW, begin = k - WM_ALTERNATIVE_WINDOW;
        const float behind_re = re[end] - re[k + 1], behind_im = im[end] - im[k + 1];
        float ji = p->jump_im * p->sign[k];
        float sum_re = re[k] - re[begin] + o_re[k] + (behind_re * jr - behind_im * ji);
        float sum_im = im[k] - im[begin] + o_im[k] + (behind_re * ji + behind_im * jr);
        float least = length(re[end] - re[begin], im[end] - im[begin]) - length(sum_re, sum_im);
        cost[k] = least;
        for (ptrdiff_t d = 1; d <= WM_ALTERNATIVE_PAIR; d++) {
            const ptrdiff_t j = k - d, first = j - WM_ALTERNATIVE_WINDOW;
            const float inside_re = re[k] - re[j + 1] + o_re[k], inside_im = im[k] - im[j + 1] + o_im[k];
            ji = p->jump_im * p->sign[j];
            sum_re = re[j] - re[first] + behind_re + o_re[j] + (inside_re * jr - inside_im * ji);
            sum_im = im[j] - im[first] + behind_im + o_im[j] + (inside_re * ji + inside_im * jr);
            float c =
                p->sign[j] * p->sign[k] < 0 ? length(re[end] - re[first], im[end] - im[first]) - length(sum_re, sum_im) : INFINITY;
            cost[(size_t)d * stride + (size_t)k] = c;
            least = c < least ? c : least;
        }
        cost[(size_t)WM_ALTERNATIVE_ROWS * stride + (size_t)k] = least;
    }
}

const struct wm_kernels wm_kernels_scalar = {
    .name = "scalar",
    .convert_cu8 = scalar_convert_cu8,
    .convert_cs8 = scalar_convert_cs8,
    .convert_cf32 = scalar_convert_cf32,
    .fir = scalar_fir,
    .decimate = scalar_decimate,
    .moments = scalar_moments,
    .lag_product = scalar_lag_product,
    .correlate = scalar_correlate,
    .rotate = scalar_rotate,
    .interpolate = scalar_interpolate,
    .chip_tones = scalar_chip_tones,
    .words_3of6 = scalar_words_3of6,
    .best_energy = scalar_best_energy,
    .coherent_metric = scalar_coherent_metric,
    .trellis = scalar_trellis,
    .alternatives = scalar_alternatives,
};
