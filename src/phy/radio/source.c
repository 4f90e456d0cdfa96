/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/source.h"

#include "phy/radio/file.h"
#include "phy/radio/hints.h"
#include "phy/radio/sigmf.h"
#include "phy/signal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES    4096
#define META_BYTES    (16u << 20) /* annotations can be many */
#define NO_LIMIT      UINT64_MAX
#define FORMATS_KNOWN "cu8, cs8, cs16, cf32"

struct wm_source {
    struct wm_file file;
    size_t sample_bytes;
    uint64_t limit; /* bytes still to be handed out */
    uint64_t given;
    struct wm_sigmf meta; /* with what the user said; the captures behind gaps */
    char name[256];
    char note[384];
};

static enum wm_status fail(enum wm_status status, const char **why, const char *path, const char *fault)
{
    static _Thread_local char text[768];

    snprintf(text, sizeof text, "%.400s: %.300s", path, fault);
    *why = text;
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    return len > n && strcmp(text + len - n, end) == 0;
}

/* Whether path names a SigMF recording; then meta_path and base (without extension) are filled. */
static bool is_sigmf(const char *path, char base[PATH_BYTES], char meta_path[PATH_BYTES + 16])
{
    bool named = ends_with(path, WM_SIGMF_META) || ends_with(path, WM_SIGMF_DATA);

    if (strlen(path) >= PATH_BYTES || strcmp(path, "-") == 0)
        return false;
    strcpy(base, path);
    if (named)
        base[strlen(base) - strlen(WM_SIGMF_META)] = '\0';
    snprintf(meta_path, PATH_BYTES + 16, "%s" WM_SIGMF_META, base);
    return named || (access(path, F_OK) != 0 && access(meta_path, F_OK) == 0);
}

/* Reads the metadata and finds where the samples are. */
static enum wm_status sigmf_open(const char *base, const char *meta_path, struct wm_sigmf *meta, char data_path[PATH_BYTES + 272],
                                 const char **why)
{
    char *text;
    size_t len;
    enum wm_status status = wm_file_load(meta_path, META_BYTES, &text, &len, why);
    const char *slash = strrchr(base, '/');

    if (status == WM_IO && errno == ENOENT)
        return fail(status, why, meta_path, "no such file; SigMF samples need their metadata beside them");
    if (status != WM_OK)
        return status;
    status = wm_sigmf_parse((struct wm_span){(const uint8_t *)text, len}, meta, why);
    free(text);
    if (status != WM_OK)
        return fail(status, why, meta_path, *why);
    if (meta->dataset[0])
        snprintf(data_path, PATH_BYTES + 272, "%.*s%s", slash ? (int)(slash + 1 - base) : 0, base, meta->dataset);
    else
        snprintf(data_path, PATH_BYTES + 272, "%s" WM_SIGMF_DATA, base);
    return WM_OK;
}

/* What the user said wins. */
static void override(struct wm_source_info *info, const struct wm_source_info *wanted)
{
    if (!wanted)
        return;
    if (wanted->has_format) {
        info->has_format = true;
        info->format = wanted->format;
    }
    if (wanted->sample_rate_hz > 0)
        info->sample_rate_hz = wanted->sample_rate_hz;
    if (wanted->centre_hz > 0)
        info->centre_hz = wanted->centre_hz;
    if (wanted->start_time_ns != 0 && wanted->start_time_ns != WM_TIME_UNKNOWN)
        info->start_time_ns = wanted->start_time_ns;
}

/* Who says when it began says when its captures did. */
static void override_times(struct wm_sigmf *meta, const struct wm_source_info *info)
{
    const bool moved = info->start_time_ns != meta->info.start_time_ns;

    meta->info = *info;
    for (size_t i = 0; i < meta->captures && moved; i++) {
        struct wm_sigmf_capture *c = &meta->capture[i];
        c->time_ns = wm_sigmf_time_after(info->start_time_ns, c->global_index - meta->global_index, info->sample_rate_hz);
    }
}

static enum wm_status limit_to_samples(struct wm_source *source, struct wm_source_info *info)
{
    const struct wm_sigmf *meta = &source->meta;
    enum wm_status status = wm_file_skip(&source->file, meta->header_bytes);

    source->limit = NO_LIMIT;
    if (status != WM_OK || source->file.size == 0)
        return status;
    if (meta->trailing_bytes >= source->file.size - meta->header_bytes)
        return WM_TOO_SHORT;
    info->total_samples = (source->file.size - meta->header_bytes - meta->trailing_bytes) / source->sample_bytes;
    if (meta->trailing_bytes > 0) /* without them the file is read to its end, also while it still grows */
        source->limit = source->file.size - meta->header_bytes - meta->trailing_bytes;
    return WM_OK;
}

enum wm_status wm_source_open(const char *path, const struct wm_source_info *wanted, struct wm_source **source,
                              struct wm_source_info *info, const char **why)
{
    char base[PATH_BYTES], meta_path[PATH_BYTES + 16], data_path[PATH_BYTES + 272];
    const char *file_path = path;
    struct wm_source *opened = calloc(1, sizeof *opened);
    enum wm_status status = WM_OK;

