/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum wm_status wm_sink_open(const char *path, struct wm_sink *sink)
{
    bool standard = strcmp(path, "-") == 0;

    memset(sink, 0, sizeof *sink);
    sink->name = standard ? "standard output" : path;
    sink->fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (sink->fd < 0) {
        sink->error = errno;
        return WM_IO;
    }
    sink->owns_fd = !standard;
    sink->buffer = malloc(WM_SINK_BUFFER);
    if (!sink->buffer) {
        if (sink->owns_fd)
            close(sink->fd);
        sink->fd = -1;
        return WM_NO_MEMORY;
    }
    sink->owns_buffer = true;
    sink->cap = WM_SINK_BUFFER;
    return WM_OK;
}

struct wm_sink wm_sink_memory(char *memory, size_t cap)
{
    return (struct wm_sink){.buffer = memory, .cap = cap, .fd = -1, .name = "memory"};
}

static void fail(struct wm_sink *sink, int error)
{
    sink->error = error;
    sink->len = sink->cap = 0;
}

static void push_out(struct wm_sink *sink)
{
    size_t done = 0;

    while (sink->fd >= 0 && !sink->error && done < sink->len) {
        ssize_t n = write(sink->fd, sink->buffer + done, sink->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fail(sink, errno);
        else
            done += (size_t)n;
    }
    sink->len = 0;
}

void wm_sink_write(struct wm_sink *sink, const char *data, size_t len)
{
    while (len > 0 && !sink->error) {
        size_t room = sink->cap - sink->len;
        size_t n = len < room ? len : room;

        memcpy(sink->buffer + sink->len, data, n);
        sink->len += n;
        data += n;
        len -= n;
        if (len == 0)
            return;
        if (sink->fd < 0)
            sink->error = ENOSPC; /* what fitted stays; len is cap */
        else
            push_out(sink);
    }
}

void wm_sink_printf(struct wm_sink *sink, const char *format, ...)
{
    char text[1024];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0)
        wm_sink_write(sink, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void wm_sink_hex(struct wm_sink *sink, struct wm_span bytes, bool upper)
{
    char pair[2];

    if (2 * bytes.len <= sink->cap - sink->len) {
        wm_hex_write(sink->buffer + sink->len, bytes, upper);
        sink->len += 2 * bytes.len;
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        wm_hex_write(pair, wm_span_sub(bytes, i, 1), upper);
        wm_sink_put(sink, pair, 2);
    }
}

void wm_sink_give_up(struct wm_sink *sink)
{
    if (!sink->error)
        sink->error = ENOSPC;
    sink->cap = sink->len; /* what was written stays */
}

char *wm_sink_room(struct wm_sink *sink, size_t need)
{
    if (need > sink->cap - sink->len && sink->fd >= 0)
        push_out(sink);
    return need <= sink->cap - sink->len ? sink->buffer + sink->len : NULL;
}

enum wm_status wm_sink_flush(struct wm_sink *sink)
{
    if (sink->fd >= 0)
        push_out(sink);
    if (!sink->error)
        return WM_OK;
    errno = sink->error;
    return WM_IO;
}

enum wm_status wm_sink_close(struct wm_sink *sink)
{
    if (!sink->buffer)
        return WM_OK;
    if (sink->fd >= 0)
        push_out(sink);
    /* close() is where some file systems report a full disk */
    if (sink->owns_fd && close(sink->fd) != 0 && !sink->error)
        sink->error = errno;
    if (sink->owns_buffer)
        free(sink->buffer);
    sink->buffer = NULL;
    sink->cap = 0;
    sink->len = 0;
    sink->fd = -1;
    errno = sink->error;
    return sink->error ? WM_IO : WM_OK;
}
