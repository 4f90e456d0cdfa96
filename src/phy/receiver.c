/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/receiver.h"

#include "phy/channel.h"
#include "phy/intake.h"
#include "phy/rounds.h"
#include "phy/subband.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MAX 4

struct wm_receiver {
    struct wm_receiver_config config;
    const struct wm_kernels *kernels;
    struct wm_intake *intake;
    size_t capture_keep; /* samples that the intake holds */
    unsigned decimation; /* of a wide capture into sub-bands, 1: there are none */
    void *result;        /* where sync_at_once lets the callback write */
    struct wm_subband *subband[CHANNELS_MAX];
    unsigned subband_count;
    struct wm_channel *channel[CHANNELS_MAX];
    unsigned channel_count;
    struct wm_rounds *rounds; /* several threads: does all the work */
    uint64_t samples;
};

bool wm_receiver_covers(double sample_rate_hz, double centre_hz, enum wm_mode mode)
{
    const struct wm_mode_info *info = wm_mode_info(mode);

    return fabs(info->centre_hz - centre_hz) + info->channel_half_width_hz <= sample_rate_hz / 2;
}

/* Power of rounding to the converter's steps: 1/12 step squared in each component. */
static double rounding_power(enum wm_sample_format format)
{
    switch (format) {
    case WM_SAMPLES_CU8:
        return 2.0 / 12 / (127.5 * 127.5);
    case WM_SAMPLES_CS8:
        return 2.0 / 12 / (128.0 * 128.0);
    case WM_SAMPLES_CS16:
        return 2.0 / 12 / (32768.0 * 32768.0);
    default:
        return 1e-30; /* floats have no scale of their own */
    }
}

/* One thread for a callback that was written for several. */
static enum wm_status sync_at_once(void *self, const struct wm_sync *sync, size_t *air_bytes)
{
    struct wm_receiver *receiver = self;
    const struct wm_receiver_config *config = &receiver->config;
    struct wm_sync with = *sync;

    with.result = receiver->result;
    memset(receiver->result, 0, config->result_bytes);
    enum wm_status status = config->on_sync(config->user, &with, air_bytes);
    if (status != WM_TOO_SHORT)
        config->on_result(config->user, receiver->result);
    return status;
}

/* Modes that share a centre frequency share a channel; among them T comes before C (receiver order of the mode table). */
static void list_channels(struct wm_receiver *receiver, struct wm_channel_config *channels)
{
    const struct wm_receiver_config *config = &receiver->config;
    bool taken[WM_MODE_COUNT] = {false};

    for (int first = 0; first < WM_MODE_COUNT; first++) {
        struct wm_channel_config channel = {
            .kernels = receiver->kernels,
            .sample_rate_hz = config->sample_rate_hz,
            .decimation = 1,
            .centre_hz = config->centre_hz,
            .rounding_power = rounding_power(config->format),
            .start_time_ns = config->start_time_ns,
            .on_sync = config->on_result ? sync_at_once : config->on_sync,
            .user = config->on_result ? (void *)receiver : config->user,
        };
        for (int mode = first; mode < WM_MODE_COUNT && channel.mode_count < 2; mode++) {
            if (taken[mode] || (config->modes && !(config->modes >> mode & 1)) ||
                !wm_receiver_covers(config->sample_rate_hz, config->centre_hz, (enum wm_mode)mode))
                continue;
            if (channel.mode_count && wm_mode_info((enum wm_mode)mode)->centre_hz != wm_mode_info(channel.modes[0])->centre_hz)
                continue;
            channel.modes[channel.mode_count++] = (enum wm_mode)mode;
            taken[mode] = true;
        }
        if (channel.mode_count > 0 && receiver->channel_count < CHANNELS_MAX)
            channels[receiver->channel_count++] = channel;
    }
}

static double channel_hz(const struct wm_channel_config *channel)
{
    return wm_mode_info(channel->modes[0])->centre_hz;
}

/* What the channel takes of the band, as offsets from the capture's centre. */
static struct wm_span_hz span_of(const struct wm_channel_config *channel, double centre_hz)
{
    double half = 0;

    for (unsigned i = 0; i < channel->mode_count; i++)
        half = fmax(half, wm_mode_info(channel->modes[i])->channel_half_width_hz);
    return (struct wm_span_hz){channel_hz(channel) - half - centre_hz, channel_hz(channel) + half - centre_hz};
}

/* Samples that are worked on at once at this rate; 0: each as it comes. */
static size_t batch_of(const struct wm_receiver *receiver, double rate)
{
    return receiver->config.threads > 1 ? wm_rounds_batch(rate) : 0;
}

/* The channels' streams become those of sub-bands: see phy/subband.h for where a frequency lies in one. */
static enum wm_status create_subbands(struct wm_receiver *receiver, struct wm_channel_config *channels)
{
    const struct wm_receiver_config *config = &receiver->config;
    const double rate = config->sample_rate_hz / receiver->decimation;
    struct wm_span_hz spans[CHANNELS_MAX], bands[CHANNELS_MAX];
    unsigned band_of[CHANNELS_MAX];
    double width = 0;

