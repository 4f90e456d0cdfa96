/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void wm_logf(const struct wm_log *log, enum wm_log_level level, const char *format, ...)
{
    char text[512];
    va_list args;

    if (!log || !log->write || level > log->level)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log->write(log->user, level, text);
}
