/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/baseband.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_RATE_HZ 400e3
#define SAME_HZ       500.0
#define HALF_WIDTH_HZ 180e3 /* frequency deviation, half a chip rate and +-60 kHz of carrier */

enum wm_status wm_band_filter_of(double sample_rate_hz, double offset_hz, struct wm_band_filter *filter, double *rate_hz)
{
    const unsigned decimation = (unsigned)(sample_rate_hz / LEAST_RATE_HZ);

    *rate_hz = sample_rate_hz / decimation;
    return wm_band_filter_create(filter, 16 * decimation, decimation, sample_rate_hz, fmin(HALF_WIDTH_HZ, 0.45 * *rate_hz),
                                 offset_hz, 60);
}

enum wm_status wm_band_open(struct wm_band *band, const struct wm_kernels *kernels, const struct wm_intake *intake,
                            double sample_rate_hz, double offset_hz, double capacity_s)
{
    *band = (struct wm_band){.kernels = kernels, .intake = intake, .offset_hz = offset_hz};
    enum wm_status status = wm_band_filter_of(sample_rate_hz, offset_hz, &band->filter, &band->rate_hz);
    if (status != WM_OK)
        return status;
    const unsigned decimation = band->filter.fir.decimation;
    band->capacity = (size_t)(capacity_s * band->rate_hz);
    const size_t floats = band->capacity + WM_BAND_TAIL_MAX;
    band->re = aligned_alloc(32, (floats * 2 * sizeof(float) + 31) / 32 * 32);
    band->tail = malloc(2 * sizeof *band->tail * ((size_t)WM_BAND_TAIL_MAX * decimation + band->filter.fir.taps));
    if (!band->re || !band->tail)
        return WM_NO_MEMORY;
    band->im = band->re + floats;
    wm_band_reset(band);
    return WM_OK;
}

void wm_band_close(struct wm_band *band)
{
    wm_band_filter_destroy(&band->filter);
    free(band->re);
    free(band->tail);
    band->re = NULL;
    band->tail = NULL;
}

void wm_band_reset(struct wm_band *band)
{
    band->dc_i = band->dc_q = 0;
    band->notches = 0;
    band->stretch = (struct wm_baseband){.re = band->re, .im = band->im};
}

void wm_band_set_carriers(struct wm_band *band, const struct wm_carriers *carriers)
{
    struct wm_notch notch[WM_CARRIERS_MAX];

    for (unsigned i = 0; i < carriers->count; i++) {
        const double frequency = carriers->frequency[i] - band->offset_hz / band->rate_hz;
        notch[i] = (struct wm_notch){.frequency = frequency};
        for (unsigned k = 0; k < band->notches; k++) /* one that is followed already */
            if (fabs(band->notch[k].frequency - frequency) * band->rate_hz < SAME_HZ) {
                notch[i] = band->notch[k];
                notch[i].frequency = frequency;
            }
    }
    memcpy(band->notch, notch, carriers->count * sizeof *notch);
    band->notches = carriers->count;
}

void wm_band_begin(struct wm_band *band, int64_t first, size_t quiet)
{
    for (unsigned i = 0; i < band->notches; i++)
        band->notch[i] = (struct wm_notch){.frequency = band->notch[i].frequency};
    if (band->notches > 0) {
        const int64_t decimation = band->filter.fir.decimation;
        const int64_t held = (wm_intake_first(band->intake) + decimation - 1) / decimation;
        const int64_t from = first - WM_BAND_SETTLING > held ? first - WM_BAND_SETTLING : held;
        first = from < first ? from : first;
    }
    memset(band->re, 0, quiet * sizeof(float));
    memset(band->im, 0, quiet * sizeof(float));
    band->stretch.first = first - (int64_t)quiet;
    band->stretch.count = quiet;
}

/* Filters x to n samples behind those there are. */
static void filter(struct wm_band *band, const int16_t *x, size_t n)
{
    float *re = band->re + band->stretch.count, *im = band->im + band->stretch.count;
    float offset[2];
    const double full_scale = wm_intake_full_scale(band->intake);
    const float scale = (float)(1 / (band->filter.gain * full_scale));
    wm_band_filter_offset(&band->filter, band->dc_i * full_scale, band->dc_q * full_scale, offset);

    if (band->to_carrier.gain != scale) /* another scale, or the first time */
        wm_rotator_set(&band->to_carrier, -band->offset_hz / band->rate_hz, scale);
    band->kernels->fir(&band->filter.fir, x, n, re, im);
    wm_rotate(band->kernels, &band->to_carrier, re, im, n, band->to_carrier.step * (double)wm_band_end(band), offset, re, im);
    for (unsigned i = 0; i < band->notches; i++)
        wm_notch_run(&band->notch[i], re, im, n);
    band->stretch.count += n;
}

void wm_band_extend(struct wm_band *band, int64_t end, int64_t oldest)
{
    struct wm_baseband *in = &band->stretch;
    const int64_t from = wm_band_end(band);

    if (end <= from)
        return;
    if (in->count + (size_t)(end - from) > band->capacity) {
        const int64_t least = end - (int64_t)band->capacity;
        int64_t keep = oldest > least ? oldest : least; /* a burst that never ends loses its beginning, not our memory */
        keep = keep > from ? from : keep < in->first ? in->first : keep;
        const size_t drop = (size_t)(keep - in->first);
        memmove(band->re, band->re + drop, (in->count - drop) * sizeof(float));
        memmove(band->im, band->im + drop, (in->count - drop) * sizeof(float));
        in->first += (int64_t)drop;
        in->count -= drop;
    }
    filter(band, wm_intake_at(band->intake, from * band->filter.fir.decimation), (size_t)(end - from));
}

size_t wm_band_make_up(struct wm_band *band, int64_t heard_end, int64_t end, int64_t oldest)
{
    const struct wm_fir *fir = &band->filter.fir;
    const double full_scale = wm_intake_full_scale(band->intake);

    wm_band_extend(band, (heard_end - fir->taps) / fir->decimation + 1, oldest);
    const int64_t from = wm_band_end(band), first = from * fir->decimation;
    if (end <= from || end - from > WM_BAND_TAIL_MAX || first >= heard_end)
        return 0;
    const size_t n = (size_t)(end - from), total = (n - 1) * fir->decimation + fir->taps;
    const size_t heard = (size_t)(heard_end - first) < total ? (size_t)(heard_end - first) : total;
    const int16_t dc[2] = {(int16_t)lrint(band->dc_i * full_scale), (int16_t)lrint(band->dc_q * full_scale)};
    memcpy(band->tail, wm_intake_at(band->intake, first), heard * sizeof dc);
    for (size_t i = heard; i < total; i++)
        memcpy(band->tail + 2 * i, dc, sizeof dc);
    memcpy(band->heard, band->notch, sizeof band->heard);
    filter(band, band->tail, n);
    return n;
}

void wm_band_drop(struct wm_band *band, size_t samples)
{
    if (samples > 0)
        memcpy(band->notch, band->heard, sizeof band->notch);
    band->stretch.count -= samples;
}
