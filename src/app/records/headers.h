/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/vib.h"

/* What record headers (DIB and VIB) mean, worked out once: meters send the same few over and over. A memory of fixed size, found by
 * the bytes of the header themselves; one that falls on the place of another takes it. It changes nothing but the time: a header
 * that is not here is read as ever. Not for several threads. */

#define WM_HEADER_BYTES  7 /* longer ones are not kept: one word holds the bytes and their number */
#define WM_HEADER_TEXT   216
#define WM_HEADER_PLACES 256

struct wm_header {
    uint64_t key; /* the bytes, first lowest, and their number in the highest; 0: a free place */
    struct wm_vib_scale scale;
    uint8_t dib, vib;
    uint8_t text_len;                                  /* 0: no output has written it yet */
    uint8_t head[offsetof(struct wm_record, decimal)]; /* of the record: all before its value */
    char text[WM_HEADER_TEXT];                         /* an output's own: what it writes for every record with this header */
};

struct wm_headers {
    struct wm_header place[WM_HEADER_PLACES];
};

/* The key of the header at the start of `bytes`; 0: it is not one to keep (too long, cut off, special function, plain-text unit).
 */
uint64_t wm_header_key(struct wm_span bytes);

/* The place for a key: its header when place->key is the key, otherwise to be filled. */
static inline struct wm_header *wm_header_place(struct wm_headers *headers, uint64_t key)
{
    return &headers->place[key * 0x9E3779B97F4A7C15 >> 56]; /* 2^64 over the golden ratio spreads neighbours */
}

/* Whether the header just read into the record may be kept: its texts are all from tables, and the value changes none of them. */
bool wm_header_is_lasting(const struct wm_record *record, const struct wm_vib_scale *scale);
