/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/shared.h"
#include "app/rx/live.h"
#include "phy/radio/source.h"

/* What `wmsdr rx` was told, and the ways it goes: commands/rx.c reads the options and chooses, recording.c receives what a file or
 * a pipe brings, live.c what radios bring, reload.c takes the configuration over again. */

struct wm_rx {
    struct wm_shared shared;
    const char *path;            /* of the recording, "-" for standard input; NULL: radios */
    struct wm_live_config live;  /* the radios, and more than they need once wm_rx_live runs */
    struct wm_radios_spec every; /* what is said before the first -d */
    struct wm_source_info wanted;
    unsigned modes;
    const char *kernels;
    unsigned threads;
    bool no_repair, realtime;
    int argc; /* as they were given, for a reload */
    char **argv;
};

/* The options into *rx, whose shared options have been created. An exit code; *done: --help was asked for and printed. */
int wm_rx_parse(struct wm_rx *rx, int argc, char **argv, bool *done);

/* Receives rx->path up to its end. An exit code. */
int wm_rx_recording(struct wm_rx *rx);

/* Reads the configuration again while the pipeline runs: keys, filters and outputs change. Where it cannot be read, all stays as it
 * is, and WM_OK; otherwise the outputs are lost. patient: as wm_outputs_patient. */
WM_MUST_USE enum wm_status wm_rx_reload(struct wm_rx *rx, struct wm_pipeline *pipeline, bool patient);
