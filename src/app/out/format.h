/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/sink.h"
#include "app/reading.h"

/* Format: how a telegram is written. One row of the table each; what --help lists and -F takes. */
struct wm_output_format {
    const char *name;
    const char *summary;
    void (*begin)(struct wm_sink *sink); /* once, before the first telegram; NULL: nothing */
    void (*write)(struct wm_sink *sink, const struct wm_reading *reading);
};

/* The i-th format, NULL behind the last. The first is for people. */
const struct wm_output_format *wm_output_format(size_t i);

void wm_format_text_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_json_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_csv_begin(struct wm_sink *sink);
void wm_format_csv_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_hex_write(struct wm_sink *sink, const struct wm_reading *reading);
void wm_format_rtl_wmbus_write(struct wm_sink *sink, const struct wm_reading *reading);

/* Characters that hold any record's value as text: the longest is the hex of a whole telegram's data or WM_RECORD_TEXT_MAX. */
#define WM_VALUE_CHARS 640
/* A record's value as text; "" where there is none. */
void wm_record_text(const struct wm_record *record, char out[WM_VALUE_CHARS]);
/* "none", "decimal", "real", "date", "datetime", "time", "text", "bytes", "invalid" */
const char *wm_value_kind_name(enum wm_value_kind kind);
