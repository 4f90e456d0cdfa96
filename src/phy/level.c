/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/level.h"

#include <math.h>

double wm_level_gain(struct wm_level *level, double rms)
{
    const unsigned size = sizeof level->quiet / sizeof *level->quiet;
    double quietest = INFINITY;

    level->quiet[level->count++ % size] = rms;
    for (unsigned i = 0; i < size && i < level->count; i++)
        quietest = fmin(quietest, level->quiet[i]);
    return exp2(round(log2(fmin(fmax(WM_LEVEL_STEPS / quietest, 1e-30), 1e30))));
}