    *source = NULL;
    if (!opened)
        return fail(WM_NO_MEMORY, why, path, strerror(ENOMEM));
    opened->meta.info.start_time_ns = WM_TIME_UNKNOWN;
    if (is_sigmf(path, base, meta_path)) {
        status = sigmf_open(base, meta_path, &opened->meta, data_path, why);
        file_path = data_path;
    } else if (ends_with(path, ".sigmf")) {
        status = fail(WM_UNSUPPORTED, why, path, "is a SigMF archive; unpack it with tar and name the .sigmf-meta file");
    }
    if (status == WM_OK) {
        *info = opened->meta.info;
        override(info, wanted);
        if (strcmp(path, "-") != 0 && file_path == path)
            wm_source_hints(path, info);
        override_times(&opened->meta, info);
        status = wm_file_open(file_path, &opened->file, why);
    }
    if (status != WM_OK) {
        wm_sigmf_clear(&opened->meta);
        free(opened);
        return status;
    }
    snprintf(opened->name, sizeof opened->name, "%.255s", strcmp(path, "-") == 0 ? "standard input" : file_path);
    if (!info->has_format) {
        status = fail(WM_INVALID, why, opened->name,
                      "nothing tells its sample format; say which of " FORMATS_KNOWN " it is, or name the file so");
    } else {
        opened->sample_bytes = wm_sample_format_bytes(info->format);
        status = limit_to_samples(opened, info);
        if (status != WM_OK)
            status = fail(status, why, opened->name, status == WM_IO ? strerror(errno) : "ends before its first sample");
    }
    if (status != WM_OK) {
        wm_source_close(opened);
        return status;
    }
    *source = opened;
    return WM_OK;
}

/* The capture that a sample lies in: how many begin at it or before it. */
static size_t capture_of(const struct wm_source *source, uint64_t sample)
{
    size_t low = 0, high = source->meta.captures;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (source->meta.capture[middle].sample_start <= sample)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Bytes from where the source stands to the next gap. */
static uint64_t before_gap(const struct wm_source *source)
{
    const uint64_t sample = source->given / source->sample_bytes;
    const size_t n = capture_of(source, sample);

    if (n == source->meta.captures || source->meta.capture[n].sample_start > UINT64_MAX / source->sample_bytes)
        return NO_LIMIT;
    return source->meta.capture[n].sample_start * source->sample_bytes - source->given;
}

/* Bytes that may be handed out without a pause. */
static uint64_t in_one_go(const struct wm_source *source)
{
    const uint64_t left = source->meta.captures > 0 ? before_gap(source) : NO_LIMIT;

    return left < source->limit ? left : source->limit;
}

enum wm_status wm_source_read(struct wm_source *source, void *buffer, size_t cap, size_t *len)
{
    enum wm_status status = WM_END;

    *len = 0;
    source->note[0] = '\0';
    if (cap > in_one_go(source))
        cap = (size_t)in_one_go(source);
    if (cap > 0)
        status = wm_file_read(&source->file, buffer, cap, len);
    source->given += *len;
    if (source->limit != NO_LIMIT)
        source->limit -= *len;
    if (status == WM_IO) {
        int error = errno;

        snprintf(source->note, sizeof source->note, "%s: %s", source->name, strerror(error));
        errno = error;
    } else if (status == WM_END && source->given == 0) {
        snprintf(source->note, sizeof source->note, "%s: ended before the first sample", source->name);
    } else if (status == WM_END && source->given % source->sample_bytes) {
        snprintf(source->note, sizeof source->note,
                 "%s: ended inside a sample: the last %zu of %llu bytes make no sample; is the sample format right?", source->name,
                 (size_t)(source->given % source->sample_bytes), (unsigned long long)source->given);
    }
    return status;
}

bool wm_source_has_gaps(const struct wm_source *source)
{
    return source->meta.captures > 0;
}

struct wm_source_place wm_source_place(const struct wm_source *source, uint64_t sample)
{
    const struct wm_sigmf *meta = &source->meta;
    const size_t n = capture_of(source, sample);
    struct wm_sigmf_capture from = {0, meta->global_index, meta->info.start_time_ns};

    if (n > 0)
        from = meta->capture[n - 1];
    return (struct wm_source_place){
        .index = from.global_index + (sample - from.sample_start),
        .time_ns = wm_sigmf_time_after(from.time_ns, sample - from.sample_start, meta->info.sample_rate_hz),
        .gap = n > 0 && from.sample_start == sample,
    };
}

bool wm_source_at_gap(const struct wm_source *source, uint64_t *sample)
{
    *sample = source->given / source->sample_bytes;
    return source->given % source->sample_bytes == 0 && wm_source_place(source, *sample).gap;
}

bool wm_source_fetches(const struct wm_source *source)
{
    return source->file.size > 0;
}

const void *wm_source_fetch(void *user, uint64_t offset, size_t len, void *room, size_t *got)
{
    const struct wm_source *source = user;
    const uint64_t most = in_one_go(source);

    *got = 0;
    if (offset >= most)
        return room;
    if (len > most - offset)
        len = (size_t)(most - offset);
    *got = wm_file_fetch(&source->file, offset, room, len);
    return room;
}

void wm_source_skip(struct wm_source *source, uint64_t bytes)
{
    source->given += bytes;
    wm_file_pass(&source->file, bytes);
    if (source->limit != NO_LIMIT)
        source->limit -= bytes;
}

const char *wm_source_note(const struct wm_source *source)
{
    return source->note[0] ? source->note : NULL;
}

void wm_source_close(struct wm_source *source)
{
    if (!source)
        return;
    wm_file_close(&source->file);
    wm_sigmf_clear(&source->meta);
    free(source);
}
