/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* The authentication and fragmentation layer, EN 13757-7:2018 clause 6: as much of it as it takes to find what follows. */
struct wm_afl {
    uint16_t fcl;           /* fragmentation control */
    struct wm_span fields;  /* what follows FCL inside the layer: MCL, KI, MCR, MAC, ML as FCL says */
    struct wm_span payload; /* behind the layer: the TPL of an unfragmented message */
};

enum {
    WM_AFL_MF = 0x4000,
    WM_AFL_MCLP = 0x2000,
    WM_AFL_MLP = 0x1000,
    WM_AFL_MCRP = 0x0800,
    WM_AFL_MACP = 0x0400,
    WM_AFL_KIP = 0x0200
};

/* `layer` starts at the CI 90. WM_NOT_MINE; WM_TOO_SHORT; WM_MALFORMED: AFLL leaves no room for FCL. */
WM_MUST_USE enum wm_status wm_afl_parse(struct wm_span layer, struct wm_afl *afl);
WM_MUST_USE enum wm_status wm_afl_build(const struct wm_afl *afl, struct wm_writer *out);

/* Whether the message is spread over several telegrams. An unfragmented one has no MF and FID 0, or 1 in the text of 2012. */
bool wm_afl_fragmented(const struct wm_afl *afl);
