/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stdint.h>

/* Sample index to UTC. A buffer arrives late by what the bus and the scheduler made of it, never early, so the earliest arrivals of
 * each half second lie on the line that the device's oscillator draws; a least-squares line through two minutes of them is the
 * device's real rate. The line is drawn on CLOCK_MONOTONIC. UTC is that plus an offset which is held: when somebody sets the system
 * clock, the times of telegrams stay steady, and follow after the new time has stood for WM_CLOCK_STEP_HOLD_NS: forward at once;
 * back by up to WM_CLOCK_BACK_MAX_NS by running a tenth slower, so that they never go back; farther back at once, as times that are
 * wrong for hours are the worse evil.
 *
 * Arrivals that stay late mean samples that nobody reported lost: by more than WM_CLOCK_LATE_NS for three half seconds, by 50 ms
 * for two, and by 50 ms and three times what jitter does to the earliest of a tenth of a second for two of those, all the same.
 * What a server or a busy machine held up comes faster than it was made, is less late each time, and is no loss. */
struct wm_sample_clock;

#define WM_CLOCK_LATE_NS      5000000LL
#define WM_CLOCK_STEP_HOLD_NS 600000000000LL
#define WM_CLOCK_BACK_MAX_NS  60000000000LL

WM_MUST_USE enum wm_status wm_sample_clock_create(double rate_hz, struct wm_sample_clock **clock);
void wm_sample_clock_destroy(struct wm_sample_clock *clock);

/* At mono_ns (CLOCK_MONOTONIC), when the system clock said real_ns, the sample before end_index had arrived. Returns how many
 * samples must have been lost since, by the time they took: the caller adds them to its indices from now on. Negative: an earlier
 * call was wrong. */
int64_t wm_sample_clock_update(struct wm_sample_clock *clock, uint64_t end_index, int64_t mono_ns, int64_t real_ns);

/* The stream was interrupted and its indices go on by a guess from the time: the next half second corrects them exactly. */
void wm_sample_clock_resume(struct wm_sample_clock *clock);

/* UTC of a sample in nanoseconds since 1970. Before the first update: WM_TIME_UNKNOWN. */
int64_t wm_sample_clock_time(const struct wm_sample_clock *clock, uint64_t index);
/* The index that the device is at, by the time: for a stream that was interrupted. */
uint64_t wm_sample_clock_index(const struct wm_sample_clock *clock, int64_t mono_ns);
/* The device's real rate against the nominal one, in ppm; 0 until it is known (about ten seconds). */
double wm_sample_clock_ppm(const struct wm_sample_clock *clock);
/* By how much the system clock has been set and not yet been followed, and how often it has been. */
int64_t wm_sample_clock_step_ns(const struct wm_sample_clock *clock);
unsigned wm_sample_clock_followed(const struct wm_sample_clock *clock);
