/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LVAR_TEXT_MAX 0xBF

size_t wm_data_field_len(uint8_t data_field)
{
    static const uint8_t len[16] = {0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 0, 6, 0};

    return len[data_field & 15];
}

/* EN 13757-3:2018, Table 5. F7 to FF are reserved there (the 2004 edition left F0 to FA to floating point numbers). */
enum wm_status wm_lvar_len(uint8_t lvar, size_t *len)
{
    if (lvar <= LVAR_TEXT_MAX)
        *len = lvar;
    else if ((lvar >= 0xC0 && lvar <= 0xC9) || (lvar >= 0xD0 && lvar <= 0xD9) || (lvar >= 0xE0 && lvar <= 0xEF))
        *len = lvar & 15;
    else if (lvar >= 0xF0 && lvar <= 0xF4)
        *len = 4 * (size_t)(lvar - 0xEC);
    else if (lvar == 0xF5)
        *len = 48;
    else if (lvar == 0xF6)
        *len = 64;
    else
        return WM_MALFORMED;
    return WM_OK;
}

static void set_decimal(struct wm_record *record, const struct wm_vib_scale *scale, int64_t mantissa)
{
    struct wm_decimal value = {.mantissa = mantissa, .exponent = scale->exponent};

    record->kind = WM_VALUE_DECIMAL;
    if (scale->binary_fraction) { /* 2^-12 = 244140625 * 10^-12 */
        value.exponent -= 12;
        if (wm_decimal_mul(value, 244140625, &value) != WM_OK)
            record->kind = WM_VALUE_BYTES;
    }
    record->decimal = value;
}

/* Types B and C, up to 8 bytes; a type C number above 2^63-1 stays raw. */
static void read_integer(const struct wm_vib_scale *scale, struct wm_record *record)
{
    struct wm_span bytes = record->raw_value;
    uint64_t value = 0;

    record->kind = WM_VALUE_BYTES;
    if (bytes.len == 0 || bytes.len > 8)
        return;
    for (size_t i = bytes.len; i > 0; i--)
        value = value << 8 | bytes.data[i - 1];
    if (scale->coding != WM_VIF_UNSIGNED) {
        uint64_t sign = 1ull << (8 * bytes.len - 1);
        set_decimal(record, scale, (int64_t)((value ^ sign) - sign));
    } else if (value <= INT64_MAX) {
        set_decimal(record, scale, (int64_t)value);
    }
}

/* Type A: a top digit of F is a minus sign, every other digit above 9 an error display, i.e. no number. */
static void read_bcd(const struct wm_vib_scale *scale, bool negative, struct wm_record *record)
{
    struct wm_span bytes = record->raw_value;
    int64_t value = 0;

    record->kind = WM_VALUE_INVALID;
    if (bytes.len == 0)
        return;
    for (size_t i = bytes.len; i > 0; i--) {
        uint8_t high = bytes.data[i - 1] >> 4;
        uint8_t low = bytes.data[i - 1] & 15;
        if (i == bytes.len && high == 15 && !negative) {
            negative = true;
            high = 0;
        }
        if (high > 9 || low > 9)
            return;
        value = value * 100 + high * 10 + low;
    }
    set_decimal(record, scale, negative ? -value : value);
}

static void read_real(const struct wm_vib_scale *scale, struct wm_record *record)
{
    const uint8_t *b = record->raw_value.data;
    uint32_t bits = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;

    memcpy(&record->real, &bits, sizeof bits);
    if (scale->binary_fraction)
        record->real /= 4096.0f; /* exact */
    record->real_exponent = scale->exponent;
    record->kind = isfinite(record->real) ? WM_VALUE_REAL : WM_VALUE_INVALID;
}

static void read_variable(uint8_t lvar, const struct wm_vib_scale *scale, struct wm_record *record)
{
    if (lvar <= LVAR_TEXT_MAX) {
        record->kind = WM_VALUE_TEXT;
        (void)wm_reversed_latin1(record->raw_value, record->text, sizeof record->text); /* always fits */
    } else if (lvar < 0xE0) {
        read_bcd(scale, lvar >= 0xD0, record);
    } else {
        read_integer(scale, record);
    }
}

