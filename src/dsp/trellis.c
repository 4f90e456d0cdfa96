/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/trellis.h"

#include "dsp/phasor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STATES    WM_TRELLIS_STATES
#define SAMPLES   4  /* a chip after interpolation */
#define WINDOW    16 /* chips to either side in the smoothed phase */
#define GROUP     4  /* chips summed before the carrier and h search of refine */
#define FLIPS_MAX 12 /* chips so turned after the trellis */
#define TURNS     64 /* chip sums with a tabled phase */

struct wm_trellis {
    const struct wm_kernels *kernels;
    struct wm_correlator *chips;
    size_t pre_chips, chips_max;
    uint8_t *known; /* pre_chips */
    size_t count;   /* data chips of the current burst */
    struct wm_chip_timing timing;
    double h; /* of the last decide */
    float amplitude;
    bool decided;
    uint8_t *chip;   /* pre_chips + chips_max decisions, the known ones first */
    uint8_t *choice; /* a bit a state, for each chip: which branch won */
    float *memory;
    struct wm_complex_plane v, s; /* decided correlations without data phase; their smoothed sum without self */
    struct wm_phasor turn[2 * TURNS + 1];
    struct wm_phasor *own; /* work space of the alternatives: own tone, other tone, running sum */
};

enum wm_status wm_trellis_create(const struct wm_kernels *kernels, const uint8_t *pre, size_t pre_chips, size_t chips_max,
                                 double period_max, struct wm_trellis **trellis_out)
{
    struct wm_trellis *trellis = calloc(1, sizeof *trellis);
    const size_t n = pre_chips + chips_max;
    enum wm_status status = WM_NO_MEMORY;

    if (!trellis)
        return status;
    trellis->kernels = kernels;
    trellis->pre_chips = pre_chips;
    trellis->chips_max = chips_max;
    status = wm_correlator_create(kernels, 1, SAMPLES, n, period_max, &trellis->chips);
    if (status == WM_OK) {
        status = WM_NO_MEMORY;
        trellis->known = malloc(pre_chips);
        trellis->chip = calloc(2, n);
        trellis->memory = calloc(4 * n, sizeof(float));
        trellis->own = calloc(3 * n + 1, sizeof *trellis->own);
        if (trellis->known && trellis->chip && trellis->memory && trellis->own) {
            trellis->choice = trellis->chip + n;
            float *at = trellis->memory;
            trellis->v = (struct wm_complex_plane){at, at + n};
            trellis->s = (struct wm_complex_plane){at + 2 * n, at + 3 * n};
            memcpy(trellis->known, pre, pre_chips);
            *trellis_out = trellis;
            return WM_OK;
        }
    }
    wm_trellis_destroy(trellis);
    return status;
}

void wm_trellis_destroy(struct wm_trellis *trellis)
{
    if (!trellis)
        return;
    wm_correlator_destroy(trellis->chips);
    free(trellis->known);
    free(trellis->chip);
    free(trellis->memory);
    free(trellis->own);
    free(trellis);
}

void wm_trellis_set_known(struct wm_trellis *trellis, const uint8_t *pre)
{
    memcpy(trellis->known, pre, trellis->pre_chips);
}

enum wm_status wm_trellis_correlate(struct wm_trellis *trellis, const struct wm_baseband *in, const struct wm_chip_timing *timing,
                                    size_t chips)
{
    if (chips > trellis->chips_max)
        return WM_INVALID;
    trellis->count = chips;
    trellis->timing = *timing;
    trellis->decided = false;
    return wm_correlator_run(trellis->chips, in, timing, -(long)trellis->pre_chips, trellis->pre_chips + chips, 0);
}

void wm_trellis_hard(struct wm_trellis *trellis)
{
    const struct wm_correlator *c = trellis->chips;

    memcpy(trellis->chip, trellis->known, trellis->pre_chips);
    for (size_t k = trellis->pre_chips; k < trellis->pre_chips + trellis->count; k++) {
        float one = c->c1.re[k] * c->c1.re[k] + c->c1.im[k] * c->c1.im[k];
        float zero = c->c0.re[k] * c->c0.re[k] + c->c0.im[k] * c->c0.im[k];
        trellis->chip[k] = one > zero;
    }
}

