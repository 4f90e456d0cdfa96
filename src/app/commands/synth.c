/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/synth/traffic.h"
#include "base/utc.h"
#include "phy/radio/sigmf.h"
#include "phy/signal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define BYTES_MIN      15 /* header of the random telegrams */
#define BYTES_MAX      251

enum {
    OUTPUT,
    TRUTH,
    MODE,
    FORMAT,
    FRAMES,
    BYTES,
    TELEGRAMS,
    EC_N0,
    LEVEL,
    CARRIER,
    CLOCK,
    DEVIATION,
    BT,
    GAP,
    PREAMBLE,
    TAIL,
    RATE,
    CENTRE,
    TYPE,
    NOISE,
    LO,
    DC,
    IQ,
    BESIDE,
    DURATION,
    START,
    SEED
};

static const struct wm_option options[] = {
    [OUTPUT] = {'o', "output", "FILE", "where the samples go: raw, SigMF when FILE ends in .sigmf-data, - is standard output"},
    [TRUTH] = {0, "truth", "FILE", "write what was sent, one JSON object a line"},
    [MODE] = {'m', "mode", "MODE", "T, C or S; default: T"},
    [FORMAT] = {0, "format", "A|B", "frame format; default: A"},
    [FRAMES] = {'n', "frames", "N", "number of random frames; default: 10, or 0 with --telegrams"},
    [BYTES] = {0, "bytes", "MIN-MAX", "length of the random telegrams with L and without CRCs; default: 30-70"},
    [TELEGRAMS] = {'t', "telegrams", "FILE",
                   "send these instead: lines MODE FORMAT HEX, without CRCs, and behind it what\n"
                   "this one has of its own: ec-n0=, offset-khz=, clock-ppm=, deviation-pct=,\n"
                   "gap-ms=; - is standard input"},
    [EC_N0] = {0, "ec-n0", "DB", "energy of a chip over the noise density; default: 20"},
    [LEVEL] = {0, "level", "DBFS", "carrier power instead of --ec-n0"},
    [CARRIER] = {0, "offset-khz", "R|A,B", "carrier errors between -R and R kHz, or A and B; default: 0"},
    [CLOCK] = {0, "clock-ppm", "R|A,B", "chip clock errors between -R and R ppm, or A and B; default: 0"},
    [DEVIATION] = {0, "deviation-pct", "R|A,B", "deviation errors between -R and R percent, or A and B; default: 0"},
    [BT] = {0, "bt", "B", "Gaussian shaping; default: 0, none"},
    [GAP] = {0, "gap-ms", "MIN-MAX", "pause before each transmission; default: 5-20"},
    [PREAMBLE] = {0, "preamble", "LENGTH", "short or long (mode S); default: short"},
    [TAIL] = {0, "tail", "CHIPS", "alternating chips behind the frame (modes S and T); default: 4"},
    [RATE] = {'s', "rate", "RATE", "sample rate; default: 1.6M"},
    [CENTRE] = {'f', "centre", "FREQ", "centre frequency; default: 868.95M, for mode S 868.3M"},
    [TYPE] = {0, "type", "TYPE", "cu8, cs8, cs16 or cf32; default: cu8"},
    [NOISE] = {0, "noise-lsb", "LSB", "rms of the complex noise in steps of an 8-bit converter; default: 10"},
    [LO] = {0, "lo-offset-khz", "KHZ", "error of the receiver's oscillator: moves the whole band up; default: 0"},
    [DC] = {0, "dc-lsb", "I,Q", "the converter's offset, in steps of an 8-bit converter; default: 0,0"},
    [IQ] = {0, "iq-error", "DB,DEG", "gain and angle error between I and Q; default: 0,0"},
    [BESIDE] = {0, "carrier", "KHZ,DB",
                "an unmodulated carrier so far from the centre, DB over the noise in 200 kHz; default: none"},
    [DURATION] = {0, "duration", "SECONDS", "least length of the stream; default: 0"},
    [START] = {0, "start", "TIME", "UTC of the first sample for SigMF (2026-01-31T12:00:00Z)"},
    [SEED] = {0, "seed", "N", "the same seed gives the same stream; default: 1"},
};

