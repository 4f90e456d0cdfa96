/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/air.h"
#include "app/rx/reception.h"
#include "phy/radio/source.h"

/* What `wmsdr rx` says on stderr about a run. */

/* One line for each wanted channel that the band leaves out. `modes` has a bit per mode. quiet: without the
 * lines. Returns the modes that are inside. */
unsigned wm_rx_report_channels(const struct wm_source_info *info, unsigned modes, bool quiet);

struct wm_rx_progress {
    bool on;
    double centre_hz, rate_hz;
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

/* What a receiver knows for the outputs that show how the reception stands: samples and noise; the rest stays. */
void wm_rx_report_air(const struct wm_receiver *receiver, struct wm_air_source *source);
#define WM_RX_AIR_NS 250000000LL /* how often they are told */

/* rx --grab-failed: recordings of bursts that had a sync word and failed. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_rx_grab(const char *prefix, enum wm_sample_format format, double rate_hz, double centre_hz,
                                      struct wm_grab **grab);
/* Before the same samples go to the receiver. What cannot be written is said once, reception goes on. */
void wm_rx_grab_push(struct wm_grab *grab, const void *bytes, size_t len, const struct wm_source_place *place);
/* Says how many there are, and destroys it (NULL: nothing). */
void wm_rx_grab_end(struct wm_grab *grab, bool quiet);
