/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/convert.h"

#include <stdbool.h>
#include <stdint.h>

/* How a stream of samples looks: what gain control, the watchdog and the doctor go by. 1024 of each 8192 samples are measured;
 * whether a stretch is flat (one value over and over, as lost USB packets leave behind) is seen everywhere. A plain value. */
#define WM_LEVEL_CELLS 64

struct wm_level_meter {
    enum wm_sample_format format;
    uint64_t samples; /* seen since the last read */
    uint64_t measured;
    uint64_t clipped; /* of the measured, I or Q at the end of the scale */
    uint64_t flat;    /* samples in flat stretches */
    double sum_i, sum_q, sum_power;
    float cell[WM_LEVEL_CELLS]; /* powers of measured stretches */
    unsigned cells;
    unsigned skip;
};

/* 0 dBFS is a complex carrier at full scale. */
struct wm_level {
    uint64_t samples;
    double noise_dbfs; /* the quieter stretches: a fifth lies below */
    double mean_dbfs;
    double clip_share; /* 0 to 1 */
    double flat_share;
    double dc_dbfs;
};

struct wm_level_meter wm_level_meter_of(enum wm_sample_format format);
/* Whole samples. */
void wm_level_push(struct wm_level_meter *meter, const void *samples, size_t bytes);
/* Both components of one sample in full scale; true: at the end of the scale. */
bool wm_level_sample(enum wm_sample_format format, const void *sample, double *i, double *q);
/* Since the last read; false: nothing was measured. Starts anew. */
bool wm_level_read(struct wm_level_meter *meter, struct wm_level *level);
