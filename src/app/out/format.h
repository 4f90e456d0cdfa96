/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/fields.h"
#include "app/out/sink.h"
#include "app/pipeline/reading.h"

/* Format: how a telegram is written. One row of the table each; what --help lists and -F takes. */
struct wm_output_format {
    const char *name;
    const char *summary;
    void (*begin)(struct wm_sink *sink); /* once, before the first telegram; NULL: nothing */
    void (*write)(struct wm_sink *sink, const struct wm_reading *reading);
    /* with a list of fields; NULL: the format takes none */
    void (*begin_fields)(struct wm_sink *sink, const struct wm_fields *fields);
    void (*write_fields)(struct wm_sink *sink, const struct wm_reading *reading, const struct wm_fields *fields);
    /* only how it was heard and its bytes, nothing of its content; NULL: the format does not have that */
    void (*write_raw)(struct wm_sink *sink, const struct wm_reading *reading);
};

/* What of it: the telegram and all that its layers say; the same, but only of telegrams whose content can be read; or the telegram
 * as it was received, not opened. */
enum wm_what { WM_WHAT_ALL, WM_WHAT_READINGS, WM_WHAT_TELEGRAMS };

/* A format in use. */
struct wm_format_use {
    const struct wm_output_format *format;
    const struct wm_fields *fields; /* NULL: as the format has it */
    enum wm_what what;
};

/* NULL: there is none of this name. */
const struct wm_output_format *wm_output_format_named(const char *name, size_t len);
void wm_format_begin(const struct wm_format_use *use, struct wm_sink *sink);
void wm_format_write(const struct wm_format_use *use, struct wm_sink *sink, const struct wm_reading *reading);

/* The i-th format, NULL behind the last. The first is for people. */
const struct wm_output_format *wm_output_format(size_t i);

void wm_format_text_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_json_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_csv_begin(struct wm_sink *sink);
void wm_format_csv_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_hex_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_rtl_wmbus_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_flat_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_influx_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_json_raw(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_json_fields(struct wm_sink *sink, const struct wm_reading *reading, const struct wm_fields *fields);
void wm_format_csv_fields_begin(struct wm_sink *sink, const struct wm_fields *fields);
void wm_format_csv_fields(struct wm_sink *sink, const struct wm_reading *reading, const struct wm_fields *fields);
void wm_format_text_fields(struct wm_sink *sink, const struct wm_reading *reading, const struct wm_fields *fields);

/* One cell of CSV, quoted where it must be. */
void wm_csv_cell(struct wm_sink *sink, const char *text);

/* Characters that hold any record's value as text: the longest is the hex of a whole telegram's data or WM_RECORD_TEXT_MAX. */
#define WM_VALUE_CHARS 640
/* A record's value as text; "" where there is none. */
void wm_record_text(const struct wm_record *record, char out[WM_VALUE_CHARS]);
/* "none", "decimal", "real", "date", "datetime", "time", "text", "bytes", "invalid" */
const char *wm_value_kind_name(enum wm_value_kind kind);
