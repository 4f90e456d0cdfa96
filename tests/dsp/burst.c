/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/burst.h"

#include "dsp/channel_model.h"
#include "dsp/line_3of6.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void burst_open(struct burst *burst, uint64_t seed)
{
    memset(burst, 0, sizeof *burst);
    wm_rng_seed(&burst->rng, seed);
}

void burst_close(struct burst *burst)
{
    free(burst->re);
    free(burst->im);
    burst->re = burst->im = NULL;
}

void burst_add_bits(struct burst *burst, uint64_t bits, unsigned count)
{
    ck_assert_uint_le(burst->count + count, BURST_CHIPS_MAX);
    while (count-- > 0)
        burst->chips[burst->count++] = bits >> count & 1;
}

void burst_add_pairs(struct burst *burst, unsigned pairs)
{
    while (pairs-- > 0)
        burst_add_bits(burst, 1, 2);
}

void burst_add_random(struct burst *burst, size_t chips)
{
    while (chips-- > 0)
        burst_add_bits(burst, wm_rng_below(&burst->rng, 2), 1);
}

void burst_add_nibble(struct burst *burst, unsigned nibble)
{
    burst_add_bits(burst, wm_code_3of6[nibble], 6);
}

void burst_add_bit(struct burst *burst, unsigned bit)
{
    burst_add_bits(burst, bit ? 1 : 2, 2);
}

void burst_render(struct burst *burst, const struct wm_modulation *modulation, size_t lead, double ec_n0_db)
{
    struct wm_modulation config = *modulation;
    struct wm_modulator *modulator = NULL;
    const size_t length = (size_t)ceil((double)burst->count * config.sample_rate_hz / config.chip_rate_cps) + 2 * lead + 2;
    float complex *x = calloc(length, sizeof *x);

    burst_close(burst);
    burst->re = malloc(length * sizeof(float)); /* of exact size: a step outside is seen */
    burst->im = malloc(length * sizeof(float));
    ck_assert(x && burst->re && burst->im);
    burst->amplitude = config.amplitude;
    burst->noise_density = 0;
    config.start_sample += (double)lead;
    ck_assert_int_eq(wm_modulator_create(&config, burst->chips, burst->count, &modulator), WM_OK);
    if (isfinite(ec_n0_db)) {
        burst->noise_density =
            config.amplitude * config.amplitude * config.sample_rate_hz / config.chip_rate_cps / pow(10, ec_n0_db / 10);
        wm_channel_noise(&burst->rng, burst->noise_density, x, length);
    }
    wm_modulator_add(modulator, 0, x, length);
    wm_modulator_destroy(modulator);
    for (size_t i = 0; i < length; i++) {
        burst->re[i] = crealf(x[i]);
        burst->im[i] = cimagf(x[i]);
    }
    free(x);
    burst->in = (struct wm_baseband){.re = burst->re, .im = burst->im, .first = 0, .count = length};
}

struct wm_chip_timing burst_timing(const struct wm_modulation *modulation, size_t lead, size_t first)
{
    const double period = modulation->sample_rate_hz / modulation->chip_rate_cps;
    const double start = modulation->start_sample + (double)lead + (double)first * period;

    return (struct wm_chip_timing){.start = start,
                                   .period = period,
                                   .carrier = modulation->offset_hz / modulation->sample_rate_hz,
                                   .origin = start,
                                   .h = 2 * modulation->deviation_hz / modulation->chip_rate_cps};
}
