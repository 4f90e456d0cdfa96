/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/channel.h"

#include "dsp/sync.h"
#include "phy/allowance.h"
#include "phy/baseband.h"
#include "phy/demodulator.h"
#include "phy/sync_word.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_BURST_S   0.16 /* mode S, L = 255, slowest clock, with its sync word */
#define REACH_S           0.01 /* twice what a gate that opens goes back: 13 cells, and what notches settle in */
#define WAITING_MAX       4
#define GUARD_CHIPS       20    /* a better sync position this far on replaces a candidate: the preamble resembles itself */
#define RISE              2.5   /* power step that reopens the search inside a burst */
#define FOLLOW_MIN        0.65f /* of the sync word's amplitude that C's second word must have */
#define FOLLOW_SURE       0.85f /* above which a T reading gets no repair */
#define SYNC_MIDDLE_CHIPS 19    /* from the middle of the searched sequence to its end */
#define ACQUIRE_CHIPS     42    /* acquisition looks so far beyond the sequence, slid twice by 18 chips, at either end */
#define SAME_CHIPS        0.1   /* two acquisitions that differ by less are one */
#define SAME_HZ           2e3
#define RESUME_CHIPS      6     /* behind the beginning of a sequence that was taken, the search goes on */
#define STRONG_DB         12.0f /* Ec/N0 above which one chip in 5000 is wrong without any phase reference */
#define HEAD_MAX          16    /* bytes of a frame that are kept from one call to the next */
#define AGAIN_MAX         4     /* 15 chips more than planned */
#define HANG_UP_CELLS     7     /* so many quiet ones in a row, 1.1 ms, and nobody is sending a frame any more */

/* What has been put off while a burst was waited for is caught up with by and by, so that no millisecond of air costs much more
 * than another, whatever it holds: 8 batches of positions a cell (10 times what comes in), and acquisitions by phy/allowance.h. */
#define SEARCH_BATCHES 8

/* A sync word whose frame has not been read yet. */
struct waiting {
    bool used;
    struct wm_chip_timing timing;
    float amplitude;
    double strength;  /* of the candidate */
    int mode_at;      /* index into config.modes that is being tried; -1: the next is to be chosen */
    unsigned tried;   /* bit by index */
    float follows[2]; /* C's second word, format A and B, relative to the sync word */
    int64_t need;     /* baseband samples */
    bool early;       /* the frame is to be read first when its last chip has been heard, at stream sample early_need */
    int64_t early_need;
    bool cut; /* the transmission ended at baseband sample cut_at, before the frame that its L tells of */
    int64_t cut_at;
    unsigned short_tier;    /* that could not read for want of samples */
    unsigned again;         /* so many times what had been planned for did not do */
    uint8_t head[HEAD_MAX]; /* as first read */
    size_t head_bytes;      /* 0: not yet */
    enum wm_format format;
};

struct wm_channel {
    struct wm_channel_config config;
    struct wm_listener *listener;
    bool open;
    int64_t cell; /* next one */
    int64_t cell_samples;
    unsigned window; /* cells */
    /* what was heard in the last cell that was followed; cells come from the listener or from a script */
    struct wm_cell now;
    const struct wm_cell *script;
    int64_t script_first;
    struct wm_band band; /* knows the converter's offset too */
    /* search */
    struct wm_sync_finder *finder;
    int64_t search_at;  /* next position, baseband samples */
    int64_t search_end; /* last position wanted, when the gate is closed */
    bool searching;
    struct wm_chip_timing taken; /* of the last burst that was taken */
    int64_t resume_at;           /* where the search went on behind it */
    size_t sequence_chips;
    bool has_best;
    struct wm_sync_candidate best;
    double level_at_sync;
    unsigned quiet_cells; /* in a row */
    struct wm_allowance allowance;
    struct waiting waiting[WAITING_MAX];
    struct wm_demodulator *demodulator[2];
    struct wm_signal signal; /* of the burst inside the callback */
    struct waiting *current; /* inside the callback */
    /* statistics: kept over a reset */
    struct wm_channel_counts counts;
};

