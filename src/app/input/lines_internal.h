/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/input/lines.h"

/* Between the files of this folder. Each returns as wm_line_parse does and sets reader->why. */

/* Hex with separators (blank, tab, | _ # - : and a leading 0x) into reader->bytes. */
enum wm_status wm_line_hex(struct wm_line_reader *reader, struct wm_text hex, struct wm_span *bytes);
/* Bytes to line->frame and line->trailing. */
enum wm_status wm_line_frame(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line);
/* Both. */
enum wm_status wm_line_hex_frame(struct wm_line_reader *reader, struct wm_text hex, struct wm_line *line);
enum wm_status wm_line_say(struct wm_line_reader *reader, enum wm_status status, const char *why);
/* The mode by its name ("T1", "c"), when it is one. */
void wm_line_mode(struct wm_line *line, struct wm_text name);

enum wm_status wm_line_json(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line);
enum wm_status wm_line_rtl_wmbus(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line);
enum wm_status wm_line_rtl_433_csv(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line);
enum wm_status wm_line_cul(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line);

/* Binary messages of radio modules, given as bytes. WM_NOT_MINE (why empty): not such a message. */
enum wm_status wm_line_im871a(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line);
enum wm_status wm_line_iu891a(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line);
enum wm_status wm_line_amber(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line);
