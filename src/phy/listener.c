/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/listener.h"

#include "base/select.h"
#include "dsp/design.h"
#include "dsp/phasor.h"
#include "phy/baseband.h"
#include "phy/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STOP_DB            60.0  /* of the gate's filter */
#define GATE_HZ            200e3 /* rate of the gate's filter output */
#define GATE_HALF_WIDTH_HZ 120e3
#define DC_CELLS           512   /* cells in one estimate of the converter's offset */
#define DC_PICKS           16    /* samples looked at in a cell for it */
#define DC_STRIDE          7     /* samples that each is farther into its step than the one before */
#define DC_NEAR_HZ         360e3 /* farther from the channel it does not matter */
#define SHAPE_LAG          17    /* 85 us: 1.4 words of T, 1.4 bits of S, between whose wholes the phase returns */

/* Carriers that stand in the channel: looked for every WINDOW cells, longer than any frame, where their correlation over SHAPE_LAG
 * says that there are some, in the quietest stretch among them; believed when the window before had them too. */
#define WINDOW       1024
#define STANDS       0.33   /* of the power, on the average over the cells that are looked at */
#define STILL_STANDS 0.2    /* where some are known */
#define LEAST_SHARE  0.05   /* of the power that a carrier has: what is less does no harm */
#define SAME         1.5e-3 /* cycles a sample between two looks */

struct wm_listener {
    struct wm_listener_config config;
    bool near_dc; /* the converter's offset lies in or near the filters' bands */
    struct wm_band_filter filter;
    struct wm_gate *gate;
    int64_t cell; /* next one */
    int64_t cell_samples;
    size_t dc_pick[DC_PICKS];                       /* where in a cell the picks are, in components */
    float re[WM_CELL_OUTPUTS], im[WM_CELL_OUTPUTS]; /* the filter's outputs for the cell in hand */
    float dc_cell_i[DC_CELLS], dc_cell_q[DC_CELLS];
    double dc_i, dc_q;
    /* carriers */
    struct wm_band_filter band; /* what the channel's baseband will hear */
    size_t band_block;          /* its samples in a cell */
    unsigned shapes;            /* looked at since carriers were last looked for */
    double lag_re, lag_im;      /* their correlations over SHAPE_LAG, each relative to its power */
    double recent[WM_CARRIER_BLOCKS], recent_sum, quietest;
    unsigned recent_count;
    int16_t *quiet; /* the quietest stretch as it was taken in, and what the filters look at behind it */
    size_t quiet_samples;
    int64_t quiet_first;                           /* stream index where it begins */
    double quiet_scale;                            /* full scale in it */
    struct wm_carriers seen_in_gate, seen_in_band; /* last, believed or not */
    struct wm_carriers in_gate, in_band;
};

/* Taps of the longer filter. */
static unsigned longest(const struct wm_listener *listener)
{
    return listener->filter.fir.taps > listener->band.fir.taps ? listener->filter.fir.taps : listener->band.fir.taps;
}

enum wm_status wm_listener_create(const struct wm_listener_config *config, struct wm_listener **listener_out)
{
    struct wm_listener *listener = calloc(1, sizeof *listener);
    const double rate = config->sample_rate_hz;
    const unsigned decimation = (unsigned)lround(rate / GATE_HZ);

    if (!listener)
        return WM_NO_MEMORY;
    listener->config = *config;
    listener->near_dc = fabs(config->offset_hz) < DC_NEAR_HZ;
    listener->cell_samples = (int64_t)decimation * WM_CELL_OUTPUTS;
    for (size_t k = 0; k < DC_PICKS; k++) {
        const size_t step = (size_t)listener->cell_samples / DC_PICKS;
        listener->dc_pick[k] = 2 * (k * step + k * DC_STRIDE % step);
    }
    enum wm_status status =
        wm_band_filter_create(&listener->filter, 3 * decimation, decimation, rate, GATE_HALF_WIDTH_HZ, config->offset_hz, STOP_DB);
    if (status == WM_OK) {
        /* rate * (share of the noise that passes): independent samples in a cell */
        double independent = (double)listener->cell_samples * fmin(listener->filter.noise_hz, rate / decimation) / rate;
        const struct wm_gate_config gate = {
            .window = config->window,
            .ratio = config->ratio,
            .cell_samples = independent * 0.9,
            .floor_min = config->rounding_power * listener->filter.noise_hz / rate,
        };
        status = wm_gate_create(&gate, &listener->gate);
    }
    double band_rate_hz;
    if (status == WM_OK)
        status = wm_band_filter_of(rate, config->offset_hz, &listener->band, &band_rate_hz);
    if (status != WM_OK) {
        wm_listener_destroy(listener);
        return status;
    }
    listener->band_block = (size_t)(listener->cell_samples / listener->band.fir.decimation);
    listener->quiet_samples = (size_t)(WM_CARRIER_BLOCKS * listener->cell_samples) + longest(listener);
    listener->quiet = malloc(2 * listener->quiet_samples * sizeof *listener->quiet);
    if (!listener->quiet) {
        wm_listener_destroy(listener);
        return WM_NO_MEMORY;
    }
    wm_listener_reset(listener);
    *listener_out = listener;
    return WM_OK;
}

