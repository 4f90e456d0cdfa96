/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/modulate.h"

#include <math.h>
#include <stdlib.h>

#define BT_MIN 0.1 /* below it a chip smears over more than the neighbours looked at */

struct wm_modulator {
    struct wm_modulation config;

    /* derived */
    double chips_per_sample;
    double turns_per_chip; /* deviation / chip rate: half the modulation index */
    double sigma_chips;    /* of the Gaussian, 0: rectangular */
    int reach_chips;       /* neighbours to either side that a shaped chip is felt by */
    size_t count;
    int8_t *sign;    /* +1, -1 */
    int32_t *before; /* sum of the signs of all chips before this one; count + 1 of them */
};

enum wm_status wm_modulator_create(const struct wm_modulation *config, const uint8_t *chips, size_t count,
                                   struct wm_modulator **modulator)
{
    struct wm_modulator *m;

    if (count == 0 || count > INT32_MAX || !(config->sample_rate_hz > 0) || !(config->chip_rate_cps > 0) ||
        (config->bt != 0 && !(config->bt >= BT_MIN)))
        return WM_INVALID;
    m = calloc(1, sizeof *m);
    if (m) {
        m->sign = malloc(count);
        m->before = malloc((count + 1) * sizeof *m->before);
    }
    if (!m || !m->sign || !m->before) {
        wm_modulator_destroy(m);
        return WM_NO_MEMORY;
    }
    m->config = *config;
    m->count = count;
    m->chips_per_sample = config->chip_rate_cps / config->sample_rate_hz;
    m->turns_per_chip = config->deviation_hz / config->chip_rate_cps;
    if (config->bt > 0) {
        m->sigma_chips = sqrt(log(2)) / (2 * acos(-1) * config->bt); /* -3 dB bandwidth B of exp(-t^2 / 2 sigma^2) */
        m->reach_chips = (int)ceil(6 * m->sigma_chips) + 1;
    }
    m->before[0] = 0;
    for (size_t i = 0; i < count; i++) {
        if (chips[i] > 1) {
            wm_modulator_destroy(m);
            return WM_INVALID;
        }
        m->sign[i] = chips[i] ? 1 : -1;
        m->before[i + 1] = m->before[i] + m->sign[i];
    }
    *modulator = m;
    return WM_OK;
}

void wm_modulator_destroy(struct wm_modulator *m)
{
    if (!m)
        return;
    free(m->sign);
    free(m->before);
    free(m);
}

/* Integral of the Gaussian's distribution function up to x, so ramp(x) - ramp(x - 1) is the share of its phase change that a chip
 * has made x chips after its start. */
static double ramp(double x, double sigma)
{
    double z = x / sigma;

    return x * 0.5 * erfc(-z * sqrt(0.5)) + sigma * exp(-0.5 * z * z) / sqrt(2 * acos(-1));
}

/* Sum of chip signs passed at chip time u, 0 <= u <= count. Beyond its ends the burst is taken to hold its first and last chip: the
 * carrier is keyed there, the modulator is not. */
static double chip_sum(const struct wm_modulator *m, double u)
{
    int64_t k = (int64_t)u;
    int64_t last = (int64_t)m->count - 1;
    int64_t from;
    double sum;

    if (k > last)
        k = last;
    if (m->reach_chips == 0)
        return m->before[k] + m->sign[k] * (u - (double)k);
    from = k - m->reach_chips;
    sum = from >= 0 ? m->before[from] : (double)(from * m->sign[0]);
    for (int64_t i = from; i <= k + m->reach_chips; i++) {
        int sign = m->sign[i < 0 ? 0 : i > last ? last : i];
        double x = u - (double)i;

        sum += sign * (ramp(x, m->sigma_chips) - ramp(x - 1, m->sigma_chips));
    }
    return sum;
}

static double phase_turns(const struct wm_modulator *m, double u)
{
    double turns = m->config.phase_rad / (2 * acos(-1)) + m->config.offset_hz / m->config.chip_rate_cps * u +
                   m->turns_per_chip * chip_sum(m, u);

    return turns - floor(turns);
}

double wm_modulator_phase_turns(const struct wm_modulator *m, double sample)
{
    double u = (sample - m->config.start_sample) * m->chips_per_sample;

    return phase_turns(m, u < 0 ? 0 : u > (double)m->count ? (double)m->count : u);
}

double wm_modulator_chip_time(const struct wm_modulator *m, size_t chip)
{
    return m->config.start_sample + (double)chip / m->chips_per_sample;
}

void wm_modulator_range(const struct wm_modulator *m, int64_t *first, int64_t *end)
{
    *first = (int64_t)ceil(m->config.start_sample);
    *end = (int64_t)ceil(wm_modulator_chip_time(m, m->count));
}

void wm_modulator_add(const struct wm_modulator *m, int64_t first, float complex *buffer, size_t count)
{
    int64_t begin, end;

    wm_modulator_range(m, &begin, &end);
    if (begin < first)
        begin = first;
    if (end > first + (int64_t)count)
        end = first + (int64_t)count;
    for (int64_t n = begin; n < end; n++) {
        double angle = 2 * acos(-1) * wm_modulator_phase_turns(m, (double)n);
        float *iq = (float *)&buffer[n - first];

        iq[0] += (float)(m->config.amplitude * cos(angle));
        iq[1] += (float)(m->config.amplitude * sin(angle));
    }
}
