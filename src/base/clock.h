/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC and CLOCK_REALTIME (since 1970) in nanoseconds. */
int64_t wm_mono_ns(void);
int64_t wm_real_ns(void);
/* CLOCK_MONOTONIC in seconds, for what is not that exact. */
double wm_mono_s(void);
/* What the system's calls want to have. */
struct timespec wm_timespec(int64_t ns);
