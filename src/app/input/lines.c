/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/input/lines_internal.h"

#include <stdio.h>
#include <string.h>

const char *wm_line_form_name(enum wm_line_form form)
{
    static const char *const names[WM_LINE_FORM_COUNT] = {
        [WM_LINE_HEX] = "hex",     [WM_LINE_RTL_WMBUS] = "rtl_wmbus", [WM_LINE_RTL_433] = "rtl_433",
        [WM_LINE_CUL] = "cul",     [WM_LINE_IM871A] = "im871a",       [WM_LINE_IU891A] = "iu891a",
        [WM_LINE_AMBER] = "amber", [WM_LINE_JSON] = "json",           [WM_LINE_WMSDR] = "wmsdr",
    };

    return (unsigned)form < WM_LINE_FORM_COUNT ? names[form] : "unknown";
}

enum wm_status wm_line_say(struct wm_line_reader *reader, enum wm_status status, const char *why)
{
    snprintf(reader->why, sizeof reader->why, "%s", why);
    return status;
}

enum wm_status wm_line_hex(struct wm_line_reader *reader, struct wm_text hex, struct wm_span *bytes)
{
    size_t digits = 0;
    size_t i = 0;

    if (hex.len >= 2 && hex.s[0] == '0' && (hex.s[1] == 'x' || hex.s[1] == 'X'))
        i = 2;
    digits = 2 * wm_hex_read(hex.s + i, hex.len - i, reader->bytes, sizeof reader->bytes);
    for (i += digits; i < hex.len; i++) {
        int digit = wm_hex_digit(hex.s[i]);

        if (digit < 0 && hex.s[i] && strchr(" \t|_#-:", hex.s[i]))
            continue;
        if (digit < 0) {
            snprintf(reader->why, sizeof reader->why,
                     "not understood: character %zu of the hex is no hex digit; "
                     "'wmsdr decode --help' lists the forms of lines",
                     i + 1);
            return WM_MALFORMED;
        }
        if (digits / 2 >= sizeof reader->bytes)
            return wm_line_say(reader, WM_FULL, "more than 2048 bytes of hex: no telegram is that long; one telegram a line");
        if (digits % 2 == 0)
            reader->bytes[digits / 2] = (uint8_t)(digit << 4);
        else
            reader->bytes[digits / 2] |= (uint8_t)digit;
        digits++;
    }
    if (digits % 2) {
        snprintf(reader->why, sizeof reader->why, "an odd number of hex digits (%zu): a digit is missing", digits);
        return WM_MALFORMED;
    }
    *bytes = (struct wm_span){reader->bytes, digits / 2};
    return WM_OK;
}

enum wm_status wm_line_frame(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line)
{
    enum wm_mode mode = line->frame.mode;
    size_t used = 0;
    enum wm_status status = wm_frame_from_bytes(bytes, &line->frame, &used, reader->why);

    line->frame.mode = mode;
    line->trailing = wm_span_sub(bytes, used, bytes.len);
    return status;
}

enum wm_status wm_line_hex_frame(struct wm_line_reader *reader, struct wm_text hex, struct wm_line *line)
{
    struct wm_span bytes;
    enum wm_status status = wm_line_hex(reader, hex, &bytes);

    return status == WM_OK ? wm_line_frame(reader, bytes, line) : status;
}

void wm_line_mode(struct wm_line *line, struct wm_text name)
{
    char text[8];

    if (name.len >= sizeof text)
        return;
    memcpy(text, name.s, name.len);
    text[name.len] = '\0';
    line->has_mode = wm_mode_by_name(text, &line->frame.mode) == WM_OK;
}

static bool begins(struct wm_text text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && memcmp(text.s, with, len) == 0;
}

static struct wm_text skip(struct wm_text text, size_t n)
{
    return (struct wm_text){text.s + n, text.len - n};
}

/* A hex digit, which most lines begin and end with, is never trimmed. */
static bool is_one_of(char c, const char *chars)
{
    return wm_hex_digit(c) < 0 && c && strchr(chars, c);
}

static struct wm_text trim(struct wm_text text, const char *chars)
{
    while (text.len && is_one_of(text.s[0], chars))
        text = skip(text, 1);
    while (text.len && is_one_of(text.s[text.len - 1], chars))
        text.len--;
    return text;
}

