/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/convert.h"

#include <strings.h>

static const struct {
    const char *name;
    size_t bytes;
} formats[WM_SAMPLES_COUNT] = {
    [WM_SAMPLES_CU8] = {"cu8", 2},
    [WM_SAMPLES_CS8] = {"cs8", 2},
    [WM_SAMPLES_CS16] = {"cs16", 4},
    [WM_SAMPLES_CF32] = {"cf32", 8},
};

const char *wm_sample_format_name(enum wm_sample_format format)
{
    return formats[format].name;
}

enum wm_status wm_sample_format_by_name(const char *name, enum wm_sample_format *format)
{
    for (int i = 0; i < WM_SAMPLES_COUNT; i++) {
        if (strcasecmp(name, formats[i].name) == 0) {
            *format = (enum wm_sample_format)i;
            return WM_OK;
        }
    }
    return WM_INVALID;
}

size_t wm_sample_format_bytes(enum wm_sample_format format)
{
    return formats[format].bytes;
}
