/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utc.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

#define NS 1000000000

/* Days from 1970-01-01 in the Gregorian calendar; years are counted from March so that the leap day comes last. */
static int64_t days_from_date(int year, int month, int day)
{
    int y = year - (month < 3);
    int in_year = (153 * (month + (month < 3 ? 9 : -3)) + 2) / 5 + day - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

void wm_utc_text(int64_t time_ns, char separator, unsigned decimals, char out[WM_UTC_TEXT])
{
    int64_t seconds = time_ns / NS - (time_ns % NS < 0);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    int64_t in_day = seconds - days * 86400;
    int64_t since = days + 719468; /* days since 0000-03-01 */
    int64_t era = since / 146097, in_era = since % 146097;
    int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
    int64_t month = (5 * in_year + 2) / 153; /* from March */
    int64_t day = in_year - (153 * month + 2) / 5 + 1;
    int end;

    month = month < 10 ? month + 3 : month - 9;
    snprintf(out, WM_UTC_TEXT, "%04u-%02u-%02u%c%02u:%02u:%02u.%09u", (unsigned)(era * 400 + years + (month < 3)) % 10000u,
             (unsigned)month % 100u, (unsigned)day % 100u, separator, (unsigned)(in_day / 3600) % 100u,
             (unsigned)(in_day / 60 % 60), (unsigned)(in_day % 60), (unsigned)(time_ns - seconds * NS));
    end = 20 + (int)decimals;
    if (separator == 'T')
        out[end++] = 'Z';
    out[end] = '\0';
}

static bool two_digits(const char **text, char before, int low, int high, int *value)
{
    const char *t = *text;

    if (before && *t++ != before)
        return false;
    if (!isdigit((unsigned char)t[0]) || !isdigit((unsigned char)t[1]))
        return false;
    *value = 10 * (t[0] - '0') + t[1] - '0';
    *text = t + 2;
    return *value >= low && *value <= high;
}

/* "Z", or hours and minutes ahead of UTC, up to the end. */
static bool zone(const char *text, int64_t *ahead_s)
{
    const int sign = *text == '-' ? -60 : 60;
    int hours = 0, minutes = 0;

    if (*text == 'Z' || *text == 'z')
        text++;
    else if ((*text != '+' && *text != '-') || !two_digits(&text, *text, 0, 14, &hours) || !two_digits(&text, ':', 0, 59, &minutes))
        return false;
    *ahead_s = sign * (hours * 60 + minutes);
    return *text == '\0';
}

enum wm_status wm_utc_parse(const char *text, int64_t *time_ns)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int century, years, month, day, hour, minute, second, year;
    int64_t fraction = 0, ahead_s;

    if (!two_digits(&text, 0, 19, 22, &century) || !two_digits(&text, 0, 0, 99, &years) || !two_digits(&text, '-', 1, 12, &month) ||
        !two_digits(&text, '-', 1, month_days[month - 1], &day) || (*text != 'T' && *text != 't' && *text != ' ') ||
        !two_digits(&text, *text, 0, 23, &hour) || !two_digits(&text, ':', 0, 59, &minute) ||
        !two_digits(&text, ':', 0, 60, &second))
        return WM_MALFORMED;
    year = 100 * century + years;
    if (year < 1970 || year > 2261 || (month == 2 && day == 29 && (year % 4 || (year % 100 == 0 && year % 400))))
        return WM_MALFORMED;
    if (*text == '.') {
        int64_t unit = NS;

        if (!isdigit((unsigned char)*++text))
            return WM_MALFORMED;
        for (; isdigit((unsigned char)*text); text++)
            fraction += (unit /= 10) * (*text - '0'); /* digits below a nanosecond add nothing */
    }
    if (!zone(text, &ahead_s))
        return WM_MALFORMED;
    *time_ns = (days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - ahead_s) * NS + fraction;
    return WM_OK;
}
