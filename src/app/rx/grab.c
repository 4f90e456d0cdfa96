/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/grab.h"

#include "phy/radio/sigmf.h"
#include "phy/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEP_S      (WM_GRAB_PRE_MAX_S + 0.5) /* and half a second in which to ask */
#define NUMBER_MAX  9999
#define NAME_BYTES  1024
#define NAME_SUFFIX 32
#define CAPTURES    65536 /* in one recording, whose metadata is text */

struct wm_grab {
    struct wm_grab_config config;
    char prefix[NAME_BYTES];
    char description[128];
    size_t sample_bytes;
    unsigned char *ring;
    size_t ring_bytes;
    uint64_t end; /* bytes since the beginning or break */
    struct wm_source_place place;
    uint64_t place_at; /* the byte that it is of */
    /* the recording under way */
    FILE *file;
    uint64_t from, until; /* bytes */
    struct wm_sigmf_capture *capture;
    size_t captures, capture_room;
    bool fresh; /* with the next byte a capture begins */
    char name[NAME_BYTES + NAME_SUFFIX];
    unsigned number, count;
    uint64_t written; /* of all */
    bool full;
    enum wm_status status;
};

enum wm_status wm_grab_create(const struct wm_grab_config *config, struct wm_grab **grab)
{
    struct wm_grab *g;

    if (strlen(config->prefix) >= NAME_BYTES || !(config->rate_hz > 0) || !(config->pre_s >= 0) ||
        !(config->pre_s <= WM_GRAB_PRE_MAX_S) || !(config->post_s >= 0))
        return WM_INVALID;
    g = calloc(1, sizeof *g);
    if (!g)
        return WM_NO_MEMORY;
    g->config = *config;
    g->config.prefix = strcpy(g->prefix, config->prefix);
    snprintf(g->description, sizeof g->description, "%s", config->description ? config->description : "");
    g->sample_bytes = wm_sample_format_bytes(config->format);
    g->ring_bytes = (size_t)(config->rate_hz * KEEP_S) * g->sample_bytes;
    g->ring = malloc(g->ring_bytes);
    if (!g->ring) {
        free(g);
        return WM_NO_MEMORY;
    }
    *grab = g;
    return WM_OK;
}

/* The first name that is not taken; nothing is ever overwritten. */
static enum wm_status open_next(struct wm_grab *g)
{
    char path[sizeof g->name + NAME_SUFFIX];
    int fd = -1;

    while (fd < 0 && g->number < NUMBER_MAX) {
        snprintf(g->name, sizeof g->name, "%s_%04u", g->prefix, ++g->number);
        snprintf(path, sizeof path, "%s" WM_SIGMF_META, g->name);
        if (access(path, F_OK) == 0)
            continue;
        snprintf(path, sizeof path, "%s" WM_SIGMF_DATA, g->name);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            return WM_IO;
    }
    g->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    return g->file ? WM_OK : WM_IO;
}

static enum wm_status write_bytes(struct wm_grab *g, const unsigned char *bytes, size_t len)
{
    if (g->config.max_bytes && len > g->config.max_bytes - g->written) {
        len = (size_t)(g->config.max_bytes - g->written);
        len -= len % g->sample_bytes;
        g->full = true;
    }
    if (fwrite(bytes, 1, len, g->file) != len)
        return WM_IO;
    g->written += len;
    return WM_OK;
}

static enum wm_status write_meta(struct wm_grab *g)
{
    struct wm_sigmf meta = {.info = {.has_format = true,
                                     .format = g->config.format,
                                     .sample_rate_hz = g->config.rate_hz,
                                     .centre_hz = g->config.centre_hz,
                                     .start_time_ns = WM_TIME_UNKNOWN}};
    char path[sizeof g->name + NAME_SUFFIX];
    char *text = NULL;
    FILE *file;
    enum wm_status status;

    if (g->captures > 0) {
        meta.info.start_time_ns = g->capture[0].time_ns;
        meta.global_index = g->capture[0].global_index;
        meta.capture = g->capture + 1;
        meta.captures = g->captures - 1;
    }
    strcpy(meta.description, g->description);
    status = wm_sigmf_build(&meta, &text);
    if (status != WM_OK)
        return status;
    snprintf(path, sizeof path, "%s" WM_SIGMF_META, g->name);
    file = fopen(path, "wxe");
    if (!file || fputs(text, file) < 0)
        status = WM_IO;
    if (file && fclose(file) != 0)
        status = WM_IO;
    free(text);
    return status;
}

static enum wm_status close_file(struct wm_grab *g)
{
    enum wm_status status = WM_OK;

    if (!g->file)
        return WM_OK;
    if (fclose(g->file) != 0)
        status = WM_IO;
    g->file = NULL;
    if (status == WM_OK)
        status = write_meta(g);
    return status;
}

static enum wm_status settle(struct wm_grab *g, enum wm_status status)
{
    if (g->status == WM_OK)
        g->status = status;
    return g->status;
}

