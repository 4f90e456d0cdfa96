/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/value.h"
#include "base/digits.h"

#include <string.h>

/* Dates and times, EN 13757-3:2018, Annex A. Codes that mean "every" or "not specified": */
#define EVERY_YEAR   127
#define EVERY_MONTH  15
#define EVERY_DAY    0
#define EVERY_HOUR   31
#define EVERY_MINUTE 63
#define EVERY_SECOND 63

/* Day (5 bits) and month (4) with the year's 7 bits in the gaps: the two bytes common to types F, G and I. */
static void read_date(const uint8_t bytes[2], struct wm_datetime *when)
{
    unsigned year = (unsigned)(bytes[0] >> 5 | bytes[1] >> 4 << 3);

    when->day = bytes[0] & 0x1F;
    when->month = bytes[1] & 0x0F;
    /* Two digits only: 81 to 99 are last century's (Table A.5's rule for old meters, used for all types alike). */
    when->year = (uint16_t)(year == EVERY_YEAR ? 0 : year > 99 ? UINT16_MAX : year > 80 ? 1900 + year : 2000 + year);
}

static bool date_is_sound(struct wm_datetime *when, bool zero_month)
{
    static const uint8_t days[13] = {31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (when->year == UINT16_MAX || when->month == 13 || when->month == 14 || (when->month == 0 && !zero_month))
        return false;
    if (when->month == EVERY_MONTH)
        when->month = 0;
    if (when->month == 2 && when->day == 29) /* "every year" (0) has one */
        return when->year % 4 == 0 && (when->year % 100 != 0 || when->year % 400 == 0);
    return when->day == EVERY_DAY || when->day <= days[when->month];
}

static bool time_is_sound(const struct wm_datetime *when)
{
    return (when->hour <= 23 || when->hour == EVERY_HOUR) && (when->minute <= 59 || when->minute == EVERY_MINUTE) &&
           (when->second <= 59 || when->second == EVERY_SECOND);
}

/* Type G: 16 bits, a date. */
static bool read_g(const uint8_t *bytes, struct wm_datetime *when)
{
    read_date(bytes, when);
    return !(bytes[0] == 0xFF && bytes[1] == 0xFF) && date_is_sound(when, false);
}

/* Type J: 24 bits, a time of day. */
static bool read_j(const uint8_t *bytes, struct wm_datetime *when)
{
    when->second = bytes[0] & 0x3F;
    when->minute = bytes[1] & 0x3F;
    when->hour = bytes[2] & 0x1F;
    when->has_second = true;
    return time_is_sound(when);
}

/* Type F: 32 bits, date and time to the minute. */
static bool read_f(const uint8_t *bytes, struct wm_datetime *when)
{
    unsigned century = bytes[1] >> 5 & 3; /* hundreds of years since 1900; 0 from meters that do not know the field */

    when->minute = bytes[0] & 0x3F;
    when->invalid = bytes[0] >> 7;
    when->hour = bytes[1] & 0x1F;
    when->summer_time = bytes[1] >> 7;
    read_date(bytes + 2, when);
    if (century && when->year && when->year != UINT16_MAX)
        when->year = (uint16_t)(1900 + 100 * century + when->year % 100);
    return !when->invalid && date_is_sound(when, false) && time_is_sound(when);
}

/* Type I: 48 bits, date and time to the second; week, day of week and the size of the daylight saving are not kept. */
static bool read_i(const uint8_t *bytes, struct wm_datetime *when)
{
    when->second = bytes[0] & 0x3F;
    when->summer_time = bytes[0] >> 6 & 1;
    when->minute = bytes[1] & 0x3F;
    when->invalid = bytes[1] >> 7;
    when->hour = bytes[2] & 0x1F;
    when->has_second = true;
    read_date(bytes + 3, when);
    return !when->invalid && date_is_sound(when, true) && time_is_sound(when);
}

bool wm_datetime_read(struct wm_span bytes, struct wm_datetime *when, enum wm_value_kind *kind)
{
    enum wm_value_kind what;
    bool sound;

    *when = (struct wm_datetime){0};
    switch (bytes.len) {
    case 2:
        sound = read_g(bytes.data, when);
        what = WM_VALUE_DATE;
        break;
    case 3:
        sound = read_j(bytes.data, when);
        what = WM_VALUE_TIME;
        break;
    case 4:
        sound = read_f(bytes.data, when);
        what = WM_VALUE_DATETIME;
        break;
    case 6:
        sound = read_i(bytes.data, when);
        what = WM_VALUE_DATETIME;
        break;
    default:
        return false;
    }
    *kind = sound ? what : WM_VALUE_INVALID;
    return true;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. Years begin in March there, so that the leap day
 * is the last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static void date_of(int64_t days, struct wm_datetime *when)
{
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    when->day = (uint8_t)(of_year - (153 * month + 2) / 5 + 1);
    when->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    when->year = (uint16_t)(year + era * 400 + (when->month <= 2));
}

bool wm_datetime_is_open(const struct wm_datetime *when)
{
    return when->year == 0 || when->month == 0 || when->day == 0 || when->hour == EVERY_HOUR || when->minute == EVERY_MINUTE ||
           (when->has_second && when->second == EVERY_SECOND);
}

bool wm_datetime_add_seconds(struct wm_datetime *when, int64_t seconds)
{
    int64_t days;

    if (wm_datetime_is_open(when))
        return false;
    seconds += when->hour * 3600 + when->minute * 60 + when->second;
    days = seconds / 86400 - (seconds % 86400 < 0);
    seconds -= days * 86400;
    days += days_of(when->year, when->month, when->day);
    if (days < days_of(1900, 1, 1) || days > days_of(9999, 12, 31))
        return false;
    date_of(days, when);
    when->hour = (uint8_t)(seconds / 3600);
    when->minute = (uint8_t)(seconds / 60 % 60);
    when->second = (uint8_t)(seconds % 60);
    return true;
}

bool wm_datetime_add_months(struct wm_datetime *when, int months)
{
    int total = when->year * 12 + when->month - 1 + months;
    int last_before;
    int last;

    if (wm_datetime_is_open(when) || total < 1900 * 12 || total >= 10000 * 12)
        return false;
    last_before = (int)(days_of(when->year + when->month / 12, when->month % 12 + 1, 1) - days_of(when->year, when->month, 1));
    when->year = (uint16_t)(total / 12);
    when->month = (uint8_t)(total % 12 + 1);
    last = (int)(days_of(when->year + when->month / 12, when->month % 12 + 1, 1) - days_of(when->year, when->month, 1));
    if (when->day == last_before || when->day > last)
        when->day = (uint8_t)last;
    return true;
}

/* Type M: a control byte and a count of up to 8 bytes. The byte: bits 0 to 4 the local time's difference to UTC in hours (-16: the
 * count is a duration), bits 5 and 6 what is counted (2 s, 1 s, 1/256 s, 1/32768 s), bit 7 from when (2013 or 1970). The fields are
 * public, their order in the byte is recalled - verify. */
#define M_DURATION  (-16)
#define M_FROM_1970 0x80

bool wm_datetime_read_m(struct wm_span bytes, struct wm_record *record)
{
    static const uint8_t bits[4] = {0, 0, 8, 15};
    struct wm_datetime *when = &record->datetime;
    uint64_t count = 0;
    uint64_t seconds;
    int hours;
    unsigned unit;

    if (bytes.len < 2 || bytes.len > 9)
        return false;
    hours = (int)((bytes.data[0] & 0x1F) ^ 0x10) - 0x10;
    unit = bytes.data[0] >> 5 & 3;
    for (size_t i = bytes.len - 1; i > 0; i--)
        count = count << 8 | bytes.data[i];
    record->kind = WM_VALUE_INVALID;
    if (hours == M_DURATION) {
        /* 2^-8 = 390625 * 10^-8, 2^-15 = 30517578125 * 10^-15 */
        static const struct wm_decimal units[4] = {{2, 0}, {1, 0}, {390625, -8}, {30517578125, -15}};
        struct wm_decimal value = {.exponent = units[unit].exponent, .mantissa = units[unit].mantissa};
        record->unit = "seconds";
        if (count <= INT64_MAX && wm_decimal_mul(value, (int64_t)count, &record->decimal) == WM_OK)
            record->kind = WM_VALUE_DECIMAL;
        return true;
    }
    seconds = unit == 0 ? 2 * count : count >> bits[unit];
    if (hours < -12 || hours > 14 || count >> 56 || seconds > 0x3FFFFFFFFFull)
        return true;
    *when = (struct wm_datetime){.year = bytes.data[0] & M_FROM_1970 ? 1970 : 2013, .month = 1, .day = 1};
    when->has_second = when->has_offset = true;
    when->offset_hours = (int8_t)hours;
    when->second_bits = bits[unit];
    when->second_part = (uint16_t)(count & ((1u << bits[unit]) - 1));
    if (wm_datetime_add_seconds(when, (int64_t)seconds + hours * 3600))
        record->kind = WM_VALUE_DATETIME;
    return true;
}

/* A value below 100 as two digits, or XX for a part that is left open (ISO 8601-2). */
static char *put_2(char *out, unsigned value, bool open)
{
    memcpy(out, open ? "XX" : wm_digit_pairs + 2 * value, 2);
    return out + 2;
}

static char *put_4(char *out, unsigned value, bool open)
{
    return put_2(put_2(out, value / 100 % 100, open), value % 100, open);
}

static char *put_digits(char *out, unsigned value, unsigned n)
{
    for (unsigned i = n; i > 0; i--, value /= 10)
        out[i - 1] = (char)('0' + value % 10);
    return out + n;
}

/* The fraction of a second as many decimals as its resolution deserves, the offset as ISO 8601 has it. */
static char *put_rest(char *out, const struct wm_datetime *when)
{
    if (when->second_bits) {
        unsigned digits = when->second_bits == 8 ? 3 : 5;
        *out++ = '.';
        out = put_digits(out, (when->second_part * (digits == 3 ? 1000u : 100000u)) >> when->second_bits, digits);
    }
    if (when->has_offset && when->offset_hours == 0) {
        *out++ = 'Z';
    } else if (when->has_offset) {
        *out++ = when->offset_hours < 0 ? '-' : '+';
        out = put_2(out, (unsigned)(when->offset_hours < 0 ? -when->offset_hours : when->offset_hours), false);
        memcpy(out, ":00", 3);
        out += 3;
    }
    return out;
}

size_t wm_datetime_text(enum wm_value_kind kind, const struct wm_datetime *when, char out[WM_DATETIME_CHARS])
{
    char *end = out;

    if (kind != WM_VALUE_TIME) {
        end = put_4(end, when->year, when->year == 0);
        *end++ = '-';
        end = put_2(end, when->month, when->month == 0);
        *end++ = '-';
        end = put_2(end, when->day, when->day == 0);
    }
    if (kind == WM_VALUE_DATETIME)
        *end++ = 'T';
    if (kind != WM_VALUE_DATE) {
        end = put_2(end, when->hour, when->hour == EVERY_HOUR);
        *end++ = ':';
        end = put_2(end, when->minute, when->minute == EVERY_MINUTE);
        if (when->has_second) {
            *end++ = ':';
            end = put_2(end, when->second, when->second == EVERY_SECOND);
        }
        if (when->has_offset)
            end = put_rest(end, when);
    }
    *end = '\0';
    return (size_t)(end - out);
}