void wm_listener_destroy(struct wm_listener *listener)
{
    if (!listener)
        return;
    wm_band_filter_destroy(&listener->filter);
    wm_band_filter_destroy(&listener->band);
    wm_gate_destroy(listener->gate);
    free(listener->quiet);
    free(listener);
}

static void begin_window(struct wm_listener *listener)
{
    listener->shapes = listener->recent_count = 0;
    listener->lag_re = listener->lag_im = listener->recent_sum = 0;
    listener->quietest = INFINITY;
}

void wm_listener_reset(struct wm_listener *listener)
{
    wm_gate_reset(listener->gate);
    listener->cell = 0;
    listener->dc_i = listener->dc_q = 0;
    listener->in_gate.count = listener->in_band.count = 0;
    listener->seen_in_gate.count = listener->seen_in_band.count = 0;
    begin_window(listener);
}

static double median(const float *x, size_t n)
{
    float order[DC_CELLS];

    memcpy(order, x, n * sizeof *x);
    return wm_select(order, n, n / 2);
}

static void run_filter(const struct wm_listener *listener, const struct wm_intake *intake, int64_t cell, float *re, float *im)
{
    listener->config.kernels->fir(&listener->filter.fir, wm_intake_at(intake, cell * listener->cell_samples), WM_CELL_OUTPUTS, re,
                                  im);
}

static void hear(const struct wm_listener *listener, const struct wm_intake *intake, int64_t cell, float *re, float *im,
                 struct wm_ear *ear)
{
    const int16_t *x = wm_intake_at(intake, cell * listener->cell_samples);
    const double full_scale = wm_intake_full_scale(intake);
    int32_t i = 0, q = 0;

    if (listener->near_dc) {
        /* Picks at even distances would take a carrier at a multiple of their rate for the offset: each is put elsewhere in its
         * step, and all of them elsewhere in each cell, by the golden ratio, which spreads them evenly. They stay in the filter's
         * reach. */
        const uint64_t step = (uint64_t)listener->cell_samples / DC_PICKS;
        const int16_t *shifted = x + 2 * (((uint64_t)cell * 0x9E3779B9u & 0xFFFFFFFFu) * step >> 32);
        for (size_t k = 0; k < DC_PICKS; k++) {
            const int16_t *pick = shifted + listener->dc_pick[k];
            i += pick[0];
            q += pick[1];
        }
    }
    ear->cell = cell;
    ear->dc_i = (float)(i / (DC_PICKS * full_scale));
    ear->dc_q = (float)(q / (DC_PICKS * full_scale));
    run_filter(listener, intake, cell, re, im);
    listener->config.kernels->moments(re, im, WM_CELL_OUTPUTS, ear->sums);
    ear->re = re[0];
    ear->im = im[0];
}

void wm_listener_hear(const struct wm_listener *listener, const struct wm_intake *intake, int64_t cell, struct wm_ear *ear)
{
    float re[WM_CELL_OUTPUTS], im[WM_CELL_OUTPUTS];

    hear(listener, intake, cell, re, im, ear);
}

int64_t wm_listener_reach(const struct wm_listener *listener, int64_t cell, int64_t *end)
{
    const int64_t first = cell * listener->cell_samples;

    *end = first + (WM_CELL_OUTPUTS - 1) * listener->filter.fir.decimation + listener->filter.fir.taps;
    return first;
}

/* Converter offset: mean of a few samples a cell, median over the cells, so that bursts do not pull it. The first cells' median is
 * taken at 4, 8, 16 … of them: better a rough value than none. */
static void watch_dc(struct wm_listener *listener, const struct wm_ear *ear)
{
    const size_t at = (size_t)(listener->cell % DC_CELLS);

    listener->dc_cell_i[at] = ear->dc_i;
    listener->dc_cell_q[at] = ear->dc_q;
    if (at + 1 == DC_CELLS || (listener->cell < DC_CELLS && at >= 3 && (at & (at + 1)) == 0)) {
        listener->dc_i = median(listener->dc_cell_i, at + 1);
        listener->dc_q = median(listener->dc_cell_q, at + 1);
    }
}

/* Sum of y[n + SHAPE_LAG] conj(y[n]) over the cell in hand. Eight sums side by side, as in dsp/kernels.h, so that any compiler
 * takes the lanes together. */