/* From here on, a byte that has come or the next that comes, the samples of the recording are of a new capture. */
static enum wm_status begin_capture(struct wm_grab *g, uint64_t at)
{
    const int64_t behind = ((int64_t)at - (int64_t)g->place_at) / (int64_t)g->sample_bytes;
    struct wm_sigmf_capture *capture;

    if (g->captures == g->capture_room) {
        const size_t room = g->capture_room ? 2 * g->capture_room : 8;
        struct wm_sigmf_capture *more = realloc(g->capture, room * sizeof *more);

        if (!more)
            return WM_NO_MEMORY;
        g->capture = more;
        g->capture_room = room;
    }
    capture = &g->capture[g->captures++];
    *capture = (struct wm_sigmf_capture){(at - g->from) / g->sample_bytes, g->place.index + (uint64_t)behind, g->place.time_ns};
    if (capture->time_ns != WM_TIME_UNKNOWN)
        capture->time_ns += llround((double)behind * 1e9 / g->config.rate_hz);
    g->fresh = false;
    return WM_OK;
}

enum wm_status wm_grab_push(struct wm_grab *g, const void *bytes, size_t len, const struct wm_source_place *where)
{
    const unsigned char *at = bytes;

    if (g->status != WM_OK)
        return g->status;
    g->place = *where;
    g->place_at = g->end;
    if (g->file && g->fresh && len > 0)
        settle(g, begin_capture(g, g->end));
    while (len > 0 && g->status == WM_OK) {
        const size_t place = (size_t)(g->end % g->ring_bytes);
        size_t n = g->ring_bytes - place;

        n = n < len ? n : len;
        memcpy(g->ring + place, at, n);
        if (g->file) {
            const uint64_t left = g->until > g->end ? g->until - g->end : 0;
            settle(g, write_bytes(g, at, left < n ? (size_t)left : n));
        }
        g->end += n;
        at += n;
        len -= n;
        if (g->file && (g->end >= g->until || g->full))
            settle(g, close_file(g));
    }
    return g->status;
}

enum wm_status wm_grab_mark(struct wm_grab *g, uint64_t from, uint64_t to)
{
    const uint64_t pre = (uint64_t)(g->config.pre_s * g->config.rate_hz);
    const uint64_t post = (uint64_t)(g->config.post_s * g->config.rate_hz);
    const uint64_t oldest = g->end > g->ring_bytes ? g->end - g->ring_bytes : 0;
    uint64_t first = (from > pre ? from - pre : 0) * g->sample_bytes;
    const uint64_t until = to > UINT64_MAX / g->sample_bytes - post ? UINT64_MAX : (to + post) * g->sample_bytes;

    if (g->status != WM_OK || g->full)
        return g->status;
    if (g->file) {
        g->until = until > g->until ? until : g->until;
        return WM_OK;
    }
    if (first < oldest)
        first = (oldest + g->sample_bytes - 1) / g->sample_bytes * g->sample_bytes;
    if (first < g->until) /* what is in the recording before is not written again */
        first = g->until;
    if (first >= until || first > g->end)
        return WM_OK;
    if (settle(g, open_next(g)) != WM_OK)
        return g->status;
    g->count++;
    g->from = first;
    g->until = until;
    g->captures = 0;
    g->fresh = first == g->end;
    if (!g->fresh)
        settle(g, begin_capture(g, first));
    for (uint64_t at = first; at < g->end && at < until && g->status == WM_OK && !g->full;) {
        const size_t place = (size_t)(at % g->ring_bytes);
        uint64_t n = g->ring_bytes - place;

        n = n < g->end - at ? n : g->end - at;
        n = n < until - at ? n : until - at;
        settle(g, write_bytes(g, g->ring + place, (size_t)n));
        at += n;
    }
    if (g->end >= g->until || g->full)
        settle(g, close_file(g));
    return g->status;
}

enum wm_status wm_grab_gap(struct wm_grab *g)
{
    const bool all = g->file && g->until == UINT64_MAX;

    if (all && g->captures < CAPTURES) {
        g->fresh = true;
        return g->status;
    }
    settle(g, wm_grab_break(g));
    return all ? wm_grab_mark(g, 0, UINT64_MAX) : g->status;
}

enum wm_status wm_grab_break(struct wm_grab *g)
{
    settle(g, close_file(g));
    g->end = g->until = 0;
    return g->status;
}

void wm_grab_destroy(struct wm_grab *g)
{
    if (!g)
        return;
    settle(g, close_file(g));
    free(g->capture);
    free(g->ring);
    free(g);
}

uint64_t wm_grab_end(const struct wm_grab *g)
{
    return g->end / g->sample_bytes;
}

unsigned wm_grab_count(const struct wm_grab *g)
{
    return g->count;
}

bool wm_grab_full(const struct wm_grab *g)
{
    return g->full;
}

const char *wm_grab_name(const struct wm_grab *g)
{
    return g->name;
}

enum wm_status wm_grab_status(const struct wm_grab *g)
{
    return g->status;
}
