/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

#include <string.h>

/* Transport: where formatted output goes. A fixed buffer in front of a file descriptor; the first error sticks and later writes are
 * dropped, so that a format may write a whole telegram and its caller asks once. */

#define WM_SINK_BUFFER 262144

struct wm_sink {
    char *buffer;
    size_t len, cap;
    int fd;       /* -1: memory only; full is then an error */
    int error;    /* errno of the first failure, 0; there is no room any more then (len = cap = 0) */
    bool owns_fd; /* close() closes it */
    bool owns_buffer;
    const char *name; /* borrowed: the path, or "standard output" */
};

/* Opens a file for writing (an existing one is emptied); "-" is standard output. WM_IO with errno; WM_NO_MEMORY. */
WM_MUST_USE enum wm_status wm_sink_open(const char *path, struct wm_sink *sink);
/* A sink over the caller's memory, for tests and for lines that are built before they are sent. */
struct wm_sink wm_sink_memory(char *memory, size_t cap);

void wm_sink_write(struct wm_sink *sink, const char *data, size_t len);

/* The same for many small pieces: inlined, so that one of constant length costs a store. After an error there is no room, and the
 * slow way drops it. */
static inline void wm_sink_put(struct wm_sink *sink, const char *data, size_t len)
{
    if (len <= sink->cap - sink->len) {
        memcpy(sink->buffer + sink->len, data, len);
        sink->len += len;
    } else {
        wm_sink_write(sink, data, len);
    }
}

/* For a run of text whose length has a known bound: `need` free characters to write at, NULL when the sink cannot have them (the
 * caller then goes the way of small pieces); afterwards wm_sink_filled tells where the run ended. */
char *wm_sink_room(struct wm_sink *sink, size_t need);
static inline void wm_sink_filled(struct wm_sink *sink, const char *end)
{
    sink->len = (size_t)(end - sink->buffer);
}

/* What is to be written does not fit: the error of a sink that is full. */
void wm_sink_give_up(struct wm_sink *sink);

static inline void wm_sink_text(struct wm_sink *sink, const char *text)
{
    wm_sink_put(sink, text, strlen(text));
}

static inline void wm_sink_char(struct wm_sink *sink, char c)
{
    wm_sink_put(sink, &c, 1);
}

__attribute__((format(printf, 2, 3))) void wm_sink_printf(struct wm_sink *sink, const char *format,
                                                          ...); /* at most 1023 characters */
void wm_sink_hex(struct wm_sink *sink, struct wm_span bytes, bool upper);

/* Hands the buffer to the operating system. WM_IO when this or an earlier write failed. */
WM_MUST_USE enum wm_status wm_sink_flush(struct wm_sink *sink);
/* Flushes and closes; a second call does nothing. WM_IO as above, or when close() failed. */
WM_MUST_USE enum wm_status wm_sink_close(struct wm_sink *sink);
