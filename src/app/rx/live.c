/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/live.h"

#include "app/options/common.h"
#include "app/process/service.h"
#include "app/process/signals.h"
#include "app/rx/report.h"
#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(WM_LIVE_MAX <= WM_AIR_SOURCES, "each radio has a line in the live table");

#define WAIT_NS     100000000LL /* for samples, before signals are looked at again */
#define HELD_MAX    512
#define FRAME_NS    300000000LL  /* the longest frame lasts 0.15 s: what is heard now began after that */
#define HOLD_NS     1500000000LL /* a radio that stands still delays the others' telegrams no longer than this */
#define GAP_TELL_NS 10000000000LL
#define STATUS_NS   10000000000LL

struct station {
    struct wm_live *live;
    struct wm_radio *radio;
    struct wm_receiver *receiver;
    struct wm_reception reception;
    uint64_t pushed;   /* samples since the receiver began */
    uint64_t base;     /* the radio's index of its first */
    int64_t stream_ns; /* UTC up to which it has been heard */
    uint64_t told_gaps;
    int64_t told_ns;
};

struct held {
    int64_t taken_ns; /* CLOCK_MONOTONIC */
    struct wm_frame frame;
};

struct wm_live {
    const struct wm_live_config *config;
    struct station station[WM_LIVE_MAX];
    size_t count;
    struct held *held; /* telegrams in order of time, for several radios */
    size_t held_count;
    enum wm_status failed;
    struct wm_log log;
};

static void log_line(void *user, enum wm_log_level level, const char *text)
{
    const struct wm_live *live = user;

    if (!live->config->quiet || level <= WM_LOG_WARNING)
        wm_service_say(level, text);
}

static void write_frame(struct wm_live *live, const struct wm_frame *frame)
{
    if (live->failed == WM_OK)
        live->failed = wm_pipeline_push(live->config->pipeline, frame, NULL);
}

static void release(struct wm_live *live, size_t n)
{
    for (size_t i = 0; i < n; i++)
        write_frame(live, &live->held[i].frame);
    live->held_count -= n;
    memmove(live->held, live->held + n, live->held_count * sizeof *live->held);
}

/* A frame with the radio's time. Of one radio they come in order; of several they wait until all have been heard so far. */
static void on_frame(void *user, struct wm_frame *frame)
{
    struct station *station = user;
    struct wm_live *live = station->live;
    size_t at;

    frame->signal.sample_index += station->base;
    frame->signal.time_ns = wm_radio_time(station->radio, frame->signal.sample_index);
    if (live->count == 1) {
        write_frame(live, frame);
        return;
    }
    if (live->held_count == HELD_MAX)
        release(live, 1);
    for (at = live->held_count; at > 0 && live->held[at - 1].frame.signal.time_ns > frame->signal.time_ns; at--)
        live->held[at] = live->held[at - 1];
    live->held[at] = (struct held){wm_mono_ns(), *frame};
    live->held_count++;
}

static void release_due(struct wm_live *live)
{
    const int64_t now_ns = wm_mono_ns();
    int64_t heard_ns = INT64_MAX;
    size_t n = 0;

    for (size_t i = 0; i < live->count; i++)
        heard_ns = live->station[i].stream_ns < heard_ns ? live->station[i].stream_ns : heard_ns;
    while (n < live->held_count &&
           (live->held[n].frame.signal.time_ns < heard_ns - FRAME_NS || now_ns - live->held[n].taken_ns > HOLD_NS))
        n++;
    release(live, n);
}

static enum wm_status start(struct wm_live *live, struct station *station, const struct wm_radios_spec *spec)
{
    const struct wm_live_config *config = live->config;
    const struct wm_radio_config radio = {
        .driver = spec->driver,
        .address = spec->address,
        .modes = config->modes,
        .rate_hz = spec->rate_hz,
        .centre_hz = spec->centre_hz,
        .gain = spec->gain,
        .gain_db = spec->gain_db,
        .ppm = spec->ppm,
        .log = &live->log,
    };
    struct wm_receiver_config receiver = {
        .modes = config->modes,
        .start_time_ns = 0, /* the radio's clock knows */
        .kernels = config->kernels,
        .on_sync = wm_reception_on_sync,
        .user = &station->reception,
        .log = &live->log,
    };
    const struct wm_radio_settings *settings;
    struct wm_radio_stats stats;
    const char *why = "";
    enum wm_status status = wm_radio_open(&radio, &station->radio, &why);

