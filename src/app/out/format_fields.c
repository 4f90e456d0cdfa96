/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/fields.h"
#include "app/out/format.h"
#include "app/out/json.h"

#include <string.h>

/* Formats of flat, named values: all of them (flat, influx), or those of a list (--fields with text, csv, json). */

static void json_value(struct wm_json *json, enum wm_field_kind kind, const char *text)
{
    switch (kind) {
    case WM_FIELD_NULL:
        wm_json_null(json);
        break;
    case WM_FIELD_NUMBER:
        wm_json_number_text(json, text);
        break;
    case WM_FIELD_BOOL:
        wm_json_bool(json, strcmp(text, "true") == 0);
        break;
    case WM_FIELD_STRING:
        wm_json_string(json, text);
        break;
    }
}

static void flat_member(void *user, const struct wm_field *field)
{
    struct wm_json *json = user;

    wm_json_key(json, field->name);
    json_value(json, field->kind, field->text);
}

void wm_format_flat_write(struct wm_sink *sink, const struct wm_reading *reading)
{
    struct wm_json json = wm_json_of(sink);

    wm_json_open(&json, '{');
    wm_fields_walk(reading, false, flat_member, &json);
    wm_json_close(&json, '}');
    wm_sink_char(sink, '\n');
}

/* The values of a list's names, in the list's order. */
#define PICKED_CHARS 8192
struct picked {
    const struct wm_fields *fields;
    enum wm_field_kind kind[WM_FIELDS_MAX];
    uint16_t at[WM_FIELDS_MAX]; /* in text, 0: not there */
    size_t len;
    char text[PICKED_CHARS];
};

static void pick_one(void *user, const struct wm_field *field)
{
    struct picked *picked = user;
    size_t len = strlen(field->text) + 1;

    for (size_t i = 0; i < picked->fields->count; i++) {
        if (picked->at[i] || strcmp(wm_fields_name(picked->fields, i), field->name) != 0 || picked->len + len > PICKED_CHARS)
            continue;
        picked->kind[i] = field->kind;
        picked->at[i] = (uint16_t)picked->len;
        memcpy(picked->text + picked->len, field->text, len);
        picked->len += len;
    }
}

static void pick(struct picked *picked, const struct wm_fields *fields, const struct wm_reading *reading)
{
    picked->fields = fields;
    memset(picked->kind, 0, sizeof picked->kind);
    memset(picked->at, 0, sizeof picked->at);
    picked->text[0] = '\0';
    picked->len = 1;
    wm_fields_walk(reading, true, pick_one, picked);
}

void wm_format_json_fields(struct wm_sink *sink, const struct wm_reading *reading, const struct wm_fields *fields)
{
    struct wm_json json = wm_json_of(sink);
    struct picked picked;

    pick(&picked, fields, reading);
    wm_json_open(&json, '{');
    for (size_t i = 0; i < fields->count; i++) {
        wm_json_key(&json, wm_fields_name(fields, i));
        json_value(&json, picked.kind[i], picked.text + picked.at[i]);
    }
    wm_json_close(&json, '}');
    wm_sink_char(sink, '\n');
}

void wm_format_csv_fields_begin(struct wm_sink *sink, const struct wm_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (i)
            wm_sink_char(sink, ',');
        wm_sink_text(sink, wm_fields_name(fields, i));
    }
    wm_sink_char(sink, '\n');
}

void wm_format_csv_fields(struct wm_sink *sink, const struct wm_reading *reading, const struct wm_fields *fields)
{
    struct picked picked;

    pick(&picked, fields, reading);
    for (size_t i = 0; i < fields->count; i++) {
        if (i)
            wm_sink_char(sink, ',');
        wm_csv_cell(sink, picked.text + picked.at[i]);
    }
    wm_sink_char(sink, '\n');
}

/* For people and shells: the values with tabs between, "-" for what is not there; a value's own control characters become blanks.
 */
void wm_format_text_fields(struct wm_sink *sink, const struct wm_reading *reading, const struct wm_fields *fields)
{
    struct picked picked;

    pick(&picked, fields, reading);
    for (size_t i = 0; i < fields->count; i++) {
        char *text = picked.text + picked.at[i];

        for (char *c = text; *c; c++) {
            if ((unsigned char)*c < ' ')
                *c = ' ';
        }
        if (i)
            wm_sink_char(sink, '\t');
        wm_sink_text(sink, *text ? text : "-");
    }
    wm_sink_char(sink, '\n');
}

/* InfluxDB line protocol (docs.influxdata.com, "Line protocol"): measurement,tag=… field=…,field=… time in ns. Blanks, commas and
 * equal signs are escaped in tags and keys, quotes and backslashes in string fields; a line break may stand nowhere. */
static void influx_plain(struct wm_sink *sink, const char *text)
{
    for (; *text; text++) {
        if (*text == ' ' || *text == ',' || *text == '=')
            wm_sink_char(sink, '\\');
        wm_sink_char(sink, (unsigned char)*text < ' ' || *text == '\\' ? '_' : *text);
    }
}

struct influx {
    struct wm_sink *sink;
    bool tags; /* which half of the line is written */
    unsigned fields;
};

static bool is_tag(const struct wm_field *field)
{
    static const char *const tags[] = {"mode", "format", "grade", "manufacturer", "id", "version", "type_name", "verdict"};

    for (size_t i = 0; !field->record && i < sizeof tags / sizeof tags[0]; i++) {
        if (strcmp(field->name, tags[i]) == 0)
            return true;
    }
    return false;
}

static void influx_part(void *user, const struct wm_field *field)
{
    struct influx *influx = user;

    if (is_tag(field) != influx->tags || field->kind == WM_FIELD_NULL || !*field->text || strcmp(field->name, "time") == 0)
        return;
    wm_sink_char(influx->sink, influx->tags ? ',' : influx->fields++ ? ',' : ' ');
    wm_sink_text(influx->sink, field->name);
    wm_sink_char(influx->sink, '=');
    if (influx->tags) {
        influx_plain(influx->sink, field->text);
    } else if (field->kind != WM_FIELD_STRING) {
        wm_sink_text(influx->sink, field->text);
    } else {
        wm_sink_char(influx->sink, '"');
        for (const char *c = field->text; *c; c++) {
            if (*c == '"' || *c == '\\')
                wm_sink_char(influx->sink, '\\');
            wm_sink_char(influx->sink, (unsigned char)*c < ' ' ? ' ' : *c);
        }
        wm_sink_char(influx->sink, '"');
    }
}

void wm_format_influx_write(struct wm_sink *sink, const struct wm_reading *reading)
{
    struct influx influx = {sink, true, 0};

    wm_sink_text(sink, "wmbus");
    wm_fields_walk(reading, false, influx_part, &influx);
    influx.tags = false;
    wm_fields_walk(reading, false, influx_part, &influx);
    if (!influx.fields)
        wm_sink_text(sink, " received=1");
    if (reading->frame->on_air && reading->frame->signal.time_ns != WM_TIME_UNKNOWN)
        wm_sink_printf(sink, " %lld", (long long)reading->frame->signal.time_ns);
    wm_sink_char(sink, '\n');
}
