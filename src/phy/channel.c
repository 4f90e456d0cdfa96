/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/channel.h"

#include "dsp/sync.h"
#include "phy/allowance.h"
#include "phy/baseband.h"
#include "phy/burst.h"
#include "phy/sync_word.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_BURST_S 0.16 /* mode S, L = 255, slowest clock, with its sync word */
#define REACH_S         0.01 /* twice what a gate that opens goes back: 17 cells, and what notches settle in */
#define GUARD_CHIPS     20   /* a better sync position this far on replaces a candidate: the preamble resembles itself */
#define RISE            2.5  /* power step that reopens the search inside a burst */
#define ACQUIRE_CHIPS   42   /* acquisition looks so far beyond the sequence, slid twice by 18 chips, at either end */
#define SAME_CHIPS      0.1  /* two acquisitions that differ by less are one */
#define SAME_HZ         2e3
#define RESUME_CHIPS    6 /* behind the beginning of a sequence that was taken, the search goes on */
#define HANG_UP_CELLS   7 /* so many quiet ones in a row, 1.1 ms, and nobody is sending a frame any more */

/* What has been put off while a burst was waited for is caught up with by and by, so that no millisecond of air costs much more
 * than another, whatever it holds: 8 batches of positions a cell (10 times what comes in), and acquisitions by phy/allowance.h. */
#define SEARCH_BATCHES 8

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
    struct wm_bursts *bursts; /* that wait for their frame's samples */
    /* statistics: kept over a reset; the bursts have theirs */
    uint64_t opened, acquisitions;
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
                                                .window = slow ? 12 : 2,
                                                .ratio = slow ? 1.2 : 1.6};
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
    if (status == WM_OK) {
        const struct wm_bursts_config bursts = {.kernels = config->kernels,
                                                .band = &channel->band,
                                                .modes = {config->modes[0], config->modes[1]},
                                                .mode_count = config->mode_count,
                                                .sample_rate_hz = rate,
                                                .decimation = config->decimation,
                                                .delay = config->delay,
                                                .start_time_ns = config->start_time_ns,
                                                .on_sync = config->on_sync,
                                                .user = config->user};
        status = wm_bursts_create(&bursts, &channel->bursts);
    }
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
    wm_bursts_destroy(channel->bursts);
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
    wm_bursts_reset(channel->bursts);
    channel->search_at = channel->search_end = channel->resume_at = 0;
    channel->taken.start = -1e9;
    channel->level_at_sync = 0;
    channel->quiet_cells = 0;
    wm_allowance_reset(&channel->allowance, cell);
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
    const int64_t begin = wm_bursts_oldest(channel->bursts);
    oldest = begin < oldest ? begin : oldest;
    return oldest - 8;
}

static void extend(struct wm_channel *channel, int64_t end)
{
    wm_band_extend(&channel->band, end, oldest_wanted(channel));
}

