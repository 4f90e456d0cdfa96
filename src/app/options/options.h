/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Commands and options as tables: --help is printed from what is parsed. */

struct wm_option {
    char letter;       /* 0: none */
    const char *name;  /* long name */
    const char *value; /* what its value is called, NULL: takes none */
    const char *help;  /* '\n' begins another line */
};

struct wm_command {
    const char *name;
    const char *summary;
    const char *operands; /* "[HEX...]", "" */
    const struct wm_option *options;
    size_t option_count;
    const char *notes;           /* paragraphs behind the options, each line at most 100 characters */
    void (*more_help)(FILE *to); /* printed behind the options; NULL: nothing */
    int (*run)(const struct wm_command *command, int argc,
               char **argv); /* argv[0] is the command's name; the result an exit code */
};

/* What the process ends with; documented in every --help. */
enum wm_exit {
    WM_EXIT_OK = 0,
    WM_EXIT_FAILED = 1, /* nothing could be done, or an output could not be written */
    WM_EXIT_USAGE = 2,
    WM_EXIT_PARTLY = 3, /* what could be read is printed; something could not */
};

enum { WM_OPTION_END = -1, WM_OPTION_OPERAND = -2, WM_OPTION_BAD = -3, WM_OPTION_HELP = -4 };

/* Goes through argv. Zero it but for command, argc, argv; begins at argv[1]. */
struct wm_option_reader {
    const struct wm_command *command;
    int argc;
    char **argv;
    int next;           /* index behind what was taken */
    bool only_operands; /* behind "--" */
    char why[160];
};

/* The next option as its index in the command's table, with *value when it has one; WM_OPTION_OPERAND with *value; WM_OPTION_HELP
 * for -h and
 * --help; WM_OPTION_BAD with why. -x VALUE, -xVALUE, --name VALUE and --name=VALUE; "-" alone is an operand. */
int wm_option_next(struct wm_option_reader *reader, char **value);

void wm_command_help(const struct wm_command *command, FILE *to);
/* Prints why and how to get help on stderr; WM_EXIT_USAGE. */
int wm_command_misused(const struct wm_command *command, const char *why);
/* "wmsdr: …" and a line end on stderr. */
__attribute__((format(printf, 1, 2))) void wm_say(const char *format, ...);
