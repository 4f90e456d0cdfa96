/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A terminal as seen from its screen: what a program writes is interpreted, and what is visible can be looked at. Knows the few
 * sequences of ECMA-48 and xterm that a page needs; everything else is foreign, and counted. */

#define SCREEN_ROWS 120
#define SCREEN_COLS 260

struct screen {
    unsigned rows, cols, row, col;
    bool alternate, cursor, wrap;
    char cell[2][SCREEN_ROWS][SCREEN_COLS + 1]; /* the normal screen, the alternate one */
    unsigned foreign;                           /* control characters and sequences that are not known */
    char last_foreign[64];
    char escape[64]; /* one that is not complete yet */
    size_t escape_len;
};

void screen_init(struct screen *screen, unsigned rows, unsigned cols);
void screen_write(struct screen *screen, const char *bytes, size_t len);
/* A visible line without the blanks at its end, in static memory. */
const char *screen_line(const struct screen *screen, unsigned row);
/* The first visible line with this text, -1: there is none. */
int screen_find(const struct screen *screen, const char *text);

/* A program on a terminal of its own. */
struct program {
    int master;
    pid_t pid;
    struct screen screen;
};

/* Runs `sh -c COMMAND` in a directory, TERM is `kind`. */
void program_start(struct program *program, unsigned rows, unsigned cols, const char *kind, const char *dir, const char *command);
/* Reads what it writes until the text is visible; fails after a minute. */
void program_shows(struct program *program, const char *text);
/* The same until it is not visible any more. */
void program_shows_not(struct program *program, const char *text);
void program_resize(struct program *program, unsigned rows, unsigned cols);
/* Waits until it has stopped (WUNTRACED) or ended, and reads all that it wrote: the status of waitpid. */
int program_wait(struct program *program);
/* Reads what it has written, of one that has ended. */
void program_drain(struct program *program);
/* Whether its terminal shows what is typed. */
bool program_echoes(const struct program *program);
void program_close(struct program *program);
