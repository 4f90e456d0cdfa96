/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/input/lines_internal.h"
#include "base/utc.h"
#include "security/secret_memory.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* JSON lines: {"telegram": hex, "key": hex} as wmbusmeters takes them on standard input, rtl_433 -F json, ioBroker's raw log, and
 * this program's own NDJSON (docs/json.md). */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static struct wm_text whole(const char *text)
{
    return (struct wm_text){text, strlen(text)};
}

static float float_of(const json_t *object, const char *key)
{
    return (float)json_number_value(json_object_get(object, key));
}

/* How it was heard, from this program's own output. */
static void own_signal(const json_t *object, struct wm_line *line)
{
    struct wm_frame *frame = &line->frame;
    const char *format = text_of(object, "format");
    const char *grade = text_of(object, "grade");
    json_t *sample = json_object_get(object, "sample");

    line->form = WM_LINE_WMSDR;
    wm_line_mode(line, whole(text_of(object, "mode")));
    if (frame->format == WM_FORMAT_NONE && *format)
        frame->format = *format == 'B' ? WM_FORMAT_B : WM_FORMAT_A;
    for (enum wm_grade g = WM_GRADE_UNCHECKED; g <= WM_GRADE_REPAIRED; g++) {
        if (strcmp(grade, wm_grade_name(g)) == 0)
            frame->grade = g;
    }
    frame->repaired = (unsigned)json_integer_value(json_object_get(object, "repaired"));
    if (!line->has_mode || !json_is_integer(sample))
        return;
    frame->on_air = true;
    frame->signal.sample_index = (uint64_t)json_integer_value(sample);
    if (wm_utc_parse(text_of(object, "time"), &frame->signal.time_ns) != WM_OK)
        frame->signal.time_ns = WM_TIME_UNKNOWN;
    frame->signal.channel_hz = json_number_value(json_object_get(object, "channel_hz"));
    frame->signal.offset_hz = float_of(object, "offset_hz");
    frame->signal.rssi_dbfs = float_of(object, "rssi_dbfs");
    frame->signal.snr_db = float_of(object, "snr_db");
    frame->signal.deviation_hz = float_of(object, "deviation_hz");
    frame->signal.clock_ppm = float_of(object, "clock_ppm");
}

/* A useless key does not cost the telegram: it is read as far as that goes without one, and the fault is said. */
static void own_key(struct wm_line_reader *reader, const char *hex, struct wm_line *line)
{
    size_t len = 0;

    if (!*hex)
        return;
    line->has_key = wm_hex_decode(hex, strlen(hex), line->key.bytes, sizeof line->key.bytes, &len, NULL) == WM_OK &&
                    len == sizeof line->key.bytes;
    if (!line->has_key)
        snprintf(reader->why, sizeof reader->why, "the member \"key\" is not 32 hex digits (an AES-128 key) and was not used");
}

static enum wm_status from_object(struct wm_line_reader *reader, const json_t *object, struct wm_line *line)
{
    const char *hex = text_of(object, "telegram");
    enum wm_status status;

    line->form = WM_LINE_JSON;
    if (strcmp(text_of(object, "model"), "Wireless-MBus") == 0) {
        line->form = WM_LINE_RTL_433;
        hex = text_of(object, "data");
    } else if (json_object_get(object, "model") && !*hex) {
        return wm_line_say(reader, WM_NOT_MINE, "an rtl_433 line of another device");
    } else if (!*hex) {
        hex = text_of(object, "rawData");
    }
    if (!*hex && strcmp(text_of(object, "_"), "telegram") == 0)
        return wm_line_say(reader, WM_NOT_MINE, "a reading of wmbusmeters, without its telegram");
    if (!*hex)
        return wm_line_say(reader, WM_MALFORMED, "JSON without a member \"telegram\"");
    wm_line_mode(line, whole(text_of(object, "mode")));
    snprintf(line->time, sizeof line->time, "%s", text_of(object, "time"));
    if (json_is_number(json_object_get(object, "rssi"))) {
        line->has_rssi_dbm = true;
        line->rssi_dbm = json_number_value(json_object_get(object, "rssi"));
    }
    status = wm_line_hex_frame(reader, whole(hex), line);
    if ((status == WM_OK || status == WM_TOO_SHORT) && json_object_get(object, "verdict"))
        own_signal(object, line);
    if (status == WM_OK)
        own_key(reader, text_of(object, "key"), line);
    return status;
}

enum wm_status wm_line_json(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line)
{
    char wrapped[WM_LINE_CHARS_MAX + 3];
    bool member = text.s[0] == '"';
    json_error_t error;
    json_t *object;
    enum wm_status status;
    int n = snprintf(wrapped, sizeof wrapped, member ? "{%.*s}" : "%.*s", (int)text.len, text.s);

    object = json_loadb(wrapped, (size_t)n, 0, &error);
    if (!object && member) {
        status = wm_line_say(reader, WM_NOT_MINE, "a member of a JSON object that goes on");
    } else if (!object) {
        /* The parser's message may quote the line, and a key is in it: only the place is told. */
        snprintf(reader->why, sizeof reader->why, "not valid JSON at character %d; one object a line", error.column);
        status = WM_MALFORMED;
    } else if (member && !json_object_get(object, "telegram") && !json_object_get(object, "rawData")) {
        status = wm_line_say(reader, WM_NOT_MINE, "a member of a JSON object without a telegram");
    } else {
        status = from_object(reader, object, line);
    }
    json_decref(object);
    explicit_bzero(wrapped, sizeof wrapped);
    return status;
}

void wm_lines_keep_out_of_dumps(void)
{
    json_set_alloc_funcs(wm_secret_piece, wm_secret_piece_free);
}
