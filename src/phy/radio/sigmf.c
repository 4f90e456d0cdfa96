/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/sigmf.h"

#include "base/utc.h"
#include "phy/signal.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS 1000000000

/* SigMF "Dataset Format": the names of the sample types that this program reads. One byte has no byte order. */
static const struct {
    const char *name;
    enum wm_sample_format format;
} datatypes[] = {
    {"cu8", WM_SAMPLES_CU8},
    {"ci8", WM_SAMPLES_CS8},
    {"ci16_le", WM_SAMPLES_CS16},
    {"cf32_le", WM_SAMPLES_CF32},
};

static const char *datatype_name(enum wm_sample_format format)
{
    for (size_t i = 0; i < sizeof datatypes / sizeof *datatypes; i++)
        if (datatypes[i].format == format)
            return datatypes[i].name;
    return "";
}

__attribute__((format(printf, 3, 4))) static enum wm_status fail(enum wm_status status, const char **why, const char *format, ...)
{
    static _Thread_local char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    *why = text;
    return status;
}

/* SigMF has UTC alone, as RFC 3339: a T between, a Z at the end. */
static bool parse_time(const char *text, int64_t *time_ns)
{
    return wm_utc_parse(text, time_ns) == WM_OK && text[10] != ' ' && tolower((unsigned char)text[strlen(text) - 1]) == 'z';
}

/* A count that may be absent (0). Reals are refused: SigMF defines these fields as unsigned integers. */
static bool count_of(const json_t *object, const char *key, uint64_t *value)
{
    const json_t *item = json_object_get(object, key);

    *value = 0;
    if (!item)
        return true;
    if (!json_is_integer(item) || json_integer_value(item) < 0)
        return false;
    *value = (uint64_t)json_integer_value(item);
    return true;
}

static enum wm_status parse_global(const json_t *global, struct wm_sigmf *meta, const char **why)
{
    const char *datatype = json_string_value(json_object_get(global, "core:datatype"));
    const char *dataset = json_string_value(json_object_get(global, "core:dataset"));
    const char *description = json_string_value(json_object_get(global, "core:description"));
    const json_t *rate = json_object_get(global, "core:sample_rate");
    uint64_t channels;

    if (!datatype)
        return fail(WM_MALFORMED, why, "the metadata has no global core:datatype");
    for (size_t i = 0; i < sizeof datatypes / sizeof *datatypes; i++) {
        if (strcmp(datatype, datatypes[i].name) == 0) {
            meta->info.format = datatypes[i].format;
            meta->info.has_format = true;
        }
    }
    if (!meta->info.has_format)
        return fail(WM_UNSUPPORTED, why, "core:datatype \"%.32s\" is not supported; cu8, ci8, ci16_le and cf32_le are", datatype);
    if (rate && !(json_number_value(rate) > 0 && isfinite(json_number_value(rate))))
        return fail(WM_MALFORMED, why, "core:sample_rate is not a positive number");
    meta->info.sample_rate_hz = json_number_value(rate);
    if (!count_of(global, "core:num_channels", &channels) || !count_of(global, "core:trailing_bytes", &meta->trailing_bytes))
        return fail(WM_MALFORMED, why, "core:num_channels or core:trailing_bytes is not a whole number");
    if (channels > 1)
        return fail(WM_UNSUPPORTED, why, "the recording has %" PRIu64 " channels interleaved; only one is supported", channels);
    if (dataset) {
        if (!*dataset || strchr(dataset, '/') || strlen(dataset) >= sizeof meta->dataset)
            return fail(WM_MALFORMED, why, "core:dataset is not a plain file name");
        strcpy(meta->dataset, dataset);
    }
    if (description)
        snprintf(meta->description, sizeof meta->description, "%s", description);
    return WM_OK;
}

int64_t wm_sigmf_time_after(int64_t time_ns, uint64_t samples, double rate_hz)
{
    const double ns = (double)samples / rate_hz * NS;
    int64_t sum;

    if (samples == 0 || time_ns == WM_TIME_UNKNOWN)
        return time_ns;
    if (!(rate_hz > 0) || !(ns < 9e18) || __builtin_add_overflow(time_ns, (int64_t)llround(ns), &sum))
        return WM_TIME_UNKNOWN;
    return sum;
}

