/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/common.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum wm_status wm_common_key(struct wm_keystore *keys, char *value)
{
    const char *why = "";
    char line[160];
    int n = snprintf(line, sizeof line, strchr(value, '=') ? "%s" : "* = %s", value);
    enum wm_status status = WM_MALFORMED;

    if ((size_t)n >= sizeof line)
        why = "too long; give [ID=] and 32 hex digits";
    else
        status = wm_keystore_add_line(keys, line, (size_t)n, &why);
    explicit_bzero(line, sizeof line);
    memset(value, '*', strlen(value));
    if (status != WM_OK)
        wm_say("--key: %s", *why ? why : wm_status_text(status));
    return status;
}

enum wm_status wm_common_keys(struct wm_keystore *keys, const char *path, bool allow_shared)
{
    const char *why = "";
    unsigned line = 0;
    enum wm_status status = wm_keystore_load(keys, path, allow_shared, &line, &why);

    if (status != WM_OK && line)
        wm_say("%s, line %u: %s", path, line, why);
    else if (status != WM_OK)
        wm_say("%s: %s", path, why && *why ? why : wm_status_text(status));
    return status;
}

enum wm_status wm_common_output(struct wm_outputs *outputs, const char *spec)
{
    enum wm_status status = wm_outputs_add(outputs, spec);

    if (status != WM_OK)
        wm_say("%s", wm_outputs_why(outputs));
    return status;
}

enum wm_status wm_common_default_output(struct wm_outputs *outputs)
{
    if (wm_outputs_count(outputs))
        return WM_OK;
    return wm_common_output(outputs, isatty(STDOUT_FILENO) ? "text" : "json");
}

/* The program's only mutable global. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void wm_common_catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND; /* no SA_RESTART: a blocked read returns */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
}

bool wm_common_interrupted(void)
{
    return interrupted != 0;
}
