/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wm_outputs {
    struct {
        const struct wm_output_format *format;
        const char *path;
        struct wm_sink sink;
    } out[WM_OUTPUTS_MAX];
    size_t count;
    char why[512];
};

enum wm_status wm_outputs_create(struct wm_outputs **outputs)
{
    *outputs = calloc(1, sizeof **outputs);
    return *outputs ? WM_OK : WM_NO_MEMORY;
}

void wm_outputs_destroy(struct wm_outputs *outputs)
{
    if (!outputs)
        return;
    for (size_t i = 0; i < outputs->count; i++) {
        enum wm_status ignored = wm_sink_close(&outputs->out[i].sink); /* who cares has called wm_outputs_close */
        (void)ignored;
    }
    free(outputs);
}

size_t wm_outputs_count(const struct wm_outputs *outputs)
{
    return outputs->count;
}

bool wm_outputs_on_stdout(const struct wm_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        if (strcmp(outputs->out[i].path, "-") == 0)
            return true;
    }
    return false;
}

const char *wm_outputs_why(const struct wm_outputs *outputs)
{
    return outputs->why;
}

static const struct wm_output_format *format_by_name(const char *name, size_t len)
{
    const struct wm_output_format *format;

    for (size_t i = 0; (format = wm_output_format(i)); i++) {
        if (strlen(format->name) == len && memcmp(format->name, name, len) == 0)
            return format;
    }
    return NULL;
}

enum wm_status wm_outputs_add(struct wm_outputs *outputs, const char *spec)
{
    size_t name = strcspn(spec, ":");
    const char *path = spec[name] ? spec + name + 1 : "-";
    const struct wm_output_format *format = format_by_name(spec, name);
    struct wm_sink *sink;
    enum wm_status status;

    if (!format) {
        int n =
            snprintf(outputs->why, sizeof outputs->why, "-F %.*s: no such format; there are", (int)(name < 64 ? name : 64), spec);

        for (size_t i = 0; (format = wm_output_format(i)); i++)
            n += snprintf(outputs->why + n, sizeof outputs->why - (size_t)n, " %s", format->name);
        return WM_INVALID;
    }
    if (!*path) {
        snprintf(outputs->why, sizeof outputs->why, "-F %s:: a file name is missing after the colon", format->name);
        return WM_INVALID;
    }
    if (outputs->count == WM_OUTPUTS_MAX) {
        snprintf(outputs->why, sizeof outputs->why, "more than %d outputs", WM_OUTPUTS_MAX);
        return WM_FULL;
    }
    for (size_t i = 0; i < outputs->count; i++) {
        if (strcmp(outputs->out[i].path, path) == 0) {
            snprintf(outputs->why, sizeof outputs->why, "two outputs on %s would mix; give each its own file: -F %s:FILE",
                     strcmp(path, "-") == 0 ? "standard output" : path, format->name);
            return WM_INVALID;
        }
    }
    sink = &outputs->out[outputs->count].sink;
    status = wm_sink_open(path, sink);
    if (status != WM_OK) {
        snprintf(outputs->why, sizeof outputs->why, "cannot write %s: %s", path,
                 status == WM_IO ? strerror(sink->error) : wm_status_text(status));
        return status;
    }
    outputs->out[outputs->count].format = format;
    outputs->out[outputs->count].path = path;
    outputs->count++;
    if (format->begin)
        format->begin(sink);
    return WM_OK;
}

static enum wm_status failed(struct wm_outputs *outputs, const struct wm_sink *sink)
{
    snprintf(outputs->why, sizeof outputs->why, "%s: %s%s", sink->name, strerror(sink->error),
             sink->error == EPIPE ? " (its reader has ended)" : "; what was received after that is lost");
    return WM_IO;
}

enum wm_status wm_outputs_write(struct wm_outputs *outputs, const struct wm_reading *reading)
{
    enum wm_status status = WM_OK;

    for (size_t i = 0; i < outputs->count; i++) {
        struct wm_sink *sink = &outputs->out[i].sink;

        outputs->out[i].format->write(sink, reading);
        if (sink->error)
            status = failed(outputs, sink);
    }
    return status;
}

enum wm_status wm_outputs_flush(struct wm_outputs *outputs)
{
    enum wm_status status = WM_OK;

    for (size_t i = 0; i < outputs->count; i++) {
        if (wm_sink_flush(&outputs->out[i].sink) != WM_OK)
            status = failed(outputs, &outputs->out[i].sink);
    }
    return status;
}

enum wm_status wm_outputs_close(struct wm_outputs *outputs)
{
    enum wm_status status = WM_OK;

    for (size_t i = 0; i < outputs->count; i++) {
        if (wm_sink_close(&outputs->out[i].sink) != WM_OK)
            status = failed(outputs, &outputs->out[i].sink);
    }
    return status;
}
