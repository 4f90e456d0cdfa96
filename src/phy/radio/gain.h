/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/radio/driver.h"
#include "phy/radio/level.h"

/* wmsdr's own gain control: slow, by the noise floor and not by the signals. docs/gain.md has the reasons and figures. A plain
 * value. */
struct wm_gain {
    unsigned count; /* steps of the device */
    unsigned step;  /* now */
    double low_dbfs, high_dbfs;
    double age_s;     /* since the beginning */
    double settled_s; /* since the last change */
    double hold_s;    /* no step up for so long: clipping was seen */
    double next_hold_s;
    bool fresh; /* the level now is the first behind a change, half of it may be older */
};

/* gain_count > 0. Begins at three quarters of the scale. */
struct wm_gain wm_gain_of(const struct wm_radio_caps *caps);
/* A second or so of signal; true: set `step` at the device. */
bool wm_gain_update(struct wm_gain *gain, const struct wm_level *level, double seconds);
/* The step nearest to a gain. */
unsigned wm_gain_nearest(const struct wm_radio_caps *caps, double gain_db);
