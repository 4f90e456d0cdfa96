/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/air.h"
#include "app/screen/meters.h"

/* What stands on the terminal, as lines of printable ASCII: whatever a meter, a driver or a broker had said, nothing else gets out
 * of here. Knows nothing of terminals. */

#define WM_PAGE_ROWS 200
#define WM_PAGE_COLS 250

struct wm_page {
    unsigned rows, cols;
    unsigned table;                            /* so many lines from the top are the heading and the meters */
    char line[WM_PAGE_ROWS][WM_PAGE_COLS + 1]; /* without blanks at the end */
};

struct wm_page_view {
    const struct wm_meters *meters;
    const struct wm_air *air;
    const char *log; /* lines, the last of which are shown */
    size_t log_len;
    int64_t now_ns, started_ns; /* CLOCK_MONOTONIC */
};

/* For a window of that size, or the largest page there is:
 *
 *     heading
 *     a meter a line          the window's width decides which columns there are
 *     +12 more                where they do not fit
 *
 *     the last lines of the log, up to a quarter of the window
 *     a line for each radio
 *     sums
 */
void wm_page_make(struct wm_page *page, unsigned rows, unsigned cols, const struct wm_page_view *view);
