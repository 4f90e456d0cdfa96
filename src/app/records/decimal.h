/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* An exact decimal number: mantissa * 10^exponent. Never a binary float. A meter's digits are kept: 1.50 stays 1.50. */
struct wm_decimal {
    int64_t mantissa;
    int exponent;
};

/* Plain positional notation ("-12.340", "15000"), no exponent for |exponent| <= 30. Returns the length without the NUL, 0 when cap
 * is too small. */
size_t wm_decimal_text(struct wm_decimal value, char *out, size_t cap);

/* Exact multiplication; WM_FULL on overflow. */
WM_MUST_USE enum wm_status wm_decimal_mul(struct wm_decimal a, int64_t factor, struct wm_decimal *product);