static const struct wm_mode_info *mode_info(const struct wm_channel *channel)
{
    return wm_mode_info(channel->config.modes[0]);
}

size_t wm_channel_reach(double sample_rate_hz)
{
    return (size_t)(sample_rate_hz * REACH_S);
}

enum wm_status wm_channel_create(const struct wm_channel_config *config, struct wm_channel **channel_out)
{
    struct wm_channel *channel = calloc(1, sizeof *channel);
    const double rate = config->sample_rate_hz;
    enum wm_status status;

    if (!channel)
        return WM_NO_MEMORY;
    channel->config = *config;
    const struct wm_mode_info *info = mode_info(channel);
    const double offset_hz = info->centre_hz - config->centre_hz;
    const bool slow = info->code == WM_CODE_MANCHESTER;
    const struct wm_listener_config listener = {.kernels = config->kernels,
                                                .intake = config->intake,
                                                .sample_rate_hz = rate,
                                                .offset_hz = offset_hz,
                                                .rounding_power = config->rounding_power,
                                                .window = slow ? 8 : 2,
                                                .ratio = slow ? 1.25 : 1.6};
    channel->listener = config->listener;
    status = channel->listener ? WM_OK : wm_listener_create(&listener, &channel->listener);
    if (status == WM_OK)
        status = wm_band_open(&channel->band, config->kernels, config->intake, rate, offset_hz, 2 * (LONGEST_BURST_S + 0.03));
    if (status == WM_OK) {
        channel->cell_samples = wm_listener_cell_samples(channel->listener);
        channel->window = listener.window;
    }
    if (status == WM_OK)
        status = wm_sync_word_finder_create(config->kernels, config->modes, config->mode_count, channel->band.rate_hz,
                                            &channel->sequence_chips, &channel->finder);
    double slowest = channel->band.rate_hz / info->chip_rate_cps / (1 - info->clock_tolerance) * 1.02;
    for (unsigned i = 0; status == WM_OK && i < config->mode_count; i++)
        status = wm_demodulator_create(config->kernels, config->modes[i], slowest, &channel->demodulator[i]);
    if (status != WM_OK) {
        wm_channel_destroy(channel);
        return status;
    }
    wm_channel_reset(channel);
    *channel_out = channel;
    return WM_OK;
}

void wm_channel_destroy(struct wm_channel *channel)
{
    if (!channel)
        return;
    wm_band_close(&channel->band);
    if (!channel->config.listener)
        wm_listener_destroy(channel->listener);
    wm_sync_finder_destroy(channel->finder);
    for (unsigned i = 0; i < 2; i++)
        wm_demodulator_destroy(channel->demodulator[i]);
    free(channel);
}

void wm_channel_reset(struct wm_channel *channel)
{
    if (!channel->config.listener)
        wm_listener_reset(channel->listener);
    channel->now = (struct wm_cell){.floor = channel->now.floor}; /* a figure of the statistics, which a reset keeps */
    wm_channel_begin_at(channel, 0);
}

void wm_channel_begin_at(struct wm_channel *channel, int64_t cell)
{
    channel->open = channel->searching = channel->has_best = false;
    channel->cell = cell;
    wm_band_reset(&channel->band);
    for (unsigned i = 0; i < channel->config.mode_count; i++)
        wm_demodulator_reset(channel->demodulator[i]);
    channel->search_at = channel->search_end = channel->resume_at = 0;
    channel->taken.start = -1e9;
    channel->level_at_sync = 0;
    channel->quiet_cells = 0;
    wm_allowance_reset(&channel->allowance, cell);
    memset(channel->waiting, 0, sizeof channel->waiting);
}

/* ---- baseband */

static int64_t cell_need(const struct wm_channel *channel)
{
    return wm_listener_need(channel->listener, channel->cell, channel->band.filter.fir.taps);
}

