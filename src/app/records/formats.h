/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

#include <stdio.h>

/* The formats of compact frames (EN 13757-3:2018, Annex G): a compact frame has a meter's values without their DIBs and VIBs, and
 * names those by a signature (their CRC). They are learnt from full frames and from format frames.
 *
 * The store is bounded: sets of a few places each, found by the signature; the one unused for longest gives way. Several formats
 * with one signature live side by side, the CRC of the full frame tells which it was. */
struct wm_formats;
struct wm_headers;

#define WM_FORMAT_BYTES_MAX 252 /* DIBs and VIBs of one telegram */
#define WM_FORMATS_MAX      4096

/* With the formats that are known of meters in the field, when `known`. */
WM_MUST_USE enum wm_status wm_formats_create(bool known, struct wm_formats **formats);
void wm_formats_destroy(struct wm_formats *formats);
/* The headers that were read with these formats, which are the same in telegram after telegram; see headers.h. */
struct wm_headers *wm_formats_headers(struct wm_formats *formats);
size_t wm_formats_count(const struct wm_formats *formats);

/* Whether a format with this signature and length is there; then it counts as used. */
bool wm_formats_has(struct wm_formats *formats, uint16_t signature, size_t len);
/* Adds DIBs and VIBs in a row, if they are not there yet. WM_FULL: longer than WM_FORMAT_BYTES_MAX; WM_MALFORMED: no headers;
 * WM_IO: added, but could not be written to the file. */
WM_MUST_USE enum wm_status wm_formats_add(struct wm_formats *formats, struct wm_span headers);

/* The full frame of a compact frame's application data (signature, CRC, values), written to *full. WM_OK: it is what its CRC says;
 * WM_NOT_MINE: no format with this signature is known; WM_INTEGRITY: there is one, and the CRC does not fit; WM_TOO_SHORT. */
WM_MUST_USE enum wm_status wm_formats_expand(struct wm_formats *formats, struct wm_span compact, struct wm_writer *full);

/* The headers of a format frame's application data (length, signature, headers), checked. WM_TOO_SHORT, WM_MALFORMED, WM_INTEGRITY:
 * the signature is not theirs. */
WM_MUST_USE enum wm_status wm_format_frame_parse(struct wm_span apl, uint16_t *signature, struct wm_span *headers);

/* Keeps the formats in a file, one a line in hex, # begins a comment: reads it if it is there, and writes every new one behind it
 * at once. WM_IO with errno; WM_MALFORMED: *line is no format. Once only, before the first is added. */
WM_MUST_USE enum wm_status wm_formats_file(struct wm_formats *formats, const char *path, unsigned long *line);
