/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands.h"
#include "app/common.h"
#include "app/config.h"
#include "app/demo.h"
#include "app/live.h"
#include "app/rx_report.h"
#include "app/time_text.h"
#include "dsp/kernels.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES 131072 /* read at a time; a pipe gives what it has */
#define ALL_MODES   ((1u << WM_MODE_COUNT) - 1)
#define DEMO_NAME   "demo.sigmf-meta"
#define DEMO_KEYS   "demo.keys"

enum {
    CONFIG,
    CHECK,
    READ,
    DEVICE,
    GAIN,
    PPM,
    RATE,
    FREQUENCY,
    FORMAT,
    MODES,
    OUTPUT,
    FIELDS,
    STORE,
    ONLY,
    ONCE,
    COUNT,
    FOR,
    COPIES,
    KEYS,
    KEY,
    SHARED,
    COUNTERS,
    FORMATS,
    EXPERIMENTAL,
    START,
    NO_REPAIR,
    KERNELS,
    THREADS,
    SPEED,
    GRAB,
    QUIET
};

static const struct wm_option options[] = {
    [CONFIG] = WM_OPTION_CONFIG,
    [CHECK] = WM_OPTION_CHECK,
    [READ] = {'r', "read", "FILE",
              "the recording: raw IQ or SigMF; - is standard input (cu8 unless --format\n"
              "says otherwise)"},
    [DEVICE] = {'d', "device", "RADIO",
                "a radio: rtlsdr[:SERIAL], soapy:ARGS, rtltcp:HOST[:PORT]; several times for\n"
                "several at once. Without -d and -r the first usable radio is taken (see\n"
                "wmsdr devices), and where there is none the bundled recording is played"},
    [GAIN] = {'g', "gain", "GAIN", "decibels, agc (the radio's own), or auto: by the noise (default)"},
    [PPM] = {'p', "ppm", "PPM", "the radio's oscillator is too fast by this much"},
    [RATE] = {'s', "rate", "RATE",
              "sample rate, 0.8M to 20M; default: from SigMF or the file name (_1600k), of a\n"
              "radio what the modes need"},
    [FREQUENCY] = {'f', "frequency", "FREQ",
                   "centre frequency; default: from SigMF or the file name (_868.95M), of a\n"
                   "radio beside the channels. -f, -s, -g and -p behind a -d are for that radio"},
    [FORMAT] = {0, "format", "FORMAT", "cu8, cs8, cs16 or cf32; default: from SigMF or the file's extension"},
    [MODES] = {'m', "modes", "MODES", "only these of S, T, C and C-down, with commas between; default: all"},
    [OUTPUT] = WM_OPTION_OUTPUT,
    [FIELDS] = WM_OPTION_FIELDS,
    [STORE] = WM_OPTION_STORE,
    [ONLY] = WM_OPTION_ONLY,
    [ONCE] = WM_OPTION_ONCE,
    [COUNT] = WM_OPTION_COUNT,
    [FOR] = WM_OPTION_FOR,
    [COPIES] = WM_OPTION_COPIES,
    [KEYS] = WM_OPTION_KEYS,
    [KEY] = WM_OPTION_KEY,
    [SHARED] = WM_OPTION_SHARED_KEYS,
    [COUNTERS] = WM_OPTION_COUNTERS,
    [FORMATS] = WM_OPTION_FORMATS,
    [EXPERIMENTAL] = WM_OPTION_EXPERIMENTAL,
    [START] = {0, "start", "TIME", "UTC of the first sample (2024-05-01T12:00:00Z), or now"},
    [NO_REPAIR] = {0, "no-repair", NULL, "only telegrams whose CRCs fit at once"},
    [KERNELS] = {0, "kernels", "NAME",
                 "the SIMD variant to use: scalar, sse4.1, avx2, avx512 or neon, where the CPU\n"
                 "has it; default: the best"},
    [THREADS] = {0, "threads", "N", "1 (default) or 2 cores; 2 is for recordings: telegrams come in batches, the same ones"},
    [SPEED] = {0, "speed", "SPEED", "of a recording: max (default), or realtime, as it came from the radio"},
    [GRAB] = {0, "grab-failed", "PREFIX", "record bursts that had a sync word and failed, as SigMF: PREFIX_0001 …"},
    [QUIET] = {'q', "quiet", NULL, "only errors on standard error"},
};

