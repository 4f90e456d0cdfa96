/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/sink.h"

/* Typed values one after the other, as a database takes them: written where a reading lives, read where it is stored. For the
 * inside of one process only. */

enum wm_cell_type { WM_CELL_NULL, WM_CELL_INT, WM_CELL_REAL, WM_CELL_TEXT, WM_CELL_BLOB };

struct wm_cell {
    enum wm_cell_type type;
    int64_t integer;
    double real;
    const char *data; /* TEXT, BLOB */
    size_t len;
};

void wm_cell_null(struct wm_sink *sink);
void wm_cell_int(struct wm_sink *sink, int64_t value);
void wm_cell_real(struct wm_sink *sink, double value);
void wm_cell_text(struct wm_sink *sink, const char *text); /* NULL: a null */
void wm_cell_blob(struct wm_sink *sink, struct wm_span bytes);

/* The next cell at *pos; false at the end. */
bool wm_cell_next(const char **pos, const char *end, struct wm_cell *cell);
