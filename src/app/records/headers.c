/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/headers.h"

#include "app/records/value.h"

#include <string.h>

#define EXTENSIONS     0x8080808080808080
#define VIF_PLAIN_TEXT 0x7C

_Static_assert(WM_HEADER_PLACES == 256, "the place is the highest byte of the product");

uint64_t wm_header_key(struct wm_span bytes)
{
    uint64_t word = 0, ends;
    unsigned dib, len;

    if (bytes.len >= sizeof word) {
        const uint8_t *b = bytes.data;
        word = (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
               (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
    } else {
        for (size_t i = bytes.len; i > 0; i--)
            word = word << 8 | bytes.data[i - 1];
    }
    /* The first byte without the extension bit ends the DIB, the next the VIB (EN 13757-3:2018, 6.3 and 6.4.1). */
    ends = ~word & EXTENSIONS;
    if (!ends || (word & 15) == WM_DATA_SPECIAL)
        return 0;
    dib = (unsigned)__builtin_ctzll(ends) / 8 + 1;
    ends &= ends - 1;
    if (!ends)
        return 0;
    len = (unsigned)__builtin_ctzll(ends) / 8 + 1;
    if (len > WM_HEADER_BYTES || len > bytes.len || (word >> 8 * dib & 0x7F) == VIF_PLAIN_TEXT)
        return 0;
    return (word & (((uint64_t)1 << 8 * len) - 1)) | (uint64_t)len << 56;
}

bool wm_header_is_lasting(const struct wm_record *record, const struct wm_vib_scale *scale)
{
    /* Of type M the value's control byte decides the unit. */
    if (scale->coding == WM_VIF_DATE_TIME && (record->dib.data[0] & 15) == WM_DATA_VARIABLE)
        return false;
    return record->unit != record->unit_text && record->detail != record->detail_text;
}
