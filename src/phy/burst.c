/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/burst.h"

#include "phy/demodulator.h"
#include "phy/sync_word.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLLOW_MIN        0.65f /* of the sync word's amplitude that C's second word must have */
#define FOLLOW_SURE       0.85f /* above which a T reading gets no repair */
#define SYNC_MIDDLE_CHIPS 19    /* from the middle of the searched sequence to its end */
#define STRONG_DB         12.0f /* Ec/N0 above which one chip in 5000 is wrong without any phase reference */
#define AGAIN_MAX         4     /* 15 chips more than planned */

struct wm_bursts {
    struct wm_bursts_config config;
    struct wm_burst burst[WM_BURSTS_MAX];
    struct wm_demodulator *demodulator[2];
    struct wm_burst_counts counts;
    /* inside the callback */
    struct wm_signal signal;
    struct wm_burst *current;
};

enum wm_status wm_bursts_create(const struct wm_bursts_config *config, struct wm_bursts **bursts_out)
{
    struct wm_bursts *bursts = calloc(1, sizeof *bursts);
    enum wm_status status = WM_OK;

    if (!bursts)
        return WM_NO_MEMORY;
    bursts->config = *config;
    for (unsigned i = 0; status == WM_OK && i < config->mode_count; i++) {
        const struct wm_mode_info *info = wm_mode_info(config->modes[i]);
        const double slowest = config->band->rate_hz / info->chip_rate_cps / (1 - info->clock_tolerance) * 1.02;
        status = wm_demodulator_create(config->kernels, config->modes[i], slowest, &bursts->demodulator[i]);
    }
    if (status != WM_OK) {
        wm_bursts_destroy(bursts);
        return status;
    }
    *bursts_out = bursts;
    return WM_OK;
}

void wm_bursts_destroy(struct wm_bursts *bursts)
{
    if (!bursts)
        return;
    for (unsigned i = 0; i < 2; i++)
        wm_demodulator_destroy(bursts->demodulator[i]);
    free(bursts);
}

void wm_bursts_reset(struct wm_bursts *bursts)
{
    memset(bursts->burst, 0, sizeof bursts->burst);
    for (unsigned i = 0; i < bursts->config.mode_count; i++)
        wm_demodulator_reset(bursts->demodulator[i]);
}

struct wm_burst_counts *wm_bursts_counts(struct wm_bursts *bursts)
{
    return &bursts->counts;
}

/* ---- those that wait */

struct wm_burst *wm_bursts_add(struct wm_bursts *bursts, const struct wm_chip_timing *timing, float amplitude, double strength,
                               const float follows[2])
{
    struct wm_burst *burst = NULL;

    for (int i = 0; i < WM_BURSTS_MAX && !burst; i++)
        if (!bursts->burst[i].used)
            burst = &bursts->burst[i];
    if (!burst) /* five bursts at once: the oldest has waited longest in vain */
        burst = &bursts->burst[0];
    *burst = (struct wm_burst){.used = true, .timing = *timing, .amplitude = amplitude, .strength = strength, .mode_at = -1};
    for (int i = 0; i < 2; i++)
        burst->follows[i] = follows[i] / fmaxf(amplitude, 1e-20f);
    return burst;
}

bool wm_bursts_any(const struct wm_bursts *bursts)
{
    for (int i = 0; i < WM_BURSTS_MAX; i++)
        if (bursts->burst[i].used)
            return true;
    return false;
}

struct wm_burst *wm_bursts_at(struct wm_bursts *bursts, unsigned n)
{
    return bursts->burst[n].used ? &bursts->burst[n] : NULL;
}

int64_t wm_burst_need(const struct wm_bursts *bursts, const struct wm_burst *burst)
{
    return burst->early ? burst->early_need : wm_band_need(bursts->config.band, burst->need);
}

struct wm_burst *wm_bursts_next(const struct wm_bursts *bursts)
{
    const struct wm_burst *next = NULL;

