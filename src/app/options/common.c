/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/common.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
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

static enum wm_status add_key_file(struct wm_keystore *keys, const char *path, bool allow_shared)
{
    const char *why = "";
    unsigned line = 0;
    enum wm_key_format format = WM_KEYS_OWN;
    enum wm_status status = wm_key_format_of(path, &format);

    if (status == WM_OK)
        status = wm_keystore_import(keys, path, format, allow_shared, &line, &why);
    if (status != WM_OK && line)
        wm_say("%s, line %u: %s", path, line, why);
    else if (status == WM_IO)
        wm_say("%s: %s%s%s", path, why && *why ? why : "the key file cannot be opened", errno ? ": " : "",
               errno ? strerror(errno) : "");
    else if (status != WM_OK)
        wm_say("%s: %s", path, why && *why ? why : wm_status_text(status));
    return status;
}

enum wm_status wm_common_keys(struct wm_keystore *keys, const char *path, bool allow_shared)
{
    enum wm_status status = WM_OK;
    struct dirent *entry;
    DIR *dir = opendir(path);

    if (!dir)
        return add_key_file(keys, path, allow_shared);
    while (status == WM_OK && (entry = readdir(dir))) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t)snprintf(file, sizeof file, "%s/%s", path, entry->d_name) >= sizeof file)
            continue;
        status = add_key_file(keys, file, allow_shared);
    }
    closedir(dir);
    return status;
}

enum wm_status wm_common_close_outputs(struct wm_outputs *outputs)
{
    enum wm_status status = wm_outputs_close(outputs);

    if (status != WM_OK)
        wm_say("%s", wm_outputs_why(outputs));
    for (size_t i = 0; i < wm_outputs_count(outputs); i++) {
        struct wm_output_stats stats;

        wm_outputs_stats(outputs, i, &stats);
        if (stats.dropped && !stats.failed)
            wm_say("%.200s: of %" PRIu64 " telegrams %" PRIu64
                   " were dropped, as it was too slow (queue=SIZE gives it more memory)",
                   stats.name, stats.taken, stats.dropped);
        if (stats.lost)
            wm_say("%.200s: of %" PRIu64 " telegrams %" PRIu64 " did not arrive", stats.name, stats.taken, stats.lost);
    }
    return status;
}

enum wm_status wm_common_output(struct wm_outputs *outputs, const char *spec)
{
    const struct wm_log log = wm_common_log(WM_LOG_WARNING);
    enum wm_status status;

    wm_outputs_log(outputs, &log);
    status = wm_outputs_add(outputs, spec);

    if (status != WM_OK)
        wm_say("%s", wm_outputs_why(outputs));
    return status;
}

bool wm_common_terminal(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDOUT_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

enum wm_status wm_common_default_output(struct wm_outputs *outputs)
{
    if (wm_outputs_count(outputs))
        return WM_OK;
    return wm_common_output(outputs, isatty(STDOUT_FILENO) ? "text" : "json");
}

static void log_line(void *user, enum wm_log_level level, const char *text)
{
    (void)user;
    (void)level;
    wm_say("%s", text);
}

struct wm_log wm_common_log(enum wm_log_level most)
{
    return (struct wm_log){log_line, NULL, most};
}
