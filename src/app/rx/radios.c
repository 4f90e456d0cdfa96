/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/radios.h"

#include "phy/mode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SERIALS_MAX 16

/* "T,C-down" to a bit for each mode. */
static bool parse_modes(const char *list, unsigned *modes)
{
    for (const char *s = list; *s;) {
        size_t len = strcspn(s, ",");
        char name[8] = "";
        enum wm_mode mode;

        if (len >= sizeof name)
            return false;
        memcpy(name, s, len);
        if (wm_mode_by_name(name, &mode) != WM_OK)
            return false;
        *modes |= 1u << mode;
        s += len + (s[len] == ',');
    }
    return true;
}

/* "auto", "agc", or decibels. */
static bool parse_gain(struct wm_radios_spec *spec, const char *text)
{
    char *end;

    if (strcmp(text, "auto") == 0) {
        spec->gain = WM_RADIO_GAIN_OWN;
        return true;
    }
    if (strcmp(text, "agc") == 0) {
        spec->gain = WM_RADIO_GAIN_DEVICE;
        return true;
    }
    spec->gain = WM_RADIO_GAIN_FIXED;
    spec->gain_db = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(spec->gain_db) && fabs(spec->gain_db) <= 200;
}

bool wm_radios_set(enum wm_radios_option option, const char *value, struct wm_radios_spec *spec, struct wm_source_info *wanted,
                   unsigned *modes, const char **why)
{
    char *end;

    switch (option) {
    case WM_RADIOS_RATE:
        *why = "not a sample rate; write 1600000, 1600k or 1.6M";
        if (wm_frequency_parse(value, &spec->rate_hz) != WM_OK)
            return false;
        wanted->sample_rate_hz = spec->rate_hz;
        return spec->rate_hz > 0;
    case WM_RADIOS_FREQUENCY:
        *why = "not a frequency; write 868950000 or 868.95M";
        if (wm_frequency_parse(value, &spec->centre_hz) != WM_OK)
            return false;
        wanted->centre_hz = spec->centre_hz;
        return spec->centre_hz > 0;
    case WM_RADIOS_FORMAT:
        *why = "no such sample format; there are cu8, cs8, cs16 and cf32";
        wanted->has_format = true;
        return wm_sample_format_by_name(value, &wanted->format) == WM_OK;
    case WM_RADIOS_GAIN:
        *why = "not a gain; write auto, agc, or decibels: 32.8";
        return parse_gain(spec, value);
    case WM_RADIOS_PPM:
        *why = "not parts per million between -1000 and 1000";
        spec->ppm = strtod(value, &end);
        return end != value && !*end && fabs(spec->ppm) <= 1000;
    case WM_RADIOS_MODES:
        break;
    }
    *why = "no such mode; there are S, T, C and C-down, with commas between";
    return parse_modes(value, modes);
}

bool wm_radios_device(struct wm_radios_spec *spec, const char *text, const char **why)
{
    const char *address;

    if (wm_radio_parse(text, &spec->driver, &address, why) != WM_OK)
        return false;
    if (strlen(address) >= sizeof spec->address) {
        *why = "the address is too long";
        return false;
    }
    strcpy(spec->address, address);
    return true;
}

struct sieve {
    wm_radio_found_fn found;
    void *user;
    char serial[SERIALS_MAX][64];
    size_t serials;
};

/* SoapySDR lists RTL-SDR sticks too. */
static void once(void *user, const struct wm_radio_found *found)
{
    struct sieve *sieve = user;

    for (size_t i = 0; i < sieve->serials; i++) {
        if (found->serial[0] && strcmp(sieve->serial[i], found->serial) == 0)
            return;
    }
    if (sieve->serials < SERIALS_MAX)
        strcpy(sieve->serial[sieve->serials++], found->serial);
    sieve->found(sieve->user, found);
}

void wm_radios_list(wm_radio_found_fn found, void *user)
{
    struct sieve sieve = {.found = found, .user = user};
    const struct wm_radio_driver *driver;

    for (size_t i = 0; (driver = wm_radio_driver_at(i)); i++) {
        if (driver->list)
            driver->list(once, &sieve);
    }
}

struct choice {
    struct wm_radio_found first, trouble;
};

static void choose(void *user, const struct wm_radio_found *found)
{
    struct choice *choice = user;

    if (found->trouble[0] && !choice->trouble.driver)
        choice->trouble = *found;
    if (!found->trouble[0] && !choice->first.driver)
        choice->first = *found;
}

bool wm_radios_first(struct wm_radios_spec *spec, struct wm_radio_found *trouble)
{
    struct choice choice = {0};

    wm_radios_list(choose, &choice);
    *trouble = choice.trouble;
    if (!choice.first.driver)
        return false;
    spec->driver = choice.first.driver;
    strcpy(spec->address, choice.first.address);
    return true;
}
