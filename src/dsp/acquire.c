/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/phasor.h"
#include "dsp/sync_finder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_FINE     0.005
#define CLOCK_NEAR     0.01  /* a bank of clocks 3 % apart leaves so much and a little */
#define COHERENCE_GOOD 0.62f /* 6.3 dB Ec/N0 gives 0.81 on the average */
#define CONTRAST_GOOD  0.75f
#define TWIN_COHERENCE 0.85f /* above it no twin is looked for */
#define TWIN_LEAST     0.5   /* power, before it is fitted, that it must have beside what was found */
#define SLIDE_CLEAR    1.1   /* in power: another place must be clearly better */
#define SHORTLIST      6
#define SHARE_LEAST    0.62 /* of the energy in both tones that the expected ones must hold: 0.82 at 5.7 dB */
#define LAG_MAX        16   /* chips, of the carrier estimate */
#define ROOM_CHIPS     2    /* either side of the sequence that the time is searched in */
#define H_STEP         0.19 /* of the grid where a chip turns by at most a cycle */
#define H_STEP_COARSE  0.35 /* S: by tone energy */
#define H_STEP_FINE    0.1  /* S: coherent, H_FINE of them to either side */
#define H_FINE         3
#define SHAPED         0.8 /* Gaussian chips swing less far in the preamble: their index looks so much smaller at least */

/* The known chips' correlations with the data phase out, zero behind the last: no carrier error, no noise, and all are equal. */
struct known {
    float re[WM_SYNC_CHIPS + LAG_MAX + WM_LANES], im[WM_SYNC_CHIPS + LAG_MAX + WM_LANES];
};

/* All that depends on the modulation index: the tones of a chip's samples, and the data phase at each known chip. */
struct index {
    float cos_a[WM_CHIP_SAMPLES_MAX], sin_a[WM_CHIP_SAMPLES_MAX];
    float re[WM_SYNC_CHIPS], im[WM_SYNC_CHIPS];
};

enum wm_status wm_acquire_create(struct wm_sync_finder *finder)
{
    const size_t n = finder->config.count, stride = (n + 2 * ROOM_CHIPS + 2 * WM_LANES - 1) / WM_LANES * WM_LANES;
    const size_t planes = 2 * (size_t)finder->chips->samples;

    finder->fine_memory = calloc(stride * (2 * planes + 5), sizeof(float));
    if (!finder->fine_memory)
        return WM_NO_MEMORY;
    float *at = finder->fine_memory;
    finder->fine_stride = stride;
    finder->fine = (struct wm_complex_plane){at, at + planes * stride};
    at += 2 * planes * stride;
    finder->one = (struct wm_complex_plane){at, at + stride};
    finder->zero = (struct wm_complex_plane){at + 2 * stride, at + 3 * stride};
    finder->is_one = at + 4 * stride;
    for (size_t k = 0; k < n; k++)
        finder->is_one[k] = finder->known[k] ? 1 : 0;
    return WM_OK;
}

int64_t wm_sync_finder_need(const struct wm_sync_finder *finder, const struct wm_sync_candidate *candidate)
{
    /* the timing may move by two chips before the sequence is slid */
    struct wm_chip_timing timing = {.start = candidate->start + 2 * finder->period, .period = candidate->period};

    return wm_correlator_need(&timing, 2 * WM_REALIGN_CHIPS);
}

static void set_index(const struct wm_sync_finder *finder, double h, struct index *index)
{
    const unsigned samples = finder->chips->samples;
    struct wm_phasor turns[2 * WM_CUM_MAX + 1], tone[WM_CHIP_SAMPLES_MAX];
    int cum = finder->cum_first;

    wm_phasor_table(M_PI * h * 0.5 / samples, M_PI * h / samples, tone, (int)samples);
    for (unsigned i = 0; i < samples; i++) {
        index->cos_a[i] = (float)tone[i].re;
        index->sin_a[i] = (float)tone[i].im;
    }
    wm_phasor_table(M_PI * h * WM_CUM_MAX, -M_PI * h, turns, 2 * WM_CUM_MAX + 1);
    for (size_t k = 0; k < finder->config.count; k++) {
        index->re[k] = (float)turns[cum + WM_CUM_MAX].re;
        index->im[k] = (float)turns[cum + WM_CUM_MAX].im;
        cum += finder->known[k] ? 1 : -1;
    }
}

