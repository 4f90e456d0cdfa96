/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/sync.h"

#include "dsp/phasor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAG_TURNS      0.25 /* of a cycle by which the lag product turns at the nominal deviation */
#define REALIGN_CHIPS  18   /* how far a candidate may sit beside the sequence: C format B repeats it 16 chips on */
#define FOLLOW_CHIPS   16   /* longest word that `follows` takes */
#define CLOCK_FINE     0.005
#define COHERENCE_GOOD 0.62f /* 6.3 dB Ec/N0 gives 0.81 on the average */
#define CLOCK_STEP     0.03  /* between clock hypotheses */
#define CLOCK_ALONE    0.025 /* tolerance that one hypothesis covers */
/* On noise the score is exponential with mean 1 / taps: a position reaches the threshold with probability e^-NOISE_EXPONENT. */
#define NOISE_EXPONENT 11.0f
#define BANK_MAX       9
#define NOMINAL_CLEAR  0.4f
#define CUM_MAX        16   /* largest chip sum inside the sequence */
#define COARSE_MAX_HZ  12e3 /* error of the lag product's carrier: 3.6 kHz rms in S at 6.3 dB */
#define TEMPLATE_MAX   640
#define H_STEPS        5

struct template
{
    double period; /* baseband samples a chip */
    size_t chips;  /* the last so many of the sequence */
    size_t taps;
    float energy;
    float tap[TEMPLATE_MAX];
};

struct wm_sync_finder {
    struct wm_sync_config config;
    const struct wm_kernels *kernels;
    uint8_t *known;
    double period; /* nominal */
    size_t lag, hop;
    float score_min;
    double carrier_max; /* cycles a sample */
    /* below it the clock is taken for a crystal's: the known chips alone do not tell better (2.4 sigma at 6.5 dB) */
    double clock_nominal;
    double step_max; /* carrier left after the search, radians a chip */
    int cum_first;   /* chip sum at the sequence's start, relative to its end */
    struct template bank[BANK_MAX];
    size_t bank_count;
    struct wm_correlator *chips;
    bool follow_ready; /* the correlation holds the chips behind the last acquired sequence */
    double follow_h;
    /* search work space */
    float *d_re, *d_im, *c_re, *c_im;
    double *power; /* running sum of |d|^2 */
    float *memory;
};

