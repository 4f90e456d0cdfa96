/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/kernels.h"

/* A CPFSK burst's chip correlations with the modulation taken out: with the tone that was decided for each chip and with the other,
 * both turned back by the data phase, pi h times the chip sum (ones minus zeros) before the chip. What is left of the decided ones
 * is a constant but for carrier, drift, a wrong h and noise.
 *
 * Planes and chips are the caller's. */
struct wm_stripped {
    struct wm_complex_plane decided, other;
    uint8_t *chip; /* the decisions, 0 or 1 each */
    size_t n;
};

/* A phase over the burst that is not the data's. */
struct wm_phase_fit {
    double phase, slope, curve; /* at chip k: phase + slope k + curve k^2, radians */
    double index;               /* what the modulation index is short of */
};

/* From the correlations c1 and c0, made with the modulation index h_tones. */
void wm_stripped_make(const struct wm_stripped *planes, const struct wm_complex_plane *c1, const struct wm_complex_plane *c0,
                      double h, double h_tones);

/* Chip k is decided otherwise: its two correlations change places, and all behind are turned by 2 pi h. jump: e^{j 2 pi h}. */
struct wm_phase_jump {
    float re, im;
};
struct wm_phase_jump wm_phase_jump(double h);
void wm_stripped_flip(const struct wm_stripped *planes, size_t k, struct wm_phase_jump jump);

/* Takes the fitted phase out. Returns the sum of the decided correlations along it. */
double wm_stripped_turn(const struct wm_stripped *planes, const struct wm_phase_fit *fit);
