/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/carriers.h"
#include "dsp/correlator.h"
#include "dsp/design.h"
#include "dsp/rotate.h"
#include "phy/intake.h"

/* A stretch of one channel's baseband: the stream filtered, decimated to at least 400 kS/s, its carrier moved to 0. Made only where
 * somebody may be sending. Sample m is the filter at the stream's samples [m * decimation, m * decimation + taps). */
struct wm_band {
    /* configuration */
    const struct wm_kernels *kernels;
    const struct wm_intake *intake;
    double offset_hz; /* of the channel from the stream's centre */
    /* derived */
    struct wm_band_filter filter;
    double rate_hz;
    struct wm_rotator to_carrier; /* gain 0: not set */
    size_t capacity;
    /* state */
    double dc_i, dc_q; /* the converter's offset, full scale: taken off behind the filter; the owner's to set */
    struct wm_notch notch[WM_CARRIERS_MAX], heard[WM_CARRIERS_MAX]; /* and as they stood before what was made up */
    unsigned notches;
    struct wm_baseband stretch; /* samples, with the power of one scaled to full scale squared */
    float *re, *im;
    int16_t *tail;
};

/* Room for capacity_s seconds. *band is the caller's; undone by wm_band_close, also after an error. */
WM_MUST_USE enum wm_status wm_band_open(struct wm_band *band, const struct wm_kernels *kernels, const struct wm_intake *intake,
                                        double sample_rate_hz, double offset_hz, double capacity_s);
void wm_band_close(struct wm_band *band);
void wm_band_reset(struct wm_band *band);
/* The band's filter alone; returns the rate behind it in *rate_hz. Undone by wm_band_filter_destroy. */
WM_MUST_USE enum wm_status wm_band_filter_of(double sample_rate_hz, double offset_hz, struct wm_band_filter *filter,
                                             double *rate_hz);
/* From the next sample on these carriers are taken out, as frequencies of the filter's output (before the channel's is moved to 0).
 */
void wm_band_set_carriers(struct wm_band *band, const struct wm_carriers *carriers);

/* One past the last sample there is. */
static inline int64_t wm_band_end(const struct wm_band *band)
{
    return band->stretch.first + (int64_t)band->stretch.count;
}

/* Stream index one past the last sample that baseband up to (not including) `end` is made of. */
static inline int64_t wm_band_need(const struct wm_band *band, int64_t end)
{
    return (end - 1) * band->filter.fir.decimation + band->filter.fir.taps;
}

/* Stream time of a baseband time: the filter's middle. */
static inline double wm_band_stream_time(const struct wm_band *band, double at)
{
    return at * band->filter.fir.decimation + (band->filter.fir.taps - 1) / 2.0;
}

/* Drops what there is and begins at sample `first`, with `quiet` samples of silence before it; where carriers are taken out, up to
 * WM_BAND_SETTLING samples before, so that the notches have found them. */
#define WM_BAND_SETTLING (3 * WM_NOTCH_SAMPLES)
void wm_band_begin(struct wm_band *band, int64_t first, size_t quiet);
/* Up to (not including) sample `end`, whose stream samples have arrived. When the room is short, what lies before `oldest` goes,
 * and where that is not enough, as much as must. */
void wm_band_extend(struct wm_band *band, int64_t end, int64_t oldest);
/* Up to `end` from the stream's samples before heard_end alone, the converter's offset in place of what has not been heard: filters
 * look 0.05 ms ahead. Returns how many samples were made up, 0 when it would be more than WM_BAND_TAIL_MAX (and none is made);
 * wm_band_drop takes them off again. */
#define WM_BAND_TAIL_MAX 64
size_t wm_band_make_up(struct wm_band *band, int64_t heard_end, int64_t end, int64_t oldest);
void wm_band_drop(struct wm_band *band, size_t samples);
