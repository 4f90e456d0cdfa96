/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/options/common.h"
#include "app/process/signals.h"
#include "app/rx/grab.h"
#include "app/rx/tap.h"
#include "phy/receiver.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* `wmsdr record`: samples into SigMF recordings, all of them or the bursts alone. */

enum { OUTPUT = WM_TAP_OPTIONS, DURATION, LIMIT, BURSTS, PRE, POST, QUIET };

static const struct wm_option options[] = {
    WM_TAP_ROWS,
    [OUTPUT] = {'o', "output", "PREFIX", "recordings are PREFIX_0001.sigmf-data and so on; default: wmsdr"},
    [DURATION] = {'t', "time", "SECONDS", "end after so much signal"},
    [LIMIT] = {'l', "limit", "SIZE", "end after so many bytes in all recordings: 500k, 20M, 4G; default: 1G"},
    [BURSTS] = {'b', "bursts", NULL, "only the bursts in the channels, a recording each"},
    [PRE] = {0, "pre-ms", "MS", "with --bursts: so much before each, at most 500; default: 20"},
    [POST] = {0, "post-ms", "MS", "with --bursts: so much behind each; default: 200, longer than any frame"},
    [QUIET] = {'q', "quiet", NULL, "only errors on standard error"},
};

struct record {
    struct wm_tap_config tap;
    const char *prefix;
    double seconds, pre_ms, post_ms;
    uint64_t limit;
    bool bursts, quiet;
};

static bool number(const char *text, double low, double high, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && !*end && *value >= low && *value <= high;
}

static bool size_of(const char *text, uint64_t *bytes)
{
    static const char units[] = "kMG";
    char *end;
    const char *unit;
    double value = strtod(text, &end);

    if (*end) {
        unit = strchr(units, *end);
        if (!unit || end[1])
            return false;
        for (const char *u = units; u <= unit; u++)
            value *= 1000;
    }
    if (end == text || !(value >= 1 && value < 1e18))
        return false;
    *bytes = (uint64_t)value;
    return true;
}

static bool set_option(struct record *r, int option, const char *value, const char **why)
{
    if (option < WM_TAP_OPTIONS)
        return wm_tap_option(&r->tap, option, value, why);
    *why = "not a number in its range";
    switch (option) {
    case OUTPUT:
        r->prefix = value;
        return true;
    case DURATION:
        return number(value, 1e-3, 1e9, &r->seconds);
    case LIMIT:
        *why = "not a size; write 500k, 20M or 4G";
        return size_of(value, &r->limit);
    case PRE:
        return number(value, 0, 1e3 * WM_GRAB_PRE_MAX_S, &r->pre_ms);
    case POST:
        return number(value, 0, 60e3, &r->post_ms);
    case BURSTS:
        r->bursts = true;
        return true;
    default:
        r->quiet = true;
        return true;
    }
}

/* Bursts are looked for, nothing is read. */
static enum wm_status no_frame(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    (void)user;
    (void)sync;
    (void)air_bytes;
    return WM_NOT_MINE;
}

static uint64_t bursts_of(const struct wm_receiver *receiver)
{
    struct wm_receiver_stats stats;
    uint64_t bursts = 0;

    wm_receiver_stats(receiver, &stats);
    for (unsigned m = 0; m < WM_MODE_COUNT; m++)
        bursts += stats.mode[m].bursts;
    return bursts;
}

static enum wm_status copy(const struct record *r, struct wm_tap *tap, struct wm_grab *grab, struct wm_receiver *receiver)
{
    const struct wm_source_info *info = wm_tap_info(tap);
    const size_t sample_bytes = wm_sample_format_bytes(info->format);
    uint64_t samples = 0, bursts = 0, next_index = 0;
    enum wm_status status = WM_OK;

    while (status == WM_OK && !wm_signals_interrupted() && !wm_grab_full(grab)) {
        struct wm_tap_block block;
        uint64_t first;

        status = wm_tap_read(tap, &block);
        if (status == WM_TOO_SHORT) {
            status = WM_OK;
            continue;
        }
        if (status != WM_OK)
            break;
        if (r->seconds > 0) {
            const double left = r->seconds * info->sample_rate_hz - (double)samples;
            if (left < 1)
                return WM_END;
            if ((double)(block.len / sample_bytes) > left)
                block.len = (size_t)left * sample_bytes;
        }
        if (samples == 0 && !receiver)
            status = wm_grab_mark(grab, 0, UINT64_MAX);
        /* a loss that is found out later than it was moves the index without a gap: no reason to end a burst's recording */
        if (samples > 0 && (block.place.gap || (!receiver && block.place.index != next_index)) && status == WM_OK) {
            status = wm_grab_gap(grab);
            if (receiver && status == WM_OK)
                status = wm_receiver_flush(receiver);
        }
        first = wm_grab_end(grab);
        samples += block.len / sample_bytes;
        next_index = block.place.index + block.len / sample_bytes;
        if (status == WM_OK)
            status = wm_grab_push(grab, block.bytes, block.len, &block.place);
        if (status != WM_OK || !receiver)
            continue;
        status = wm_receiver_push(receiver, block.bytes, block.len);
        if (status == WM_OK && bursts_of(receiver) != bursts) {
            bursts = bursts_of(receiver);
            /* the gate looks back a little: it may have opened in the block before */
            status = wm_grab_mark(grab, first > block.len / sample_bytes ? first - block.len / sample_bytes : 0, wm_grab_end(grab));
        }
    }
    return status;
}