    for (unsigned i = 0; i < receiver->channel_count; i++)
        spans[i] = span_of(&channels[i], config->centre_hz);
    const unsigned count = wm_subband_plan(config->sample_rate_hz, spans, receiver->channel_count, bands, band_of);
    for (unsigned g = 0; g < count; g++)
        width = fmax(width, bands[g].high - bands[g].low);
    receiver->capture_keep = wm_subband_reach(config->sample_rate_hz, width);
    enum wm_status status = wm_intake_create(receiver->kernels, config->format, receiver->capture_keep, &receiver->intake);
    for (unsigned g = 0; status == WM_OK && g < count; g++) {
        const struct wm_subband_config subband = {
            .kernels = receiver->kernels,
            .capture = receiver->intake,
            .format = config->format,
            .sample_rate_hz = config->sample_rate_hz,
            .pass = bands[g],
            .width_hz = width,
            .keep = wm_channel_reach(rate),
            .batch = batch_of(receiver, rate),
        };
        status = wm_subband_create(&subband, &receiver->subband[g]);
        if (status == WM_OK)
            receiver->subband_count++;
    }
    for (unsigned i = 0; status == WM_OK && i < receiver->channel_count; i++) {
        const struct wm_subband *subband = receiver->subband[band_of[i]];
        channels[i].intake = wm_subband_intake(subband);
        channels[i].sample_rate_hz = rate;
        channels[i].decimation = receiver->decimation;
        channels[i].delay = wm_subband_delay(subband);
        channels[i].centre_hz += rate * round((channel_hz(&channels[i]) - config->centre_hz) / rate);
        /* as white as the noise: the decimated stream has as much of it in a smaller band's share */
        channels[i].rounding_power /= receiver->decimation;
    }
    return status;
}

static enum wm_status create_intake(struct wm_receiver *receiver)
{
    const double rate = receiver->config.sample_rate_hz;

    receiver->capture_keep = wm_channel_reach(rate);
    return wm_intake_create_for(receiver->kernels, receiver->config.format, receiver->capture_keep, batch_of(receiver, rate),
                                &receiver->intake);
}

static enum wm_status create_rounds(struct wm_receiver *receiver, struct wm_channel_config *channels, unsigned count)
{
    const struct wm_receiver_config *config = &receiver->config;
    const struct wm_rounds_config rounds = {.threads = config->threads,
                                            .format = config->format,
                                            .capture = receiver->intake,
                                            .capture_keep = receiver->capture_keep,
                                            .subbands = receiver->subband,
                                            .subband_count = receiver->subband_count,
                                            .decimation = receiver->decimation,
                                            .batch = batch_of(receiver, channels[0].sample_rate_hz),
                                            .channels = channels,
                                            .channel_count = count,
                                            .result_bytes = config->result_bytes,
                                            .on_sync = config->on_sync,
                                            .on_result = config->on_result,
                                            .user = config->user};

    return wm_rounds_create(&rounds, &receiver->rounds);
}

static enum wm_status create_channels(struct wm_receiver *receiver)
{
    const struct wm_receiver_config *config = &receiver->config;
    struct wm_channel_config channels[CHANNELS_MAX];
    enum wm_status status = WM_OK;

    list_channels(receiver, channels);
    const unsigned count = receiver->channel_count;
    if (count == 0)
        return WM_INVALID;
    if (receiver->decimation > 1)
        status = create_subbands(receiver, channels);
    else
        status = create_intake(receiver);
    if (receiver->decimation == 1)
        for (unsigned i = 0; i < count; i++)
            channels[i].intake = receiver->intake;
    receiver->channel_count = 0;
    if (status == WM_OK && config->threads > 1)
        return create_rounds(receiver, channels, count);
    for (unsigned i = 0; status == WM_OK && i < count; i++) {
        status = wm_channel_create(&channels[i], &receiver->channel[i]);
        if (status == WM_OK)
            receiver->channel_count++;
    }
    return status;
}

enum wm_status wm_receiver_create(const struct wm_receiver_config *config, struct wm_receiver **receiver_out)
{
    struct wm_receiver *receiver;
    enum wm_status status;

    if (!(config->sample_rate_hz >= WM_SAMPLE_RATE_MIN_HZ && config->sample_rate_hz <= WM_SAMPLE_RATE_MAX_HZ) || !config->on_sync ||
        config->format >= WM_SAMPLES_COUNT || !isfinite(config->centre_hz) || config->threads > WM_POOL_MAX ||
        (config->threads > 1 && !config->on_result))
        return WM_INVALID;
    receiver = calloc(1, sizeof *receiver);
    if (!receiver)
        return WM_NO_MEMORY;
    receiver->config = *config;
    receiver->result = calloc(1, config->result_bytes + 1);
    receiver->kernels = wm_kernels_select(config->kernels);
    if (!receiver->kernels || !receiver->result) {
        enum wm_status why = receiver->result ? WM_INVALID : WM_NO_MEMORY;
        wm_receiver_destroy(receiver);
        return why;
    }
    receiver->decimation = wm_subband_decimation(config->sample_rate_hz);
    status = create_channels(receiver);
    if (status != WM_OK) {
        wm_receiver_destroy(receiver);
        return status;
    }
    *receiver_out = receiver;
    return WM_OK;
}

