/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/sync_finder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAG_TURNS   0.25  /* of a cycle by which the lag product turns at the nominal deviation */
#define CLOCK_ALONE 0.025 /* tolerance that one hypothesis covers */
/* On noise each lag's score is exponential with mean 1 / taps, their sum Erlang's: a position reaches the threshold with
 * probability (1 + x) e^-x. */
#define NOISE_EXPONENT 12.0f
#define OTHER_CLOCK    0.9f /* handicap of the clocks beside the nominal one */
#define NOMINAL_CLEAR  0.4f
#define PREAMBLE_CLEAR 1.1f /* in power */
#define COARSE_MAX_HZ  15e3 /* error of the lag product's carrier: 3.6 kHz rms in S at 6.3 dB, more with 80 kHz of deviation */

/* Expected sine of the lag products of the given chips, as many as the sequence has, at the given period. */
static void make_template(const struct wm_sync_finder *finder, const uint8_t *known, struct wm_sync_template *t, double period)
{
    const size_t chips = finder->config.count;
    const double h = 2 * finder->config.deviation_hz / finder->config.chip_rate_cps;
    double cum[WM_SYNC_CHIPS + 1];

    cum[0] = 0;
    for (size_t i = 0; i < chips; i++)
        cum[i + 1] = cum[i] + (known[i] ? 1 : -1);
    t->period = period;
    t->taps = (size_t)floor(((double)chips * period - (double)finder->lag[0]) / (double)finder->hop);
    for (size_t l = 0; l < finder->lags; l++) {
        double mean = 0;
        for (size_t k = 0; k < t->taps; k++) {
            double sum = 0;
            for (size_t i = 0; i < finder->hop; i++) {
                double u = (double)(k * finder->hop + i) / period, v = u + (double)finder->lag[l] / period;
                size_t a = (size_t)u, b = (size_t)v < chips ? (size_t)v : chips - 1;
                double at_u = cum[a] + (u - (double)a) * (known[a] ? 1 : -1), at_v = cum[b] + (v - (double)b) * (known[b] ? 1 : -1);
                sum += sin(M_PI * h * (at_v - at_u));
            }
            t->tap[l][k] = (float)(sum / (double)finder->hop);
            mean += t->tap[l][k] / (double)t->taps;
        }
        t->energy[l] = 0;
        for (size_t k = 0; k < t->taps; k++) {
            t->tap[l][k] -= (float)mean;
            t->energy[l] += t->tap[l][k] * t->tap[l][k];
        }
    }
}

enum wm_status wm_sync_finder_create(const struct wm_sync_config *config, struct wm_sync_finder **finder_out)
{
    struct wm_sync_finder *finder = calloc(1, sizeof *finder);
    const double period = config->sample_rate_hz / config->chip_rate_cps;
    enum wm_status status = WM_INVALID;

