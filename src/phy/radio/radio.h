/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/log.h"
#include "phy/radio/driver.h"
#include "phy/radio/level.h"

/* A radio that is received from for months: tuned and kept going. wm_radio_read is the watchdog too. It notices what goes wrong
 * within WM_RADIO_NOTICE_NS, says it in the log, and climbs a ladder: the stream is started again, the device opened again, reset
 * and opened again, then opened until WM_RADIO_GIVE_UP_NS after the last good sample; then it gives up (WM_IO), and the program
 * should end so that a service manager starts it afresh. Frequency and gain survive all that. One thread per object. */
struct wm_radio;

#define WM_RADIO_NOTICE_NS  2000000000LL
#define WM_RADIO_GIVE_UP_NS 8500000000LL

enum wm_radio_gain { WM_RADIO_GAIN_OWN, WM_RADIO_GAIN_FIXED, WM_RADIO_GAIN_DEVICE };

struct wm_radio_config {
    const struct wm_radio_driver *driver;
    const char *address;
    unsigned modes;            /* a bit each: what is to be received */
    double rate_hz, centre_hz; /* 0: chosen, see plan.h */
    enum wm_radio_gain gain;
    double gain_db; /* for FIXED */
    double ppm;
    const struct wm_log *log; /* borrowed */
};

/* Samples without a break, valid until the next call. What is void (voids.h) is cut out, and counts as lost. Indices count what was
 * lost too, so that they give the time; how much that was is at times known only afterwards, and then they move: by what `index` is
 * ahead of the end of the block before. */
struct wm_radio_block {
    const void *bytes;
    size_t len;
    uint64_t index; /* of the first sample */
    bool gap;       /* samples are missing right before it: a receiver begins anew */
};

struct wm_radio_stats {
    uint64_t received, lost, gaps; /* samples, samples, breaks */
    uint64_t voids;                /* of the breaks: runs of zeros that a driver filled up with */
    uint64_t unprocessed; /* of the lost: came from the driver; the program was too slow, or opened it again, or they are void */
    uint64_t flat;        /* came as one value over and over */
    uint64_t faults, recoveries;
    double gain_db;        /* NAN where it is the device's */
    double ppm;            /* the device's real rate against the nominal one */
    struct wm_level level; /* of the last second */
    bool has_level;
};

/* Opens, tunes and starts. Takes up to WM_RADIO_GIVE_UP_NS. *why (thread-local) says why not. */
WM_MUST_USE enum wm_status wm_radio_open(const struct wm_radio_config *config, struct wm_radio **radio, const char **why);
/* WM_OK: a block. WM_TOO_SHORT: nothing came within timeout_ns. WM_IO: given up, wm_radio_note says why. */
WM_MUST_USE enum wm_status wm_radio_read(struct wm_radio *radio, int64_t timeout_ns, struct wm_radio_block *block);
/* "rtlsdr:00000001" */
const char *wm_radio_name(const struct wm_radio *radio);
const struct wm_radio_caps *wm_radio_caps(const struct wm_radio *radio);
const struct wm_radio_settings *wm_radio_settings(const struct wm_radio *radio);
/* UTC of a sample, WM_TIME_UNKNOWN before the first block. */
int64_t wm_radio_time(const struct wm_radio *radio, uint64_t index);
void wm_radio_stats(const struct wm_radio *radio, struct wm_radio_stats *stats);
const char *wm_radio_note(const struct wm_radio *radio);
/* False: a call into the driver hangs, and its thread with it. exit() may then hang as well, where the driver's library cleans up:
 * leave with _Exit. */
bool wm_radio_close(struct wm_radio *radio);
