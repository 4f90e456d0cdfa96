/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/synth/synth.h"

#include "dsp/modulate.h"
#include "link/frame.h"
#include "phy/transmitter.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The longest: S with its long preamble and format A with L = 255. */
#define CHIPS_MAX (2 * 279 + 64 + WM_AIR_MAX * 16 + 64)

#define CARRIER_BAND_HZ 200e3 /* in which the noise is that a carrier is compared with */

struct on_air {
    struct wm_modulator *modulator;
    uint64_t end_sample;
    struct on_air *next;
};

struct wm_synth {
    struct wm_synth_stream stream;
    double noise_variance;

    struct wm_rng rng;
    struct on_air *bursts;
    uint64_t position;
    uint64_t last_end;
    uint64_t clipped;
    uint8_t chips[CHIPS_MAX];
    float complex block[WM_SYNTH_BLOCK];
};

enum wm_status wm_synth_create(const struct wm_synth_stream *stream, struct wm_synth **synth)
{
    struct wm_synth *s;
    double sigma = stream->noise_lsb / wm_channel_full_scale(WM_SAMPLES_CU8);

    if (!(stream->sample_rate_hz > 0) || !(stream->noise_lsb >= 0))
        return WM_INVALID;
    s = calloc(1, sizeof *s);
    if (!s)
        return WM_NO_MEMORY;
    s->stream = *stream;
    if (s->stream.front_end.gain == 0)
        s->stream.front_end.gain = 1;
    s->noise_variance = sigma * sigma;
    wm_rng_seed(&s->rng, stream->seed);
    *synth = s;
    return WM_OK;
}

static void drop(struct on_air **link)
{
    struct on_air *burst = *link;

    *link = burst->next;
    wm_modulator_destroy(burst->modulator);
    free(burst);
}

void wm_synth_destroy(struct wm_synth *s)
{
    if (!s)
        return;
    while (s->bursts)
        drop(&s->bursts);
    free(s);
}

double wm_synth_noise_variance(const struct wm_synth *s)
{
    return s->noise_variance;
}

double wm_synth_amplitude(const struct wm_synth *s, enum wm_mode mode, double ec_n0_db)
{
    return wm_channel_amplitude(ec_n0_db, wm_mode_info(mode)->chip_rate_cps, s->stream.sample_rate_hz, s->noise_variance);
}

static enum wm_status queue(struct wm_synth *s, const struct wm_modulation *modulation, size_t chips, size_t first_data,
                            struct wm_synth_place *place)
{
    struct on_air *burst = calloc(1, sizeof *burst);
    enum wm_status status;
    int64_t first, end;

    if (!burst)
        return WM_NO_MEMORY;
    status = wm_modulator_create(modulation, s->chips, chips, &burst->modulator);
    if (status != WM_OK) {
        free(burst);
        return status;
    }
    wm_modulator_range(burst->modulator, &first, &end);
    burst->end_sample = (uint64_t)end;
    burst->next = s->bursts;
    s->bursts = burst;
    if (burst->end_sample > s->last_end)
        s->last_end = burst->end_sample;
    if (place) {
        place->data_sample = (uint64_t)ceil(wm_modulator_chip_time(burst->modulator, first_data));
        place->end_sample = burst->end_sample;
    }
    return WM_OK;
}

enum wm_status wm_synth_add(struct wm_synth *s, const struct wm_synth_burst *burst, struct wm_synth_place *place)
{
    const struct wm_mode_info *info = wm_mode_info(burst->mode);
    double deviation = burst->deviation_hz != 0 ? burst->deviation_hz : info->deviation_hz;
    struct wm_modulation modulation = {
        .sample_rate_hz = s->stream.sample_rate_hz,
        .chip_rate_cps = info->chip_rate_cps * (1 + burst->clock_ppm * 1e-6),
        .deviation_hz = deviation,
        .bt = burst->bt,
        .offset_hz = info->centre_hz - s->stream.centre_hz + burst->offset_hz,
        .start_sample = burst->start_sample,
        .phase_rad = burst->phase_rad,
        .amplitude = burst->amplitude,
    };
    uint8_t air[WM_AIR_MAX];
    struct wm_writer out = wm_writer_of(air, sizeof air);
    struct wm_transmission tx = {
        .mode = burst->mode, .format = burst->format, .preamble_pairs = burst->preamble_pairs, .tail_chips = burst->tail_chips};
    size_t chips, first_data;
    enum wm_status status;

    /* beyond half the sample rate a tone comes back at the other edge: no receiver's filter would let that happen */
    if (!(burst->start_sample >= (double)s->position) ||
        fabs(modulation.offset_hz) + fabs(deviation) + info->chip_rate_cps / 2 > s->stream.sample_rate_hz / 2)
        return WM_INVALID;
    status = wm_frame_build(burst->format == WM_FORMAT_B ? WM_FORMAT_B : WM_FORMAT_A, burst->telegram, &out);
    if (status != WM_OK)
        return status;
    tx.air = wm_writer_span(&out);
    status = wm_transmission_build(&tx, s->chips, sizeof s->chips, &chips, &first_data);
    if (status != WM_OK)
        return status == WM_FULL ? WM_INVALID : status;
    return queue(s, &modulation, chips, first_data, place);
}

uint64_t wm_synth_position(const struct wm_synth *s)
{
    return s->position;
}

uint64_t wm_synth_last_end(const struct wm_synth *s)
{
    return s->last_end;
}

uint64_t wm_synth_clipped(const struct wm_synth *s)
{
    return s->clipped;
}

static void add_carrier(struct wm_synth *s, size_t samples)
{
    const double rate = s->stream.sample_rate_hz;
    const double amplitude = sqrt(s->stream.carrier_to_noise * s->noise_variance * CARRIER_BAND_HZ / rate);

    for (size_t n = 0; n < samples; n++) {
        const double turn = 2 * M_PI * fmod(s->stream.carrier_hz / rate * (double)(s->position + n), 1);
        s->block[n] += (float complex)(amplitude * cexp(I * turn));
    }
}

enum wm_status wm_synth_render(struct wm_synth *s, size_t samples, uint8_t *out)
{
    if (samples > WM_SYNTH_BLOCK)
        return WM_INVALID;
    memset(s->block, 0, samples * sizeof *s->block);
    for (struct on_air **link = &s->bursts; *link;) {
        wm_modulator_add((*link)->modulator, (int64_t)s->position, s->block, samples);
        if ((*link)->end_sample <= s->position + samples)
            drop(link);
        else
            link = &(*link)->next;
    }
    if (s->noise_variance > 0)
        wm_channel_noise(&s->rng, s->noise_variance, s->block, samples);
    if (s->stream.carrier_to_noise > 0)
        add_carrier(s, samples);
    wm_channel_front_end(&s->stream.front_end, s->stream.sample_rate_hz, (int64_t)s->position, s->block, samples);
    s->clipped += wm_channel_quantise(s->stream.format, s->block, samples, out);
    s->position += samples;
    return WM_OK;
}
