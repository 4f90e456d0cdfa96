/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/record.h"

/* The values most people want, under one name each with the unit in it: total_m3, target_kwh, power_kw … (docs/readings.md). Made
 * from the records by rules over quantities; what no rule fits stays in the records. */

#define WM_SUMMARY_MAX  32
#define WM_SUMMARY_NAME 96 /* the longest name has 65 characters; both are whole steps of wm_text_put */
#define WM_SUMMARY_TEXT 64

struct wm_summary_entry {
    char name[WM_SUMMARY_NAME]; /* lower case letters, digits, underscores */
    uint32_t key;               /* of the rule and its storage, tariff …: what makes a second one */
    bool is_number;
    bool is_free_text; /* the meter's own words, which may be anything; other text is digits, words and signs */
    uint8_t name_len, text_len;
    struct wm_decimal number;
    char text[WM_SUMMARY_TEXT]; /* UTF-8; of a number its digits, as wm_decimal_text has them */
};

/* What a record's header (DIB and VIB) decides of its entries: which there are, and their names. */
struct wm_summary_plan {
    unsigned count;
    struct wm_summary_line {
        uint32_t key;
        uint8_t factor;
        bool takes_text; /* not only numbers */
        uint8_t name_len;
        char name[WM_SUMMARY_NAME];
    } line[2];
};

struct wm_summary {
    unsigned count;
    struct wm_summary_entry entry[WM_SUMMARY_MAX];
};

/* Empties it. */
void wm_summary_begin(struct wm_summary *summary);
/* Takes the next record of a message, if a rule fits it. Of two that would have one name the first stays. text, for who has it
 * already: the record's value as wm_record_value_text has it, in room of WM_SUMMARY_TEXT or more; otherwise nothing. */
void wm_summary_add(struct wm_summary *summary, const struct wm_record *record, struct wm_text text);
/* An entry that comes from elsewhere (the status byte). The name is a literal; text that is too long is left out. */
void wm_summary_text(struct wm_summary *summary, const char *name, const char *text);
