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

/* What every value does first: the comma, unless a key or nothing stands before it. */
static inline void wm_json_separate(struct wm_json *json)
{
    if (!json->after_key && (json->filled >> json->depth & 1u))
        wm_sink_char(json->sink, ',');
    json->filled |= 1u << json->depth;
    json->after_key = false;
}

static inline void wm_json_open(struct wm_json *json, char bracket) /* '{' or '[' */
{
    wm_json_separate(json);
    wm_sink_char(json->sink, bracket);
    json->depth++;
    json->filled &= ~(1u << json->depth);
}

/* The same for a bracket that was written by other means, and a first member behind it. */
static inline void wm_json_opened(struct wm_json *json)
{
    json->filled |= 1u << ++json->depth;
}

static inline void wm_json_close(struct wm_json *json, char bracket) /* '}' or ']' */
{
    wm_sink_char(json->sink, bracket);
    json->depth--;
}

void wm_json_key(struct wm_json *json, const char *key); /* plain ASCII without quotes */

/* The same for a key that is a literal: one store of constant length. */
#define WM_JSON_KEY(json, key) wm_json_key_literal(json, ",\"" key "\":", sizeof ",\"" key "\":" - 1)
static inline void wm_json_key_literal(struct wm_json *json, const char *text, size_t len)
{
    if (json->filled >> json->depth & 1u)
        wm_sink_put(json->sink, text, len);
    else
        wm_sink_put(json->sink, text + 1, len - 1);
    json->filled |= 1u << json->depth;
    json->after_key = true;
}

/* Text that needs no escapes because this program has it in a table. */
static inline void wm_json_name(struct wm_json *json, const char *text)
{
    wm_json_separate(json);
    wm_sink_char(json->sink, '"');
    wm_sink_text(json->sink, text);
    wm_sink_char(json->sink, '"');
}

/* UTF-8 text of len bytes. Control characters, quote and backslash are escaped; a byte that is not UTF-8 becomes U+FFFD. */
void wm_json_string_n(struct wm_json *json, const char *text, size_t len);
void wm_json_string(struct wm_json *json, const char *text);  /* NULL gives null */
void wm_json_hex(struct wm_json *json, struct wm_span bytes); /* as an upper-case hex string */
void wm_json_int(struct wm_json *json, int64_t value);
void wm_json_uint(struct wm_json *json, uint64_t value);
static inline void wm_json_bool(struct wm_json *json, bool value)
{
    wm_json_separate(json);
    if (value)
        wm_sink_put(json->sink, "true", 4);
    else
        wm_sink_put(json->sink, "false", 5);
}

void wm_json_null(struct wm_json *json);
/* With this many decimals (0..9); what is not finite gives null. */
void wm_json_fixed(struct wm_json *json, double value, int decimals);
/* A number in text, digit for digit (all of a meter's decimals stay, 1.50 is 1.50). Text that is no JSON number becomes a string.
 */
void wm_json_number_text(struct wm_json *json, const char *text);

/* A number as text of len characters that needs no look at. */
static inline void wm_json_number_n(struct wm_json *json, const char *text, size_t len)
{
    wm_json_separate(json);
    wm_sink_put(json->sink, text, len);
}

/* The characters of a JSON string for len bytes of text, without the quotes, at out, which has room for WM_JSON_ESCAPED(len);
 * returns the end. */
#define WM_JSON_ESCAPED(len) (6 * (len))
char *wm_json_escape(char *out, const char *text, size_t len);

/* Whether text is a number by RFC 8259 clause 6. */
bool wm_json_is_number(const char *text);
/* Length of the well-formed UTF-8 sequence (RFC 3629) at text, 0 when there is none. */
size_t wm_utf8_length(const char *text, size_t left);
