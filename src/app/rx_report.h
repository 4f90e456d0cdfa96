/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/reception.h"
#include "phy/radio/source.h"

/* What `wmsdr rx` says on stderr about a run. */

/* One line for each wanted channel that the band leaves out. `modes` has a bit per mode. quiet: without the
 * lines. Returns the modes that are inside. */
unsigned wm_rx_report_channels(const struct wm_source_info *info, unsigned modes, bool quiet);

struct wm_rx_progress {
    bool on;
    double rate_hz;
    uint64_t total_samples;    /* 0: unknown */
    double started_s, shown_s; /* monotonic clock */
};

void wm_rx_progress_start(struct wm_rx_progress *progress, bool on, const struct wm_source_info *info);
/* Shows position, speed and telegrams at most four times a second. */
void wm_rx_progress_show(struct wm_rx_progress *progress, uint64_t samples, uint64_t telegrams);
/* Clears the line. */
void wm_rx_progress_clear(struct wm_rx_progress *progress);

/* What was heard, and what was lost where. */
void wm_rx_report_summary(const struct wm_rx_progress *progress, const struct wm_receiver *receiver,
                          const struct wm_reception *reception);
