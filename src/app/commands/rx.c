/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/rx.h"

#include "app/commands/commands.h"
#include "app/commands/demo.h"
#include "app/options/common.h"
#include "app/options/config.h"
#include "app/process/signals.h"
#include "base/clock.h"
#include "base/utc.h"
#include "dsp/kernels.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALL_MODES ((1u << WM_MODE_COUNT) - 1)
#define DEMO_NAME "demo.sigmf-meta"
#define DEMO_KEYS "demo.keys"

enum {
    READ,
    DEVICE,
    GAIN,
    PPM,
    RATE,
    FREQUENCY,
    FORMAT,
    MODES,
    START,
    NO_REPAIR,
    KERNELS,
    THREADS,
    SPEED,
    GRAB,
    SHARED,
};

static const struct wm_option options[] = {
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
    [START] = {0, "start", "TIME", "UTC of the first sample (2024-05-01T12:00:00Z), or now"},
    [NO_REPAIR] = {0, "no-repair", NULL, "only telegrams whose CRCs fit at once"},
    [KERNELS] = {0, "kernels", "NAME",
                 "the SIMD variant to use: scalar, sse4.1, avx2, avx512 or neon, where the CPU\n"
                 "has it; default: the best"},
    [THREADS] = {0, "threads", "N", "1 (default) or 2 cores; 2 is for recordings: telegrams come in batches, the same ones"},
    [SPEED] = {0, "speed", "SPEED", "of a recording: max (default), or realtime, as it came from the radio"},
    [GRAB] = {0, "grab-failed", "PREFIX", "record bursts that had a sync word and failed, as SigMF: PREFIX_0001 …"},
    WM_SHARED_ROWS(SHARED),
};

static int misused(const char *option, const char *value, const char *remedy)
{
    char why[256];

    snprintf(why, sizeof why, "%s %.80s: %s", option, value, remedy);
    return wm_command_misused(&wm_command_rx, why);
}