double wm_trellis_search_h(struct wm_trellis *trellis, size_t chips, double h_step, unsigned h_count, float alpha)
{
    const struct wm_correlator *c = trellis->chips;
    const size_t n = trellis->pre_chips + (chips < trellis->count ? chips : trellis->count);
    double best_h = trellis->timing.h;
    float best = -INFINITY;

    for (unsigned first = 0; first < h_count; first += WM_TRELLIS_LANES) {
        float h[WM_TRELLIS_LANES], metric[WM_TRELLIS_LANES];
        for (unsigned i = 0; i < WM_TRELLIS_LANES; i++)
            h[i] = (float)(trellis->timing.h + h_step * ((double)(first + i) - (h_count - 1) / 2.0));
        trellis->kernels->trellis_metric(&c->c1, &c->c0, n, trellis->known, trellis->pre_chips, h, (float)trellis->timing.h, alpha,
                                         metric);
        for (unsigned i = 0; i < WM_TRELLIS_LANES; i++) {
            if (metric[i] > best) {
                best = metric[i];
                best_h = h[i];
            }
        }
    }
    return best_h;
}

static void run_trellis(struct wm_trellis *trellis, double h, float alpha)
{
    const struct wm_correlator *c = trellis->chips;
    const size_t n = trellis->pre_chips + trellis->count;
    const struct wm_phasor turn = wm_phasor(M_PI * h);
    /* the correlations are referenced to the chip's start and were made with the timing's h: their mid-chip phase moves with h */
    const struct wm_phasor half = wm_phasor(M_PI * (h - trellis->timing.h) / 2);
    const float tr = (float)turn.re, ti = (float)turn.im, hr = (float)half.re, hi = (float)half.im;
    float metric[STATES], re[STATES], im[STATES];

    for (int s = 0; s < STATES; s++) {
        metric[s] = s ? -1e9f : 0;
        re[s] = im[s] = 0;
    }
    for (size_t k = 0; k < n; k++) {
        float one_re = c->c1.re[k] * hr + c->c1.im[k] * hi, one_im = c->c1.im[k] * hr - c->c1.re[k] * hi;
        float zero_re = c->c0.re[k] * hr - c->c0.im[k] * hi, zero_im = c->c0.im[k] * hr + c->c0.re[k] * hi;
        float next[STATES], next_re[STATES], next_im[STATES], inverse[STATES];
        float penalty_one = 0, penalty_zero = 0;
        uint8_t choice = 0;

        if (k < trellis->pre_chips) {
            penalty_one = trellis->known[k] ? 0 : 1e6f;
            penalty_zero = trellis->known[k] ? 1e6f : 0;
        }
        for (int s = 0; s < STATES; s++)
            inverse[s] = 1 / (sqrtf(re[s] * re[s] + im[s] * im[s]) + 1e-9f);
        for (int t = 0; t < STATES; t++) {
            int from_one = (t - 1) & (STATES - 1), from_zero = (t + 1) & (STATES - 1);
            float a = metric[from_one] + (one_re * re[from_one] + one_im * im[from_one]) * inverse[from_one] - penalty_one;
            float b = metric[from_zero] + (zero_re * re[from_zero] + zero_im * im[from_zero]) * inverse[from_zero] - penalty_zero;
            bool one = a > b;
            int s = one ? from_one : from_zero;
            float ur = alpha * re[s] + (one ? one_re : zero_re), ui = alpha * im[s] + (one ? one_im : zero_im);
            float by = one ? ti : -ti; /* the reference moves on to the phase at the next chip's start */
            next[t] = one ? a : b;
            next_re[t] = ur * tr - ui * by;
            next_im[t] = ur * by + ui * tr;
            choice |= (uint8_t)(one << t);
        }
        trellis->choice[k] = choice;
        memcpy(metric, next, sizeof metric);
        memcpy(re, next_re, sizeof re);
        memcpy(im, next_im, sizeof im);
    }
    int s = 0;
    for (int t = 1; t < STATES; t++)
        if (metric[t] > metric[s])
            s = t;
    /* the final state's parity is that of the chip count: states of the other parity were never reached and hold about -1e9 */
    for (size_t k = n; k-- > 0;) {
        bool one = trellis->choice[k] >> s & 1;
        trellis->chip[k] = one;
        s = (one ? s - 1 : s + 1) & (STATES - 1);
    }
    trellis->h = h;
    trellis->decided = true;
}

static struct wm_phasor chip_turn(const struct wm_trellis *trellis, int sum)
{
    return sum >= -TURNS && sum <= TURNS ? trellis->turn[sum + TURNS] : wm_phasor(-M_PI * trellis->h * sum);
}

