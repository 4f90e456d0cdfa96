/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pipeline/pipeline.h"

#include "app/pipeline/copies.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONCE_METERS 4096 /* so many are remembered as heard once; of more some may come again */

struct wm_pipeline {
    struct wm_opener *opener;
    struct wm_opener_config config;
    struct wm_keystore *own_keys; /* for lines that bring their key */
    struct wm_opener *own_opener;
    struct wm_outputs *outputs;
    struct wm_formats *formats;
    struct wm_content content; /* of the telegram in hand */
    struct wm_pipeline_stats stats;
    const struct wm_filter *filter; /* NULL: all */
    double sample_rate_hz;
    struct wm_copies *copies;
    struct wm_address *heard; /* with filter->once: the meters whose reading was written */
    size_t heard_count;
    uint64_t written;
    char why[256]; /* the counters' failure */
};

enum wm_status wm_pipeline_create_with(const struct wm_opener_config *config, struct wm_outputs *outputs,
                                       struct wm_pipeline **pipeline)
{
    struct wm_pipeline *p = calloc(1, sizeof *p);
    enum wm_status status = p ? wm_opener_create_with(config, &p->opener) : WM_NO_MEMORY;

    if (status == WM_OK)
        status = wm_formats_create(true, &p->formats);
    if (status != WM_OK) {
        if (p)
            wm_opener_destroy(p->opener);
        free(p);
        return status;
    }
    p->config = *config;
    p->outputs = outputs;
    *pipeline = p;
    return WM_OK;
}

enum wm_status wm_pipeline_create(const struct wm_keystore *keys, struct wm_outputs *outputs, struct wm_pipeline **pipeline)
{
    return wm_pipeline_create_with(&(struct wm_opener_config){.keys = keys}, outputs, pipeline);
}

void wm_pipeline_destroy(struct wm_pipeline *pipeline)
{
    if (!pipeline)
        return;
    wm_opener_destroy(pipeline->opener);
    wm_opener_destroy(pipeline->own_opener);
    wm_keystore_destroy(pipeline->own_keys);
    wm_formats_destroy(pipeline->formats);
    wm_copies_destroy(pipeline->copies);
    free(pipeline->heard);
    free(pipeline);
}

enum wm_status wm_pipeline_filter(struct wm_pipeline *pipeline, const struct wm_filter *filter, double sample_rate_hz)
{
    pipeline->filter = filter;
    pipeline->sample_rate_hz = sample_rate_hz;
    if (filter->once && !pipeline->heard)
        pipeline->heard = calloc(ONCE_METERS, sizeof *pipeline->heard);
    if (filter->once && !pipeline->heard)
        return WM_NO_MEMORY;
    return filter->copies || pipeline->copies ? WM_OK : wm_copies_create(&pipeline->copies);
}

enum wm_status wm_pipeline_change(struct wm_pipeline *pipeline, const struct wm_keystore *keys, struct wm_outputs *outputs)
{
    struct wm_opener_config config = pipeline->config;
    struct wm_opener *opener;
    enum wm_status status;

    config.keys = keys;
    status = wm_opener_create_with(&config, &opener);
    if (status != WM_OK)
        return status;
    wm_opener_destroy(pipeline->opener);
    pipeline->opener = opener;
    pipeline->config = config;
    pipeline->outputs = outputs;
    return WM_OK;
}

bool wm_pipeline_satisfied(const struct wm_pipeline *pipeline)
{
    const struct wm_filter *filter = pipeline->filter;

    if (!filter)
        return false;
    if (filter->most && pipeline->written >= filter->most)
        return true;
    return filter->once && wm_filter_named(filter) && pipeline->heard_count >= wm_filter_named(filter);
}

static bool is_copy(struct wm_pipeline *pipeline, const struct wm_frame *frame)
{
    const struct wm_signal *signal = &frame->signal;
    double time_s = 0;

    if (!pipeline->copies || !frame->on_air)
        return false;
    if (signal->time_ns != WM_TIME_UNKNOWN)
        time_s = (double)signal->time_ns * 1e-9;
    else if (pipeline->sample_rate_hz > 0)
        time_s = (double)signal->sample_index / pipeline->sample_rate_hz;
    else
        return false;
    return wm_copies_seen(pipeline->copies, (struct wm_span){frame->data, frame->len}, time_s);
}

/* Whether the filter lets a reading through, which is then one of those it counts. */
static bool passes(struct wm_pipeline *pipeline, const struct wm_reading *reading)
{
    const struct wm_filter *filter = pipeline->filter;

    if (!filter)
        return true;
    if (wm_pipeline_satisfied(pipeline) || !wm_filter_passes(filter, reading))
        return false;
    if (filter->once) {
        for (size_t i = 0; i < pipeline->heard_count; i++) {
            if (wm_address_equal(&pipeline->heard[i], &reading->message->meter))
                return false;
        }
        if (pipeline->heard_count < ONCE_METERS)
            pipeline->heard[pipeline->heard_count++] = reading->message->meter;
    }
    pipeline->written++;
    return true;
}

