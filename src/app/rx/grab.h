/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/convert.h"
#include "phy/radio/source.h"

#include <stdbool.h>
#include <stdint.h>

/* Stretches of a stream of samples into SigMF recordings PREFIX_0001, PREFIX_0002 …: the last half second is always at hand, so
 * that a stretch can begin before it was asked for. */
struct wm_grab;

struct wm_grab_config {
    const char *prefix; /* copied */
    enum wm_sample_format format;
    double rate_hz, centre_hz;
    double pre_s, post_s; /* more than was asked for, before (at most WM_GRAB_PRE_MAX_S) and behind */
    uint64_t max_bytes;   /* of all recordings together; 0: no limit */
    const char *description;
};

#define WM_GRAB_PRE_MAX_S 0.5

WM_MUST_USE enum wm_status wm_grab_create(const struct wm_grab_config *config, struct wm_grab **grab);
/* Writes what is under way to its end. */
void wm_grab_destroy(struct wm_grab *grab);
/* where: place of the first of these bytes; its gap is for the caller to act on. WM_IO with errno; nothing is written after it. */
WM_MUST_USE enum wm_status wm_grab_push(struct wm_grab *grab, const void *bytes, size_t len, const struct wm_source_place *where);
/* The samples from..to belong into a recording; counted since the beginning or the last break, `to` may lie ahead. Stretches that
 * touch become one recording. */
WM_MUST_USE enum wm_status wm_grab_mark(struct wm_grab *grab, uint64_t from, uint64_t to);
/* Samples are missing here. A recording of all that comes (until UINT64_MAX) goes on, and its metadata says where; any other ends,
 * and counting begins at 0. */
WM_MUST_USE enum wm_status wm_grab_gap(struct wm_grab *grab);
/* Any recording ends here, and counting begins at 0. */
WM_MUST_USE enum wm_status wm_grab_break(struct wm_grab *grab);
/* Samples pushed since the beginning or the last break. */
uint64_t wm_grab_end(const struct wm_grab *grab);
/* Recordings begun; whether the limit has been reached; the name of the newest. */
unsigned wm_grab_count(const struct wm_grab *grab);
bool wm_grab_full(const struct wm_grab *grab);
enum wm_status wm_grab_status(const struct wm_grab *grab); /* of writing, so far */
const char *wm_grab_name(const struct wm_grab *grab);