/* v = the decided correlation with its data phase taken out: a constant but for carrier and noise. */
static void strip_data(struct wm_trellis *trellis)
{
    const struct wm_correlator *c = trellis->chips;
    int sum = 0;
    const struct wm_phasor half = wm_phasor(M_PI * (trellis->h - trellis->timing.h) / 2);

    wm_phasor_table(M_PI * trellis->h * TURNS, -M_PI * trellis->h, trellis->turn, 2 * TURNS + 1);
    for (size_t k = 0; k < trellis->pre_chips + trellis->count; k++) {
        bool one = trellis->chip[k];
        const struct wm_complex_plane *tone = one ? &c->c1 : &c->c0;
        struct wm_phasor v = {tone->re[k], tone->im[k]};
        v = wm_phasor_mul(v, (struct wm_phasor){half.re, one ? -half.im : half.im});
        v = wm_phasor_mul(v, chip_turn(trellis, sum));
        trellis->v.re[k] = (float)v.re;
        trellis->v.im[k] = (float)v.im;
        sum += one ? 1 : -1;
    }
}

/* s[k] = sum of v within WINDOW of k, without k itself. */
static void smooth(struct wm_trellis *trellis)
{
    const size_t n = trellis->pre_chips + trellis->count;
    double re = 0, im = 0, amplitude = 0;

    for (size_t k = 0; k < WINDOW && k < n; k++) {
        re += trellis->v.re[k];
        im += trellis->v.im[k];
    }
    for (size_t k = 0; k < n; k++) {
        if (k + WINDOW < n) {
            re += trellis->v.re[k + WINDOW];
            im += trellis->v.im[k + WINDOW];
        }
        if (k > WINDOW) {
            re -= trellis->v.re[k - WINDOW - 1];
            im -= trellis->v.im[k - WINDOW - 1];
        }
        trellis->s.re[k] = (float)(re - trellis->v.re[k]);
        trellis->s.im[k] = (float)(im - trellis->v.im[k]);
        struct wm_phasor ref = wm_phasor_unit((struct wm_phasor){re, im});
        amplitude += trellis->v.re[k] * ref.re + trellis->v.im[k] * ref.im;
    }
    trellis->amplitude = (float)(amplitude / (double)(n * SAMPLES));
}

/* Sum of v with a trial (dh, residual carrier) removed; the carrier is found by lag products of rising lag, *step in radians a
 * group. */
static double coherent_sum(const struct wm_phasor *v, const double *at, size_t groups, double dh, double *step)
{
    struct wm_phasor turned[1024];
    struct wm_phasor sum = {0, 0};

    *step = 0;
    if (groups > 1024)
        groups = 1024;
    for (size_t g = 0; g < groups; g++)
        turned[g] = wm_phasor_mul(v[g], wm_phasor(-M_PI * dh * at[g]));
    for (size_t lag = 1; 2 * lag < groups; lag *= 2) {
        struct wm_phasor p = {0, 0};
        for (size_t g = 0; g + lag < groups; g++)
            p = wm_phasor_add(p, wm_phasor_mul(turned[g + lag], (struct wm_phasor){turned[g].re, -turned[g].im}));
        p = wm_phasor_mul(p, wm_phasor(-*step * (double)lag));
        *step += atan2(p.im, p.re) / (double)lag;
    }
    struct wm_phasor back = wm_phasor(-*step), turn = {1, 0};
    for (size_t g = 0; g < groups; g++) {
        sum = wm_phasor_add(sum, wm_phasor_mul(turned[g], turn));
        turn = wm_phasor_mul(turn, back);
    }
    return sum.re * sum.re + sum.im * sum.im;
}

