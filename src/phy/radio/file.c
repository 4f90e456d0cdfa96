/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum wm_status refuse(enum wm_status status, int error, const char **why, const char *path, const char *fault)
{
    static _Thread_local char text[512];

    snprintf(text, sizeof text, "%.400s: %s", strcmp(path, "-") == 0 ? "standard input" : path, fault);
    *why = text;
    errno = error;
    return status;
}

enum wm_status wm_file_open(const char *path, struct wm_file *file, const char **why)
{
    bool standard_input = strcmp(path, "-") == 0;
    struct stat about;
    int error;

    file->size = file->at = 0;
    file->fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0)
        return refuse(WM_IO, errno, why, path, strerror(errno));
    if (fstat(file->fd, &about) < 0) {
        error = errno;
        wm_file_close(file);
        return refuse(WM_IO, error, why, path, strerror(error));
    }
    if (S_ISDIR(about.st_mode)) {
        wm_file_close(file);
        return refuse(WM_IO, EISDIR, why, path, "is a directory; name a recording in it");
    }
    if (S_ISREG(about.st_mode)) {
        if (about.st_size == 0) {
            wm_file_close(file);
            return refuse(WM_TOO_SHORT, 0, why, path, "is empty; there is nothing to receive in it");
        }
        const off_t at = lseek(file->fd, 0, SEEK_CUR); /* standard input may have been read before */
        file->size = (uint64_t)about.st_size;
        file->at = at > 0 ? (uint64_t)at : 0;
    }
    if (isatty(file->fd)) {
        wm_file_close(file);
        return refuse(WM_IO, ENOTTY, why, path, "is a terminal; pipe samples into it or name a file");
    }
    return WM_OK;
}

enum wm_status wm_file_skip(struct wm_file *file, uint64_t bytes)
{
    char drain[4096];

    if (bytes == 0)
        return WM_OK;
    if (file->size > 0) {
        if (bytes >= file->size)
            return WM_TOO_SHORT;
        file->at = bytes;
        return lseek(file->fd, (off_t)bytes, SEEK_SET) < 0 ? WM_IO : WM_OK;
    }
    while (bytes > 0) {
        size_t len;
        enum wm_status status = wm_file_read(file, drain, bytes < sizeof drain ? (size_t)bytes : sizeof drain, &len);

        if (status != WM_OK)
            return status == WM_END ? WM_TOO_SHORT : status;
        bytes -= len;
    }
    return WM_OK;
}

enum wm_status wm_file_read(struct wm_file *file, void *buffer, size_t cap, size_t *len)
{
    ssize_t got = read(file->fd, buffer, cap);

    *len = got > 0 ? (size_t)got : 0;
    file->at += *len;
    return got > 0 ? WM_OK : got == 0 ? WM_END : WM_IO;
}

size_t wm_file_fetch(const struct wm_file *file, uint64_t offset, void *buffer, size_t cap)
{
    size_t len = 0;
    ssize_t got = 1;

    while (len < cap && got != 0) {
        got = pread(file->fd, (char *)buffer + len, cap - len, (off_t)(file->at + offset + len));
        if (got < 0 && errno != EINTR)
            break;
        len += got > 0 ? (size_t)got : 0;
        got = got < 0 ? 1 : got;
    }
    return len;
}

void wm_file_pass(struct wm_file *file, uint64_t bytes)
{
    file->at += bytes;
    (void)lseek(file->fd, (off_t)file->at, SEEK_SET); /* it has been fetched from, so this does not fail */
}

void wm_file_close(struct wm_file *file)
{
    if (file->fd > STDIN_FILENO) /* standard input belongs to the process */
        close(file->fd);
    file->fd = -1;
}

enum wm_status wm_file_load(const char *path, size_t cap, char **data, size_t *len, const char **why)
{
    struct wm_file file;
    enum wm_status status = wm_file_open(path, &file, why);
    char *memory = NULL;
    size_t room;

    *len = 0;
    if (status != WM_OK)
        return status;
    room = file.size > 0 && file.size < cap ? (size_t)file.size : cap;
    memory = malloc(room + 1);
    if (!memory)
        status = refuse(WM_NO_MEMORY, ENOMEM, why, path, strerror(ENOMEM));
    else if (file.size > cap)
        status = refuse(WM_FULL, EFBIG, why, path, "is too large for what it should be");
    while (status == WM_OK && *len < room) {
        size_t got;

        status = wm_file_read(&file, memory + *len, room - *len, &got);
        *len += got;
        if (status == WM_IO && errno == EINTR)
            status = WM_OK;
        else if (status == WM_IO)
            status = refuse(WM_IO, errno, why, path, strerror(errno));
    }
    wm_file_close(&file);
    if (status != WM_OK && status != WM_END) {
        free(memory);
        return status;
    }
    memory[*len] = '\0';
    *data = memory;
    return WM_OK;
}