enum wm_status wm_pipeline_formats_file(struct wm_pipeline *pipeline, const char *path, unsigned long *line)
{
    return wm_formats_file(pipeline->formats, path, line);
}

static enum wm_status open_and_write(struct wm_pipeline *pipeline, struct wm_opener *opener, const struct wm_frame *frame,
                                     const struct wm_line *line)
{
    struct wm_message message;
    struct wm_reading reading = {.frame = frame, .message = &message, .line = line, .content = &pipeline->content};
    struct wm_pipeline_stats *stats = &pipeline->stats;
    enum wm_status status;

    if (is_copy(pipeline, frame)) { /* not opened: its counter would look like a replay */
        stats->copies++;
        return WM_OK;
    }
    /* Fragments that came over the air know when; those in lines come as fast as they are read. */
    if (frame->on_air && frame->signal.time_ns != WM_TIME_UNKNOWN && frame->signal.time_ns > 0)
        wm_opener_time(opener, (uint64_t)frame->signal.time_ns / 1000000);
    status = wm_open(opener, (struct wm_span){frame->data, frame->len}, &message);
    if (status == WM_IO)
        snprintf(pipeline->why, sizeof pipeline->why, "the file of message counters cannot be written: %s", strerror(errno));
    if (status != WM_OK)
        return status;
    stats->telegrams++;
    if ((unsigned)message.verdict < WM_VERDICT_COUNT)
        stats->by_verdict[message.verdict]++;
    if (wm_reading_has_mode(&reading))
        stats->by_mode[frame->mode]++;
    stats->repaired += frame->grade == WM_GRADE_REPAIRED;
    if (wm_reading_content(pipeline->formats, &message, &pipeline->content) != WM_OK)
        stats->formats_unsaved++; /* this does not stop the telegrams */
    if (!passes(pipeline, &reading)) {
        stats->filtered++;
        return WM_OK;
    }
    return wm_outputs_write(pipeline->outputs, &reading);
}

/* An opener of its own, that knows the line's key and nothing else; made for the first such line. */
static enum wm_status with_own_key(struct wm_pipeline *pipeline, const struct wm_frame *frame, const struct wm_line *line)
{
    static const struct wm_key_pattern any = {0};
    enum wm_status status = WM_OK;

    if (!pipeline->own_keys)
        status = wm_keystore_create(&pipeline->own_keys);
    if (status == WM_OK && !pipeline->own_opener) {
        struct wm_opener_config config = pipeline->config;
        config.keys = pipeline->own_keys;
        status = wm_opener_create_with(&config, &pipeline->own_opener);
    }
    if (status == WM_OK)
        status = wm_keystore_add(pipeline->own_keys, &any, &line->key);
    if (status == WM_OK)
        status = open_and_write(pipeline, pipeline->own_opener, frame, line);
    if (pipeline->own_keys)
        wm_keystore_clear(pipeline->own_keys);
    return status;
}

enum wm_status wm_pipeline_push(struct wm_pipeline *pipeline, const struct wm_frame *frame, const struct wm_line *line)
{
    return line && line->has_key ? with_own_key(pipeline, frame, line) : open_and_write(pipeline, pipeline->opener, frame, line);
}

const char *wm_pipeline_why(const struct wm_pipeline *pipeline)
{
    return *pipeline->why ? pipeline->why : NULL;
}

const struct wm_pipeline_stats *wm_pipeline_stats(const struct wm_pipeline *pipeline)
{
    return &pipeline->stats;
}

void wm_pipeline_summary(const struct wm_pipeline *pipeline, char *out, size_t cap)
{
    const struct wm_pipeline_stats *stats = &pipeline->stats;
    const char *separator = ": ";
    int n = snprintf(out, cap, "%" PRIu64 " telegram%s", stats->telegrams, stats->telegrams == 1 ? "" : "s");

    for (enum wm_verdict verdict = 0; verdict < WM_VERDICT_COUNT && n >= 0 && (size_t)n < cap; verdict++) {
        if (!stats->by_verdict[verdict])
            continue;
        n +=
            snprintf(out + n, cap - (size_t)n, "%s%" PRIu64 " %s", separator, stats->by_verdict[verdict], wm_verdict_name(verdict));
        separator = ", ";
    }
    if (stats->formats_unsaved && n >= 0 && (size_t)n < cap)
        snprintf(out + n, cap - (size_t)n, "; %" PRIu64 " formats of compact frames could not be saved", stats->formats_unsaved);
    if (stats->copies && n >= 0 && (size_t)n < cap)
        n += snprintf(out + n, cap - (size_t)n, "; %" PRIu64 " cop%s of repeaters or other channels left out", stats->copies,
                      stats->copies == 1 ? "y" : "ies");
    if (stats->filtered && n >= 0 && (size_t)n < cap)
        snprintf(out + n, cap - (size_t)n, "; %" PRIu64 " not asked for", stats->filtered);
}
