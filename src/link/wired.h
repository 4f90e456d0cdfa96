/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* The long frame of wired M-Bus (EN 13757-2, format class FT1.2): 68 L L 68 C A CI data checksum 16. The application layer above is
 * the same as on radio. */
struct wm_wired {
    uint8_t c, a;
    struct wm_span layer; /* from the CI to the last byte before the checksum */
};

/* WM_NOT_MINE: it does not begin as one; WM_TOO_SHORT: cut off, or no room for C, A and CI; WM_MALFORMED: the stop byte is missing;
 * WM_INTEGRITY: the checksum is wrong. *why (may be NULL) is a static phrase. Bytes behind the frame are ignored. */
WM_MUST_USE enum wm_status wm_wired_parse(struct wm_span bytes, struct wm_wired *frame, const char **why);
/* The twin. WM_INVALID: more than 252 bytes behind the CI, or no CI; WM_FULL. */
WM_MUST_USE enum wm_status wm_wired_build(const struct wm_wired *frame, struct wm_writer *out);