static struct wm_phasor lag_sum(const struct wm_listener *listener)
{
    const float *re = listener->re, *im = listener->im;
    float d_re[WM_LANES], d_im[WM_LANES];
    struct wm_phasor sum = {0, 0};

    for (size_t k = 0; k < WM_LANES; k++) {
        d_re[k] = re[k + SHAPE_LAG] * re[k] + im[k + SHAPE_LAG] * im[k];
        d_im[k] = im[k + SHAPE_LAG] * re[k] - re[k + SHAPE_LAG] * im[k];
    }
    for (size_t k = 0; k < WM_LANES; k++) {
        sum.re += (double)d_re[k];
        sum.im += (double)d_im[k];
    }
    return sum;
}

static void tell_shape(struct wm_listener *listener, struct wm_phasor lag, double power, double scale)
{
    const float *re = listener->re, *im = listener->im;
    float fourth[WM_LANES] = {0};
    struct wm_gate_shape shape = {.power = power, .re = lag.re * scale / WM_LANES, .im = lag.im * scale / WM_LANES};

    for (size_t n = 0; n < WM_CELL_OUTPUTS; n += WM_LANES) {
        for (size_t k = 0; k < WM_LANES; k++) {
            const float p = re[n + k] * re[n + k] + im[n + k] * im[n + k];
            fourth[k] += p * p;
        }
    }
    for (size_t k = 0; k < WM_LANES; k++)
        shape.fourth += (double)fourth[k];
    shape.fourth *= scale * scale / WM_CELL_OUTPUTS;
    wm_gate_shape(listener->gate, &shape);
}

/* The carriers' parts out of the cell in hand; returns the power without them, the noise they took along put back. */
static double take_out(struct wm_listener *listener)
{
    double power = 0;

    for (unsigned i = 0; i < listener->in_gate.count; i++)
        (void)wm_carrier_project(listener->in_gate.frequency[i], listener->re, listener->im, WM_CELL_OUTPUTS);
    for (size_t n = 0; n < WM_CELL_OUTPUTS; n++)
        power += (double)(listener->re[n] * listener->re[n] + listener->im[n] * listener->im[n]);
    return power / (WM_CELL_OUTPUTS - listener->in_gate.count);
}

/* What filter hears of the quietest stretch, in blocks of a cell. */
static void find_carriers(const struct wm_listener *listener, const struct wm_band_filter *filter, size_t block,
                          struct wm_carriers *seen, struct wm_carriers *believed)
{
    const struct wm_carriers before = *seen;
    const int64_t decimation = filter->fir.decimation;
    const int64_t first = (listener->quiet_first + decimation - 1) / decimation * decimation;
    const size_t n = WM_CARRIER_BLOCKS * block;
    float re[WM_CARRIER_BLOCKS * WM_CARRIER_BLOCK_MAX], im[WM_CARRIER_BLOCKS * WM_CARRIER_BLOCK_MAX], offset[2];

    listener->config.kernels->fir(&filter->fir, listener->quiet + 2 * (first - listener->quiet_first), n, re, im);
    wm_band_filter_offset(filter, listener->dc_i * listener->quiet_scale, listener->dc_q * listener->quiet_scale, offset);
    for (size_t i = 0; i < n; i++) {
        re[i] -= offset[0];
        im[i] -= offset[1];
    }
    wm_carriers_find(re, im, block, LEAST_SHARE, seen);
    believed->count = 0;
    for (unsigned i = 0; i < seen->count; i++) {
        bool known = false;
        for (unsigned k = 0; k < before.count; k++)
            known = known || fabs(seen->frequency[i] - before.frequency[k]) < SAME;
        if (known)
            believed->frequency[believed->count++] = seen->frequency[i];
    }
}

/* The stretch that ends with the cell in hand is kept: until it is known whether somebody wants it, the intake will have moved on.
 */
static void keep_quiet(struct wm_listener *listener)
{
    const struct wm_intake *intake = listener->config.intake;

    listener->quiet_first = (listener->cell + 1 - WM_CARRIER_BLOCKS) * listener->cell_samples;
    listener->quiet_scale = wm_intake_full_scale(intake);
    memcpy(listener->quiet, wm_intake_at(intake, listener->quiet_first), 2 * listener->quiet_samples * sizeof *listener->quiet);
}

/* A steady carrier is heard by its correlation over a lag at which data have little; where there is one, the quietest stretch says
 * where, both for the gate's filter and for the baseband's. */
