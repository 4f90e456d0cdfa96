/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/words.h"

#include "dsp/line_3of6.h"
#include "dsp/phasor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD_CHIPS_MAX 6
#define LAG_MAX        16    /* of the residual carrier estimate, in words */
#define MEMORY_CHIPS   150.0 /* of the timing track: real transmitters' clocks wander by half a percent within a frame */
#define REFINE_BLOCKS  2     /* to either side, that a refined timing is averaged over */
#define CHIP_SPREAD    0.1   /* chips: of one chip's timing, noise and the transmitter's own */

struct code {
    unsigned word_chips;
    unsigned count;
    unsigned samples;    /* a chip, see wm_chip_samples: S turns by 1.5 cycles in a chip, T by half a cycle */
    unsigned window;     /* of the phase reference, words to either side */
    unsigned block;      /* words that share one timing */
    uint8_t pattern[16]; /* chips of each value, first chip highest */
};

static const struct code codes[] = {
    [WM_WORDS_3OF6] = {.word_chips = 6, .count = 16, .samples = 4, .window = 8, .block = 8},
    /* data 1 is chips 01, data 0 is 10: EN 13757-4, mode S */
    [WM_WORDS_MANCHESTER] = {.word_chips = 2, .count = 2, .samples = 12, .window = 16, .block = 24, .pattern = {2, 1}},
};

/* A line through (chip index, lateness against the sync word's timing) of the sync word and every block: weights are chips, old
 * ones fade. The prior holds the slope until the data know better. */
struct track {
    struct wm_chip_timing acquired; /* as given */
    struct wm_chip_timing first;    /* with the data's carrier */
    struct wm_chip_timing now;
    double prior, sw, st, stt, sx, stx;
    double h_weight, h_sum;
};

struct wm_words {
    struct code code;
    const struct wm_kernels *kernels;
    struct wm_correlator *chips;
    size_t pre_words;
    uint8_t *pre; /* pre_words * word_chips chips, 0 or 1 */
    /* of the current burst */
    size_t count;                 /* data words; column pre_words + w holds word w */
    struct wm_chip_timing *block; /* timing of each block */
    struct track track; /* behind the first `kept` blocks, which need no second look when more of the burst is asked for */
    size_t kept;
    double *late, *weight; /* of each block: refine's work space */
    float carrier_step;    /* residual carrier, radians a word */
    float amplitude;       /* of one baseband sample */
    bool smoothed;
    /* per column */
    struct wm_complex_plane z;    /* code.count planes */
    float *metric;                /* code.count planes */
    struct wm_complex_plane v, s; /* decided correlation; its neighbours' sum, turned back into the frame of z */
    uint8_t *value, *previous;    /* per data word */
    float *memory;
};

enum wm_status wm_words_create(const struct wm_kernels *kernels, enum wm_word_code code, const uint8_t *pre, size_t pre_chips,
                               size_t words_max, double period_max, struct wm_words **words_out)
{
    struct wm_words *words = calloc(1, sizeof *words);
    enum wm_status status = WM_NO_MEMORY;

    if (!words)
        return status;
    words->code = codes[code];
    if (code == WM_WORDS_3OF6)
        memcpy(words->code.pattern, wm_code_3of6, sizeof wm_code_3of6);
    words->kernels = kernels;
    words->pre_words = pre_chips / words->code.word_chips;
    size_t columns = words_max + words->pre_words;
    status = wm_correlator_create(kernels, words->code.word_chips, words->code.samples, columns, period_max, &words->chips);
    if (status != WM_OK)
        goto fail;
    size_t stride = words->chips->stride, planes = words->code.count;
    status = WM_NO_MEMORY;
    words->memory = aligned_alloc(32, stride * (3 * planes + 4) * sizeof(float));
    words->pre = malloc(pre_chips);
    words->value = calloc(2, columns);
    size_t blocks = words_max / words->code.block + 1;
    words->block = calloc(blocks, sizeof *words->block);
    words->late = calloc(2 * blocks, sizeof *words->late);
    if (!words->memory || !words->pre || !words->value || !words->block || !words->late)
        goto fail;
    memset(words->memory, 0, stride * (3 * planes + 4) * sizeof(float));
    words->previous = words->value + columns;
    words->weight = words->late + blocks;
    memcpy(words->pre, pre + pre_chips % words->code.word_chips, words->pre_words * words->code.word_chips);
    words->z = (struct wm_complex_plane){words->memory, words->memory + planes * stride};
    words->metric = words->memory + 2 * planes * stride;
    words->v = (struct wm_complex_plane){words->metric + planes * stride, words->metric + (planes + 1) * stride};
    words->s = (struct wm_complex_plane){words->metric + (planes + 2) * stride, words->metric + (planes + 3) * stride};
    *words_out = words;
    return WM_OK;
fail:
    wm_words_destroy(words);
    return status;
}

