/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where to put a stream of no fixed scale in 16 bits: the quietest of the last blocks decides, since bursts come and go and the
 * noise stays. */
struct wm_level {
    double quiet[64];
    unsigned count;
};

#define WM_LEVEL_STEPS 64.0 /* where the noise's rms is put: 54 dB below saturation, 47 dB above what rounding adds */

/* One more block's rms > 0 in any unit. Returns the gain, a power of two, that brings the quietest one to WM_LEVEL_STEPS. */
double wm_level_gain(struct wm_level *level, double rms);