    for (int i = 0; i < WM_BURSTS_MAX; i++) {
        const struct wm_burst *burst = &bursts->burst[i];
        if (burst->used && (!next || wm_burst_need(bursts, burst) < wm_burst_need(bursts, next)))
            next = burst;
    }
    return (struct wm_burst *)next;
}

int64_t wm_bursts_oldest(const struct wm_bursts *bursts)
{
    int64_t oldest = INT64_MAX;

    for (int i = 0; i < WM_BURSTS_MAX; i++) {
        const struct wm_burst *burst = &bursts->burst[i];
        const int64_t begin = (int64_t)(burst->timing.start - 80 * burst->timing.period);
        if (burst->used && begin < oldest)
            oldest = begin;
    }
    return oldest;
}

void wm_burst_cut(struct wm_burst *burst, int64_t at)
{
    burst->cut = true;
    burst->early = false;
    burst->cut_at = at;
}

/* ---- what a burst says of itself */

/* Chips between the sequence that was searched and the data. */
static unsigned second_sync(const struct wm_mode_info *info)
{
    return info->code == WM_CODE_NRZ ? WM_SECOND_SYNC_CHIPS : 0;
}

static void describe(const struct wm_bursts *bursts, const struct wm_burst *burst, float noise_density, struct wm_signal *signal)
{
    const struct wm_mode_info *info = wm_mode_info(bursts->config.modes[burst->mode_at]);
    const double skip = second_sync(info) * burst->timing.period;
    const double here = wm_band_stream_time(bursts->config.band, burst->timing.start + skip);
    const double at = here * bursts->config.decimation + bursts->config.delay;
    const double power = (double)burst->amplitude * (double)burst->amplitude;

    *signal = (struct wm_signal){
        .sample_index = at > 0 ? (uint64_t)at : 0,
        .time_ns = bursts->config.start_time_ns,
        .channel_hz = info->centre_hz,
        .offset_hz = (float)(burst->timing.carrier * bursts->config.band->rate_hz),
        .rssi_dbfs = (float)(10 * log10(power + 1e-30)),
        .snr_db = (float)(10 * log10(power / info->chip_rate_cps / ((double)noise_density / bursts->config.band->rate_hz + 1e-30) +
                                     1e-30)),
        .deviation_hz = (float)(burst->timing.h * info->chip_rate_cps / 2),
        .clock_ppm = (float)((bursts->config.band->rate_hz / info->chip_rate_cps / burst->timing.period - 1) * 1e6),
    };
    if (signal->time_ns != WM_TIME_UNKNOWN)
        signal->time_ns += (int64_t)llround(at / bursts->config.sample_rate_hz / bursts->config.decimation * 1e9);
}

/* What the demodulator has learnt of the burst over so many chips is better than what the sync word told. */
static void refine_signal(struct wm_bursts *bursts, const struct wm_burst *burst, size_t bytes)
{
    const struct wm_mode_info *info = wm_mode_info(bursts->config.modes[burst->mode_at]);
    const struct wm_chip_timing *tracked = wm_demodulator_timing(bursts->demodulator[burst->mode_at]);
    const double skip = second_sync(info) * burst->timing.period;
    const double chips = (double)bytes * info->chips_per_byte;
    /* the last block's clock drawn to the frame's end, against where the sync word put its beginning: the mean over the frame */
    const double period = (tracked->start + chips * tracked->period - (burst->timing.start + skip)) / chips;

    bursts->signal.offset_hz = (float)(tracked->carrier * bursts->config.band->rate_hz);
    bursts->signal.deviation_hz = (float)(tracked->h * info->chip_rate_cps / 2);
    bursts->signal.clock_ppm = (float)((bursts->config.band->rate_hz / info->chip_rate_cps / period - 1) * 1e6);
}

/* ---- reading */

