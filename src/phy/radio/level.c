/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/level.h"

#include "base/select.h"
#include "phy/radio/voids.h"

#include <math.h>
#include <string.h>

#define MEASURED 1024
#define EVERY    8
#define FLAT     256 /* bytes of one value that are no signal: half a USB packet */

struct wm_level_meter wm_level_meter_of(enum wm_sample_format format)
{
    return (struct wm_level_meter){.format = format};
}

bool wm_level_sample(enum wm_sample_format format, const void *sample, double *i, double *q)
{
    const unsigned char *p = sample;
    int16_t words[2];
    float floats[2];

    switch (format) {
    case WM_SAMPLES_CU8:
        *i = (p[0] - 127.5) / 127.5;
        *q = (p[1] - 127.5) / 127.5;
        return p[0] == 0 || p[0] == 255 || p[1] == 0 || p[1] == 255;
    case WM_SAMPLES_CS8:
        *i = (int8_t)p[0] / 128.0;
        *q = (int8_t)p[1] / 128.0;
        return *i >= 127 / 128.0 || *q >= 127 / 128.0 || *i <= -127 / 128.0 || *q <= -127 / 128.0;
    case WM_SAMPLES_CS16: /* left-aligned 12 bits end at 32752 */
        memcpy(words, p, sizeof words);
        *i = words[0] / 32768.0;
        *q = words[1] / 32768.0;
        return fabs(*i) >= 0.999 || fabs(*q) >= 0.999;
    default:
        memcpy(floats, p, sizeof floats);
        *i = isfinite(floats[0]) ? (double)floats[0] : 0;
        *q = isfinite(floats[1]) ? (double)floats[1] : 0;
        return fabs(*i) >= 0.999 || fabs(*q) >= 0.999;
    }
}

static void add_cell(struct wm_level_meter *m, double power, size_t samples)
{
    m->sum_power += power;
    m->measured += samples;
    /* the newest are kept */
    m->cell[m->cells % WM_LEVEL_CELLS] = (float)(power / (double)samples);
    m->cells++;
}

/* What wm_level_sample says of each, in whole numbers, as this is done a million times a second. */
static void measure_bytes(struct wm_level_meter *m, const unsigned char *p, size_t samples)
{
    const bool is_signed = m->format == WM_SAMPLES_CS8;
    const double scale = is_signed ? 1 / 128.0 : 1 / 255.0;
    int sum_i = 0, sum_q = 0, squares = 0, clipped = 0;

    for (size_t n = 0; n < samples; n++) { /* cu8: twice the value, so that 127.5 is a whole number */
        const int i = is_signed ? (int8_t)p[2 * n] : 2 * p[2 * n] - 255,
                  q = is_signed ? (int8_t)p[2 * n + 1] : 2 * p[2 * n + 1] - 255;
        const int end = is_signed ? 127 : 255;
        sum_i += i;
        sum_q += q;
        squares += i * i + q * q;
        clipped += i >= end || i <= -end || q >= end || q <= -end;
    }
    m->clipped += (uint64_t)clipped;
    m->sum_i += sum_i * scale;
    m->sum_q += sum_q * scale;
    add_cell(m, squares * scale * scale, samples);
}

static void measure(struct wm_level_meter *m, const unsigned char *p, size_t samples, size_t size)
{
    double power = 0;

    if (size == 2) {
        measure_bytes(m, p, samples);
        return;
    }
    for (size_t n = 0; n < samples; n++) {
        double i, q;
        m->clipped += wm_level_sample(m->format, p + n * size, &i, &q);
        m->sum_i += i;
        m->sum_q += q;
        power += i * i + q * q;
    }
    add_cell(m, power, samples);
}

void wm_level_push(struct wm_level_meter *m, const void *bytes, size_t len)
{
    const size_t size = wm_sample_format_bytes(m->format);
    const unsigned char *p = bytes;

    m->samples += len / size;
    for (size_t at = 0; at + FLAT + size <= len; at += FLAT)
        m->flat += memcmp(p + at, p + at + size, FLAT) == 0 ? FLAT / size : 0;
    for (size_t at = 0; at + MEASURED * size <= len; at += MEASURED * size) {
        size_t from = 0, to;
        if (m->skip % EVERY == 0 && wm_void_next(WM_SAMPLES_CU8, 0, p + at, MEASURED * size, &from, &to))
            continue; /* lost on the bus: says nothing of the noise; the next stretch will do */
        if (m->skip++ % EVERY == 0)
            measure(m, p + at, MEASURED, size);
    }
}

static double db(double power)
{
    return 10 * log10(power + 1e-12);
}

bool wm_level_read(struct wm_level_meter *m, struct wm_level *level)
{
    const size_t n = m->cells < WM_LEVEL_CELLS ? m->cells : WM_LEVEL_CELLS;
    const double count = (double)m->measured;

    if (n == 0 && m->flat == 0)
        return false;
    level->samples = m->samples;
    level->noise_dbfs = n ? db((double)wm_select(m->cell, n, n / 5)) : db(0);
    level->mean_dbfs = n ? db(m->sum_power / count) : db(0);
    level->clip_share = n ? (double)m->clipped / count : 0;
    level->flat_share = (double)m->flat / (double)m->samples;
    level->dc_dbfs = n ? db((m->sum_i * m->sum_i + m->sum_q * m->sum_q) / (count * count)) : db(0);
    *m = wm_level_meter_of(m->format);
    return true;
}
