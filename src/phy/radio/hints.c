/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/hints.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* Rates and centres overlap nowhere: no SDR here samples as fast as 65 MS/s, no wM-Bus channel is below 100 MHz. */
#define RATE_MIN_HZ   100e3
#define RATE_MAX_HZ   65e6
#define CENTRE_MIN_HZ 100e6

#define DIGITS_MAX 17 /* a mantissa of 17 digits fits 64 bits, and double's 53 to the last hertz */

struct number {
    uint64_t mantissa;
    unsigned digits;
    int decimals; /* digits behind the point or the unit letter */
};

static const char *digits(const char *text, struct number *number, bool fraction)
{
    for (; isdigit((unsigned char)*text); text++) {
        number->mantissa = number->mantissa * 10 + (uint64_t)(*text - '0');
        number->decimals += fraction;
        if (++number->digits > DIGITS_MAX)
            return NULL;
    }
    return text;
}

/* Not strtod: the decimal point must not depend on the locale. *unit tells whether a letter was there. */
static enum wm_status parse(const char *text, double *hz, bool *unit)
{
    static const char letters[] = "kMG";
    struct number number = {0, 0, 0};
    bool point = false;
    int exponent = 0;

    *unit = false;
    text = digits(text, &number, false);
    if (text && *text == '.' && number.digits) {
        point = true;
        text = digits(text + 1, &number, true);
        if (text && number.decimals == 0)
            return WM_MALFORMED;
    }
    if (!text || number.digits == 0)
        return WM_MALFORMED;
    for (int i = 0; letters[i]; i++) {
        if (*text == letters[i] || *text == (letters[i] ^ 0x20)) {
            exponent = 3 * (i + 1);
            *unit = true;
        }
    }
    if (*unit) {
        text++;
        if (!point && isdigit((unsigned char)*text)) /* 1M6 */
            text = digits(text, &number, true);
        if (!text)
            return WM_MALFORMED;
    }
    if ((text[0] == 'H' || text[0] == 'h') && (text[1] == 'z' || text[1] == 'Z')) {
        *unit = true;
        text += 2;
    }
    if (*text)
        return WM_MALFORMED;
    exponent -= number.decimals;
    /* both factors are exact doubles, so the result is the nearest double to what was written */
    *hz = exponent < 0 ? (double)number.mantissa / pow(10, -exponent) : (double)number.mantissa * pow(10, exponent);
    return WM_OK;
}

enum wm_status wm_frequency_parse(const char *text, double *hz)
{
    bool unit;

    return parse(text, hz, &unit);
}

static void offer(double value, double *slot, bool *clash)
{
    *clash |= *slot != 0 && *slot != value;
    *slot = value;
}

void wm_source_hints(const char *path, struct wm_source_info *info)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *last = strrchr(name, '.');
    const char *dot = last && isalpha((unsigned char)last[1]) ? last : NULL; /* "868.95M" ends in no extension */
    const char *end = dot ? dot : name + strlen(name);
    double rate = 0, centre = 0;
    bool rate_clash = false, centre_clash = false;

    if (dot && !info->has_format)
        info->has_format = wm_sample_format_by_name(dot + 1, &info->format) == WM_OK;
    while (name < end) {
        size_t len = strcspn(name, "_- ");
        char part[32];
        double hz;
        bool unit;

        if (len > (size_t)(end - name))
            len = (size_t)(end - name);
        if (len < sizeof part) {
            memcpy(part, name, len);
            part[len] = '\0';
            if (parse(part, &hz, &unit) == WM_OK && unit) {
                if (hz >= CENTRE_MIN_HZ)
                    offer(hz, &centre, &centre_clash);
                else if (hz >= RATE_MIN_HZ && hz <= RATE_MAX_HZ)
                    offer(hz, &rate, &rate_clash);
            }
        }
        name += len + 1;
    }
    if (info->sample_rate_hz == 0 && !rate_clash)
        info->sample_rate_hz = rate;
    if (info->centre_hz == 0 && !centre_clash)
        info->centre_hz = centre;
}
