/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/log.h"

#include <stdint.h>

/* Under a service manager: sd_notify(3)'s protocol, which systemd documents as stable, and log levels for the journal. Elsewhere
 * all of it does nothing. */

/* "READY=1", "STATUS=…", "STOPPING=1", "WATCHDOG=1", lines joined by '\n'. */
void wm_service_notify(const char *state);
/* How often WATCHDOG=1 is to be sent, in nanoseconds (half of what the manager waits); 0: never. */
int64_t wm_service_watchdog_ns(void);
/* A line on standard error as wm_say's, with its level when that is the journal. */
void wm_service_say(enum wm_log_level level, const char *text);
