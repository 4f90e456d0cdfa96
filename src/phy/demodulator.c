/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/demodulator.h"

#include "dsp/trellis.h"
#include "dsp/words.h"
#include "phy/sync_word.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX     2048
#define EVENT_COST_MAX 14.0f /* what no repair would take is not listed */
#define BYTES_MAX      290   /* format A, L = 255 */
#define GROW_CHIPS     600   /* a longer C frame has its clock refined on its first so many chips */
#define KNOWN_MAX      64

/* The sequence before the data: the end of the preamble and the sync word. S: 26 + 18 chips, T: 26 + 10, C: 32 + 32. */
static size_t known_chips(enum wm_mode mode, enum wm_format format, uint8_t chips[KNOWN_MAX])
{
    const struct wm_mode_info *info = wm_mode_info(mode);
    const size_t preamble = info->code == WM_CODE_NRZ ? 22 : 26;

    return wm_sync_word_chips(preamble, format == WM_FORMAT_B ? &info->sync_b : &info->sync_a, chips);
}

struct wm_demodulator {
    const struct wm_mode_info *info;
    struct wm_words *words;     /* S, T */
    struct wm_trellis *trellis; /* C */
    /* of the burst */
    const struct wm_baseband *in;
    struct wm_chip_timing acquired, timing;
    enum wm_format format;
    float noise_density;
    bool with_events;
    bool strong;       /* chip by chip is good enough for a first try */
    size_t done_bytes; /* what the last tier worked on */
    int done_tier;     /* -1: none */
    struct wm_error_event events[EVENTS_MAX];
    struct wm_alternative others[EVENTS_MAX];
};

enum wm_status wm_demodulator_create(const struct wm_kernels *kernels, enum wm_mode mode, double period_max,
                                     struct wm_demodulator **demodulator_out)
{
    struct wm_demodulator *demodulator = calloc(1, sizeof *demodulator);
    uint8_t known[KNOWN_MAX];
    size_t n = known_chips(mode, WM_FORMAT_A, known);
    enum wm_status status;

    if (!demodulator)
        return WM_NO_MEMORY;
    demodulator->info = wm_mode_info(mode);
    if (demodulator->info->code == WM_CODE_NRZ)
        status = wm_trellis_create(kernels, known, n, (size_t)BYTES_MAX * 8, period_max, &demodulator->trellis);
    else if (demodulator->info->code == WM_CODE_3OF6)
        status = wm_words_create(kernels, WM_WORDS_3OF6, known, n, (size_t)BYTES_MAX * 2, period_max, &demodulator->words);
    else
        status = wm_words_create(kernels, WM_WORDS_MANCHESTER, known, n, (size_t)BYTES_MAX * 8, period_max, &demodulator->words);
    if (status != WM_OK) {
        wm_demodulator_destroy(demodulator);
        return status;
    }
    *demodulator_out = demodulator;
    return WM_OK;
}

void wm_demodulator_destroy(struct wm_demodulator *demodulator)
{
    if (!demodulator)
        return;
    wm_words_destroy(demodulator->words);
    wm_trellis_destroy(demodulator->trellis);
    free(demodulator);
}

void wm_demodulator_reset(struct wm_demodulator *demodulator)
{
    if (demodulator->words)
        wm_words_reset(demodulator->words);
}

void wm_demodulator_begin(struct wm_demodulator *demodulator, const struct wm_baseband *in, const struct wm_chip_timing *timing,
                          enum wm_format format, float noise_density, bool with_events, bool strong)
{
    demodulator->in = in;
    demodulator->acquired = demodulator->timing = *timing;
    demodulator->noise_density = noise_density;
    demodulator->with_events = with_events;
    demodulator->strong = strong;
    demodulator->done_tier = -1;
    demodulator->format = format;
    if (demodulator->trellis) {
        uint8_t known[KNOWN_MAX];
        known_chips(demodulator->info->mode, format, known);
        wm_trellis_set_known(demodulator->trellis, known);
    }
}

static enum wm_status run_words(struct wm_demodulator *d, unsigned tier, size_t words)
{
    if (tier == 0) {
        d->timing = d->acquired;
        return wm_words_track(d->words, d->in, &d->timing, words);
    }
    if (tier == 1) {
        wm_words_smooth(d->words);
        return WM_OK;
    }
    return wm_words_refine(d->words, d->in, &d->timing);
}

/* The trellis over a wide range of modulation indices with a reference that forgives the carrier estimate. */
static enum wm_status first_trellis(struct wm_demodulator *d, size_t chips)
{
    struct wm_trellis *t = d->trellis;

    if (chips > GROW_CHIPS) { /* 100 ppm of clock is a quarter chip at the end of the longest frame */
        enum wm_status status = wm_trellis_correlate(t, d->in, &d->timing, GROW_CHIPS);
        if (status != WM_OK)
            return status;
        (void)wm_trellis_decide(t, d->timing.h, 0.01, true, 0.94f);
        wm_trellis_improve(t);
        wm_trellis_refine(t, &d->timing, 0.05);
        status = wm_trellis_correlate(t, d->in, &d->timing, chips);
        if (status != WM_OK)
            return status;
    }
    (void)wm_trellis_decide(t, d->timing.h, 0.01, true, 0.94f);
    return WM_OK;
}

