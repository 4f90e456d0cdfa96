/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes. It owns nothing; who hands it out says how long it lives. */
struct wm_span {
    const uint8_t *data;
    size_t len;
};

/* The same of characters; s is NULL where there are none to speak of. */
struct wm_text {
    const char *s;
    size_t len;
};

/* Copies text in steps of a constant length, which is cheap: both sides have room for whole steps. Returns the end of the text. */
#define WM_TEXT_STEP 32
static inline char *wm_text_put(char *out, const char *text, size_t len)
{
    size_t at = 0;

    do {
        memcpy(out + at, text + at, WM_TEXT_STEP);
        at += WM_TEXT_STEP;
    } while (at < len);
    return out + len;
}

/* Part of a span, clipped to what is there: never reaches outside. */
struct wm_span wm_span_sub(struct wm_span span, size_t offset, size_t len);

bool wm_span_equal(struct wm_span a, struct wm_span b);

/* A bounded reader. Reading past the end yields zeros, moves to the end and sets `failed`, which stays set: a parser may read a
 * whole header and ask once. */
struct wm_cursor {
    struct wm_span span;
    size_t pos; /* bytes consumed, <= span.len */
    bool failed;
};

struct wm_cursor wm_cursor_of(struct wm_span span);
size_t wm_cursor_left(const struct wm_cursor *cur);
uint8_t wm_cursor_u8(struct wm_cursor *cur);
uint16_t wm_cursor_u16le(struct wm_cursor *cur);
uint32_t wm_cursor_u24le(struct wm_cursor *cur);
uint32_t wm_cursor_u32le(struct wm_cursor *cur);
/* The next n bytes as a span into the same memory; an empty span and `failed` when fewer are left. */
struct wm_span wm_cursor_take(struct wm_cursor *cur, size_t n);
/* All that is left; never fails. */
struct wm_span wm_cursor_rest(struct wm_cursor *cur);

/* A bounded writer over the caller's memory. Writing past the end writes nothing and sets `failed`, which stays set. */
struct wm_writer {
    uint8_t *data;
    size_t cap;
    size_t len;
    bool failed;
};

struct wm_writer wm_writer_of(uint8_t *data, size_t cap);
void wm_writer_u8(struct wm_writer *out, uint8_t value);
void wm_writer_u16le(struct wm_writer *out, uint16_t value);
void wm_writer_u24le(struct wm_writer *out, uint32_t value);
void wm_writer_u32le(struct wm_writer *out, uint32_t value);
void wm_writer_bytes(struct wm_writer *out, struct wm_span bytes);
struct wm_span wm_writer_span(const struct wm_writer *out);

/* Two digits for each byte, without a NUL; returns the end. */
char *wm_hex_write(char *out, struct wm_span bytes, bool upper);
/* Bytes from pairs of digits of either case, until one is none, or `chars` or cap is reached; returns how many. */
size_t wm_hex_read(const char *text, size_t chars, uint8_t *out, size_t cap);
/* A digit's value, -1 for what is none. */
int wm_hex_digit(char c);

/* Upper-case hex of a span into out, which must hold 2 * len + 1 characters; returns the characters written without the NUL. */
size_t wm_hex_encode(struct wm_span bytes, char *out);

/* Bytes from hex text of `chars` characters (either case, no separators). WM_MALFORMED: a character is not hex or the count is
 * odd; *bad (may be NULL) is then its index. WM_FULL: more than cap bytes. */
WM_MUST_USE enum wm_status wm_hex_decode(const char *text, size_t chars, uint8_t *out, size_t cap, size_t *len, size_t *bad);
