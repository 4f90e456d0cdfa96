/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/synth/synth.h"
#include "dsp/rng.h"
#include "link/frame.h"

/* What is sent on the virtual air: random frames for error rates, or telegrams from a list, with each transmitter's errors drawn
 * from stated ranges. */
struct wm_traffic {
    bool has_level;
    double level_dbfs;    /* carrier power, full scale 1; else: */
    double ec_n0_db;      /* energy of a chip over the noise density */
    double carrier_hz;    /* offset drawn from +- this */
    double clock_ppm;     /* +- this */
    double deviation_pct; /* +- this of the nominal deviation */
    double bt;            /* Gaussian shaping, 0: none */
    double gap_min_s;     /* from one transmission's end to the next one's start */
    double gap_max_s;
    bool long_preamble;
    unsigned tail_chips; /* cut to what the mode allows */
};

/* A telegram to send. */
struct wm_traffic_item {
    enum wm_mode mode;
    enum wm_format format;
    uint8_t telegram[WM_TELEGRAM_MAX];
    size_t len;
};

/* A telegram of min to max bytes (L included, CRCs not): SND-NR from a fixed manufacturer, random ID, short TPL header that says
 * mode 5, random payload. min >= 15, max <= 251. */
void wm_traffic_random(struct wm_rng *rng, size_t min, size_t max, struct wm_traffic_item *item);

/* A line "MODE FORMAT HEX" ("T A 1E44…"); the telegram without CRCs. WM_END: nothing on it (blank, or '#' first); WM_MALFORMED:
 * *why says what (static). */
WM_MUST_USE enum wm_status wm_traffic_line(const char *line, struct wm_traffic_item *item, const char **why);

/* Draws the next transmission: it starts a gap after `after_sample`. */
void wm_traffic_draw(const struct wm_traffic *traffic, const struct wm_synth *synth, double sample_rate_hz, uint64_t after_sample,
                     struct wm_rng *rng, const struct wm_traffic_item *item, struct wm_synth_burst *burst);

#define WM_TRUTH_MAX 1024
/* What was sent as a JSON object without a line end: telegram, mode, format, sample (see wm_synth_place), offset_hz, clock_ppm,
 * deviation_hz. Returns the length. */
size_t wm_traffic_truth(const struct wm_synth_burst *burst, const struct wm_synth_place *place, char out[WM_TRUTH_MAX]);
