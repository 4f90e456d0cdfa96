/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/json.h"

#include "base/digits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct wm_json wm_json_of(struct wm_sink *sink)
{
    return (struct wm_json){.sink = sink};
}

void wm_json_key(struct wm_json *json, const char *key)
{
    wm_json_separate(json);
    wm_sink_char(json->sink, '"');
    wm_sink_text(json->sink, key);
    wm_sink_put(json->sink, "\":", 2);
    json->after_key = true;
}

size_t wm_utf8_length(const char *text, size_t left)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t need;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;

    if (left == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    need = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    /* The second byte's range excludes over-long forms, surrogates and what lies above U+10FFFF. */
    if (s[0] == 0xE0)
        low = 0xA0;
    else if (s[0] == 0xED)
        high = 0x9F;
    else if (s[0] == 0xF0)
        low = 0x90;
    else if (s[0] == 0xF4)
        high = 0x8F;
    if (left < need || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    return need;
}

static char *escape(char *out, unsigned char c)
{
    static const char shorthand[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    if (c == '"' || c == '\\' || (c < sizeof shorthand && shorthand[c])) {
        *out++ = '\\';
        *out++ = c == '"' || c == '\\' ? (char)c : shorthand[c];
        return out;
    }
    memcpy(out, "\\u00", 4);
    return wm_hex_write(out + 4, (struct wm_span){&c, 1}, true);
}

/* Characters at the front that stand for themselves, eight at a time: ASCII from 20h to 7Eh but for quote and backslash. Each test
 * sets the high bit of the bytes that it finds; a borrow can only add bytes above one that was found already. */
static size_t clean_length(const char *text, size_t len)
{
    const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    size_t i = 0;

    for (; i + 8 <= len; i += 8) {
        uint64_t w;
        memcpy(&w, text + i, 8);
        uint64_t quote = w ^ ones * '"', backslash = w ^ ones * '\\', del = w ^ ones * 0x7F;
        if (((w - ones * 0x20) | (quote - ones) | (backslash - ones) | (del - ones) | w) & high)
            break;
    }
    for (; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\')
            break;
    }
    return i;
}

char *wm_json_escape(char *out, const char *text, size_t len)
{
    size_t i = clean_length(text, len);

    memcpy(out, text, i);
    out += i;
    while (i < len) {
        unsigned char c = (unsigned char)text[i];
        size_t n = wm_utf8_length(text + i, len - i);

        if (n > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
            memcpy(out, text + i, n);
            out += n;
            i += n;
            continue;
        }
        if (n == 0) {
            memcpy(out, "\xEF\xBF\xBD", 3);
            out += 3;
        } else {
            out = escape(out, c);
        }
        i++;
    }
    return out;
}

void wm_json_string_n(struct wm_json *json, const char *text, size_t len)
{
    char piece[WM_JSON_ESCAPED(128)];

    wm_json_separate(json);
    wm_sink_char(json->sink, '"');
    while (len) { /* in pieces that do not cut a UTF-8 sequence */
        size_t n = len < 128 ? len : 128;
        for (size_t back = 0; n < len && back < 3 && ((unsigned char)text[n] & 0xC0) == 0x80; back++)
            n--;
        wm_sink_put(json->sink, piece, (size_t)(wm_json_escape(piece, text, n) - piece));
        text += n;
        len -= n;
    }
    wm_sink_char(json->sink, '"');
}

void wm_json_string(struct wm_json *json, const char *text)
{
    if (text)
        wm_json_string_n(json, text, strlen(text));
    else
        wm_json_null(json);
}

void wm_json_hex(struct wm_json *json, struct wm_span bytes)
{
    char *out;

    wm_json_separate(json);
    out = wm_sink_room(json->sink, 2 * bytes.len + 2);
    if (!out) { /* as much as there is room for */
        wm_sink_char(json->sink, '"');
        wm_sink_hex(json->sink, bytes, true);
        wm_sink_char(json->sink, '"');
        return;
    }
    *out = '"';
    out = wm_hex_write(out + 1, bytes, true);
    *out = '"';
    wm_sink_filled(json->sink, out + 1);
}

static void magnitude(struct wm_sink *sink, uint64_t value)
{
    char text[WM_UINT_CHARS];

    wm_sink_put(sink, text, (size_t)(wm_uint_write(text, value) - text));
}

void wm_json_uint(struct wm_json *json, uint64_t value)
{
    wm_json_separate(json);
    magnitude(json->sink, value);
}

void wm_json_int(struct wm_json *json, int64_t value)
{
    wm_json_separate(json);
    if (value < 0)
        wm_sink_char(json->sink, '-');
    magnitude(json->sink, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void wm_json_null(struct wm_json *json)
{
    wm_json_separate(json);
    wm_sink_text(json->sink, "null");
}

void wm_json_fixed(struct wm_json *json, double value, int decimals)
{
    char text[352]; /* DBL_MAX has 309 digits */
    int n;

    if (!isfinite(value)) {
        wm_json_null(json);
        return;
    }
    wm_json_separate(json);
    n = snprintf(text, sizeof text, "%.*f", decimals, value);
    wm_sink_put(json->sink, text, (size_t)n);
}

static const char *digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

bool wm_json_is_number(const char *text)
{
    const char *s = text + (*text == '-');
    const char *end = digits(s);

    if (end == s || (*s == '0' && end > s + 1))
        return false;
    if (*end == '.') {
        s = end + 1;
        end = digits(s);
        if (end == s)
            return false;
    }
    if (*end == 'e' || *end == 'E') {
        s = end + 1;
        s += *s == '+' || *s == '-';
        end = digits(s);
        if (end == s)
            return false;
    }
    return *end == '\0';
}

void wm_json_number_text(struct wm_json *json, const char *text)
{
    if (!wm_json_is_number(text)) {
        wm_json_string(json, text);
        return;
    }
    wm_json_separate(json);
    wm_sink_text(json->sink, text);
}
