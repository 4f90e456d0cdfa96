/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/screen/page.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum column { NUMBER, MAKER, TYPE, MODE, VALUES, RSSI, SNR, AGE, COUNT, COLUMNS };

/* `keep`: in a narrow window those with the lowest go first. Signal in dBFS and dB, as everywhere. */
static const struct {
    const char *title;
    unsigned width; /* of VALUES the least; it takes what is left */
    bool right;
    unsigned keep;
} columns[COLUMNS] = {
    [NUMBER] = {"METER", 8, false, 9}, [MAKER] = {"MFR", 3, false, 6},     [TYPE] = {"TYPE", 13, false, 4},
    [MODE] = {"MODE", 6, false, 1},    [VALUES] = {"VALUE", 20, false, 8}, [RSSI] = {"RSSI", 6, true, 5},
    [SNR] = {"SNR", 5, true, 2},       [AGE] = {"AGE", 4, true, 7},        [COUNT] = {"COUNT", 6, true, 3},
};

/* Appends text to a line, and never anything that a terminal would obey: control characters become dots, a UTF-8 character a
 * question mark, whose width is known. */
static void put(struct wm_page *page, unsigned row, const char *text, size_t len)
{
    char *line = page->line[row];
    size_t at = strlen(line);

    for (size_t i = 0; i < len && at < page->cols; i++) {
        const unsigned char c = (unsigned char)text[i];

        if ((c & 0xC0) == 0x80)
            continue; /* the rest of a character */
        line[at++] = (char)(c >= 0x80 ? '?' : c < 0x20 || c == 0x7F ? '.' : c);
    }
    line[at] = '\0';
}

__attribute__((format(printf, 3, 4))) static void putf(struct wm_page *page, unsigned row, const char *format, ...)
{
    char text[WM_PAGE_COLS + 1];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(page, row, text, strlen(text));
}

/* "12s", "59m", "23h", "99d" */
static void age_text(int64_t ns, char out[8])
{
    int64_t s = ns < 0 ? 0 : ns / 1000000000;

    if (s < 100)
        snprintf(out, 8, "%ds", (int)s);
    else if (s < 100 * 60)
        snprintf(out, 8, "%dm", (int)(s / 60));
    else if (s < 100 * 3600)
        snprintf(out, 8, "%dh", (int)(s / 3600));
    else
        snprintf(out, 8, "%dd", (int)(s / 86400 < 999 ? s / 86400 : 999));
}

/* "987", "123456", "45M" */
static void count_text(uint64_t n, char out[8])
{
    if (n < 1000000)
        snprintf(out, 8, "%u", (unsigned)n);
    else if (n < 1000000000)
        snprintf(out, 8, "%uM", (unsigned)(n / 1000000));
    else
        snprintf(out, 8, "%uG", (unsigned)(n / 1000000000 % 100000));
}

static void cell_text(const struct wm_meter *meter, enum column column, int64_t now_ns, char *out, size_t cap)
{
    const struct wm_meter_news *last = &meter->last;
    char text[8] = "";

    out[0] = '\0';
    switch (column) {
    case NUMBER:
        snprintf(out, cap, "%08X", (unsigned)last->meter.id);
        break;
    case MAKER:
        wm_manufacturer_text(last->meter.manufacturer, text);
        break;
    case TYPE:
        snprintf(out, cap, "%s", wm_device_type_name(last->meter.type));
        break;
    case MODE:
        snprintf(out, cap, "%s", last->mode < WM_MODE_COUNT ? wm_mode_info(last->mode)->name : "");
        break;
    case VALUES: /* of a telegram that cannot be read, why not */
        snprintf(out, cap, "%s", meter->has_values ? last->values : wm_verdict_name(last->verdict));
        break;
    case RSSI:
        if (last->on_air)
            snprintf(out, cap, "%.1f", (double)last->rssi_dbfs);
        break;
    case SNR:
        if (last->on_air)
            snprintf(out, cap, "%.1f", (double)last->snr_db);
        break;
    case AGE:
        age_text(now_ns - meter->heard_ns, text);
        break;
    case COUNT:
        count_text(meter->telegrams, text);
        break;
    case COLUMNS:
        break;
    }
    if (*text)
        snprintf(out, cap, "%s", text);
}

/* The width that each column gets, 0 for those that have no room, with a blank between two. */
static void layout(unsigned cols, unsigned width[COLUMNS])
{
    unsigned need = 0;

    for (enum column c = 0; c < COLUMNS; c++) {
        width[c] = columns[c].width;
        need += width[c] + (c > 0);
    }
    for (unsigned keep = 1; need > cols; keep++) {
        for (enum column c = 0; c < COLUMNS; c++) {
            if (columns[c].keep == keep && keep < columns[NUMBER].keep) {
                need -= width[c] + 1;
                width[c] = 0;
            }
        }
        if (keep == columns[NUMBER].keep)
            return; /* it is cut off */
    }
    width[VALUES] += width[VALUES] ? cols - need : 0;
}

/* Values are not cut apart: what has no room is left out from the end, and half a number is marked as such. */
static void cut_values(char *text, unsigned width)
{
    size_t end = width;

    if (strlen(text) <= width)
        return;
    while (end > 0 && !(text[end] == ' ' && text[end + 1] == ' '))
        end--;
    if (end == 0) {
        end = width;
        text[end - 1] = '~';
    }
    text[end] = '\0';
}