/* The head of a frame is asked for twice: to learn the length, and again when the whole has arrived. Its first reading is kept. */
static enum wm_status read_soft(void *self, unsigned tier, size_t bytes, struct wm_soft *soft)
{
    struct wm_bursts *bursts = self;
    struct wm_burst *burst = bursts->current;

    if (tier == 0 && bytes == burst->head_bytes) {
        memcpy(soft->bytes, burst->head, bytes);
        soft->len = bytes;
        soft->event_count = soft->invalid_words = 0;
        soft->events = NULL;
        soft->format = burst->format;
        return WM_OK;
    }
    size_t heard =
        bytes; /* a wrong L is told by the CRC in any tier, and is right in a later one perhaps: no need to wait for it */
    if (burst->cut) {
        const struct wm_mode_info *info = wm_mode_info(bursts->config.modes[burst->mode_at]);
        const double skip = second_sync(info) * burst->timing.period;
        const double most = ((double)burst->cut_at - burst->timing.start - skip) / (burst->timing.period * info->chips_per_byte);
        heard = most < 1 ? 1 : most < (double)bytes ? (size_t)most : bytes;
    }
    if (burst->early && tier > 0) { /* the early reading is for frames that need no care */
        burst->short_tier = tier;
        return WM_TOO_SHORT;
    }
    enum wm_status status = wm_demodulator_read(bursts->demodulator[burst->mode_at], tier, heard, soft);
    if (status == WM_TOO_SHORT) {
        burst->short_tier = tier;
        if (burst->again == AGAIN_MAX) /* what no sample will mend: a timing that ran away */
            return WM_END;
    }
    if (status == WM_OK) {
        refine_signal(bursts, burst, heard);
        memset(soft->bytes + heard, 0, bytes - heard);
        soft->len = bytes;
    }
    if (status == WM_OK && tier == 0 && bytes <= sizeof burst->head) {
        memcpy(burst->head, soft->bytes, bytes);
        burst->head_bytes = bytes;
        burst->format = soft->format;
    }
    return status;
}

/* Plans the reading of a frame of so many bytes: when all its samples and the filters' reach behind it have arrived, and before
 * that when its last chip has, once, where nothing but samples was missing so far. */
static void plan(const struct wm_bursts *bursts, struct wm_burst *burst, size_t bytes)
{
    const struct wm_mode_info *info = wm_mode_info(bursts->config.modes[burst->mode_at]);
    const double nominal = bursts->config.band->rate_hz / info->chip_rate_cps;
    /* a clock still known badly gets some slack */
    const double slack = fabs(burst->timing.period / nominal - 1) > 0.005 ? 0.004 : 0.0004;
    const double chips = (double)bytes * info->chips_per_byte + second_sync(info);
    const int64_t need = wm_correlator_need(&burst->timing, (long)ceil(chips * (1 + slack)) + 1);

    const bool was_early = burst->early;

    burst->early = !was_early && burst->short_tier == 0 && burst->head_bytes > 0 && need > burst->need;
    burst->early_need = (int64_t)ceil(wm_band_stream_time(bursts->config.band, burst->timing.start + chips * burst->timing.period));
    if (need > burst->need)
        burst->need = need;
    else if (!was_early) /* asked again for what had arrived: the tracked clock runs past it; 1, 2, 4 … chips more */
        burst->need += (int64_t)ceil(burst->timing.period * (double)(1u << burst->again++));
}

/* The mode to try next: in the table's order, T before C, but C first where its second word is beyond doubt. -1: none is left. */
static int next_mode(const struct wm_bursts *bursts, const struct wm_burst *burst)
{
    const float second = fmaxf(burst->follows[0], burst->follows[1]);
    int next = -1;

    for (int i = (int)bursts->config.mode_count; i-- > 0;) {
        const bool nrz = wm_mode_info(bursts->config.modes[i])->code == WM_CODE_NRZ;
        if (burst->tried >> i & 1 || (nrz && second < FOLLOW_MIN))
            continue;
        if (nrz && second >= FOLLOW_SURE)
            return i;
        next = i;
    }
    return next;
}

