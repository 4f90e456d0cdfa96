/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/air.h"

#include "dsp/modulate.h"
#include "phy/transmitter.h"

#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sync belongs to the transmission whose data begin this close by, in chips: the alternating preamble makes the receiver's first
 * try at a burst land a few pairs early now and then, which is no stranger but must not be read. */
#define NEAR_CHIPS 1.5
#define HEAD_BYTES 12
#define TIERS_MAX  16

void air_open(struct air *air, double sample_rate_hz, double centre_hz, double seconds, double noise_rms, uint64_t seed)
{
    memset(air, 0, sizeof *air);
    air->sample_rate_hz = sample_rate_hz;
    air->centre_hz = centre_hz;
    air->samples = (size_t)(seconds * sample_rate_hz);
    air->noise_variance = noise_rms * noise_rms;
    air->x = calloc(air->samples, sizeof *air->x);
    ck_assert_ptr_nonnull(air->x);
    wm_rng_seed(&air->rng, seed);
    if (noise_rms > 0)
        wm_channel_noise(&air->rng, air->noise_variance, air->x, air->samples);
}

void air_close(struct air *air)
{
    free(air->x);
    air->x = NULL;
}

struct air_frame *air_send(struct air *air, const struct air_burst *burst)
{
    const struct wm_mode_info *info = wm_mode_info(burst->mode);
    struct air_frame *frame = &air->frame[air->count++];
    struct wm_modulator *modulator = NULL;
    size_t count, first_data;

    ck_assert_uint_le(air->count, AIR_FRAMES_MAX);
    ck_assert_uint_le(burst->bytes, AIR_BYTES_MAX);
    frame->burst = *burst;
    if (frame->burst.format == WM_FORMAT_NONE)
        frame->burst.format = WM_FORMAT_A;
    for (size_t i = 0; i < burst->bytes; i++)
        frame->bytes[i] = (uint8_t)wm_rng_below(&air->rng, 256);

    struct wm_transmission tx = {.mode = burst->mode,
                                 .format = burst->format,
                                 .air = {frame->bytes, burst->bytes},
                                 .preamble_pairs = burst->preamble_pairs,
                                 .tail_chips = burst->tail_chips};
    size_t cap = wm_transmission_chips(&tx);
    uint8_t *chips = malloc(cap);
    ck_assert_ptr_nonnull(chips);
    ck_assert_int_eq(wm_transmission_build(&tx, chips, cap, &count, &first_data), WM_OK);

    frame->deviation_hz = burst->deviation_hz > 0 ? burst->deviation_hz : info->deviation_hz;
    frame->amplitude = burst->amplitude > 0
                           ? burst->amplitude
                           : wm_channel_amplitude(burst->ec_n0_db, info->chip_rate_cps, air->sample_rate_hz, air->noise_variance);
    struct wm_modulation modulation = {.sample_rate_hz = air->sample_rate_hz,
                                       .chip_rate_cps = info->chip_rate_cps * (1 + burst->clock_ppm * 1e-6),
                                       .deviation_hz = frame->deviation_hz,
                                       .bt = burst->bt,
                                       .offset_hz = info->centre_hz - air->centre_hz + burst->offset_hz,
                                       .start_sample = burst->at_s * air->sample_rate_hz,
                                       .phase_rad = wm_rng_range(&air->rng, 0, 6.28),
                                       .amplitude = frame->amplitude};
    ck_assert_int_eq(wm_modulator_create(&modulation, chips, count, &modulator), WM_OK);
    wm_modulator_add(modulator, 0, air->x, air->samples);
    frame->data_sample = wm_modulator_chip_time(modulator, first_data);
    frame->end_sample = wm_modulator_chip_time(modulator, count);
    wm_modulator_destroy(modulator);
    free(chips);
    return frame;
}

void air_heard_once(const struct air *air)
{
    for (size_t i = 0; i < air->count; i++) {
        const struct air_burst *b = &air->frame[i].burst;
        ck_assert_msg(air->frame[i].heard == 1,
                      "frame %zu (mode %s, %zu bytes, %.1f dB, %+.0f Hz, %+.0f ppm, %.0f Hz, at %.3f s): heard %u times", i,
                      wm_mode_info(b->mode)->name, b->bytes, b->ec_n0_db, b->offset_hz, b->clock_ppm, air->frame[i].deviation_hz,
                      b->at_s, air->frame[i].heard);
    }
}

