/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/value.h"

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
    bool leap = when->year % 4 == 0 && (when->year % 100 != 0 || when->year % 400 == 0); /* "every year" (0) has a 29 February */

    if (when->year == UINT16_MAX || when->month == 13 || when->month == 14 || (when->month == 0 && !zero_month))
        return false;
    if (when->month == EVERY_MONTH)
        when->month = 0;
    return when->day == EVERY_DAY || when->day <= days[when->month] - (when->month == 2 && !leap ? 1 : 0);
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

bool wm_datetime_read(struct wm_span bytes, struct wm_record *record)
{
    struct wm_datetime *when = &record->datetime;
    enum wm_value_kind kind;
    bool sound;

    switch (bytes.len) {
    case 2:
        sound = read_g(bytes.data, when);
        kind = WM_VALUE_DATE;
        break;
    case 3:
        sound = read_j(bytes.data, when);
        kind = WM_VALUE_TIME;
        break;
    case 4:
        sound = read_f(bytes.data, when);
        kind = WM_VALUE_DATETIME;
        break;
    case 6:
        sound = read_i(bytes.data, when);
        kind = WM_VALUE_DATETIME;
        break;
    default:
        return false;
    }
    record->kind = sound ? kind : WM_VALUE_INVALID;
    return true;
}

/* n digits, or n X for a part that is left open (ISO 8601-2). */
static char *put(char *out, unsigned value, unsigned n, bool open)
{
    for (unsigned i = n; i > 0; i--, value /= 10)
        out[i - 1] = open ? 'X' : (char)('0' + value % 10);
    return out + n;
}

size_t wm_datetime_text(const struct wm_record *record, char out[32])
{
    const struct wm_datetime *when = &record->datetime;
    char *end = out;

    if (record->kind != WM_VALUE_TIME) {
        end = put(end, when->year, 4, when->year == 0);
        *end++ = '-';
        end = put(end, when->month, 2, when->month == 0);
        *end++ = '-';
        end = put(end, when->day, 2, when->day == 0);
    }
    if (record->kind == WM_VALUE_DATETIME)
        *end++ = 'T';
    if (record->kind != WM_VALUE_DATE) {
        end = put(end, when->hour, 2, when->hour == EVERY_HOUR);
        *end++ = ':';
        end = put(end, when->minute, 2, when->minute == EVERY_MINUTE);
        if (when->has_second) {
            *end++ = ':';
            end = put(end, when->second, 2, when->second == EVERY_SECOND);
        }
    }
    *end = '\0';
    return (size_t)(end - out);
}
