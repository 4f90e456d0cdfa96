/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#define SECOND 1000000000LL

static int64_t now_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

int64_t wm_mono_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

int64_t wm_real_ns(void)
{
    return now_ns(CLOCK_REALTIME);
}

double wm_mono_s(void)
{
    return (double)wm_mono_ns() * 1e-9;
}

struct timespec wm_timespec(int64_t ns)
{
    return (struct timespec){(time_t)(ns / SECOND), (long)(ns % SECOND)};
}