    if (!finder)
        return WM_NO_MEMORY;
    finder->config = *config;
    finder->kernels = config->kernels;
    finder->period = period;
    /* and short enough that no carrier in range turns it by half a cycle */
    /* rounded down: at 500 kHz a lag of 3 turns an 80 kHz deviation by half a cycle, whose sine is nothing */
    finder->lag[0] = (size_t)(fmin(LAG_TURNS / config->deviation_hz, 0.4 / config->carrier_max_hz) * config->sample_rate_hz + 0.01);
    finder->lag[1] = finder->lag[0] / 2;
    finder->lags = finder->lag[1] > 0 ? 2 : 1;
    /* half a chip at most: with 0.6, at 500 kHz, C at 8 dB lost five times as many */
    finder->hop = period > 6 ? (size_t)lround(period / 4) : (size_t)(period / 2 + 0.1);
    finder->known = malloc(config->count);
    if (!finder->known) {
        status = WM_NO_MEMORY;
        goto fail;
    }
    memcpy(finder->known, config->chips, config->count);
    int lowest = 0, highest = 0, cum = 0;
    for (size_t k = config->count; k-- > 0;) {
        cum -= config->chips[k] ? 1 : -1;
        lowest = cum < lowest ? cum : lowest;
        highest = cum > highest ? cum : highest;
    }
    finder->cum_first = cum;
    const double chip_phase = 0.33; /* radians, one chip's phase noise at 6.5 dB */
    finder->clock_nominal =
        2.4 * chip_phase / (2 * M_PI * config->deviation_hz / config->chip_rate_cps) / sqrt(pow((double)config->count, 3) / 12);
    if (lowest < -WM_CUM_MAX || highest > WM_CUM_MAX)
        goto fail;
    finder->config.chips = finder->known;
    if (config->count > WM_SYNC_CHIPS || (double)config->count * period * 1.15 / (double)finder->hop > WM_SYNC_TAPS_MAX ||
        finder->lag[0] < 1)
        goto fail;
    make_template(finder, finder->known, &finder->bank[finder->bank_count++], period);
    if (config->clock_tolerance > CLOCK_ALONE) {
        for (double e = WM_CLOCK_STEP; e < config->clock_tolerance + WM_CLOCK_STEP / 2 && finder->bank_count + 2 <= WM_SYNC_BANK;
             e += WM_CLOCK_STEP) {
            make_template(finder, finder->known, &finder->bank[finder->bank_count++], period / (1 + e));
            make_template(finder, finder->known, &finder->bank[finder->bank_count++], period / (1 - e));
        }
    }
    if (config->long_preamble) {
        uint8_t chips[WM_SYNC_CHIPS];
        for (size_t k = 0; k < config->count; k++)
            chips[k] = config->chips[0] ^ (k & 1);
        make_template(finder, chips, &finder->preamble, period);
    }
    finder->score_min = NOISE_EXPONENT / ((float)finder->bank[0].taps * (float)finder->lags);
    finder->step_max = 2 * M_PI * COARSE_MAX_HZ / config->chip_rate_cps;
    finder->carrier_max = config->carrier_max_hz / config->sample_rate_hz;
    size_t products = WM_SYNC_BATCH / finder->hop + WM_SYNC_TAPS_MAX + 16;
    finder->memory = calloc(products * 2 * WM_SYNC_LAGS + 2 * (WM_SYNC_BATCH + 2 * WM_SYNC_BESIDE), sizeof(float));
    finder->sums = calloc((products + 1) * WM_SYNC_LAGS, sizeof(double));
    if (!finder->memory || !finder->sums) {
        status = WM_NO_MEMORY;
        goto fail;
    }
    for (size_t l = 0; l < WM_SYNC_LAGS; l++)
        finder->d[l] = (struct wm_lag_products){.re = finder->memory + 2 * l * products,
                                                .im = finder->memory + (2 * l + 1) * products,
                                                .power = finder->sums + l * (products + 1)};
    finder->c_re = finder->memory + 2 * WM_SYNC_LAGS * products;
    finder->c_im = finder->c_re + WM_SYNC_BATCH + 2 * WM_SYNC_BESIDE;
    status = wm_correlator_create(config->kernels, 1, wm_chip_samples(period), config->count + 2 * WM_REALIGN_CHIPS, period * 1.15,
                                  &finder->chips);
    if (status == WM_OK)
        status = wm_acquire_create(finder);
    if (status != WM_OK)
        goto fail;
    *finder_out = finder;
    return WM_OK;
fail:
    wm_sync_finder_destroy(finder);
    return status;
}

void wm_sync_finder_destroy(struct wm_sync_finder *finder)
{
    if (!finder)
        return;
    wm_correlator_destroy(finder->chips);
    free(finder->known);
    free(finder->memory);
    free(finder->sums);
    free(finder->fine_memory);
    free(finder);
}

size_t wm_sync_finder_span(const struct wm_sync_finder *finder)
{
    size_t taps = 0;

    for (size_t b = 0; b < finder->bank_count; b++)
        taps = finder->bank[b].taps > taps ? finder->bank[b].taps : taps;
    return (taps + (finder->config.long_preamble ? WM_SYNC_BESIDE : 0)) * finder->hop + finder->lag[0] + finder->hop;
}

size_t wm_sync_finder_hop(const struct wm_sync_finder *finder)
{
    return finder->hop;
}

/* Lag products from re/im on, summed over a hop each, and their running power. */
static void multiply_lags(const struct wm_sync_finder *finder, size_t l, const float *re, const float *im, size_t summed)
{
    const struct wm_lag_products *d = &finder->d[l];
    const size_t hop = finder->hop;
    float scratch_re[WM_SYNC_BATCH + 8], scratch_im[WM_SYNC_BATCH + 8];

    for (size_t done = 0; done < summed;) {
        size_t n = WM_SYNC_BATCH / hop;
        n = n < summed - done ? n : summed - done;
        finder->kernels->lag_product(re + done * hop, im + done * hop, finder->lag[l], n * hop, scratch_re, scratch_im);
        for (size_t i = 0; i < n; i++) {
            float r = 0, q = 0;
            for (size_t j = 0; j < hop; j++) {
                r += scratch_re[i * hop + j];
                q += scratch_im[i * hop + j];
            }
            d->re[done + i] = r;
            d->im[done + i] = q;
        }
        done += n;
    }
    d->power[0] = 0;
    for (size_t i = 0; i < summed; i++)
        d->power[i + 1] = d->power[i] + (double)d->re[i] * (double)d->re[i] + (double)d->im[i] * (double)d->im[i];
}

/* Carrier by the correlations' angles at one position: the longer lag tells it better, unless this deviation leaves it nothing. */
static double coarse_carrier(const struct wm_sync_finder *finder, const struct wm_sync_template *t, size_t p)
{
    double best = 0, carrier = 0;

    for (size_t l = 0; l < finder->lags; l++) {
        double re = 0, im = 0;
        for (size_t k = 0; k < t->taps; k++) {
            re += finder->d[l].re[p + k] * t->tap[l][k];
            im += finder->d[l].im[p + k] * t->tap[l][k];
        }
        double lag = (double)finder->lag[l], weight = (re * re + im * im) * lag * lag;
        if (weight <= best)
            continue;
        double turn = (atan2(im, re) - M_PI / 2) / (2 * M_PI);
        carrier = (turn < -0.5 ? turn + 1 : turn) / lag;
        best = weight;
    }
    return carrier;
}

