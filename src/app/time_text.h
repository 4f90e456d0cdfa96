/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* UTC instants as ISO 8601 text and back. Nanoseconds since 1970-01-01, as in wm_signal. */

#define WM_TIME_TEXT 80 /* characters that hold any of them */

/* "2024-05-01T12:34:56.123456Z": microseconds, rounded down. `separator` is what stands between date and time. */
void wm_time_text(int64_t time_ns, char separator, char out[WM_TIME_TEXT]);
/* "2024-05-01T12:34:56Z", with 0 to 9 decimals, `T` or a blank, Z or an offset such as +02:00. WM_MALFORMED without a zone: local
 * time is not an instant. */
WM_MUST_USE enum wm_status wm_time_parse(const char *text, int64_t *time_ns);
