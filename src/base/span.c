/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/span.h"

#include <string.h>

struct wm_span wm_span_sub(struct wm_span span, size_t offset, size_t len)
{
    if (offset > span.len)
        offset = span.len;
    if (len > span.len - offset)
        len = span.len - offset;
    return (struct wm_span){.data = len ? span.data + offset : NULL, .len = len};
}

bool wm_span_equal(struct wm_span a, struct wm_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct wm_cursor wm_cursor_of(struct wm_span span)
{
    return (struct wm_cursor){.span = span};
}

size_t wm_cursor_left(const struct wm_cursor *cur)
{
    return cur->span.len - cur->pos;
}

/* The next n bytes, NULL when fewer are left: the cursor is then at the end, and has failed. */
static inline const uint8_t *next(struct wm_cursor *cur, size_t n)
{
    if (n > cur->span.len - cur->pos) { /* an empty span may be of no memory at all */
        cur->pos = cur->span.len;
        cur->failed = true;
        return NULL;
    }
    cur->pos += n;
    return cur->span.data + cur->pos - n;
}

uint8_t wm_cursor_u8(struct wm_cursor *cur)
{
    const uint8_t *b = next(cur, 1);

    return b ? b[0] : 0;
}

uint16_t wm_cursor_u16le(struct wm_cursor *cur)
{
    const uint8_t *b = next(cur, 2);

    return b ? (uint16_t)(b[0] | b[1] << 8) : 0;
}

uint32_t wm_cursor_u24le(struct wm_cursor *cur)
{
    const uint8_t *b = next(cur, 3);

    return b ? (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 : 0;
}

uint32_t wm_cursor_u32le(struct wm_cursor *cur)
{
    const uint8_t *b = next(cur, 4);

    return b ? (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

struct wm_span wm_cursor_take(struct wm_cursor *cur, size_t n)
{
    const uint8_t *bytes = n ? next(cur, n) : NULL;

    return bytes ? (struct wm_span){bytes, n} : (struct wm_span){0};
}

struct wm_span wm_cursor_rest(struct wm_cursor *cur)
{
    return wm_cursor_take(cur, wm_cursor_left(cur));
}

struct wm_writer wm_writer_of(uint8_t *data, size_t cap)
{
    return (struct wm_writer){.data = data, .cap = cap};
}

/* Little-endian number of n <= 4 bytes. */
static void write_le(struct wm_writer *out, uint32_t value, size_t n)
{
    if (n > out->cap - out->len) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        out->data[out->len++] = (uint8_t)(value >> 8 * i);
}

void wm_writer_u8(struct wm_writer *out, uint8_t value)
{
    write_le(out, value, 1);
}

void wm_writer_u16le(struct wm_writer *out, uint16_t value)
{
    write_le(out, value, 2);
}

void wm_writer_u24le(struct wm_writer *out, uint32_t value)
{
    write_le(out, value, 3);
}

void wm_writer_u32le(struct wm_writer *out, uint32_t value)
{
    write_le(out, value, 4);
}

void wm_writer_bytes(struct wm_writer *out, struct wm_span bytes)
{
    if (bytes.len > out->cap - out->len) {
        out->failed = true;
        return;
    }
    if (bytes.len)
        memcpy(out->data + out->len, bytes.data, bytes.len);
    out->len += bytes.len;
}

struct wm_span wm_writer_span(const struct wm_writer *out)
{
    return (struct wm_span){.data = out->data, .len = out->len};
}
