/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/subband.h"

#include "dsp/design.h"
#include "phy/level.h"

#include <math.h>
#include <stdlib.h>

#define STOP_DB     70.0 /* by design; taps of 16 bits leave 60 and more */
#define BATCH       2048 /* outputs in one call of the filter: in and out stay in the nearest cache */
#define SHIFT_FINE  8    /* the filter's gain is about 2^15: 8-bit samples come out about 128 times as large */
#define SHIFT_FIRST 12   /* formats without a scale of their own, until the first block is there */
#define SHIFT_FULL  16   /* full scale in is about half of full scale out */
#define SHIFT_CLOSE 2    /* a change by this much is not worth making */

struct wm_subband {
    struct wm_subband_config config;
    struct wm_band_filter filter;
    unsigned decimation;
    struct wm_intake *intake;
    int64_t next; /* output */
    unsigned shift;
    double capture_scale; /* that the shift was set for */
    struct wm_level level;
    double block_power; /* of the block being gathered, steps squared */
    bool block_full;    /* it is, and the level not yet looked at */
};

unsigned wm_subband_decimation(double sample_rate_hz)
{
    return (unsigned)ceil(sample_rate_hz / WM_SUBBAND_RATE_MAX_HZ);
}

static double rate_of(double sample_rate_hz)
{
    return sample_rate_hz / wm_subband_decimation(sample_rate_hz);
}

unsigned wm_subband_plan(double sample_rate_hz, const struct wm_span_hz *channels, unsigned n, struct wm_span_hz *bands,
                         unsigned *band_of)
{
    /* the rest is the filter's transition: a 24th of the rate is 100 taps times the decimation */
    const double width_max = rate_of(sample_rate_hz) * (1 - 1.0 / 24) - WM_SUBBAND_GUARD_HZ;
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++)
        band_of[i] = n; /* none yet */
    for (;;) {
        unsigned lowest = n;
        for (unsigned i = 0; i < n; i++)
            if (band_of[i] == n && (lowest == n || channels[i].low < channels[lowest].low))
                lowest = i;
        if (lowest == n)
            return count;
        if (count == 0 || channels[lowest].high - bands[count - 1].low > width_max)
            bands[count++] = channels[lowest];
        bands[count - 1].high = fmax(bands[count - 1].high, channels[lowest].high);
        band_of[lowest] = count - 1;
    }
}

static unsigned taps_of(double sample_rate_hz, double width_hz)
{
    const double transition = rate_of(sample_rate_hz) - WM_SUBBAND_GUARD_HZ - width_hz;

    return wm_design_lowpass_taps(transition / sample_rate_hz, STOP_DB);
}

size_t wm_subband_reach(double sample_rate_hz, double width_hz)
{
    /* a filter's length, and what the last block of floats may bring beside a batch */
    return taps_of(sample_rate_hz, width_hz) + wm_subband_decimation(sample_rate_hz) + WM_INTAKE_BLOCK;
}

/* 8-bit samples have one scale that serves all; the others are watched. */
static bool watched(const struct wm_subband *subband)
{
    return subband->config.format == WM_SAMPLES_CS16 || subband->config.format == WM_SAMPLES_CF32;
}

static void set_scale(struct wm_subband *subband, unsigned shift)
{
    subband->shift = shift;
    subband->capture_scale = wm_intake_full_scale(subband->config.capture);
    wm_intake_rescale(subband->intake, ldexp(subband->capture_scale * subband->filter.gain, -(int)shift));
}

enum wm_status wm_subband_create(const struct wm_subband_config *config, struct wm_subband **subband_out)
{
    const double rate = config->sample_rate_hz, middle = (config->pass.low + config->pass.high) / 2;
    struct wm_subband *subband = calloc(1, sizeof *subband);
    enum wm_status status;

    if (!subband)
        return WM_NO_MEMORY;
    subband->config = *config;
    subband->decimation = wm_subband_decimation(rate);
    status = wm_band_filter_create(&subband->filter, taps_of(rate, config->width_hz), subband->decimation, rate,
                                   (rate_of(rate) - WM_SUBBAND_GUARD_HZ) / 2, middle, STOP_DB);
    if (status == WM_OK)
        status = wm_intake_create_for(config->kernels, WM_SAMPLES_CS16, config->keep, config->batch, &subband->intake);
    if (status != WM_OK) {
        wm_subband_destroy(subband);
        return status;
    }
    wm_subband_reset(subband);
    *subband_out = subband;
    return WM_OK;
}

void wm_subband_destroy(struct wm_subband *subband)
{
    if (!subband)
        return;
    wm_band_filter_destroy(&subband->filter);
    wm_intake_destroy(subband->intake);
    free(subband);
}

void wm_subband_reset(struct wm_subband *subband)
{
    wm_intake_reset(subband->intake);
    subband->next = 0;
    subband->level.count = 0;
    subband->block_power = 0;
    subband->block_full = false;
    set_scale(subband, watched(subband) ? SHIFT_FIRST : SHIFT_FINE);
}

