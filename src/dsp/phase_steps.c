/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/phase_steps.h"

#include <stdlib.h>
#include <string.h>

#define GROUP    10   /* chips whose sum has one phase; the last group has up to twice as many */
#define TERMS    4    /* 1, time, time^2, the data's sum */
#define WOBBLE   0.15 /* rad^2: noise leaves a tenth of it at the threshold, a wrong chip less; more is no single carrier */
#define TOGETHER 0.1  /* amplitudes that a pair must be cheaper than its two chips, which are alternatives themselves */
#define PAIRS    24   /* chips nearest to the other tone, of which two are tried together */

struct terms {
    double q[TERMS];
};

struct group {
    struct terms basis;  /* of each of its chips; orthonormal over the chips of all groups */
    double chips, phase; /* the phase goes on from one to the next */
};

/* A chip and the step behind it. */
struct step {
    size_t at;
    double own;        /* what its own correlation loses */
    double turn;       /* theta */
    struct terms seen; /* Q'u */
    double cost;
};

struct wm_phase_steps {
    size_t n, count;
    struct group *groups;
    double amplitude;           /* of a chip */
    struct step near[PAIRS];    /* the chips nearest to the other tone, the latest first */
    unsigned nearest, farthest; /* how many; the place of the one that is not so near */
};

enum wm_status wm_phase_steps_create(size_t n_max, struct wm_phase_steps **steps_out)
{
    struct wm_phase_steps *steps = calloc(1, sizeof *steps);

    if (!steps)
        return WM_NO_MEMORY;
    steps->groups = calloc(n_max / GROUP + 1, sizeof *steps->groups);
    if (!steps->groups) {
        free(steps);
        return WM_NO_MEMORY;
    }
    *steps_out = steps;
    return WM_OK;
}

void wm_phase_steps_destroy(struct wm_phase_steps *steps)
{
    if (!steps)
        return;
    free(steps->groups);
    free(steps);
}

static double dot(const struct terms *a, const struct terms *b)
{
    double sum = 0;

    for (int i = 0; i < TERMS; i++)
        sum += a->q[i] * b->q[i];
    return sum;
}

/* Sum over all chips of term i times term j. */
static double product(const struct wm_phase_steps *steps, int i, int j)
{
    double sum = 0;

    for (const struct group *g = steps->groups; g < steps->groups + steps->count; g++)
        sum += g->chips * g->basis.q[i] * g->basis.q[j];
    return sum;
}

/* Gram-Schmidt, in place: each term made orthogonal to those before it and scaled; r[j][i] are the factors, X = Q R. */
static bool orthonormalise(struct wm_phase_steps *steps, double r[TERMS][TERMS])
{
    struct group *const end = steps->groups + steps->count;

    for (int i = 0; i < TERMS; i++) {
        const double before = product(steps, i, i);
        for (int j = 0; j < i; j++) {
            r[j][i] = product(steps, j, i);
            for (struct group *g = steps->groups; g < end; g++)
                g->basis.q[i] -= r[j][i] * g->basis.q[j];
        }
        const double square = product(steps, i, i);
        if (!(square > 1e-6 * before))
            return false;
        r[i][i] = sqrt(square);
        for (struct group *g = steps->groups; g < end; g++)
            g->basis.q[i] /= r[i][i];
    }
    return true;
}

/* The phase along each term, Q'y; *left: mean square of what they leave of it. */
static struct terms project(const struct wm_phase_steps *steps, double *left)
{
    const struct group *const end = steps->groups + steps->count;
    double square = 0;
    struct terms along = {{0}};

    for (const struct group *g = steps->groups; g < end; g++) {
        square += g->chips * g->phase * g->phase;
        for (int i = 0; i < TERMS; i++)
            along.q[i] += g->chips * g->basis.q[i] * g->phase;
    }
    *left = (square - dot(&along, &along)) / (double)steps->n;
    return along;
}

struct wm_phasor wm_phase_gather(const struct wm_complex_plane *v, const uint8_t *chip, size_t from, size_t to, double *sum,
                                 double *mean)
{
    struct wm_phasor all = {0, 0};

    *mean = 0;
    for (size_t k = from; k < to; k++) {
        const double s = chip[k] ? 1 : -1;
        all = wm_phasor_add(all, (struct wm_phasor){(double)v->re[k], (double)v->im[k]});
        *mean += (*sum + s / 2) / (double)(to - from);
        *sum += s;
    }
    return all;
}

bool wm_phase_steps_fit(struct wm_phase_steps *steps, const struct wm_complex_plane *v, const uint8_t *chip, size_t n,
                        struct wm_phase_fit *fit)
{
    double r[TERMS][TERMS], by[TERMS], sum = 0, phase = 0, left;
    struct wm_phasor last = {1, 0};