struct synth_run {
    const char *output, *truth, *telegrams;
    struct wm_traffic_item item; /* mode and format of random frames */
    bool has_frames, has_centre;
    double frames, bytes_min, bytes_max, duration_s, seed;
    struct wm_traffic traffic;
    struct wm_synth_stream stream;
    int64_t start_time_ns;

    FILE *out, *truth_out;
    struct wm_synth *synth;
    struct wm_rng rng;
    uint8_t block[WM_SYNTH_BLOCK * 8];
};

static int misused(int option, const char *value, const char *remedy)
{
    char why[256];

    snprintf(why, sizeof why, "--%s %.80s: %s", options[option].name, value, remedy);
    return wm_command_misused(&wm_command_synth, why);
}

static bool number(const char *text, char end, double low, double high, double *value, const char **rest)
{
    char *stop;

    *value = strtod(text, &stop);
    *rest = stop + (*stop != '\0');
    return stop != text && *stop == end && *value >= low && *value <= high;
}

static int set_number(int option, const char *value, double low, double high, double factor, double *slot)
{
    char remedy[96];
    const char *rest;

    snprintf(remedy, sizeof remedy, "not a number from %g to %g", low, high);
    if (!number(value, '\0', low, high, slot, &rest))
        return misused(option, value, remedy);
    *slot *= factor;
    return WM_EXIT_OK;
}

static int set_pair(int option, const char *value, char between, double low, double high, double factor, double *a, double *b)
{
    char remedy[96];
    const char *rest;

    snprintf(remedy, sizeof remedy, "not two numbers from %g to %g with '%c' between", low, high, between);
    if (!number(value, between, low, high, a, &rest) || !number(rest, '\0', low, high, b, &rest) || (between == '-' && *a > *b))
        return misused(option, value, remedy);
    *a *= factor;
    *b *= factor;
    return WM_EXIT_OK;
}

/* "R": from -R to R; "A,B": from A to B. Kept as the range's middle and half its width. */
static int set_range(int option, const char *value, double limit, double factor, double *middle, double *spread)
{
    double a = 0, b = 0;
    int code;

    if (!strchr(value, ',')) {
        *middle = 0;
        return set_number(option, value, 0, limit, factor, spread);
    }
    code = set_pair(option, value, ',', -limit, limit, factor, &a, &b);
    *middle = (a + b) / 2;
    *spread = (b - a) / 2;
    return code == WM_EXIT_OK && a > b ? misused(option, value, "the lower end comes first") : code;
}

static int set_hz(int option, const char *value, double *hz)
{
    if (wm_frequency_parse(value, hz) != WM_OK || !(*hz > 0))
        return misused(option, value, "not a frequency; write 1600000, 1600k, 1.6M or 868.95M");
    return WM_EXIT_OK;
}

static int set_transmitter(struct synth_run *run, int option, const char *value)
{
    struct wm_traffic *traffic = &run->traffic;
    double count;
    int code;

    switch (option) {
    case MODE:
        return wm_mode_by_name(value, &run->item.mode) == WM_OK ? WM_EXIT_OK
                                                                : misused(option, value, "no such mode; there are T, C and S");
    case FORMAT:
        run->item.format = value[0] == 'B' || value[0] == 'b' ? WM_FORMAT_B : WM_FORMAT_A;
        return strlen(value) == 1 && strchr("ABab", value[0]) ? WM_EXIT_OK : misused(option, value, "there are A and B");
    case FRAMES:
        run->has_frames = true;
        return set_number(option, value, 0, 1e9, 1, &run->frames);
    case BYTES:
        return set_pair(option, value, '-', BYTES_MIN, BYTES_MAX, 1, &run->bytes_min, &run->bytes_max);
    case EC_N0:
        return set_number(option, value, -50, 100, 1, &traffic->ec_n0_db);
    case LEVEL:
        traffic->has_level = true;
        return set_number(option, value, -150, 20, 1, &traffic->level_dbfs);
    case CARRIER:
        return set_range(option, value, 1000, 1e3, &traffic->carrier_middle_hz, &traffic->carrier_hz);
    case CLOCK:
        return set_range(option, value, 200e3, 1, &traffic->clock_middle_ppm, &traffic->clock_ppm);
    case DEVIATION:
        return set_range(option, value, 90, 1, &traffic->deviation_middle_pct, &traffic->deviation_pct);
    case BT:
        code = set_number(option, value, 0, 10, 1, &traffic->bt);
        return code == WM_EXIT_OK && traffic->bt > 0 && traffic->bt < 0.1 ? misused(option, value, "0, or at least 0.1") : code;
    case GAP:
        return set_pair(option, value, '-', 0, 1e6, 1e-3, &traffic->gap_min_s, &traffic->gap_max_s);
    case PREAMBLE:
        traffic->long_preamble = strcmp(value, "long") == 0;
        return traffic->long_preamble || strcmp(value, "short") == 0 ? WM_EXIT_OK
                                                                     : misused(option, value, "there are short and long");
    default:
        code = set_number(option, value, 0, 8, 1, &count);
        traffic->tail_chips = (unsigned)count;
        return code;
    }
}

