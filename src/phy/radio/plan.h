/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/radio/driver.h"

/* Where to tune: the centre and rate for the modes asked for, with the device's DC spike beside every channel.
 *
 *      |<-------------- 90 % of the rate is clean --------------->|
 *   ---|-----[ S 868.30 ]------ centre, DC -----[ T, C 868.95 ]---|---
 *                              |<- at least WM_PLAN_DC_HZ ->|
 */
#define WM_PLAN_CLEAN   0.9  /* share of the rate that the anti-alias filters leave alone (RTL2832: -3 dB at about 0.95) */
#define WM_PLAN_DC_HZ   15e3 /* from DC to a channel's edge: the spike and its 1/f skirt */
#define WM_PLAN_STEP_HZ 12.5e3

/* `wanted_*_hz` > 0 is the user's and is taken as it is. `modes` has a bit per mode. As many modes as possible, then the lowest of
 * the usual rates, then the centre with the widest margins. WM_UNSUPPORTED: the device has no rate that wmsdr can receive. */
WM_MUST_USE enum wm_status wm_plan_choose(const struct wm_radio_caps *caps, unsigned modes, double wanted_rate_hz,
                                          double wanted_centre_hz, double *rate_hz, double *centre_hz);
