/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/layout.h"
#include "app/records/summary.h"
#include "app/records/vib.h"

/* What record headers (DIB and VIB) mean, worked out once: meters send the same few over and over. A memory of fixed size, found by
 * the bytes of the header themselves; one that falls on the place of another takes it. It changes nothing but the time: a header
 * that is not here is read as ever. Not for several threads. */

#define WM_RECORD_HEAD     offsetof(struct wm_record, function)
#define WM_RECORD_HEAD_END offsetof(struct wm_record, decimal)

#define WM_HEADER_BYTES  7   /* longer ones are not kept: one word holds the bytes and their number */
#define WM_HEADER_TEXT   224 /* whole steps of wm_text_put */
#define WM_HEADER_PLACES 256

struct wm_header {
    uint64_t key; /* the bytes, first lowest, and their number in the highest; 0: a free place */
    struct wm_vib_scale scale;
    struct wm_record_extent extent;                    /* of DIB and VIB */
    uint16_t crc_before, crc_behind;                   /* a step of the format signature's register */
    uint8_t head[WM_RECORD_HEAD_END - WM_RECORD_HEAD]; /* of the record: what is not of its place and before its value */
    bool has_plan;
    struct wm_summary_plan plan; /* where has_plan */
    uint8_t text_len;            /* 0: no output has written it yet */
    char text[WM_HEADER_TEXT];   /* an output's own: what it writes for every record with this header */
};

struct wm_headers {
    struct wm_header place[WM_HEADER_PLACES];
};

/* The key of the header at the start of `bytes`; 0: it is not one to keep (too long, cut off). */
static inline uint64_t wm_header_key(struct wm_span bytes)
{
    const uint8_t *b = bytes.data;
    uint64_t word = 0, ends, end;
    unsigned len;

    if (bytes.len >= sizeof word)
        word = (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
               (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
    else
        for (size_t i = bytes.len; i > 0; i--)
            word = word << 8 | b[i - 1];
    /* The first byte without the extension bit ends the DIB, the next the VIB (EN 13757-3:2018, 6.3 and 6.4.1). */
    ends = ~word & 0x8080808080808080;
    ends &= ends - 1;
    end = ends & -ends;
    if (!end)
        return 0;
    len = (unsigned)__builtin_ctzll(end) / 8 + 1;
    return len > WM_HEADER_BYTES || len > bytes.len ? 0 : (word & (2 * end - 1)) | (uint64_t)len << 56;
}

/* The place for a key: its header when place->key is the key, otherwise to be filled. */
static inline struct wm_header *wm_header_place(struct wm_headers *headers, uint64_t key)
{
    return &headers->place[key * 0x9E3779B97F4A7C15 >> 56]; /* 2^64 over the golden ratio spreads neighbours */
}

/* The header of a key, NULL when it is not here; key 0 never is. */
static inline struct wm_header *wm_header_find(struct wm_headers *headers, uint64_t key)
{
    struct wm_header *header = wm_header_place(headers, key);

    return key && header->key == key ? header : NULL;
}

/* Whether the header just read into the record may be kept: its texts are all from tables, and the value changes none of them. */
bool wm_header_is_lasting(const struct wm_record *record, const struct wm_vib_scale *scale);
