/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "security/keystore.h"

/* Internal to the key files: what the formats share. */

struct wm_key_word {
    const char *text;
    size_t len;
};

bool wm_key_blank(char c);
struct wm_key_word wm_key_trim(const char *text, size_t len);
/* 32 or 16 hexadecimal digits */
bool wm_key_parse(struct wm_key_word word, struct wm_key *key);
/* PATTERN of the key file; NULL or what is wrong. *pattern is zeroed by the caller. */
const char *wm_key_pattern_parse(struct wm_key_word word, struct wm_key_pattern *pattern);
bool wm_key_number(struct wm_key_word word, size_t digits, uint32_t *value);
/* An id, the beginning of one with a *, or * alone: sets the pattern's id. */
bool wm_key_id(struct wm_key_word word, struct wm_key_pattern *pattern);

/* Calls take for each line of a file, in bounded memory that is wiped. Statuses and *line, *why as in wm_keystore_load. */
typedef enum wm_status (*wm_key_take_line)(void *user, const char *line, size_t len, const char **why);
enum wm_status wm_key_file_lines(const char *path, bool allow_shared, wm_key_take_line take, void *user, unsigned *line,
                                 const char **why);
