/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>

/* Signals. The process's dispositions are one for all of it, so this is the one place with mutable globals. */

/* SIGINT and SIGTERM only set a flag from here on (a second one ends at once), SIGPIPE becomes a write error. */
void wm_signals_catch(void);
bool wm_signals_interrupted(void);
/* As if a signal came then. */
void wm_signals_interrupt_after(double seconds);
/* From now on SIGHUP asks for something too; whether it did since the last call. */
void wm_signals_catch_reload(void);
bool wm_signals_reload_wanted(void);

/* Somebody has changed what outlives the process, a terminal: `rescue` is called before a signal ends the process (also of a
 * crash), inside the signal's handler, so only with what signal-safety(7) lists. SIGTSTP does not stop any more, but is left to
 * whoever asks wm_signals_stop_wanted. One at a time; NULL: it is over. */
void wm_signals_guard(void (*rescue)(void *user), void *user);
/* Whether SIGTSTP, SIGCONT came since the last call. */
bool wm_signals_stop_wanted(void);
bool wm_signals_continued(void);