void wm_value_read(uint8_t data_field, uint8_t lvar, const struct wm_vib_scale *scale, struct wm_record *record)
{
    bool binary = data_field > WM_DATA_NONE && data_field < WM_DATA_SELECTION && data_field != WM_DATA_REAL32;

    if (data_field == WM_DATA_NONE || data_field == WM_DATA_SELECTION) {
        record->kind = WM_VALUE_NONE;
        return;
    }
    if (scale->error) { /* the meter says there is no value; what stands in its place is not one */
        record->kind = WM_VALUE_INVALID;
        return;
    }
    if (scale->coding == WM_VIF_BYTES) {
        record->kind = WM_VALUE_BYTES;
        return;
    }
    if (scale->coding == WM_VIF_DATE || scale->coding == WM_VIF_DATE_TIME) {
        if (scale->coding == WM_VIF_DATE_TIME && data_field == WM_DATA_VARIABLE && wm_datetime_read_m(record->raw_value, record))
            return;
        if (!binary || (scale->coding == WM_VIF_DATE && record->raw_value.len != 2) ||
            !wm_datetime_read(record->raw_value, &record->datetime, &record->kind)) {
            /* Other data fields are invalid (6.4.2, Table 10). */
            record->kind = WM_VALUE_BYTES;
            record->known = false;
        }
        return;
    }
    if (binary)
        read_integer(scale, record);
    else if (data_field == WM_DATA_REAL32)
        read_real(scale, record);
    else if (data_field == WM_DATA_VARIABLE)
        read_variable(lvar, scale, record);
    else
        read_bcd(scale, false, record);
}

/* The shortest decimal that reads back as the same single, so that 21.7 is not printed as 21.7000008; its digits are then moved by
 * the VIF's power of ten exactly. The locale's decimal point is skipped, whatever it is. */
static struct wm_decimal decimal_of_real(float value, int exponent)
{
    struct wm_decimal decimal = {.exponent = exponent};
    char text[48];

    for (int digits = 0; digits <= 8; digits++) {
        snprintf(text, sizeof text, "%.*e", digits, (double)value);
        if (digits == 8 || strtof(text, NULL) == value) {
            const char *c = text;
            decimal.exponent -= digits;
            for (; *c != 'e'; c++)
                if (*c >= '0' && *c <= '9')
                    decimal.mantissa = decimal.mantissa * 10 + (*c - '0');
            decimal.exponent += (int)strtol(c + 1, NULL, 10);
            break;
        }
    }
    if (text[0] == '-')
        decimal.mantissa = -decimal.mantissa;
    return decimal;
}

bool wm_record_decimal(const struct wm_record *record, struct wm_decimal *value)
{
    if (record->kind == WM_VALUE_DECIMAL)
        *value = record->decimal;
    else if (record->kind == WM_VALUE_REAL)
        *value = decimal_of_real(record->real, record->real_exponent);
    else
        return false;
    return true;
}

size_t wm_record_value_text(const struct wm_record *record, char *out, size_t cap)
{
    char when[WM_DATETIME_CHARS];
    const char *text = "";
    size_t len;

    switch (record->kind) {
    case WM_VALUE_DECIMAL:
        return wm_decimal_text(record->decimal, out, cap);
    case WM_VALUE_REAL:
        return wm_decimal_text(decimal_of_real(record->real, record->real_exponent), out, cap);
    case WM_VALUE_BYTES:
        return record->raw_value.len < cap / 2 + cap % 2 ? wm_hex_encode(record->raw_value, out) : 0;
    case WM_VALUE_DATE:
    case WM_VALUE_DATETIME:
    case WM_VALUE_TIME:
        if (cap >= WM_DATETIME_CHARS)
            return wm_datetime_text(record->kind, &record->datetime, out);
        wm_datetime_text(record->kind, &record->datetime, when);
        text = when;
        break;
    case WM_VALUE_TEXT:
        text = record->text;
        break;
    case WM_VALUE_NONE:
    case WM_VALUE_INVALID:
        break;
    }
    len = strlen(text);
    if (len >= cap)
        return 0;
    memcpy(out, text, len + 1);
    return len;
}