/* Baseband samples that acquisition looks at before a sequence, and behind it. */
static int64_t acquire_reach(const struct wm_channel *channel)
{
    const struct wm_mode_info *info = mode_info(channel);
    const double period = channel->band.rate_hz / info->chip_rate_cps * (1 + 1.3 * info->clock_tolerance);

    return (int64_t)(ACQUIRE_CHIPS * period) + 2 * WM_CHIP_MARGIN;
}

static int64_t oldest_wanted(const struct wm_channel *channel)
{
    const struct wm_sync_candidate *best = &channel->best;
    int64_t oldest = channel->search_at;

    if (channel->has_best) {
        const int64_t begin = (int64_t)(best->start - (double)channel->sequence_chips * best->period);
        oldest = begin < oldest ? begin : oldest;
    }
    oldest -= acquire_reach(channel);
    for (int i = 0; i < WAITING_MAX; i++) {
        const struct waiting *w = &channel->waiting[i];
        int64_t begin = (int64_t)(w->timing.start - 80 * w->timing.period);
        if (w->used && begin < oldest)
            oldest = begin;
    }
    return oldest - 8;
}

static void extend(struct wm_channel *channel, int64_t end)
{
    wm_band_extend(&channel->band, end, oldest_wanted(channel));
}

/* Begins a new stretch of baseband at sample `first`, or goes on where the old one ends when that is later or close. */
static void begin_baseband(struct wm_channel *channel, int64_t first)
{
    bool wanted = false;

    for (int i = 0; i < WAITING_MAX; i++)
        wanted = wanted || channel->waiting[i].used;
    if (wanted || (channel->band.stretch.count > 0 && first <= wm_band_end(&channel->band))) {
        /* a stretch in use is made to reach; at most the gap since the gate closed */
        extend(channel, first);
    } else {
        /* silence before it: acquisition looks some chips before a sequence that may begin at once */
        wm_band_begin(&channel->band, first, (size_t)acquire_reach(channel));
    }
    if (channel->search_at < first)
        channel->search_at = first;
    channel->has_best = false;
}

/* ---- bursts */

static float noise_density(const struct wm_channel *channel)
{
    return (float)(channel->now.floor / wm_listener_noise_hz(channel->listener) * channel->band.rate_hz);
}

/* Chips between the sequence that was searched and the data. */
static unsigned second_sync(const struct wm_mode_info *info)
{
    return info->code == WM_CODE_NRZ ? WM_SECOND_SYNC_CHIPS : 0;
}

static void describe(const struct wm_channel *channel, const struct waiting *w, struct wm_signal *signal)
{
    const struct wm_mode_info *info = wm_mode_info(channel->config.modes[w->mode_at]);
    const double skip = second_sync(info) * w->timing.period;
    const double here = wm_band_stream_time(&channel->band, w->timing.start + skip);
    const double at = here * channel->config.decimation + channel->config.delay;
    const double power = (double)w->amplitude * (double)w->amplitude;

    *signal = (struct wm_signal){
        .sample_index = at > 0 ? (uint64_t)at : 0,
        .time_ns = channel->config.start_time_ns,
        .channel_hz = info->centre_hz,
        .offset_hz = (float)(w->timing.carrier * channel->band.rate_hz),
        .rssi_dbfs = (float)(10 * log10(power + 1e-30)),
        .snr_db =
            (float)(10 *
                    log10(power / info->chip_rate_cps / ((double)noise_density(channel) / channel->band.rate_hz + 1e-30) + 1e-30)),
        .deviation_hz = (float)(w->timing.h * info->chip_rate_cps / 2),
        .clock_ppm = (float)((channel->band.rate_hz / info->chip_rate_cps / w->timing.period - 1) * 1e6),
    };
    if (signal->time_ns != WM_TIME_UNKNOWN)
        signal->time_ns += (int64_t)llround(at / channel->config.sample_rate_hz / channel->config.decimation * 1e9);
}