static int set_stream(struct synth_run *run, int option, const char *value)
{
    struct wm_synth_stream *stream = &run->stream;
    double full_scale = wm_channel_full_scale(WM_SAMPLES_CU8);

    switch (option) {
    case OUTPUT:
        run->output = value;
        return WM_EXIT_OK;
    case TRUTH:
        run->truth = value;
        return WM_EXIT_OK;
    case TELEGRAMS:
        run->telegrams = value;
        return WM_EXIT_OK;
    case RATE:
        return set_hz(option, value, &stream->sample_rate_hz);
    case CENTRE:
        run->has_centre = true;
        return set_hz(option, value, &stream->centre_hz);
    case TYPE:
        return wm_sample_format_by_name(value, &stream->format) == WM_OK
                   ? WM_EXIT_OK
                   : misused(option, value, "no such sample format; there are cu8, cs8, cs16 and cf32");
    case NOISE:
        return set_number(option, value, 0, 1e6, 1, &stream->noise_lsb); /* cf32 may have any scale */
    case LO:
        return set_number(option, value, -1000, 1000, 1e3, &stream->front_end.offset_hz);
    case DC:
        return set_pair(option, value, ',', -128, 128, 1 / full_scale, &stream->front_end.dc_i, &stream->front_end.dc_q);
    case BESIDE: {
        int status = set_pair(option, value, ',', -10e3, 10e3, 1, &stream->carrier_hz, &stream->carrier_to_noise);
        stream->carrier_hz *= 1e3;
        stream->carrier_to_noise = pow(10, stream->carrier_to_noise / 10);
        return status;
    }
    case IQ:
        return set_pair(option, value, ',', -45, 45, 1, &stream->front_end.iq_gain_db, &stream->front_end.iq_phase_deg);
    case DURATION:
        return set_number(option, value, 0, 1e7, 1, &run->duration_s);
    case START:
        return wm_utc_parse(value, &run->start_time_ns) == WM_OK ? WM_EXIT_OK
                                                                 : misused(option, value, "not a time; write 2026-01-31T12:00:00Z");
    default:
        return set_number(option, value, 0, 9007199254740992.0, 1, &run->seed);
    }
}

static int failed(const char *what, const char *path)
{
    wm_say("%s %s: %s", what, strcmp(path, "-") == 0 ? "standard output" : path, strerror(errno));
    return WM_EXIT_FAILED;
}

static int render_until(struct synth_run *run, uint64_t end)
{
    size_t sample_bytes = wm_sample_format_bytes(run->stream.format);

    while (wm_synth_position(run->synth) < end) {
        uint64_t left = end - wm_synth_position(run->synth);
        size_t count = left < WM_SYNTH_BLOCK ? (size_t)left : WM_SYNTH_BLOCK;

        if (wm_synth_render(run->synth, count, run->block) != WM_OK || fwrite(run->block, sample_bytes, count, run->out) != count)
            return failed("cannot write", run->output);
    }
    return WM_EXIT_OK;
}

