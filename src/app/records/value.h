/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/vib.h"

/* Internal to the records room: value bytes to value. */

/* The data field: low nibble of the DIF (EN 13757-3:2018, Table 4). */
enum {
    WM_DATA_NONE = 0x0,
    WM_DATA_REAL32 = 0x5,
    WM_DATA_SELECTION = 0x8,
    WM_DATA_BCD2 = 0x9,
    WM_DATA_VARIABLE = 0xD,
    WM_DATA_BCD12 = 0xE,
    WM_DATA_SPECIAL = 0xF,
};

/* Bytes of a fixed-length data field; 0 for none, variable and special. */
size_t wm_data_field_len(uint8_t data_field);

/* Bytes behind the LVAR byte (Table 5); WM_MALFORMED: reserved, so the end of the record cannot be found. */
WM_MUST_USE enum wm_status wm_lvar_len(uint8_t lvar, size_t *len);

/* Sets kind and value of the record from raw_value. lvar is read for WM_DATA_VARIABLE only. */
void wm_value_read(uint8_t data_field, uint8_t lvar, struct wm_vib_scale scale, struct wm_record *record);

/* Types F, G, I, J of Annex A by length: 4, 2, 6, 3 bytes. kind becomes DATE, DATETIME, TIME or INVALID; false: another length. */
bool wm_datetime_read(struct wm_span bytes, struct wm_record *record);

/* ISO 8601; returns the length. 32 characters are enough. */
size_t wm_datetime_text(const struct wm_record *record, char out[32]);
