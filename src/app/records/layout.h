/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/value.h"

/* The headers of a whole application layer in one pass, without reading a value: where the records are, which of them are dates,
 * and the signature of their format (EN 13757-3:2018, Annex G). */

#define WM_LAYOUT_DATES 8

struct wm_layout_date {
    uint64_t storage;
    size_t offset;
    uint8_t len;
    char text[WM_DATETIME_CHARS];
};

struct wm_layout {
    uint16_t signature;  /* CRC over all DIBs and VIBs in a row: the format signature */
    size_t header_bytes; /* how many these are */
    size_t end;          /* of the last record; behind it nothing but fillers, or manufacturer's data */
    bool whole;          /* every byte up to there was read as a record; only then the signature says something */
    unsigned dates;
    /* Records with VIF 6C or 6D and nothing behind it, instantaneous, tariff and subunit 0, that have a date that can be used. */
    struct wm_layout_date date[WM_LAYOUT_DATES];
};

/* Never fails: a layout that cannot be read to its end is not `whole`. headers: what was read before, to be faster; may be NULL. */
void wm_layout_read(struct wm_span apl, struct wm_headers *headers, struct wm_layout *layout);

/* Writes the DIBs and VIBs of a whole layout in a row; WM_FULL, WM_MALFORMED. */
WM_MUST_USE enum wm_status wm_layout_headers(struct wm_span apl, struct wm_writer *out);

/* One record's header at the start of `bytes`: how long DIB and VIB are, and how long the value behind them. WM_TOO_SHORT: cut off
 * (also when `value` is cut off, if with_value); WM_MALFORMED; WM_END: a special function (DIF xF). */
struct wm_record_extent {
    size_t dib, vib, value; /* value: with its LVAR byte */
    uint64_t storage;
    bool plain; /* instantaneous, tariff and subunit 0 */
    uint8_t data_field, vif;
};
WM_MUST_USE enum wm_status wm_record_extent_of(struct wm_span bytes, bool with_value, struct wm_record_extent *extent);
