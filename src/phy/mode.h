/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The EN 13757-4 modes as one table. A mode is what one demodulator hears on one channel in one direction; S1, S1-m and S2 differ
 * only in preamble length and are one row, as are T1 and T2 (meter to other) and C1 and C2 (meter to other). */
enum wm_mode {
    WM_MODE_S,      /* 868.300 MHz, 32.768 kcps, Manchester, meter to other (and, alike on air, S2 and T2 other to meter) */
    WM_MODE_T,      /* 868.950 MHz, 100 kcps, 3-of-6, meter to other */
    WM_MODE_C,      /* 868.950 MHz, 100 kcps, NRZ, meter to other */
    WM_MODE_C_DOWN, /* 869.525 MHz, 50 kcps, NRZ, GFSK BT 0.5, other to meter (C2) */
    WM_MODE_COUNT
};

enum wm_line_code { WM_CODE_MANCHESTER, WM_CODE_3OF6, WM_CODE_NRZ };

/* Which frame format the sync word announces; what the formats are is the link layer's business. */
enum wm_format { WM_FORMAT_NONE, WM_FORMAT_A, WM_FORMAT_B };

/* Chips of a preamble or sync word: `count` chips, the first sent in the most significant used bit. */
struct wm_chips {
    uint64_t bits;
    unsigned count;
};

struct wm_mode_info {
    enum wm_mode mode;
    const char *name;        /* "S", "T", "C" */
    const char *air_name;    /* what rtl_wmbus calls it: "S1", "T1", "C1" */
    double centre_hz;        /* channel centre */
    double chip_rate_cps;    /* nominal */
    double gaussian_bt;      /* the standard's shaping, bandwidth times chip duration; 0: rectangular chips */
    double deviation_hz;     /* nominal; chip 1 is the positive deviation */
    double deviation_min_hz; /* the standard's range */
    double deviation_max_hz;
    double clock_tolerance;       /* of the chip rate, as a fraction: 0.12 for T */
    double carrier_tolerance_hz;  /* meter and receiver together, to either side */
    double channel_half_width_hz; /* what must lie inside the captured band to receive the mode */
    enum wm_line_code code;
    unsigned chips_per_byte;
    unsigned preamble_pairs_min;  /* least number of 01 pairs before the sync word */
    unsigned preamble_pairs_long; /* S1: 279; equal to the minimum elsewhere */
    struct wm_chips sync_a;       /* sync word that announces format A */
    struct wm_chips sync_b;       /* format B; count 0 where the mode has none */
    unsigned tail_chips_max;      /* alternating chips after the frame */
};

/* The table's row for a mode; never NULL for a mode below WM_MODE_COUNT. The table is constant. */
const struct wm_mode_info *wm_mode_info(enum wm_mode mode);

/* The mode by its name or air name, any case ("t", "T1"); WM_INVALID when there is none. */
WM_MUST_USE enum wm_status wm_mode_by_name(const char *name, enum wm_mode *mode);

/* "A", "B" or "" */
const char *wm_format_name(enum wm_format format);
