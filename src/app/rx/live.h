/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pipeline/pipeline.h"
#include "link/repair.h"
#include "phy/radio/radio.h"

/* Reception from radios: one receiver each, their telegrams merged in the order of time. */
#define WM_LIVE_MAX 8

struct wm_live_spec {
    const struct wm_radio_driver *driver;
    char address[WM_RADIO_ADDRESS];
    double rate_hz, centre_hz; /* 0: chosen */
    double ppm;
    enum wm_radio_gain gain;
    double gain_db;
};

struct wm_live_config {
    struct wm_live_spec radio[WM_LIVE_MAX];
    size_t count;
    unsigned modes;
    const char *kernels;
    const struct wm_repair *repair;
    bool quiet;
    struct wm_pipeline *pipeline;         /* borrowed, as the rest */
    struct wm_outputs **outputs;          /* reload may change it */
    const char *grab_prefix;              /* recordings of what failed; NULL: none */
    double for_s;                         /* so much signal; 0: no end */
    enum wm_status (*reload)(void *user); /* when SIGHUP came */
    void *user;
};

/* Receives until a signal comes (WM_EXIT_OK) or a radio is given up (WM_EXIT_FAILED). *hung: a driver's call does not return; end
 * the process with _Exit. */
int wm_live_run(const struct wm_live_config *config, bool *hung);

/* "T,C-down" to a bit for each mode. */
bool wm_modes_parse(const char *list, unsigned *modes);
/* "auto", "agc", or decibels; false: none of these. */
bool wm_live_gain(struct wm_live_spec *spec, const char *text);
/* -d VALUE into a spec. False: why (static) says what is wrong. */
bool wm_live_device(struct wm_live_spec *spec, const char *text, const char **why);

/* Each attached radio once, those that two drivers know by the first of them. */
void wm_live_list(wm_radio_found_fn found, void *user);
/* The first usable radio. False: none; *trouble tells of one that cannot be used, "" when there is none at all. */
bool wm_live_first(struct wm_live_spec *spec, struct wm_radio_found *trouble);