/* What the demodulator has learnt of the burst over so many chips is better than what the sync word told. */
static void refine_signal(struct wm_channel *channel, const struct waiting *w, size_t bytes)
{
    const struct wm_mode_info *info = wm_mode_info(channel->config.modes[w->mode_at]);
    const struct wm_chip_timing *tracked = wm_demodulator_timing(channel->demodulator[w->mode_at]);
    const double skip = second_sync(info) * w->timing.period;
    const double chips = (double)bytes * info->chips_per_byte;
    /* the last block's clock drawn to the frame's end, against where the sync word put its beginning: the mean over the frame */
    const double period = (tracked->start + chips * tracked->period - (w->timing.start + skip)) / chips;

    channel->signal.offset_hz = (float)(tracked->carrier * channel->band.rate_hz);
    channel->signal.deviation_hz = (float)(tracked->h * info->chip_rate_cps / 2);
    channel->signal.clock_ppm = (float)((channel->band.rate_hz / info->chip_rate_cps / period - 1) * 1e6);
}

/* The head of a frame is asked for twice: to learn the length, and again when the whole has arrived. Its first reading is kept. */
static enum wm_status read_soft(void *self, unsigned tier, size_t bytes, struct wm_soft *soft)
{
    struct wm_channel *channel = self;
    struct waiting *w = channel->current;

    if (tier == 0 && bytes == w->head_bytes) {
        memcpy(soft->bytes, w->head, bytes);
        soft->len = bytes;
        soft->event_count = soft->invalid_words = 0;
        soft->events = NULL;
        soft->format = w->format;
        return WM_OK;
    }
    size_t heard =
        bytes; /* a wrong L is told by the CRC in any tier, and is right in a later one perhaps: no need to wait for it */
    if (w->cut) {
        const struct wm_mode_info *info = wm_mode_info(channel->config.modes[w->mode_at]);
        const double skip = second_sync(info) * w->timing.period;
        const double most = ((double)w->cut_at - w->timing.start - skip) / (w->timing.period * info->chips_per_byte);
        heard = most < 1 ? 1 : most < (double)bytes ? (size_t)most : bytes;
    }
    if (w->early && tier > 0) { /* the early reading is for frames that need no care */
        w->short_tier = tier;
        return WM_TOO_SHORT;
    }
    enum wm_status status = wm_demodulator_read(channel->demodulator[w->mode_at], tier, heard, soft);
    if (status == WM_TOO_SHORT) {
        w->short_tier = tier;
        if (w->again == AGAIN_MAX) /* what no sample will mend: a timing that ran away */
            return WM_END;
    }
    if (status == WM_OK) {
        refine_signal(channel, w, heard);
        memset(soft->bytes + heard, 0, bytes - heard);
        soft->len = bytes;
    }
    if (status == WM_OK && tier == 0 && bytes <= sizeof w->head) {
        memcpy(w->head, soft->bytes, bytes);
        w->head_bytes = bytes;
        w->format = soft->format;
    }
    return status;
}

/* Plans the reading of a frame of so many bytes: when all its samples and the filters' reach behind it have arrived, and before
 * that when its last chip has, once, where nothing but samples was missing so far. */
static void plan(const struct wm_channel *channel, struct waiting *w, size_t bytes)
{
    const struct wm_mode_info *info = wm_mode_info(channel->config.modes[w->mode_at]);
    const double nominal = channel->band.rate_hz / info->chip_rate_cps;
    /* a clock still known badly gets some slack */
    const double slack = fabs(w->timing.period / nominal - 1) > 0.005 ? 0.004 : 0.0004;
    const double chips = (double)bytes * info->chips_per_byte + second_sync(info);
    const int64_t need = wm_correlator_need(&w->timing, (long)ceil(chips * (1 + slack)) + 1);

    const bool was_early = w->early;

    w->early = !was_early && w->short_tier == 0 && w->head_bytes > 0 && need > w->need;
    w->early_need = (int64_t)ceil(wm_band_stream_time(&channel->band, w->timing.start + chips * w->timing.period));
    if (need > w->need)
        w->need = need;
    else if (!was_early) /* asked again for what had arrived: the tracked clock runs past it; 1, 2, 4 … chips more */
        w->need += (int64_t)ceil(w->timing.period * (double)(1u << w->again++));
}

