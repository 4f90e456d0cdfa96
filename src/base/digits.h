/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>
#include <string.h>

/* Decimal digits without division one by one. */

/* "00" to "99" in a row. */
extern const char wm_digit_pairs[201];

#define WM_UINT_CHARS 20 /* digits of the largest 64-bit number */

#define WM_DIGITS_LIMIT 100000000
#define WM_DIGITS_ZERO  0x3030303030303030 /* "00000000" */

/* The eight digits of a number below 10^8, the first in the lowest byte, each without the '0' added: two of four digits each, then
 * four of two, then eight, all lanes of a word at once. 10486 / 2^20 and 103 / 2^10 are 1/100 and 1/10 for what there is to divide
 * (below 10^4, below 100). */
static inline uint64_t wm_digits_of(uint32_t value)
{
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F0000007F;
    uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = (pairs * 103 >> 10) & 0x000F000F000F000F;

    return tens | (pairs - 10 * tens) << 8;
}

/* Characters in a word, the first in the lowest byte, to memory. */
static inline void wm_digits_store(char *out, uint64_t text)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    text = __builtin_bswap64(text);
#endif
    memcpy(out, &text, sizeof text);
}

char *wm_uint_write_large(char *out, uint64_t value); /* of wm_uint_write: from 10^8 on */

/* A number's digits at out, which has room for WM_UINT_CHARS whatever the number; returns the end. */
static inline char *wm_uint_write(char *out, uint64_t value)
{
    uint64_t digits;
    unsigned skip;

    if (value < 10) { /* most numbers are */
        *out = (char)('0' + value);
        return out + 1;
    }
    if (value < 100) {
        memcpy(out, wm_digit_pairs + 2 * value, 2);
        return out + 2;
    }
    if (value >= WM_DIGITS_LIMIT)
        return wm_uint_write_large(out, value);
    digits = wm_digits_of((uint32_t)value);
    skip = (unsigned)__builtin_ctzll(digits) / 8;
    wm_digits_store(out, (digits + WM_DIGITS_ZERO) >> 8 * skip);
    return out + 8 - skip;
}
