/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/reception.h"

#include <string.h>

enum wm_status wm_reception_on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    struct wm_reception *reception = user;
    struct wm_frame frame;
    enum wm_status status;

    memset(&frame, 0, sizeof frame);
    status = wm_deframe(sync->source, sync->format, reception->repair, &frame, air_bytes, &reception->stats[sync->mode]);
    /* A failure to write recordings is not the reception's: the grab keeps it for whoever made it. */
    if (status == WM_INTEGRITY && reception->grab)
        (void)!wm_grab_mark(reception->grab, sync->signal->sample_index, wm_grab_end(reception->grab));
    if (status != WM_OK)
        return status;
    frame.on_air = true;
    frame.mode = sync->mode;
    frame.signal = *sync->signal;
    if (reception->on_frame) {
        reception->on_frame(reception->user, &frame);
        return WM_OK;
    }
    /* That an output has failed is no reason for the receiver to take the frame for noise: the caller of push looks at `failed`. */
    if (reception->failed == WM_OK)
        reception->failed = wm_pipeline_push(reception->pipeline, &frame, NULL);
    return WM_OK;
}
