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
WM_MUST_USE enum wm_status wm_keystore_add(struct wm_keystore *keys, const struct wm_key_pattern *pattern,
                                           const struct wm_key *key);
size_t wm_keystore_count(const struct wm_keystore *keys);

/* The i-th key (0-based) that fits the address, most specific pattern first, as added among equals; WM_END when there are no more.
 * The cost does not grow with the number of keys, only with i. Bit 15 of a manufacturer tells how unique an address is, not whose
 * it is (recalled - verify), and is ignored on both sides. */
WM_MUST_USE enum wm_status wm_keystore_find(const struct wm_keystore *keys, const struct wm_address *address, size_t i,
                                            struct wm_key *key);

/* One line "PATTERN = KEY" or "PATTERN KEY" of the key file. KEY is 32 hexadecimal digits. PATTERN is one of
 *     12345678              the meter's id, eight digits as printed on it
 *     KAM-12345678          manufacturer and id
 *     KAM.12345678.1B.16    manufacturer, id, version and device type (both two hexadecimal digits); any of the four may be *
 *     *                     every meter
 * Blank lines and what follows # are comments (WM_OK, nothing added). WM_MALFORMED: *why is a static phrase that names the fault
 * and the remedy, without key material; WM_NO_MEMORY. */
WM_MUST_USE enum wm_status wm_keystore_add_line(struct wm_keystore *keys, const char *line, size_t len, const char **why);
/* A whole key file. On failure *line (1-based, 0: the file itself) and *why; the lines before it have been added. WM_IO: the file
 * cannot be opened or read (errno says why). WM_INVALID: group or others may read or write it; allow_shared lets that pass. */
WM_MUST_USE enum wm_status wm_keystore_load(struct wm_keystore *keys, const char *path, bool allow_shared, unsigned *line,
                                            const char **why);