/* Keeps what a capture behind a break says; `before` is the one in front of it. */
static void add_capture(const struct wm_sigmf_capture *before, struct wm_sigmf_capture capture, bool has_index,
                        struct wm_sigmf *meta)
{
    const double rate_hz = meta->info.sample_rate_hz;

    if (!has_index) {
        capture.global_index = before->global_index + (capture.sample_start - before->sample_start);
        if (capture.time_ns != WM_TIME_UNKNOWN && before->time_ns != WM_TIME_UNKNOWN && capture.time_ns > before->time_ns) {
            const double samples = ((double)capture.time_ns - (double)before->time_ns) / NS * rate_hz;
            capture.global_index = before->global_index + (samples < 9e18 ? (uint64_t)llround(samples) : 0);
        }
    }
    if (capture.time_ns == WM_TIME_UNKNOWN)
        capture.time_ns = wm_sigmf_time_after(before->time_ns, capture.global_index - before->global_index, rate_hz);
    meta->capture[meta->captures++] = capture;
}

static enum wm_status parse_capture(const json_t *item, size_t index, struct wm_sigmf_capture *before, struct wm_sigmf *meta,
                                    const char **why)
{
    const json_t *frequency = json_object_get(item, "core:frequency");
    const char *datetime = json_string_value(json_object_get(item, "core:datetime"));
    struct wm_sigmf_capture capture = {.time_ns = WM_TIME_UNKNOWN};
    const bool has_index = json_object_get(item, "core:global_index");
    uint64_t header;

    if (!count_of(item, "core:sample_start", &capture.sample_start) || !count_of(item, "core:header_bytes", &header) ||
        !count_of(item, "core:global_index", &capture.global_index))
        return fail(WM_MALFORMED, why,
                    "captures[%zu]: core:sample_start, core:header_bytes or core:global_index is not a whole number", index);
    if (frequency && !(json_number_value(frequency) > 0 && isfinite(json_number_value(frequency))))
        return fail(WM_MALFORMED, why, "captures[%zu]: core:frequency is not a positive number", index);
    if (datetime && !parse_time(datetime, &capture.time_ns))
        return fail(WM_MALFORMED, why, "captures[%zu]: core:datetime \"%.40s\" is not a UTC time such as 2026-01-31T12:00:00.5Z",
                    index, datetime);
    if (index == 0) {
        meta->header_bytes = header;
        meta->info.centre_hz = json_number_value(frequency);
        meta->info.start_time_ns = capture.time_ns;
        if (datetime && capture.sample_start > 0 && meta->info.sample_rate_hz > 0)
            meta->info.start_time_ns -= (int64_t)llround((double)capture.sample_start / meta->info.sample_rate_hz * NS);
        meta->global_index = capture.global_index > capture.sample_start ? capture.global_index - capture.sample_start : 0;
        capture.global_index = meta->global_index + capture.sample_start;
    } else if (header > 0) {
        return fail(WM_UNSUPPORTED, why, "captures[%zu] has a header inside the data; split the recording", index);
    } else if (frequency && json_number_value(frequency) != meta->info.centre_hz) {
        return fail(WM_UNSUPPORTED, why, "captures[%zu] changes the frequency; split the recording there", index);
    } else if (capture.sample_start < before->sample_start) {
        return fail(WM_MALFORMED, why, "captures[%zu]: core:sample_start lies before that of the capture in front of it", index);
    } else {
        add_capture(before, capture, has_index, meta);
        capture = meta->capture[meta->captures - 1];
    }
    *before = capture;
    return WM_OK;
}

static enum wm_status parse_captures(const json_t *captures, struct wm_sigmf *meta, const char **why)
{
    struct wm_sigmf_capture before = {0};
    enum wm_status status = WM_OK;
    size_t index;
    json_t *item;

