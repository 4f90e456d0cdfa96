/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/alternatives.h"

#include <stdbool.h>

#define WINDOW   20 /* chips to either side that hold the phase */
#define PAIR_MAX 16 /* chips between the two of a pair, at most */

static struct wm_phasor sum_of(const struct wm_alternatives *a, size_t from, size_t to)
{
    return (struct wm_phasor){a->prefix[to].re - a->prefix[from].re, a->prefix[to].im - a->prefix[from].im};
}

static double length(struct wm_phasor x)
{
    return sqrt(x.re * x.re + x.im * x.im);
}

static void sum_up(struct wm_alternatives *a)
{
    a->prefix[0] = (struct wm_phasor){0, 0};
    for (size_t k = 0; k < a->n; k++)
        a->prefix[k + 1] = wm_phasor_add(a->prefix[k], a->v[k]);
}

/* What the chips behind a flipped one turn by: a one that becomes a zero lowers the chip sum by 2. */
static struct wm_phasor jump_of(const struct wm_alternatives *a, size_t k)
{
    return a->chip[k] ? a->jump : (struct wm_phasor){a->jump.re, -a->jump.im};
}

static double single_cost(const struct wm_alternatives *a, size_t k)
{
    const size_t from = k > WINDOW ? k - WINDOW : 0, to = k + 1 + WINDOW < a->n ? k + 1 + WINDOW : a->n;
    const struct wm_phasor before = sum_of(a, from, k), after = wm_phasor_mul(sum_of(a, k + 1, to), jump_of(a, k));

    return length(sum_of(a, from, to)) - length(wm_phasor_add(wm_phasor_add(before, a->o[k]), after));
}

static double pair_cost(const struct wm_alternatives *a, size_t j, size_t k)
{
    const size_t from = j > WINDOW ? j - WINDOW : 0, to = k + 1 + WINDOW < a->n ? k + 1 + WINDOW : a->n;
    const struct wm_phasor outside = wm_phasor_add(sum_of(a, from, j), sum_of(a, k + 1, to));
    /* the second chip's other tone starts from the turned phase as well */
    const struct wm_phasor inside = wm_phasor_mul(wm_phasor_add(sum_of(a, j + 1, k), a->o[k]), jump_of(a, j));

    return length(sum_of(a, from, to)) - length(wm_phasor_add(wm_phasor_add(outside, a->o[j]), inside));
}

static void turn(struct wm_alternatives *a, size_t from, size_t to, struct wm_phasor by)
{
    for (size_t i = from; i < to; i++) {
        a->v[i] = wm_phasor_mul(a->v[i], by);
        a->o[i] = wm_phasor_mul(a->o[i], by);
    }
}

static void flip(struct wm_alternatives *a, size_t k)
{
    struct wm_phasor v = a->v[k];

    turn(a, k + 1, a->n, jump_of(a, k));
    a->v[k] = a->o[k];
    a->o[k] = v;
    a->chip[k] ^= 1;
}

/* The visitor returns false to end the walk. */
typedef bool (*visit_fn)(void *user, size_t last, uint32_t mask, double cost);

static void walk(struct wm_alternatives *a, visit_fn visit, void *user)
{
    sum_up(a);
    for (size_t k = a->fixed; k < a->n; k++) {
        const size_t first = k > a->fixed + PAIR_MAX ? k - PAIR_MAX : a->fixed;
        if (!visit(user, k, 1, single_cost(a, k)))
            return;
        for (size_t j = k; j-- > first;)
            if (a->chip[j] != a->chip[k] && !visit(user, k, 1 | (uint32_t)1 << (k - j), pair_cost(a, j, k)))
                return;
    }
}

static bool keep_best(void *user, size_t last, uint32_t mask, double cost)
{
    struct wm_alternative *best = user;

    if ((float)cost < best->cost)
        *best = (struct wm_alternative){last, mask, (float)cost};
    return true;
}

void wm_alternatives_improve(struct wm_alternatives *alternatives, unsigned rounds)
{
    for (; rounds > 0; rounds--) {
        struct wm_alternative best = {0, 0, 0};
        walk(alternatives, keep_best, &best);
        if (best.mask == 0)
            return;
        if (best.mask != 1)
            flip(alternatives, best.last - (size_t)(31 - __builtin_clz(best.mask)));
        flip(alternatives, best.last);
    }
}

struct collection {
    struct wm_alternative *list;
    size_t count, cap;
    float max_cost;
};

static bool collect(void *user, size_t last, uint32_t mask, double cost)
{
    struct collection *into = user;

    if (cost > into->max_cost)
        return true;
    if (into->count == into->cap)
        return false;
    into->list[into->count++] = (struct wm_alternative){last, mask, cost > 0 ? (float)cost : 0};
    return true;
}

size_t wm_alternatives_list(struct wm_alternatives *alternatives, float max_cost, struct wm_alternative *list, size_t cap)
{
    struct collection into = {.list = list, .cap = cap, .max_cost = max_cost};

    walk(alternatives, collect, &into);
    return into.count;
}
