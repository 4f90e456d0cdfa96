/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/options.h"

/* What is generated from the commands' option tables besides --help. */

/* wmsdr(1) as a man page (groff's man macros). */
void wm_manual_man(const struct wm_command *const *commands, size_t count, const char *version, FILE *to);
/* Completion for bash. */
void wm_manual_bash(const struct wm_command *const *commands, size_t count, FILE *to);
