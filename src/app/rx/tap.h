/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/rx/radios.h"

/* Samples of a recording or a radio, for the commands that look at them themselves (record, doctor), with the options that say
 * which. */
struct wm_tap;

struct wm_tap_config {
    const char *path; /* a recording; NULL: a radio */
    bool device;      /* one was named */
    struct wm_radios_spec spec;
    struct wm_source_info wanted;
    unsigned modes; /* 0: all */
};

enum {
    WM_TAP_READ,
    WM_TAP_DEVICE,
    WM_TAP_RATE,
    WM_TAP_FREQUENCY,
    WM_TAP_FORMAT,
    WM_TAP_GAIN,
    WM_TAP_PPM,
    WM_TAP_MODES,
    WM_TAP_OPTIONS
};
/* The rows of an option table for them, its first. */
#define WM_TAP_ROWS                                                                                                                \
    [WM_TAP_READ] = {'r', "read", "FILE", "a recording, raw IQ or SigMF; - is standard input"},                                    \
    [WM_TAP_DEVICE] = {'d', "device", "RADIO", "a radio, see wmsdr devices; default: the first usable one"},                       \
    [WM_TAP_RATE] = {'s', "rate", "RATE", "sample rate; default: from SigMF or the file name, of a radio what the modes need"},    \
    [WM_TAP_FREQUENCY] = {'f', "frequency", "FREQ",                                                                                \
                          "centre frequency; default: from SigMF or the file name, of a radio beside\n"                            \
                          "the channels"},                                                                                         \
    [WM_TAP_FORMAT] = {0, "format", "FORMAT", "of raw samples: cu8, cs8, cs16 or cf32; default: from the file's extension"},       \
    [WM_TAP_GAIN] = {'g', "gain", "GAIN", "decibels, agc (the radio's own), or auto: by the noise (default)"},                     \
    [WM_TAP_PPM] = {'p', "ppm", "PPM", "the radio's oscillator is too fast by this much"},                                         \
    [WM_TAP_MODES] = {'m', "modes", "MODES", "only these of S, T, C and C-down, with commas between; default: all"}

/* One of these options. False: *why (static) says what is wrong with the value. */
bool wm_tap_option(struct wm_tap_config *config, int option, const char *value, const char **why);

struct wm_tap_block {
    const void *bytes; /* whole samples */
    size_t len;
    struct wm_source_place place; /* of the first */
};

/* Opens; config.modes is made explicit. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_tap_open(struct wm_tap_config *config, const struct wm_log *log, struct wm_tap **tap);
/* WM_OK, WM_TOO_SHORT (nothing for 0.1 s), WM_END, WM_IO (said on standard error). */
WM_MUST_USE enum wm_status wm_tap_read(struct wm_tap *tap, struct wm_tap_block *block);
/* Format, rate and centre are known. */
const struct wm_source_info *wm_tap_info(const struct wm_tap *tap);
/* NULL for a recording. */
struct wm_radio *wm_tap_radio(struct wm_tap *tap);
/* False: a driver's call hangs, leave with _Exit. */
bool wm_tap_close(struct wm_tap *tap);
