/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/time_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void wm_time_text(int64_t time_ns, char separator, char out[WM_TIME_TEXT])
{
    int64_t second = time_ns / 1000000000;
    int64_t rest = time_ns % 1000000000;
    struct tm tm;
    time_t clock;

    if (rest < 0) {
        rest += 1000000000;
        second--;
    }
    clock = (time_t)second;
    gmtime_r(&clock, &tm); /* int64 nanoseconds reach from 1677 to 2262: never out of range */
    snprintf(out, WM_TIME_TEXT, "%04d-%02d-%02d%c%02d:%02d:%02d.%06d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, separator,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(rest / 1000));
    if (separator == 'T')
        strcat(out, "Z");
}

enum wm_status wm_time_parse(const char *text, int64_t *time_ns)
{
    struct tm tm = {0};
    int used = 0;
    int64_t ns = 0;
    int64_t zone = 0;

    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
               &used) != 6 ||
        used == 0)
        return WM_MALFORMED;
    if (tm.tm_year < 1970 || tm.tm_year > 2261 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
        tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
        return WM_MALFORMED;
    text += used;
    if (*text == '.') {
        int64_t unit = 100000000;

        for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
            ns += (*text - '0') * unit;
    }
    if (*text == '+' || *text == '-') {
        unsigned hours = 0;
        unsigned minutes = 0;
        int n = 0;

        if (sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &n) != 2 || hours > 14 || minutes > 59 || text[1 + n] != '\0')
            return WM_MALFORMED;
        zone = (*text == '-' ? -60 : 60) * (int64_t)(hours * 60 + minutes);
    } else if (strcmp(text, "Z") != 0) {
        return WM_MALFORMED;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *time_ns = ((int64_t)timegm(&tm) - zone) * 1000000000 + ns;
    return WM_OK;
}
