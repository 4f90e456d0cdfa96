/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pipeline/reading.h"

/* Which telegrams go on to the outputs, and when there are enough. */

#define WM_FILTER_RULES 16
#define WM_FILTER_WHY   160

enum wm_filter_key { WM_FILTER_ID, WM_FILTER_MANUFACTURER, WM_FILTER_TYPE, WM_FILTER_MODE, WM_FILTER_VERDICT, WM_FILTER_KEYS };

struct wm_filter_rule {
    enum wm_filter_key key;
    bool not ;
    char list[512]; /* patterns, each with its NUL, the last with two */
};

struct wm_filter {
    struct wm_filter_rule rule[WM_FILTER_RULES];
    size_t count;
    bool copies;   /* also those of repeaters and other channels */
    bool once;     /* each meter once, and only what can be read */
    uint64_t most; /* 0: any number of telegrams */
    double for_s;  /* 0: no limit */
};

/* Adds "id=12345678,KAM*", "type!=water": all rules must hold, of a list one. WM_INVALID, WM_FULL: why says what. */
WM_MUST_USE enum wm_status wm_filter_add(struct wm_filter *filter, const char *rule, char why[WM_FILTER_WHY]);
bool wm_filter_passes(const struct wm_filter *filter, const struct wm_reading *reading);
/* The number of meters that are named one by one, without wildcards; 0: none are. */
size_t wm_filter_named(const struct wm_filter *filter);
/* "90", "90s", "15m", "2h", "1d" in seconds; WM_INVALID. */
WM_MUST_USE enum wm_status wm_duration_parse(const char *text, double *seconds);
