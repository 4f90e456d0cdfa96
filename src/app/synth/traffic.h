/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/synth/synth.h"
#include "dsp/rng.h"
#include "link/frame.h"

/* What is sent on the virtual air: random frames for error rates, or telegrams from a list, with each transmitter's errors drawn
 * from stated ranges. */
struct wm_traffic {
    bool has_level;
    double level_dbfs;                                                /* carrier power, full scale 1; else: */
    double ec_n0_db;                                                  /* energy of a chip over the noise density */
    double carrier_hz;                                                /* offset drawn from +- this */
    double clock_ppm;                                                 /* +- this */
    double deviation_pct;                                             /* +- this of the nominal deviation */
    double carrier_middle_hz, clock_middle_ppm, deviation_middle_pct; /* round which they are drawn */
    double bt;                                                        /* Gaussian shaping, 0: none */
    double gap_min_s;                                                 /* from one transmission's end to the next one's start */
    double gap_max_s;
    bool long_preamble;
    unsigned tail_chips; /* cut to what the mode allows */
};

/* What a telegram of a list may fix for itself instead of having it drawn. */
enum wm_traffic_setting {
    WM_TRAFFIC_EC_N0_DB,
    WM_TRAFFIC_OFFSET_HZ,
    WM_TRAFFIC_CLOCK_PPM,
    WM_TRAFFIC_DEVIATION_PCT,
    WM_TRAFFIC_GAP_S,
    WM_TRAFFIC_SETTING_COUNT
};

/* A telegram to send. */
struct wm_traffic_item {
    enum wm_mode mode;
    enum wm_format format;
    uint8_t telegram[WM_TELEGRAM_MAX];
    size_t len;
    unsigned own; /* bit n: setting n is this telegram's own */
    double setting[WM_TRAFFIC_SETTING_COUNT];
};

/* A telegram of min to max bytes (L included, CRCs not): SND-NR from a fixed manufacturer, random ID, short TPL header that says
 * mode 5, random payload. min >= 15, max <= 251. */
void wm_traffic_random(struct wm_rng *rng, size_t min, size_t max, struct wm_traffic_item *item);

/* A line "MODE FORMAT HEX [SETTING=NUMBER…]" ("T A 1E44… ec-n0=12 offset-khz=-8"); the telegram without CRCs. Settings, with their
 * units in the name as on the command line: ec-n0 (dB), offset-khz, clock-ppm, deviation-pct, gap-ms. WM_END: nothing on it (blank,
 * or '#' first); WM_MALFORMED: *why says what (static). */
WM_MUST_USE enum wm_status wm_traffic_line(const char *line, struct wm_traffic_item *item, const char **why);

/* Draws the next transmission: it starts a gap after `after_sample`. */
void wm_traffic_draw(const struct wm_traffic *traffic, const struct wm_synth *synth, double sample_rate_hz, uint64_t after_sample,
                     struct wm_rng *rng, const struct wm_traffic_item *item, struct wm_synth_burst *burst);

#define WM_TRUTH_MAX 1024
/* What was sent as a JSON object without a line end: telegram, mode, format, sample (see wm_synth_place), offset_hz, clock_ppm,
 * deviation_hz. Returns the length. */
size_t wm_traffic_truth(const struct wm_synth_burst *burst, const struct wm_synth_place *place, char out[WM_TRUTH_MAX]);
