/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SERIALS_MAX 16

bool wm_modes_parse(const char *list, unsigned *modes)
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

bool wm_live_gain(struct wm_live_spec *spec, const char *text)
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

bool wm_live_device(struct wm_live_spec *spec, const char *text, const char **why)
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

void wm_live_list(wm_radio_found_fn found, void *user)
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

bool wm_live_first(struct wm_live_spec *spec, struct wm_radio_found *trouble)
{
    struct choice choice = {0};

    wm_live_list(choose, &choice);
    *trouble = choice.trouble;
    if (!choice.first.driver)
        return false;
    spec->driver = choice.first.driver;
    strcpy(spec->address, choice.first.address);
    return true;
}
