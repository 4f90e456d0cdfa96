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

/* Little-endian number of n <= 4 bytes. */
static uint32_t read_le(struct wm_cursor *cur, size_t n)
{
    struct wm_span bytes = wm_cursor_take(cur, n);
    uint32_t value = 0;

    for (size_t i = bytes.len; i > 0; i--)
        value = value << 8 | bytes.data[i - 1];
    return value;
}

uint8_t wm_cursor_u8(struct wm_cursor *cur)
{
    return (uint8_t)read_le(cur, 1);
}

uint16_t wm_cursor_u16le(struct wm_cursor *cur)
{
    return (uint16_t)read_le(cur, 2);
}

uint32_t wm_cursor_u24le(struct wm_cursor *cur)
{
    return read_le(cur, 3);
}

uint32_t wm_cursor_u32le(struct wm_cursor *cur)
{
    return read_le(cur, 4);
}

struct wm_span wm_cursor_take(struct wm_cursor *cur, size_t n)
{
    struct wm_span taken = {0};

    if (n > wm_cursor_left(cur)) {
        cur->pos = cur->span.len;
        cur->failed = true;
        return taken;
    }
    taken = wm_span_sub(cur->span, cur->pos, n);
    cur->pos += n;
    return taken;
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
