/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/receiver.h"

#include "phy/channel.h"
#include "phy/intake.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MAX 4

struct wm_receiver {
    struct wm_receiver_config config;
    const struct wm_kernels *kernels;
    struct wm_intake *intake;
    struct wm_channel *channel[CHANNELS_MAX];
    unsigned channel_count;
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

/* Modes that share a centre frequency share a channel; among them T comes before C (receiver order of the mode table). */
static enum wm_status create_channels(struct wm_receiver *receiver)
{
    const struct wm_receiver_config *config = &receiver->config;
    bool taken[WM_MODE_COUNT] = {false};

    for (int first = 0; first < WM_MODE_COUNT; first++) {
        struct wm_channel_config channel = {
            .kernels = receiver->kernels,
            .intake = receiver->intake,
            .sample_rate_hz = config->sample_rate_hz,
            .centre_hz = config->centre_hz,
            .rounding_power = rounding_power(config->format),
            .start_time_ns = config->start_time_ns,
            .on_sync = config->on_sync,
            .user = config->user,
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
        if (channel.mode_count == 0)
            continue;
        enum wm_status status = wm_channel_create(&channel, &receiver->channel[receiver->channel_count]);
        if (status != WM_OK)
            return status;
        receiver->channel_count++;
    }
    return receiver->channel_count ? WM_OK : WM_INVALID;
}

enum wm_status wm_receiver_create(const struct wm_receiver_config *config, struct wm_receiver **receiver_out)
{
    struct wm_receiver *receiver;
    enum wm_status status;

    if (!(config->sample_rate_hz >= WM_SAMPLE_RATE_MIN_HZ && config->sample_rate_hz <= WM_SAMPLE_RATE_MAX_HZ) || !config->on_sync ||
        config->format >= WM_SAMPLES_COUNT || !isfinite(config->centre_hz))
        return WM_INVALID;
    receiver = calloc(1, sizeof *receiver);
    if (!receiver)
        return WM_NO_MEMORY;
    receiver->config = *config;
    receiver->kernels = wm_kernels_select(config->kernels);
    if (!receiver->kernels) {
        free(receiver);
        return WM_INVALID;
    }
    status = wm_intake_create(receiver->kernels, config->format, wm_channel_reach(config->sample_rate_hz), &receiver->intake);
    if (status == WM_OK)
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
    for (unsigned i = 0; i < receiver->channel_count; i++)
        wm_channel_destroy(receiver->channel[i]);
    wm_intake_destroy(receiver->intake);
    free(receiver);
}

/* Does all work whose samples have arrived, in the order of the samples it needs. */
static void run(struct wm_receiver *receiver)
{
    const int64_t end = wm_intake_end(receiver->intake);

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

enum wm_status wm_receiver_push(struct wm_receiver *receiver, const void *samples, size_t bytes)
{
    const unsigned char *at = samples;

    while (bytes > 0) {
        int64_t before = wm_intake_end(receiver->intake);
        size_t used = wm_intake_push(receiver->intake, at, bytes);
        at += used;
        bytes -= used;
        receiver->samples += (uint64_t)(wm_intake_end(receiver->intake) - before);
        run(receiver);
    }
    return WM_OK;
}

enum wm_status wm_receiver_flush(struct wm_receiver *receiver)
{
    /* Zeros behind the end let the filters and the sync search see the last samples. */
    for (size_t left = (size_t)(receiver->config.sample_rate_hz * 0.01); left > 0;) {
        size_t n = left < WM_INTAKE_BATCH ? left : WM_INTAKE_BATCH;
        wm_intake_pad(receiver->intake, n);
        left -= n;
        run(receiver);
    }
    for (unsigned i = 0; i < receiver->channel_count; i++) {
        wm_channel_finish(receiver->channel[i]);
        wm_channel_reset(receiver->channel[i]);
    }
    wm_intake_reset(receiver->intake);
    return WM_OK;
}

void wm_receiver_stats(const struct wm_receiver *receiver, struct wm_receiver_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    stats->samples = receiver->samples;
    for (unsigned i = 0; i < receiver->channel_count; i++)
        wm_channel_stats(receiver->channel[i], stats);
}

const char *wm_receiver_kernels(const struct wm_receiver *receiver)
{
    return receiver->kernels->name;
}
