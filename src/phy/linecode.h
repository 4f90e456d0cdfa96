/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"
#include "phy/mode.h"

/* Line codes of EN 13757-4: bytes to chips and back. Chips are one a byte, 0 or 1, in the order sent; bytes go top bit first. */

/* The 3-of-6 code word of a nibble; bit 5 is sent first. nibble < 16. */
uint8_t wm_3of6_encode(unsigned nibble);
/* The nibble of a 6-bit word, or -1 when it is no code word. */
int wm_3of6_decode(unsigned word);

unsigned wm_linecode_chips_per_byte(enum wm_line_code code);

/* WM_FULL: more chips than cap; nothing is written then. */
WM_MUST_USE enum wm_status wm_linecode_encode(enum wm_line_code code, struct wm_span bytes, uint8_t *chips, size_t cap,
                                              size_t *count);

/* The twin: as many whole bytes as the chips hold. Words that are none of the code (a 3-of-6 word without three ones, a Manchester
 * pair of equal chips) read as 0 and are counted in *invalid_words. WM_FULL: more bytes than cap. */
WM_MUST_USE enum wm_status wm_linecode_decode(enum wm_line_code code, const uint8_t *chips, size_t count, uint8_t *bytes,
                                              size_t cap, size_t *len, size_t *invalid_words);
