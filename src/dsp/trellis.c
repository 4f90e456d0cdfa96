/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/trellis.h"

#include "dsp/phase_steps.h"
#include "dsp/phasor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STATES       WM_TRELLIS_STATES
#define WINDOW       16 /* chips to either side in the smoothed phase */
#define GROUP        8  /* chips summed before the carrier and h search of refine */
#define GROUPS_MAX   512
#define H_STEPS      12           /* to either side in that search */
#define FLIPS_MAX    12           /* alternatives applied in a round */
#define STEPS_MAX    4            /* times in a round that one or two chips are turned for the phase of the whole burst */
#define ROUNDS_MAX   1            /* after the first; more of them, and of the steps, find nothing more */
#define FAR_MAX      512          /* pairs of chips far apart that are listed */
#define SETS         2            /* of WM_LANES modulation indices, the second where the first was not wide enough */
#define CHOICE_BYTES (STATES / 2) /* a chip */

struct wm_trellis {
    const struct wm_kernels *kernels;
    struct wm_correlator *chips;
    size_t pre_chips, chips_max;
    uint8_t *known; /* pre_chips */
    size_t count;   /* data chips of the current burst */
    struct wm_chip_timing timing;
    double h; /* of the last wm_trellis_decide */
    float amplitude;
    bool told;       /* the whole burst's phase could be fitted */
    bool improved;   /* the alternatives are those of the decisions */
    uint8_t *chip;   /* pre_chips + chips_max decisions, the known ones first */
    uint8_t *choice; /* of the kernel, for two sets of modulation indices */
    float *memory;
    struct wm_alternatives *alternatives;
    struct wm_phase_steps *steps;
    float *single;              /* cost of flipping each chip alone, by the phase of the whole burst */
    struct wm_stripped *planes; /* of the decisions; the alternatives' */
    struct wm_phase_fit out;    /* phase, slope and curve that have been taken out of them */
    double along;               /* the sum of the decided ones then */
    struct wm_complex_plane s;  /* smoothed sum of the decided ones, without self */
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
    status = wm_correlator_create(kernels, 1, wm_chip_samples(period_max), n, period_max, &trellis->chips);
    if (status == WM_OK) {
        status = WM_NO_MEMORY;
        trellis->known = malloc(pre_chips);
        trellis->chip = calloc(1 + SETS * CHOICE_BYTES, n);
        trellis->memory = calloc(3 * n, sizeof(float));
        if (trellis->known && trellis->chip && trellis->memory)
            status = wm_alternatives_create(kernels, n, &trellis->alternatives);
        if (status == WM_OK)
            status = wm_phase_steps_create(n, &trellis->steps);
        if (status == WM_OK) {
            trellis->choice = trellis->chip + n;
            trellis->planes = wm_alternatives_planes(trellis->alternatives);
            trellis->planes->chip = trellis->chip;
            trellis->s = (struct wm_complex_plane){trellis->memory, trellis->memory + n};
            trellis->single = trellis->memory + 2 * n;
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
    wm_alternatives_destroy(trellis->alternatives);
    wm_phase_steps_destroy(trellis->steps);
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
    trellis->improved = false;
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

/* The best path's chips, back from its last state. */
static void trace_back(struct wm_trellis *trellis, const uint8_t *choice, unsigned lane, unsigned state)
{
    for (size_t k = trellis->pre_chips + trellis->count; k-- > 0;) {
        bool one = choice[CHOICE_BYTES * k + state / 2] >> lane & 1;
        trellis->chip[k] = one;
        state = (one ? state - 1 : state + 1) & (STATES - 1);
    }
}

/* The planes of the decisions with the last h; carrier and noise are left. */
static void strip(struct wm_trellis *trellis)
{
    trellis->planes->n = trellis->pre_chips + trellis->count;
    trellis->out = (struct wm_phase_fit){0};
    wm_stripped_make(trellis->planes, &trellis->chips->c1, &trellis->chips->c0, trellis->h, trellis->timing.h);
}

/* s[k] = sum of the decided ones within WINDOW of k, without k itself. */
static void smooth(struct wm_trellis *trellis)
{
    const size_t n = trellis->planes->n;
    const float *v_re = trellis->planes->decided.re, *v_im = trellis->planes->decided.im;
    double re = 0, im = 0;

    for (size_t k = 0; k < WINDOW && k < n; k++) {
        re += (double)v_re[k];
        im += (double)v_im[k];
    }
    for (size_t k = 0; k < n; k++) {
        if (k + WINDOW < n) {
            re += (double)v_re[k + WINDOW];
            im += (double)v_im[k + WINDOW];
        }
        if (k > WINDOW) {
            re -= (double)v_re[k - WINDOW - 1];
            im -= (double)v_im[k - WINDOW - 1];
        }
        trellis->s.re[k] = (float)(re - (double)v_re[k]);
        trellis->s.im[k] = (float)(im - (double)v_im[k]);
    }
}

/* Chip k in the direction of the smoothed sum with it, and across. */
static double against_smoothed(const struct wm_trellis *trellis, size_t k, double *across)
{
    const double re = (double)trellis->planes->decided.re[k], im = (double)trellis->planes->decided.im[k];
    const double x = (double)trellis->s.re[k] + re, y = (double)trellis->s.im[k] + im;
    const double length = sqrt(x * x + y * y), scale = length > 0 ? 1 / length : 0;

    *across = (im * x - re * y) * scale;
    return (re * x + im * y) * scale;
}

typedef float lanes __attribute__((vector_size(4 * WM_LANES)));

/* Complex numbers of WM_LANES modulation indices side by side. */
struct lane_phasor {
    lanes re, im;
};

static inline struct lane_phasor lane_mul(const struct lane_phasor *a, const struct lane_phasor *b)
{
    return (struct lane_phasor){a->re * b->re - a->im * b->im, a->re * b->im + a->im * b->re};
}

/* Power of the sum of v, residual carrier removed; it is found by lag products of rising lag, step in radians a group. */
static void coherent_powers(const struct lane_phasor *v, size_t groups, double power[WM_LANES], double step[WM_LANES])
{
    struct lane_phasor back, turn = {{0}, {0}}, sum = {{0}, {0}};

    for (int i = 0; i < WM_LANES; i++)
        step[i] = 0;
    for (size_t lag = 1; 2 * lag < groups; lag *= 2) {
        lanes re = {0}, im = {0};
        for (size_t g = 0; g + lag < groups; g++) {
            re += v[g + lag].re * v[g].re + v[g + lag].im * v[g].im;
            im += v[g + lag].im * v[g].re - v[g + lag].re * v[g].im;
        }
        for (int i = 0; i < WM_LANES; i++) {
            const struct wm_phasor p =
                wm_phasor_mul((struct wm_phasor){(double)re[i], (double)im[i]}, wm_phasor(-step[i] * (double)lag));
            step[i] += atan2(p.im, p.re) / (double)lag;
        }
    }
    for (int i = 0; i < WM_LANES; i++) {
        const struct wm_phasor one = wm_phasor(-step[i]);
        back.re[i] = (float)one.re;
        back.im[i] = (float)one.im;
        turn.re[i] = 1;
    }
    for (size_t g = 0; g < groups; g++) {
        const struct lane_phasor x = lane_mul(&v[g], &turn);
        sum.re += x.re;
        sum.im += x.im;
        turn = lane_mul(&turn, &back);
    }
    for (int i = 0; i < WM_LANES; i++)
        power[i] = (double)(sum.re[i] * sum.re[i] + sum.im[i] * sum.im[i]);
}

/* v of a group turned by the first WM_LANES powers of `by`; the next, from which the next set goes on, is left in *by. */
static struct lane_phasor spread(struct wm_phasor v, struct wm_phasor *by)
{
    const struct wm_phasor once = *by;
    struct lane_phasor out;

    *by = (struct wm_phasor){1, 0};
    for (int i = 0; i < WM_LANES; i++) {
        const struct wm_phasor x = wm_phasor_mul(v, *by);
        out.re[i] = (float)x.re;
        out.im[i] = (float)x.im;
        *by = wm_phasor_mul(*by, once);
    }
    return out;
}

/* Carrier (radians a chip) and h (added to) where nothing else is known of them: those that bring the whole burst into one phase.
 */
static double search_carrier(struct wm_trellis *trellis, double h_span)
{
    const size_t n = trellis->planes->n, groups = n / GROUP < GROUPS_MAX ? n / GROUP : GROUPS_MAX;
    struct lane_phasor v[GROUPS_MAX], next[GROUPS_MAX]; /* groups of the set of indices; what turns them to the next set */
    struct wm_phasor group[GROUPS_MAX];
    double at[GROUPS_MAX], mean = 0, best = -1, best_dh = 0, best_step = 0;
    int sum = 0;

    for (size_t g = 0; g < groups; g++) {
        group[g] = wm_phase_gather(&trellis->planes->decided, trellis->chip, g * GROUP, (g + 1) * GROUP, &sum, &at[g]);
        mean += at[g] / (double)groups;
    }
    for (size_t g = 0; g < groups; g++) { /* at the least h; each next is a turn more */
        struct wm_phasor by = wm_phasor(-M_PI * h_span / H_STEPS * (at[g] - mean));
        v[g] = spread(wm_phasor_mul(group[g], wm_phasor(M_PI * h_span * (at[g] - mean))), &by);
        next[g] = (struct lane_phasor){(lanes){0} + (float)by.re, (lanes){0} + (float)by.im};
    }
    for (int set = -H_STEPS; set < H_STEPS; set += WM_LANES) {
        double step[WM_LANES], power[WM_LANES];
        coherent_powers(v, groups, power, step);
        for (int i = 0; i < WM_LANES; i++) {
            if (power[i] > best) {
                best = power[i];
                best_dh = h_span * (set + i) / H_STEPS;
                best_step = step[i];
            }
        }
        for (size_t g = 0; g < groups; g++)
            v[g] = lane_mul(&v[g], &next[g]);
    }
    trellis->h += best_dh;
    return best_step / GROUP;
}

void wm_trellis_refine(struct wm_trellis *trellis, struct wm_chip_timing *timing, double h_span)
{
    const bool settled = trellis->improved && trellis->told;
    const size_t n = trellis->pre_chips + trellis->count;
    double carrier, fn = 0, ft = 0, ftt = 0, fp = 0, fpt = 0, amplitude = 0;

    if (settled) { /* in the burst's middle */
        carrier = trellis->out.slope + trellis->out.curve * (double)(n - 1);
    } else {
        strip(trellis);
        carrier = search_carrier(trellis, h_span);
        strip(trellis);
        (void)wm_stripped_turn(trellis->planes, &(struct wm_phase_fit){.slope = carrier});
        smooth(trellis);
    }
    /* timing and clock, as for words: a chip that begins early has the phase of the one before it */
    for (size_t k = 0; k < n; k++) {
        double across = (double)trellis->planes->decided.im[k];
        amplitude += settled ? (double)trellis->planes->decided.re[k] : against_smoothed(trellis, k, &across);
        double s = trellis->chip[k] ? 1 : -1, t = (double)k - (double)trellis->pre_chips;
        fn += 1;
        ft += t;
        ftt += t * t;
        fp += s * across;
        fpt += s * across * t;
    }
    timing->h = trellis->h;
    timing->carrier += carrier / (2 * M_PI) / timing->period;
    trellis->amplitude = (float)(amplitude / (double)(n * trellis->chips->samples));
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

/* Fits carrier and h to the decisions and takes them out. Returns what the decisions explain: the amplitudes along the fitted
 * phase. */
static double settle(struct wm_trellis *trellis)
{
    struct wm_phase_fit fit;

    trellis->told = wm_phase_steps_fit(trellis->steps, trellis->planes, &fit);
    trellis->h += fit.index;
    trellis->out.phase += fit.phase;
    trellis->out.slope += fit.slope;
    trellis->out.curve += fit.curve;
    trellis->along = wm_stripped_turn(trellis->planes, &fit);
    return trellis->along;
}

/* Costs of single chips by the phase of the whole burst; how many are to be flipped, and which. */
static unsigned price(struct wm_trellis *trellis, size_t flip[2])
{
    if (!trellis->told)
        return 0;
    return wm_phase_steps_costs(trellis->steps, trellis->planes, trellis->along, trellis->pre_chips, trellis->h, trellis->single,
                                flip);
}

static double flip_and_settle(struct wm_trellis *trellis, const size_t *flip, unsigned flips)
{
    const struct wm_phase_jump jump = wm_phase_jump(trellis->h);

    for (unsigned i = 0; i < flips; i++)
        wm_stripped_flip(trellis->planes, flip[i], jump);
    return settle(trellis);
}

/* Flips chips as long as the whole burst speaks for it. The steps are small angles to the choice but not to the fit, so it is what
 * is explained in the end that counts. */
static void follow_steps(struct wm_trellis *trellis)
{
    double reached = settle(trellis);
    size_t flip[2];
    unsigned flips = price(trellis, flip);

    for (unsigned round = 0; flips > 0 && round < STEPS_MAX; round++) {
        const double sum = flip_and_settle(trellis, flip, flips);
        const bool better = sum > reached;
        if (!better)
            (void)flip_and_settle(trellis, flip, flips); /* back */
        reached = sum;
        flips = price(trellis, flip);
        if (!better)
            break;
    }
}

/* The best of WM_LANES modulation indices from `first` on; *best is the metric to beat and what is reached. Returns the lane, -1:
 * none was better. Its choices are left in trellis->choice, of this set or of the one before. */
static int run_set(struct wm_trellis *trellis, double first, double step, float alpha, unsigned set, float *best, unsigned *state)
{
    const struct wm_correlator *c = trellis->chips;
    const size_t n = trellis->pre_chips + trellis->count;
    float index[WM_LANES], metric[WM_LANES];
    uint8_t last[WM_LANES];
    int lane = -1;

    for (int i = 0; i < WM_LANES; i++)
        index[i] = (float)(first + step * i);
    trellis->kernels->trellis(&c->c1, &c->c0, n, trellis->known, trellis->pre_chips, index, (float)trellis->timing.h, alpha, metric,
                              last, trellis->choice + set * CHOICE_BYTES * n);
    for (int i = 0; i < WM_LANES; i++) {
        if (metric[i] > *best) {
            *best = metric[i];
            *state = last[i];
            trellis->h = index[i];
            lane = i;
        }
    }
    return lane;
}

double wm_trellis_decide(struct wm_trellis *trellis, double h, double h_step, bool widen, float alpha)
{
    const size_t n = trellis->pre_chips + trellis->count;
    const double first = h - h_step * (WM_LANES - 1) / 2;
    const double span = h_step * WM_LANES;
    float best = -INFINITY;
    unsigned state = 0;
    const uint8_t *choice = trellis->choice;
    int lane = run_set(trellis, first, h_step, alpha, 0, &best, &state);

    lane = lane < 0 ? 0 : lane;                         /* not a number anywhere */
    if (widen && (lane == 0 || lane == WM_LANES - 1)) { /* the best may lie farther out on that side */
        const int further = run_set(trellis, lane ? first + span : first - span, h_step, alpha, 1, &best, &state);
        if (further >= 0) {
            lane = further;
            choice += CHOICE_BYTES * n;
        }
    }
    trace_back(trellis, choice, (unsigned)lane, state);
    trellis->improved = false;
    return trellis->h;
}

/* Windows of the alternatives take the phase as constant, so 100 Hz of carrier or 0.005 of h would make a single wrong chip look
 * cheap. What was flipped for a window's sake is fitted to the burst again. */
void wm_trellis_improve(struct wm_trellis *trellis)
{
    unsigned round = 0;

    strip(trellis);
    do {
        follow_steps(trellis);
        wm_alternatives_begin(trellis->alternatives, trellis->pre_chips, trellis->h);
    } while (round++ < ROUNDS_MAX && wm_alternatives_improve(trellis->alternatives, trellis->told, FLIPS_MAX) > 0);
    trellis->improved = true;
}

/* Merges them into the list, from behind. */
static size_t add_far_pairs(const struct wm_trellis *trellis, float max_cost, struct wm_alternative *events, size_t count,
                            size_t cap)
{
    struct wm_far_pair pairs[FAR_MAX];
    size_t more = wm_phase_steps_pairs(trellis->steps, max_cost, pairs, cap - count < FAR_MAX ? cap - count : FAR_MAX);
    const size_t all = count + more;

    for (size_t at = all; more > 0; at--) {
        if (count > 0 && events[count - 1].last > pairs[more - 1].last) {
            events[at - 1] = events[--count];
        } else {
            const struct wm_far_pair *pair = &pairs[--more];
            events[at - 1] =
                (struct wm_alternative){.last = pair->last, .mask = 1, .apart = pair->last - pair->first, .cost = pair->cost};
        }
    }
    return all;
}

size_t wm_trellis_events(struct wm_trellis *trellis, float noise_density, float max_cost, struct wm_alternative *events, size_t cap)
{
    const size_t n = trellis->pre_chips + trellis->count;
    const double variance = noise_density * trellis->chips->samples / trellis->timing.period;
    double amplitude = trellis->along;

    if (!trellis->improved || !(variance > 0))
        return 0;
    if (!trellis->told) {
        amplitude = 0;
        smooth(trellis);
        for (size_t k = 0; k < n; k++) {
            double across;
            amplitude += against_smoothed(trellis, k, &across);
        }
    }
    trellis->amplitude = (float)(amplitude / (double)(n * trellis->chips->samples));
    if (!(trellis->amplitude > 0))
        return 0;
    const float scale = (float)(2 * trellis->amplitude / variance);
    if (trellis->told)
        wm_alternatives_set_singles(trellis->alternatives, trellis->single);
    size_t found = wm_alternatives_list(trellis->alternatives, max_cost / scale, events, cap);
    if (trellis->told)
        found = add_far_pairs(trellis, max_cost / scale, events, found, cap);
    for (size_t i = 0; i < found; i++) {
        events[i].last -= trellis->pre_chips;
        events[i].cost *= scale;
    }
    return found;
}
