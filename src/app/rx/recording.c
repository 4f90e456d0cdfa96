/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/common.h"
#include "app/process/signals.h"
#include "app/rx/open.h"
#include "app/rx/report.h"
#include "app/rx/rx.h"
#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES 131072 /* read at a time; a pipe gives what it has */

/* Waits until sample `index` would have come from a radio that began when the reception did. A signal ends the wait. */
static void pace(const struct wm_rx_progress *progress, uint64_t index)
{
    const double until_s = progress->started_s + (double)index / progress->rate_hz;
    const struct timespec until = {(time_t)until_s, (long)((until_s - floor(until_s)) * 1e9)};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* How the reception stands, to the outputs that show it. */
static void tell(const struct wm_rx *rx, const struct wm_receiver *receiver, const struct wm_rx_progress *progress,
                 int64_t *next_ns)
{
    const int64_t now_ns = wm_mono_ns();
    struct wm_air air = {.count = 1};
    struct wm_air_source *source = &air.source[0];

    if (now_ns < *next_ns || !wm_outputs_listen(rx->shared.outputs))
        return;
    *next_ns = now_ns + WM_RX_AIR_NS;
    *source = (struct wm_air_source){.centre_hz = progress->centre_hz,
                                     .rate_hz = progress->rate_hz,
                                     .gain_db = (double)NAN,
                                     .ppm = (double)NAN,
                                     .total = progress->total_samples};
    snprintf(source->name, sizeof source->name, "%s", strcmp(rx->path, "-") == 0 ? "standard input" : rx->path);
    wm_rx_report_air(receiver, source);
    wm_outputs_tell(rx->shared.outputs, &air);
}

/* A recording on its way through the receiver, which begins anew behind each gap: `base` is the sample that it began with. */
struct recorded {
    struct wm_source *source;
    struct wm_receiver *receiver;
    struct wm_reception *reception;
    uint64_t base;
};

/* Of a recording with gaps: the frame's place in what was recorded. */
static void on_frame(void *user, struct wm_frame *frame)
{
    const struct recorded *from = user;
    const struct wm_source_place place = wm_source_place(from->source, from->base + frame->signal.sample_index);

    frame->signal.sample_index = place.index;
    frame->signal.time_ns = place.time_ns;
    if (from->reception->failed == WM_OK)
        from->reception->failed = wm_pipeline_push(from->reception->pipeline, frame, NULL);
}

/* A frame that a gap cuts has ended there: what comes behind is not its rest. */
static enum wm_status heed_gap(struct recorded *from)
{
    uint64_t sample;
    enum wm_status status;

    if (!wm_source_at_gap(from->source, &sample) || sample == from->base)
        return WM_OK;
    status = wm_receiver_flush(from->receiver);
    from->base = sample;
    if (from->reception->grab)
        (void)!wm_grab_break(from->reception->grab);
    return status;
}

/* A pipe gives little at a time, and for several threads that would be work for one. */
static enum wm_status read_much(struct wm_source *source, unsigned char *buffer, size_t cap, size_t *len)
{
    enum wm_status status = WM_OK;
    size_t got = 0;
    uint64_t sample;

    for (*len = 0; status == WM_OK && *len < cap && !wm_signals_interrupted(); *len += got) {
        if (*len && wm_source_at_gap(source, &sample))
            break;
        status = wm_source_read(source, buffer + *len, cap - *len, &got);
    }
    return *len ? WM_OK : status;
}

/* The receiver's loop. Everything that was heard has been written when it returns. */
static int receive(struct wm_rx *rx, struct recorded *recorded, struct wm_rx_progress *progress)
{
    struct wm_source *source = recorded->source;
    struct wm_receiver *receiver = recorded->receiver;
    struct wm_reception *reception = recorded->reception;
    /* where it is to end after so many seconds, it ends where one thread would */
    const bool batches = wm_receiver_pulls(receiver) && !rx->realtime && !(rx->shared.filter.for_s > 0);
    const bool pulls = batches && wm_source_fetches(source);
    const size_t chunk = rx->realtime ? CHUNK_BYTES / 8 : batches && !pulls ? 8 * CHUNK_BYTES : CHUNK_BYTES;
    const struct wm_pipeline_stats *heard = wm_pipeline_stats(reception->pipeline);
    unsigned char *buffer = malloc(chunk);
    enum wm_status read = buffer ? WM_OK : WM_NO_MEMORY;
    enum wm_status status = read;
    uint64_t shown = 0;
    int64_t tell_ns = 0;
    bool live = false, enough = false;

    while (status == WM_OK && reception->failed == WM_OK && !wm_signals_interrupted() && !enough) {
        size_t len = 0;
        struct wm_receiver_stats stats;

        if (wm_signals_reload_wanted()) {
            reception->failed = wm_rx_reload(rx, reception->pipeline, progress->total_samples > 0);
            continue;
        }
        uint64_t pulled = 0;
        status = heed_gap(recorded);
        if (status == WM_OK && pulls) {
            status = wm_receiver_pull(receiver, wm_source_fetch, source, &pulled);
            wm_source_skip(source, pulled);
        }
        if (status == WM_OK && !pulled) { /* also says why no more could be fetched */
            read = batches && !pulls ? read_much(source, buffer, chunk, &len) : wm_source_read(source, buffer, chunk, &len);
            if (read == WM_IO && errno == EINTR)
                continue;
            if (read != WM_OK)
                break;
        }
        if (reception->grab && len > 0) {
            const struct wm_source_place place = wm_source_place(source, recorded->base + wm_grab_end(reception->grab));
            wm_rx_grab_push(reception->grab, buffer, len, &place);
        }
        if (len > 0)
            status = wm_receiver_push(receiver, buffer, len);
        live |= (len < chunk && !pulled) || rx->realtime;
        if (heard->telegrams != shown && (live || progress->on)) {
            wm_rx_progress_clear(progress);
            shown = heard->telegrams;
            /* on a terminal the lines must not run into the progress */
            if (reception->failed == WM_OK)
                reception->failed = progress->on ? wm_outputs_drain(rx->shared.outputs) : wm_outputs_flush(rx->shared.outputs);
        }
        wm_receiver_stats(receiver, &stats);
        enough = wm_pipeline_satisfied(reception->pipeline) ||
                 (rx->shared.filter.for_s > 0 && (double)stats.samples >= rx->shared.filter.for_s * progress->rate_hz);
        if (progress->on)
            wm_rx_progress_show(progress, stats.samples, heard->telegrams);
        tell(rx, receiver, progress, &tell_ns);
        if (rx->realtime)
            pace(progress, stats.samples);
    }
    if (status == WM_OK)
        status = wm_receiver_flush(receiver);
    wm_rx_progress_clear(progress);
    free(buffer);
    if (wm_source_note(source) && read != WM_OK && !wm_signals_interrupted())
        wm_say("%s", wm_source_note(source));
    if (status != WM_OK) {
        wm_say("receiving: %s", wm_status_text(status));
        return WM_EXIT_FAILED;
    }
    if (wm_signals_interrupted() || enough || (read == WM_END && !wm_source_note(source)))
        return WM_EXIT_OK;
    return heard->telegrams || read == WM_END ? WM_EXIT_PARTLY : WM_EXIT_FAILED;
}

static int run_receiver(struct wm_rx *rx, struct wm_source *source, const struct wm_source_info *info, unsigned modes,
                        struct wm_pipeline *pipeline)
{
    const struct wm_log log = wm_common_log(WM_LOG_WARNING);
    struct wm_reception reception = {.pipeline = pipeline, .repair = rx->no_repair ? &wm_repair_none : &wm_repair_default};
    struct recorded recorded = {.source = source, .reception = &reception};
    struct wm_rx_progress progress = {0};
    struct wm_receiver_config config = {
        .format = info->format,
        .sample_rate_hz = info->sample_rate_hz,
        .centre_hz = info->centre_hz,
        .modes = modes,
        .start_time_ns = info->start_time_ns,
        .kernels = rx->kernels,
        .on_sync = wm_reception_on_sync,
        .user = &reception,
        .threads = rx->live.grab_prefix ? 1 : rx->threads, /* a grab keeps little: it must be told at once */
        .result_bytes = sizeof(struct wm_reception_result),
        .on_result = wm_reception_on_result,
        .log = &log,
    };
    enum wm_status status = wm_receiver_create(&config, &recorded.receiver);
    int result;

    if (wm_source_has_gaps(source)) {
        reception.on_frame = on_frame;
        reception.user = &recorded;
    }
    if (status == WM_OK && rx->live.grab_prefix &&
        wm_rx_grab(rx->live.grab_prefix, info->format, info->sample_rate_hz, info->centre_hz, &reception.grab) != WM_OK) {
        wm_receiver_destroy(recorded.receiver);
        return WM_EXIT_FAILED;
    }
    if (status != WM_OK) {
        wm_say("no receiver: %s", wm_status_text(status));
        return WM_EXIT_FAILED;
    }
    wm_rx_progress_start(
        &progress,
        !rx->shared.quiet && isatty(STDERR_FILENO) && info->total_samples && !wm_outputs_own_terminal(rx->shared.outputs), info);
    result = receive(rx, &recorded, &progress);
    if (wm_outputs_drain(rx->shared.outputs) != WM_OK)
        reception.failed = WM_IO;
    if (!rx->shared.quiet)
        wm_rx_report_summary(&progress, recorded.receiver, &reception);
    if (wm_pipeline_why(pipeline))
        wm_say("%s", wm_pipeline_why(pipeline));
    else if (reception.failed != WM_OK && reception.failed != WM_IO) /* of outputs their end tells */
        wm_say("decoding: %s", wm_status_text(reception.failed));
    wm_rx_grab_end(reception.grab, rx->shared.quiet);
    wm_receiver_destroy(recorded.receiver);
    return reception.failed != WM_OK ? WM_EXIT_FAILED : result;
}

int wm_rx_recording(struct wm_rx *rx)
{
    struct wm_source *source = NULL;
    struct wm_source_info info = {0};
    struct wm_pipeline *pipeline = NULL;
    unsigned inside;
    int result = wm_rx_open(rx->path, &rx->wanted, &source, &info);

    if (result == WM_EXIT_OK && (info.sample_rate_hz < WM_SAMPLE_RATE_MIN_HZ || info.sample_rate_hz > WM_SAMPLE_RATE_MAX_HZ)) {
        wm_say("a sample rate of %.0f Hz cannot be received: it must lie between 0.8 and 20 MHz; record with e.g. rtl_sdr -s "
               "1600000, or correct it with -s",
               info.sample_rate_hz);
        result = WM_EXIT_FAILED;
    }
    if (result == WM_EXIT_OK) {
        wm_outputs_patient(rx->shared.outputs, info.total_samples > 0); /* what comes as it is received cannot wait */
        inside = wm_rx_report_channels(&info, rx->modes, rx->shared.quiet);
        if (!inside)
            wm_say("no channel lies inside the band, so there is nothing to receive; is the centre frequency right (-f)?");
        result = WM_EXIT_FAILED;
        if (inside && wm_shared_pipeline(&rx->shared, info.sample_rate_hz, &pipeline) == WM_OK)
            result = run_receiver(rx, source, &info, inside, pipeline);
    }
    wm_pipeline_destroy(pipeline);
    wm_source_close(source);
    return result;
}
