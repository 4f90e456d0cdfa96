/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of a regular file or of standard input: what the source needs of the operating system. */
struct wm_file {
    int fd;
    uint64_t size; /* of a regular file; 0: a pipe or device */
    uint64_t at;   /* where a regular file stands */
};

/* "-" is standard input. WM_IO with errno (EISDIR for a directory, ENOTTY for a terminal), WM_TOO_SHORT: a regular file of no
 * bytes. *why says so with the path (thread-local). */
WM_MUST_USE enum wm_status wm_file_open(const char *path, struct wm_file *file, const char **why);

/* Moves a just opened file forward; reads through what cannot seek. WM_IO, WM_TOO_SHORT: it ends before. */
WM_MUST_USE enum wm_status wm_file_skip(struct wm_file *file, uint64_t bytes);

/* WM_OK with *len > 0, WM_END, WM_IO (errno). */
WM_MUST_USE enum wm_status wm_file_read(struct wm_file *file, void *buffer, size_t cap, size_t *len);
/* Regular files: up to cap bytes from `offset` behind where it stands, without moving it: several threads may at once. Fewer: it
 * ends, or fails, as read will say there. And that it has been read so far. */
size_t wm_file_fetch(const struct wm_file *file, uint64_t offset, void *buffer, size_t cap);
void wm_file_pass(struct wm_file *file, uint64_t bytes);
void wm_file_close(struct wm_file *file);

/* A whole small file into memory that the caller frees, with a NUL behind it. WM_FULL: more than cap bytes. */
WM_MUST_USE enum wm_status wm_file_load(const char *path, size_t cap, char **data, size_t *len, const char **why);
