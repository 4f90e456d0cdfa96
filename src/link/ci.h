/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/* Every CI value routed: which layer it opens, with which header, under which name (EN 13757-7:2018 Table 2). */
enum wm_ci_layer {
    WM_CI_APL_NONE,     /* TPL without header, application data follows at once */
    WM_CI_TPL_SHORT,    /* TPL short header (ACC, status, configuration) */
    WM_CI_TPL_LONG,     /* TPL long header (address before it) */
    WM_CI_ELL,          /* extended link layer */
    WM_CI_AFL,          /* authentication and fragmentation layer */
    WM_CI_NWL,          /* network layer */
    WM_CI_MANUFACTURER, /* A0..B7 */
    WM_CI_RESERVED,
};

/* What the application data behind the TPL is. */
enum wm_ci_payload {
    WM_CI_PAYLOAD_NONE,    /* TPL only (80, 8A, 8B) */
    WM_CI_PAYLOAD_MBUS,    /* full M-Bus data records (72, 78, 7A, 5A, 5B, 51 …) */
    WM_CI_PAYLOAD_COMPACT, /* M-Bus compact frame (73, 79, 7B) */
    WM_CI_PAYLOAD_FORMAT,  /* M-Bus format frame (69, 6A, 6B) */
    WM_CI_PAYLOAD_FIXED,   /* fixed data structure of old wired meters (73 with that layout) */
    WM_CI_PAYLOAD_ERROR,   /* application error (6E, 6F, 70) */
    WM_CI_PAYLOAD_ALARM,   /* alarm (71, 74, 75) */
    WM_CI_PAYLOAD_CLOCK,   /* clock synchronisation (6C, 6D) */
    WM_CI_PAYLOAD_TLS,     /* TLS control (5F, 9E, 9F) */
    WM_CI_PAYLOAD_DLMS,
    WM_CI_PAYLOAD_OBIS,
    WM_CI_PAYLOAD_OTHER, /* named, shown raw */
};

enum wm_ci_direction { WM_CI_BOTH, WM_CI_FROM_METER, WM_CI_TO_METER };

struct wm_ci_info {
    enum wm_ci_layer layer;
    enum wm_ci_payload payload;
    enum wm_ci_direction direction;
    const char *name; /* short English phrase, never NULL */
};

/* Total function over the 256 values. */
const struct wm_ci_info *wm_ci_info(uint8_t ci);