struct rx {
    const char *path;
    struct wm_live_config live;
    struct wm_live_spec every; /* what is said before the first -d */
    struct wm_source_info wanted;
    unsigned modes;
    const char *kernels;
    unsigned threads;
    bool no_repair, quiet, shared, experimental, realtime;
    bool check, reloading, has_key;
    int argc; /* as they were given, for a reload */
    char **argv;
    struct wm_keystore *keys;
    struct wm_counters *counters;
    const char *formats;
    struct wm_outputs *outputs;
    struct wm_filter filter;
};

static int misused(const char *option, const char *value, const char *remedy)
{
    char why[256];

    snprintf(why, sizeof why, "%s %.80s: %s", option, value, remedy);
    return wm_command_misused(&wm_command_rx, why);
}

static int parse_start(struct rx *rx, const char *text)
{
    struct timespec now;

    if (strcmp(text, "now") == 0) {
        clock_gettime(CLOCK_REALTIME, &now);
        rx->wanted.start_time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
        return WM_EXIT_OK;
    }
    if (wm_time_parse(text, &rx->wanted.start_time_ns) != WM_OK)
        return misused("--start", text, "not a time; write 2024-05-01T12:00:00Z, or now");
    return WM_EXIT_OK;
}

static int no_kernels(const char *name)
{
    char remedy[128] = "this CPU runs";

    for (size_t i = 0; wm_kernels_at(i); i++)
        snprintf(remedy + strlen(remedy), sizeof remedy - strlen(remedy), "%s %s", i ? "," : "", wm_kernels_at(i)->name);
    return misused("--kernels", name, remedy);
}

static int add_device(struct rx *rx, const char *value)
{
    struct wm_live_spec *spec = &rx->live.radio[rx->live.count];
    const char *why = "at most 8 radios";

    if (rx->live.count < WM_LIVE_MAX)
        *spec = rx->every;
    if (rx->live.count == WM_LIVE_MAX || !wm_live_device(spec, value, &why))
        return misused("-d", value, why);
    rx->live.count++;
    return WM_EXIT_OK;
}

/* What is said of the radio named last, or of all that come. */
static int set_radio(struct rx *rx, int option, const char *value)
{
    struct wm_live_spec *spec = rx->live.count ? &rx->live.radio[rx->live.count - 1] : &rx->every;
    char *end;

    switch (option) {
    case RATE:
        if (wm_frequency_parse(value, &spec->rate_hz) != WM_OK || !(spec->rate_hz > 0))
            return misused("-s", value, "not a sample rate; write 1600000, 1600k or 1.6M");
        rx->wanted.sample_rate_hz = spec->rate_hz;
        break;
    case FREQUENCY:
        if (wm_frequency_parse(value, &spec->centre_hz) != WM_OK || !(spec->centre_hz > 0))
            return misused("-f", value, "not a frequency; write 868950000 or 868.95M");
        rx->wanted.centre_hz = spec->centre_hz;
        break;
    case GAIN:
        if (!wm_live_gain(spec, value))
            return misused("-g", value, "not a gain; write auto, agc, or decibels: 32.8");
        break;
    default:
        spec->ppm = strtod(value, &end);
        if (end == value || *end || !(spec->ppm >= -1000 && spec->ppm <= 1000))
            return misused("-p", value, "not parts per million between -1000 and 1000");
        break;
    }
    return WM_EXIT_OK;
}

