/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/options.h"
#include "base/status.h"

/* The configuration file: the options of the commands, in INI form.
 *
 *     [rx]                        a section for each command, [all] for what several have
 *     rate = 1.6M                 long names of options; those that take no value: yes or no
 *     output = json:log.ndjson    what may be given several times may stand there several times
 *
 * The command line is read after it, so that it has the last word; where it names an output, those of the file are not used. */

#define WM_CONFIG_WHY 512

struct wm_config_args {
    int argc;
    char **argv; /* [0] the command's name, then the file's options, then those of the command line */
    int owned;   /* so many of them came from the file, and are freed with this: */
    char **words;
    char *path; /* of the file, NULL: none was named. Points into the command line */
};

/* Puts together what a command is to read: argv as it is, and, where that names a file with --config, its options before it.
 * WM_IO, WM_INVALID, WM_UNSUPPORTED (not built in), WM_NO_MEMORY: why says what and where. */
WM_MUST_USE enum wm_status wm_config_merge(const struct wm_command *command, int argc, char **argv, struct wm_config_args *args,
                                           char why[WM_CONFIG_WHY]);
void wm_config_free(struct wm_config_args *args);

/* Whether a file has a section for a command; the same failures. */
WM_MUST_USE enum wm_status wm_config_has(const char *path, const struct wm_command *command, bool *has, char why[WM_CONFIG_WHY]);
