/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Files and standard output. With rotate=SIZE a file that would grow beyond it is renamed NAME.1, the former NAME.1 to NAME.2, and
 * so on. */

struct file {
    struct wm_output_port *port;
    const char *path;
    int fd;
    bool standard, heading_due;
    uint64_t size, rotate, keep;
};

static enum wm_status fail(struct file *file)
{
    int error = errno;

    snprintf(file->port->why, WM_OUTPUT_WHY, "%.200s: %s%s", file->standard ? "standard output" : file->path, strerror(error),
             error == EPIPE ? " (its reader has ended)" : "; what was received after that is lost");
    return WM_IO;
}

static enum wm_status write_all(struct file *file, struct iovec *piece, int count)
{
    while (count > 0) {
        ssize_t n = writev(file->fd, piece, count);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(file);
        file->size += (size_t)n;
        for (; count > 0 && (size_t)n >= piece->iov_len; piece++, count--)
            n -= (ssize_t)piece->iov_len;
        if (count > 0) {
            piece->iov_base = (char *)piece->iov_base + n;
            piece->iov_len -= (size_t)n;
        }
    }
    return WM_OK;
}

static enum wm_status write_heading(struct file *file)
{
    char text[2048];
    struct wm_sink sink = wm_sink_memory(text, sizeof text);
    struct iovec piece = {text, 0};

    file->heading_due = false;
    wm_format_begin(&file->port->use, &sink);
    piece.iov_len = sink.len;
    return sink.len && file->size == 0 ? write_all(file, &piece, 1) : WM_OK;
}

static enum wm_status open_file(struct file *file, bool append)
{
    struct stat st;

    file->fd = open(file->path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
    if (file->fd < 0)
        return WM_IO;
    file->size = append && fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    file->heading_due = true;
    return WM_OK;
}

static enum wm_status open_target(struct wm_output_port *port, void **state)
{
    struct file *file = calloc(1, sizeof *file);
    bool append = false;
    enum wm_status status = WM_NO_MEMORY;

    if (!file)
        return status;
    file->port = port;
    file->path = port->target->place;
    file->standard = strcmp(file->path, "-") == 0;
    status = wm_target_number(port->target, "rotate", 0, 1, UINT64_MAX, &file->rotate, port->why);
    if (status == WM_OK)
        status = wm_target_number(port->target, "keep", 5, 1, 1000, &file->keep, port->why);
    if (status == WM_OK)
        status = wm_target_flag(port->target, "append", file->rotate > 0, &append, port->why);
    if (status == WM_OK && file->standard) {
        file->fd = STDOUT_FILENO;
        file->heading_due = !port->reopened;
        file->rotate = 0;
    } else if (status == WM_OK && open_file(file, append || port->reopened) != WM_OK) {
        snprintf(port->why, WM_OUTPUT_WHY, "cannot write %.200s: %s", file->path, strerror(errno));
        status = WM_IO;
    }
    if (status == WM_OK)
        *state = file;
    else
        free(file);
    return status;
}

static enum wm_status rotate(struct file *file)
{
    char from[4096], to[4096];

    if (close(file->fd) != 0)
        return fail(file);
    file->fd = -1;
    for (uint64_t i = file->keep; i-- > 0;) {
        snprintf(to, sizeof to, "%s.%llu", file->path, (unsigned long long)i + 1);
        if (i)
            snprintf(from, sizeof from, "%s.%llu", file->path, (unsigned long long)i);
        else
            snprintf(from, sizeof from, "%s", file->path);
        if (rename(from, to) != 0 && errno != ENOENT)
            return fail(file);
    }
    return open_file(file, false) == WM_OK ? write_heading(file) : fail(file);
}

static enum wm_status write_batch(void *state, struct wm_batch batch)
{
    struct file *file = state;
    struct iovec pieces[256];
    struct wm_item item;
    int count = 0;
    uint64_t size = 0; /* of the pieces */
    enum wm_status status = file->heading_due ? write_heading(file) : WM_OK;

    while (status == WM_OK && wm_batch_next(&batch, &item)) {
        bool turn = file->rotate && file->size + size + item.len > file->rotate && file->size + size > 0;

        if (count == 256 || turn) {
            status = write_all(file, pieces, count);
            count = 0;
            size = 0;
            if (status == WM_OK && turn)
                status = rotate(file);
        }
        pieces[count++] = (struct iovec){(char *)(uintptr_t)item.data, item.len}; /* writev does not write there */
        size += item.len;
    }
    return status == WM_OK ? write_all(file, pieces, count) : status;
}

static enum wm_status close_target(void *state)
{
    struct file *file = state;
    enum wm_status status = file->heading_due && !*file->port->why ? write_heading(file) : WM_OK;

    /* close() is where some file systems report a full disk */
    if (!file->standard && file->fd >= 0 && close(file->fd) != 0 && status == WM_OK)
        status = fail(file);
    free(file);
    return status;
}

static const struct wm_target_option options[] = {
    {"rotate", "SIZE", "begin a new file when it has this size (10M), renaming the old to FILE.1 ..."},
    {"keep", "N", "old files to keep with rotate; default 5"},
    {"append", "yes|no", "keep what is in the file; default: with rotate yes, otherwise no"},
    {NULL, NULL, NULL},
};

const struct wm_transport wm_transport_file = {
    .name = "file",
    .prefix = "",
    .syntax = "FILE or -",
    .summary = "a file, or - for standard output, which is also the default",
    .exclusive = true,
    .options = options,
    .idle_ms = -1,
    .open = open_target,
    .write = write_batch,
    .close = close_target,
};
