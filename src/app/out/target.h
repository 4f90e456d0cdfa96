/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/transport.h"

/* Target: one output as text, taken apart.
 *
 *     FORMAT[:TARGET][?OPTION=VALUE[&OPTION=VALUE...]]     json, csv:log.csv?rotate=10M, influx:udp://localhost:8089
 *     TARGET[?...]                                         mqtt://broker?qos=1: transports with a format of their own
 */

#define WM_TARGET_OPTIONS 16
#define WM_TARGET_CHARS   2048

struct wm_target {
    const struct wm_output_format *format; /* NULL: the transport's own form */
    const struct wm_transport *transport;
    char text[WM_TARGET_CHARS];
    const char *place; /* path, or all behind the prefix */
    /* of a URL: */
    const char *user, *host, *path; /* NULL, "" where there is none; path without its first slash */
    uint16_t port;                  /* 0: none was named */
    struct {
        const char *name, *value;
    } option[WM_TARGET_OPTIONS];
    size_t option_count;
    struct wm_fields fields;
    bool has_fields;
    enum wm_what what;
    size_t queue_bytes;
    char said[WM_TARGET_CHARS]; /* as it was given, for messages */
};

/* WM_INVALID: why says what and the remedy. Opens nothing. */
WM_MUST_USE enum wm_status wm_target_parse(const char *spec, struct wm_target *target, char why[WM_OUTPUT_WHY]);

/* The same for other tables of transports, which take no format and end with NULL (sources have URLs too). */
WM_MUST_USE enum wm_status wm_target_parse_as(const char *spec, const struct wm_transport *const *kinds, struct wm_target *target,
                                              char why[WM_OUTPUT_WHY]);

/* The value of an option, or what to take without it. */
const char *wm_target_text(const struct wm_target *target, const char *name, const char *otherwise);
/* Numbers: "10", with a suffix k, M, G where `sizes`. WM_INVALID with why. */
WM_MUST_USE enum wm_status wm_target_number(const struct wm_target *target, const char *name, uint64_t otherwise, uint64_t min,
                                            uint64_t max, uint64_t *value, char why[WM_OUTPUT_WHY]);
/* "yes" or "no" */
WM_MUST_USE enum wm_status wm_target_flag(const struct wm_target *target, const char *name, bool otherwise, bool *value,
                                          char why[WM_OUTPUT_WHY]);
