/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/radio/driver.h"

/* What RTL2832 sticks have in common, whether on USB or behind rtl_tcp. */

/* Fills gain_count and gain_db for a tuner of librtlsdr's enum rtlsdr_tuner that says it has `count` gains; 0 gains for a tuner
 * that is not known. */
void wm_rtl_gains(uint32_t tuner, uint32_t count, struct wm_radio_caps *caps);
/* Fills rate_count and rate: what the resampler of the RTL2832 takes. */
void wm_rtl_rates(struct wm_radio_caps *caps);
const char *wm_rtl_tuner_name(uint32_t tuner);