/* Puts one telegram on the air and renders to its end. */
static int transmit(struct synth_run *run, const struct wm_traffic_item *item)
{
    struct wm_synth_burst burst;
    struct wm_synth_place place;
    char truth[WM_TRUTH_MAX];
    enum wm_status status;

    wm_traffic_draw(&run->traffic, run->synth, run->stream.sample_rate_hz, wm_synth_position(run->synth), &run->rng, item, &burst);
    status = wm_synth_add(run->synth, &burst, &place);
    if (status == WM_INVALID) {
        wm_say("mode %s format %s does not exist, or its channel at %.3f MHz lies outside the band: correct --centre or --rate",
               wm_mode_info(item->mode)->name, wm_format_name(item->format), wm_mode_info(item->mode)->centre_hz / 1e6);
        return WM_EXIT_USAGE;
    }
    if (status != WM_OK) {
        wm_say("cannot build the frame: %s", wm_status_text(status));
        return WM_EXIT_FAILED;
    }
    if (run->truth_out) {
        wm_traffic_truth(&burst, &place, truth);
        if (fprintf(run->truth_out, "%s\n", truth) < 0)
            return failed("cannot write", run->truth);
    }
    return render_until(run, place.end_sample);
}

static int send_list(struct synth_run *run)
{
    FILE *list = strcmp(run->telegrams, "-") == 0 ? stdin : fopen(run->telegrams, "r");
    char line[LINE_MAX_BYTES];
    int code = WM_EXIT_OK;

    if (!list)
        return failed("cannot read", run->telegrams);
    for (unsigned n = 1; code == WM_EXIT_OK && fgets(line, sizeof line, list); n++) {
        struct wm_traffic_item item;
        const char *why = "";
        enum wm_status status = wm_traffic_line(line, &item, &why);

        if (status == WM_OK) {
            code = transmit(run, &item);
        } else if (status != WM_END) {
            wm_say("%s:%u: %s", run->telegrams, n, why);
            code = WM_EXIT_FAILED;
        }
    }
    if (list != stdin)
        fclose(list);
    return code;
}

static int send_all(struct synth_run *run)
{
    const struct wm_synth_stream *stream = &run->stream;
    struct wm_traffic_item item = run->item;
    uint64_t end;
    int code = run->telegrams ? send_list(run) : WM_EXIT_OK;

    for (double i = 0; code == WM_EXIT_OK && i < run->frames; i++) {
        wm_traffic_random(&run->rng, (size_t)run->bytes_min, (size_t)run->bytes_max, &item);
        code = transmit(run, &item);
    }
    if (code != WM_EXIT_OK)
        return code;
    /* a receiver needs some air behind the last burst too */
    end = wm_synth_last_end(run->synth) + (uint64_t)ceil(run->traffic.gap_max_s * stream->sample_rate_hz);
    if (end < (uint64_t)(run->duration_s * stream->sample_rate_hz))
        end = (uint64_t)(run->duration_s * stream->sample_rate_hz);
    code = render_until(run, end);
    if (wm_synth_clipped(run->synth) > 0)
        wm_say("%llu of %llu components were clipped", (unsigned long long)wm_synth_clipped(run->synth),
               2 * (unsigned long long)wm_synth_position(run->synth));
    return code;
}

static int write_meta(const struct synth_run *run)
{
    size_t base = strlen(run->output) - strlen(WM_SIGMF_DATA);
    struct wm_sigmf meta = {.info = {.has_format = true,
                                     .format = run->stream.format,
                                     .sample_rate_hz = run->stream.sample_rate_hz,
                                     .centre_hz = run->stream.centre_hz,
                                     .start_time_ns = run->start_time_ns},
                            .description = "synthetic recording made by wmsdr synth"};
    char *path = malloc(base + sizeof WM_SIGMF_META);
    char *text = NULL;
    FILE *file = NULL;
    int code = WM_EXIT_OK;

    if (path && wm_sigmf_build(&meta, &text) == WM_OK) {
        memcpy(path, run->output, base);
        strcpy(path + base, WM_SIGMF_META);
        file = fopen(path, "w");
    }
    if (!file || fprintf(file, "%s\n", text) < 0)
        code = failed("cannot write the metadata of", run->output);
    if (file && fclose(file) != 0 && code == WM_EXIT_OK)
        code = failed("cannot write", path);
    free(path);
    free(text);
    return code;
}

