/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/deframe.h"

/* What was done to a frame's blocks so far. */
struct wm_repaired {
    unsigned events; /* applied */
    double wrong;    /* sum over the blocks: the odds against what was taken */
};

/* Repairs the block of `len` bytes (CRC included) at byte `offset` of soft->bytes in place, if its CRC does not fit: see struct
 * wm_repair. Only events that lie in the block and not before bit first_bit of the frame are used. Adds to *repaired, whose odds
 * against may not exceed e^-log_odds. WM_OK: the CRC fits now; WM_INTEGRITY: it does not, and nothing was changed, or it fits and
 * an error that it cannot see is too likely. */
WM_MUST_USE enum wm_status wm_repair_block(const struct wm_repair *repair, struct wm_soft *soft, size_t offset, size_t len,
                                           uint32_t first_bit, float log_odds, struct wm_repaired *repaired);
