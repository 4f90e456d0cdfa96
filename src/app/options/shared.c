/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/shared.h"

#include "app/options/common.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum wm_status add_rule(struct wm_filter *filter, const char *rule)
{
    char why[WM_FILTER_WHY];
    enum wm_status status = wm_filter_add(filter, rule, why);

    if (status != WM_OK)
        wm_say("--only %s", why);
    return status;
}

static enum wm_status set_count(struct wm_filter *filter, const char *number)
{
    char *end;

    filter->most = strtoull(number, &end, 10);
    if (filter->most && !*end && *number != '-')
        return WM_OK;
    wm_say("--count %.40s: a number from 1 on", number);
    return WM_INVALID;
}

static enum wm_status set_for(struct wm_filter *filter, const char *duration)
{
    enum wm_status status = wm_duration_parse(duration, &filter->for_s);

    if (status != WM_OK)
        wm_say("--for %.40s: a duration, as 90s, 15m, 2h or 1d", duration);
    return status;
}

static enum wm_status open_counters(struct wm_counters **counters, const char *path)
{
    enum wm_status status = *counters ? WM_INVALID : wm_counters_open(path, counters);

    if (status == WM_OK && wm_counters_dropped(*counters))
        wm_say("%s: the last record was cut short (a crash?) and has been dropped", path);
    else if (status == WM_IO)
        wm_say("%s: %s", path, strerror(errno));
    else if (status == WM_FULL)
        wm_say("%s: another process has it open", path);
    else if (status == WM_INVALID)
        wm_say("%s: %s", path, *counters ? "only one file of counters can be used" : "this is no file of counters");
    else if (status != WM_OK)
        wm_say("%s: %s", path, wm_status_text(status));
    return status;
}

static enum wm_status use_formats(struct wm_pipeline *pipeline, const char *path)
{
    unsigned long line = 0;
    enum wm_status status = path ? wm_pipeline_formats_file(pipeline, path, &line) : WM_OK;

    if (status == WM_IO)
        wm_say("%s: %s", path, strerror(errno));
    else if (status == WM_MALFORMED)
        wm_say("%s: line %lu is no format of a compact frame; is this a file that --formats wrote?", path, line);
    else if (status != WM_OK)
        wm_say("%s: %s", path, wm_status_text(status));
    return status;
}

static enum wm_status add_store(struct wm_outputs *outputs, const char *path)
{
    char spec[2048];

    if ((size_t)snprintf(spec, sizeof spec, "sqlite:%s", path) >= sizeof spec) {
        wm_say("--store: the name is too long");
        return WM_INVALID;
    }
    return wm_common_output(outputs, spec);
}

static enum wm_status set_fields(struct wm_outputs *outputs, const char *list)
{
    enum wm_status status = wm_outputs_fields(outputs, list);

    if (status != WM_OK)
        wm_say("%s", wm_outputs_why(outputs));
    return status;
}

enum wm_status wm_shared_create(struct wm_shared *shared)
{
    enum wm_status status = wm_keystore_create(&shared->keys);

    return status == WM_OK ? wm_outputs_create(&shared->outputs) : status;
}

void wm_shared_destroy(struct wm_shared *shared)
{
    wm_outputs_destroy(shared->outputs);
    wm_keystore_destroy(shared->keys);
    wm_counters_close(shared->counters);
}

/* A value that cannot be used is wrong usage, a file that cannot be used is a failure. */
static int exit_of(enum wm_status status)
{
    return status == WM_OK ? WM_EXIT_OK : status == WM_IO ? WM_EXIT_FAILED : WM_EXIT_USAGE;
}

int wm_shared_set(struct wm_shared *shared, enum wm_shared_option option, char *value)
{
    switch (option) {
    case WM_SHARED_OUTPUT:
        return exit_of(wm_common_output(shared->outputs, value));
    case WM_SHARED_LIVE:
        return wm_common_terminal() ? exit_of(wm_common_output(shared->outputs, "live")) : WM_EXIT_OK;
    case WM_SHARED_FIELDS:
        return set_fields(shared->outputs, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case WM_SHARED_STORE:
        return exit_of(add_store(shared->outputs, value));
    case WM_SHARED_ONLY:
        return add_rule(&shared->filter, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case WM_SHARED_ONCE:
        shared->filter.once = true;
        break;
    case WM_SHARED_COUNT:
        return set_count(&shared->filter, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case WM_SHARED_FOR:
        return set_for(&shared->filter, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case WM_SHARED_COPIES:
        shared->filter.copies = true;
        break;
    case WM_SHARED_KEYS:
        return wm_common_keys(shared->keys, value, shared->shared_keys) == WM_OK ? WM_EXIT_OK : WM_EXIT_FAILED;
    case WM_SHARED_KEY:
        shared->has_key = true;
        if (shared->reloading)
            break;
        return wm_common_key(shared->keys, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case WM_SHARED_SHARED_KEYS:
        shared->shared_keys = true;
        break;
    case WM_SHARED_COUNTERS:
        if (shared->reloading)
            break;
        return open_counters(&shared->counters, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_FAILED;
    case WM_SHARED_FORMATS:
        shared->formats = value;
        break;
    case WM_SHARED_EXPERIMENTAL:
        shared->opener.experimental = true;
        break;
    case WM_SHARED_CONFIG: /* has been read, see wm_config_merge */
        break;
    case WM_SHARED_CHECK:
        shared->check = true;
        wm_outputs_dry(shared->outputs);
        break;
    case WM_SHARED_QUIET:
        shared->quiet = true;
        break;
    }
    return WM_EXIT_OK;
}

enum wm_status wm_shared_pipeline(const struct wm_shared *shared, double sample_rate_hz, struct wm_pipeline **pipeline)
{
    struct wm_opener_config opener = shared->opener;
    enum wm_status status;

    opener.keys = shared->keys;
    opener.counters = shared->counters;
    status = wm_pipeline_create_with(&opener, shared->outputs, pipeline);
    if (status == WM_OK)
        status = wm_pipeline_filter(*pipeline, &shared->filter, sample_rate_hz);
    if (status != WM_OK) {
        wm_say("%s", wm_status_text(status));
        return status;
    }
    return use_formats(*pipeline, shared->formats);
}