void wm_words_destroy(struct wm_words *words)
{
    if (!words)
        return;
    wm_correlator_destroy(words->chips);
    free(words->memory);
    free(words->pre);
    free(words->value);
    free(words->block);
    free(words->late);
    free(words);
}

static inline unsigned chip_of(const struct wm_words *words, unsigned value, unsigned i)
{
    return words->code.pattern[value] >> (words->code.word_chips - 1 - i) & 1;
}

/* Word correlations of columns [from, from + n). */
static void correlate_words(struct wm_words *words, size_t from, size_t n, double h)
{
    const struct wm_correlator *c = words->chips;
    struct wm_phasor turn = wm_phasor(-M_PI * h);

    if (words->code.word_chips == 6) {
        words->kernels->words_3of6(c->c1.re + from, c->c1.im + from, c->c0.re + from, c->c0.im + from, c->stride, (float)turn.re,
                                   (float)turn.im, n, words->z.re + from, words->z.im + from);
        return;
    }
    /* Manchester: 10 is c1 then c0 turned back by e^{-j pi h}; 01 is c0 then c1 turned by e^{+j pi h} */
    const float rr = (float)turn.re, ri = (float)turn.im;
    const size_t second = c->stride;
    for (size_t w = from; w < from + n; w++) {
        words->z.re[w] = c->c1.re[w] + (c->c0.re[second + w] * rr - c->c0.im[second + w] * ri);
        words->z.im[w] = c->c1.im[w] + (c->c0.re[second + w] * ri + c->c0.im[second + w] * rr);
        words->z.re[second + w] = c->c0.re[w] + (c->c1.re[second + w] * rr + c->c1.im[second + w] * ri);
        words->z.im[second + w] = c->c0.im[w] + (c->c1.im[second + w] * rr - c->c1.re[second + w] * ri);
    }
}

/* Sums of a least-squares fit of each chip's phase error: timing pushes it by +-pi h delta with the chip's sign, a wrong h by pi dh
 * times the chip sum so far. Balanced words make the two columns orthogonal to each other and to the word's own phase. */
struct chip_fit {
    double n, t, tt;  /* chips, their index, squared */
    double p, pt;     /* signed phase error, times index */
    double hh, hp;    /* chip sum squared, times phase error */
    double amplitude; /* sum of in-phase parts */
};

/* Adds one decided word whose phase reference is the unit phasor ref. own_phase: the reference is the word's own, so only what
 * differs inside the word tells about h (nothing in Manchester, whose two chips have the same mean chip sum). */
static void fit_word(const struct wm_words *words, struct chip_fit *fit, size_t column, unsigned value, struct wm_phasor ref,
                     bool own_phase, const struct wm_phasor *turns)
{
    const struct wm_correlator *c = words->chips;
    const unsigned n = words->code.word_chips;
    const double t0 = ((double)column - (double)words->pre_words) * n;
    double sum = 0, mean = 0, error[WORD_CHIPS_MAX], at[WORD_CHIPS_MAX];

    for (unsigned i = 0; i < n; i++) {
        unsigned chip = chip_of(words, value, i);
        size_t k = i * c->stride + column;
        const struct wm_complex_plane *tone = chip ? &c->c1 : &c->c0;
        struct wm_phasor v = wm_phasor_mul((struct wm_phasor){tone->re[k], tone->im[k]}, turns[(int)sum + WORD_CHIPS_MAX]);
        double in_phase = v.re * ref.re + v.im * ref.im;
        double s = chip ? 1 : -1;
        error[i] = v.im * ref.re - v.re * ref.im;
        at[i] = sum + s / 2;
        mean += own_phase ? at[i] / n : 0;
        sum += s;
        fit->n += 1;
        fit->t += t0 + i;
        fit->tt += (t0 + i) * (t0 + i);
        fit->p += s * error[i];
        fit->pt += s * error[i] * (t0 + i);
        fit->amplitude += in_phase;
    }
    for (unsigned i = 0; i < n; i++) {
        fit->hh += (at[i] - mean) * (at[i] - mean);
        fit->hp += (at[i] - mean) * error[i];
    }
}

