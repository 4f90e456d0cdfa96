/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/decimal.h"

#include "base/digits.h"

#include <stdbool.h>
#include <string.h>

/* Beyond this many zeros of padding a positional number serves nobody: exponent notation. */
#define POSITIONAL_EXPONENT_MAX 30

/* The common case: no zeros behind it, at most eight places. */
#define SHORT_PLACES 8
#define SHORT_CHARS  (1 + WM_UINT_CHARS + 1 + SHORT_PLACES + 1) /* room that is written to */
static size_t short_text(bool negative, uint64_t magnitude, unsigned places, char *out)
{
    static const uint32_t powers[SHORT_PLACES + 1] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    uint64_t whole = places ? magnitude / powers[places] : magnitude;
    char *end;

    *out = '-';
    end = wm_uint_write(out + negative, whole);
    if (places) {
        uint32_t rest = (uint32_t)(magnitude - whole * powers[places]);
        *end++ = '.';
        wm_digits_store(end, (wm_digits_of(rest) + WM_DIGITS_ZERO) >> 8 * (SHORT_PLACES - places));
        end += places;
    }
    *end = '\0';
    return (size_t)(end - out);
}

/* Any number, in any room. */
static __attribute__((noinline)) size_t long_text(bool negative, uint64_t magnitude, int exponent, char *out, size_t cap)
{
    char text[20 + POSITIONAL_EXPONENT_MAX + 24];
    char digits[WM_UINT_CHARS];
    size_t n;
    size_t len = 0;
    bool scientific = exponent > POSITIONAL_EXPONENT_MAX || exponent < -POSITIONAL_EXPONENT_MAX;
    size_t places = !scientific && exponent < 0 ? (size_t)-exponent : 0;

    n = (size_t)(wm_uint_write(digits, magnitude) - digits);
    if (negative)
        text[len++] = '-';
    if (places >= n) { /* 0.00ddd */
        text[len++] = '0';
        text[len++] = '.';
        for (size_t i = n; i < places; i++)
            text[len++] = '0';
        memcpy(text + len, digits, n);
        len += n;
    } else {
        memcpy(text + len, digits, n - places);
        len += n - places;
        if (places) {
            text[len++] = '.';
            memcpy(text + len, digits + n - places, places);
            len += places;
        }
    }
    if (scientific) {
        uint64_t size = exponent < 0 ? 0 - (uint64_t)(int64_t)exponent : (uint64_t)exponent;
        text[len++] = 'e';
        if (exponent < 0)
            text[len++] = '-';
        len = (size_t)(wm_uint_write(text + len, size) - text);
    } else if (exponent > 0 && magnitude != 0) { /* 0 stays 0, whatever the scale */
        memset(text + len, '0', (size_t)exponent);
        len += (size_t)exponent;
    }
    if (len + 1 > cap)
        return 0;
    memcpy(out, text, len);
    out[len] = '\0';
    return len;
}

size_t wm_decimal_text(struct wm_decimal value, char *out, size_t cap)
{
    bool negative = value.mantissa < 0;
    uint64_t magnitude = negative ? 0 - (uint64_t)value.mantissa : (uint64_t)value.mantissa;

    if (value.exponent <= 0 && value.exponent >= -SHORT_PLACES && cap >= SHORT_CHARS)
        return short_text(negative, magnitude, (unsigned)-value.exponent, out);
    return long_text(negative, magnitude, value.exponent, out, cap);
}

enum wm_status wm_decimal_mul(struct wm_decimal a, int64_t factor, struct wm_decimal *product)
{
    int64_t mantissa;

    if (__builtin_mul_overflow(a.mantissa, factor, &mantissa))
        return WM_FULL;
    *product = (struct wm_decimal){.mantissa = mantissa, .exponent = a.exponent};
    return WM_OK;
}