/* The mode to try next: in the table's order, T before C, but C first where its second word is beyond doubt. -1: none is left. */
static int next_mode(const struct wm_channel *channel, const struct waiting *w)
{
    const float second = fmaxf(w->follows[0], w->follows[1]);
    int next = -1;

    for (int i = (int)channel->config.mode_count; i-- > 0;) {
        const bool nrz = wm_mode_info(channel->config.modes[i])->code == WM_CODE_NRZ;
        if (w->tried >> i & 1 || (nrz && second < FOLLOW_MIN))
            continue;
        if (nrz && second >= FOLLOW_SURE)
            return i;
        next = i;
    }
    return next;
}

/* Offers the burst to the callback, mode after mode. Returns false when it must wait. */
static bool offer(struct wm_channel *channel, struct waiting *w)
{
    const struct wm_soft_source source = {.read = read_soft, .self = channel};

    channel->current = w;
    for (;; w->tried |= 1u << w->mode_at, w->mode_at = -1) {
        const bool first_call = w->mode_at < 0;
        if (first_call) {
            w->mode_at = next_mode(channel, w);
            w->head_bytes = 0;
            w->again = 0;
        }
        if (w->mode_at < 0) {
            wm_allowance_vain(&channel->allowance, w->strength);
            return true;
        }
        const enum wm_mode mode = channel->config.modes[w->mode_at];
        const bool nrz = wm_mode_info(mode)->code == WM_CODE_NRZ;
        const float second = fmaxf(w->follows[0], w->follows[1]);
        enum wm_format format = WM_FORMAT_A;
        struct wm_chip_timing timing = w->timing;

        if (nrz) {
            format = w->follows[1] > w->follows[0] ? WM_FORMAT_B : WM_FORMAT_A;
            /* C's clock is a crystal's: a period fitted to the sync word alone would only add noise; its middle stays */
            const double nominal = channel->band.rate_hz / wm_mode_info(mode)->chip_rate_cps;
            timing.start -= SYNC_MIDDLE_CHIPS * (timing.period - nominal);
            timing.period = nominal;
            timing.start += WM_SECOND_SYNC_CHIPS * nominal;
        }
        describe(channel, w, &channel->signal);
        channel->counts.syncs[w->mode_at] += first_call;
        wm_demodulator_begin(channel->demodulator[w->mode_at], &channel->band.stretch, &timing, format, noise_density(channel),
                             nrz || second<FOLLOW_SURE, channel->signal.snr_db> STRONG_DB);
        struct wm_sync sync = {.mode = mode, .format = format, .signal = &channel->signal, .source = &source};
        size_t bytes = 0;
        enum wm_status status = channel->config.on_sync(channel->config.user, &sync, &bytes);
        if (status == WM_TOO_SHORT) {
            plan(channel, w, bytes);
            return false;
        }
        if (status == WM_OK) {
            const struct wm_chip_timing *tracked = wm_demodulator_timing(channel->demodulator[w->mode_at]);
            channel->counts.frames[w->mode_at]++;
            wm_allowance_frame(&channel->allowance, 2 * wm_mode_info(mode)->preamble_pairs_long);
            /* go on searching where this frame ends: the next may follow without a gap */
            double end = tracked->start + (double)bytes * wm_mode_info(mode)->chips_per_byte * tracked->period;
            channel->search_at = (int64_t)(end - 4 * tracked->period);
            channel->has_best = false;
            return true;
        }
    }
}

