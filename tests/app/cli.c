/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *slurp(const struct cli *cli, const char *name, size_t *len)
{
    char path[128];
    char *text = NULL;
    FILE *file;
    long size;

    snprintf(path, sizeof path, "%s/%s", cli->dir, name);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = malloc((size_t)size + 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(fread(text, 1, (size_t)size, file), (size_t)size);
    text[size] = '\0';
    fclose(file);
    if (len)
        *len = (size_t)size;
    return text;
}

void cli_open(struct cli *cli)
{
    char link[128];

    memset(cli, 0, sizeof *cli);
    setenv("SOAPY_SDR_ROOT", "/nonexistent", 0); /* no radios but those a test brings */
#ifdef NO_RADIO_LIBRARIES
    setenv("LD_LIBRARY_PATH", NO_RADIO_LIBRARIES, 0); /* a librtlsdr that finds no stick, also where one is plugged in */
    setenv("FAKE_RADIO", "serial=", 0);
#endif
    strcpy(cli->dir, "/tmp/wmsdr_cli_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(cli->dir));
    /* commands write $W without quotes, and the checkout's path may have spaces */
    snprintf(link, sizeof link, "%s/wmsdr", cli->dir);
    ck_assert_int_eq(symlink(WMSDR_BINARY, link), 0);
}

void cli_close(struct cli *cli)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", cli->dir);
    ck_assert_int_eq(system(command), 0);
    free(cli->out);
    free(cli->err);
}

void cli_file(const struct cli *cli, const char *name, const void *bytes, size_t len)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", cli->dir, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

void cli_run(struct cli *cli, const char *command)
{
    char line[2048];
    int status;
    int n = snprintf(line, sizeof line, "cd '%s' && W='%s/wmsdr' && { %s; } >out 2>err", cli->dir, cli->dir, command);

    ck_assert_uint_lt((size_t)n, sizeof line);
    status = system(line);
    ck_assert_msg(WIFEXITED(status), "%s: ended by a signal", command);
    cli->exit_code = WEXITSTATUS(status);
    free(cli->out);
    free(cli->err);
    cli->out = slurp(cli, "out", &cli->out_len);
    cli->err = slurp(cli, "err", NULL);
}
