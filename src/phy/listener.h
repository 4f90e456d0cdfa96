/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/carriers.h"
#include "phy/intake.h"

/* Listens to one channel all the time, as cheaply as can be: a short filter, the energy of each cell, the converter's offset where
 * it lies near, the gate. It needs nothing of what the bursts turn out to be. */
struct wm_listener;

struct wm_listener_config {
    const struct wm_kernels *kernels;
    const struct wm_intake *intake;
    double sample_rate_hz; /* of the intake */
    double offset_hz;      /* of the channel in it */
    double rounding_power; /* of the converter's rounding, full scale squared, per complex sample */
    unsigned window;       /* of the gate, see phy/gate.h */
    double ratio;
};

/* What one cell says: a stretch of 0.16 ms. Small, as struct wm_ear. */
struct wm_cell {
    bool open, quiet;            /* see phy/gate.h; in between neither */
    float level, floor;          /* of the gate, full scale squared */
    float dc_i, dc_q;            /* the converter's offset, full scale */
    struct wm_carriers carriers; /* that stand in the channel, for wm_band_set_carriers */
};

/* What is heard of one cell: no state in it, so cells can be heard in any order, ahead and by several threads. It is small because
 * one core often hears what the other goes on with. */
#define WM_CELL_OUTPUTS 32 /* of the filter; a cell is 0.16 ms */
struct wm_ear {
    int64_t cell;
    float sums[3];    /* over the filter's outputs, see wm_kernels.moments */
    float re, im;     /* the first of them */
    float dc_i, dc_q; /* means of a few samples, full scale */
};

WM_MUST_USE enum wm_status wm_listener_create(const struct wm_listener_config *config, struct wm_listener **listener);
void wm_listener_destroy(struct wm_listener *listener);
void wm_listener_reset(struct wm_listener *listener);

/* The next cell, whose samples have arrived. ear: it has been heard; NULL: it has not. */
void wm_listener_run(struct wm_listener *listener, const struct wm_ear *ear, struct wm_cell *cell);
/* From an intake like its own, which may be ahead of it. */
void wm_listener_hear(const struct wm_listener *listener, const struct wm_intake *intake, int64_t cell, struct wm_ear *ear);
/* The samples that hearing a cell looks at: [first, *end). */
int64_t wm_listener_reach(const struct wm_listener *listener, int64_t cell, int64_t *end);
int64_t wm_listener_cell(const struct wm_listener *listener);
int64_t wm_listener_cell_samples(const struct wm_listener *listener);
/* Stream index that must have arrived (exclusive) for a cell, where filters of so many taps look at it too. */
int64_t wm_listener_need(const struct wm_listener *listener, int64_t cell, unsigned taps);
/* Two-sided noise bandwidth of the filter: the floor is N0 times it. */
double wm_listener_noise_hz(const struct wm_listener *listener);