enum wm_burst_outcome wm_bursts_offer(struct wm_bursts *bursts, struct wm_burst *burst, float noise_density,
                                      struct wm_burst_frame *frame)
{
    const struct wm_soft_source source = {.read = read_soft, .self = bursts};
    const struct wm_band *band = bursts->config.band;

    bursts->current = burst;
    for (;; burst->tried |= 1u << burst->mode_at, burst->mode_at = -1) {
        const bool first_call = burst->mode_at < 0;
        if (first_call) {
            burst->mode_at = next_mode(bursts, burst);
            burst->head_bytes = 0;
            burst->again = 0;
        }
        if (burst->mode_at < 0) {
            burst->used = false;
            return WM_BURST_VAIN;
        }
        const enum wm_mode mode = bursts->config.modes[burst->mode_at];
        struct wm_demodulator *demodulator = bursts->demodulator[burst->mode_at];
        const bool nrz = wm_mode_info(mode)->code == WM_CODE_NRZ;
        const float second = fmaxf(burst->follows[0], burst->follows[1]);
        enum wm_format format = WM_FORMAT_A;
        struct wm_chip_timing timing = burst->timing;

        if (nrz) {
            format = burst->follows[1] > burst->follows[0] ? WM_FORMAT_B : WM_FORMAT_A;
            /* C's clock is a crystal's: a period fitted to the sync word alone would only add noise; its middle stays */
            const double nominal = band->rate_hz / wm_mode_info(mode)->chip_rate_cps;
            timing.start -= SYNC_MIDDLE_CHIPS * (timing.period - nominal);
            timing.period = nominal;
            timing.start += WM_SECOND_SYNC_CHIPS * nominal;
        }
        describe(bursts, burst, noise_density, &bursts->signal);
        bursts->counts.syncs[burst->mode_at] += first_call;
        wm_demodulator_begin(demodulator, &band->stretch, &timing, format, noise_density,
                             nrz || second<FOLLOW_SURE, bursts->signal.snr_db> STRONG_DB);
        struct wm_sync sync = {.mode = mode, .format = format, .signal = &bursts->signal, .source = &source};
        size_t bytes = 0;
        enum wm_status status = bursts->config.on_sync(bursts->config.user, &sync, &bytes);
        if (status == WM_TOO_SHORT) {
            plan(bursts, burst, bytes);
            return WM_BURST_WAITS;
        }
        if (status == WM_OK) {
            const struct wm_chip_timing *tracked = wm_demodulator_timing(demodulator);
            *frame = (struct wm_burst_frame){.mode = mode,
                                             .end = tracked->start +
                                                    (double)bytes * wm_mode_info(mode)->chips_per_byte * tracked->period,
                                             .period = tracked->period};
            bursts->counts.frames[burst->mode_at]++;
            burst->used = false;
            return WM_BURST_READ;
        }
    }
}

static enum wm_status read_nothing(void *self, unsigned tier, size_t bytes, struct wm_soft *soft)
{
    (void)self;
    (void)tier;
    (void)bytes;
    (void)soft;
    return WM_END;
}

void wm_bursts_finish(struct wm_bursts *bursts, float noise_density)
{
    const struct wm_soft_source source = {.read = read_nothing, .self = NULL};

    for (struct wm_burst *burst = wm_bursts_next(bursts); burst; burst = wm_bursts_next(bursts)) {
        struct wm_signal signal;
        size_t bytes = 0;
        describe(bursts, burst, noise_density, &signal);
        struct wm_sync sync = {
            .mode = bursts->config.modes[burst->mode_at], .format = WM_FORMAT_A, .signal = &signal, .source = &source};
        if (bursts->config.on_sync(bursts->config.user, &sync, &bytes) == WM_OK)
            bursts->counts.frames[burst->mode_at]++;
        burst->used = false;
    }
}
