/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/formats.h"
#include "app/records/layout.h"
#include "app/records/value.h"
#include "link/ci.h"

/* What the application data of one message are, so that all outputs read the same records: those of a full frame, of a compact
 * frame made full again, of the fixed data structure; and what data that are no records say (errors, alarms, clock, reset,
 * formats). */

#define WM_CONTENT_BYTES 1024 /* of an expanded compact frame: values of one telegram and a format */

enum wm_compact_state {
    WM_COMPACT_NONE,     /* no compact frame */
    WM_COMPACT_EXPANDED, /* the records are those of the full frame, its CRC fits */
    WM_COMPACT_UNKNOWN,  /* no format with its signature has been seen yet */
    WM_COMPACT_WRONG,    /* there is one, and the full frame's CRC does not fit */
    WM_COMPACT_CUT,      /* shorter than its own header */
};

struct wm_content {
    enum wm_ci_payload payload;
    struct wm_record_reader records; /* at the first record; nothing to read where there are none */
    bool has_records;
    enum wm_compact_state compact;
    bool has_signature; /* of a compact or format frame */
    uint16_t signature;
    uint16_t full_crc;            /* compact frame: the CRC it has of the full frame */
    struct wm_span headers;       /* format frame: DIBs and VIBs */
    const char *text;             /* error, alarm, clock, reset, format: what it says, static; NULL: nothing more is known */
    struct wm_span code;          /* error, alarm, reset: the byte that says it */
    enum wm_value_kind time_kind; /* clock: NONE, INVALID, DATETIME (to set it to) or TIME (to change it by) */
    struct wm_datetime time;
    struct wm_layout layout; /* of the records */
    uint8_t expanded[WM_CONTENT_BYTES];
};

/* formats may be NULL: compact frames stay closed, and nothing is learnt. `learn`: a full frame from a meter, whose format is worth
 * keeping. Always fills *content; it borrows apl. WM_IO: a format was learnt and could not be written to its file. */
WM_MUST_USE enum wm_status wm_content_read(struct wm_formats *formats, bool learn, uint8_t ci, enum wm_ci_payload payload,
                                           struct wm_span apl, struct wm_content *content);

/* "error", "alarm", "clock", "reset": what `text` and `code` belong to; "" otherwise. */
const char *wm_content_kind_name(const struct wm_content *content);

/* "expanded", "unknown format", "wrong crc", "cut off" */
const char *wm_compact_state_name(enum wm_compact_state state);

/* The time that goes with a record, ISO 8601, NUL-terminated: of the date record with its storage number, or a derived one's own.
 * NULL: there is none. It is in *content or in scratch. */
const char *wm_content_time(const struct wm_content *content, const struct wm_record *record, char scratch[WM_DATETIME_CHARS],
                            size_t *len);

/* The text of the record's own value where it is one of those dates, in *content and room of WM_DATETIME_CHARS; NULL. */
const char *wm_content_date(const struct wm_content *content, const struct wm_record *record, size_t *len);