static bool any_waiting(const struct wm_channel *channel)
{
    for (int i = 0; i < WAITING_MAX; i++)
        if (channel->waiting[i].used)
            return true;
    return false;
}

/* A candidate has stood its guard time: acquire it and offer it. */
static void take_candidate(struct wm_channel *channel)
{
    const struct wm_sync_candidate candidate = channel->best;
    struct wm_chip_timing timing;
    struct wm_sync_quality quality;
    struct waiting *slot = NULL;

    channel->has_best = false;
    /* Behind a frame the search stands on its last chips and on noise: few chips that count, and so a high score. But a frame goes
     * on behind its sync word. */
    if (channel->now.quiet || !wm_allowance_take(&channel->allowance, channel->cell, (double)candidate.strength))
        return;
    channel->counts.acquisitions++;
    if (wm_sync_finder_acquire(channel->finder, &channel->band.stretch, &candidate, &timing, &quality) != WM_OK ||
        (fabs(timing.start - channel->taken.start) < SAME_CHIPS * timing.period &&
         fabs(timing.carrier - channel->taken.carrier) * channel->band.rate_hz < SAME_HZ)) {
        wm_allowance_vain(&channel->allowance, (double)candidate.strength);
        return;
    }
    channel->taken = timing;
    for (int i = 0; i < WAITING_MAX && !slot; i++)
        if (!channel->waiting[i].used)
            slot = &channel->waiting[i];
    if (!slot) /* five bursts at once: the oldest has waited longest in vain */
        slot = &channel->waiting[0];
    *slot = (struct waiting){
        .used = true, .timing = timing, .amplitude = quality.amplitude, .strength = (double)candidate.strength, .mode_at = -1};
    if (mode_info(channel)->code != WM_CODE_MANCHESTER)
        for (int i = 0; i < 2; i++)
            slot->follows[i] =
                wm_sync_finder_follows(channel->finder, wm_second_sync[i], WM_SECOND_SYNC_CHIPS) / fmaxf(quality.amplitude, 1e-20f);
    channel->level_at_sync = channel->now.level;
    /* If this turns out to be none, the true sync word may begin inside it: a long preamble resembles itself for 500 chips. */
    const double begin = timing.start - ((double)channel->sequence_chips - RESUME_CHIPS) * timing.period;
    const int64_t least = channel->resume_at + (int64_t)(RESUME_CHIPS * timing.period),
                  hop = (int64_t)wm_sync_finder_hop(channel->finder);
    channel->resume_at = (int64_t)begin > least ? (int64_t)begin : least; /* the search ends */
    channel->search_at = channel->resume_at - channel->resume_at % hop;
    if (offer(channel, slot))
        slot->used = false;
}

static void search(struct wm_channel *channel)
{
    /* room a position needs behind it: the template, the guard, and what acquire looks at */
    const int64_t span = (int64_t)wm_sync_finder_span(channel->finder) + acquire_reach(channel);
    const int64_t hop = (int64_t)wm_sync_finder_hop(channel->finder);
    const double period = channel->band.rate_hz / mode_info(channel)->chip_rate_cps;
    /* whole vectors of positions */
    int64_t batch = ((int64_t)(GUARD_CHIPS * period) / hop + 15) / 16 * 16 * hop;

    if (batch > WM_SYNC_BATCH)
        batch = WM_SYNC_BATCH / (16 * hop) * 16 * hop;
    for (unsigned left = SEARCH_BATCHES; channel->searching && left > 0; left--) {
        if (channel->has_best && !channel->now.quiet && wm_allowance_waits(&channel->allowance, channel->cell))
            return; /* another acquisition would be too much now */
        int64_t from = channel->search_at;
        if (from < channel->band.stretch.first)
            from = channel->search_at = channel->band.stretch.first;
        if (any_waiting(channel) && channel->now.level < RISE * channel->level_at_sync)
            return; /* a burst is being received and nothing louder has come */
        if (from + batch + span > wm_band_end(&channel->band))
            return;
        struct wm_sync_candidate found;
        enum wm_status status = wm_sync_finder_search(channel->finder, &channel->band.stretch, from, from + batch, &found);
        channel->search_at = from + batch;
        if (status == WM_OK && (!channel->has_best || found.score > channel->best.score)) {
            channel->best = found;
            channel->has_best = true;
        } else if (channel->has_best) {
            take_candidate(channel);
        }
        if (!channel->open && !channel->has_best && channel->search_at >= channel->search_end)
            channel->searching = false;
    }
}

