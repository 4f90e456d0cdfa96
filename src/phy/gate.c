/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/gate.h"

#include "base/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_MAX    16
#define SUM_CELLS     8   /* cells in one value of the quantile: smooths its spread */
#define HISTORY       800 /* values: about a second */
#define FIRST_VALUES  8   /* before the floor is trusted */
#define UPDATE_VALUES 128 /* between looks at the quantile */
#define QUANTILE      0.01
#define SHAPE_CELLS   16   /* between two whose shape is looked at, when the floor has been learned */
#define ALIKE         3.0  /* standard deviations of a value above the floor: no louder than what the floor was learned from */
#define SURE          5.0  /* standard deviations that its shape must be off that of noise */
#define LEAST_SHARE   0.01 /* of the quantile that is noise: filters bend a strong signal's envelope by more */

/* The shapes of the cells in one value. */
struct shapes {
    float power, fourth, re, im;
    unsigned cells;
};

struct wm_gate {
    struct wm_gate_config config;
    double recent[WINDOW_MAX];
    unsigned recent_at;
    uint64_t cells;
    double level;         /* mean of the recent */
    double sum;           /* of the value being gathered */
    struct shapes shapes; /* of that value */
    float history[HISTORY];
    struct shapes shape_history[HISTORY];
    uint64_t values;
    double floor;
    bool known;
    float sorted[HISTORY];
};

enum wm_status wm_gate_create(const struct wm_gate_config *config, struct wm_gate **gate_out)
{
    struct wm_gate *gate;

    if (config->window < 1 || config->window > WINDOW_MAX)
        return WM_INVALID;
    gate = malloc(sizeof *gate);
    if (!gate)
        return WM_NO_MEMORY;
    gate->config = *config;
    wm_gate_reset(gate);
    *gate_out = gate;
    return WM_OK;
}

void wm_gate_destroy(struct wm_gate *gate)
{
    free(gate);
}

void wm_gate_reset(struct wm_gate *gate)
{
    memset(gate->recent, 0, sizeof gate->recent);
    gate->recent_at = 0;
    gate->cells = 0;
    gate->level = 0;
    gate->sum = 0;
    gate->shapes = (struct shapes){0};
    gate->values = 0;
    gate->floor = gate->config.floor_min;
    gate->known = false;
}

/* The standard normal quantile for p <= 0.5, error below 5e-4: Abramowitz and Stegun, formula 26.2.23. */
static double normal_quantile(double p)
{
    double t = sqrt(-2 * log(p));

    return -(t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t));
}

/* The share of `level`, the mean power of the quietest stretches, that is noise. With M2 = S + C + N, a carrier C among it,
 * 2 M2^2 - M4 = S^2 + C^2; the sample kurtosis M4 / M2^2 of n samples of noise spreads by 2 / sqrt(n). */
static double noise_share(const struct wm_gate *gate, double level, size_t n)
{
    double power = 0, fourth = 0, re = 0, im = 0, cells = 0;

    for (size_t i = 0; i < n; i++) {
        const struct shapes *s = &gate->shape_history[i];
        if (gate->history[i] > level)
            continue;
        power += s->power;
        fourth += s->fourth;
        re += s->re;
        im += s->im;
        cells += s->cells;
    }
    if (cells == 0 || power <= 0)
        return 1;
    const double square = power * power;
    const double share = 2 - fourth * cells / square - (re * re + im * im) / square;
    if (share < SURE * 2 / sqrt(cells * gate->config.cell_samples))
        return 1;
    return fmax(1 - sqrt(share), LEAST_SHARE);
}

static void update_floor(struct wm_gate *gate)
{
    size_t n = gate->values < HISTORY ? (size_t)gate->values : HISTORY;
    size_t k = (size_t)(QUANTILE * (double)n);
    double z = normal_quantile(((double)k + 0.5) / (double)n);
    /* the mean of m independent squared magnitudes spreads by 1 / sqrt(m) of itself */
    double spread = 1 / sqrt(SUM_CELLS * gate->config.cell_samples);

    memcpy(gate->sorted, gate->history, n * sizeof *gate->sorted);
    gate->floor = wm_select(gate->sorted, n, k) / (1 + z * spread);
    gate->floor *= noise_share(gate, gate->floor * (1 + ALIKE * spread), n);
    if (gate->floor < gate->config.floor_min)
        gate->floor = gate->config.floor_min;
}

bool wm_gate_wants_shape(const struct wm_gate *gate)
{
    return gate->values < UPDATE_VALUES || gate->cells % SHAPE_CELLS == 0;
}

void wm_gate_shape(struct wm_gate *gate, const struct wm_gate_shape *shape)
{
    gate->shapes.power += (float)shape->power;
    gate->shapes.fourth += (float)shape->fourth;
    gate->shapes.re += (float)shape->re;
    gate->shapes.im += (float)shape->im;
    gate->shapes.cells++;
}

static double mean_of_recent(const struct wm_gate *gate)
{
    const unsigned n = gate->cells < gate->config.window ? (unsigned)gate->cells : gate->config.window;
    double sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += gate->recent[i];
    return sum / n;
}

bool wm_gate_push(struct wm_gate *gate, double power)
{
    gate->recent[gate->recent_at] = power;
    gate->recent_at = gate->recent_at + 1 < gate->config.window ? gate->recent_at + 1 : 0;
    gate->cells++;
    gate->level = mean_of_recent(gate);
    gate->sum += power;
    if (gate->cells % SUM_CELLS == 0) {
        gate->shape_history[gate->values % HISTORY] = gate->shapes;
        gate->history[gate->values++ % HISTORY] = (float)(gate->sum / SUM_CELLS);
        gate->sum = 0;
        gate->shapes = (struct shapes){0};
        if (gate->values >= FIRST_VALUES &&
            (gate->values < UPDATE_VALUES ? gate->values % 16 : gate->values % UPDATE_VALUES) == 0) {
            update_floor(gate);
            gate->known = true;
        }
    }
    return !gate->known || gate->level > gate->config.ratio * gate->floor;
}

double wm_gate_floor(const struct wm_gate *gate)
{
    double least = INFINITY;

    if (gate->known || gate->values == 0)
        return gate->floor;
    for (uint64_t i = 0; i < gate->values; i++)
        least = fmin(least, gate->history[i]);
    return fmax(least, gate->config.floor_min);
}

double wm_gate_level(const struct wm_gate *gate)
{
    return gate->level;
}

bool wm_gate_quiet(const struct wm_gate *gate)
{
    return gate->known && gate->level < (1 + (gate->config.ratio - 1) / 2) * gate->floor;
}
