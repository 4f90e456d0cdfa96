/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"

/* Keys by meter. Keys lie in memory that core dumps leave out, are wiped on destroy, and never printed by anything here. */
struct wm_keystore;

struct wm_key {
    uint8_t bytes[16]; /* AES-128; a DES key has the first eight */
    bool des : 1;
    bool has_id : 1, has_version : 1; /* for that key id or version alone; otherwise for any */
    uint8_t id, version;              /* as in the configuration field's extension or in AFL.KI */
};

/* Which meters a key is for; a field that is not set matches any. */
struct wm_key_pattern {
    bool has_manufacturer, has_id, has_version, has_type;
    uint8_t id_digits; /* with has_id: so many of its digits count, from the left, 1 to 7; 0: all eight */
    struct wm_address address;
};

WM_MUST_USE enum wm_status wm_keystore_create(struct wm_keystore **keys);
void wm_keystore_destroy(struct wm_keystore *keys);
WM_MUST_USE enum wm_status wm_keystore_add(struct wm_keystore *keys, const struct wm_key_pattern *pattern,
                                           const struct wm_key *key);
/* The same, but for meters that one of the `except` patterns fits. */
WM_MUST_USE enum wm_status wm_keystore_add_except(struct wm_keystore *keys, const struct wm_key_pattern *pattern,
                                                  const struct wm_key_pattern *except, size_t except_count,
                                                  const struct wm_key *key);
size_t wm_keystore_count(const struct wm_keystore *keys);

/* The i-th key (0-based) that fits the address, most specific pattern first, as added among equals; WM_END when there are no more.
 * The cost does not grow with the number of keys, only with i. Bit 15 of a manufacturer tells how unique an address is, not whose
 * it is (recalled - verify), and is ignored on both sides. */
WM_MUST_USE enum wm_status wm_keystore_find(const struct wm_keystore *keys, const struct wm_address *address, size_t i,
                                            struct wm_key *key);

/* The same keys one after another, without copies: zero it but for keys and address, then call next until NULL. What comes points
 * into the store and lives until a key is added. */
struct wm_key_search {
    const struct wm_keystore *keys;
    struct wm_address address;
    unsigned step;  /* state */
    uint32_t entry; /* state: the next of the group */
};
const struct wm_key *wm_key_search_next(struct wm_key_search *search);
/* A hint that keys for this address will be looked for soon. */
void wm_keystore_prefetch(const struct wm_keystore *keys, const struct wm_address *address);
/* The pattern that the key given last was filed under. */
void wm_key_search_pattern(const struct wm_key_search *search, struct wm_key_pattern *pattern);

/* Forgets (and wipes) all keys. */
void wm_keystore_clear(struct wm_keystore *keys);

/* One line "PATTERN = KEY [OPTION...]" or "PATTERN KEY [OPTION...]" of the key file. KEY is 32 hexadecimal digits (AES-128), or 16
 * (DES, security modes 2 and 3). PATTERN is one of
 *     12345678              the meter's id, eight digits as printed on it
 *     KAM-12345678          manufacturer and id
 *     KAM.12345678.1B.16    manufacturer, id, version and device type (both two hexadecimal digits); any of the four may be *
 *     *                     every meter
 * and in place of an id may stand its first digits and a *, as 1234*.
 * OPTION is id=N (0 to 15) or version=N (0 to 255): the key serves telegrams that name this key id or key version, or none.
 * Blank lines and what follows # are comments (WM_OK, nothing added). WM_MALFORMED: *why is a static phrase that names the fault
 * and the remedy, without key material; WM_NO_MEMORY. */
WM_MUST_USE enum wm_status wm_keystore_add_line(struct wm_keystore *keys, const char *line, size_t len, const char **why);
/* A whole key file. On failure *line (1-based, 0: the file itself) and *why; the lines before it have been added. WM_IO: the file
 * cannot be opened or read (errno says why). WM_INVALID: group or others may read or write it; allow_shared lets that pass. */
WM_MUST_USE enum wm_status wm_keystore_load(struct wm_keystore *keys, const char *path, bool allow_shared, unsigned *line,
                                            const char **why);

/* Another program's keys. A wmbusmeters meter file: "id=" and "key=" lines in either order, its other lines are passed over. An id
 * is a list with commas of 12345678, 1234*, *, ANYID, each maybe with .M=MFR (or four hexadecimal digits), .V= and .T= parts, of 16
 * digits (id, manufacturer, version, type as the wired bus writes them), of !… which excludes meters, and of p0 to p250, which are
 * wired and passed over; no key, or NOKEY, adds nothing. A CSV: a heading line that names a
 * column id (also: meter, meter_id, serial, address) and a column key (also: aes_key, aeskey, enc_key, encryption_key), maybe
 * manufacturer (mfr, m), version, type, separated by comma, semicolon or tab, in any order; other columns are passed over. Faults
 * are told as by wm_keystore_load. */
enum wm_key_format { WM_KEYS_OWN, WM_KEYS_WMBUSMETERS, WM_KEYS_CSV };
WM_MUST_USE enum wm_status wm_keystore_import(struct wm_keystore *keys, const char *path, enum wm_key_format format,
                                              bool allow_shared, unsigned *line, const char **why);
/* Which of them a file is: by its name for CSV (.csv), otherwise by the first line that says something. WM_IO. */
WM_MUST_USE enum wm_status wm_key_format_of(const char *path, enum wm_key_format *format);

/* PATTERN as in the key file; NULL, or what is wrong with it. */
const char *wm_key_pattern_text(const char *text, struct wm_key_pattern *pattern);