/* ---- events */

/* First baseband sample that matters when the gate has opened with the given cell. */
static int64_t first_of(const struct wm_channel *channel, int64_t cell)
{
    const int64_t decimation = channel->band.filter.fir.decimation;
    const int64_t lead = channel->window > 2 ? 4 : 2; /* cells that a weak burst may have begun before its window */
    const int64_t first = (cell + 1 - (int64_t)channel->window - lead) * channel->cell_samples / decimation + 1;
    const int64_t held = (wm_intake_first(channel->config.intake) + decimation - 1) / decimation;

    return first > held ? first : held > 0 ? held : 0;
}

/* Silence where a frame should be: its L was read wrong. It is given up with what was heard of it, rather than kept for up to 0.16
 * s in which the search stands still and behind which the later tiers would work on noise. */
static void hang_up(struct wm_channel *channel, int64_t end)
{
    extend(channel, end);
    for (int i = 0; i < WAITING_MAX; i++) {
        struct waiting *w = &channel->waiting[i];
        if (!w->used)
            continue;
        w->cut = true;
        w->early = false;
        w->cut_at = end - HANG_UP_CELLS * channel->cell_samples / channel->band.filter.fir.decimation;
        if (offer(channel, w))
            w->used = false;
    }
}

static void run_cell(struct wm_channel *channel)
{
    const int64_t end = (channel->cell + 1) * channel->cell_samples / channel->band.filter.fir.decimation;

    if (channel->script)
        channel->now = channel->script[channel->cell - channel->script_first];
    else
        wm_listener_run(channel->listener, NULL, &channel->now);
    const bool open = channel->now.open;
    channel->band.dc_i = channel->now.dc_i;
    channel->band.dc_q = channel->now.dc_q;
    if (open || !wm_channel_is_idle(channel))
        wm_band_set_carriers(&channel->band, &channel->now.carriers);
    if (open && !channel->open) {
        channel->counts.bursts++;
        wm_allowance_begin(&channel->allowance);
        if (!channel->searching) /* where it closed for a moment only, the search has not come to its end */
            begin_baseband(channel, first_of(channel, channel->cell));
        channel->searching = true;
    }
    channel->cell++;
    if (!open && channel->open)
        channel->search_end = end;
    channel->open = open;
    channel->quiet_cells = channel->now.quiet ? channel->quiet_cells + 1 : 0;
    if (channel->quiet_cells >= HANG_UP_CELLS && any_waiting(channel))
        hang_up(channel, end);
    if (!wm_channel_is_idle(channel)) /* whatever it may want: the intake keeps little */
        extend(channel, end);
    if (open || channel->searching)
        search(channel);
}

/* Stream samples that the burst waits for. */
static int64_t waiting_need(const struct wm_channel *channel, const struct waiting *w)
{
    return w->early ? w->early_need : wm_band_need(&channel->band, w->need);
}

static struct waiting *next_waiting(const struct wm_channel *channel)
{
    const struct waiting *next = NULL;

    for (int i = 0; i < WAITING_MAX; i++) {
        const struct waiting *w = &channel->waiting[i];
        if (w->used && (!next || waiting_need(channel, w) < waiting_need(channel, next)))
            next = w;
    }
    return (struct waiting *)next;
}

