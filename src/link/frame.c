/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/frame.h"

#include "link/crc.h"

#include <string.h>

#define CRC_BYTES 2
/* Format A (EN 13757-4, frame format A): block 1 is L, C, M, A; every further block holds 16 data bytes, the last the rest. */
#define A_FIRST_DATA 10
#define A_DATA       16
/* Format B: blocks 1 and 2 share one CRC and fill at most 128 bytes with it; what is left is block 3 with its own. */
#define B_FIRST_AIR 128

const char *wm_grade_name(enum wm_grade grade)
{
    static const char *const names[] = {"unchecked", "clean", "repaired"};

    return (unsigned)grade < sizeof names / sizeof names[0] ? names[grade] : "unknown";
}

size_t wm_frame_air_len(enum wm_format format, uint8_t l)
{
    size_t air = (size_t)l + 1;

    switch (format) {
    case WM_FORMAT_A:
        if (l < WM_L_MIN_A)
            return 0;
        return air + CRC_BYTES * (1 + (air - A_FIRST_DATA + A_DATA - 1) / A_DATA);
    case WM_FORMAT_B:
        /* A third block of one or two bytes would be a CRC over nothing. */
        if (l < WM_L_MIN_B || (air > B_FIRST_AIR && air <= B_FIRST_AIR + CRC_BYTES))
            return 0;
        return air;
    case WM_FORMAT_NONE:
        break;
    }
    return 0;
}

bool wm_frame_block(enum wm_format format, size_t air_len, size_t offset, size_t *len)
{
    size_t full = A_DATA + CRC_BYTES;

    if (offset >= air_len)
        return false;
    if (format == WM_FORMAT_B)
        full = offset == 0 ? B_FIRST_AIR : air_len;
    else if (offset == 0)
        full = A_FIRST_DATA + CRC_BYTES;
    *len = air_len - offset < full ? air_len - offset : full;
    return true;
}

enum wm_status wm_frame_strip(enum wm_format format, struct wm_span air, struct wm_frame *frame, unsigned *bad_block)
{
    size_t air_len, len, out = 0;
    unsigned block = 0;

    if (air.len == 0)
        return WM_TOO_SHORT;
    air_len = wm_frame_air_len(format, air.data[0]);
    if (air_len == 0)
        return WM_MALFORMED;
    if (air.len < air_len)
        return WM_TOO_SHORT;
    for (size_t at = 0; wm_frame_block(format, air_len, at, &len); at += len, block++) {
        if (wm_crc16_syndrome(wm_span_sub(air, at, len)) != 0) {
            if (bad_block)
                *bad_block = block;
            return WM_INTEGRITY;
        }
        memcpy(frame->data + out, air.data + at, len - CRC_BYTES);
        out += len - CRC_BYTES;
    }
    frame->len = out;
    frame->data[0] = (uint8_t)(out - 1); /* format B counts its CRCs in L, the telegram form does not */
    frame->format = format;
    frame->grade = WM_GRADE_CLEAN;
    frame->repaired = 0;
    return WM_OK;
}

enum wm_status wm_frame_build(enum wm_format format, struct wm_span telegram, struct wm_writer *air)
{
    size_t air_len, l, start = air->len, done = 0, len;

    if (telegram.len < WM_L_MIN_A + 1 || telegram.len > WM_TELEGRAM_MAX || telegram.data[0] != telegram.len - 1)
        return WM_MALFORMED;
    l = telegram.data[0];
    if (format == WM_FORMAT_B)
        l += telegram.len + CRC_BYTES > B_FIRST_AIR ? 2 * CRC_BYTES : CRC_BYTES;
    air_len = l > UINT8_MAX ? 0 : wm_frame_air_len(format, (uint8_t)l);
    if (air_len == 0)
        return WM_MALFORMED;
    if (air->failed || air->cap - air->len < air_len)
        return WM_FULL;
    for (size_t at = 0; wm_frame_block(format, air_len, at, &len); at += len) {
        wm_writer_bytes(air, wm_span_sub(telegram, done, len - CRC_BYTES));
        if (done == 0)
            air->data[start] = (uint8_t)l;
        done += len - CRC_BYTES;

        uint16_t crc = wm_crc16((struct wm_span){air->data + start + at, len - CRC_BYTES});
        wm_writer_u8(air, (uint8_t)(crc >> 8));
        wm_writer_u8(air, (uint8_t)crc);
    }
    return WM_OK;
}

enum wm_status wm_frame_from_telegram(struct wm_span telegram, struct wm_frame *frame)
{
    if (telegram.len == 0)
        return WM_TOO_SHORT;
    if (telegram.data[0] < WM_L_MIN_A || telegram.len > telegram.data[0] + (size_t)1)
        return WM_MALFORMED;
    if (telegram.len <= telegram.data[0])
        return WM_TOO_SHORT;
    memcpy(frame->data, telegram.data, telegram.len);
    frame->len = telegram.len;
    frame->format = WM_FORMAT_NONE;
    frame->grade = WM_GRADE_UNCHECKED;
    frame->repaired = 0;
    return WM_OK;
}
