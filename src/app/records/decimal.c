/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/decimal.h"

#include <stdbool.h>
#include <string.h>

/* Digits of the magnitude, most significant first; returns how many (1..19). */
static size_t digits_of(uint64_t magnitude, char digits[20])
{
    char reversed[20];
    size_t n = 0;

    do {
        reversed[n++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude);
    for (size_t i = 0; i < n; i++)
        digits[i] = reversed[n - 1 - i];
    return n;
}

/* Beyond this many zeros of padding a positional number serves nobody: exponent notation. */
#define POSITIONAL_EXPONENT_MAX 30

const char wm_digit_pairs[201] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

#define PLAIN_MAX 24 /* sign, 20 digits, point; rounded up */

/* The common case: no zeros behind it, at most 18 places. Two digits at a time, from the last on. */
static size_t plain_text(bool negative, uint64_t magnitude, unsigned places, char *out, size_t cap)
{
    char text[2 * PLAIN_MAX];
    char *const end = text + PLAIN_MAX;
    char *at = end;
    size_t len;

    if (places) {
        for (; places >= 2; places -= 2, magnitude /= 100)
            memcpy(at -= 2, wm_digit_pairs + 2 * (magnitude % 100), 2);
        if (places) {
            *--at = (char)('0' + magnitude % 10);
            magnitude /= 10;
        }
        *--at = '.';
    }
    for (; magnitude >= 100; magnitude /= 100)
        memcpy(at -= 2, wm_digit_pairs + 2 * (magnitude % 100), 2);
    if (magnitude >= 10)
        memcpy(at -= 2, wm_digit_pairs + 2 * magnitude, 2);
    else
        *--at = (char)('0' + magnitude);
    if (negative)
        *--at = '-';
    len = (size_t)(end - at);
    if (len >= cap)
        return 0;
    *end = '\0';
    if (cap > PLAIN_MAX) /* a constant length is cheap */
        memcpy(out, at, PLAIN_MAX + 1);
    else
        memcpy(out, at, len + 1);
    return len;
}

size_t wm_decimal_text(struct wm_decimal value, char *out, size_t cap)
{
    uint64_t magnitude = value.mantissa < 0 ? 0 - (uint64_t)value.mantissa : (uint64_t)value.mantissa;
    char text[20 + POSITIONAL_EXPONENT_MAX + 24];
    char digits[20];
    size_t n;
    size_t len = 0;
    int exponent = value.exponent;
    bool scientific = exponent > POSITIONAL_EXPONENT_MAX || exponent < -POSITIONAL_EXPONENT_MAX;
    size_t places = !scientific && exponent < 0 ? (size_t)-exponent : 0;

    if (exponent <= 0 && exponent >= -18)
        return plain_text(value.mantissa < 0, magnitude, (unsigned)places, out, cap);
    n = digits_of(magnitude, digits);
    if (value.mantissa < 0)
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
        n = digits_of(size, digits);
        memcpy(text + len, digits, n);
        len += n;
    } else if (exponent > 0 && value.mantissa != 0) { /* 0 stays 0, whatever the scale */
        memset(text + len, '0', (size_t)exponent);
        len += (size_t)exponent;
    }
    if (len + 1 > cap)
        return 0;
    memcpy(out, text, len);
    out[len] = '\0';
    return len;
}

enum wm_status wm_decimal_mul(struct wm_decimal a, int64_t factor, struct wm_decimal *product)
{
    int64_t mantissa;

    if (__builtin_mul_overflow(a.mantissa, factor, &mantissa))
        return WM_FULL;
    *product = (struct wm_decimal){.mantissa = mantissa, .exponent = a.exponent};
    return WM_OK;
}
