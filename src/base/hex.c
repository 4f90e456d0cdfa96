/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/span.h"

#include <string.h>

/* 16 bytes at a time with the compiler's vectors, which every CPU has in one form or another; what is left one by one. */
typedef uint8_t v16 __attribute__((vector_size(16)));
typedef uint64_t v2 __attribute__((vector_size(16)));

#define BLOCK    16
#define TEN      10
#define CASE_BIT 0x20

static inline v16 load(const void *from)
{
    v16 v;

    memcpy(&v, from, sizeof v);
    return v;
}

static inline void store(void *to, v16 v)
{
    memcpy(to, &v, sizeof v);
}

/* `letter` is what 10 is written as; a constant in each caller. */
static inline v16 to_digits(v16 nibbles, uint8_t letter)
{
    return nibbles + (uint8_t)'0' + ((v16)(nibbles >= TEN) & (uint8_t)(letter - TEN - '0'));
}

/* The digits of the first eight bytes and of the others. */
static inline void block_digits(v16 v, uint8_t letter, v16 *first, v16 *second)
{
    v16 high = to_digits(v >> 4, letter), low = to_digits(v & 15, letter);

    *first = __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    *second = __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

static inline void write_block(char *out, const uint8_t *bytes, uint8_t letter)
{
    v16 first, second;

    block_digits(load(bytes), letter, &first, &second);
    store(out, first);
    store(out + BLOCK, second);
}

/* 4 to 15 bytes: the first and the last eight, or four, in one vector; what both have is written twice. */
static inline void write_ends(char *out, const uint8_t *bytes, size_t len, uint8_t letter)
{
    size_t n = len >= 8 ? 8 : 4;
    uint64_t ends[2] = {0, 0};
    uint32_t half[2];
    v16 first, second;

    if (n == 8) {
        memcpy(&ends[0], bytes, 8);
        memcpy(&ends[1], bytes + len - 8, 8);
    } else {
        memcpy(&half[0], bytes, 4);
        memcpy(&half[1], bytes + len - 4, 4);
        ends[0] = half[0];
        ends[1] = half[1];
    }
    block_digits((v16)(v2){ends[0], ends[1]}, letter, &first, &second);
    if (n == 8) {
        store(out, first);
        store(out + 2 * (len - 8), second);
    } else {
        memcpy(out, &first, 8);
        memcpy(out + 2 * (len - 4), &second, 8);
    }
}

static inline char *write_hex(char *out, struct wm_span bytes, const char digits[BLOCK + 1])
{
    const uint8_t *in = bytes.data;
    uint8_t letter = (uint8_t)digits[TEN];
    size_t len = bytes.len;

    if (len >= BLOCK) {
        for (size_t i = 0; i < len - BLOCK; i += BLOCK)
            write_block(out + 2 * i, in + i, letter);
        write_block(out + 2 * (len - BLOCK), in + len - BLOCK, letter); /* maybe some a second time */
    } else if (len >= 4) {
        write_ends(out, in, len, letter);
    } else {
        for (size_t i = 0; i < len; i++) {
            out[2 * i] = digits[in[i] >> 4];
            out[2 * i + 1] = digits[in[i] & 15];
        }
    }
    return out + 2 * len;
}

char *wm_hex_write(char *out, struct wm_span bytes, bool upper)
{
    return upper ? write_hex(out, bytes, "0123456789ABCDEF") : write_hex(out, bytes, "0123456789abcdef");
}

size_t wm_hex_encode(struct wm_span bytes, char *out)
{
    *wm_hex_write(out, bytes, true) = '\0';
    return 2 * bytes.len;
}

/* A digit's value plus one, 0 for what is none. */
#define SIX(c, v) [c] = (v), [(c) + 1] = (v) + 1, [(c) + 2] = (v) + 2, [(c) + 3] = (v) + 3, [(c) + 4] = (v) + 4, [(c) + 5] = (v) + 5
static const uint8_t values[256] = {SIX('0', 1), ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, SIX('A', 11), SIX('a', 11)};

/* The digits' values; *good loses the lanes that are none. */
static inline v16 to_nibbles(v16 chars, v16 *good)
{
    v16 number = chars - (uint8_t)'0', letter = (chars | CASE_BIT) - (uint8_t)'a';
    v16 is_number = (v16)(number < TEN), is_letter = (v16)(letter < 6);

    *good &= is_number | is_letter;
    return (number & is_number) | ((letter + TEN) & is_letter);
}

static inline bool read_block(const char *text, uint8_t *out)
{
    v16 good = (v16){0} - 1;
    v16 a = to_nibbles(load(text), &good), b = to_nibbles(load(text + BLOCK), &good);
    uint64_t lanes[2];

    store(out, __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) << 4 |
                   __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
    memcpy(lanes, &good, sizeof lanes);
    return (lanes[0] & lanes[1]) == UINT64_MAX;
}

size_t wm_hex_read(const char *text, size_t chars, uint8_t *out, size_t cap)
{
    size_t n = 0, most = chars / 2 < cap ? chars / 2 : cap;

    while (n + BLOCK <= most && read_block(text + 2 * n, out + n))
        n += BLOCK;
    if (n && n + BLOCK > most && read_block(text + 2 * (most - BLOCK), out + most - BLOCK)) /* maybe some a second time */
        return most;
    for (; n < most; n++) {
        uint8_t high = values[(unsigned char)text[2 * n]], low = values[(unsigned char)text[2 * n + 1]];
        if (!high || !low)
            break;
        out[n] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return n;
}

int wm_hex_digit(char c)
{
    return values[(unsigned char)c] - 1;
}

enum wm_status wm_hex_decode(const char *text, size_t chars, uint8_t *out, size_t cap, size_t *len, size_t *bad)
{
    size_t n = wm_hex_read(text, chars, out, cap);

    if (2 * n == chars) {
        *len = n;
        return WM_OK;
    }
    if (wm_hex_digit(text[2 * n]) < 0 || 2 * n + 1 == chars || wm_hex_digit(text[2 * n + 1]) < 0) {
        if (bad)
            *bad = wm_hex_digit(text[2 * n]) < 0 ? 2 * n : 2 * n + 1;
        return WM_MALFORMED;
    }
    return WM_FULL;
}
