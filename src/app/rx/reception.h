/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pipeline/pipeline.h"
#include "app/rx/grab.h"
#include "link/deframe.h"
#include "phy/receiver.h"

/* Joins the receiver to the link layer and the pipeline: give wm_reception_on_sync and a reception to wm_receiver_config, and for
 * several threads wm_reception_on_result and the size of its result as well. */
struct wm_reception {
    struct wm_pipeline *pipeline;   /* borrowed */
    const struct wm_repair *repair; /* borrowed */
    struct wm_deframe_stats stats[WM_MODE_COUNT];
    enum wm_status failed;                                /* the first failure of the pipeline: nothing is written after it */
    void (*on_frame)(void *user, struct wm_frame *frame); /* gets the frames instead of the pipeline; NULL: the pipeline */
    void *user;
    struct wm_grab *grab; /* gets the stretches that failed their CRC, NULL: nobody */
};

/* What one sync word came to. */
struct wm_reception_result {
    struct wm_frame frame;
    struct wm_deframe_stats stats;
    enum wm_mode mode;
    uint64_t sample_index;
    bool is_frame;
    bool is_broken; /* no tier passed its CRCs */
};

enum wm_status wm_reception_on_sync(void *reception, const struct wm_sync *sync, size_t *air_bytes);
void wm_reception_on_result(void *reception, const void *result);
