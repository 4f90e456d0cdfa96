/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/mode.h"
#include "phy/radio/level.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From what was measured to why nothing is heard: the first rule of a table that fits is the diagnosis, the others that fit follow.
 * Pure: the same facts give the same findings. */
#define WM_DOCTOR_OFFSETS 512

struct wm_doctor_heard {
    uint64_t bursts[WM_MODE_COUNT], syncs[WM_MODE_COUNT], frames[WM_MODE_COUNT], crc_failed[WM_MODE_COUNT];
    bool active[WM_MODE_COUNT];
    float noise_dbfs[WM_MODE_COUNT];
    float offset_hz[WM_DOCTOR_OFFSETS]; /* carriers of frames against their channel */
    float clock_ppm[WM_DOCTOR_OFFSETS]; /* and their chip rates against the nominal */
    size_t offsets;                     /* how many of both */
};

struct wm_doctor_facts {
    double seconds, rate_hz, centre_hz;
    bool bits8; /* the converter's */
    struct wm_level level;
    struct wm_doctor_heard heard;
    bool live;
    double rate_ppm;      /* of a radio: its real rate; 0: not known */
    uint64_t lost;        /* samples */
    uint64_t voids;       /* runs of zeros among them */
    double other_rate_hz; /* at this rate frames were found, and none at the nominal one; 0: no such */
    double other_tune_hz; /* tuned so much lower frames were found, and none otherwise; 0: no such */
    double gain_db;       /* NAN: not known */
};

struct wm_finding {
    const char *name; /* "good", "overloaded" … */
    bool good;
    char text[256];   /* what is the matter */
    char remedy[256]; /* what to do, "" where nothing */
};

/* At most cap findings, the diagnosis first; at least one. */
size_t wm_doctor_diagnose(const struct wm_doctor_facts *facts, struct wm_finding *findings, size_t cap);
/* The radio's error in ppm by the median of the meters heard; false: too few (3). */
bool wm_doctor_ppm(const struct wm_doctor_facts *facts, double *ppm);