/* Scores of `positions` places from `first` on, the lags' mean: |c|^2 over what it could be. */
static void score_all(struct wm_sync_finder *finder, const struct wm_sync_template *t, size_t first, size_t positions, float *score)
{
    memset(score, 0, positions * sizeof *score);
    for (size_t l = 0; l < finder->lags; l++) {
        const struct wm_lag_products *d = &finder->d[l];
        const double *power = d->power + first;
        const float scale = 1 / (t->energy[l] * (float)finder->lags);
        finder->kernels->correlate(d->re + first, d->im + first, t->tap[l], t->taps, positions, finder->c_re, finder->c_im);
        for (size_t p = 0; p < positions; p++) {
            float c = finder->c_re[p] * finder->c_re[p] + finder->c_im[p] * finder->c_im[p];
            float most = (float)(power[p + t->taps] - power[p]);
            score[p] += most > 0 ? scale * c / most : 0;
        }
    }
}

/* What each place, or one up to BESIDE from it, has in common with the preamble going on. The two sequences differ in those chips
 * of the sync word that do not alternate; between chips they have little of the preamble, and so both little of each other. */
static void score_preamble(struct wm_sync_finder *finder, size_t first, size_t positions)
{
    float score[WM_SYNC_BATCH + 2 * WM_SYNC_BESIDE];
    const size_t count = first + positions + WM_SYNC_BESIDE;

    score_all(finder, &finder->preamble, 0, count, score);
    for (size_t p = 0; p < positions; p++) {
        const size_t here = first + p, last = here + WM_SYNC_BESIDE;
        float most = 0;
        for (size_t i = here < WM_SYNC_BESIDE ? 0 : here - WM_SYNC_BESIDE; i <= last; i++)
            most = score[i] > most ? score[i] : most;
        finder->preamble_score[p] = most;
    }
}

static float strength(const struct wm_sync_finder *finder, const struct wm_sync_template *t, size_t p, float score)
{
    const double *power = finder->d[0].power;

    return sqrtf(score * (float)((power[p + t->taps] - power[p]) / (double)t->taps)) / (float)finder->hop;
}

enum wm_status wm_sync_finder_search(struct wm_sync_finder *finder, const struct wm_baseband *in, int64_t from, int64_t to,
                                     struct wm_sync_candidate *best)
{
    const size_t hop = finder->hop, positions = (size_t)(to - from) / hop, span = wm_sync_finder_span(finder);
    const bool long_preamble = finder->config.long_preamble;
    bool preamble_known = false;

    if (from < in->first || to + (int64_t)span > in->first + (int64_t)in->count || to - from > WM_SYNC_BATCH || positions == 0)
        return WM_INVALID;
    /* where `from` is among the products */
    const size_t held = (size_t)(from - in->first) / hop;
    const size_t first = !long_preamble ? 0 : held < WM_SYNC_BESIDE ? held : WM_SYNC_BESIDE;
    const int64_t begin = from - (int64_t)(first * hop);
    const size_t summed = ((size_t)(to - begin) + span - finder->lag[0]) / hop;
    for (size_t l = 0; l < finder->lags; l++)
        multiply_lags(finder, l, in->re + (begin - in->first), in->im + (begin - in->first), summed);
    best->score = 0;
    for (size_t b = 0; b < finder->bank_count; b++) {
        const struct wm_sync_template *t = &finder->bank[b];
        /* other clocks are rarer than they are many */
        const float handicap = b == 0 ? 1.0f : OTHER_CLOCK;
        if (b > 0 && best->score > NOMINAL_CLEAR)
            break; /* the nominal clock fits: the others need not be tried */
        score_all(finder, t, first, positions, finder->score);
        for (size_t p = 0; p < positions; p++) {
            const float score = handicap * finder->score[p];
            if (score <= best->score || score < finder->score_min)
                continue;
            if (long_preamble) {
                if (!preamble_known)
                    score_preamble(finder, first, positions);
                preamble_known = true;
                if (finder->preamble_score[p] > PREAMBLE_CLEAR * score)
                    continue;
            }
            double carrier = coarse_carrier(finder, t, first + p);
            if (fabs(carrier) > finder->carrier_max)
                continue; /* inverted chips at half the lag's rate: data that look like the sequence upside down */
            *best = (struct wm_sync_candidate){
                .start = (double)from + (double)(p * hop) + (double)finder->config.count * t->period,
                .period = t->period,
                .carrier = carrier,
                .score = score,
                .strength = strength(finder, t, first + p, score),
            };
        }
    }
    return best->score > 0 ? WM_OK : WM_END;
}
