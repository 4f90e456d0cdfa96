/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/* A seeded generator for simulations (xoshiro256**, Blackman and Vigna 2018). The same seed gives the same numbers on every
 * machine: integers exactly, and the Gaussian too, because it uses only IEEE 754 basic operations and square roots. Not for
 * cryptography. */
struct wm_rng {
    uint64_t s[4];
};

void wm_rng_seed(struct wm_rng *rng, uint64_t seed);
uint64_t wm_rng_next(struct wm_rng *rng);
/* Uniform in [0, 1), 53 bits. */
double wm_rng_uniform(struct wm_rng *rng);
/* Uniform in [low, high). */
double wm_rng_range(struct wm_rng *rng, double low, double high);
/* Uniform in 0 .. n - 1 without bias; n > 0. */
uint32_t wm_rng_below(struct wm_rng *rng, uint32_t n);
/* Two independent values, mean 0, variance 1. */
void wm_rng_gaussian(struct wm_rng *rng, double *a, double *b);
