/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/deframe.h"

/* Repairs the block of `len` bytes (CRC included) at byte `offset` of soft->bytes in place, if its CRC does not fit: see struct
 * wm_repair. Only events that lie in the block and not before bit first_bit of the frame are used. Adds the events applied to
 * *repaired. log_odds: the format's. WM_OK: the CRC fits now; WM_INTEGRITY: it does not, and nothing was changed. */
WM_MUST_USE enum wm_status wm_repair_block(const struct wm_repair *repair, struct wm_soft *soft, size_t offset, size_t len,
                                           uint32_t first_bit, float log_odds, unsigned *repaired);
