/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/vib.h"

/* Internal to the records room: value bytes to value. */

/* The data field: low nibble of the DIF (EN 13757-3:2018, Table 4). */
enum {
    WM_DATA_NONE = 0x0,
    WM_DATA_INT32 = 0x4,
    WM_DATA_REAL32 = 0x5,
    WM_DATA_SELECTION = 0x8,
    WM_DATA_BCD2 = 0x9,
    WM_DATA_BCD8 = 0xC,
    WM_DATA_VARIABLE = 0xD,
    WM_DATA_BCD12 = 0xE,
    WM_DATA_SPECIAL = 0xF,
};

/* Bytes of a fixed-length data field; 0 for none, variable and special. */
size_t wm_data_field_len(uint8_t data_field);

/* Bytes behind the LVAR byte (Table 5); WM_MALFORMED: reserved, so the end of the record cannot be found. */
WM_MUST_USE enum wm_status wm_lvar_len(uint8_t lvar, size_t *len);

/* Sets kind and value of the record from raw_value. lvar is read for WM_DATA_VARIABLE only. */
void wm_value_read(uint8_t data_field, uint8_t lvar, const struct wm_vib_scale *scale, struct wm_record *record);

/* All of a record but its text buffers. */
void wm_record_clear(struct wm_record *record);
/* wm_record_next for a full frame's records alone, without the values of compact profiles. */
WM_MUST_USE enum wm_status wm_record_parse(struct wm_record_reader *reader, struct wm_record *record, const char **why);

/* Types F, G, I, J of Annex A by length: 4, 2, 6, 3 bytes. *kind becomes DATE, DATETIME, TIME or INVALID; false: another length. */
bool wm_datetime_read(struct wm_span bytes, struct wm_datetime *when, enum wm_value_kind *kind);
/* Type M, 2 to 9 bytes: kind and datetime of the record, or, of a duration, its decimal and unit. false: another length. */
bool wm_datetime_read_m(struct wm_span bytes, struct wm_record *record);
/* Whether a part is left open: "every year", no hour given … */
bool wm_datetime_is_open(const struct wm_datetime *when);
/* Moves a date (and time) by whole months (the last day of a month stays the last) or seconds; false: parts of it are open. */
bool wm_datetime_add_months(struct wm_datetime *when, int months);
bool wm_datetime_add_seconds(struct wm_datetime *when, int64_t seconds);

/* ISO 8601; returns the length. */
#define WM_DATETIME_CHARS 40
size_t wm_datetime_text(enum wm_value_kind kind, const struct wm_datetime *when, char out[WM_DATETIME_CHARS]);