static int produce(struct synth_run *run)
{
    size_t len = strlen(run->output), n = strlen(WM_SIGMF_DATA);
    bool sigmf = len > n && strcmp(run->output + len - n, WM_SIGMF_DATA) == 0;
    int code = WM_EXIT_OK;

    run->out = strcmp(run->output, "-") == 0 ? stdout : fopen(run->output, "wb");
    if (!run->out)
        return failed("cannot write", run->output);
    if (run->truth) {
        run->truth_out = fopen(run->truth, "w");
        if (!run->truth_out)
            code = failed("cannot write", run->truth);
    }
    if (code == WM_EXIT_OK)
        code = send_all(run);
    if (run->truth_out && fclose(run->truth_out) != 0 && code == WM_EXIT_OK)
        code = failed("cannot write", run->truth);
    if ((run->out == stdout ? fflush(stdout) : fclose(run->out)) != 0 && code == WM_EXIT_OK)
        code = failed("cannot write", run->output);
    if (code == WM_EXIT_OK && sigmf)
        code = write_meta(run);
    return code;
}

static int prepare(struct synth_run *run)
{
    if (!run->output)
        return wm_command_misused(&wm_command_synth, "where shall the samples go? Name a file with -o, or - for standard output");
    if (!run->has_centre)
        run->stream.centre_hz = wm_mode_info(run->telegrams ? WM_MODE_T : run->item.mode)->centre_hz;
    if (!run->has_frames)
        run->frames = run->telegrams ? 0 : 10;
    if (run->stream.noise_lsb == 0 && !run->traffic.has_level)
        return wm_command_misused(&wm_command_synth, "without noise there is no Ec/N0: give the signal's power with --level");
    run->stream.seed = (uint64_t)run->seed;
    wm_rng_seed(&run->rng, ~(uint64_t)run->seed); /* frames of their own generator: the same ones at any Ec/N0 */
    if (wm_synth_create(&run->stream, &run->synth) != WM_OK) {
        wm_say("no memory");
        return WM_EXIT_FAILED;
    }
    return WM_EXIT_OK;
}

static int run_synth(const struct wm_command *command, int argc, char **argv)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    struct synth_run *run = calloc(1, sizeof *run);
    int code = WM_EXIT_OK;
    int option;
    char *value;

    if (!run) {
        wm_say("no memory");
        return WM_EXIT_FAILED;
    }
    run->item = (struct wm_traffic_item){.mode = WM_MODE_T, .format = WM_FORMAT_A};
    run->bytes_min = 30;
    run->bytes_max = 70;
    run->seed = 1;
    run->traffic = (struct wm_traffic){.ec_n0_db = 20, .gap_min_s = 5e-3, .gap_max_s = 20e-3, .tail_chips = 4};
    run->stream = (struct wm_synth_stream){.sample_rate_hz = 1.6e6, .noise_lsb = 10};
    run->start_time_ns = WM_TIME_UNKNOWN;
    while (code == WM_EXIT_OK && (option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        if (option == WM_OPTION_HELP) {
            wm_command_help(command, stdout);
            free(run);
            return WM_EXIT_OK;
        }
        if (option == WM_OPTION_BAD)
            code = wm_command_misused(command, reader.why);
        else if (option == WM_OPTION_OPERAND)
            code = wm_command_misused(command, "this command takes options only");
        else if (option >= MODE && option <= TAIL && option != TELEGRAMS)
            code = set_transmitter(run, option, value);
        else
            code = set_stream(run, option, value);
    }
    if (code == WM_EXIT_OK)
        code = prepare(run);
    if (code == WM_EXIT_OK)
        code = produce(run);
    wm_synth_destroy(run->synth);
    free(run);
    return code;
}

const struct wm_command wm_command_synth = {
    .name = "synth",
    .summary = "make a recording: frames, noise and a receiver's faults, for tests and measurements",
    .operands = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes = "A stream is white noise with transmissions in it, one after another. Ec/N0 is the energy of a chip over\n"
             "the noise density; the noise's rms fixes the scale. The same options and seed give the same stream, and\n"
             "the same seed the same frames at any Ec/N0.\n",
    .run = run_synth,
};
