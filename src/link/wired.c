/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/wired.h"

#define START 0x68
#define STOP  0x16
#define L_MIN 3 /* C, A, CI */
#define L_MAX 255
#define HEAD  4 /* start, L, L, start */

static uint8_t checksum_of(struct wm_span bytes)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum = (uint8_t)(sum + bytes.data[i]);
    return sum;
}

static enum wm_status fail(enum wm_status status, const char *text, const char **why)
{
    if (why)
        *why = text;
    return status;
}

enum wm_status wm_wired_parse(struct wm_span bytes, struct wm_wired *frame, const char **why)
{
    struct wm_cursor cur = wm_cursor_of(bytes);
    uint8_t start = wm_cursor_u8(&cur);
    uint8_t len = wm_cursor_u8(&cur);
    uint8_t again = wm_cursor_u8(&cur);
    uint8_t second = wm_cursor_u8(&cur);
    struct wm_span body;
    uint8_t sum;
    uint8_t stop;

    if (cur.failed || start != START || second != START || len != again)
        return fail(WM_NOT_MINE, "no long frame of wired M-Bus: it begins with 68 L L 68", why);
    if (len < L_MIN)
        return fail(WM_TOO_SHORT, "its L field leaves no room for C, A and CI", why);
    body = wm_cursor_take(&cur, len);
    sum = wm_cursor_u8(&cur);
    stop = wm_cursor_u8(&cur);
    if (cur.failed)
        return fail(WM_TOO_SHORT, "the frame ends before its L field says", why);
    if (stop != STOP)
        return fail(WM_MALFORMED, "the stop byte 16 is not where the L field says", why);
    if (sum != checksum_of(body))
        return fail(WM_INTEGRITY, "the checksum is wrong", why);
    *frame = (struct wm_wired){.c = body.data[0], .a = body.data[1], .layer = wm_span_sub(body, 2, body.len)};
    return WM_OK;
}

enum wm_status wm_wired_build(const struct wm_wired *frame, struct wm_writer *out)
{
    struct wm_writer start = *out;
    size_t len = 2 + frame->layer.len;

    if (len < L_MIN || len > L_MAX)
        return WM_INVALID;
    wm_writer_u8(out, START);
    wm_writer_u8(out, (uint8_t)len);
    wm_writer_u8(out, (uint8_t)len);
    wm_writer_u8(out, START);
    wm_writer_u8(out, frame->c);
    wm_writer_u8(out, frame->a);
    wm_writer_bytes(out, frame->layer);
    if (!out->failed)
        wm_writer_u8(out, checksum_of((struct wm_span){out->data + start.len + HEAD, len}));
    wm_writer_u8(out, STOP);
    if (out->failed) {
        *out = start;
        return WM_FULL;
    }
    return WM_OK;
}