/* Begins a new stretch of baseband at sample `first`, or goes on where the old one ends when that is later or close. */
static void begin_baseband(struct wm_channel *channel, int64_t first)
{
    if (wm_bursts_any(channel->bursts) || (channel->band.stretch.count > 0 && first <= wm_band_end(&channel->band))) {
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

/* Offers the burst to the callback. Returns false when it must wait. */
static bool offer(struct wm_channel *channel, struct wm_burst *burst)
{
    const double strength = burst->strength;
    struct wm_burst_frame frame;

    switch (wm_bursts_offer(channel->bursts, burst, noise_density(channel), &frame)) {
    case WM_BURST_WAITS:
        return false;
    case WM_BURST_VAIN:
        wm_allowance_vain(&channel->allowance, strength);
        return true;
    case WM_BURST_READ:
        wm_allowance_frame(&channel->allowance, 2 * wm_mode_info(frame.mode)->preamble_pairs_long);
        /* go on searching where this frame ends: the next may follow without a gap */
        channel->search_at = (int64_t)(frame.end - 4 * frame.period);
        channel->has_best = false;
    }
    return true;
}

/* A candidate has stood its guard time: acquire it and offer it. */
static void take_candidate(struct wm_channel *channel)
{
    const struct wm_sync_candidate candidate = channel->best;
    struct wm_chip_timing timing;
    struct wm_sync_quality quality;

    channel->has_best = false;
    /* Behind a frame the search stands on its last chips and on noise: few chips that count, and so a high score. But a frame goes
     * on behind its sync word. */
    if (channel->now.quiet || !wm_allowance_take(&channel->allowance, channel->cell, (double)candidate.strength))
        return;
    channel->acquisitions++;
    if (wm_sync_finder_acquire(channel->finder, &channel->band.stretch, &candidate, &timing, &quality) != WM_OK ||
        (fabs(timing.start - channel->taken.start) < SAME_CHIPS * timing.period &&
         fabs(timing.carrier - channel->taken.carrier) * channel->band.rate_hz < SAME_HZ)) {
        wm_allowance_vain(&channel->allowance, (double)candidate.strength);
        return;
    }
    channel->taken = timing;
    float follows[2] = {0, 0};
    if (mode_info(channel)->code != WM_CODE_MANCHESTER)
        for (int i = 0; i < 2; i++)
            follows[i] = wm_sync_finder_follows(channel->finder, wm_second_sync[i], WM_SECOND_SYNC_CHIPS);
    struct wm_burst *burst = wm_bursts_add(channel->bursts, &timing, quality.amplitude, (double)candidate.strength, follows);
    channel->level_at_sync = channel->now.level;
    /* If this turns out to be none, the true sync word may begin inside it: a long preamble resembles itself for 500 chips. */
    const double begin = timing.start - ((double)channel->sequence_chips - RESUME_CHIPS) * timing.period;
    const int64_t least = channel->resume_at + (int64_t)(RESUME_CHIPS * timing.period),
                  hop = (int64_t)wm_sync_finder_hop(channel->finder);
    channel->resume_at = (int64_t)begin > least ? (int64_t)begin : least; /* the search ends */
    channel->search_at = channel->resume_at - channel->resume_at % hop;
    (void)offer(channel, burst);
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
        if (wm_bursts_any(channel->bursts) && channel->now.level < RISE * channel->level_at_sync)
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
    for (unsigned i = 0; i < WM_BURSTS_MAX; i++) {
        struct wm_burst *burst = wm_bursts_at(channel->bursts, i);
        if (!burst)
            continue;
        wm_burst_cut(burst, end - HANG_UP_CELLS * channel->cell_samples / channel->band.filter.fir.decimation);
        (void)offer(channel, burst);
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
        channel->opened++;
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
    if (channel->quiet_cells >= HANG_UP_CELLS && wm_bursts_any(channel->bursts))
        hang_up(channel, end);
    if (!wm_channel_is_idle(channel)) /* whatever it may want: the intake keeps little */
        extend(channel, end);
    if (open || channel->searching)
        search(channel);
}

int64_t wm_channel_next(const struct wm_channel *channel)
{
    const struct wm_burst *burst = wm_bursts_next(channel->bursts);
    const int64_t cell = cell_need(channel), need = burst ? wm_burst_need(channel->bursts, burst) : INT64_MAX;

    return need < cell ? need : cell;
}

void wm_channel_run(struct wm_channel *channel)
{
    struct wm_burst *burst = wm_bursts_next(channel->bursts);
    size_t made_up = 0;

    if (!burst || wm_burst_need(channel->bursts, burst) >= cell_need(channel)) {
        run_cell(channel);
        return;
    }
    if (burst->early)
        made_up = wm_band_make_up(&channel->band, burst->early_need, burst->need, oldest_wanted(channel));
    else
        extend(channel, burst->need);
    const bool done = offer(channel, burst);
    wm_band_drop(&channel->band, made_up);
    if (done)
        search(channel);
}

void wm_channel_finish(struct wm_channel *channel)
{
    wm_bursts_finish(channel->bursts, noise_density(channel));
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
    return !channel->open && !channel->searching && !wm_bursts_any(channel->bursts);
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

static struct wm_channel_counts counts_of(const struct wm_channel *channel)
{
    const struct wm_burst_counts *of = wm_bursts_counts(channel->bursts);

    return (struct wm_channel_counts){.bursts = channel->opened,
                                      .acquisitions = channel->acquisitions,
                                      .syncs = {of->syncs[0], of->syncs[1]},
                                      .frames = {of->frames[0], of->frames[1]}};
}

struct wm_channel_counts wm_channel_take_counts(struct wm_channel *channel)
{
    const struct wm_channel_counts counts = counts_of(channel);

    channel->opened = channel->acquisitions = 0;
    *wm_bursts_counts(channel->bursts) = (struct wm_burst_counts){{0}, {0}};
    return counts;
}

void wm_channel_stats(const struct wm_channel *channel, struct wm_receiver_stats *stats)
{
    const struct wm_channel_counts counts = counts_of(channel);

    for (unsigned i = 0; i < channel->config.mode_count; i++) {
        unsigned mode = channel->config.modes[i];
        stats->mode[mode].active = true;
        stats->mode[mode].bursts = counts.bursts;
        stats->mode[mode].acquisitions = counts.acquisitions;
        stats->mode[mode].syncs = counts.syncs[i];
        stats->mode[mode].frames = counts.frames[i];
        stats->mode[mode].noise_dbfs = (float)(10 * log10(channel->now.floor + 1e-30));
    }
}
