/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/carriers.h"

#include "dsp/phasor.h"

#define SCALLOP 0.4 /* of a carrier's power that its bin has when it lies between two */

/* sum of x[n] e^{-j 2 pi f n}, n < count */
static struct wm_phasor transform(const float *re, const float *im, size_t count, double frequency)
{
    const struct wm_phasor by = wm_phasor(-2 * M_PI * frequency);
    struct wm_phasor turn = {1, 0}, sum = {0, 0};

    for (size_t n = 0; n < count; n++) {
        sum = wm_phasor_add(sum, wm_phasor_mul((struct wm_phasor){(double)re[n], (double)im[n]}, turn));
        turn = wm_phasor_mul(turn, by);
    }
    return sum;
}

double wm_carrier_project(double frequency, float *re, float *im, size_t n)
{
    const struct wm_phasor by = wm_phasor(2 * M_PI * frequency);
    struct wm_phasor at = transform(re, im, n, frequency);

    at.re /= (double)n;
    at.im /= (double)n;
    const double power = at.re * at.re + at.im * at.im;
    for (size_t i = 0; i < n; i++) {
        re[i] -= (float)at.re;
        im[i] -= (float)at.im;
        at = wm_phasor_mul(at, by);
    }
    return power;
}

/* The bin of the blocks' transforms with the most power; *spectrum are its values, *power their mean square. */
static size_t loudest_bin(const float *re, const float *im, size_t block, struct wm_phasor spectrum[WM_CARRIER_BLOCKS],
                          double *power)
{
    struct wm_phasor turn[WM_CARRIER_BLOCK_MAX];
    size_t bin = 0;

    wm_phasor_table(0, -2 * M_PI / (double)block, turn, (int)block);
    *power = -1;
    for (size_t k = 0; k < block; k++) {
        struct wm_phasor x[WM_CARRIER_BLOCKS];
        double sum = 0;
        for (size_t b = 0; b < WM_CARRIER_BLOCKS; b++) {
            double r = 0, q = 0;
            for (size_t i = 0, at = 0; i < block; i++) {
                const double u = (double)re[b * block + i], v = (double)im[b * block + i];
                r += u * turn[at].re - v * turn[at].im;
                q += u * turn[at].im + v * turn[at].re;
                at += k;
                at -= at < block ? 0 : block;
            }
            x[b] = (struct wm_phasor){r, q};
            sum += r * r + q * q;
        }
        if (sum <= *power)
            continue;
        *power = sum;
        bin = k;
        for (size_t b = 0; b < WM_CARRIER_BLOCKS; b++)
            spectrum[b] = x[b];
    }
    *power /= WM_CARRIER_BLOCKS;
    return bin;
}

/* Turns from block to block, by lag products over more and more blocks: -0.5 to 0.5. */
static double turns_a_block(const struct wm_phasor spectrum[WM_CARRIER_BLOCKS])
{
    double turns = 0;

    for (size_t lag = 1; lag < WM_CARRIER_BLOCKS; lag *= 2) {
        struct wm_phasor sum = {0, 0};
        for (size_t b = lag; b < WM_CARRIER_BLOCKS; b++)
            sum = wm_phasor_add(sum, wm_phasor_mul(spectrum[b], (struct wm_phasor){spectrum[b - lag].re, -spectrum[b - lag].im}));
        sum = wm_phasor_mul(sum, wm_phasor(-2 * M_PI * turns * (double)lag));
        turns += atan2(sum.im, sum.re) / (2 * M_PI * (double)lag);
    }
    return turns;
}

void wm_carriers_find(float *re, float *im, size_t block, double share, struct wm_carriers *carriers)
{
    const size_t n = WM_CARRIER_BLOCKS * block, half = n / 2;

    carriers->count = 0;
    while (carriers->count < WM_CARRIERS_MAX) {
        struct wm_phasor spectrum[WM_CARRIER_BLOCKS] = {{0, 0}};
        double power = 0, in_bin, most = -1, frequency = 0;
        for (size_t i = 0; i < n; i++)
            power += (double)re[i] * (double)re[i] + (double)im[i] * (double)im[i];
        power /= (double)n;
        const size_t bin = loudest_bin(re, im, block, spectrum, &in_bin);
        if (!(in_bin > SCALLOP * share * power * (double)(block * block)))
            return;
        /* between two bins half a turn forwards looks like half a turn back */
        const double middle = ((double)bin + turns_a_block(spectrum)) / (double)block;
        for (int side = -1; side <= 1; side++) {
            const double f = middle + side / (double)block;
            const struct wm_phasor sum = transform(re, im, n, f);
            if (sum.re * sum.re + sum.im * sum.im > most) {
                most = sum.re * sum.re + sum.im * sum.im;
                frequency = f;
            }
        }
        if (!(most > share * power * (double)n * (double)n))
            return;
        /* and what the second half still turns against the first */
        const struct wm_phasor a = transform(re, im, half, frequency), b = transform(re + half, im + half, half, frequency);
        const struct wm_phasor ab =
            wm_phasor_mul(wm_phasor_mul(b, (struct wm_phasor){a.re, -a.im}), wm_phasor(-2 * M_PI * frequency * (double)half));
        frequency += atan2(ab.im, ab.re) / (2 * M_PI * (double)half);
        (void)wm_carrier_project(frequency, re, im, n);
        carriers->frequency[carriers->count++] = (float)(frequency - floor(frequency + 0.5));
    }
}

void wm_notch_run(struct wm_notch *notch, float *re, float *im, size_t n)
{
    const struct wm_phasor by = wm_phasor(2 * M_PI * notch->frequency);
    struct wm_phasor w = {notch->re, notch->im};

    for (size_t i = 0; i < n; i++) {
        const double e_re = (double)re[i] - w.re, e_im = (double)im[i] - w.im;
        notch->heard += notch->heard < WM_NOTCH_SAMPLES;
        const double gain = 1.0 / notch->heard;
        w = wm_phasor_mul((struct wm_phasor){w.re + gain * e_re, w.im + gain * e_im}, by);
        re[i] = (float)e_re;
        im[i] = (float)e_im;
    }
    notch->re = w.re;
    notch->im = w.im;
}
