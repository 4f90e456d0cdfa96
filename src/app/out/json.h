/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/sink.h"

/* A JSON writer (RFC 8259) for the output path: no tree, no allocation, straight into a sink. Commas are its own business. The
 * caller nests properly; at most 30 levels. */
struct wm_json {
    struct wm_sink *sink;
    unsigned depth;
    uint32_t filled; /* bit per level: something was written there, so a comma comes first */
    bool after_key;
};

struct wm_json wm_json_of(struct wm_sink *sink);

void wm_json_open(struct wm_json *json, char bracket);   /* '{' or '[' */
void wm_json_close(struct wm_json *json, char bracket);  /* '}' or ']' */
void wm_json_key(struct wm_json *json, const char *key); /* plain ASCII without quotes */

/* UTF-8 text of len bytes. Control characters, quote and backslash are escaped; a byte that is not UTF-8 becomes U+FFFD. */
void wm_json_string_n(struct wm_json *json, const char *text, size_t len);
void wm_json_string(struct wm_json *json, const char *text);  /* NULL gives null */
void wm_json_hex(struct wm_json *json, struct wm_span bytes); /* as an upper-case hex string */
void wm_json_int(struct wm_json *json, int64_t value);
void wm_json_uint(struct wm_json *json, uint64_t value);
void wm_json_bool(struct wm_json *json, bool value);
void wm_json_null(struct wm_json *json);
/* With this many decimals (0..9); what is not finite gives null. */
void wm_json_fixed(struct wm_json *json, double value, int decimals);
/* A number in text, digit for digit (all of a meter's decimals stay, 1.50 is 1.50). Text that is no JSON number becomes a string.
 */
void wm_json_number_text(struct wm_json *json, const char *text);

/* Whether text is a number by RFC 8259 clause 6. */
bool wm_json_is_number(const char *text);
/* Length of the well-formed UTF-8 sequence (RFC 3629) at text, 0 when there is none. */
size_t wm_utf8_length(const char *text, size_t left);
