/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/allowance.h"

/* An acquisition in 6 cells, two at once after a pause. */
#define PACE_CELLS 6
#define PACE_AHEAD 3

/* 64 in vain a second of 6250 cells; 64 at once, and 64 more of those that promise more. */
#define VAIN_CELLS  98
#define VAIN_ANY    (64 * VAIN_CELLS)
#define VAIN_BETTER (128 * VAIN_CELLS)
#define FIRST_ONES  2
#define CHIPS_EACH  200   /* of a preamble that resembles itself: at the threshold of hearing one in 500 has a candidate in vain */
#define STRONGER    2.0   /* than what was tried lately, in power */
#define FOLLOW      0.125 /* of the way to the newest */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void wm_allowance_reset(struct wm_allowance *allowance, int64_t cell)
{
    *allowance = (struct wm_allowance){.paced = cell, .in_vain = cell};
}

bool wm_allowance_is_whole(const struct wm_allowance *allowance, int64_t cell)
{
    return allowance->paced <= cell && allowance->in_vain <= cell;
}

void wm_allowance_begin(struct wm_allowance *allowance)
{
    allowance->first = FIRST_ONES;
}

bool wm_allowance_waits(const struct wm_allowance *allowance, int64_t cell)
{
    return allowance->paced > cell + PACE_AHEAD;
}

bool wm_allowance_take(struct wm_allowance *allowance, int64_t cell, double strength)
{
    const int64_t debt = later(allowance->in_vain - cell, 0);

    if (debt == 0)
        allowance->tried = 0;
    const bool better = allowance->first > 0 || strength > STRONGER * allowance->tried;
    if (debt + VAIN_CELLS > (better ? VAIN_BETTER : VAIN_ANY))
        return false;
    allowance->first -= allowance->first > 0;
    allowance->in_vain = cell + debt + VAIN_CELLS;
    allowance->paced = later(allowance->paced, cell) + PACE_CELLS;
    return true;
}

void wm_allowance_vain(struct wm_allowance *allowance, double strength)
{
    allowance->tried += (strength - allowance->tried) * (allowance->tried > 0 ? FOLLOW : 1);
}

void wm_allowance_frame(struct wm_allowance *allowance, unsigned preamble_chips)
{
    allowance->in_vain -= VAIN_CELLS * (2 + preamble_chips / CHIPS_EACH);
}
