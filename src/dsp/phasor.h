/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

/* A complex number in double, for estimators outside the inner loops. */
struct wm_phasor {
    double re, im;
};

static inline struct wm_phasor wm_phasor(double radians)
{
    return (struct wm_phasor){cos(radians), sin(radians)};
}

static inline struct wm_phasor wm_phasor_add(struct wm_phasor a, struct wm_phasor b)
{
    return (struct wm_phasor){a.re + b.re, a.im + b.im};
}

static inline struct wm_phasor wm_phasor_mul(struct wm_phasor a, struct wm_phasor b)
{
    return (struct wm_phasor){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* a / |a|, or 1 for 0 */
static inline struct wm_phasor wm_phasor_unit(struct wm_phasor a)
{
    double r = sqrt(a.re * a.re + a.im * a.im);

    return r > 0 ? (struct wm_phasor){a.re / r, a.im / r} : (struct wm_phasor){1, 0};
}

/* table[i] = e^{j first} e^{j i step}, i < n, by a recurrence: for tables of at most a few hundred, error below 1e-13. */
static inline void wm_phasor_table(double first, double step, struct wm_phasor *table, int n)
{
    const struct wm_phasor by = wm_phasor(step);

    table[0] = wm_phasor(first);
    for (int i = 1; i < n; i++)
        table[i] = wm_phasor_mul(table[i - 1], by);
}