static enum wm_status run_trellis(struct wm_demodulator *d, unsigned tier, size_t chips)
{
    struct wm_trellis *t = d->trellis;
    enum wm_status status = WM_OK;

    if (tier == 0) {
        d->timing = d->acquired;
        status = wm_trellis_correlate(t, d->in, &d->timing, chips);
        if (status != WM_OK)
            return status;
        if (d->strong) {
            wm_trellis_hard(t);
            return WM_OK;
        }
        status = first_trellis(d, chips);
        if (d->format == WM_FORMAT_A)
            return status;
        /* Format B's long block has errors that its CRC cannot see: not to be believed without a look at the alternatives. */
    } else if (tier == 1) {
        if (d->strong)
            status = first_trellis(d, chips);
        else if (d->format == WM_FORMAT_B)
            return WM_OK;
    } else {
        wm_trellis_refine(t, &d->timing, tier == 2 ? 0.08 : 0.012);
        status = wm_trellis_correlate(t, d->in, &d->timing, chips);
        if (status == WM_OK)
            (void)wm_trellis_decide(t, d->timing.h, 0.003, false, 0.975f);
    }
    if (status == WM_OK)
        wm_trellis_improve(t);
    return status;
}

/* Words to bytes and events. Bit i of the frame is in the word that holds it, first bit first. */
static void soft_words(struct wm_demodulator *d, size_t bytes, struct wm_soft *soft)
{
    const unsigned bits = d->info->code == WM_CODE_3OF6 ? 4 : 1;
    const uint8_t *value = wm_words_values(d->words);
    const size_t words = bytes * 8 / bits;

    memset(soft->bytes, 0, bytes);
    for (size_t w = 0; w < words; w++)
        soft->bytes[w * bits / 8] |= (uint8_t)(value[w] << (8 - bits - w * bits % 8));
    if (!d->with_events || d->done_tier == 0)
        return;
    for (size_t w = 0; w < words; w++) {
        uint8_t other[2];
        float cost[2];
        unsigned n = wm_words_others(d->words, w, d->noise_density, other, cost);
        for (unsigned i = 0; i < n && soft->event_count < EVENTS_MAX; i++) {
            unsigned flip = other[i] ^ value[w], low = (unsigned)__builtin_ctz(flip);
            if (cost[i] <= EVENT_COST_MAX)
                d->events[soft->event_count++] = (struct wm_error_event){
                    .last_bit = (uint32_t)(w * bits + bits - 1 - low), .mask = flip >> low, .cost = cost[i]};
        }
    }
}

static void soft_chips(struct wm_demodulator *d, size_t bytes, struct wm_soft *soft)
{
    const uint8_t *value = wm_trellis_values(d->trellis);

    memset(soft->bytes, 0, bytes);
    for (size_t k = 0; k < bytes * 8; k++)
        soft->bytes[k / 8] |= (uint8_t)(value[k] << (7 - k % 8));
    if (!d->with_events)
        return;
    size_t n = wm_trellis_events(d->trellis, d->noise_density, EVENT_COST_MAX, d->others, EVENTS_MAX);
    for (size_t i = 0; i < n; i++)
        d->events[soft->event_count++] = (struct wm_error_event){.last_bit = (uint32_t)d->others[i].last,
                                                                 .mask = d->others[i].mask,
                                                                 .apart = (uint32_t)d->others[i].apart,
                                                                 .cost = d->others[i].cost};
}

static int compare_events(const void *a, const void *b)
{
    const struct wm_error_event *x = a, *y = b;

    return (x->last_bit > y->last_bit) - (x->last_bit < y->last_bit);
}

enum wm_status wm_demodulator_read(struct wm_demodulator *d, unsigned tier, size_t bytes, struct wm_soft *soft)
{
    const size_t chips = bytes * d->info->chips_per_byte;

    if (tier >= WM_TIERS)
        return WM_END;
    if (bytes > BYTES_MAX || bytes == 0)
        return WM_INVALID;
    if (bytes != d->done_bytes || (int)tier < d->done_tier)
        d->done_tier = -1;
    d->done_bytes = bytes;
    while (d->done_tier < (int)tier) {
        unsigned next = (unsigned)(d->done_tier + 1);
        enum wm_status status =
            d->words ? run_words(d, next, bytes * (d->info->code == WM_CODE_3OF6 ? 2 : 8)) : run_trellis(d, next, chips);
        if (status != WM_OK) {
            d->done_tier = -1;
            return status;
        }
        d->done_tier = (int)next;
    }
    soft->len = bytes;
    soft->events = d->events;
    soft->event_count = 0;
    soft->invalid_words = 0;
    soft->format = d->format;
    if (d->words)
        soft_words(d, bytes, soft);
    else
        soft_chips(d, bytes, soft);
    if (soft->event_count > 1 && d->words)
        qsort(d->events, soft->event_count, sizeof *d->events, compare_events);
    return WM_OK;
}

const struct wm_chip_timing *wm_demodulator_timing(const struct wm_demodulator *demodulator)
{
    return &demodulator->timing;
}
