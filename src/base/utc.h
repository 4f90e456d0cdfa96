/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stdint.h>

/* UTC instants as ISO 8601 text and back. Nanoseconds since 1970-01-01, as in wm_signal. */

#define WM_UTC_TEXT 32 /* characters that hold any of them */

/* "2024-05-01T12:34:56.123456Z" with 1 to 9 decimals, rounded down; `separator` is what stands between date and time, and behind a
 * blank no Z. */
void wm_utc_text(int64_t time_ns, char separator, unsigned decimals, char out[WM_UTC_TEXT]);
/* "2024-05-01T12:34:56Z", with or without decimals, `T` or a blank, Z or an offset such as +02:00, years 1970 to 2261 (RFC 3339).
 * WM_MALFORMED, also without a zone: local time is not an instant. */
WM_MUST_USE enum wm_status wm_utc_parse(const char *text, int64_t *time_ns);