static void report(const struct wm_grab *grab, const struct wm_radio *radio)
{
    struct wm_radio_stats stats;

    wm_say("%u recording%s%s%s%s", wm_grab_count(grab), wm_grab_count(grab) == 1 ? "" : "s",
           wm_grab_count(grab) ? ", the last " : "", wm_grab_name(grab),
           wm_grab_full(grab) ? "; the limit is reached (--limit)" : "");
    if (!radio)
        return;
    wm_radio_stats(radio, &stats);
    wm_say("%s: %" PRIu64 " samples received, %" PRIu64 " lost in %" PRIu64 " gaps", wm_radio_name(radio), stats.received,
           stats.lost, stats.gaps);
}

static int record(struct record *r, struct wm_tap *tap, const struct wm_log *log)
{
    const struct wm_source_info *info = wm_tap_info(tap);
    const struct wm_grab_config grab_config = {
        .prefix = r->prefix,
        .format = info->format,
        .rate_hz = info->sample_rate_hz,
        .centre_hz = info->centre_hz,
        .pre_s = r->bursts ? r->pre_ms * 1e-3 : 0,
        .post_s = r->bursts ? r->post_ms * 1e-3 : 0,
        .max_bytes = r->limit,
        .description = r->bursts ? "wmsdr record --bursts" : "wmsdr record",
    };
    const struct wm_receiver_config receiver_config = {
        .format = info->format,
        .sample_rate_hz = info->sample_rate_hz,
        .centre_hz = info->centre_hz,
        .modes = r->tap.modes,
        .start_time_ns = WM_TIME_UNKNOWN,
        .on_sync = no_frame,
        .log = log,
    };
    struct wm_receiver *receiver = NULL;
    struct wm_grab *grab = NULL;
    enum wm_status status = wm_grab_create(&grab_config, &grab);

    if (status == WM_OK && r->bursts)
        status = wm_receiver_create(&receiver_config, &receiver);
    if (status != WM_OK) {
        wm_say("%s", r->bursts && status == WM_INVALID
                         ? "no channel lies inside the band, so there are no bursts to look for (-f, -s)"
                         : wm_status_text(status));
    } else {
        status = copy(r, tap, grab, receiver);
        if (status == WM_OK || status == WM_END)
            status = wm_grab_break(grab);
        else if (status == WM_IO && errno)
            wm_say("%s: %s", wm_grab_name(grab), strerror(errno));
        if (!r->quiet)
            report(grab, wm_tap_radio(tap));
    }
    wm_receiver_destroy(receiver);
    wm_grab_destroy(grab);
    return status == WM_OK ? WM_EXIT_OK : WM_EXIT_FAILED;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct record r = {.prefix = "wmsdr", .pre_ms = 20, .post_ms = 200, .limit = 1000000000};
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    struct wm_log log;
    struct wm_tap *tap = NULL;
    const char *why = "";
    char *value;
    int option, result;

    while ((option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        char text[256];

        if (option == WM_OPTION_HELP) {
            wm_command_help(command, stdout);
            return WM_EXIT_OK;
        }
        if (option < 0)
            return wm_command_misused(command, option == WM_OPTION_BAD ? reader.why : "record takes no operands");
        if (!set_option(&r, option, value, &why)) {
            snprintf(text, sizeof text, "--%s %.80s: %s", options[option].name, value ? value : "", why);
            return wm_command_misused(command, text);
        }
    }
    if (r.tap.path && r.tap.device)
        return wm_command_misused(command, "either a recording (-r) or a radio (-d)");
    wm_signals_catch();
    log = wm_common_log(r.quiet ? WM_LOG_WARNING : WM_LOG_NOTICE);
    if (wm_tap_open(&r.tap, &log, &tap) != WM_OK)
        return WM_EXIT_FAILED;
    result = record(&r, tap, &log);
    if (!wm_tap_close(tap)) {
        fflush(NULL);
        _Exit(result);
    }
    return result;
}

const struct wm_command wm_command_record = {
    .name = "record",
    .summary = "record a radio, or cut the bursts out of a recording, as SigMF",
    .operands = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes =
        "Nothing is overwritten: the number goes up. Where samples are lost a recording has another of SigMF's captures, with\n"
        "time and index; one of a burst ends. Ctrl-C ends it; what was recorded is complete.\n",
    .run = run,
};