/* The shift after a block of this power that puts its noise where neither rounding adds to it nor strong bursts are cut off. */
static unsigned next_shift(const struct wm_subband *subband, struct wm_level *level, double block_power)
{
    const double rms = sqrt(block_power / (2 * WM_SUBBAND_BLOCK));
    int shift = (int)subband->shift;

    if (rms > 0) {
        /* in units of the filter's sums, so that a later shift does not touch what was heard before */
        const double gain = wm_level_gain(level, ldexp(rms, shift) / subband->capture_scale) / subband->capture_scale;
        shift = -(int)lround(log2(gain));
    } else {
        shift -= 4; /* nothing, or less than a step */
    }
    shift = shift < SHIFT_FINE ? SHIFT_FINE : shift > SHIFT_FULL ? SHIFT_FULL : shift;
    return abs(shift - (int)subband->shift) > SHIFT_CLOSE ? (unsigned)shift : subband->shift;
}

static void watch_level(struct wm_subband *subband)
{
    const unsigned shift = next_shift(subband, &subband->level, subband->block_power);

    subband->block_power = 0;
    subband->block_full = false;
    if (shift != subband->shift)
        set_scale(subband, shift);
}

static double power(const int16_t *x, size_t n)
{
    int64_t sum = 0;

    for (size_t i = 0; i < 2 * n; i++)
        sum += (int32_t)x[i] * x[i];
    return (double)sum;
}

/* Only when the readers have done with what there is at the old scale. */
static void watch(struct wm_subband *subband)
{
    if (subband->block_full)
        watch_level(subband);
    if (wm_intake_full_scale(subband->config.capture) != subband->capture_scale)
        set_scale(subband, subband->shift);
}

bool wm_subband_run(struct wm_subband *subband)
{
    const struct wm_intake *capture = subband->config.capture;
    const int64_t taps = subband->filter.fir.taps, decimation = subband->decimation;
    const int64_t end = wm_intake_end(capture), stream_end = wm_intake_stream_end(capture);

    watch(subband);
    while (subband->next * decimation + taps <= end) {
        const int64_t arrived = (end - taps) / decimation + 1 - subband->next,
                      block = WM_SUBBAND_BLOCK - subband->next % WM_SUBBAND_BLOCK;
        int64_t n = arrived < block ? arrived : block;
        n = n < BATCH ? n : BATCH;
        /* of these, what the stream's end does not reach into any more is padding */
        int64_t heard = stream_end >= taps ? (stream_end - taps) / decimation + 1 - subband->next : 0;
        heard = heard < 0 ? 0 : heard > n ? n : heard;
        int16_t *out = wm_intake_room(subband->intake, (size_t)n);
        subband->config.kernels->decimate(&subband->filter.fir, wm_intake_at(capture, subband->next * decimation), (size_t)n,
                                          subband->shift, out);
        wm_intake_fill(subband->intake, (size_t)n, (size_t)(n - heard));
        subband->next += n;
        if (!watched(subband) || heard < n)
            continue;
        subband->block_power += power(out, (size_t)n);
        if (subband->next % WM_SUBBAND_BLOCK == 0) {
            subband->block_full = true;
            return true;
        }
    }
    return false;
}

bool wm_subband_run_all(struct wm_subband *const *subbands, unsigned count)
{
    bool more = false;

    for (unsigned i = 0; i < count; i++) /* first, while they are in step */
        watch(subbands[i]);
    for (unsigned i = 0; i < count; i++)
        more = wm_subband_run(subbands[i]) || more;
    return more;
}

/* ---- made elsewhere, by several workers */

int64_t wm_subband_next(const struct wm_subband *subband)
{
    return subband->next;
}

unsigned wm_subband_taps(const struct wm_subband *subband)
{
    return subband->filter.fir.taps;
}

void wm_subband_make(const struct wm_subband *subband, const int16_t *x, size_t n, int16_t *out)
{
    subband->config.kernels->decimate(&subband->filter.fir, x, n, subband->shift, out);
}

double wm_subband_power(const struct wm_subband *subband, const int16_t *x, size_t n)
{
    return watched(subband) ? power(x, n) : 0;
}

int64_t wm_subband_stays(const struct wm_subband *subband, const double *powers, int64_t end)
{
    struct wm_level level = subband->level;
    double sum = subband->block_power;

    for (int64_t m = subband->next; watched(subband) && m - m % WM_SUBBAND_BLOCK + WM_SUBBAND_BLOCK <= end;) {
        m += WM_SUBBAND_BLOCK - m % WM_SUBBAND_BLOCK;
        sum += *powers++;
        if (next_shift(subband, &level, sum) != subband->shift)
            return m - 1;
        sum = 0;
    }
    return end;
}

void wm_subband_made(struct wm_subband *subband, const int16_t *out, const double *powers, int64_t end)
{
    const int64_t first = subband->next;

    while (watched(subband) && subband->next - subband->next % WM_SUBBAND_BLOCK + WM_SUBBAND_BLOCK <= end) {
        subband->next += WM_SUBBAND_BLOCK - subband->next % WM_SUBBAND_BLOCK;
        (void)next_shift(subband, &subband->level, subband->block_power + *powers++);
        subband->block_power = 0;
    }
    if (watched(subband))
        subband->block_power += power(out + 2 * (subband->next - first), (size_t)(end - subband->next));
    subband->next = end;
    wm_intake_fill(subband->intake, (size_t)(end - first), 0);
}

struct wm_intake *wm_subband_intake(const struct wm_subband *subband)
{
    return subband->intake;
}

double wm_subband_delay(const struct wm_subband *subband)
{
    return (subband->filter.fir.taps - 1) / 2.0;
}
