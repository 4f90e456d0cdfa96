/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/convert.h"

#include <stdbool.h>
#include <stddef.h>

/* Stretches of nothing but zero bytes in a stream of samples: what packets lost on the bus leave behind in drivers that fill up
 * their buffers. Of cu8 that is the bottom of the scale, which no signal stays at. In the other formats it is silence, and a
 * stretch counts only where the noise is known to be more than the converter's smallest step. */
#define WM_VOID_BYTES 512 /* a packet of USB 2.0; shorter ones are left alone */

/* The first void stretch at or behind *from: [*from, *to) in bytes, whole samples. False: none. */
bool wm_void_next(enum wm_sample_format format, double noise_dbfs, const void *samples, size_t bytes, size_t *from, size_t *to);