/* The known chips out of the tones one and zero. */
static void collect(const struct wm_sync_finder *finder, const struct index *index, const struct wm_complex_plane *one,
                    const struct wm_complex_plane *zero, size_t first, struct known *v)
{
    const size_t n = finder->config.count;
    const float *a_re = one->re + first, *a_im = one->im + first, *b_re = zero->re + first, *b_im = zero->im + first;

    for (size_t k = 0; k < n; k++) {
        const float re = b_re[k] + finder->is_one[k] * (a_re[k] - b_re[k]), im = b_im[k] + finder->is_one[k] * (a_im[k] - b_im[k]);
        v->re[k] = re * index->re[k] - im * index->im[k];
        v->im[k] = re * index->im[k] + im * index->re[k];
    }
    memset(v->re + n, 0, (LAG_MAX + WM_LANES) * sizeof(float));
    memset(v->im + n, 0, (LAG_MAX + WM_LANES) * sizeof(float));
}

static float lanes_sum(const float x[WM_LANES])
{
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

static double plane_energy(const struct wm_complex_plane *plane, size_t n)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += (double)plane->re[k] * (double)plane->re[k] + (double)plane->im[k] * (double)plane->im[k];
    return sum;
}

static double energy_of(const struct known *v, size_t n)
{
    float sum[WM_LANES] = {0};

    for (size_t k = 0; k < n; k += WM_LANES)
        for (size_t i = 0; i < WM_LANES; i++)
            sum[i] += v->re[k + i] * v->re[k + i] + v->im[k + i] * v->im[k + i];
    return (double)lanes_sum(sum);
}

static struct wm_phasor lag_sum(const struct known *v, size_t n, size_t lag)
{
    float re[WM_LANES] = {0}, im[WM_LANES] = {0};

    for (size_t k = 0; k < n; k += WM_LANES) {
        for (size_t i = 0; i < WM_LANES; i++) {
            re[i] += v->re[k + lag + i] * v->re[k + i] + v->im[k + lag + i] * v->im[k + i];
            im[i] += v->im[k + lag + i] * v->re[k + i] - v->re[k + lag + i] * v->im[k + i];
        }
    }
    return (struct wm_phasor){(double)lanes_sum(re), (double)lanes_sum(im)};
}

/* Carrier left, radians a chip: the angle of lag products, lag doubled as the estimate sharpens. Twice the angle at one lag is what
 * is expected at the next; so only what is left over needs an angle taken. */
static double carrier_left(const struct known *v, size_t n)
{
    struct wm_phasor expected = {1, 0};
    double step = 0;

    for (size_t lag = 1; lag < n / 2 && lag <= LAG_MAX; lag *= 2) {
        const struct wm_phasor unit = wm_phasor_unit(lag_sum(v, n, lag));
        const struct wm_phasor rest = wm_phasor_mul(unit, (struct wm_phasor){expected.re, -expected.im});
        step += (double)atan2f((float)rest.im, (float)rest.re) / (double)lag;
        expected = wm_phasor_mul(unit, unit);
    }
    return step;
}

/* sum of v[k] e^{-j step k}, k < n */
static struct wm_phasor coherent_sum(const struct known *v, size_t n, double step)
{
    const struct wm_phasor chip = wm_phasor(-step), two = wm_phasor_mul(chip, chip), four = wm_phasor_mul(two, two),
                           by = wm_phasor_mul(four, four);
    float re[WM_LANES] = {0}, im[WM_LANES] = {0};
    struct wm_phasor turn = {1, 0}, sum = {0, 0};

    for (size_t k = 0; k < n; k += WM_LANES) {
        const float c = (float)turn.re, s = (float)turn.im;
        for (size_t i = 0; i < WM_LANES; i++) {
            re[i] += v->re[k + i] * c - v->im[k + i] * s;
            im[i] += v->re[k + i] * s + v->im[k + i] * c;
        }
        turn = wm_phasor_mul(turn, by);
    }
    turn = (struct wm_phasor){1, 0};
    for (size_t i = 0; i < WM_LANES; i++) {
        sum = wm_phasor_add(sum, wm_phasor_mul((struct wm_phasor){(double)re[i], (double)im[i]}, turn));
        turn = wm_phasor_mul(turn, chip);
    }
    return sum;
}

