/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/frame.h"

#define WM_WHY_MAX 192

/* A telegram given as bytes, with the CRCs of format A or B or without: finds out which from L, the length and the CRCs.
 * *used is what of the bytes belongs to the frame; the rest trails it.
 * WM_OK; WM_TOO_SHORT: cut off: *frame holds what there is (len < L + 1, grade unchecked), so that it can be shown; WM_INTEGRITY:
 * it carries CRCs and one of them fails; WM_MALFORMED: no telegram. Other than for WM_OK, why says what and what to do. */
WM_MUST_USE enum wm_status wm_frame_from_bytes(struct wm_span bytes, struct wm_frame *frame, size_t *used, char why[WM_WHY_MAX]);
