/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stddef.h>

/* Interleaved I/Q sample formats, little-endian. */
enum wm_sample_format {
    WM_SAMPLES_CU8,  /* unsigned 8 bit, zero at 127.5 (RTL-SDR) */
    WM_SAMPLES_CS8,  /* signed 8 bit (HackRF) */
    WM_SAMPLES_CS16, /* signed 16 bit */
    WM_SAMPLES_CF32, /* 32-bit float, any scale */
    WM_SAMPLES_COUNT
};

/* "cu8", "cs8", "cs16", "cf32" */
const char *wm_sample_format_name(enum wm_sample_format format);
/* WM_INVALID for other names. */
WM_MUST_USE enum wm_status wm_sample_format_by_name(const char *name, enum wm_sample_format *format);
/* Bytes of one complex sample. */
size_t wm_sample_format_bytes(enum wm_sample_format format);
