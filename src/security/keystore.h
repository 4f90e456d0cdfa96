/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"

/* Keys by meter. A key is 16 bytes (AES-128). Keys are wiped from memory on destroy, and never printed by anything here. */
struct wm_keystore;

struct wm_key {
    uint8_t bytes[16];
};

/* Which meters a key is for; a field that is not set matches any. */
struct wm_key_pattern {
    bool has_manufacturer, has_id, has_version, has_type;
    struct wm_address address;
};

WM_MUST_USE enum wm_status wm_keystore_create(struct wm_keystore **keys);
void wm_keystore_destroy(struct wm_keystore *keys);
WM_MUST_USE enum wm_status wm_keystore_add(struct wm_keystore *keys, const struct wm_key_pattern *pattern, const struct wm_key *key);
size_t wm_keystore_count(const struct wm_keystore *keys);

/* The i-th key (0-based) that fits the address, most specific pattern first; WM_END when there are no more. */
WM_MUST_USE enum wm_status wm_keystore_find(const struct wm_keystore *keys, const struct wm_address *address, size_t i, struct wm_key *key);

/* One line "PATTERN = HEX" or "PATTERN HEX" of the key file: pattern ID, MFR-ID, MFR.ID.VERSION.TYPE, or *. Blank lines and what
 * follows # are comments (WM_OK, nothing added). On failure *why is a static phrase that names the fault and the remedy, without key
 * material. */
WM_MUST_USE enum wm_status wm_keystore_add_line(struct wm_keystore *keys, const char *line, size_t len, const char **why);
/* A whole key file. On failure *line (1-based, 0: the file itself) and *why. Refuses a file that group or others may read unless
 * allow_shared. */
WM_MUST_USE enum wm_status wm_keystore_load(struct wm_keystore *keys, const char *path, bool allow_shared, unsigned *line, const char **why);