    *fit = (struct wm_phase_fit){0};
    steps->n = n;
    steps->count = n / GROUP;
    for (size_t g = 0; g < steps->count; g++) {
        const size_t from = g * GROUP, to = g + 1 < steps->count ? from + GROUP : n;
        const double chips = (double)(to - from), time = (double)from + (chips - 1) / 2;
        double mean;
        const struct wm_phasor now = wm_phase_gather(v, chip, from, to, &sum, &mean);
        const struct wm_phasor step = wm_phasor_mul(now, (struct wm_phasor){last.re, -last.im});
        phase += atan2(step.im, step.re);
        last = now;
        steps->groups[g] = (struct group){.basis = {{1, time, time * time, mean}}, .chips = chips, .phase = phase};
    }
    if (steps->count <= TERMS || !orthonormalise(steps, r))
        return false;
    const struct terms along = project(steps, &left);
    if (left > WOBBLE)
        return false;
    for (int i = TERMS; i-- > 0;) { /* R x = Q'y */
        by[i] = along.q[i];
        for (int j = i + 1; j < TERMS; j++)
            by[i] -= r[i][j] * by[j];
        by[i] /= r[i][i];
    }
    *fit = (struct wm_phase_fit){.phase = by[0], .slope = by[1], .curve = by[2], .index = by[3] / M_PI};
    return true;
}

/* Of flipping both; the later one's step lies inside the earlier one's. */
static double cost_of_two(const struct wm_phase_steps *steps, const struct step *later, const struct step *earlier)
{
    const double behind = (double)(steps->n - 1 - later->at);

    return later->cost + earlier->cost +
           steps->amplitude * later->turn * earlier->turn * (behind - dot(&later->seen, &earlier->seen));
}

/* Keeps the PAIRS nearest, in the order they come. */
static void keep_near(struct wm_phase_steps *steps, const struct step *step)
{
    unsigned farthest = 0;

    if (steps->nearest == PAIRS) {
        memmove(&steps->near[steps->farthest], &steps->near[steps->farthest + 1],
                (PAIRS - 1 - steps->farthest) * sizeof *steps->near);
        steps->nearest--;
    }
    steps->near[steps->nearest++] = *step;
    for (unsigned i = 1; i < steps->nearest; i++)
        if (steps->near[i].own > steps->near[farthest].own)
            farthest = i;
    steps->farthest = farthest;
}

unsigned wm_phase_steps_costs(struct wm_phase_steps *steps, const struct wm_complex_plane *v, const struct wm_complex_plane *o,
                              const uint8_t *chip, size_t fixed, double h, float *cost, size_t flip[2])
{
    const double turn = remainder(2 * M_PI * h, 2 * M_PI);
    double amplitude = 0, best = 0, residual = 0; /* r'u times the amplitude */
    struct terms behind = {{0}};                  /* Q'u of a step behind the group's last chip */
    unsigned flips = 0;

    steps->nearest = 0;
    for (size_t k = 0; k < steps->n; k++)
        amplitude += (double)v->re[k] / (double)steps->n;
    steps->amplitude = amplitude = fmax(amplitude, 0);
    for (size_t g = steps->count, end = steps->n; g-- > 0 && end > fixed; end = g * GROUP) {
        const struct terms *here = &steps->groups[g].basis;
        const double here_behind = dot(here, &behind), here_here = dot(here, here), behind_behind = dot(&behind, &behind);
        double inside = 0; /* chips of the group behind this one: Q'u = behind + inside * here */
        for (size_t k = end; k-- > g * GROUP && k >= fixed; inside++) {
            struct step now = {.at = k, .turn = chip[k] ? turn : -turn};
            /* the fitted phase moves by `shift` at the chip itself, and the other tone's correlation is seen against that */
            const double shift = now.turn * (here_behind + inside * here_here);
            const double lost = (double)(steps->n - 1 - k) - behind_behind - inside * (2 * here_behind + inside * here_here);
            now.own = (double)v->re[k] - (double)o->re[k] * (1 - shift * shift / 2) - (double)o->im[k] * shift;
            now.cost = now.own + now.turn * (residual + amplitude / 2 * now.turn * lost);
            cost[k] = (float)now.cost;
            if (now.cost < best) {
                best = now.cost;
                flip[0] = k;
                flips = 1;
            }
            if (steps->nearest < PAIRS || now.own < steps->near[steps->farthest].own) {
                for (int i = 0; i < TERMS; i++)
                    now.seen.q[i] = behind.q[i] + inside * here->q[i];
                keep_near(steps, &now);
            }
            residual += (double)v->im[k];
        }
        for (int i = 0; i < TERMS; i++)
            behind.q[i] += steps->groups[g].chips * here->q[i];
    }
    for (unsigned later = 0; later < steps->nearest; later++) {
        for (unsigned earlier = later + 1; earlier < steps->nearest; earlier++) {
            const double both = cost_of_two(steps, &steps->near[later], &steps->near[earlier]);
            if (both < best) {
                best = both;
                flip[0] = steps->near[later].at;
                flip[1] = steps->near[earlier].at;
                flips = 2;
            }
        }
    }
    return flips;
}

size_t wm_phase_steps_pairs(const struct wm_phase_steps *steps, float max_cost, struct wm_far_pair *list, size_t cap)
{
    size_t count = 0;

    for (unsigned later = steps->nearest; later-- > 0;) {
        for (unsigned earlier = later + 1; earlier < steps->nearest && count < cap; earlier++) {
            const size_t last = steps->near[later].at, first = steps->near[earlier].at;
            const float cost = (float)cost_of_two(steps, &steps->near[later], &steps->near[earlier]);
            const double apart = fmax(steps->near[later].cost, 0) + fmax(steps->near[earlier].cost, 0);
            if (last - first > WM_ALTERNATIVE_PAIR && cost <= max_cost && (double)cost < apart - TOGETHER * steps->amplitude)
                list[count++] = (struct wm_far_pair){first, last, fmaxf(cost, 0)};
        }
    }
    return count;
}
