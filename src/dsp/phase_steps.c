/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/phase_steps.h"

#include <stdlib.h>

#define GROUP    10   /* chips whose sum has one phase; the last group has up to twice as many */
#define TERMS    4    /* 1, time, time^2, the data's sum */
#define WOBBLE   0.15 /* rad^2: noise leaves a tenth of it at the threshold, a wrong chip less; more is no single carrier */
#define TOGETHER 0.1  /* amplitudes that a pair must be cheaper than its two chips, which are alternatives themselves */
#define PAIRS    24   /* chips nearest to the other tone, of which two are tried together */
#define NEAR     0.3F /* amplitudes to the other tone, at most; farther ones make no pair worth listing */

struct terms {
    double q[TERMS];
};

struct group {
    struct terms basis;  /* of each of its chips; orthonormal over the chips of all groups */
    double chips, phase; /* the phase goes on from one to the next */
    struct terms behind; /* Q'u of a step behind the group's last chip */
};

/* A chip whose two tones are nearly alike. */
struct step {
    size_t at;
    double own; /* what its own correlation loses */
    double cost;
    double turn;       /* theta */
    struct terms seen; /* Q'u */
};

struct wm_phase_steps {
    size_t n, count;
    struct group *groups;
    double r[TERMS][TERMS];     /* X = Q R */
    double amplitude;           /* of a chip */
    struct step near[PAIRS];    /* the chips nearest to the other tone, in the end the latest first */
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

/* Gram-Schmidt, in place, from term `first` on: each term made orthogonal to those before it and scaled. */
static bool orthonormalise(struct wm_phase_steps *steps, int first)
{
    struct group *const end = steps->groups + steps->count;

    for (int i = first; i < TERMS; i++) {
        const double before = product(steps, i, i);
        for (int j = 0; j < i; j++) {
            const double share = steps->r[j][i] = product(steps, j, i);
            for (struct group *g = steps->groups; g < end; g++)
                g->basis.q[i] -= share * g->basis.q[j];
        }
        const double square = product(steps, i, i);
        if (!(square > 1e-6 * before))
            return false;
        steps->r[i][i] = sqrt(square);
        const double scale = 1 / steps->r[i][i];
        for (struct group *g = steps->groups; g < end; g++)
            g->basis.q[i] *= scale;
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

struct wm_phasor wm_phase_gather(const struct wm_complex_plane *v, const uint8_t *chip, size_t from, size_t to, int *sum,
                                 double *mean)
{
    float re = 0, im = 0;
    int halves = 0;

    for (size_t k = from; k < to; k++) {
        const int s = chip[k] ? 1 : -1;
        re += v->re[k];
        im += v->im[k];
        halves += 2 * *sum + s;
        *sum += s;
    }
    *mean = halves / (2.0 * (double)(to - from));
    return (struct wm_phasor){(double)re, (double)im};
}

/* First and last chip of group g. */
static size_t group_begin(size_t g)
{
    return g * GROUP;
}

static size_t group_end(const struct wm_phase_steps *steps, size_t g)
{
    return g + 1 < steps->count ? group_begin(g + 1) : steps->n;
}

/* The terms that hang on the burst's length alone. */
static void new_length(struct wm_phase_steps *steps, size_t n)
{
    steps->n = n;
    steps->count = n / GROUP;
    for (size_t g = 0; g < steps->count; g++) {
        const double chips = (double)(group_end(steps, g) - group_begin(g)), time = (double)group_begin(g) + (chips - 1) / 2;
        steps->groups[g] = (struct group){.basis = {{1, time, time * time}}, .chips = chips};
    }
}

bool wm_phase_steps_fit(struct wm_phase_steps *steps, const struct wm_stripped *planes, struct wm_phase_fit *fit)
{
    double by[TERMS], phase = 0, left;
    const bool longer = planes->n != steps->n;
    struct wm_phasor last = {1, 0};
    int sum = 0;

    *fit = (struct wm_phase_fit){0};
    if (longer)
        new_length(steps, planes->n);
    for (size_t g = 0; g < steps->count; g++) {
        struct group *group = &steps->groups[g];
        const struct wm_phasor now =
            wm_phase_gather(&planes->decided, planes->chip, group_begin(g), group_end(steps, g), &sum, &group->basis.q[TERMS - 1]);
        const struct wm_phasor step = wm_phasor_mul(now, (struct wm_phasor){last.re, -last.im});
        phase += (double)atan2f((float)step.im, (float)step.re);
        last = now;
        group->phase = phase;
    }
    if (steps->count <= TERMS || !orthonormalise(steps, longer ? 0 : TERMS - 1))
        return false;
    const struct terms along = project(steps, &left);
    if (left > WOBBLE)
        return false;
    for (int i = TERMS; i-- > 0;) { /* R x = Q'y */
        by[i] = along.q[i];
        for (int j = i + 1; j < TERMS; j++)
            by[i] -= steps->r[i][j] * by[j];
        by[i] /= steps->r[i][i];
    }
    *fit = (struct wm_phase_fit){.phase = by[0], .slope = by[1], .curve = by[2], .index = by[3] / M_PI};
    return true;
}

/* Of flipping both; the later one's step lies inside the earlier one's. */
static double cost_of_two(const struct wm_phase_steps *steps, const struct step *later, const struct step *earlier)
{
    const double behind = (double)(steps->n - 1 - later->at);

    return (double)later->cost + (double)earlier->cost +
           steps->amplitude * later->turn * earlier->turn * (behind - dot(&later->seen, &earlier->seen));
}

/* Keeps the PAIRS nearest. */
static void keep_near(struct wm_phase_steps *steps, size_t at, float own, float cost)
{
    struct step *step = &steps->near[steps->nearest < PAIRS ? steps->nearest++ : steps->farthest];

    step->at = at;
    step->own = own;
    step->cost = cost;
    steps->farthest = 0;
    for (unsigned i = 1; i < steps->nearest; i++)
        if (steps->near[i].own > steps->near[steps->farthest].own)
            steps->farthest = i;
}

static int later_first(const void *a, const void *b)
{
    const struct step *x = a, *y = b;

    return (x->at < y->at) - (x->at > y->at);
}

/* In order, and with what it takes to pair them. */
static void make_near(struct wm_phase_steps *steps, const uint8_t *chip, double turn)
{
    qsort(steps->near, steps->nearest, sizeof *steps->near, later_first);
    for (struct step *step = steps->near; step < steps->near + steps->nearest; step++) {
        const size_t g = step->at / GROUP < steps->count ? step->at / GROUP : steps->count - 1;
        const struct group *group = &steps->groups[g];
        const double inside = (double)(group_end(steps, g) - 1 - step->at);
        step->turn = chip[step->at] ? turn : -turn;
        for (int i = 0; i < TERMS; i++)
            step->seen.q[i] = group->behind.q[i] + inside * group->basis.q[i];
    }
}

unsigned wm_phase_steps_costs(struct wm_phase_steps *steps, const struct wm_stripped *planes, double along, size_t fixed, double h,
                              float *cost, size_t flip[2])
{
    const struct wm_complex_plane *v = &planes->decided, *o = &planes->other;
    const double turn = remainder(2 * M_PI * h, 2 * M_PI), amplitude = fmax(along / (double)steps->n, 0);
    const float theta = (float)turn, bend = (float)(amplitude / 2 * turn * turn);
    float best_one = 0, residual = 0, limit = NEAR * (float)amplitude; /* residual: r'u times the amplitude */
    struct terms behind = {{0}};                                       /* Q'u of a step behind the group's last chip */
    unsigned flips = 0;

    steps->amplitude = amplitude;
    steps->nearest = 0;
    for (size_t g = steps->count; g-- > 0 && group_end(steps, g) > fixed;) {
        const size_t end = group_end(steps, g), begin = group_begin(g) > fixed ? group_begin(g) : fixed;
        const struct terms *here = &steps->groups[g].basis;
        /* chip k with `inside` chips of the group behind it: Q'u = behind + inside * here */
        const float here_behind = (float)dot(here, &behind), here_here = (float)dot(here, here);
        const float lost_last = (float)((double)(steps->n - end) - dot(&behind, &behind));
        float inside = 0;
        steps->groups[g].behind = behind;
        for (size_t k = end; k-- > begin; inside++) {
            const float way = planes->chip[k] ? theta : -theta;
            /* the fitted phase moves by `shift` at the chip itself, and the other tone's correlation is seen against that */
            const float shift = way * (here_behind + inside * here_here);
            const float lost = lost_last + inside * (1 - 2 * here_behind - inside * here_here);
            const float own = v->re[k] - o->re[k] * (1 - shift * shift / 2) - o->im[k] * shift;
            cost[k] = own + way * residual + bend * lost;
            if (cost[k] < best_one) {
                best_one = cost[k];
                flip[0] = k;
                flips = 1;
            }
            if (own < limit) {
                keep_near(steps, k, own, cost[k]);
                limit = steps->nearest < PAIRS ? limit : steps->near[steps->farthest].own;
            }
            residual += v->im[k];
        }
        for (int i = 0; i < TERMS; i++)
            behind.q[i] += steps->groups[g].chips * here->q[i];
    }
    double best = (double)best_one;
    make_near(steps, planes->chip, turn);
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
            const double apart = (double)fmaxf(steps->near[later].cost, 0) + (double)fmaxf(steps->near[earlier].cost, 0);
            if (last - first > WM_ALTERNATIVE_PAIR && cost <= max_cost && (double)cost < apart - TOGETHER * steps->amplitude)
                list[count++] = (struct wm_far_pair){first, last, fmaxf(cost, 0)};
        }
    }
    return count;
}