/* Coherent power of the known chips after the residual carrier (radians a chip, *step) is taken out. */
static double known_power(const struct wm_sync_finder *finder, const struct known *v, double *step)
{
    *step = carrier_left(v, finder->config.count);
    if (fabs(*step) > finder->step_max)
        return 0; /* the wrong side of a half chip rate: another time and modulation index look like that */
    struct wm_phasor sum = coherent_sum(v, finder->config.count, *step);
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

/* The range of the modulation index at a clock that differs from the nominal one. */
static double h_least(const struct wm_sync_finder *finder, double period)
{
    return SHAPED * finder->config.h_min * period / finder->period;
}

static double h_most(const struct wm_sync_finder *finder, double period)
{
    return finder->config.h_max * period / finder->period;
}

/* Gauss-Newton over the known chips: phase error of chip k = e + w k + pi h delta s_k + pi dh cum_k (+ pi h kappa k s_k). */
static enum wm_status polish(struct wm_sync_finder *finder, const struct wm_baseband *in, struct wm_chip_timing *timing,
                             bool fit_clock, int rounds, struct wm_sync_quality *quality)
{
    const size_t n = finder->config.count;
    struct index index;
    struct known v;

    for (int round = 0;; round++) {
        double step, energy, power;
        enum wm_status status = wm_correlator_run(finder->chips, in, timing, -(long)n, n, 0);
        if (status != WM_OK)
            return status;
        set_index(finder, timing->h, &index);
        collect(finder, &index, &finder->chips->c1, &finder->chips->c0, 0, &v);
        power = known_power(finder, &v, &step);
        energy = energy_of(&v, n);
        quality->coherence = energy > 0 ? (float)(power / ((double)n * energy)) : 0;
        quality->amplitude = (float)(sqrt(power) / (double)(n * finder->chips->samples));
        if (!(power > 0))
            return WM_NOT_MINE;
        /* what follows turns each chip by the carrier found, about the sequence's end, and by the phase that is left */
        struct wm_phasor turn = wm_phasor_unit(coherent_sum(&v, n, step)), back = wm_phasor(-step);
        turn.im = -turn.im;
        /* the last look only asks what clock error is left */
        const int columns = fit_clock || round == rounds ? 5 : 4;
        double a[5][5] = {{0}}, b[5] = {0}, cum = finder->cum_first, amplitude = sqrt(power) / (double)n;
        for (size_t k = 0; k < n; k++) {
            double s = finder->known[k] ? 1 : -1, t = (double)k + 0.5 - (double)n;
            double x[5] = {1, t, s, cum + s / 2, s * t}, e = ((double)v.re[k] * turn.im + (double)v.im[k] * turn.re) / amplitude;
            turn = wm_phasor_mul(turn, back);
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
        timing->h = fmin(fmax(timing->h, h_least(finder, timing->period) * 0.9), h_most(finder, timing->period) * 1.1);
    }
}

/* Slides the sequence chip by chip over a correlation that holds WM_REALIGN_CHIPS before it and behind: a peak on the bare preamble
 * is the commonest wrong one. Returns the best shift and its power. */
static int slide(const struct wm_sync_finder *finder, double h, double *best, double *here)
{
    struct index index;
    struct known v;
    int shift = 0;

    set_index(finder, h, &index);
    *best = 0;
    for (int j = -WM_REALIGN_CHIPS; j <= WM_REALIGN_CHIPS; j++) {
        collect(finder, &index, &finder->chips->c1, &finder->chips->c0, (size_t)(WM_REALIGN_CHIPS + j), &v);
        struct wm_phasor sum = coherent_sum(&v, finder->config.count, 0);
        double power = sum.re * sum.re + sum.im * sum.im;
        if (j == 0)
            *here = power;
        if (power > *best) {
            *best = power;
            shift = j;
        }
    }
    return shift;
}

/* Share of the sync word's tone energy in the expected tones, the sequence `shift` chips late. */
static float contrast_at(const struct wm_sync_finder *finder, int shift)
{
    const struct wm_correlator *c = finder->chips;
    double good = 0, bad = 0;

    for (size_t k = finder->config.count - finder->config.sync_count; k < finder->config.count; k++) {
        const size_t at = (size_t)(WM_REALIGN_CHIPS + shift) + k;
        double one = (double)c->c1.re[at] * (double)c->c1.re[at] + (double)c->c1.im[at] * (double)c->c1.im[at];
        double zero = (double)c->c0.re[at] * (double)c->c0.re[at] + (double)c->c0.im[at] * (double)c->c0.im[at];
        good += finder->known[k] ? one : zero;
        bad += finder->known[k] ? zero : one;
    }
    return good + bad > 0 ? (float)(good / (good + bad)) : 0;
}

/* Correlates the known chips with ROOM_CHIPS either side, so that tones_at can shift them. */
static enum wm_status correlate_fine(struct wm_sync_finder *finder, const struct wm_baseband *in,
                                     const struct wm_chip_timing *timing)
{
    const size_t n = finder->config.count, columns = n + 2 * ROOM_CHIPS, samples = finder->chips->samples;
    const size_t from = finder->chips->stride, to = finder->fine_stride;
    enum wm_status status = wm_correlator_run(finder->chips, in, timing, -(long)(n + ROOM_CHIPS), columns, 0);

    for (size_t i = 0; i < samples && status == WM_OK; i++) {
        memcpy(finder->fine.re + i * to, finder->chips->z.re + i * from, columns * sizeof(float));
        memcpy(finder->fine.im + i * to, finder->chips->z.im + i * from, columns * sizeof(float));
        memcpy(finder->fine.re + (samples + i) * to, finder->chips->z.re + i * from + 1, (columns - 1) * sizeof(float));
        memcpy(finder->fine.im + (samples + i) * to, finder->chips->z.im + i * from + 1, (columns - 1) * sizeof(float));
    }
    return status;
}

/* The known chips `shift` samples late, |shift| at most ROOM_CHIPS chips. */
static void tones_at(struct wm_sync_finder *finder, const struct index *index, int shift, struct known *v)
{
    const int samples = (int)finder->chips->samples, at = shift + ROOM_CHIPS * samples;
    const size_t from = (size_t)(at % samples) * finder->fine_stride + (size_t)(at / samples);

    finder->kernels->chip_tones(finder->fine.re + from, finder->fine.im + from, finder->fine_stride, finder->chips->samples,
                                index->cos_a, index->sin_a, finder->config.count, finder->one.re, finder->one.im, finder->zero.re,
                                finder->zero.im);
    collect(finder, index, &finder->one, &finder->zero, 0, v);
}

/* A time and a modulation index. */
struct place {
    double h;
    int shift; /* samples */
    double power, step;
    double late; /* chips */
};

/* Those places in order where neighbouring chips agree best: the product of each with the next costs a tenth of what their sum with
 * the carrier found costs. */
struct shortlist {
    struct place place[SHORTLIST];
    unsigned count;
};

static void look(struct wm_sync_finder *finder, int from, int to, double h, struct shortlist *list)
{
    const double edge = cos(finder->step_max);
    struct index index;
    struct known v;

    set_index(finder, h, &index);
    for (int shift = from; shift <= to; shift++) {
        tones_at(finder, &index, shift, &v);
        struct wm_phasor p = lag_sum(&v, finder->config.count, 1);
        double power = p.re * p.re + p.im * p.im;
        if (p.re < edge * sqrt(power) || (list->count == SHORTLIST && power <= list->place[SHORTLIST - 1].power))
            continue;
        unsigned at = list->count < SHORTLIST ? list->count++ : SHORTLIST - 1;
        for (; at > 0 && list->place[at - 1].power < power; at--)
            list->place[at] = list->place[at - 1];
        list->place[at] = (struct place){.h = h, .shift = shift, .power = power};
    }
}

/* The one of the list where the known chips add up best, coherently, if better than *best. */
static void choose(struct wm_sync_finder *finder, const struct shortlist *list, double late, struct place *best)
{
    for (unsigned i = 0; i < list->count; i++) {
        struct place place = list->place[i];
        struct index index;
        struct known v;
        set_index(finder, place.h, &index);
        tones_at(finder, &index, place.shift, &v);
        place.power = known_power(finder, &v, &place.step);
        place.late = (double)place.shift / finder->chips->samples + late;
        if (place.power > best->power)
            *best = place;
    }
}

/* S: which deviation and, to a quarter chip, when: by tone energy, which needs no phase. False where the energy does not know the
 * sequence. */
static bool loudest(struct wm_sync_finder *finder, const struct wm_chip_timing *timing, double *h, int *shift)
{
    const double most = h_most(finder, timing->period);
    const int samples = (int)finder->chips->samples;
    double best = -1, share = 0;

    for (double at = h_least(finder, timing->period); at < most + H_STEP_COARSE / 2; at += H_STEP_COARSE) {
        struct index index;
        struct known v;
        set_index(finder, at, &index);
        for (int s = -samples; s <= samples; s++) {
            tones_at(finder, &index, s, &v);
            double energy = energy_of(&v, finder->config.count);
            if (energy <= best)
                continue;
            best = energy;
            *h = at;
            *shift = s;
            share = energy / (plane_energy(&finder->one, finder->config.count) + plane_energy(&finder->zero, finder->config.count));
        }
    }
    return share > SHARE_LEAST;
}

/* Grid over time and modulation index round the candidate. */
static enum wm_status grid(struct wm_sync_finder *finder, const struct wm_baseband *in, struct wm_chip_timing *timing,
                           double *power)
{
    const double least = h_least(finder, timing->period), most = h_most(finder, timing->period);
    const int samples = (int)finder->chips->samples;
    struct shortlist list = {.count = 0};
    struct place best = {.power = 0};
    enum wm_status status = correlate_fine(finder, in, timing);

    if (status != WM_OK)
        return status;
    if (finder->config.h_max < 2) {
        for (double h = least + H_STEP / 2; h < most + H_STEP / 2; h += H_STEP)
            look(finder, -3 * samples / 4, 3 * samples / 4, h, &list);
        choose(finder, &list, 0, &best);
    } else { /* a chip turns by more than a cycle: the coherent peak is narrow in both */
        double middle;
        int shift;
        if (!loudest(finder, timing, &middle, &shift))
            return WM_NOT_MINE;
        for (int half = 0; half < 2; half++) { /* half samples: 80 kHz turn by 0.3 cycles in a whole one */
            struct wm_chip_timing t = *timing;
            t.start += 0.5 * half * timing->period / samples;
            status = half ? correlate_fine(finder, in, &t) : WM_OK;
            if (status != WM_OK)
                return status;
            list.count = 0;
            for (int i = -H_FINE; i <= H_FINE; i++)
                look(finder, shift - 3, shift + 3, middle + i * H_STEP_FINE, &list);
            choose(finder, &list, 0.5 * half / samples, &best);
        }
    }
    if (!(best.power > 0))
        return WM_NOT_MINE;
    timing->start += best.late * timing->period;
    timing->h = best.h;
    timing->carrier += best.step / (2 * M_PI * timing->period);
    *power = best.power;
    return WM_OK;
}

/* S: a turn of the tones more or less inside a chip, 1/h of a chip earlier or later, looks much like the right time. */
static enum wm_status settle(struct wm_sync_finder *finder, const struct wm_baseband *in, bool fit_clock,
                             struct wm_chip_timing *timing, struct wm_sync_quality *quality)
{
    const struct wm_chip_timing middle = *timing;

    for (int sign = -1; sign <= 1; sign += 2) {
        struct wm_chip_timing other = middle;
        struct wm_sync_quality other_quality;
        other.start += sign * middle.period / middle.h;
        enum wm_status status = polish(finder, in, &other, fit_clock, 2, &other_quality);
        if (status != WM_OK && status != WM_NOT_MINE)
            return status;
        if (status == WM_OK && other_quality.amplitude > quality->amplitude) {
            *timing = other;
            *quality = other_quality;
        }
    }
    return WM_OK;
}

/* The grid at clocks from `from` to `to` beside the candidate's, relative; the sequence's middle stays where it is. WM_NOT_MINE:
 * none has anything. */
static enum wm_status best_clock(struct wm_sync_finder *finder, const struct wm_baseband *in,
                                 const struct wm_sync_candidate *candidate, double from, double to, double step,
                                 struct wm_chip_timing *timing)
{
    const struct wm_chip_timing start = {
        .carrier = candidate->carrier,
        .h = 2 * finder->config.deviation_hz / finder->config.chip_rate_cps,
    };
    double best = 0;

    for (double clock = from; clock < to + step / 2; clock += step) {
        struct wm_chip_timing other = start;
        double power;
        other.start = candidate->start + clock * candidate->period * (double)finder->config.count / 2;
        other.period = candidate->period * (1 + clock);
        other.origin = other.start;
        enum wm_status status = grid(finder, in, &other, &power);
        if (status != WM_OK && status != WM_NOT_MINE)
            return status;
        if (status == WM_OK && power > best) {
            best = power;
            *timing = other;
        }
    }
    return best > 0 ? WM_OK : WM_NOT_MINE;
}

/* Places before this one that look like the sync word too: the shift with the most power, 0 where there is none. Format B's sync
 * word comes twice, and is sometimes found at its second half; fitted there, what is known of h, time and carrier speaks for it. */
static int earlier_twin(const struct wm_sync_finder *finder, double h, double least)
{
    struct index index;
    struct known v;
    int shift = 0;

    set_index(finder, h, &index);
    for (int j = -WM_REALIGN_CHIPS; j < 0; j++) {
        if (contrast_at(finder, j) < CONTRAST_GOOD)
            continue;
        collect(finder, &index, &finder->chips->c1, &finder->chips->c0, (size_t)(WM_REALIGN_CHIPS + j), &v);
        struct wm_phasor sum = coherent_sum(&v, finder->config.count, 0);
        double power = sum.re * sum.re + sum.im * sum.im;
        if (power > least) {
            least = power;
            shift = j;
        }
    }
    return shift;
}

/* From a place of the grid to the fitted timing, the sequence slid to where it belongs. */
static enum wm_status fit(struct wm_sync_finder *finder, const struct wm_baseband *in, struct wm_chip_timing *timing,
                          struct wm_sync_quality *quality)
{
    const size_t n = finder->config.count, wide = n + 2 * WM_REALIGN_CHIPS;
    const long first = -(long)(n + WM_REALIGN_CHIPS);
    bool fit_clock = fabs(timing->period / finder->period - 1) > finder->clock_nominal;
    enum wm_status status = polish(finder, in, timing, fit_clock, 3, quality);
    double best, here;

    if (status == WM_OK && finder->config.h_max > 2)
        status = settle(finder, in, fit_clock, timing, quality);
    if (status != WM_OK)
        return status;
    if (!fit_clock && finder->config.clock_tolerance > finder->clock_nominal &&
        fabsf(quality->clock_left) > (float)finder->clock_nominal) { /* close: the fit finds the way */
        struct wm_chip_timing other = *timing;
        struct wm_sync_quality other_quality;
        if (polish(finder, in, &other, true, 5, &other_quality) == WM_OK && other_quality.amplitude > 1.005f * quality->amplitude) {
            *timing = other;
            *quality = other_quality;
            fit_clock = true;
        }
    }
    timing->clock_spread = fit_clock ? 0.003 : 0.001;
    status = wm_correlator_run(finder->chips, in, timing, first, wide, 0);
    if (status != WM_OK)
        return status;
    int shift = slide(finder, timing->h, &best, &here);
    quality->contrast = contrast_at(finder, 0);
    bool moved = shift != 0 && best > SLIDE_CLEAR * here;
    bool strange = quality->contrast < CONTRAST_GOOD && !moved;
    /* Where both are good, noise alone says which is better: C's sync word of format B, which comes twice, has it twice. */
    if (moved && contrast_at(finder, shift) < fminf(quality->contrast, CONTRAST_GOOD)) {
        moved = false;
        strange = true;
    }
    if (strange && finder->config.h_max < 2) {
        /* the preamble alone does not tell the index: fitted beside the sync word, it hides the sync word */
        best = SLIDE_CLEAR * here;
        for (double h = h_least(finder, timing->period) + H_STEP / 2; h < h_most(finder, timing->period) + H_STEP / 2;
             h += H_STEP) {
            double power, there;
            wm_correlator_tones(finder->chips, h, wide, 0);
            int j = slide(finder, h, &power, &there);
            if (power > best && contrast_at(finder, j) >= quality->contrast) {
                best = power;
                shift = j;
                timing->h = h;
                moved = true;
            }
        }
        if (!moved)
            wm_correlator_tones(finder->chips, timing->h, wide, 0);
    }
    if (moved) {
        timing->start += shift * timing->period;
        status = polish(finder, in, timing, fit_clock, 3, quality);
    } else {
        struct wm_chip_timing twin = *timing;
        struct wm_sync_quality twin_quality;
        shift = quality->coherence < TWIN_COHERENCE ? earlier_twin(finder, timing->h, TWIN_LEAST * here) : 0;
        if (shift == 0)
            return WM_OK;
        twin.start += shift * twin.period;
        if (polish(finder, in, &twin, fit_clock, 3, &twin_quality) == WM_OK && twin_quality.amplitude > quality->amplitude) {
            *timing = twin;
            *quality = twin_quality;
        }
    }
    if (status == WM_OK)
        status = wm_correlator_run(finder->chips, in, timing, first, wide, 0);
    if (status == WM_OK)
        quality->contrast = contrast_at(finder, 0);
    return status;
}

enum wm_status wm_sync_finder_acquire(struct wm_sync_finder *finder, const struct wm_baseband *in,
                                      const struct wm_sync_candidate *candidate, struct wm_chip_timing *timing,
                                      struct wm_sync_quality *quality)
{
    const bool nominal = fabs(candidate->period / finder->period - 1) < 1e-6;
    const double near = nominal ? 0 : CLOCK_NEAR, widest = fmin(finder->config.clock_tolerance, WM_CLOCK_STEP / 2 + CLOCK_FINE);
    enum wm_status status = best_clock(finder, in, candidate, -near, near, CLOCK_NEAR, timing);

    memset(quality, 0, sizeof *quality);
    finder->follow_ready = false;
    if (status == WM_OK)
        status = fit(finder, in, timing, quality);
    if (status != WM_OK && status != WM_NOT_MINE)
        return status;
    if ((status != WM_OK || quality->coherence < COHERENCE_GOOD || quality->contrast < CONTRAST_GOOD) &&
        finder->config.clock_tolerance > finder->clock_nominal) {
        struct wm_chip_timing other;
        struct wm_sync_quality other_quality;
        enum wm_status other_status = best_clock(finder, in, candidate, -widest, widest, CLOCK_FINE, &other);
        if (other_status == WM_OK)
            other_status = fit(finder, in, &other, &other_quality);
        /* a clock beside the expected one is one parameter more: it must explain clearly more */
        if (other_status == WM_OK && (status != WM_OK || other_quality.amplitude > 1.025f * quality->amplitude)) {
            *timing = other;
            *quality = other_quality;
            status = WM_OK;
        } else if (other_status != WM_OK && other_status != WM_NOT_MINE) {
            return other_status;
        } else if (status == WM_OK) { /* `follows` wants the chips behind the one that was chosen */
            status = wm_correlator_run(finder->chips, in, timing, -(long)(finder->config.count + WM_REALIGN_CHIPS),
                                       finder->config.count + 2 * WM_REALIGN_CHIPS, 0);
        }
    }
    if (status != WM_OK)
        return status;
    finder->follow_ready = true;
    finder->follow_h = timing->h;
    return quality->coherence > 0.35f && quality->contrast > 0.62f ? WM_OK : WM_NOT_MINE;
}

float wm_sync_finder_follows(const struct wm_sync_finder *finder, const uint8_t *chips, size_t n)
{
    const struct wm_correlator *c = finder->chips;
    const size_t first = WM_REALIGN_CHIPS + finder->config.count;
    struct wm_phasor half[2] = {{0, 0}, {0, 0}};
    int cum = 0;

    if (n > WM_FOLLOW_CHIPS || !finder->follow_ready)
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
