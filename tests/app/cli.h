/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/* Runs the built program in a directory of its own. */
struct cli {
    char dir[64];
    char *out, *err; /* what it wrote, NUL-terminated */
    size_t out_len;
    int exit_code;
};

void cli_open(struct cli *cli);
void cli_close(struct cli *cli); /* removes the directory and all in it */
/* Writes a file into the directory. */
void cli_file(const struct cli *cli, const char *name, const void *bytes, size_t len);
/* Runs `sh -c "COMMAND"` in the directory, with $W the program; the exit code, out and err are set. */
void cli_run(struct cli *cli, const char *command);