/* wmbusmeters' simulation file: telegram=|HEX|+SECONDS */
static enum wm_status simulation(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line)
{
    const char *delay = memchr(text.s, '+', text.len);

    if (delay)
        text.len = (size_t)(delay - text.s);
    return wm_line_hex_frame(reader, text, line);
}

/* The bytes of hex without a word before it: a radio module's message where they are one to the last, otherwise a telegram. */
static enum wm_status bare_bytes(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line)
{
    static enum wm_status (*const modules[])(struct wm_line_reader *, struct wm_span, struct wm_line *) = {
        wm_line_im871a,
        wm_line_amber,
        wm_line_iu891a,
    };

    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        enum wm_status status;
        reader->why[0] = '\0';
        status = modules[i](reader, bytes, line);
        if (status != WM_NOT_MINE || reader->why[0])
            return status;
    }
    line->form = WM_LINE_HEX;
    return wm_line_frame(reader, bytes, line);
}

static enum wm_status bare_hex(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line)
{
    struct wm_span bytes;
    enum wm_status status = wm_line_hex(reader, text, &bytes);

    return status == WM_OK ? bare_bytes(reader, bytes, line) : status;
}

/* A line of a dialogue with a radio module, ">>> hex" (its answer) or "<<< hex" (what it was sent): only an answer has telegrams,
 * and most have none. */
static enum wm_status dialogue(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line)
{
    enum wm_status status = WM_NOT_MINE;

    if (text.s[0] == '>')
        status = bare_hex(reader, trim(skip(text, 3), " \t"), line);
    if (status == WM_OK && line->form != WM_LINE_HEX)
        return WM_OK;
    return wm_line_say(reader, WM_NOT_MINE, "a radio module's command or answer, no telegram");
}

enum wm_status wm_line_parse(struct wm_line_reader *reader, const char *text, size_t len, struct wm_line *line)
{
    struct wm_text in = trim((struct wm_text){text, len}, " \t\r\n\v\f");
    size_t bytes;

    memset(line, 0, sizeof *line);
    line->number = ++reader->number;
    reader->why[0] = '\0';
    if (len > WM_LINE_CHARS_MAX)
        return wm_line_say(reader, WM_FULL, "the line is longer than 16384 characters; one telegram a line");
    if (in.len == 0)
        return wm_line_say(reader, WM_NOT_MINE, "blank");
    /* What most lines are, pairs of digits from one end to the other, is no other form. */
    bytes = wm_hex_read(in.s, in.len, reader->bytes, sizeof reader->bytes);
    if (2 * bytes == in.len)
        return bare_bytes(reader, (struct wm_span){reader->bytes, bytes}, line);
    if (in.s[0] == '#' || begins(in, "//"))
        return wm_line_say(reader, WM_NOT_MINE, "a comment");
    /* A pretty-printed JSON file: its members are read one a line, its brackets have nothing in them. */
    if (in.s[0] == '"')
        in = trim(in, ",");
    if (trim(in, "[]{}, ").len == 0)
        return wm_line_say(reader, WM_NOT_MINE, "a bracket");
    if (in.s[0] == '{' || (in.s[0] == '"' && memchr(in.s + 1, ':', in.len - 1)))
        return wm_line_json(reader, in, line);
    in = trim(in, "\"");
    if (in.len == 0)
        return wm_line_say(reader, WM_NOT_MINE, "an empty string");
    if (begins(in, ">>>") || begins(in, "<<<"))
        return dialogue(reader, in, line);
    if (begins(in, "telegram="))
        return simulation(reader, skip(in, 9), line);
    if (memchr(in.s, ';', in.len))
        return wm_line_rtl_wmbus(reader, in, line);
    if (memchr(in.s, ',', in.len))
        return wm_line_rtl_433_csv(reader, in, line);
    /* A hex telegram may begin with "b" too, but L = B0..BF makes it even, and culfw's prefix makes the count odd. */
    if (in.s[0] == 'b' && (begins(in, "bY") || begins(in, "bss") || begins(in, "bst") || in.len % 2 == 1))
        return wm_line_cul(reader, in, line);
    return bare_hex(reader, in, line);
}
