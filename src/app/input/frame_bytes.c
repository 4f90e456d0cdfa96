/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/input/frame_bytes.h"

#include "link/crc.h"

#include <stdio.h>
#include <string.h>

#define BLOCK1_BYTES 10 /* L, C, M, A: the first block of both formats (EN 13757-4) */
#define CRC_BYTES    2

/* A telegram that ends before its L field says. */
static enum wm_status cut_off(struct wm_span bytes, struct wm_frame *frame, size_t *used, char why[WM_WHY_MAX])
{
    snprintf(why, WM_WHY_MAX, "cut off: the L field %02X announces %u bytes, %zu are there; give the whole telegram", bytes.data[0],
             bytes.data[0] + 1u, bytes.len);
    memset(frame, 0, sizeof *frame);
    memcpy(frame->data, bytes.data, bytes.len);
    frame->len = bytes.len;
    frame->grade = WM_GRADE_UNCHECKED;
    *used = bytes.len;
    return WM_TOO_SHORT;
}

enum wm_status wm_frame_from_bytes(struct wm_span bytes, struct wm_frame *frame, size_t *used, char why[WM_WHY_MAX])
{
    static const enum wm_format formats[] = {WM_FORMAT_A, WM_FORMAT_B};
    unsigned bad_block = 0;
    enum wm_status status;
    size_t telegram;

    if (bytes.len < BLOCK1_BYTES) {
        snprintf(why, WM_WHY_MAX, "%zu bytes are no telegram: the shortest has 10 (L, C, manufacturer, address)", bytes.len);
        return WM_MALFORMED;
    }
    telegram = bytes.data[0] + 1u;
    /* CRCs that pass decide; that they do so by chance has a probability of 2^-16 a block. */
    memset(frame, 0, sizeof *frame);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (wm_frame_strip(formats[i], bytes, frame, NULL) == WM_OK) {
            *used = wm_frame_air_len(formats[i], bytes.data[0]);
            return WM_OK;
        }
    }
    if (bytes.data[0] < WM_L_MIN_A) {
        snprintf(why, WM_WHY_MAX, "the L field %02X is below 09: this does not begin at a telegram's first byte", bytes.data[0]);
        return WM_MALFORMED;
    }
    if (bytes.len != telegram && bytes.len >= BLOCK1_BYTES + CRC_BYTES &&
        wm_crc16_syndrome(wm_span_sub(bytes, 0, BLOCK1_BYTES + CRC_BYTES)) == 0) {
        status = wm_frame_strip(WM_FORMAT_A, bytes, frame, &bad_block);
        if (status == WM_INTEGRITY)
            snprintf(why, WM_WHY_MAX, "damaged: the CRC of block %u (format A) does not fit; receive the telegram again",
                     bad_block + 1);
        else
            snprintf(why, WM_WHY_MAX, "cut off: with the CRCs of format A it has %zu bytes, %zu are there; give the whole telegram",
                     wm_frame_air_len(WM_FORMAT_A, bytes.data[0]), bytes.len);
        return WM_INTEGRITY;
    }
    if (bytes.len < telegram)
        return cut_off(bytes, frame, used, why);
    status = wm_frame_from_telegram(wm_span_sub(bytes, 0, telegram), frame);
    if (status != WM_OK)
        snprintf(why, WM_WHY_MAX, "no telegram: %s", wm_status_text(status));
    *used = telegram;
    return status;
}
