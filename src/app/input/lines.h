/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/input/frame_bytes.h"
#include "security/keystore.h"

/* Telegrams in lines of text, as people paste them and other receivers print them. docs/lines.md lists the forms. */

#define WM_LINE_CHARS_MAX 16384 /* characters of one line */
#define WM_LINE_BYTES_MAX 2048  /* bytes of the hex in it */

enum wm_line_form {
    WM_LINE_HEX,       /* bare hex, also as wmbusmeters' simulation line telegram=|…|+32 */
    WM_LINE_RTL_WMBUS, /* MODE;CRC_OK;3OUTOF6_OK;TIME;RSSI;RSSI;ID;0xHEX */
    WM_LINE_RTL_433,   /* CSV or JSON of its decoder Wireless-MBus */
    WM_LINE_CUL,       /* culfw: b…, bY…, and its send commands bss…, bst… */
    WM_LINE_IM871A,    /* IMST iM871A HCI message in hex, A5 … */
    WM_LINE_IU891A,    /* IMST iU891A SLIP message in hex, C0 … C0 */
    WM_LINE_AMBER,     /* Amber command message in hex, FF 03 … */
    WM_LINE_JSON,      /* an object with "telegram" (wmbusmeters' request), "rawData" */
    WM_LINE_WMSDR,     /* this program's own NDJSON: how it was heard stays with it */
    WM_LINE_FORM_COUNT
};

/* "hex", "rtl_wmbus", … */
const char *wm_line_form_name(enum wm_line_form form);

/* One telegram and what its line says about it. */
struct wm_line {
    enum wm_line_form form;
    unsigned long number;    /* of the line, from 1 */
    struct wm_frame frame;   /* on_air only for wmsdr's own lines */
    struct wm_span trailing; /* bytes behind the telegram, in the reader's memory until the next line */
    bool damaged;            /* its receiver says that a CRC failed (only with accept_damaged) */
    bool has_mode;           /* frame.mode is known though the signal is not */
    char time[40];           /* as given; "" when not. Usually local time */
    bool has_rssi_dbm;
    double rssi_dbm;
    bool has_rssi_raw; /* in its receiver's own unit */
    double rssi_raw;
    bool has_lqi;
    unsigned lqi;
    bool has_key;      /* a key for this telegram alone */
    struct wm_key key; /* the caller wipes it */
};

/* Reads lines one by one. Plain data; zero it to begin. */
struct wm_line_reader {
    bool accept_damaged;    /* configuration */
    unsigned long number;   /* state: lines taken */
    int csv_mode, csv_time; /* columns of the last rtl_433 CSV header, 0: none */
    uint8_t bytes[WM_LINE_BYTES_MAX];
    char why[WM_WHY_MAX];
};

/* Takes the next line (without its line end). WM_OK: *line has a telegram. WM_TOO_SHORT: it is cut off; line->frame holds what
 * there is. WM_NOT_MINE: a line without a telegram that is understood (blank, comment, heading, a dongle's answer to a command).
 * WM_INTEGRITY: the telegram is damaged. WM_MALFORMED, WM_FULL: not understood. reader->why says what and the remedy, with WM_OK
 * what else is to be said
 * ("" as a rule); it never holds the line's own text, which may have a key in it. */
WM_MUST_USE enum wm_status wm_line_parse(struct wm_line_reader *reader, const char *text, size_t len, struct wm_line *line);

/* Makes the JSON library of this process take memory that core dumps leave out and that is wiped when freed, as lines may bring
 * keys. Process-wide: for a program's main(). */
void wm_lines_keep_out_of_dumps(void);
