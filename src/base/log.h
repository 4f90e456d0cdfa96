/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How a library object speaks: through a hook its creator passes in. Libraries never print. */
enum wm_log_level { WM_LOG_ERROR, WM_LOG_WARNING, WM_LOG_NOTICE, WM_LOG_INFO, WM_LOG_DEBUG };

struct wm_log {
    void (*write)(void *user, enum wm_log_level level, const char *text); /* NULL: silent */
    void *user;
    enum wm_log_level level; /* what is less urgent than this is dropped */
};

/* Formats and hands over one message of at most 511 characters, without a line end; log may be NULL. */
__attribute__((format(printf, 3, 4))) void wm_logf(const struct wm_log *log, enum wm_log_level level, const char *format, ...);
