/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* A meter address in link-layer order: M(2) ID(4) version type, EN 13757-4; in a TPL long header the order differs. */
struct wm_address {
    uint16_t manufacturer; /* as transmitted, little-endian; bit 15 may be set ("soft" address) */
    uint32_t id;           /* the four BCD bytes as one number: 0x12345678 prints as 12345678 */
    uint8_t version;
    uint8_t type;
};

#define WM_ADDRESS_BYTES 8

/* The data link layer header: C, M, A. */
struct wm_dll {
    uint8_t c;
    struct wm_address address; /* of the sender */
    struct wm_span payload;    /* from the CI on; empty when the frame has none */
};

/* Parses a telegram (L first, no CRCs). payload points into the telegram and ends where L says: bytes behind that (receivers append
 * RSSI and more) are not part of it. WM_MALFORMED: L below the minimum. WM_TOO_SHORT: the telegram ends before its L; if at least
 * the header is there, *dll is filled and payload is what there is. */
WM_MUST_USE enum wm_status wm_dll_parse(struct wm_span telegram, struct wm_dll *dll);
/* The twin: L, C, M, A, payload. WM_FULL when the telegram would exceed 256 bytes or the writer. */
WM_MUST_USE enum wm_status wm_dll_build(const struct wm_dll *dll, struct wm_writer *telegram);

/* 8 bytes in link-layer order. */
void wm_address_read(struct wm_cursor *cur, struct wm_address *address);
void wm_address_write(struct wm_writer *out, const struct wm_address *address);
bool wm_address_equal(const struct wm_address *a, const struct wm_address *b);

/* Three letters and a NUL; letters outside A..Z come out as what the 5 bits give ('@', '[' …): nothing is hidden. */
void wm_manufacturer_text(uint16_t manufacturer, char text[4]);
/* The number of three letters in any case; WM_INVALID for anything else. */
WM_MUST_USE enum wm_status wm_manufacturer_parse(const char *text, uint16_t *manufacturer);

/* "SND_NR", "RSP_UD" …, or NULL for a function the standard does not name. Source: EN 13757-4 / EN 13757-2 function codes. */
const char *wm_c_name(uint8_t c);
/* "water", "heat" …; "reserved" for the unassigned. Never NULL. */
const char *wm_device_type_name(uint8_t type);