static void row_of(struct wm_page *page, unsigned row, const unsigned width[COLUMNS], const struct wm_meter *meter, int64_t now_ns)
{
    char text[WM_METER_VALUES];
    unsigned at = 0;

    for (enum column c = 0; c < COLUMNS; c++) {
        if (!width[c])
            continue;
        if (meter)
            cell_text(meter, c, now_ns, text, sizeof text);
        else
            snprintf(text, sizeof text, "%s", columns[c].title);
        if (c == VALUES)
            cut_values(text, width[c]);
        putf(page, row, "%*s%*.*s", at > 0, "", columns[c].right ? (int)width[c] : -(int)width[c], (int)width[c], text);
        at++;
    }
}

/* Where the last `lines` lines of the log begin. */
static const char *tail_of(const char *log, size_t len, unsigned lines)
{
    const char *from = log + len;

    while (lines && from > log) {
        from--;
        while (from > log && from[-1] != '\n')
            from--;
        lines--;
    }
    return from;
}

static unsigned lines_in(const char *log, size_t len, unsigned most)
{
    unsigned n = 0;

    for (size_t i = len; i > 0 && n < most; i--)
        n += i == len || log[i - 1] == '\n';
    return n;
}

static void source_line(struct wm_page *page, unsigned row, const struct wm_air_source *source)
{
    putf(page, row, "%s  %.3f MHz  %.3f MS/s", source->name, source->centre_hz / 1e6, source->rate_hz / 1e6);
    if (!isnan(source->noise_dbfs))
        putf(page, row, "  noise %.1f dBFS", source->noise_dbfs);
    if (!isnan(source->gain_db))
        putf(page, row, "  gain %.1f dB", source->gain_db);
    if (source->total)
        putf(page, row, "  %.1f of %.1f s", (double)source->samples / source->rate_hz, (double)source->total / source->rate_hz);
    putf(page, row, "  lost %" PRIu64, source->lost);
    if (source->gaps)
        putf(page, row, " in %" PRIu64 " gap%s", source->gaps, source->gaps == 1 ? "" : "s");
    if (!isnan(source->ppm))
        putf(page, row, "  %+.1f ppm", source->ppm);
}

static void sums_line(struct wm_page *page, unsigned row, const struct wm_page_view *view)
{
    const int64_t up_s = (view->now_ns - view->started_ns) / 1000000000;
    struct wm_meters_stats stats;

    wm_meters_stats(view->meters, &stats);
    putf(page, row, "%zu meter%s  %" PRIu64 " telegram%s, %" PRIu64 " read  up %d:%02d:%02d", stats.meters,
         stats.meters == 1 ? "" : "s", stats.telegrams, stats.telegrams == 1 ? "" : "s", stats.readable, (int)(up_s / 3600),
         (int)(up_s / 60 % 60), (int)(up_s % 60));
    if (stats.forgotten)
        putf(page, row, "  %" PRIu64 " meters forgotten", stats.forgotten);
}

static void trim(char *line)
{
    size_t n = strlen(line);

    while (n && line[n - 1] == ' ')
        line[--n] = '\0';
}

void wm_page_make(struct wm_page *page, unsigned rows, unsigned cols, const struct wm_page_view *view)
{
    const struct wm_meter *picked[WM_PAGE_ROWS];
    struct wm_meters_stats stats;
    unsigned width[COLUMNS], log_lines, below, row = 0;
    size_t shown, room;

    page->rows = rows > WM_PAGE_ROWS ? WM_PAGE_ROWS : rows;
    page->cols = cols > WM_PAGE_COLS ? WM_PAGE_COLS : cols;
    for (unsigned i = 0; i < page->rows; i++)
        page->line[i][0] = '\0';
    wm_meters_stats(view->meters, &stats);
    log_lines = lines_in(view->log, view->log_len, page->rows / 4);
    /* of a low window the meters have the first half */
    below = 1 + (unsigned)view->air->count + (log_lines ? log_lines + 1 : 0);
    if (below > page->rows / 2) {
        log_lines = 0;
        below = 1 + (unsigned)view->air->count < page->rows / 2 ? 1 + (unsigned)view->air->count : page->rows / 2;
    }
    room = page->rows > below + 1 ? page->rows - below - 1 : 0;
    layout(page->cols, width);
    if (page->rows)
        row_of(page, row++, width, NULL, 0);
    shown = stats.meters <= room ? stats.meters : room ? room - 1 : 0;
    shown = wm_meters_pick(view->meters, picked, shown);
    for (size_t i = 0; i < shown; i++)
        row_of(page, row++, width, picked[i], view->now_ns);
    if (shown < stats.meters && room)
        putf(page, row++, "+%zu more", stats.meters - shown);
    page->table = row;
    row = page->rows - below;
    if (log_lines) {
        const char *from = tail_of(view->log, view->log_len, log_lines), *end = view->log + view->log_len;

        row++;
        while (from < end) {
            const char *newline = memchr(from, '\n', (size_t)(end - from));
            const size_t len = (size_t)((newline ? newline : end) - from);

            put(page, row++, from, len);
            from += len + 1;
        }
        row = page->rows - 1 - (unsigned)view->air->count;
    }
    for (size_t i = 0; i < view->air->count && row + 1 < page->rows; i++)
        source_line(page, row++, &view->air->source[i]);
    if (page->rows > 1)
        sums_line(page, page->rows - 1, view);
    for (unsigned i = 0; i < page->rows; i++)
        trim(page->line[i]);
}
