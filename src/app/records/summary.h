/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/record.h"

/* The values most people want, under one name each with the unit in it: total_m3, target_kwh, power_kw … (docs/readings.md). Made
 * from the records by rules over quantities; what no rule fits stays in the records. */

#define WM_SUMMARY_MAX  32
#define WM_SUMMARY_NAME 96 /* the longest name has 65 characters */
#define WM_SUMMARY_TEXT 64

struct wm_summary_entry {
    char name[WM_SUMMARY_NAME]; /* lower case letters, digits, underscores */
    uint32_t key;               /* of the rule and its storage, tariff …: what makes a second one */
    bool is_number;
    bool is_free_text; /* the meter's own words, which may be anything; other text is digits, words and signs */
    uint8_t name_len;
    struct wm_decimal number;
    char text[WM_SUMMARY_TEXT]; /* UTF-8, where it is no number */
};

struct wm_summary {
    unsigned count;
    struct wm_summary_entry entry[WM_SUMMARY_MAX];
};

/* Empties it. */
void wm_summary_begin(struct wm_summary *summary);
/* Takes the next record of a message, if a rule fits it. Of two that would have one name the first stays. */
void wm_summary_add(struct wm_summary *summary, const struct wm_record *record);
/* An entry that comes from elsewhere (the status byte). The name is a literal; text that is too long is left out. */
void wm_summary_text(struct wm_summary *summary, const char *name, const char *text);
