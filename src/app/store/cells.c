/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/store/cells.h"

static void put(struct wm_sink *sink, enum wm_cell_type type, const void *data, size_t len)
{
    uint32_t size = (uint32_t)len;

    wm_sink_char(sink, (char)type);
    wm_sink_put(sink, (const char *)&size, sizeof size);
    wm_sink_put(sink, data, len);
}

void wm_cell_null(struct wm_sink *sink)
{
    put(sink, WM_CELL_NULL, "", 0);
}

void wm_cell_int(struct wm_sink *sink, int64_t value)
{
    put(sink, WM_CELL_INT, &value, sizeof value);
}

void wm_cell_real(struct wm_sink *sink, double value)
{
    put(sink, WM_CELL_REAL, &value, sizeof value);
}

void wm_cell_text(struct wm_sink *sink, const char *text)
{
    if (text)
        put(sink, WM_CELL_TEXT, text, strlen(text));
    else
        wm_cell_null(sink);
}

void wm_cell_blob(struct wm_sink *sink, struct wm_span bytes)
{
    put(sink, WM_CELL_BLOB, bytes.data, bytes.len);
}

bool wm_cell_next(const char **pos, const char *end, struct wm_cell *cell)
{
    uint32_t size;

    if ((size_t)(end - *pos) < 1 + sizeof size)
        return false;
    cell->type = (enum wm_cell_type) * *pos;
    memcpy(&size, *pos + 1, sizeof size);
    *pos += 1 + sizeof size;
    if ((size_t)(end - *pos) < size)
        return false;
    cell->data = *pos;
    cell->len = size;
    *pos += size;
    if (cell->type == WM_CELL_INT)
        memcpy(&cell->integer, cell->data, sizeof cell->integer);
    else if (cell->type == WM_CELL_REAL)
        memcpy(&cell->real, cell->data, sizeof cell->real);
    return true;
}
