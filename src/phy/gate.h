/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Decides from one channel's energies when somebody may be sending. Fed once a cell (a fixed, short stretch of time) with the mean
 * power in the channel; open while the mean over the last `window` cells exceeds `ratio` times the noise floor.
 *
 * The floor is a low quantile of the powers of the last second, corrected for being the low end of a random quantity: it holds with
 * the channel busy 97 % of the time, where a mean or a fixed fraction of the time would take frames for noise. Until the floor is
 * known the gate is open. Powers are in full scale squared.
 *
 * Where there is no silence at all the quantile is frames and noise together. Their share is told by the shape of what was heard:
 * the power of complex Gaussian noise has E|y|^4 = 2 (E|y|^2)^2, each constant envelope of power S in it takes S^2 off that (the
 * moments M2 and M4: Pauluzzi and Beaulieu, IEEE Trans. Commun. 48, 2000). An unmodulated carrier does so too, but nobody sends
 * frames with it: it is known by its correlation over a long lag, and stays in the floor. */
struct wm_gate;

struct wm_gate_config {
    unsigned window;     /* cells */
    double ratio;        /* open above ratio * floor */
    double cell_samples; /* independent noise samples in a cell: says how much a quantile lies below the mean */
    double floor_min;    /* power of the converter's rounding in the channel: no floor is below it */
};

WM_MUST_USE enum wm_status wm_gate_create(const struct wm_gate_config *config, struct wm_gate **gate);
void wm_gate_destroy(struct wm_gate *gate);
void wm_gate_reset(struct wm_gate *gate);

/* The shape of one cell's samples: sums over them. */
struct wm_gate_shape {
    double power;  /* mean of |y|^2 */
    double fourth; /* mean of |y|^4 */
    double re, im; /* mean of y[n + lag] conj y[n], the lag longer than a symbol */
};

/* Whether the next cell's shape is wanted: of all at first, of every sixteenth later. */
bool wm_gate_wants_shape(const struct wm_gate *gate);
/* It, before the cell is pushed. */
void wm_gate_shape(struct wm_gate *gate, const struct wm_gate_shape *shape);
/* One more cell; returns whether the gate is open. */
bool wm_gate_push(struct wm_gate *gate, double power);
/* Noise power; an estimate from what has come so far before the floor is known; floor_min before anything came. */
double wm_gate_floor(const struct wm_gate *gate);
/* Mean power over the last window. */
double wm_gate_level(const struct wm_gate *gate);
/* Whether the last window held next to nothing but noise: less than half of what opens the gate. Never before the floor is known.
 */
bool wm_gate_quiet(const struct wm_gate *gate);