    if (captures && !json_is_array(captures))
        return fail(WM_MALFORMED, why, "captures is not an array");
    if (json_array_size(captures) > 1)
        meta->capture = calloc(json_array_size(captures) - 1, sizeof *meta->capture);
    if (json_array_size(captures) > 1 && !meta->capture)
        return fail(WM_NO_MEMORY, why, "too many captures");
    json_array_foreach(captures, index, item)
    {
        status = parse_capture(item, index, &before, meta, why);
        if (status != WM_OK)
            return status;
    }
    return WM_OK;
}

void wm_sigmf_clear(struct wm_sigmf *meta)
{
    free(meta->capture);
    meta->capture = NULL;
    meta->captures = 0;
}

enum wm_status wm_sigmf_parse(struct wm_span text, struct wm_sigmf *meta, const char **why)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    enum wm_status status;

    memset(meta, 0, sizeof *meta);
    meta->info.start_time_ns = WM_TIME_UNKNOWN;
    if (!root)
        return fail(WM_MALFORMED, why, "the metadata is not valid JSON: line %d: %s", error.line, error.text);
    if (!json_is_object(json_object_get(root, "global")))
        status = fail(WM_MALFORMED, why, "the metadata has no object \"global\": not SigMF");
    else
        status = parse_global(json_object_get(root, "global"), meta, why);
    if (status == WM_OK)
        status = parse_captures(json_object_get(root, "captures"), meta, why);
    if (status != WM_OK)
        wm_sigmf_clear(meta);
    json_decref(root);
    return status;
}

/* One segment of captures. */
static json_t *build_capture(const struct wm_sigmf *meta, uint64_t sample_start, uint64_t global_index, int64_t time_ns)
{
    json_t *capture = json_pack("{s:I}", "core:sample_start", (json_int_t)sample_start);
    char time[WM_UTC_TEXT];

    if (global_index > 0)
        json_object_set_new(capture, "core:global_index", json_integer((json_int_t)global_index));
    if (meta->info.centre_hz > 0)
        json_object_set_new(capture, "core:frequency", json_real(meta->info.centre_hz));
    if (time_ns != WM_TIME_UNKNOWN) {
        wm_utc_text(time_ns, 'T', 9, time);
        json_object_set_new(capture, "core:datetime", json_string(time));
    }
    return capture;
}

enum wm_status wm_sigmf_build(const struct wm_sigmf *meta, char **text)
{
    json_t *global = json_pack("{s:s,s:s,s:s}", "core:datatype", datatype_name(meta->info.format), "core:version", "1.0.0",
                               "core:recorder", "wmsdr");
    json_t *first = build_capture(meta, 0, meta->global_index, meta->info.start_time_ns);
    json_t *root = json_pack("{s:O*,s:[O*],s:[]}", "global", global, "captures", first, "annotations");
    bool whole = true;

    if (meta->info.sample_rate_hz > 0)
        json_object_set_new(global, "core:sample_rate", json_real(meta->info.sample_rate_hz));
    if (meta->trailing_bytes > 0)
        json_object_set_new(global, "core:trailing_bytes", json_integer((json_int_t)meta->trailing_bytes));
    if (meta->dataset[0])
        json_object_set_new(global, "core:dataset", json_string(meta->dataset));
    if (meta->description[0])
        json_object_set_new(global, "core:description", json_string(meta->description));
    if (meta->header_bytes > 0)
        json_object_set_new(first, "core:header_bytes", json_integer((json_int_t)meta->header_bytes));
    for (size_t i = 0; i < meta->captures; i++) {
        const struct wm_sigmf_capture *c = &meta->capture[i];
        whole &= json_array_append_new(json_object_get(root, "captures"),
                                       build_capture(meta, c->sample_start, c->global_index, c->time_ns)) == 0;
    }
    /* into memory that the caller can free, whatever allocator the program has given to jansson */
    *text = NULL;
    if (root && global && first && whole) {
        const size_t len = json_dumpb(root, NULL, 0, JSON_INDENT(2));
        *text = len ? malloc(len + 1) : NULL;
        if (*text)
            (*text)[json_dumpb(root, *text, len, JSON_INDENT(2))] = '\0';
    }
    json_decref(root);
    json_decref(first);
    json_decref(global);
    return *text ? WM_OK : WM_NO_MEMORY;
}