    if (status != WM_OK) {
        wm_say("%s", why);
        return status;
    }
    live->count++;
    station->live = live;
    station->stream_ns = INT64_MIN;
    station->reception =
        (struct wm_reception){.pipeline = config->pipeline, .repair = config->repair, .on_frame = on_frame, .user = station};
    settings = wm_radio_settings(station->radio);
    wm_radio_stats(station->radio, &stats);
    wm_logf(&live->log, WM_LOG_NOTICE, "%s: %s, %.3f MHz, %.3f MS/s, gain %s", wm_radio_name(station->radio),
            wm_radio_caps(station->radio)->label, settings->centre_hz / 1e6, settings->rate_hz / 1e6,
            isnan(stats.gain_db)                ? "its own"
            : spec->gain == WM_RADIO_GAIN_FIXED ? "fixed"
                                                : "controlled by the noise");
    receiver.format = wm_radio_caps(station->radio)->format;
    receiver.sample_rate_hz = settings->rate_hz;
    receiver.centre_hz = settings->centre_hz;
    if (!wm_rx_report_channels(&(struct wm_source_info){.sample_rate_hz = settings->rate_hz, .centre_hz = settings->centre_hz},
                               config->modes, config->quiet)) {
        wm_say("no channel lies inside the band, so there is nothing to receive; leave out -f and -s, or correct them");
        return WM_INVALID;
    }
    if (config->grab_prefix) {
        status =
            wm_rx_grab(config->grab_prefix, receiver.format, receiver.sample_rate_hz, receiver.centre_hz, &station->reception.grab);
        if (status != WM_OK)
            return status;
    }
    status = wm_receiver_create(&receiver, &station->receiver);
    if (status != WM_OK)
        wm_say("no receiver for %.3f MS/s: %s", settings->rate_hz / 1e6, wm_status_text(status));
    return status;
}

static void tell_gaps(struct station *station)
{
    const int64_t now_ns = wm_mono_ns();
    struct wm_radio_stats stats;

    if (now_ns - station->told_ns < GAP_TELL_NS)
        return;
    wm_radio_stats(station->radio, &stats);
    if (stats.gaps > station->told_gaps) {
        wm_say("%s: %" PRIu64 " gaps so far, %" PRIu64 " of %" PRIu64 " samples lost", wm_radio_name(station->radio), stats.gaps,
               stats.lost, stats.lost + stats.received);
        station->told_gaps = stats.gaps;
        station->told_ns = now_ns;
    }
}

static enum wm_status receive(struct station *station, int64_t wait_ns)
{
    const size_t sample_bytes = wm_sample_format_bytes(wm_radio_caps(station->radio)->format);
    struct wm_radio_block block;
    enum wm_status status = wm_radio_read(station->radio, wait_ns, &block);

    if (status == WM_TOO_SHORT)
        return WM_OK;
    if (status == WM_IO)
        wm_say("%s: %s", wm_radio_name(station->radio), wm_radio_note(station->radio));
    if (status != WM_OK)
        return status;
    if (block.gap) { /* the receiver begins anew behind what is missing */
        status = wm_receiver_flush(station->receiver);
        station->pushed = 0;
        if (station->reception.grab)
            (void)!wm_grab_break(station->reception.grab);
    }
    tell_gaps(station);
    station->base = block.index - station->pushed;
    if (station->reception.grab)
        wm_rx_grab_push(station->reception.grab, block.bytes, block.len,
                        &(struct wm_source_place){.index = block.index, .time_ns = wm_radio_time(station->radio, block.index)});
    if (status == WM_OK)
        status = wm_receiver_push(station->receiver, block.bytes, block.len);
    station->pushed += block.len / sample_bytes;
    station->stream_ns = wm_radio_time(station->radio, station->base + station->pushed);
    return status;
}

static void report(const struct wm_live *live, double started_s)
{
    for (size_t i = 0; i < live->count; i++) {
        const struct station *station = &live->station[i];
        struct wm_rx_progress progress = {.started_s = started_s, .rate_hz = wm_radio_settings(station->radio)->rate_hz};
        struct wm_radio_stats stats;

        wm_radio_stats(station->radio, &stats);
        wm_say("%s: %" PRIu64 " samples received, %" PRIu64 " lost in %" PRIu64 " gaps, %" PRIu64 " faults; real rate %+.1f ppm",
               wm_radio_name(station->radio), stats.received, stats.lost, stats.gaps, stats.faults, stats.ppm);
        if (stats.unprocessed || stats.flat)
            wm_say("%s: %" PRIu64 " came and were not processed, %" PRIu64 " were one value over and over",
                   wm_radio_name(station->radio), stats.unprocessed, stats.flat);
        if (station->receiver)
            wm_rx_report_summary(&progress, station->receiver, &station->reception);
    }
}

/* What was asked for has been heard. */
static bool enough(const struct wm_live *live)
{
    const struct wm_live_config *config = live->config;
    struct wm_radio_stats stats;

    if (wm_pipeline_satisfied(config->pipeline))
        return true;
    if (!(config->for_s > 0) || !live->count)
        return false;
    wm_radio_stats(live->station[0].radio, &stats);
    return (double)(stats.received + stats.lost) >= config->for_s * wm_radio_settings(live->station[0].radio)->rate_hz;
}

