/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/alternatives.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW WM_ALTERNATIVE_WINDOW
#define PAIR   WM_ALTERNATIVE_PAIR
#define REACH  WM_ALTERNATIVE_REACH
#define ROWS   WM_ALTERNATIVE_ROWS

struct wm_alternatives {
    const struct wm_kernels *kernels;
    size_t stride;
    struct wm_stripped stripped; /* its other tone is that of the kernel's planes */
    struct wm_alternative_planes planes;
    float *cost; /* ROWS rows, and the least of each chip */
    float *memory;
    /* of the burst */
    size_t n, fixed;
    struct wm_phase_jump jump;
};

enum wm_status wm_alternatives_create(const struct wm_kernels *kernels, size_t n_max, struct wm_alternatives **alternatives_out)
{
    struct wm_alternatives *a = calloc(1, sizeof *a);

    if (!a)
        return WM_NO_MEMORY;
    a->kernels = kernels;
    a->stride = n_max + 2 * WM_LANES;
    const size_t padded = a->stride + 2 * REACH;
    a->memory = calloc(5 * padded + (2 + ROWS + 1) * a->stride, sizeof(float));
    if (!a->memory) {
        free(a);
        return WM_NO_MEMORY;
    }
    float *at = a->memory + REACH;
    float **const in[] = {&a->planes.prefix.re, &a->planes.prefix.im, &a->planes.other.re, &a->planes.other.im, &a->planes.sign};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++, at += padded)
        *in[i] = at;
    at -= REACH;
    a->stripped = (struct wm_stripped){.decided = {at, at + a->stride}, .other = a->planes.other};
    a->cost = at + 2 * a->stride;
    *alternatives_out = a;
    return WM_OK;
}

void wm_alternatives_destroy(struct wm_alternatives *alternatives)
{
    if (!alternatives)
        return;
    free(alternatives->memory);
    free(alternatives);
}

struct wm_stripped *wm_alternatives_planes(struct wm_alternatives *alternatives)
{
    return &alternatives->stripped;
}

/* The running sum from chip `from` on; behind the last chip it stays, so that a window that ends there ends with the burst. */
static void sum_up(struct wm_alternatives *a, size_t from)
{
    float *re = a->planes.prefix.re, *im = a->planes.prefix.im;

    for (size_t k = from; k < a->n; k++) {
        re[k + 1] = re[k] + a->stripped.decided.re[k];
        im[k + 1] = im[k] + a->stripped.decided.im[k];
    }
    for (size_t k = a->n; k < a->n + REACH; k++) {
        re[k + 1] = re[a->n];
        im[k + 1] = im[a->n];
    }
}

void wm_alternatives_begin(struct wm_alternatives *a, size_t fixed, double h)
{
    a->n = a->stripped.n;
    a->fixed = fixed;
    a->jump = wm_phase_jump(h);
    a->planes.jump_re = a->jump.re;
    a->planes.jump_im = a->jump.im;
    for (size_t k = 0; k < a->n; k++)
        a->planes.sign[k] = k < fixed ? 0 : a->stripped.chip[k] ? 1 : -1;
    memset(a->planes.sign + a->n, 0, WM_LANES * sizeof(float)); /* whole vectors are read: no pairs behind the end */
    sum_up(a, 0);
    a->kernels->alternatives(&a->planes, a->fixed, a->n, a->cost, a->stride);
}

static void flip(struct wm_alternatives *a, size_t k)
{
    wm_stripped_flip(&a->stripped, k, a->jump);
    a->planes.sign[k] = -a->planes.sign[k];
}

/* The place of the least cost below 0; false when there is none. */
static bool best_of(const struct wm_alternatives *a, bool pairs_only, size_t *last, unsigned *row)
{
    const float *least = a->cost + ROWS * a->stride;
    float best = 0;

    for (size_t k = a->fixed; k < a->n; k++) {
        if (!(least[k] < best))
            continue;
        float cost = least[k];
        if (pairs_only) {
            cost = a->cost[a->stride + k];
            for (unsigned d = 2; d < ROWS; d++)
                cost = fminf(cost, a->cost[d * a->stride + k]);
        }
        if (cost < best) {
            best = cost;
            *last = k;
        }
    }
    for (*row = pairs_only; best < 0 && *row < ROWS; ++*row)
        if (a->cost[*row * a->stride + *last] == best)
            return true;
    return false;
}

unsigned wm_alternatives_improve(struct wm_alternatives *a, bool pairs_only, unsigned rounds)
{
    size_t last = 0;
    unsigned row = 0, done = 0;

    for (; done < rounds && best_of(a, pairs_only, &last, &row); done++) {
        const size_t first = last - row;
        if (row > 0)
            flip(a, first);
        flip(a, last);
        sum_up(a, first);
        /* Costs change where the window of an alternative meets the flipped chips; what lies wholly behind only turned. */
        size_t from = first > a->fixed + WINDOW ? first - WINDOW : a->fixed, to = last + WINDOW + PAIR + 1;
        a->kernels->alternatives(&a->planes, from, to < a->n ? to : a->n, a->cost, a->stride);
    }
    return done;
}

void wm_alternatives_set_singles(struct wm_alternatives *a, const float *cost)
{
    float *least = a->cost + ROWS * a->stride;

    for (size_t k = a->fixed; k < a->n; k++) {
        a->cost[k] = cost[k];
        if (a->cost[k] < least[k])
            least[k] = a->cost[k];
    }
}

size_t wm_alternatives_list(const struct wm_alternatives *a, float max_cost, struct wm_alternative *list, size_t cap)
{
    size_t count = 0;

    for (size_t k = a->fixed; k < a->n; k++) {
        if (!(a->cost[ROWS * a->stride + k] <= max_cost))
            continue;
        for (unsigned d = 0; d < ROWS; d++) {
            float cost = a->cost[d * a->stride + k];
            if (cost > max_cost)
                continue;
            if (count == cap)
                return count;
            list[count++] = (struct wm_alternative){.last = k, .mask = d ? 1 | (uint32_t)1 << d : 1, .cost = cost > 0 ? cost : 0};
        }
    }
    return count;
}
