/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/correlator.h"

#include "dsp/design.h"
#include "dsp/phasor.h"
#include "dsp/rotate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PHASES 128 /* of the interpolator: 1/256 sample of rounding is 0.4 % of a chip at two samples a chip */

enum wm_status wm_correlator_create(const struct wm_kernels *kernels, unsigned word_chips, unsigned samples, size_t words_max,
                                    double period_max, struct wm_correlator **chips_out)
{
    struct wm_correlator *chips = calloc(1, sizeof *chips);
    /* whole vectors are stored, from any column: seven floats of slack keep the last store inside its plane */
    size_t stride = (words_max + 2 * WM_LANES - 1) / WM_LANES * WM_LANES;
    size_t planes = (size_t)word_chips * samples;

    if (!chips || samples > WM_CHIP_SAMPLES_MAX) {
        free(chips);
        return chips ? WM_INVALID : WM_NO_MEMORY;
    }
    chips->kernels = kernels;
    chips->word_chips = word_chips;
    chips->samples = samples;
    chips->words_max = words_max;
    chips->stride = stride;
    chips->turned_max = ((size_t)ceil((double)words_max * word_chips * period_max) + 2 * WM_CHIP_MARGIN + 63) / 8 * 8;
    size_t floats = stride * (2 * planes + 4 * word_chips) + 2 * chips->turned_max;
    chips->memory = aligned_alloc(32, (floats * sizeof(float) + 31) / 32 * 32);
    chips->bank = wm_design_interpolator(PHASES);
    if (!chips->memory || !chips->bank) {
        wm_correlator_destroy(chips);
        return WM_NO_MEMORY;
    }
    memset(chips->memory, 0, floats * sizeof(float));
    float *at = chips->memory;
    struct wm_complex_plane *const set[] = {&chips->z, &chips->c1, &chips->c0};
    for (int i = 0; i < 3; i++) {
        size_t n = stride * (i == 0 ? planes : word_chips);
        set[i]->re = at;
        set[i]->im = at + n;
        at += 2 * n;
    }
    chips->turned = (struct wm_complex_plane){at, at + chips->turned_max};
    *chips_out = chips;
    return WM_OK;
}

void wm_correlator_destroy(struct wm_correlator *chips)
{
    if (!chips)
        return;
    free(chips->memory);
    free(chips->bank);
    free(chips);
}

int64_t wm_correlator_need(const struct wm_chip_timing *timing, long end)
{
    return (int64_t)ceil(timing->start + (double)end * timing->period) + WM_CHIP_MARGIN;
}

void wm_correlator_tones(struct wm_correlator *chips, double h, size_t words, size_t column)
{
    const unsigned samples = chips->samples;
    struct wm_phasor tone[WM_CHIP_SAMPLES_MAX];
    float cos_a[WM_CHIP_SAMPLES_MAX], sin_a[WM_CHIP_SAMPLES_MAX];

    wm_phasor_table(M_PI * h * 0.5 / samples, M_PI * h / samples, tone, (int)samples);
    for (unsigned i = 0; i < samples; i++) {
        cos_a[i] = (float)tone[i].re;
        sin_a[i] = (float)tone[i].im;
    }
    for (unsigned j = 0; j < chips->word_chips; j++) {
        size_t z = (size_t)j * samples * chips->stride + column, c = j * chips->stride + column;
        chips->kernels->chip_tones(chips->z.re + z, chips->z.im + z, chips->stride, samples, cos_a, sin_a, words, chips->c1.re + c,
                                   chips->c1.im + c, chips->c0.re + c, chips->c0.im + c);
    }
}

enum wm_status wm_correlator_run(struct wm_correlator *chips, const struct wm_baseband *in, const struct wm_chip_timing *timing,
                                 long first_chip, size_t words, size_t column)
{
    const struct wm_kernels *k = chips->kernels;
    const unsigned samples = chips->samples;
    const double begin = timing->start + (double)first_chip * timing->period;
    const int64_t from = (int64_t)floor(begin) - WM_CHIP_MARGIN;
    const int64_t to = wm_correlator_need(timing, first_chip + (long)(words * chips->word_chips));
    struct wm_rotator back;

    if (column + words > chips->words_max || to - from > (int64_t)chips->turned_max)
        return WM_INVALID;
    if (from < in->first || to > in->first + (int64_t)in->count)
        return WM_TOO_SHORT;
    wm_rotator_set(&back, -timing->carrier, 1);
    wm_rotate(k, &back, in->re + (from - in->first), in->im + (from - in->first), (size_t)(to - from),
              -timing->carrier * ((double)from - timing->origin), NULL, chips->turned.re, chips->turned.im);
    for (unsigned j = 0; j < chips->word_chips; j++) {
        for (unsigned i = 0; i < samples; i++) {
            size_t plane = ((size_t)j * samples + i) * chips->stride + column;
            double start = begin - (double)from + (j + (i + 0.5) / samples) * timing->period;
            k->interpolate(chips->turned.re, chips->turned.im, chips->bank, PHASES, start, chips->word_chips * timing->period,
                           words, chips->z.re + plane, chips->z.im + plane);
        }
    }
    wm_correlator_tones(chips, timing->h, words, column);
    return WM_OK;
}
