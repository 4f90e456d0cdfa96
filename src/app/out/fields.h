/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pipeline/reading.h"

/* A reading as flat, named values: what --fields, the flat formats, MQTT discovery and the metrics are made of. How it was heard
 * and whose it is has the names of docs/json.md; a record is called
 *
 *     quantity [_detail] [_maximum|_minimum|_error] [_storage_N] [_tariff_N] [_subunit_N] [_unit]
 *
 * in lower case, as volume_m3 or power_maximum_tariff_2_kw; the second of a name in one telegram ends in _2, and so on. Then come
 * the names of the summary (total_m3 …, docs/readings.md), where they are not among those already. */

enum wm_field_kind { WM_FIELD_NULL, WM_FIELD_NUMBER, WM_FIELD_STRING, WM_FIELD_BOOL };

struct wm_field {
    const char *name;
    enum wm_field_kind kind;
    const char *text;               /* NUMBER: a JSON number; STRING: UTF-8; BOOL: true or false; NULL: "" */
    const struct wm_record *record; /* of what comes from a record; NULL: about the telegram */
};

#define WM_FIELD_NAME 160

/* Calls with each field in turn; what it points to lives inside the call. `extra`: also the long ones (telegram, plain). */
typedef void wm_field_visit(void *user, const struct wm_field *field);
void wm_fields_walk(const struct wm_reading *reading, bool extra, wm_field_visit *visit, void *user);

/* A list of names, as --fields gives it: "time,id,volume_m3". */
#define WM_FIELDS_MAX 64
struct wm_fields {
    size_t count;
    char text[1024];
    uint16_t at[WM_FIELDS_MAX]; /* where each name begins in text */
};
/* WM_INVALID: empty, or a name that cannot be one; WM_FULL: too many or too long. *why is static. */
WM_MUST_USE enum wm_status wm_fields_parse(const char *list, struct wm_fields *fields, const char **why);
static inline const char *wm_fields_name(const struct wm_fields *fields, size_t i)
{
    return fields->text + fields->at[i];
}