void wm_receiver_destroy(struct wm_receiver *receiver)
{
    if (!receiver)
        return;
    wm_rounds_destroy(receiver->rounds);
    for (unsigned i = 0; i < receiver->channel_count; i++)
        wm_channel_destroy(receiver->channel[i]);
    for (unsigned i = 0; i < receiver->subband_count; i++)
        wm_subband_destroy(receiver->subband[i]);
    wm_intake_destroy(receiver->intake);
    free(receiver->result);
    free(receiver);
}

/* Where the channels read from; sub-bands keep step with each other, so an index means the same time in each. */
static const struct wm_intake *channels_intake(const struct wm_receiver *receiver)
{
    return receiver->subband_count ? wm_subband_intake(receiver->subband[0]) : receiver->intake;
}

/* Does all work whose samples have arrived, in the order of the samples it needs. */
static void run(struct wm_receiver *receiver)
{
    const int64_t end = wm_intake_end(channels_intake(receiver));

    for (;;) {
        struct wm_channel *first = NULL;
        int64_t need = end;
        for (unsigned i = 0; i < receiver->channel_count; i++) {
            int64_t next = wm_channel_next(receiver->channel[i]);
            if (next <= need && (!first || next < need)) {
                need = next;
                first = receiver->channel[i];
            }
        }
        if (!first)
            return;
        wm_channel_run(first);
    }
}

/* Does what can be done with what the intake has taken. */
static void advance(struct wm_receiver *receiver)
{
    bool more;

    do {
        more = wm_subband_run_all(receiver->subband, receiver->subband_count);
        run(receiver);
    } while (more);
}

/* What is pushed, for those who fetch. */
static const void *fetch_pushed(void *samples, uint64_t offset, size_t len, void *room, size_t *got)
{
    (void)room;
    *got = len;
    return (const unsigned char *)samples + offset;
}

enum wm_status wm_receiver_push(struct wm_receiver *receiver, const void *samples, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        const int64_t before = wm_intake_end(receiver->intake);
        uint64_t used;
        enum wm_status status = WM_OK;
        if (receiver->rounds) {
            status = wm_rounds_pull(receiver->rounds, fetch_pushed, (void *)samples, at, bytes - at, &used);
        } else {
            used = wm_intake_push(receiver->intake, (const unsigned char *)samples + at, bytes - at);
            advance(receiver);
        }
        at += (size_t)used;
        receiver->samples += (uint64_t)(wm_intake_end(receiver->intake) - before);
        if (status != WM_OK)
            return status;
    }
    return WM_OK;
}

bool wm_receiver_pulls(const struct wm_receiver *receiver)
{
    return receiver->rounds;
}

enum wm_status wm_receiver_pull(struct wm_receiver *receiver, wm_fetch_fn fetch, void *user, uint64_t *taken)
{
    const int64_t before = wm_intake_end(receiver->intake);

    *taken = 0;
    if (!receiver->rounds)
        return WM_INVALID;
    enum wm_status status = wm_rounds_pull(receiver->rounds, fetch, user, 0, UINT64_MAX, taken);
    receiver->samples += (uint64_t)(wm_intake_end(receiver->intake) - before);
    return status;
}

enum wm_status wm_receiver_flush(struct wm_receiver *receiver)
{
    enum wm_status status = WM_OK;
    /* Zeros behind the end let the filters and the sync search see the last samples. */
    size_t zeros = (size_t)(receiver->config.sample_rate_hz * 0.01);

    if (receiver->rounds)
        status = wm_rounds_finish(receiver->rounds, zeros);
    while (!receiver->rounds && zeros > 0) {
        size_t n = zeros < WM_INTAKE_BATCH ? zeros : WM_INTAKE_BATCH;
        wm_intake_pad(receiver->intake, n);
        zeros -= n;
        advance(receiver);
    }
    for (unsigned i = 0; i < receiver->channel_count; i++) {
        wm_channel_finish(receiver->channel[i]);
        wm_channel_reset(receiver->channel[i]);
    }
    for (unsigned i = 0; i < receiver->subband_count; i++)
        wm_subband_reset(receiver->subband[i]);
    wm_intake_reset(receiver->intake);
    if (receiver->rounds)
        wm_rounds_reset(receiver->rounds);
    return status;
}

void wm_receiver_stats(const struct wm_receiver *receiver, struct wm_receiver_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    stats->samples = receiver->samples;
    if (receiver->rounds)
        wm_rounds_stats(receiver->rounds, stats);
    for (unsigned i = 0; i < receiver->channel_count; i++)
        wm_channel_stats(receiver->channel[i], stats);
}

const char *wm_receiver_kernels(const struct wm_receiver *receiver)
{
    return receiver->kernels->name;
}