/* Some of everything: T, C in both formats, S with the short and the long preamble, with every error a transmitter may have. */
void air_send_mix(struct air *air, double ec_n0_db)
{
    static const struct air_burst mix[] = {
        {.mode = WM_MODE_T, .bytes = 40, .at_s = 0.020, .offset_hz = 21e3, .clock_ppm = 3000, .deviation_hz = 55e3, .bt = 0.5},
        {.mode = WM_MODE_S, .bytes = 30, .at_s = 0.022, .offset_hz = -15e3, .clock_ppm = 100, .tail_chips = 3},
        {.mode = WM_MODE_C, .bytes = 61, .at_s = 0.035, .offset_hz = -8e3, .clock_ppm = 30, .bt = 0.5},
        {.mode = WM_MODE_C, .format = WM_FORMAT_B, .bytes = 34, .at_s = 0.046, .offset_hz = 12e3, .clock_ppm = -60},
        {.mode = WM_MODE_S, .bytes = 21, .at_s = 0.052, .preamble_pairs = 279, .offset_hz = 30e3, .deviation_hz = 60e3},
        {.mode = WM_MODE_T, .bytes = 15, .at_s = 0.060, .offset_hz = -50e3, .clock_ppm = -40000, .deviation_hz = 42e3},
    };

    for (size_t i = 0; i < sizeof mix / sizeof *mix; i++) {
        struct air_burst burst = mix[i];
        burst.ec_n0_db = ec_n0_db;
        air_send(air, &burst);
    }
}

uint8_t *air_samples(const struct air *air, enum wm_sample_format format, double gain, size_t *bytes)
{
    float complex *x = malloc((air->samples + 1) * sizeof *x);
    uint8_t *out = malloc((air->samples + 1) * wm_sample_format_bytes(format));

    ck_assert(x && out);
    for (size_t i = 0; i < air->samples; i++)
        x[i] = air->x[i] * (float)gain;
    wm_channel_quantise(format, x, air->samples, out);
    free(x);
    *bytes = air->samples * wm_sample_format_bytes(format);
    return out;
}

void ear_open(struct ear *ear, struct air *air)
{
    memset(ear, 0, sizeof *ear);
    ear->air = air;
    for (size_t i = 0; i < air->count; i++)
        air->frame[i].heard = air->frame[i].told_of_end = 0;
}

void ear_close(struct ear *ear)
{
    free(ear->log);
    ear->log = NULL;
}

__attribute__((format(printf, 2, 3))) static void say(struct ear *ear, const char *format, ...)
{
    va_list args;

    if (ear->log_cap - ear->log_len < 1024) {
        ear->log_cap = 2 * ear->log_cap + 4096;
        ear->log = realloc(ear->log, ear->log_cap);
        ck_assert_ptr_nonnull(ear->log);
    }
    va_start(args, format);
    ear->log_len += (size_t)vsnprintf(ear->log + ear->log_len, ear->log_cap - ear->log_len, format, args);
    va_end(args);
}

static void say_soft(struct ear *ear, const struct wm_soft *soft)
{
    for (size_t i = 0; i < soft->len; i++)
        say(ear, "%02x", soft->bytes[i]);
    for (size_t i = 0; i < soft->event_count; i++)
        say(ear, " %x:%x:%a", soft->events[i].last_bit, soft->events[i].mask, (double)soft->events[i].cost);
    say(ear, "\n");
}

/* What every soft answer promises, whatever was received. */
static void check_soft(const struct wm_soft *soft, size_t bytes, enum wm_format format)
{
    ck_assert_uint_eq(soft->len, bytes);
    ck_assert_int_eq(soft->format, format);
    for (size_t i = 0; i < soft->event_count; i++) {
        const struct wm_error_event *event = &soft->events[i];
        ck_assert_uint_lt(event->last_bit, 8 * bytes);
        ck_assert(event->mask & 1);
        ck_assert_uint_le(32 - (unsigned)__builtin_clz(event->mask), event->last_bit + 1); /* begins inside the frame */
        ck_assert(event->cost >= 0);
        ck_assert(i == 0 || event->last_bit >= soft->events[i - 1].last_bit);
    }
}

