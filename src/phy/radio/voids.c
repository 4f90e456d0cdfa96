/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/voids.h"

#include <string.h>

#define STEP 256 /* looked at together: half the shortest stretch, so that none is overlooked */

/* Noise of one step rms in I and in Q; 16 bits and floats may come from a converter of 12. */
#define STEP_8_DBFS  (-39.0)
#define STEP_12_DBFS (-63.0)

static bool is_zero(const unsigned char *p, size_t len)
{
    return p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

bool wm_void_next(enum wm_sample_format format, double noise_dbfs, const void *samples, size_t bytes, size_t *from, size_t *to)
{
    const size_t size = wm_sample_format_bytes(format);
    const unsigned char *p = samples;

    if ((format == WM_SAMPLES_CS8 && !(noise_dbfs > STEP_8_DBFS)) ||
        ((format == WM_SAMPLES_CS16 || format == WM_SAMPLES_CF32) && !(noise_dbfs > STEP_12_DBFS)))
        return false;
    for (size_t at = *from; at + STEP <= bytes; at += STEP) {
        size_t begin = at, end = at + STEP;

        if (!is_zero(p + at, STEP))
            continue;
        while (begin >= *from + size && is_zero(p + begin - size, size))
            begin -= size;
        while (end + size <= bytes && is_zero(p + end, size))
            end += size;
        if (end - begin >= WM_VOID_BYTES) {
            *from = begin;
            *to = end;
            return true;
        }
        at = end - end % STEP;
    }
    return false;
}
