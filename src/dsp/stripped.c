/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/stripped.h"

#include "dsp/phasor.h"

#define TURNS 64 /* chip sums to either side with a tabled phase */
#define BLOCK 64 /* chips turned at a time */

/* For both tones of a chip that begins at each chip sum: its data phase, and half a chip of what the tones' h is off. */
struct turns {
    struct {
        float re, im;
    } one[2 * TURNS + 1], zero[2 * TURNS + 1];
};

static struct wm_phasor narrow_mul(float re, float im, struct wm_phasor by)
{
    return wm_phasor_mul((struct wm_phasor){(double)re, (double)im}, by);
}

static void make_turns(struct turns *turns, double h, double half)
{
    struct wm_phasor at[2 * TURNS + 1];
    const struct wm_phasor up = wm_phasor(half), down = {up.re, -up.im};

    wm_phasor_table(M_PI * h * TURNS, -M_PI * h, at, 2 * TURNS + 1);
    for (int i = 0; i <= 2 * TURNS; i++) {
        const struct wm_phasor one = wm_phasor_mul(at[i], down), zero = wm_phasor_mul(at[i], up);
        turns->one[i].re = (float)one.re;
        turns->one[i].im = (float)one.im;
        turns->zero[i].re = (float)zero.re;
        turns->zero[i].im = (float)zero.im;
    }
}

void wm_stripped_make(const struct wm_stripped *planes, const struct wm_complex_plane *c1, const struct wm_complex_plane *c0,
                      double h, double h_tones)
{
    const double half = M_PI * (h - h_tones) / 2;
    struct turns turns;
    int sum = 0;

    make_turns(&turns, h, half);
    for (size_t k = 0; k < planes->n; k++) {
        const bool one = planes->chip[k];
        const struct wm_complex_plane *to1 = one ? &planes->decided : &planes->other;
        const struct wm_complex_plane *to0 = one ? &planes->other : &planes->decided;
        if (sum >= -TURNS && sum <= TURNS) {
            const float r1 = turns.one[sum + TURNS].re, i1 = turns.one[sum + TURNS].im;
            const float r0 = turns.zero[sum + TURNS].re, i0 = turns.zero[sum + TURNS].im;
            to1->re[k] = c1->re[k] * r1 - c1->im[k] * i1;
            to1->im[k] = c1->re[k] * i1 + c1->im[k] * r1;
            to0->re[k] = c0->re[k] * r0 - c0->im[k] * i0;
            to0->im[k] = c0->re[k] * i0 + c0->im[k] * r0;
        } else {
            const struct wm_phasor v1 = narrow_mul(c1->re[k], c1->im[k], wm_phasor(-M_PI * h * sum - half));
            const struct wm_phasor v0 = narrow_mul(c0->re[k], c0->im[k], wm_phasor(-M_PI * h * sum + half));
            to1->re[k] = (float)v1.re;
            to1->im[k] = (float)v1.im;
            to0->re[k] = (float)v0.re;
            to0->im[k] = (float)v0.im;
        }
        sum += one ? 1 : -1;
    }
}

struct wm_phase_jump wm_phase_jump(double h)
{
    return (struct wm_phase_jump){(float)cos(2 * M_PI * h), (float)sin(2 * M_PI * h)};
}

static void turn_behind(const struct wm_complex_plane *plane, size_t from, size_t n, float by_re, float by_im)
{
    float *restrict re = plane->re, *restrict im = plane->im;

    for (size_t j = from; j < n; j++) {
        const float x = re[j] * by_re - im[j] * by_im;
        im[j] = re[j] * by_im + im[j] * by_re;
        re[j] = x;
    }
}

static void swap(float *a, float *b)
{
    const float was = *a;

    *a = *b;
    *b = was;
}

void wm_stripped_flip(const struct wm_stripped *planes, size_t k, struct wm_phase_jump jump)
{
    /* a one that becomes a zero lowers the chip sum by 2 */
    const float im = planes->chip[k] ? jump.im : -jump.im;

    turn_behind(&planes->decided, k + 1, planes->n, jump.re, im);
    turn_behind(&planes->other, k + 1, planes->n, jump.re, im);
    swap(&planes->decided.re[k], &planes->other.re[k]);
    swap(&planes->decided.im[k], &planes->other.im[k]);
    planes->chip[k] ^= 1;
}

/* e^{-j 2 pi turns} of up to BLOCK chips. Sine and cosine by their series at half the angle, within +-pi/2, good to 5e-6: plain
 * arithmetic, that compilers do on several chips at once. */
static void phasors_back(const float *restrict turns, size_t n, float *restrict re, float *restrict im)
{
    const float to_whole = 12582912.0F; /* 1.5 * 2^23: adding it rounds to an integer */

    for (size_t i = 0; i < n; i++) {
        const float whole = (turns[i] + to_whole) - to_whole;
        const float x = (turns[i] - whole) * (float)M_PI, y = x * x;
        const float s = x * (1 + y * (-1.0F / 6 + y * (1.0F / 120 + y * (-1.0F / 5040 + y / 362880.0F))));
        const float c = 1 + y * (-0.5F + y * (1.0F / 24 + y * (-1.0F / 720 + y * (1.0F / 40320 - y / 3628800.0F))));
        re[i] = 1 - 2 * s * s;
        im[i] = -2 * s * c;
    }
}

static void multiply(float *restrict re, float *restrict im, const float *restrict by_re, const float *restrict by_im, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float was = re[i];
        re[i] = was * by_re[i] - im[i] * by_im[i];
        im[i] = was * by_im[i] + im[i] * by_re[i];
    }
}

double wm_stripped_turn(const struct wm_stripped *planes, const struct wm_phase_fit *fit)
{
    const double phase = fit->phase / (2 * M_PI), slope = fit->slope / (2 * M_PI), curve = fit->curve / (2 * M_PI);
    const float index = (float)(fit->index / 2); /* turns a chip */
    const float half_re = (float)cos(M_PI * fit->index / 2), half_im = (float)sin(M_PI * fit->index / 2);
    float turns[BLOCK], re[BLOCK], im[BLOCK], sign[BLOCK];
    double along = 0;
    int sum = 0;

    for (size_t from = 0; from < planes->n; from += BLOCK) {
        const size_t n = planes->n - from < BLOCK ? planes->n - from : BLOCK;
        /* relative to the block's start, where a float has digits enough */
        const double x = (double)from, start = phase + x * (slope + x * curve);
        const float first = (float)(start - rint(start)), step = (float)(slope + 2 * x * curve), bend = (float)curve;
        float *v_re = planes->decided.re + from, *v_im = planes->decided.im + from;
        float *o_re = planes->other.re + from, *o_im = planes->other.im + from;
        for (size_t i = 0; i < n; i++) {
            const float t = (float)(int)i;
            const int s = planes->chip[from + i] ? 1 : -1;
            turns[i] = first + t * (step + t * bend) + index * (float)sum;
            sign[i] = (float)s;
            sum += s;
        }
        phasors_back(turns, n, re, im);
        multiply(v_re, v_im, re, im, n);
        multiply(o_re, o_im, re, im, n);
        for (size_t i = 0; i < n; i++) { /* and half a chip of what h was off, on which the two tones disagree */
            const float by = half_im * sign[i], v = v_re[i], o = o_re[i];
            v_re[i] = v * half_re + v_im[i] * by;
            v_im[i] = v_im[i] * half_re - v * by;
            o_re[i] = o * half_re - o_im[i] * by;
            o_im[i] = o_im[i] * half_re + o * by;
        }
        for (size_t i = 0; i < n; i++)
            along += (double)v_re[i];
    }
    return along;
}
