/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pipeline/pipeline.h"
#include "app/rx/radios.h"
#include "link/repair.h"

/* Reception from radios: one receiver each, their telegrams merged in the order of time. */
#define WM_LIVE_MAX 8

struct wm_live_config {
    struct wm_radios_spec radio[WM_LIVE_MAX];
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