static void watch_carriers(struct wm_listener *listener, double power)
{
    double *slot = &listener->recent[listener->recent_count % WM_CARRIER_BLOCKS];

    listener->recent_sum += power - (listener->recent_count < WM_CARRIER_BLOCKS ? 0 : *slot);
    *slot = power;
    listener->recent_count++;
    if (listener->recent_count >= WM_CARRIER_BLOCKS && listener->recent_sum < listener->quietest) {
        listener->quietest = listener->recent_sum;
        keep_quiet(listener);
    }
    if (listener->recent_count < WINDOW)
        return;
    const double stands = hypot(listener->lag_re, listener->lag_im) / listener->shapes;
    if (stands > (listener->in_gate.count + listener->in_band.count > 0 ? STILL_STANDS : STANDS)) {
        find_carriers(listener, &listener->filter, WM_CELL_OUTPUTS, &listener->seen_in_gate, &listener->in_gate);
        find_carriers(listener, &listener->band, listener->band_block, &listener->seen_in_band, &listener->in_band);
    } else {
        listener->in_gate.count = listener->in_band.count = 0;
        listener->seen_in_gate.count = listener->seen_in_band.count = 0;
    }
    begin_window(listener);
}

/* Mean power in the channel over the next cell, converter offset removed: with d = y - y[0] and z = y[0] - offset, the sum of
 * |y - offset|^2 is that of |d|^2 + 2 re(conj(z) d) + |z|^2. */
static double cell_power(struct wm_listener *listener, const struct wm_ear *heard)
{
    const struct wm_intake *intake = listener->config.intake;
    const double dc_i = listener->dc_i, dc_q = listener->dc_q; /* as they stood before this cell */
    struct wm_ear ear;

    if (heard)
        ear = *heard;
    else
        hear(listener, intake, listener->cell, listener->re, listener->im, &ear);
    if (listener->near_dc)
        watch_dc(listener, &ear);
    float offset[2];
    const double full_scale = wm_intake_full_scale(intake), amplitude = 1 / (listener->filter.gain * full_scale);
    const double scale = amplitude * amplitude;
    wm_band_filter_offset(&listener->filter, dc_i * full_scale, dc_q * full_scale, offset);
    const double z_re = (double)(ear.re - offset[0]), z_im = (double)(ear.im - offset[1]);
    const double sum = (double)ear.sums[0] + 2 * (z_re * (double)ear.sums[1] + z_im * (double)ear.sums[2]) +
                       WM_CELL_OUTPUTS * (z_re * z_re + z_im * z_im);
    double power = fmax(sum, 0) / WM_CELL_OUTPUTS;
    const bool wants_shape = wm_gate_wants_shape(listener->gate);
    if (!wants_shape && listener->in_gate.count == 0)
        return power * scale;
    if (heard)
        run_filter(listener, intake, listener->cell, listener->re, listener->im);
    for (size_t n = 0; n < WM_CELL_OUTPUTS; n++) {
        listener->re[n] -= offset[0];
        listener->im[n] -= offset[1];
    }
    struct wm_phasor lag = {0, 0};
    if (wants_shape) {
        lag = lag_sum(listener);
        listener->shapes++;
        listener->lag_re += power > 0 ? lag.re / (WM_LANES * power) : 0;
        listener->lag_im += power > 0 ? lag.im / (WM_LANES * power) : 0;
    }
    if (listener->in_gate.count > 0) {
        power = take_out(listener);
        lag = lag_sum(listener);
    }
    if (wants_shape)
        tell_shape(listener, lag, power * scale, scale);
    return power * scale;
}

void wm_listener_run(struct wm_listener *listener, const struct wm_ear *ear, struct wm_cell *cell)
{
    /* padding is not the channel's noise */
    const bool heard = (listener->cell + 1) * listener->cell_samples <= wm_intake_stream_end(listener->config.intake);
    const double power = heard ? cell_power(listener, ear) : 0;
    const bool open = heard && wm_gate_push(listener->gate, power);

    if (heard)
        watch_carriers(listener, power);

    *cell = (struct wm_cell){.open = open,
                             .quiet = wm_gate_quiet(listener->gate),
                             .level = (float)wm_gate_level(listener->gate),
                             .floor = (float)wm_gate_floor(listener->gate),
                             .dc_i = (float)listener->dc_i,
                             .dc_q = (float)listener->dc_q,
                             .carriers = listener->in_band};
    listener->cell++;
}

int64_t wm_listener_cell(const struct wm_listener *listener)
{
    return listener->cell;
}

int64_t wm_listener_cell_samples(const struct wm_listener *listener)
{
    return listener->cell_samples;
}

int64_t wm_listener_need(const struct wm_listener *listener, int64_t cell, unsigned taps)
{
    return (cell + 1) * listener->cell_samples + (taps > listener->filter.fir.taps ? taps : listener->filter.fir.taps);
}

double wm_listener_noise_hz(const struct wm_listener *listener)
{
    return listener->filter.noise_hz;
}