void wm_trellis_refine(struct wm_trellis *trellis, struct wm_chip_timing *timing, double h_span)
{
    const size_t n = trellis->pre_chips + trellis->count, groups = n / GROUP < 1024 ? n / GROUP : 1024;
    struct wm_phasor v[1024];
    double at[1024], mean = 0, best = -1, best_dh = 0, best_step = 0;
    double sum = 0;

    strip_data(trellis);
    for (size_t g = 0; g < groups; g++) {
        v[g] = (struct wm_phasor){0, 0};
        at[g] = 0;
        for (size_t k = g * GROUP; k < (g + 1) * GROUP; k++) {
            double s = trellis->chip[k] ? 1 : -1;
            v[g] = wm_phasor_add(v[g], (struct wm_phasor){trellis->v.re[k], trellis->v.im[k]});
            at[g] += (sum + s / 2) / GROUP;
            sum += s;
        }
        mean += at[g] / (double)groups;
    }
    for (size_t g = 0; g < groups; g++)
        at[g] -= mean;
    for (int i = -10; i <= 10; i++) {
        double step, power = coherent_sum(v, at, groups, h_span * i / 10, &step);
        if (power > best) {
            best = power;
            best_dh = h_span * i / 10;
            best_step = step;
        }
    }
    /* timing and clock against the smoothed phase, as for words */
    trellis->h += best_dh;
    strip_data(trellis);
    struct wm_phasor back = wm_phasor(-best_step / GROUP), turn = {1, 0};
    for (size_t k = 0; k < n; k++) {
        struct wm_phasor x = wm_phasor_mul((struct wm_phasor){trellis->v.re[k], trellis->v.im[k]}, turn);
        trellis->v.re[k] = (float)x.re;
        trellis->v.im[k] = (float)x.im;
        turn = wm_phasor_mul(turn, back);
    }
    smooth(trellis);
    double fn = 0, ft = 0, ftt = 0, fp = 0, fpt = 0, amplitude = 0;
    for (size_t k = 0; k < n; k++) {
        struct wm_phasor ref =
            wm_phasor_unit((struct wm_phasor){trellis->s.re[k] + trellis->v.re[k], trellis->s.im[k] + trellis->v.im[k]});
        double s = trellis->chip[k] ? 1 : -1, t = (double)k - (double)trellis->pre_chips;
        double error = trellis->v.im[k] * ref.re - trellis->v.re[k] * ref.im;
        amplitude += trellis->v.re[k] * ref.re + trellis->v.im[k] * ref.im;
        fn += 1;
        ft += t;
        ftt += t * t;
        fp += s * error;
        fpt += s * error * t;
    }
    timing->h = trellis->h;
    timing->carrier += best_step / GROUP / (2 * M_PI) / timing->period;
    if (!(amplitude > 0))
        return;
    double scale = fn / (amplitude * M_PI * timing->h), det = fn * ftt - ft * ft;
    double slope = (fn * fpt - ft * fp) / det * scale;
    double delta = fp / fn * scale - slope * ft / fn;
    timing->start -= fmax(-0.3, fmin(0.3, delta)) * timing->period;
    timing->period *= 1 - fmax(-3e-4, fmin(3e-4, slope));
}

const uint8_t *wm_trellis_values(const struct wm_trellis *trellis)
{
    return trellis->chip + trellis->pre_chips;
}

float wm_trellis_amplitude(const struct wm_trellis *trellis)
{
    return trellis->amplitude;
}

/* Both tones of every chip with the data phase taken out, for the alternatives. */
static struct wm_alternatives alternatives_of(struct wm_trellis *trellis)
{
    const struct wm_correlator *c = trellis->chips;
    const struct wm_phasor half = wm_phasor(M_PI * (trellis->h - trellis->timing.h) / 2);
    struct wm_alternatives a = {
        .n = trellis->pre_chips + trellis->count,
        .fixed = trellis->pre_chips,
        .chip = trellis->chip,
        .v = trellis->own,
        .o = trellis->own + trellis->pre_chips + trellis->chips_max,
        .prefix = trellis->own + 2 * (trellis->pre_chips + trellis->chips_max),
        .jump = wm_phasor(2 * M_PI * trellis->h),
    };
    int sum = 0;

    strip_data(trellis);
    for (size_t k = 0; k < a.n; k++) {
        bool one = trellis->chip[k];
        const struct wm_complex_plane *tone = one ? &c->c0 : &c->c1;
        struct wm_phasor other = {tone->re[k], tone->im[k]};
        other = wm_phasor_mul(other, (struct wm_phasor){half.re, one ? half.im : -half.im});
        a.v[k] = (struct wm_phasor){trellis->v.re[k], trellis->v.im[k]};
        a.o[k] = wm_phasor_mul(other, chip_turn(trellis, sum));
        sum += one ? 1 : -1;
    }
    return a;
}

void wm_trellis_decide(struct wm_trellis *trellis, double h, float alpha)
{
    run_trellis(trellis, h, alpha);
    struct wm_alternatives a = alternatives_of(trellis);
    wm_alternatives_improve(&a, FLIPS_MAX);
}

size_t wm_trellis_events(struct wm_trellis *trellis, float noise_density, float max_cost, struct wm_alternative *events, size_t cap)
{
    const double variance = noise_density * SAMPLES / trellis->timing.period;

    if (!trellis->decided || !(variance > 0))
        return 0;
    struct wm_alternatives a = alternatives_of(trellis);
    smooth(trellis);
    if (!(trellis->amplitude > 0))
        return 0;
    const float scale = (float)(2 * trellis->amplitude / variance);
    size_t found = wm_alternatives_list(&a, max_cost / scale, events, cap);
    for (size_t i = 0; i < found; i++) {
        events[i].last -= trellis->pre_chips;
        events[i].cost *= scale;
    }
    return found;
}