static int set_option(struct rx *rx, int option, char *value)
{
    enum wm_status status = WM_OK;

    switch (option) {
    case CONFIG: /* has been read, see run */
        break;
    case CHECK:
        rx->check = true;
        wm_outputs_dry(rx->outputs);
        break;
    case READ:
        rx->path = value;
        break;
    case DEVICE:
        return add_device(rx, value);
    case RATE:
    case FREQUENCY:
    case GAIN:
    case PPM:
        return set_radio(rx, option, value);
    case FORMAT:
        if (wm_sample_format_by_name(value, &rx->wanted.format) != WM_OK)
            return misused("--format", value, "no such sample format; there are cu8, cs8, cs16 and cf32");
        rx->wanted.has_format = true;
        break;
    case MODES:
        if (!wm_modes_parse(value, &rx->modes))
            return misused("-m", value, "no such mode; there are S, T, C and C-down, with commas between");
        break;
    case OUTPUT:
        status = wm_common_output(rx->outputs, value);
        return status == WM_OK ? WM_EXIT_OK : status == WM_IO ? WM_EXIT_FAILED : WM_EXIT_USAGE;
    case STORE:
        status = wm_common_store(rx->outputs, value);
        return status == WM_OK ? WM_EXIT_OK : status == WM_IO ? WM_EXIT_FAILED : WM_EXIT_USAGE;
    case ONLY:
        return wm_common_only(&rx->filter, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case ONCE:
        rx->filter.once = true;
        break;
    case COUNT:
        return wm_common_count(&rx->filter, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case FOR:
        return wm_common_for(&rx->filter, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case COPIES:
        rx->filter.copies = true;
        break;
    case FIELDS:
        return wm_common_fields(rx->outputs, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case KEYS:
        status = wm_common_keys(rx->keys, value, rx->shared);
        break;
    case SHARED:
        rx->shared = true;
        break;
    case COUNTERS:
        if (rx->reloading)
            break; /* open since the start */
        status = wm_common_counters(&rx->counters, value);
        break;
    case FORMATS:
        rx->formats = value;
        break;
    case EXPERIMENTAL:
        rx->experimental = true;
        break;
    case KEY:
        rx->has_key = true;
        if (rx->reloading)
            break; /* wiped from the command line since */
        return wm_common_key(rx->keys, value) == WM_OK ? WM_EXIT_OK : WM_EXIT_USAGE;
    case START:
        return parse_start(rx, value);
    case NO_REPAIR:
        rx->no_repair = true;
        break;
    case THREADS:
        if (strcmp(value, "1") != 0 && strcmp(value, "2") != 0)
            return misused("--threads", value, "not a number of cores that it can use; there are 1 and 2");
        rx->threads = (unsigned)(value[0] - '0');
        break;
    case KERNELS:
        if (!rx->reloading && !wm_kernels_select(value))
            return no_kernels(value);
        rx->kernels = value;
        break;
    case GRAB:
        rx->live.grab_prefix = value;
        break;
    case SPEED:
        rx->realtime = strcmp(value, "realtime") == 0;
        if (!rx->realtime && strcmp(value, "max") != 0)
            return misused("--speed", value, "no such speed; there are max and realtime");
        break;
    default:
        rx->quiet = true;
        break;
    }
    return status == WM_OK ? WM_EXIT_OK : WM_EXIT_FAILED;
}

/* Neither a recording nor a radio was named, and none is attached: the bundled recording. Its keys are public and come with it. */
static int use_demo(struct rx *rx, char path[4096])
{
    if (wm_demo_find(DEMO_KEYS, path) && wm_common_keys(rx->keys, path, true) != WM_OK)
        return WM_EXIT_FAILED;
    if (!wm_demo_find(DEMO_NAME, path)) {
        wm_say("the demo recording is not installed; name a recording: wmsdr rx -r FILE");
        return WM_EXIT_FAILED;
    }
    wm_say("no radio attached (see wmsdr devices), no recording named (-r): playing the bundled synthetic recording");
    rx->path = path;
    return WM_EXIT_OK;
}

/* What is still unknown or impossible after the recording was opened. */
static int check_source(const struct rx *rx, const struct wm_source_info *info)
{
    bool from_stdin = strcmp(rx->path, "-") == 0;

    if (!(info->sample_rate_hz > 0)) {
        wm_say("the sample rate of %s is not known: give it with -s, e.g. -s 1.6M%s", from_stdin ? "standard input" : rx->path,
               from_stdin ? "" : ", or in the file name (…_1600k.cu8)");
        return WM_EXIT_USAGE;
    }
    if (info->sample_rate_hz < WM_SAMPLE_RATE_MIN_HZ || info->sample_rate_hz > WM_SAMPLE_RATE_MAX_HZ) {
        wm_say("a sample rate of %.0f Hz cannot be received: it must lie between 0.8 and 20 MHz; record with e.g. rtl_sdr -s "
               "1600000, or correct it with -s",
               info->sample_rate_hz);
        return WM_EXIT_FAILED;
    }
    if (!(info->centre_hz > 0)) {
        wm_say("the centre frequency of %s is not known: give it with -f, e.g. -f 868.95M%s",
               from_stdin ? "standard input" : rx->path, from_stdin ? "" : ", or in the file name (…_868.95M_1600k.cu8)");
        return WM_EXIT_USAGE;
    }
    return WM_EXIT_OK;
}

static int parse(struct rx *rx, const struct wm_command *command, int argc, char **argv, bool *done);

/* What a reload reads is tried first without opening anything; then outputs are closed and opened anew, as two cannot have one
 * file. What belongs to the receiver stays as it is. */
static int read_again(struct rx *rx, struct rx *fresh, bool dry)
{
    struct wm_config_args args;
    char why[WM_CONFIG_WHY];
    bool done = false;
    int result = WM_EXIT_FAILED;

    memset(fresh, 0, sizeof *fresh);
    fresh->reloading = true;
    if (wm_config_merge(&wm_command_rx, rx->argc, rx->argv, &args, why) != WM_OK) {
        wm_say("%s", why);
        return WM_EXIT_USAGE;
    }
    if (wm_keystore_create(&fresh->keys) == WM_OK && wm_outputs_create(&fresh->outputs) == WM_OK) {
        if (dry)
            wm_outputs_dry(fresh->outputs);
        wm_outputs_reopened(fresh->outputs);
        result = parse(fresh, &wm_command_rx, args.argc, args.argv, &done);
    }
    if (result == WM_EXIT_OK && wm_common_default_output(fresh->outputs) != WM_OK)
        result = WM_EXIT_FAILED;
    wm_config_free(&args);
    return result;
}

static enum wm_status reload(struct rx *rx, struct wm_pipeline *pipeline, bool patient)
{
    struct rx fresh;
    int result = read_again(rx, &fresh, true);
    struct wm_keystore *old_keys = NULL;
    enum wm_status status = WM_OK;

    wm_outputs_destroy(fresh.outputs);
    wm_keystore_destroy(fresh.keys);
    if (result != WM_EXIT_OK) {
        wm_say("the configuration has not been taken over; all goes on as before");
        return WM_OK;
    }
    if (wm_common_close_outputs(rx->outputs) != WM_OK)
        wm_say("going on with the new outputs");
    wm_outputs_destroy(rx->outputs);
    rx->outputs = NULL;
    result = read_again(rx, &fresh, false);
    rx->outputs = fresh.outputs;
    if (result == WM_EXIT_OK) {
        wm_outputs_patient(rx->outputs, patient);
        rx->filter = fresh.filter;
        if (!fresh.has_key) {
            old_keys = rx->keys;
            rx->keys = fresh.keys;
            fresh.keys = NULL;
        }
        status = wm_pipeline_change(pipeline, rx->keys, rx->outputs);
    }
    wm_keystore_destroy(fresh.keys);
    wm_keystore_destroy(old_keys);
    if (result != WM_EXIT_OK || status != WM_OK)
        return status == WM_OK ? WM_IO : status;
    wm_say("the configuration has been read again%s", fresh.has_key ? "; keys stay, as one was given by --key" : "");
    return WM_OK;
}

/* Waits until sample `index` would have come from a radio that began when the reception did. A signal ends the wait. */
static void pace(const struct wm_rx_progress *progress, uint64_t index)
{
    const double until_s = progress->started_s + (double)index / progress->rate_hz;
    const struct timespec until = {(time_t)until_s, (long)((until_s - floor(until_s)) * 1e9)};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* The receiver's loop. Everything that was heard has been written when it returns. */
static int receive(struct rx *rx, struct wm_source *source, struct wm_receiver *receiver, struct wm_reception *reception,
                   struct wm_rx_progress *progress)
{
    const size_t chunk = rx->realtime ? CHUNK_BYTES / 8 : rx->threads > 1 ? 8 * CHUNK_BYTES : CHUNK_BYTES;
    const struct wm_pipeline_stats *heard = wm_pipeline_stats(reception->pipeline);
    unsigned char *buffer = malloc(chunk);
    enum wm_status read = buffer ? WM_OK : WM_NO_MEMORY;
    enum wm_status status = read;
    uint64_t shown = 0;
    bool live = false, enough = false;

    while (status == WM_OK && reception->failed == WM_OK && !wm_common_interrupted() && !enough) {
        size_t len = 0;
        struct wm_receiver_stats stats;

        if (wm_common_reload_wanted()) {
            reception->failed = reload(rx, reception->pipeline, progress->total_samples > 0);
            continue;
        }
        read = wm_source_read(source, buffer, chunk, &len);
        if (read == WM_IO && errno == EINTR)
            continue;
        if (read != WM_OK)
            break;
        if (reception->grab)
            wm_rx_grab_push(reception->grab, buffer, len, WM_TIME_UNKNOWN);
        status = wm_receiver_push(receiver, buffer, len);
        live |= len < chunk || rx->realtime;
        if (heard->telegrams != shown && (live || progress->on)) {
            wm_rx_progress_clear(progress);
            shown = heard->telegrams;
            /* on a terminal the lines must not run into the progress */
            if (reception->failed == WM_OK)
                reception->failed = progress->on ? wm_outputs_drain(rx->outputs) : wm_outputs_flush(rx->outputs);
        }
        wm_receiver_stats(receiver, &stats);
        enough = wm_pipeline_satisfied(reception->pipeline) ||
                 (rx->filter.for_s > 0 && (double)stats.samples >= rx->filter.for_s * progress->rate_hz);
        if (progress->on)
            wm_rx_progress_show(progress, stats.samples, heard->telegrams);
        if (rx->realtime)
            pace(progress, stats.samples);
    }
    if (status == WM_OK)
        status = wm_receiver_flush(receiver);
    wm_rx_progress_clear(progress);
    free(buffer);
    if (wm_source_note(source) && read != WM_OK && !wm_common_interrupted())
        wm_say("%s", wm_source_note(source));
    if (status != WM_OK) {
        wm_say("receiving: %s", wm_status_text(status));
        return WM_EXIT_FAILED;
    }
    if (wm_common_interrupted() || enough || (read == WM_END && !wm_source_note(source)))
        return WM_EXIT_OK;
    return heard->telegrams || read == WM_END ? WM_EXIT_PARTLY : WM_EXIT_FAILED;
}

static void log_line(void *user, enum wm_log_level level, const char *text)
{
    (void)user;
    (void)level;
    wm_say("%s", text);
}

static int run_receiver(struct rx *rx, struct wm_source *source, const struct wm_source_info *info, unsigned modes,
                        struct wm_pipeline *pipeline)
{
    const struct wm_log log = {log_line, NULL, WM_LOG_WARNING};
    struct wm_reception reception = {.pipeline = pipeline, .repair = rx->no_repair ? &wm_repair_none : &wm_repair_default};
    struct wm_rx_progress progress = {0};
    struct wm_receiver *receiver = NULL;
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
    enum wm_status status = wm_receiver_create(&config, &receiver);
    int result;

    if (status == WM_OK && rx->live.grab_prefix &&
        wm_rx_grab(rx->live.grab_prefix, info->format, info->sample_rate_hz, info->centre_hz, &reception.grab) != WM_OK) {
        wm_receiver_destroy(receiver);
        return WM_EXIT_FAILED;
    }
    if (status != WM_OK) {
        wm_say("no receiver: %s", wm_status_text(status));
        return WM_EXIT_FAILED;
    }
    wm_rx_progress_start(&progress, !rx->quiet && isatty(STDERR_FILENO) && info->total_samples, info);
    result = receive(rx, source, receiver, &reception, &progress);
    if (wm_outputs_drain(rx->outputs) != WM_OK)
        reception.failed = WM_IO;
    if (!rx->quiet)
        wm_rx_report_summary(&progress, receiver, &reception);
    if (wm_pipeline_why(pipeline))
        wm_say("%s", wm_pipeline_why(pipeline));
    else if (reception.failed != WM_OK && reception.failed != WM_IO) /* of outputs their end tells */
        wm_say("decoding: %s", wm_status_text(reception.failed));
    wm_rx_grab_end(reception.grab, rx->quiet);
    wm_receiver_destroy(receiver);
    return reception.failed != WM_OK ? WM_EXIT_FAILED : result;
}

static int run_source(struct rx *rx)
{
    struct wm_source *source = NULL;
    struct wm_source_info info = {0};
    struct wm_pipeline *pipeline = NULL;
    const char *why = "";
    unsigned inside;
    enum wm_status status;
    int result;

    if (strcmp(rx->path, "-") == 0 && !rx->wanted.has_format) {
        rx->wanted.has_format = true;
        rx->wanted.format = WM_SAMPLES_CU8;
    }
    status = wm_source_open(rx->path, &rx->wanted, &source, &info, &why);
    if (status != WM_OK) {
        wm_say("%s", why);
        return WM_EXIT_FAILED;
    }
    wm_outputs_patient(rx->outputs, info.total_samples > 0); /* what comes as it is received cannot wait */
    result = check_source(rx, &info);
    if (result == WM_EXIT_OK) {
        inside = wm_rx_report_channels(&info, rx->modes, rx->quiet);
        struct wm_opener_config opener = {.keys = rx->keys, .counters = rx->counters, .experimental = rx->experimental};
        status = inside ? wm_pipeline_create_with(&opener, rx->outputs, &pipeline) : WM_OK;
        if (pipeline && status == WM_OK)
            status = wm_pipeline_filter(pipeline, &rx->filter, info.sample_rate_hz);
        if (!inside) {
            wm_say("no channel lies inside the band, so there is nothing to receive; is the centre frequency right (-f)?");
            result = WM_EXIT_FAILED;
        } else if (status != WM_OK) {
            wm_say("%s", wm_status_text(status));
            result = WM_EXIT_FAILED;
        } else if (wm_common_formats(pipeline, rx->formats) != WM_OK) {
            result = WM_EXIT_FAILED;
        } else {
            result = run_receiver(rx, source, &info, inside, pipeline);
        }
    }
    wm_pipeline_destroy(pipeline);
    wm_source_close(source);
    return result;
}

static enum wm_status reload_live(void *user)
{
    struct rx *rx = user;

    return reload(rx, rx->live.pipeline, false);
}

static int run_live(struct rx *rx, bool *hung)
{
    const struct wm_opener_config opener = {.keys = rx->keys, .counters = rx->counters, .experimental = rx->experimental};
    int result = WM_EXIT_FAILED;

    wm_outputs_patient(rx->outputs, false);
    rx->live.modes = rx->modes;
    rx->live.kernels = rx->kernels;
    rx->live.repair = rx->no_repair ? &wm_repair_none : &wm_repair_default;
    rx->live.quiet = rx->quiet;
    rx->live.for_s = rx->filter.for_s;
    rx->live.outputs = &rx->outputs;
    rx->live.reload = reload_live;
    rx->live.user = rx;
    if (wm_pipeline_create_with(&opener, rx->outputs, &rx->live.pipeline) == WM_OK &&
        wm_pipeline_filter(rx->live.pipeline, &rx->filter, 0) == WM_OK &&
        wm_common_formats(rx->live.pipeline, rx->formats) == WM_OK)
        result = wm_live_run(&rx->live, hung);
    wm_pipeline_destroy(rx->live.pipeline);
    return result;
}

/* Neither -r nor -d: a radio, or the bundled recording. */
static int choose_source(struct rx *rx, char demo[4096])
{
    struct wm_radio_found trouble;

    rx->live.radio[0] = rx->every;
    if (wm_live_first(&rx->live.radio[0], &trouble)) {
        rx->live.count = 1;
        return WM_EXIT_OK;
    }
    if (!trouble.driver && !getenv("NOTIFY_SOCKET"))
        return use_demo(rx, demo);
    if (!trouble.driver) {
        wm_say("no radio is attached (see wmsdr devices)"); /* a service plays no demo */
        return WM_EXIT_FAILED;
    }
    wm_say("%s is attached, but %s", trouble.label, trouble.trouble);
    return WM_EXIT_FAILED;
}

static int parse(struct rx *rx, const struct wm_command *command, int argc, char **argv, bool *done)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    char *value;
    int option;

    while ((option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        int result = WM_EXIT_OK;

        if (option == WM_OPTION_HELP) {
            wm_command_help(command, stdout);
            *done = true;
            return WM_EXIT_OK;
        }
        if (option == WM_OPTION_BAD)
            return wm_command_misused(command, reader.why);
        if (option == WM_OPTION_OPERAND)
            return wm_command_misused(command, "rx takes no operands; a recording is given with -r FILE");
        result = set_option(rx, option, value);
        if (result != WM_EXIT_OK)
            return result;
    }
    return WM_EXIT_OK;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct rx rx = {.wanted = {.start_time_ns = WM_TIME_UNKNOWN}, .argc = argc, .argv = argv};
    struct wm_config_args args;
    char why[WM_CONFIG_WHY];
    char demo[4096];
    bool done = false, hung = false;
    int result = WM_EXIT_FAILED;

    if (wm_config_merge(command, argc, argv, &args, why) != WM_OK) {
        wm_say("%s", why);
        return WM_EXIT_USAGE;
    }
    if (wm_keystore_create(&rx.keys) == WM_OK && wm_outputs_create(&rx.outputs) == WM_OK)
        result = parse(&rx, command, args.argc, args.argv, &done);
    if (result == WM_EXIT_OK && !done && !rx.check) {
        if (!rx.modes)
            rx.modes = ALL_MODES;
        wm_common_catch_signals();
        if (args.path)
            wm_common_catch_reload();
        if (rx.path && rx.live.count)
            result = wm_command_misused(command, "either a recording (-r) or radios (-d)");
        else if (!rx.path && !rx.live.count)
            result = choose_source(&rx, demo);
        if (result == WM_EXIT_OK && wm_common_default_output(rx.outputs) != WM_OK)
            result = WM_EXIT_FAILED;
        if (result == WM_EXIT_OK)
            result = rx.live.count ? run_live(&rx, &hung) : run_source(&rx);
        if (rx.outputs && wm_common_close_outputs(rx.outputs) != WM_OK)
            result = WM_EXIT_FAILED;
    }
    wm_outputs_destroy(rx.outputs);
    wm_keystore_destroy(rx.keys);
    wm_counters_close(rx.counters);
    wm_config_free(&args);
    if (hung) {
        fflush(NULL);
        _Exit(result);
    }
    return result;
}

const struct wm_command wm_command_rx = {
    .name = "rx",
    .summary = "receive: IQ samples in, telegrams of all modes out",
    .operands = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes =
        "Receives the channels 868.30 (S), 868.95 (T, C) and 869.525 MHz (C-down) that lie inside the band, at once. Telegrams\n"
        "go to standard output, everything else to standard error. Ctrl-C ends it; what was heard is printed.\n",
    .more_help = wm_outputs_help,
    .run = run,
};
