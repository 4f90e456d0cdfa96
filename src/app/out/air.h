/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How the reception stands: one entry for each radio or recording, for the outputs that show it. */

#define WM_AIR_SOURCES 8
#define WM_AIR_NAME    64

struct wm_air_source {
    char name[WM_AIR_NAME]; /* "rtlsdr:00000001", a recording's path */
    double centre_hz, rate_hz;
    double gain_db;    /* NAN: the device's own, or a recording */
    double ppm;        /* the device's real rate against the nominal one; NAN: not known */
    double noise_dbfs; /* mean of the channels; NAN: not known yet */
    uint64_t samples, lost, gaps;
    uint64_t total; /* samples that the recording has; 0: there is no end */
};

struct wm_air {
    size_t count;
    struct wm_air_source source[WM_AIR_SOURCES];
};