static struct air_frame *frame_of(struct air *air, const struct wm_sync *sync)
{
    for (size_t i = 0; i < air->count; i++) {
        struct air_frame *frame = &air->frame[i];
        double chip = air->sample_rate_hz / wm_mode_info(frame->burst.mode)->chip_rate_cps;
        if (frame->burst.mode == sync->mode && fabs((double)sync->signal->sample_index - frame->data_sample) < NEAR_CHIPS * chip)
            return frame;
    }
    return NULL;
}

enum wm_status ear_on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    static struct wm_soft soft; /* one receiver at a time */
    struct ear *ear = user;
    const struct wm_signal *signal = sync->signal;
    struct air_frame *frame = frame_of(ear->air, sync);
    enum wm_status result = WM_INTEGRITY;

    ear->calls++;
    say(ear, "sync %d %d %llu %lld %a %a %a %a %a %a\n", sync->mode, sync->format, (unsigned long long)signal->sample_index,
        (long long)signal->time_ns, signal->channel_hz, (double)signal->offset_hz, (double)signal->rssi_dbfs,
        (double)signal->snr_db, (double)signal->deviation_hz, (double)signal->clock_ppm);
    if (!frame) {
        ear->strangers++;
        return WM_NOT_MINE;
    }
    /* as a link layer does, which must learn the length first */
    if (frame->burst.bytes > HEAD_BYTES && sync->source->read(sync->source->self, 0, HEAD_BYTES, &soft) == WM_TOO_SHORT) {
        say(ear, "head\n");
        *air_bytes = HEAD_BYTES;
        return WM_TOO_SHORT;
    }
    for (unsigned tier = 0; tier < TIERS_MAX; tier++) {
        enum wm_status status = sync->source->read(sync->source->self, tier, frame->burst.bytes, &soft);
        say(ear, "tier %u: %d ", tier, status);
        if (status == WM_TOO_SHORT) {
            say(ear, "\n");
            *air_bytes = frame->burst.bytes;
            return result == WM_OK ? WM_OK : WM_TOO_SHORT; /* read early: the higher tiers wait for more */
        }
        if (status != WM_OK) {
            ck_assert_int_eq(status, WM_END);
            frame->told_of_end += tier == 0;
            return result;
        }
        check_soft(&soft, frame->burst.bytes, sync->format);
        say_soft(ear, &soft);
        if (result != WM_OK && sync->format == frame->burst.format && memcmp(soft.bytes, frame->bytes, soft.len) == 0) {
            frame->heard++;
            frame->tier = tier;
            frame->signal = *signal;
            *air_bytes = frame->burst.bytes;
            result = WM_OK;
        }
        if (result == WM_OK && !ear->reads_all_tiers)
            break;
    }
    return result;
}

struct wm_receiver *ear_receiver(struct ear *ear, enum wm_sample_format format, const char *kernels)
{
    struct wm_receiver *receiver = NULL;
    struct wm_receiver_config config = {.format = format,
                                        .sample_rate_hz = ear->air->sample_rate_hz,
                                        .centre_hz = ear->air->centre_hz,
                                        .start_time_ns = WM_TIME_UNKNOWN,
                                        .kernels = kernels,
                                        .on_sync = ear_on_sync,
                                        .user = ear};

    ck_assert_int_eq(wm_receiver_create(&config, &receiver), WM_OK);
    return receiver;
}

void ear_listen(struct wm_receiver *receiver, const uint8_t *samples, size_t bytes, size_t step)
{
    step = step == 0 || step > bytes ? bytes : step;
    /* each part ends where its memory ends: reading past what was pushed is seen by the sanitizer */
    uint8_t *part = malloc(step + 1);
    ck_assert_ptr_nonnull(part);
    for (size_t at = 0; at < bytes; at += step) {
        size_t n = bytes - at < step ? bytes - at : step;
        uint8_t *from = part + step + 1 - n; /* + 1: floats and 16-bit samples at odd addresses */
        memcpy(from, samples + at, n);
        if (wm_receiver_push(receiver, from, n) != WM_OK) /* an assert each time would be the slowest part by far */
            ck_abort_msg("push at %zu", at);
    }
    free(part);
    ck_assert_int_eq(wm_receiver_flush(receiver), WM_OK);
}

void ear_hear(struct ear *ear, enum wm_sample_format format, const char *kernels)
{
    struct wm_receiver *receiver = ear_receiver(ear, format, kernels);
    size_t bytes;
    uint8_t *samples = air_samples(ear->air, format, 1, &bytes);

    ear_listen(receiver, samples, bytes, 0);
    free(samples);
    wm_receiver_destroy(receiver);
}
