/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

#define WM_TIME_UNKNOWN INT64_MIN

/* How one burst was heard. All figures are the receiver's own estimates. */
struct wm_signal {
    uint64_t
        sample_index;   /* first sample of the first chip after the sync word (the first bit of the L field), at the input rate */
    int64_t time_ns;    /* UTC of that sample, nanoseconds since 1970-01-01, or WM_TIME_UNKNOWN */
    double channel_hz;  /* nominal channel centre */
    float offset_hz;    /* carrier minus channel centre, as the receiver's oscillator sees it */
    float rssi_dbfs;    /* burst power in the channel; 0 dBFS is a complex carrier at full scale */
    float snr_db;       /* burst power over noise power in the mode's chip-rate bandwidth (Ec/N0) */
    float deviation_hz; /* estimated frequency deviation */
    float clock_ppm;    /* estimated chip rate minus nominal, parts per million */
};