/* Expected sine of the lag product of the last `chips` known chips at the given period. */
static void make_template(const struct wm_sync_finder *finder, struct template *t, size_t chips, double period)
{
    const uint8_t *known = finder->known + finder->config.count - chips;
    const double h = 2 * finder->config.deviation_hz / finder->config.chip_rate_cps;
    double cum[257], mean = 0;

    cum[0] = 0;
    for (size_t i = 0; i < chips; i++)
        cum[i + 1] = cum[i] + (known[i] ? 1 : -1);
    t->period = period;
    t->chips = chips;
    t->taps = (size_t)floor(((double)chips * period - (double)finder->lag) / (double)finder->hop);
    for (size_t k = 0; k < t->taps; k++) {
        double sum = 0;
        for (size_t i = 0; i < finder->hop; i++) {
            double u = (double)(k * finder->hop + i) / period, v = u + (double)finder->lag / period;
            size_t a = (size_t)u, b = (size_t)v < chips ? (size_t)v : chips - 1;
            double at_u = cum[a] + (u - (double)a) * (known[a] ? 1 : -1), at_v = cum[b] + (v - (double)b) * (known[b] ? 1 : -1);
            sum += sin(M_PI * h * (at_v - at_u));
        }
        t->tap[k] = (float)(sum / (double)finder->hop);
        mean += t->tap[k] / (double)t->taps;
    }
    t->energy = 0;
    for (size_t k = 0; k < t->taps; k++) {
        t->tap[k] -= (float)mean;
        t->energy += t->tap[k] * t->tap[k];
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
    finder->lag = (size_t)(fmin(LAG_TURNS / config->deviation_hz, 0.4 / config->carrier_max_hz) * config->sample_rate_hz + 0.01);
    finder->hop = period > 6 ? (size_t)lround(period / 4) : (size_t)lround(period / 2);
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
    if (lowest < -CUM_MAX || highest > CUM_MAX)
        goto fail;
    finder->config.chips = finder->known;
    if (config->count > 256 || (double)config->count * period * 1.15 / (double)finder->hop > TEMPLATE_MAX || finder->lag < 1)
        goto fail;
    make_template(finder, &finder->bank[finder->bank_count++], config->count, period);
    if (config->clock_tolerance > CLOCK_ALONE) {
        size_t chips = config->sync_count + 14 < config->count ? config->sync_count + 14 : config->count;
        for (double e = CLOCK_STEP; e < config->clock_tolerance + CLOCK_STEP / 2 && finder->bank_count + 2 <= BANK_MAX;
             e += CLOCK_STEP) {
            make_template(finder, &finder->bank[finder->bank_count++], chips, period / (1 + e));
            make_template(finder, &finder->bank[finder->bank_count++], chips, period / (1 - e));
        }
    }
    finder->score_min = NOISE_EXPONENT / (float)finder->bank[0].taps;
    finder->step_max = 2 * M_PI * COARSE_MAX_HZ / config->chip_rate_cps;
    finder->carrier_max = config->carrier_max_hz / config->sample_rate_hz;
    size_t products = WM_SYNC_BATCH / finder->hop + TEMPLATE_MAX + 16;
    finder->memory = calloc(products * 4 + 2 * WM_SYNC_BATCH, sizeof(float));
    finder->power = calloc(products + 1, sizeof(double));
    if (!finder->memory || !finder->power) {
        status = WM_NO_MEMORY;
        goto fail;
    }
    finder->d_re = finder->memory;
    finder->d_im = finder->d_re + products;
    finder->c_re = finder->d_im + products;
    finder->c_im = finder->c_re + products;
    status = wm_correlator_create(config->kernels, 1, period > 6 ? 8 : 4, config->count + 2 * REALIGN_CHIPS + FOLLOW_CHIPS,
                                  period * 1.15, &finder->chips);
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
    free(finder->power);
    free(finder);
}

size_t wm_sync_finder_span(const struct wm_sync_finder *finder)
{
    size_t taps = 0;

    for (size_t b = 0; b < finder->bank_count; b++)
        taps = finder->bank[b].taps > taps ? finder->bank[b].taps : taps;
    return taps * finder->hop + finder->lag + finder->hop;
}

size_t wm_sync_finder_hop(const struct wm_sync_finder *finder)
{
    return finder->hop;
}

enum wm_status wm_sync_finder_search(struct wm_sync_finder *finder, const struct wm_baseband *in, int64_t from, int64_t to,
                                     struct wm_sync_candidate *best)
{
    const struct wm_kernels *k = finder->kernels;
    const size_t hop = finder->hop, positions = (size_t)(to - from) / hop, span = wm_sync_finder_span(finder);
    const size_t products = (size_t)(to - from) + span - finder->lag, summed = products / hop;
    float scratch_re[WM_SYNC_BATCH + 8], scratch_im[WM_SYNC_BATCH + 8];

    if (from < in->first || to + (int64_t)span > in->first + (int64_t)in->count || to - from > WM_SYNC_BATCH || positions == 0)
        return WM_INVALID;
    const float *re = in->re + (from - in->first), *im = in->im + (from - in->first);
    if (hop == 1) {
        k->lag_product(re, im, finder->lag, products, finder->d_re, finder->d_im);
    } else {
        size_t done = 0;
        for (size_t at = 0; done < summed;) {
            size_t n = WM_SYNC_BATCH / hop;
            n = n < summed - done ? n : summed - done;
            k->lag_product(re + at, im + at, finder->lag, n * hop, scratch_re, scratch_im);
            for (size_t i = 0; i < n; i++) {
                float r = 0, q = 0;
                for (size_t j = 0; j < hop; j++) {
                    r += scratch_re[i * hop + j];
                    q += scratch_im[i * hop + j];
                }
                finder->d_re[done + i] = r;
                finder->d_im[done + i] = q;
            }
            done += n;
            at += n * hop;
        }
    }
    finder->power[0] = 0;
    for (size_t i = 0; i < summed; i++)
        finder->power[i + 1] = finder->power[i] + (double)finder->d_re[i] * (double)finder->d_re[i] +
                               (double)finder->d_im[i] * (double)finder->d_im[i];
    best->score = 0;
    for (size_t b = 0; b < finder->bank_count; b++) {
        const struct template *t = &finder->bank[b];
        if (b > 0 && best->score > NOMINAL_CLEAR)
            break; /* the nominal clock fits: the others need not be tried */
        k->correlate(finder->d_re, finder->d_im, t->tap, t->taps, positions, finder->c_re, finder->c_im);
        /* a shorter template is tried at more clocks: it must beat the nominal one clearly */
        const float handicap = b == 0 ? 1.0f : 0.75f * (float)t->taps / (float)finder->bank[0].taps;
        for (size_t p = 0; p < positions; p++) {
            float power = finder->c_re[p] * finder->c_re[p] + finder->c_im[p] * finder->c_im[p];
            float floor_power = (float)(finder->power[p + t->taps] - finder->power[p]) * t->energy;
            float score = floor_power > 0 ? handicap * power / floor_power : 0;
            if (score <= best->score || score < finder->score_min)
                continue;
            double turn = (atan2(finder->c_im[p], finder->c_re[p]) - M_PI / 2) / (2 * M_PI);
            double carrier = (turn < -0.5 ? turn + 1 : turn) / (double)finder->lag;
            if (fabs(carrier) > finder->carrier_max)
                continue; /* inverted chips at half the lag's rate: data that look like the sequence upside down */
            *best = (struct wm_sync_candidate){
                .start = (double)from + (double)(p * hop) + (double)t->chips * t->period,
                .period = t->period,
                .carrier = carrier,
                .score = score,
            };
        }
    }
    return best->score > 0 ? WM_OK : WM_END;
}

int64_t wm_sync_finder_need(const struct wm_sync_finder *finder, const struct wm_sync_candidate *candidate)
{
    struct wm_chip_timing timing = {.start = candidate->start + finder->period, .period = candidate->period};

    return wm_correlator_need(&timing, REALIGN_CHIPS + FOLLOW_CHIPS + 2);
}

/* Known chips' correlations with the data phase out, phase 0 at the sequence's end; `first` is the chip column of the sequence's
 * start. Returns the coherent power after the residual carrier (radians a chip, *step) is taken out. */
static double known_power(const struct wm_sync_finder *finder, size_t first, double h, struct wm_phasor *v, double *step,
                          double *energy)
{
    const struct wm_correlator *c = finder->chips;
    const size_t n = finder->config.count;
    struct wm_phasor sum = {0, 0}, turns[2 * CUM_MAX + 1];
    int cum = finder->cum_first;

    wm_phasor_table(M_PI * h * CUM_MAX, -M_PI * h, turns, 2 * CUM_MAX + 1);
    *energy = 0;
    for (size_t k = 0; k < n; k++) {
        const struct wm_complex_plane *tone = finder->known[k] ? &c->c1 : &c->c0;
        v[k] = wm_phasor_mul((struct wm_phasor){tone->re[first + k], tone->im[first + k]}, turns[cum + CUM_MAX]);
        *energy += v[k].re * v[k].re + v[k].im * v[k].im;
        cum += finder->known[k] ? 1 : -1;
    }
    *step = 0;
    for (size_t lag = 1; lag < n / 2; lag *= 2) {
        struct wm_phasor p = {0, 0};
        for (size_t k = 0; k + lag < n; k++)
            p = wm_phasor_add(p, wm_phasor_mul(v[k + lag], (struct wm_phasor){v[k].re, -v[k].im}));
        p = wm_phasor_mul(p, wm_phasor(-*step * (double)lag));
        *step += atan2(p.im, p.re) / (double)lag;
    }
    if (fabs(*step) > finder->step_max)
        return 0; /* the wrong side of a half chip rate: another time and modulation index look like that */
    struct wm_phasor turn = wm_phasor(*step * (double)n), back = wm_phasor(-*step);
    for (size_t k = 0; k < n; k++) { /* phase 0 at the end: chip k sits n - k chips before it */
        v[k] = wm_phasor_mul(v[k], turn);
        sum = wm_phasor_add(sum, v[k]);
        turn = wm_phasor_mul(turn, back);
    }
    return sum.re * sum.re + sum.im * sum.im;
}

/* Solves the symmetric n x n system a x = b in place (Cholesky); false when it is singular. */
static bool solve(double a[5][5], double b[5], int n)
{
    for (int j = 0; j < n; j++) {
        for (int k = 0; k < j; k++)
            for (int i = j; i < n; i++)
                a[i][j] -= a[i][k] * a[j][k];
        if (!(a[j][j] > 1e-12))
            return false;
        double r = sqrt(a[j][j]);
        for (int i = j; i < n; i++)
            a[i][j] /= r;
    }
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
    return true;
}

static double clamp(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

/* Gauss-Newton over the known chips: phase error of chip k = e + w k + pi h delta s_k + pi dh cum_k (+ pi h kappa k s_k). */
static enum wm_status polish(struct wm_sync_finder *finder, const struct wm_baseband *in, struct wm_chip_timing *timing,
                             bool fit_clock, int rounds, struct wm_sync_quality *quality)
{
    const size_t n = finder->config.count;
    struct wm_phasor v[256];

    for (int round = 0;; round++) {
        double step, energy, power;
        enum wm_status status = wm_correlator_run(finder->chips, in, timing, -(long)n, n, 0);
        if (status != WM_OK)
            return status;
        power = known_power(finder, 0, timing->h, v, &step, &energy);
        quality->coherence = energy > 0 ? (float)(power / ((double)n * energy)) : 0;
        quality->amplitude = (float)(sqrt(power) / (double)(n * finder->chips->samples));
        struct wm_phasor ref = {0, 0};
        for (size_t k = 0; k < n; k++)
            ref = wm_phasor_add(ref, v[k]);
        ref = wm_phasor_unit(ref);
        /* the last look only asks what clock error is left */
        const int columns = fit_clock || round == rounds ? 5 : 4;
        double a[5][5] = {{0}}, b[5] = {0}, cum = 0, amplitude = sqrt(power) / (double)n;
        if (!(amplitude > 0))
            return WM_NOT_MINE;
        cum = finder->cum_first;
        for (size_t k = 0; k < n; k++) {
            double s = finder->known[k] ? 1 : -1, t = (double)k + 0.5 - (double)n;
            double x[5] = {1, t, s, cum + s / 2, s * t}, e = (v[k].im * ref.re - v[k].re * ref.im) / amplitude;
            for (int i = 0; i < columns; i++) {
                for (int j = 0; j < columns; j++)
                    a[i][j] += x[i] * x[j];
                b[i] += x[i] * e;
            }
            cum += s;
        }
        if (!solve(a, b, columns))
            return WM_NOT_MINE;
        if (round == rounds) {
            quality->clock_left = (float)(b[4] / (M_PI * timing->h));
            return WM_OK;
        }
        timing->carrier += (step + clamp(b[1], 0.1)) / (2 * M_PI * timing->period);
        timing->start -= clamp(b[2] / (M_PI * timing->h), 0.3) * timing->period;
        if (fit_clock)
            timing->period *= 1 - clamp(b[4] / (M_PI * timing->h), 0.01);
        timing->h += clamp(b[3] / M_PI, 0.1);
        timing->h = fmin(fmax(timing->h, finder->config.h_min * 0.9), finder->config.h_max * 1.1);
    }
}

/* Slides the sequence chip by chip over a correlation that holds REALIGN_CHIPS before it and FOLLOW_CHIPS behind: a peak on the
 * bare preamble is the commonest wrong one. Returns the best shift. */
static int realign(const struct wm_sync_finder *finder, double h)
{
    const struct wm_correlator *c = finder->chips;
    const size_t n = finder->config.count;
    struct wm_phasor turns[2 * CUM_MAX + 1];
    double best = 0, here = 0;
    int shift = 0;

    wm_phasor_table(M_PI * h * CUM_MAX, -M_PI * h, turns, 2 * CUM_MAX + 1);
    for (int j = -REALIGN_CHIPS; j <= REALIGN_CHIPS; j++) {
        const size_t first = (size_t)(REALIGN_CHIPS + j);
        struct wm_phasor sum = {0, 0};
        int cum = finder->cum_first;
        for (size_t k = 0; k < n; k++) {
            const struct wm_complex_plane *tone = finder->known[k] ? &c->c1 : &c->c0;
            sum = wm_phasor_add(sum,
                                wm_phasor_mul((struct wm_phasor){tone->re[first + k], tone->im[first + k]}, turns[cum + CUM_MAX]));
            cum += finder->known[k] ? 1 : -1;
        }
        double power = sum.re * sum.re + sum.im * sum.im;
        if (j == 0)
            here = power;
        if (power > best) {
            best = power;
            shift = j;
        }
    }
    return best > 1.1 * here ? shift : 0;
}

static void measure_contrast(const struct wm_sync_finder *finder, struct wm_sync_quality *quality)
{
    const struct wm_correlator *c = finder->chips;
    double good = 0, bad = 0;

    for (size_t k = finder->config.count - finder->config.sync_count; k < finder->config.count; k++) {
        const size_t at = REALIGN_CHIPS + k;
        double one = (double)c->c1.re[at] * (double)c->c1.re[at] + (double)c->c1.im[at] * (double)c->c1.im[at];
        double zero = (double)c->c0.re[at] * (double)c->c0.re[at] + (double)c->c0.im[at] * (double)c->c0.im[at];
        good += finder->known[k] ? one : zero;
        bad += finder->known[k] ? zero : one;
    }
    quality->contrast = good + bad > 0 ? (float)(good / (good + bad)) : 0;
}

/* Grid over time and modulation index round the candidate, coherent over the known chips. */
static enum wm_status grid(struct wm_sync_finder *finder, const struct wm_baseband *in, struct wm_chip_timing *timing)
{
    const size_t n = finder->config.count;
    const double h0 = timing->h, h_min = finder->config.h_min, h_max = finder->config.h_max;
    const bool fast = h_max > 2; /* more than a turn a chip: time and h must be searched finely */
    const int times = fast ? 6 : 1;
    const double time_step = fast ? 1.0 / 12 : 1.0 / 5; /* chips */
    struct wm_chip_timing best_timing = *timing;
    struct wm_phasor v[256];
    double best = -1;

    if (fast) { /* which deviation: tone energy, no phase needed */
        double best_energy = -1, best_h = h0;
        enum wm_status status = wm_correlator_run(finder->chips, in, timing, -(long)n, n, 0);
        if (status != WM_OK)
            return status;
        for (double h = h_min; h <= h_max + 0.01; h += 0.35) {
            double step, energy;
            wm_correlator_tones(finder->chips, h, n, 0);
            known_power(finder, 0, h, v, &step, &energy);
            if (energy > best_energy) {
                best_energy = energy;
                best_h = h;
            }
        }
        timing->h = best_h;
    }
    for (int j = -times; j <= times; j++) {
        struct wm_chip_timing t = *timing;
        t.start += j * time_step * timing->period;
        enum wm_status status = wm_correlator_run(finder->chips, in, &t, -(long)n, n, 0);
        if (status != WM_OK)
            return status;
        for (int i = 0; i < H_STEPS; i++) {
            double step, energy;
            t.h = fast ? timing->h + 0.12 * (i - H_STEPS / 2) : h_min + (h_max - h_min) * (i + 0.25) / (H_STEPS - 0.5);
            wm_correlator_tones(finder->chips, t.h, n, 0);
            double power = known_power(finder, 0, t.h, v, &step, &energy);
            if (power > best) {
                best = power;
                best_timing = t;
                best_timing.carrier += step / (2 * M_PI * t.period);
            }
        }
    }
    *timing = best_timing;
    return WM_OK;
}

/* One clock hypothesis from the grid to the fitted timing. clock: relative to the candidate's; the template's middle stays where it
 * is. */
static enum wm_status try_clock(struct wm_sync_finder *finder, const struct wm_baseband *in,
                                const struct wm_sync_candidate *candidate, double clock, struct wm_chip_timing *timing,
                                struct wm_sync_quality *quality)
{
    const double period = candidate->period * (1 + clock);
    const bool fit_clock = fabs(period / finder->period - 1) > finder->clock_nominal;
    enum wm_status status;

    *timing = (struct wm_chip_timing){
        .start = candidate->start + clock * candidate->period * (double)finder->config.count / 2,
        .period = period,
        .carrier = candidate->carrier,
        .clock_spread = fit_clock ? 0.003 : 0.001,
        .h = 2 * finder->config.deviation_hz / finder->config.chip_rate_cps,
    };
    timing->origin = timing->start;
    memset(quality, 0, sizeof *quality);
    status = grid(finder, in, timing);
    if (status == WM_OK)
        status = polish(finder, in, timing, fit_clock, 3, quality);
    return status;
}

/* The candidate's clock first; where the known chips do not add up with it, and the mode allows, clocks round it as well. */
static enum wm_status best_clock(struct wm_sync_finder *finder, const struct wm_baseband *in,
                                 const struct wm_sync_candidate *candidate, struct wm_chip_timing *timing,
                                 struct wm_sync_quality *quality)
{
    const double widest = fmin(finder->config.clock_tolerance, CLOCK_STEP / 2 + 0.005);
    enum wm_status status = try_clock(finder, in, candidate, 0, timing, quality);

    if (status == WM_NOT_MINE)
        quality->coherence = 0;
    else if (status != WM_OK)
        return status;
    if (finder->config.clock_tolerance < finder->clock_nominal)
        return status;
    if (status == WM_OK && fabsf(quality->clock_left) > finder->clock_nominal) { /* close: the fit finds the way */
        struct wm_chip_timing other = *timing;
        struct wm_sync_quality other_quality;
        if (polish(finder, in, &other, true, 5, &other_quality) == WM_OK && other_quality.coherence > quality->coherence + 0.01f) {
            *timing = other;
            *quality = other_quality;
            timing->clock_spread = 0.003;
        }
    }
    if (quality->coherence > COHERENCE_GOOD)
        return status;
    for (double clock = CLOCK_FINE; clock < widest + CLOCK_FINE / 2; clock += CLOCK_FINE) {
        for (int sign = -1; sign <= 1; sign += 2) {
            struct wm_chip_timing other;
            struct wm_sync_quality other_quality;
            enum wm_status other_status = try_clock(finder, in, candidate, sign * clock, &other, &other_quality);
            /* a clock besides the nominal one is one parameter more: it must explain clearly more */
            if (other_status == WM_OK && other_quality.coherence > quality->coherence + 0.03f) {
                *timing = other;
                *quality = other_quality;
                status = WM_OK;
            }
        }
    }
    return status;
}

enum wm_status wm_sync_finder_acquire(struct wm_sync_finder *finder, const struct wm_baseband *in,
                                      const struct wm_sync_candidate *candidate, struct wm_chip_timing *timing,
                                      struct wm_sync_quality *quality)
{
    enum wm_status status = best_clock(finder, in, candidate, timing, quality);
    if (status != WM_OK)
        return status;
    const bool fit_clock = fabs(timing->period / finder->period - 1) > finder->clock_nominal;
    const size_t n = finder->config.count, wide = n + REALIGN_CHIPS + FOLLOW_CHIPS;
    const long first = -(long)(n + REALIGN_CHIPS);
    finder->follow_ready = false;
    status = wm_correlator_run(finder->chips, in, timing, first, wide, 0);
    if (status != WM_OK)
        return status;
    int shift = realign(finder, timing->h);
    if (shift) {
        timing->start += shift * timing->period;
        status = polish(finder, in, timing, fit_clock, 3, quality);
        if (status == WM_OK)
            status = wm_correlator_run(finder->chips, in, timing, first, wide, 0);
        if (status != WM_OK)
            return status;
    }
    finder->follow_ready = true;
    finder->follow_h = timing->h;
    measure_contrast(finder, quality);
    return quality->coherence > 0.35f && quality->contrast > 0.62f ? WM_OK : WM_NOT_MINE;
}

float wm_sync_finder_follows(const struct wm_sync_finder *finder, const uint8_t *chips, size_t n)
{
    const struct wm_correlator *c = finder->chips;
    const size_t first = REALIGN_CHIPS + finder->config.count;
    struct wm_phasor half[2] = {{0, 0}, {0, 0}};
    int cum = 0;

    if (n > FOLLOW_CHIPS || !finder->follow_ready)
        return 0;
    for (size_t k = 0; k < n; k++) {
        const struct wm_complex_plane *tone = chips[k] ? &c->c1 : &c->c0;
        struct wm_phasor v = {tone->re[first + k], tone->im[first + k]};
        struct wm_phasor *into = &half[k >= n / 2];
        *into = wm_phasor_add(*into, wm_phasor_mul(v, wm_phasor(-M_PI * finder->follow_h * cum)));
        cum += chips[k] ? 1 : -1;
    }
    /* in two halves: an error of h or of the carrier turns one against the other */
    return (float)((hypot(half[0].re, half[0].im) + hypot(half[1].re, half[1].im)) / (double)(n * c->samples));
}
