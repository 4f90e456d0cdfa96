/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/record.h"
#include "app/records/vif.h"

/* Internal to the records room: from the bytes of a value information block to what they say about the value. */

/* Where the parts of a VIB are. */
struct wm_vib_parts {
    uint8_t vif;
    struct wm_span vifes;
    struct wm_span text; /* of a plain-text unit, as sent */
    size_t len;          /* of the whole VIB */
};

/* Finds the end of the VIB at the start of `bytes`. WM_TOO_SHORT, WM_MALFORMED (more than 10 VIFEs) with *why. */
WM_MUST_USE enum wm_status wm_vib_split(struct wm_span bytes, struct wm_vib_parts *parts, const char **why);

/* How to read the value; quantity, unit, detail, known and manufacturer go into the record. */
struct wm_vib_scale {
    int exponent;
    enum wm_vif_coding coding;
    bool binary_fraction;
    bool error; /* a record error VIFE: the value must not be used */
};

void wm_vib_read(const struct wm_vib_parts *parts, struct wm_record *record, struct wm_vib_scale *scale);
/* The same for one value of a compact profile: the VIFE that makes it a profile is passed over. */
void wm_vib_read_value(const struct wm_vib_parts *parts, struct wm_record *record, struct wm_vib_scale *scale);

/* Latin-1 characters sent last one first, as UTF-8 with a NUL; false when not all fits (what fits is there, whole characters). */
bool wm_reversed_latin1(struct wm_span text, char *out, size_t cap);
