/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/tls_frame.h"

#include <stddef.h>

#define MAJOR 3

enum { TYPE_FIRST = 0x14, TYPE_LAST = 0x17 };

static uint16_t read_u16be(struct wm_cursor *cur)
{
    uint8_t high = wm_cursor_u8(cur);

    return (uint16_t)(high << 8 | wm_cursor_u8(cur));
}

enum wm_status wm_tls_record_next(struct wm_cursor *cur, struct wm_tls_record *record)
{
    struct wm_cursor at = *cur;
    uint16_t len;

    if (wm_cursor_left(cur) == 0)
        return WM_END;
    record->type = wm_cursor_u8(&at);
    record->version = read_u16be(&at);
    len = read_u16be(&at);
    if (!wm_tls_record_name(record->type) || (!at.failed && record->version >> 8 != MAJOR))
        return WM_NOT_MINE;
    if (len > WM_TLS_RECORD_MAX)
        return WM_MALFORMED;
    record->body = wm_cursor_take(&at, len);
    if (at.failed)
        return WM_TOO_SHORT;
    record->raw = wm_span_sub(cur->span, cur->pos, at.pos - cur->pos);
    *cur = at;
    return WM_OK;
}

enum wm_status wm_tls_record_build(const struct wm_tls_record *record, struct wm_writer *out)
{
    if (record->body.len > WM_TLS_RECORD_MAX)
        return WM_INVALID;
    wm_writer_u8(out, record->type);
    wm_writer_u8(out, (uint8_t)(record->version >> 8));
    wm_writer_u8(out, (uint8_t)record->version);
    wm_writer_u8(out, (uint8_t)(record->body.len >> 8));
    wm_writer_u8(out, (uint8_t)record->body.len);
    wm_writer_bytes(out, record->body);
    return out->failed ? WM_FULL : WM_OK;
}

const char *wm_tls_record_name(uint8_t type)
{
    static const char *const names[] = {"change cipher spec", "alert", "handshake", "application data"};

    return type >= TYPE_FIRST && type <= TYPE_LAST ? names[type - TYPE_FIRST] : NULL;
}

enum wm_status wm_connection_request_parse(struct wm_span payload)
{
    struct wm_cursor cur = wm_cursor_of(payload);
    uint8_t type = wm_cursor_u8(&cur);
    uint16_t len;

    read_u16be(&cur);
    len = read_u16be(&cur);
    if (cur.failed)
        return WM_TOO_SHORT;
    return type == 0 && len == 0 ? WM_OK : WM_MALFORMED;
}

enum wm_status wm_connection_request_build(struct wm_writer *out)
{
    static const uint8_t payload[WM_CONNECTION_REQUEST] = {0};

    wm_writer_bytes(out, (struct wm_span){payload, sizeof payload});
    return out->failed ? WM_FULL : WM_OK;
}
