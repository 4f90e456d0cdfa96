/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/target.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A hook: a program is run for each telegram, with its values in the environment. No shell, no arguments: what a meter sends can
 * never become a command. An item is NAME=VALUE strings, each with its NUL. */

#define VARIABLES_MAX 128

extern char **environ;

struct hook {
    struct wm_output_port *port;
    int timeout_ms;
    uint64_t failures;
};

static enum wm_status open_hook(struct wm_output_port *port, void **state)
{
    struct hook *hook;
    uint64_t seconds;

    if (wm_target_number(port->target, "timeout", 60, 1, 86400, &seconds, port->why) != WM_OK)
        return WM_INVALID;
    if (access(port->target->place, X_OK) != 0) {
        snprintf(port->why, WM_OUTPUT_WHY, "%.200s: %s; exec: takes the path of a program, nothing else", port->target->place,
                 strerror(errno));
        return WM_IO;
    }
    hook = calloc(1, sizeof *hook);
    if (!hook)
        return WM_NO_MEMORY;
    *hook = (struct hook){.port = port, .timeout_ms = (int)seconds * 1000};
    *state = hook;
    return WM_OK;
}

static void variable(void *user, const struct wm_field *field)
{
    struct wm_sink *sink = user;

    wm_sink_text(sink, "WMSDR_");
    for (const char *c = field->name; *c; c++)
        wm_sink_char(sink, (char)toupper((unsigned char)*c));
    wm_sink_char(sink, '=');
    wm_sink_put(sink, field->text, strlen(field->text) + 1);
}

static void compose(void *state, struct wm_sink *sink, const struct wm_reading *reading)
{
    struct hook *hook = state;
    size_t begin;

    if (hook->port->use.what == WM_WHAT_READINGS && !wm_reading_has_records(reading))
        return;
    begin = wm_item_begin(sink, 0);
    wm_item_key_ends(sink, begin);
    wm_fields_walk(reading, true, variable, sink);
    wm_sink_text(sink, "WMSDR_JSON=");
    wm_format_json_write(sink, reading);
    if (!sink->error)
        sink->buffer[sink->len - 1] = '\0'; /* in the line end's place */
    wm_item_end(sink, begin);
}

static bool await(const struct hook *hook, pid_t child, int *status)
{
    struct pollfd fd = {.fd = pidfd_open(child, 0), .events = POLLIN};
    bool in_time = fd.fd < 0 || poll(&fd, 1, hook->timeout_ms) > 0;

    if (!in_time)
        kill(child, SIGKILL);
    if (fd.fd >= 0)
        close(fd.fd);
    while (waitpid(child, status, 0) < 0 && errno == EINTR)
        ;
    return in_time;
}

static int spawn(const struct hook *hook, char **variables, pid_t *child)
{
    char *arguments[] = {(char *)(uintptr_t)hook->port->target->place, NULL}; /* the child's copy is what it could write */
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, pipe;
    int error;

    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO); /* standard output is for readings */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    error = posix_spawn(child, hook->port->target->place, &files, &attributes, arguments, variables);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static void run_one(struct hook *hook, const struct wm_item *item)
{
    char *variables[VARIABLES_MAX * 2 + 1];
    const char *end = item->data + item->len;
    size_t count = 0;
    const char *fault = NULL;
    int status = 0;
    pid_t child;
    int error;

    for (char **inherited = environ; *inherited && count < VARIABLES_MAX; inherited++) {
        if (strncmp(*inherited, "WMSDR_", 6) != 0)
            variables[count++] = *inherited;
    }
    for (const char *s = item->data; s < end && count < VARIABLES_MAX * 2; s += strlen(s) + 1)
        variables[count++] = (char *)(uintptr_t)s;
    variables[count] = NULL;
    error = spawn(hook, variables, &child);
    if (error)
        fault = strerror(error);
    else if (!await(hook, child, &status))
        fault = "ended, as it took too long (timeout=)";
    else if (WIFSIGNALED(status))
        fault = "ended by a signal";
    else if (WEXITSTATUS(status) != 0)
        fault = "ended with an exit status other than 0";
    if (!fault)
        return;
    atomic_fetch_add(&hook->port->lost, 1);
    if (hook->failures++ == 0)
        wm_logf(&hook->port->log, WM_LOG_WARNING, "%.200s: %s; further ones are only counted", hook->port->target->place, fault);
}

static enum wm_status write_batch(void *state, struct wm_batch batch)
{
    struct wm_item item;

    while (wm_batch_next(&batch, &item))
        run_one(state, &item);
    return WM_OK;
}

static enum wm_status close_hook(void *state)
{
    free(state);
    return WM_OK;
}

static const struct wm_target_option options[] = {
    {"timeout", "SECONDS", "a run that takes longer is ended; default 60"},
    {NULL, NULL, NULL},
};

const struct wm_transport wm_transport_exec = {
    .name = "exec",
    .prefix = "exec:",
    .syntax = "PROGRAM",
    .summary = "run PROGRAM for each telegram, with WMSDR_ID, WMSDR_VOLUME_M3, WMSDR_JSON ... in its environment",
    .own_form = true,
    .options = options,
    .idle_ms = -1,
    .open = open_hook,
    .compose = compose,
    .write = write_batch,
    .close = close_hook,
};
