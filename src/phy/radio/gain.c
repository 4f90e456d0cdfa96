/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/gain.h"

#include <math.h>

/* Noise of 3 to 6 steps rms a component of an 8-bit converter: rounding then adds 0.04 dB at most, and 26 dB are left above. More
 * bits begin 18 dB lower; how many of a 16-bit stream's bits are the converter's is not known, 12 is the least in use. */
#define LOW_8BIT_DBFS  (-29.5)
#define HIGH_8BIT_DBFS (-23.5)
#define MORE_BITS_DB   18.0

#define CLIP_MORE  1e-3 /* share of clipped samples that is too much: a meter next door sends for a thousandth of the time */
#define CLIP_GROSS 3e-2
#define FAST_S     20.0 /* at first each second may bring a step, then each SLOW_S */
#define SLOW_S     10.0
#define HOLD_S     120.0
#define HOLD_MAX_S 3600.0

struct wm_gain wm_gain_of(const struct wm_radio_caps *caps)
{
    const bool bits8 = caps->format == WM_SAMPLES_CU8 || caps->format == WM_SAMPLES_CS8;
    const double down_db = bits8 ? 0 : MORE_BITS_DB;

    return (struct wm_gain){
        .count = (unsigned)caps->gain_count,
        .step = (unsigned)caps->gain_count * 3 / 4,
        .low_dbfs = LOW_8BIT_DBFS - down_db,
        .high_dbfs = HIGH_8BIT_DBFS - down_db,
        .next_hold_s = HOLD_S,
    };
}

static bool change(struct wm_gain *g, int by)
{
    int step = (int)g->step + by;

    if (step < 0)
        step = 0;
    if (step >= (int)g->count)
        step = (int)g->count - 1;
    if (step == (int)g->step)
        return false;
    g->step = (unsigned)step;
    g->settled_s = 0;
    g->fresh = true;
    return true;
}

bool wm_gain_update(struct wm_gain *g, const struct wm_level *level, double seconds)
{
    g->age_s += seconds;
    g->settled_s += seconds;
    g->hold_s = fmax(0, g->hold_s - seconds);
    if (g->fresh) {
        g->fresh = false;
        return false;
    }
    if (level->clip_share > CLIP_MORE) {
        g->hold_s = g->next_hold_s;
        g->next_hold_s = fmin(2 * g->next_hold_s, HOLD_MAX_S);
        return change(g, level->clip_share > CLIP_GROSS ? -4 : -1);
    }
    if (g->age_s > FAST_S && g->settled_s < SLOW_S)
        return false;
    if (level->noise_dbfs > g->high_dbfs)
        return change(g, -1);
    if (level->noise_dbfs < g->low_dbfs && g->hold_s <= 0)
        return change(g, 1);
    return false;
}

unsigned wm_gain_nearest(const struct wm_radio_caps *caps, double gain_db)
{
    unsigned best = 0;

    for (unsigned i = 1; i < caps->gain_count; i++) {
        if (fabs((double)caps->gain_db[i] - gain_db) < fabs((double)caps->gain_db[best] - gain_db))
            best = i;
    }
    return best;
}
