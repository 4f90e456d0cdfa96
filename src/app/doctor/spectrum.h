/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/convert.h"

#include <stdio.h>

/* The mean power spectrum of a stream (Welch: Hann windows, half overlapped), as numbers, a line for the terminal, and a picture.
 */
#define WM_SPECTRUM_BINS 1024

struct wm_spectrum {
    double rate_hz, centre_hz;
    unsigned windows;             /* 0: nothing was measured */
    float dbfs[WM_SPECTRUM_BINS]; /* of a bin, from the lowest frequency up; a carrier at full scale is 0 */
};

/* WM_UNSUPPORTED: not built in. */
WM_MUST_USE enum wm_status wm_spectrum_measure(enum wm_sample_format format, const void *samples, size_t bytes, double rate_hz,
                                               double centre_hz, struct wm_spectrum *spectrum);
/* Two lines: the spectrum in block characters, and the channels' letters below. */
void wm_spectrum_line(const struct wm_spectrum *spectrum, FILE *to);
/* An SVG picture with axes and the channels of `modes` marked. */
void wm_spectrum_svg(const struct wm_spectrum *spectrum, unsigned modes, FILE *to);
