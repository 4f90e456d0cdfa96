/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/screen/page.h"

/* A terminal taken over for pages: the alternate screen (ECMA-48 and xterm's private modes 7, 25 and 1049, which all terminals of
 * today have), no echo, and standard error caught where it goes to the same terminal, so that no message of anybody tears the page.
 */
struct wm_terminal;

/* Whether it could be: fd is a terminal. Changes nothing yet. WM_INVALID: it is none. */
WM_MUST_USE enum wm_status wm_terminal_create(int fd, struct wm_terminal **terminal);
/* Leaves first. What standard error had while it was caught is written there now, the oldest being gone when it was much. */
void wm_terminal_destroy(struct wm_terminal *terminal);

/* From here on it is put right however the process ends, but for SIGKILL. WM_IO with errno; a second call does nothing. */
WM_MUST_USE enum wm_status wm_terminal_enter(struct wm_terminal *terminal);
/* As it was before; `last`: lines of this page stay behind on the normal screen, NULL: none. */
void wm_terminal_leave(struct wm_terminal *terminal, const struct wm_page *last);

/* Stops the process as SIGTSTP asked, and goes on after SIGCONT. Nothing when neither came. */
void wm_terminal_heed_stop(struct wm_terminal *terminal);
/* Takes in what has come on standard error; the lines so far. */
const char *wm_terminal_log(struct wm_terminal *terminal, size_t *len);
void wm_terminal_size(const struct wm_terminal *terminal, unsigned *rows, unsigned *cols);
/* Shows it: what has changed since the last is written. WM_IO with errno. */
WM_MUST_USE enum wm_status wm_terminal_show(struct wm_terminal *terminal, const struct wm_page *page);