/* Carrier left in the first n decided words, cycles a baseband sample: the turn from one word to the next. */
static double word_to_word_carrier(const struct wm_words *words, double period, size_t n)
{
    double re = 0, im = 0;

    for (size_t w = 0; w + 1 < n; w++) {
        size_t a = words->value[w] * words->chips->stride + words->pre_words + w;
        size_t b = words->value[w + 1] * words->chips->stride + words->pre_words + w + 1;
        re += (double)words->z.re[b] * (double)words->z.re[a] + (double)words->z.im[b] * (double)words->z.im[a];
        im += (double)words->z.im[b] * (double)words->z.re[a] - (double)words->z.re[b] * (double)words->z.im[a];
    }
    return atan2(im, re) / (2 * M_PI) / (period * words->code.word_chips);
}

static void fill_turns(double h, struct wm_phasor turns[2 * WORD_CHIPS_MAX + 1])
{
    wm_phasor_table(M_PI * h * WORD_CHIPS_MAX, -M_PI * h, turns, 2 * WORD_CHIPS_MAX + 1);
}

static double clamp(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

/* Correlates block b of the data with its own timing. */
static enum wm_status correlate_block(struct wm_words *words, const struct wm_baseband *in, size_t b)
{
    const size_t from = b * words->code.block, left = words->count - from;
    const size_t size = left < words->code.block ? left : words->code.block;
    enum wm_status status =
        wm_correlator_run(words->chips, in, &words->block[b], (long)(from * words->code.word_chips), size, words->pre_words + from);

    if (status == WM_OK)
        correlate_words(words, words->pre_words + from, size, words->block[b].h);
    return status;
}

static size_t block_size(const struct wm_words *words, size_t b)
{
    size_t left = words->count - b * words->code.block;

    return left < words->code.block ? left : words->code.block;
}

static enum wm_status correlate_preamble(struct wm_words *words, const struct wm_baseband *in, const struct wm_chip_timing *timing)
{
    return wm_correlator_run(words->chips, in, timing, -(long)(words->pre_words * words->code.word_chips), words->pre_words, 0);
}

static struct track begin_track(const struct wm_words *words, const struct wm_chip_timing *timing)
{
    const double pre_chips = (double)(words->pre_words * words->code.word_chips);

    return (struct track){
        .acquired = *timing,
        .first = *timing,
        .now = *timing,
        .prior = timing->clock_spread > 0 ? pow(CHIP_SPREAD / timing->clock_spread, 2) : 0,
        .sw = pre_chips,
        .st = -pre_chips * pre_chips / 2,
        .stt = pre_chips * pre_chips * pre_chips / 3,
        .h_weight = pre_chips / 2,
        .h_sum = pre_chips / 2 * timing->h,
    };
}

/* Block b's decisions with the timing so far. */
static enum wm_status decide_block(struct wm_words *words, const struct wm_baseband *in, struct track *track, size_t b)
{
    const size_t from = b * words->code.block, column = words->pre_words + from;

    words->block[b] = track->now;
    enum wm_status status = correlate_block(words, in, b);
    if (status == WM_OK)
        words->kernels->best_energy(words->z.re + column, words->z.im + column, words->chips->stride, words->code.count,
                                    block_size(words, b), words->value + from);
    return status;
}

/* What block b's decisions say of timing, clock and modulation index. */
static void follow_block(const struct wm_words *words, struct track *t, size_t b)
{
    const size_t from = b * words->code.block, size = block_size(words, b);
    struct wm_phasor turns[2 * WORD_CHIPS_MAX + 1];
    struct chip_fit fit = {0};

    fill_turns(t->now.h, turns);
    for (size_t w = from; w < from + size; w++) {
        size_t k = words->value[w] * words->chips->stride + words->pre_words + w;
        fit_word(words, &fit, words->pre_words + w, words->value[w],
                 wm_phasor_unit((struct wm_phasor){words->z.re[k], words->z.im[k]}), true, turns);
    }
    if (!(fit.amplitude > 0))
        return;
    const double delta = clamp(fit.p / (fit.amplitude * M_PI * t->now.h), 0.25), at = fit.t / fit.n + 0.5;
    const double late = (t->now.start + (at - delta) * t->now.period - t->first.start) / t->first.period - at;
    const double fade = exp(-fit.n / MEMORY_CHIPS);
    t->sw = t->sw * fade + fit.n;
    t->st = t->st * fade + fit.n * at;
    t->stt = t->stt * fade + fit.n * at * at;
    t->sx = t->sx * fade + fit.n * late;
    t->stx = t->stx * fade + fit.n * at * late;
    const double det = t->sw * (t->stt + t->prior) - t->st * t->st, slope = (t->sw * t->stx - t->st * t->sx) / det;
    t->now.period = t->first.period * (1 + slope);
    t->now.start = t->first.start + t->first.period * (t->sx - t->st * slope) / t->sw;
    if (fit.hh > 0) {
        t->h_sum += fit.hh * (t->now.h + clamp(fit.hp * fit.n / (fit.amplitude * M_PI * fit.hh), 0.1));
        t->h_weight += fit.hh;
        t->now.h = t->h_sum / t->h_weight;
    }
}

static bool same_timing(const struct wm_chip_timing *a, const struct wm_chip_timing *b)
{
    return a->start == b->start && a->period == b->period && a->carrier == b->carrier && a->origin == b->origin &&
           a->clock_spread == b->clock_spread && a->h == b->h;
}

enum wm_status wm_words_track(struct wm_words *words, const struct wm_baseband *in, struct wm_chip_timing *timing, size_t count)
{
    const size_t blocks = (count + words->code.block - 1) / words->code.block;
    struct track track = words->track;
    enum wm_status status = WM_OK;

    words->smoothed = false;
    words->count = count;
    words->amplitude = 0;
    if (words->kept >= blocks || !same_timing(&track.acquired, timing))
        words->kept = 0;
    if (words->kept == 0) {
        track = begin_track(words, timing);
        status = correlate_preamble(words, in, timing);
    }
    for (size_t b = words->kept; status == WM_OK && b < blocks; b++) {
        status = decide_block(words, in, &track, b);
        if (b == 0 && status == WM_OK) {
            /* real transmitters settle: the data's carrier is up to 5 kHz beside the preamble's. Once, on block 0 */
            track.now.carrier += word_to_word_carrier(words, track.now.period, block_size(words, 0));
            track.first.carrier = track.now.carrier;
            status = correlate_preamble(words, in, &track.now);
            if (status == WM_OK)
                status = decide_block(words, in, &track, 0);
        }
        if (status != WM_OK)
            break;
        follow_block(words, &track, b);
        if (b + 1 < blocks) { /* the last one may be cut short, and read before its filters have heard all */
            words->track = track;
            words->kept = b + 1;
        }
    }
    *timing = track.now;
    return status;
}

void wm_words_reset(struct wm_words *words)
{
    words->kept = 0;
}

/* The preamble's words, whose chips are known: correlated along their own path, ending at phase 0 where the data begin. */
static void preamble_values(struct wm_words *words)
{
    const struct wm_correlator *c = words->chips;
    const unsigned n = words->code.word_chips;
    int sum = 0;

    for (size_t i = 0; i < words->pre_words * n; i++)
        sum -= words->pre[i] ? 1 : -1;
    for (size_t w = 0; w < words->pre_words; w++) {
        struct wm_phasor v = {0, 0};
        for (unsigned i = 0; i < n; i++) {
            unsigned chip = words->pre[w * n + i];
            const struct wm_complex_plane *tone = chip ? &c->c1 : &c->c0;
            size_t k = i * c->stride + w;
            v = wm_phasor_add(
                v, wm_phasor_mul((struct wm_phasor){tone->re[k], tone->im[k]}, wm_phasor(-M_PI * words->block[0].h * sum)));
            sum += chip ? 1 : -1;
        }
        words->v.re[w] = (float)v.re;
        words->v.im[w] = (float)v.im;
    }
}

static void decided_values(struct wm_words *words)
{
    for (size_t w = 0; w < words->count; w++) {
        size_t column = words->pre_words + w, k = words->value[w] * words->chips->stride + column;
        words->v.re[column] = words->z.re[k];
        words->v.im[column] = words->z.im[k];
    }
}

/* s[w] = sum of v over the window round w without w itself, residual carrier taken out before and put back after. */
static void neighbours(struct wm_words *words, bool with_self)
{
    const size_t n = words->pre_words + words->count, window = words->code.window;
    struct wm_phasor step = wm_phasor(words->carrier_step), turn = {1, 0};

    /* turned copies live in s until the sums replace them: sums run over a small ring of what was overwritten */
    float ring_re[64], ring_im[64];
    double sum_re = 0, sum_im = 0;
    for (size_t w = 0; w < n; w++) {
        words->s.re[w] = (float)(words->v.re[w] * turn.re + words->v.im[w] * turn.im);
        words->s.im[w] = (float)(words->v.im[w] * turn.re - words->v.re[w] * turn.im);
        turn = wm_phasor_mul(turn, step);
    }
    for (size_t w = 0; w < window && w < n; w++) {
        sum_re += words->s.re[w];
        sum_im += words->s.im[w];
    }
    turn = (struct wm_phasor){1, 0};
    for (size_t w = 0; w < n; w++) {
        if (w + window < n) {
            sum_re += words->s.re[w + window];
            sum_im += words->s.im[w + window];
        }
        if (w > window) {
            sum_re -= ring_re[(w - window - 1) % 64];
            sum_im -= ring_im[(w - window - 1) % 64];
        }
        float own_re = words->s.re[w], own_im = words->s.im[w];
        ring_re[w % 64] = own_re;
        ring_im[w % 64] = own_im;
        struct wm_phasor s = {sum_re - (with_self ? 0 : own_re), sum_im - (with_self ? 0 : own_im)};
        s = wm_phasor_mul(s, turn);
        words->s.re[w] = (float)s.re;
        words->s.im[w] = (float)s.im;
        turn = wm_phasor_mul(turn, step);
    }
}

/* Residual carrier, radians a word: the angle of lag products, lag doubled as the estimate sharpens. */
static float residual_carrier(const struct wm_words *words)
{
    const size_t n = words->pre_words + words->count;
    double step = 0;

    for (size_t lag = 1; lag <= LAG_MAX && 2 * lag < n; lag *= 2) {
        double re = 0, im = 0;
        for (size_t w = 0; w + lag < n; w++) {
            re += words->v.re[w + lag] * words->v.re[w] + words->v.im[w + lag] * words->v.im[w];
            im += words->v.im[w + lag] * words->v.re[w] - words->v.re[w + lag] * words->v.im[w];
        }
        struct wm_phasor turned = wm_phasor_mul((struct wm_phasor){re, im}, wm_phasor(-step * (double)lag));
        step += atan2(turned.im, turned.re) / (double)lag;
    }
    return (float)step;
}

void wm_words_smooth(struct wm_words *words)
{
    const size_t n = words->pre_words + words->count, stride = words->chips->stride, data = words->pre_words;

    words->kept = 0;
    preamble_values(words);
    for (int round = 0; round < 3; round++) {
        decided_values(words);
        words->carrier_step = residual_carrier(words);
        neighbours(words, false);
        words->kernels->coherent_metric(words->z.re + data, words->z.im + data, words->s.re + data, words->s.im + data, stride,
                                        words->code.count, words->count, words->metric + data);
        memcpy(words->previous, words->value, words->count);
        for (size_t w = 0; w < words->count; w++) {
            float top = -INFINITY;
            for (unsigned b = 0; b < words->code.count; b++) {
                float m = words->metric[b * stride + data + w];
                if (m > top) {
                    top = m;
                    words->value[w] = (uint8_t)b;
                }
            }
        }
        if (round > 0 && memcmp(words->previous, words->value, words->count) == 0)
            break;
    }
    decided_values(words);
    neighbours(words, true);
    double in_phase = 0;
    for (size_t w = 0; w < n; w++) {
        struct wm_phasor ref = wm_phasor_unit((struct wm_phasor){words->s.re[w], words->s.im[w]});
        in_phase += words->v.re[w] * ref.re + words->v.im[w] * ref.im;
    }
    words->amplitude = (float)(in_phase / (double)n / (words->code.word_chips * words->code.samples));
    words->smoothed = true;
}

enum wm_status wm_words_refine(struct wm_words *words, const struct wm_baseband *in, struct wm_chip_timing *timing)
{
    const size_t blocks = (words->count + words->code.block - 1) / words->code.block;
    struct wm_phasor turns[2 * WORD_CHIPS_MAX + 1];
    struct chip_fit all = {0};
    enum wm_status status;

    if (!(words->amplitude > 0))
        return WM_OK;
    /* s holds the phase reference with the word itself in it: the estimate wants every chip */
    for (size_t b = 0; b < blocks; b++) {
        struct chip_fit fit = {0};
        fill_turns(words->block[b].h, turns);
        for (size_t w = b * words->code.block; w < b * words->code.block + block_size(words, b); w++) {
            size_t column = words->pre_words + w;
            fit_word(words, &fit, column, words->value[w],
                     wm_phasor_unit((struct wm_phasor){words->s.re[column], words->s.im[column]}), false, turns);
        }
        words->late[b] = fit.p;
        words->weight[b] = fit.amplitude;
        all.n += fit.n;
        all.amplitude += fit.amplitude;
        all.hp += fit.hp;
        all.hh += fit.hh;
    }
    const double h = timing->h + clamp(all.hp * all.n / (all.amplitude * M_PI * all.hh), 0.1);
    const double carrier = timing->carrier + words->carrier_step / (2 * M_PI) / (timing->period * words->code.word_chips);
    for (size_t b = 0; b < blocks; b++) {
        double p = 0, weight = 0;
        for (size_t j = b > REFINE_BLOCKS ? b - REFINE_BLOCKS : 0; j <= b + REFINE_BLOCKS && j < blocks; j++) {
            p += words->late[j];
            weight += words->weight[j];
        }
        double delta = weight > 0 ? clamp(p / (weight * M_PI * words->block[b].h), 0.3) : 0;
        words->block[b].start -= delta * words->block[b].period;
    }
    for (size_t b = 0; b < blocks; b++) {
        words->block[b].h = h;
        words->block[b].carrier = carrier;
    }
    status = correlate_preamble(words, in, &words->block[0]);
    for (size_t b = 0; b < blocks && status == WM_OK; b++)
        status = correlate_block(words, in, b);
    *timing = words->block[blocks - 1];
    if (status == WM_OK)
        wm_words_smooth(words);
    return status;
}

const uint8_t *wm_words_values(const struct wm_words *words)
{
    return words->value;
}

float wm_words_amplitude(const struct wm_words *words)
{
    return words->amplitude;
}

unsigned wm_words_others(const struct wm_words *words, size_t w, float noise_density, uint8_t value[2], float cost[2])
{
    const size_t stride = words->chips->stride, column = words->pre_words + w;
    const float best = words->metric[words->value[w] * stride + column];
    /* Interpolated samples come at `samples` a chip: white noise of that density has this variance in each. */
    const double variance = noise_density * words->code.samples / words->block[0].period;
    const float scale = (float)(2 * words->amplitude / variance);
    const unsigned wanted = words->code.count > 2 ? 2 : 1;
    unsigned found = 0;

    if (!words->smoothed || !(variance > 0))
        return 0;
    for (unsigned b = 0; b < words->code.count; b++) {
        if (b == words->value[w])
            continue;
        float c = (best - words->metric[b * stride + column]) * scale;
        if (found == wanted && c >= cost[found - 1])
            continue;
        if (found < wanted)
            found++;
        unsigned at = found - 1;
        for (; at > 0 && cost[at - 1] > c; at--) {
            cost[at] = cost[at - 1];
            value[at] = value[at - 1];
        }
        cost[at] = c;
        value[at] = (uint8_t)b;
    }
    return found;
}