static int parse_start(struct wm_rx *rx, const char *text)
{
    if (strcmp(text, "now") == 0) {
        rx->wanted.start_time_ns = wm_real_ns();
        return WM_EXIT_OK;
    }
    if (wm_utc_parse(text, &rx->wanted.start_time_ns) != WM_OK)
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

static int add_device(struct wm_rx *rx, const char *value)
{
    struct wm_radios_spec *spec = &rx->live.radio[rx->live.count];
    const char *why = "at most 8 radios";

    if (rx->live.count < WM_LIVE_MAX)
        *spec = rx->every;
    if (rx->live.count == WM_LIVE_MAX || !wm_radios_device(spec, value, &why))
        return misused("-d", value, why);
    rx->live.count++;
    return WM_EXIT_OK;
}

/* What is said of the radio named last, or of all that come. */
static int set_radio(struct wm_rx *rx, enum wm_radios_option option, const char *name, const char *value)
{
    struct wm_radios_spec *spec = rx->live.count ? &rx->live.radio[rx->live.count - 1] : &rx->every;
    const char *why = "";

    return wm_radios_set(option, value, spec, &rx->wanted, &rx->modes, &why) ? WM_EXIT_OK : misused(name, value, why);
}

static int set_option(struct wm_rx *rx, int option, char *value)
{
    switch (option) {
    case READ:
        rx->path = value;
        break;
    case DEVICE:
        return add_device(rx, value);
    case RATE:
        return set_radio(rx, WM_RADIOS_RATE, "-s", value);
    case FREQUENCY:
        return set_radio(rx, WM_RADIOS_FREQUENCY, "-f", value);
    case GAIN:
        return set_radio(rx, WM_RADIOS_GAIN, "-g", value);
    case PPM:
        return set_radio(rx, WM_RADIOS_PPM, "-p", value);
    case FORMAT:
        return set_radio(rx, WM_RADIOS_FORMAT, "--format", value);
    case MODES:
        return set_radio(rx, WM_RADIOS_MODES, "-m", value);
    case START:
        return parse_start(rx, value);
    case NO_REPAIR:
        rx->no_repair = true;
        break;
    case KERNELS:
        if (!rx->shared.reloading && !wm_kernels_select(value))
            return no_kernels(value);
        rx->kernels = value;
        break;
    case THREADS:
        if (strcmp(value, "1") != 0 && strcmp(value, "2") != 0)
            return misused("--threads", value, "not a number of cores that it can use; there are 1 and 2");
        rx->threads = (unsigned)(value[0] - '0');
        break;
    case SPEED:
        rx->realtime = strcmp(value, "realtime") == 0;
        if (!rx->realtime && strcmp(value, "max") != 0)
            return misused("--speed", value, "no such speed; there are max and realtime");
        break;
    case GRAB:
        rx->live.grab_prefix = value;
        break;
    default:
        return wm_shared_set(&rx->shared, (enum wm_shared_option)(option - SHARED), value);
    }
    return WM_EXIT_OK;
}

/* Neither a recording nor a radio was named, and none is attached: the bundled recording. Its keys are public and come with it. */
static int use_demo(struct wm_rx *rx, char path[4096])
{
    if (wm_demo_find(DEMO_KEYS, path) && wm_common_keys(rx->shared.keys, path, true) != WM_OK)
        return WM_EXIT_FAILED;
    if (!wm_demo_find(DEMO_NAME, path)) {
        wm_say("the demo recording is not installed; name a recording: wmsdr rx -r FILE");
        return WM_EXIT_FAILED;
    }
    wm_say("no radio attached (see wmsdr devices), no recording named (-r): playing the bundled synthetic recording");
    rx->path = path;
    return WM_EXIT_OK;
}

static enum wm_status reload_live(void *user)
{
    struct wm_rx *rx = user;

    return wm_rx_reload(rx, rx->live.pipeline, false);
}

static int run_live(struct wm_rx *rx, bool *hung)
{
    int result = WM_EXIT_FAILED;

    wm_outputs_patient(rx->shared.outputs, false);
    rx->live.modes = rx->modes;
    rx->live.kernels = rx->kernels;
    rx->live.repair = rx->no_repair ? &wm_repair_none : &wm_repair_default;
    rx->live.quiet = rx->shared.quiet;
    rx->live.for_s = rx->shared.filter.for_s;
    rx->live.outputs = &rx->shared.outputs;
    rx->live.reload = reload_live;
    rx->live.user = rx;
    if (wm_shared_pipeline(&rx->shared, 0, &rx->live.pipeline) == WM_OK)
        result = wm_live_run(&rx->live, hung);
    wm_pipeline_destroy(rx->live.pipeline);
    return result;
}

/* Neither -r nor -d: a radio, or the bundled recording. */
static int choose_source(struct wm_rx *rx, char demo[4096])
{
    struct wm_radio_found trouble;

    rx->live.radio[0] = rx->every;
    if (wm_radios_first(&rx->live.radio[0], &trouble)) {
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

int wm_rx_parse(struct wm_rx *rx, int argc, char **argv, bool *done)
{
    struct wm_option_reader reader = {.command = &wm_command_rx, .argc = argc, .argv = argv};
    char *value;
    int option;

    while ((option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        int result;

        if (option == WM_OPTION_HELP) {
            wm_command_help(&wm_command_rx, stdout);
            *done = true;
            return WM_EXIT_OK;
        }
        if (option == WM_OPTION_BAD)
            return wm_command_misused(&wm_command_rx, reader.why);
        if (option == WM_OPTION_OPERAND)
            return wm_command_misused(&wm_command_rx, "rx takes no operands; a recording is given with -r FILE");
        result = set_option(rx, option, value);
        if (result != WM_EXIT_OK)
            return result;
    }
    return WM_EXIT_OK;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct wm_rx rx = {.wanted = {.start_time_ns = WM_TIME_UNKNOWN}, .argc = argc, .argv = argv};
    struct wm_config_args args;
    char why[WM_CONFIG_WHY];
    char demo[4096];
    bool done = false, hung = false;
    int result = WM_EXIT_FAILED;

    if (wm_config_merge(command, argc, argv, &args, why) != WM_OK) {
        wm_say("%s", why);
        return WM_EXIT_USAGE;
    }
    if (wm_shared_create(&rx.shared) == WM_OK)
        result = wm_rx_parse(&rx, args.argc, args.argv, &done);
    if (result == WM_EXIT_OK && !done && !rx.shared.check) {
        if (!rx.modes)
            rx.modes = ALL_MODES;
        wm_signals_catch();
        if (args.path)
            wm_signals_catch_reload();
        if (rx.path && rx.live.count)
            result = wm_command_misused(command, "either a recording (-r) or radios (-d)");
        else if (!rx.path && !rx.live.count)
            result = choose_source(&rx, demo);
        if (result == WM_EXIT_OK && wm_common_default_output(rx.shared.outputs) != WM_OK)
            result = WM_EXIT_FAILED;
        if (result == WM_EXIT_OK)
            result = rx.live.count ? run_live(&rx, &hung) : wm_rx_recording(&rx);
        if (rx.shared.outputs && wm_common_close_outputs(rx.shared.outputs) != WM_OK)
            result = WM_EXIT_FAILED;
    }
    wm_shared_destroy(&rx.shared);
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
