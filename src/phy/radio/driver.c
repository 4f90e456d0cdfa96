/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/driver.h"

#include <stdio.h>
#include <string.h>

/* In the order in which the first usable radio is looked for. */
static const struct wm_radio_driver *const drivers[] = {&wm_radio_rtlsdr, &wm_radio_soapy, &wm_radio_rtltcp};

const struct wm_radio_driver *wm_radio_driver_at(size_t index)
{
    return index < sizeof drivers / sizeof drivers[0] ? drivers[index] : NULL;
}

enum wm_status wm_radio_parse(const char *text, const struct wm_radio_driver **driver, const char **address, const char **why)
{
    const size_t len = strcspn(text, ":");

    *why = "no such radio; there are rtlsdr[:SERIAL], soapy:ARGS and rtltcp:HOST[:PORT], see wmsdr devices";
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        if (strlen(drivers[i]->name) != len || memcmp(drivers[i]->name, text, len) != 0)
            continue;
        if (!drivers[i]->open) {
            *why = drivers[i]->options;
            return WM_UNSUPPORTED;
        }
        *driver = drivers[i];
        *address = text + len + (text[len] == ':');
        return WM_OK;
    }
    return WM_INVALID;
}

enum wm_status wm_radio_fail(char *why, const char *fault)
{
    snprintf(why, WM_RADIO_WHY, "%s", fault);
    return WM_IO;
}

/* What stands in the table where a library was missing at build time. */
#ifndef WMSDR_RTLSDR
const struct wm_radio_driver wm_radio_rtlsdr = {
    .name = "rtlsdr",
    .summary = "RTL-SDR stick on USB",
    .address = "[SERIAL]",
    .options = "not built in: install librtlsdr-dev and build again, or use rtl_tcp and rtltcp:HOST",
};
#endif
#ifndef WMSDR_SOAPY
const struct wm_radio_driver wm_radio_soapy = {
    .name = "soapy",
    .summary = "any radio with a SoapySDR driver: HackRF, Airspy, Lime, Pluto, USRP, SoapyRemote",
    .address = "KEY=VALUE,...",
    .options = "not built in: install libsoapysdr-dev and build again",
};
#endif