/* That all radios are started, and from then on that this loop runs and how much was heard. */
static void notify(const struct wm_live *live, int64_t *next_ns)
{
    const int64_t now_ns = wm_mono_ns(), watchdog_ns = wm_service_watchdog_ns();
    char text[160];

    if (now_ns < *next_ns)
        return;
    snprintf(text, sizeof text, "%sWATCHDOG=1\nSTATUS=%zu radio%s, %" PRIu64 " telegrams", *next_ns ? "" : "READY=1\n", live->count,
             live->count == 1 ? "" : "s", wm_pipeline_stats(live->config->pipeline)->telegrams);
    wm_service_notify(text);
    *next_ns = now_ns + (watchdog_ns > 0 && watchdog_ns < STATUS_NS ? watchdog_ns : STATUS_NS);
}

/* How the reception stands, to the outputs that show it. */
static void tell(struct wm_live *live, int64_t *next_ns)
{
    const int64_t now_ns = wm_mono_ns();
    struct wm_air air = {.count = live->count};

    if (now_ns < *next_ns || !wm_outputs_listen(*live->config->outputs))
        return;
    *next_ns = now_ns + WM_RX_AIR_NS;
    for (size_t i = 0; i < live->count; i++) {
        const struct wm_radio *radio = live->station[i].radio;
        struct wm_air_source *source = &air.source[i];
        struct wm_radio_stats stats;

        wm_radio_stats(radio, &stats);
        *source = (struct wm_air_source){.centre_hz = wm_radio_settings(radio)->centre_hz,
                                         .rate_hz = wm_radio_settings(radio)->rate_hz,
                                         .gain_db = stats.gain_db,
                                         .ppm = stats.ppm};
        snprintf(source->name, sizeof source->name, "%s", wm_radio_name(radio));
        wm_rx_report_air(live->station[i].receiver, source);
        source->lost = stats.lost;
        source->gaps = stats.gaps;
    }
    wm_outputs_tell(*live->config->outputs, &air);
}

int wm_live_run(const struct wm_live_config *config, bool *hung)
{
    struct wm_live live = {.config = config};
    enum wm_status status = WM_OK;
    const double started_s = wm_mono_s();
    uint64_t shown = 0;
    int64_t notify_ns = 0, tell_ns = 0;

    *hung = false;
    live.log = (struct wm_log){log_line, &live, WM_LOG_INFO};
    live.held = calloc(HELD_MAX, sizeof *live.held);
    if (!live.held)
        return WM_EXIT_FAILED;
    for (size_t i = 0; i < config->count && status == WM_OK && !wm_signals_interrupted(); i++)
        status = start(&live, &live.station[i], &config->radio[i]);
    while (status == WM_OK && live.failed == WM_OK && !wm_signals_interrupted() && !enough(&live)) {
        if (wm_signals_reload_wanted()) {
            live.failed = config->reload(config->user);
            continue;
        }
        for (size_t i = 0; i < live.count && status == WM_OK; i++)
            status = receive(&live.station[i], WAIT_NS / (int64_t)(live.count * live.count * live.count));
        release_due(&live);
        notify(&live, &notify_ns);
        tell(&live, &tell_ns);
        if (wm_pipeline_stats(config->pipeline)->telegrams != shown && live.failed == WM_OK) {
            shown = wm_pipeline_stats(config->pipeline)->telegrams;
            live.failed = wm_outputs_flush(*config->outputs);
        }
    }
    wm_service_notify("STOPPING=1");
    for (size_t i = 0; i < live.count; i++) {
        if (live.station[i].receiver && wm_receiver_flush(live.station[i].receiver) != WM_OK)
            status = WM_NO_MEMORY;
    }
    release(&live, live.held_count);
    if (live.failed == WM_OK)
        live.failed = wm_outputs_drain(*config->outputs);
    if (!config->quiet)
        report(&live, started_s);
    for (size_t i = 0; i < live.count; i++) {
        wm_rx_grab_end(live.station[i].reception.grab, config->quiet);
        wm_receiver_destroy(live.station[i].receiver);
        if (!wm_radio_close(live.station[i].radio))
            *hung = true;
    }
    free(live.held);
    if (wm_pipeline_why(config->pipeline))
        wm_say("%s", wm_pipeline_why(config->pipeline));
    else if (status != WM_OK && status != WM_IO && status != WM_INVALID)
        wm_say("receiving: %s", wm_status_text(status));
    return status == WM_OK && live.failed == WM_OK ? WM_EXIT_OK : WM_EXIT_FAILED;
}
