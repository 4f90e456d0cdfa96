/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/report.h"

#include "app/options/options.h"
#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHOW_EVERY_S 0.25

unsigned wm_rx_report_channels(const struct wm_source_info *info, unsigned modes, bool quiet)
{
    unsigned inside = 0;
    unsigned told = 0;

    for (enum wm_mode mode = 0; mode < WM_MODE_COUNT; mode++) {
        if ((modes & 1u << mode) && wm_receiver_covers(info->sample_rate_hz, info->centre_hz, mode))
            inside |= 1u << mode;
    }
    for (enum wm_mode mode = 0; mode < WM_MODE_COUNT; mode++) {
        double channel_hz = wm_mode_info(mode)->centre_hz;
        char names[32] = "";

        if (quiet || !(modes & ~inside & ~told & 1u << mode))
            continue;
        /* modes that share the channel are named together */
        for (enum wm_mode other = mode; other < WM_MODE_COUNT; other++) {
            if ((modes & ~inside & 1u << other) && wm_mode_info(other)->centre_hz == channel_hz) {
                snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", names[0] ? ", " : "",
                         wm_mode_info(other)->name);
                told |= 1u << other;
            }
        }
        const bool fine = fmod(channel_hz, 10e3) != 0; /* 868.30, but 869.525 */
        wm_say("%.*f MHz (%s) lies outside %.2f-%.2f MHz", fine ? 3 : 2, channel_hz / 1e6, names,
               (info->centre_hz - info->sample_rate_hz / 2) / 1e6, (info->centre_hz + info->sample_rate_hz / 2) / 1e6);
    }
    return inside;
}

void wm_rx_progress_start(struct wm_rx_progress *progress, bool on, const struct wm_source_info *info)
{
    progress->on = on;
    progress->centre_hz = info->centre_hz;
    progress->rate_hz = info->sample_rate_hz;
    progress->total_samples = info->total_samples;
    progress->started_s = wm_mono_s();
    progress->shown_s = progress->started_s;
}

void wm_rx_progress_show(struct wm_rx_progress *progress, uint64_t samples, uint64_t telegrams)
{
    double signal_s = (double)samples / progress->rate_hz;
    double now = progress->on ? wm_mono_s() : 0;

    if (!progress->on || now - progress->shown_s < SHOW_EVERY_S)
        return;
    progress->shown_s = now;
    if (progress->total_samples)
        fprintf(stderr, "\r%3.0f %%  %.1f of %.1f s  %.0f times real time  %" PRIu64 " telegrams\033[K",
                100.0 * (double)samples / (double)progress->total_samples, signal_s,
                (double)progress->total_samples / progress->rate_hz, signal_s / (now - progress->started_s), telegrams);
    else
        fprintf(stderr, "\r%.1f s  %.0f times real time  %" PRIu64 " telegrams\033[K", signal_s,
                signal_s / (now - progress->started_s), telegrams);
    fflush(stderr);
}

void wm_rx_progress_clear(struct wm_rx_progress *progress)
{
    if (!progress->on)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

void wm_rx_report_summary(const struct wm_rx_progress *progress, const struct wm_receiver *receiver,
                          const struct wm_reception *reception)
{
    const struct wm_pipeline_stats *heard = wm_pipeline_stats(reception->pipeline);
    struct wm_receiver_stats stats;
    double seconds = wm_mono_s() - progress->started_s;
    double signal_s;
    char text[256];

    wm_receiver_stats(receiver, &stats);
    signal_s = (double)stats.samples / progress->rate_hz;
    wm_say("%.3f s of signal in %.3f s, %.1f times real time (%s)", signal_s, seconds, seconds > 0 ? signal_s / seconds : 0.0,
           wm_receiver_kernels(receiver));
    fprintf(
        stderr,
        "  mode  channel MHz  noise dBFS    bursts     syncs  telegrams  repaired  CRC failed  bad length  cut off  implausible\n");
    for (enum wm_mode mode = 0; mode < WM_MODE_COUNT; mode++) {
        const struct wm_deframe_stats *lost = &reception->stats[mode];

        if (!stats.mode[mode].active)
            continue;
        fprintf(stderr,
                "  %-4s %12.3f %11.1f %9" PRIu64 " %9" PRIu64 " %10" PRIu64 " %9" PRIu64 " %11" PRIu64 " %11" PRIu64 " %8" PRIu64
                " %12" PRIu64 "\n",
                wm_mode_info(mode)->name, wm_mode_info(mode)->centre_hz / 1e6, (double)stats.mode[mode].noise_dbfs,
                stats.mode[mode].bursts, stats.mode[mode].syncs, heard->by_mode[mode], lost->frames[1], lost->crc_failed,
                lost->bad_length, lost->cut, lost->implausible);
    }
    wm_pipeline_summary(reception->pipeline, text, sizeof text);
    fprintf(stderr, "  %s\n", text);
}

void wm_rx_report_air(const struct wm_receiver *receiver, struct wm_air_source *source)
{
    struct wm_receiver_stats stats;
    double sum = 0;
    int active = 0;

    wm_receiver_stats(receiver, &stats);
    source->samples = stats.samples;
    for (enum wm_mode mode = 0; mode < WM_MODE_COUNT; mode++) {
        if (stats.mode[mode].active && isfinite(stats.mode[mode].noise_dbfs)) {
            sum += (double)stats.mode[mode].noise_dbfs;
            active++;
        }
    }
    source->noise_dbfs = active ? sum / active : (double)NAN;
}

#define GRAB_PRE_S     0.03
#define GRAB_POST_S    0.01
#define GRAB_MAX_BYTES 1000000000ULL

enum wm_status wm_rx_grab(const char *prefix, enum wm_sample_format format, double rate_hz, double centre_hz, struct wm_grab **grab)
{
    const struct wm_grab_config config = {
        .prefix = prefix,
        .format = format,
        .rate_hz = rate_hz,
        .centre_hz = centre_hz,
        .pre_s = GRAB_PRE_S,
        .post_s = GRAB_POST_S,
        .max_bytes = GRAB_MAX_BYTES,
        .description = "wmsdr rx --grab-failed: a sync word was heard, and a CRC failed",
    };
    enum wm_status status = wm_grab_create(&config, grab);

    if (status != WM_OK)
        wm_say("--grab-failed %s: %s", prefix, wm_status_text(status));
    return status;
}

void wm_rx_grab_push(struct wm_grab *grab, const void *bytes, size_t len, const struct wm_source_place *place)
{
    const bool sound = wm_grab_status(grab) == WM_OK;

    if (wm_grab_push(grab, bytes, len, place) != WM_OK && sound)
        wm_say("--grab-failed: %s cannot be written; no more recordings", wm_grab_name(grab));
}

void wm_rx_grab_end(struct wm_grab *grab, bool quiet)
{
    if (!grab)
        return;
    if (wm_grab_break(grab) == WM_OK && !quiet)
        wm_say("--grab-failed: %u recording%s%s%s%s", wm_grab_count(grab), wm_grab_count(grab) == 1 ? "" : "s",
               wm_grab_count(grab) ? ", the last " : "", wm_grab_name(grab), wm_grab_full(grab) ? "; 1 GB, no more were made" : "");
    wm_grab_destroy(grab);
}
