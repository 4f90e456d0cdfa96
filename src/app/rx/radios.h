/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/radio/radio.h"
#include "phy/radio/source.h"

/* What options say of radios and recordings, and which radios are attached. */

struct wm_radios_spec {
    const struct wm_radio_driver *driver;
    char address[WM_RADIO_ADDRESS];
    double rate_hz, centre_hz; /* 0: chosen */
    double ppm;
    enum wm_radio_gain gain;
    double gain_db;
};

/* Options that several commands have. */
enum wm_radios_option {
    WM_RADIOS_RATE,
    WM_RADIOS_FREQUENCY,
    WM_RADIOS_FORMAT,
    WM_RADIOS_GAIN,
    WM_RADIOS_PPM,
    WM_RADIOS_MODES,
};
/* The value of one, for a radio and for a recording; modes get a bit each. False: *why (static) says what is wrong with it. */
bool wm_radios_set(enum wm_radios_option option, const char *value, struct wm_radios_spec *spec, struct wm_source_info *wanted,
                   unsigned *modes, const char **why);
/* -d VALUE into a spec. False: why (static) says what is wrong. */
bool wm_radios_device(struct wm_radios_spec *spec, const char *text, const char **why);

/* Each attached radio once, those that two drivers know by the first of them. */
void wm_radios_list(wm_radio_found_fn found, void *user);
/* The first usable radio. False: none; *trouble tells of one that cannot be used, "" when there is none at all. */
bool wm_radios_first(struct wm_radios_spec *spec, struct wm_radio_found *trouble);