int64_t wm_channel_next(const struct wm_channel *channel)
{
    const struct waiting *w = next_waiting(channel);
    int64_t cell = cell_need(channel);
    int64_t burst = w ? waiting_need(channel, w) : INT64_MAX;

    return burst < cell ? burst : cell;
}

void wm_channel_run(struct wm_channel *channel)
{
    struct waiting *w = next_waiting(channel);
    size_t made_up = 0;

    if (!w || waiting_need(channel, w) >= cell_need(channel)) {
        run_cell(channel);
        return;
    }
    if (w->early)
        made_up = wm_band_make_up(&channel->band, w->early_need, w->need, oldest_wanted(channel));
    else
        extend(channel, w->need);
    const bool done = offer(channel, w);
    wm_band_drop(&channel->band, made_up);
    if (done) {
        w->used = false;
        search(channel);
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

void wm_channel_finish(struct wm_channel *channel)
{
    const struct wm_soft_source source = {.read = read_nothing, .self = NULL};

    for (struct waiting *w = next_waiting(channel); w; w = next_waiting(channel)) {
        struct wm_signal signal;
        size_t bytes = 0;
        describe(channel, w, &signal);
        struct wm_sync sync = {
            .mode = channel->config.modes[w->mode_at], .format = WM_FORMAT_A, .signal = &signal, .source = &source};
        if (channel->config.on_sync(channel->config.user, &sync, &bytes) == WM_OK)
            channel->counts.frames[w->mode_at]++;
        w->used = false;
    }
}

/* ---- work in parts */

int64_t wm_channel_cells_until(const struct wm_channel *channel, int64_t end)
{
    const int64_t behind = wm_listener_need(channel->listener, -1, channel->band.filter.fir.taps); /* looked at behind a cell */

    return end > behind ? (end - behind) / channel->cell_samples : 0;
}

struct wm_listener *wm_channel_listener(struct wm_channel *channel)
{
    return channel->listener;
}

void wm_channel_script(struct wm_channel *channel, const struct wm_cell *cells, int64_t first)
{
    channel->script = cells;
    channel->script_first = first;
}

int64_t wm_channel_cell(const struct wm_channel *channel)
{
    return channel->cell;
}

bool wm_channel_is_idle(const struct wm_channel *channel)
{
    return !channel->open && !channel->searching && !any_waiting(channel);
}

void wm_channel_skip(struct wm_channel *channel, int64_t cell)
{
    if (cell <= channel->cell)
        return;
    channel->now = channel->script[cell - 1 - channel->script_first];
    channel->cell = cell;
}

bool wm_channel_is_fresh_for(const struct wm_channel *channel, int64_t cell)
{
    const int64_t first = first_of(channel, cell);
    const int64_t apart = (int64_t)((double)channel->sequence_chips * channel->band.rate_hz / mode_info(channel)->chip_rate_cps);

    return channel->cell == cell && wm_channel_is_idle(channel) && wm_allowance_is_whole(&channel->allowance, cell) &&
           (channel->band.stretch.count == 0 || wm_band_end(&channel->band) < first - WM_BAND_SETTLING) &&
           channel->search_at <= first && channel->resume_at + 2 * apart < first;
}

struct wm_channel_counts wm_channel_take_counts(struct wm_channel *channel)
{
    const struct wm_channel_counts counts = channel->counts;

    channel->counts = (struct wm_channel_counts){0};
    return counts;
}

void wm_channel_stats(const struct wm_channel *channel, struct wm_receiver_stats *stats)
{
    for (unsigned i = 0; i < channel->config.mode_count; i++) {
        unsigned mode = channel->config.modes[i];
        stats->mode[mode].active = true;
        stats->mode[mode].bursts = channel->counts.bursts;
        stats->mode[mode].acquisitions = channel->counts.acquisitions;
        stats->mode[mode].syncs = channel->counts.syncs[i];
        stats->mode[mode].frames = channel->counts.frames[i];
        stats->mode[mode].noise_dbfs = (float)(10 * log10(channel->now.floor + 1e-30));
    }
}
