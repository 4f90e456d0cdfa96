/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/reception.h"

#include <string.h>

enum wm_status wm_reception_on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    struct wm_reception *reception = user;
    struct wm_reception_result here, *result = sync->result ? sync->result : &here;
    enum wm_status status;

    memset(result, 0, sizeof *result);
    result->mode = sync->mode;
    result->sample_index = sync->signal->sample_index;
    status = wm_deframe(sync->source, sync->format, reception->repair, &result->frame, air_bytes, &result->stats);
    if (status == WM_OK) {
        result->is_frame = true;
        result->frame.on_air = true;
        result->frame.mode = sync->mode;
        result->frame.signal = *sync->signal;
    }
    result->is_broken = status == WM_INTEGRITY;
    if (!sync->result && status != WM_TOO_SHORT)
        wm_reception_on_result(reception, result);
    /* That an output has failed is no reason for the receiver to take the frame for noise: the caller of push looks at `failed`. */
    return status;
}

void wm_reception_on_result(void *user, const void *from)
{
    struct wm_reception *reception = user;
    const struct wm_reception_result *result = from;
    struct wm_deframe_stats *stats = &reception->stats[result->mode];

    stats->frames[0] += result->stats.frames[0];
    stats->frames[1] += result->stats.frames[1];
    stats->crc_failed += result->stats.crc_failed;
    stats->implausible += result->stats.implausible;
    stats->bad_length += result->stats.bad_length;
    stats->cut += result->stats.cut;
    /* A failure to write recordings is not the reception's: the grab keeps it for whoever made it. */
    if (result->is_broken && reception->grab)
        (void)!wm_grab_mark(reception->grab, result->sample_index, wm_grab_end(reception->grab));
    if (result->is_frame && reception->on_frame) {
        struct wm_frame frame = result->frame;
        reception->on_frame(reception->user, &frame);
    } else if (result->is_frame && reception->failed == WM_OK) {
        reception->failed = wm_pipeline_push(reception->pipeline, &result->frame, NULL);
    }
}
