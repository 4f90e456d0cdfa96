/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/rx/reception.h"
#include "app/synth/traffic.h"
#include "dsp/kernels.h"
#include "phy/demodulator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How fast this machine is: the whole receiver, telegrams written as JSON to nowhere, on synthetic air that lies in memory. All
 * times are of this thread's CPU: what other processes do to it is not the receiver's. */

#define RATE_HZ    1.6e6
#define CENTRE_HZ  868.625e6 /* holds S, T and C */
#define AIR_S      2.0
#define PUSH_BYTES 65536
#define BLOCK      1600 /* samples in 1 ms: how live samples arrive */
#define BLOCKS     10   /* rendered at a time, outside the measured time */
#define RECENT     64   /* transmissions remembered */
#define STARTS     512  /* blocks whose start is remembered: longer than a frame */

enum { SECONDS, FRAMES, KERNELS, FORMAT, CURVE };

static const struct wm_option options[] = {
    [SECONDS] = {0, "seconds", "S", "CPU time of each throughput figure; default: 0.5"},
    [FRAMES] = {'n', "frames", "N", "transmissions for the latency; default: 2000"},
    [KERNELS] = {0, "kernels", "NAME", "only this SIMD variant; default: throughput of all, latency of the best"},
    [FORMAT] = {'F', "output", "FORMAT", "text or csv; default: text"},
    [CURVE] = {0, "curve", "FILE", "the latency's distribution as CSV: pass, us, share of frames that took as long or longer"},
};

struct bench {
    double seconds, frames;
    const char *kernels, *curve;
    bool csv;
    struct wm_outputs *outputs;
    struct wm_pipeline *pipeline;
    struct wm_reception reception;
};

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void row(const struct bench *bench, const char *what, const char *variant, const char *of, double value, const char *unit)
{
    printf(bench->csv ? "%s,%s,%s,%.4g,%s\n" : "%-11s %-8s %-34s %9.4g %s\n", what, variant, of, value, unit);
}

/* ---- synthetic air */

/* The n-th transmission: T, C in both formats and S in turn. */
static struct wm_traffic_item item_of(struct wm_rng *rng, unsigned n)
{
    static const struct {
        enum wm_mode mode;
        enum wm_format format;
    } kinds[] = {{WM_MODE_T, WM_FORMAT_A}, {WM_MODE_C, WM_FORMAT_A}, {WM_MODE_C, WM_FORMAT_B}, {WM_MODE_S, WM_FORMAT_A}};
    struct wm_traffic_item item = {.mode = kinds[n % 4].mode, .format = kinds[n % 4].format};

    wm_traffic_random(rng, 30, 70, &item);
    return item;
}

static enum wm_status open_air(struct wm_synth **synth)
{
    const struct wm_synth_stream stream = {.sample_rate_hz = RATE_HZ, .centre_hz = CENTRE_HZ, .noise_lsb = 10, .seed = 1};

    return wm_synth_create(&stream, synth);
}

/* AIR_S seconds of cu8 where somebody sends for `share` of the time, at the given levels in turn. */
static uint8_t *make_air(double share, const double *levels_db, unsigned level_count, size_t *bytes)
{
    const size_t samples = (size_t)(AIR_S * RATE_HZ);
    struct wm_synth *synth = NULL;
    struct wm_rng rng;
    uint8_t *air = malloc(2 * samples);
    enum wm_status status = air ? open_air(&synth) : WM_NO_MEMORY;

    wm_rng_seed(&rng, 2);
    for (uint64_t at = 0, n = 0; status == WM_OK && share > 0 && at < samples; n++) {
        struct wm_traffic_item item = item_of(&rng, (unsigned)n);
        struct wm_traffic traffic = {.ec_n0_db = levels_db[n / 4 % level_count], .carrier_hz = 30e3, .clock_ppm = 50};
        struct wm_synth_burst burst;
        struct wm_synth_place place;
        wm_traffic_draw(&traffic, synth, RATE_HZ, at, &rng, &item, &burst);
        status = wm_synth_add(synth, &burst, &place);
        if (status == WM_OK) /* a pause as long as its share demands */
            at = place.end_sample + (uint64_t)((double)(place.end_sample - at) * (1 - share) / share);
    }
    for (size_t at = 0; status == WM_OK && at < samples;) {
        size_t n = samples - at < WM_SYNTH_BLOCK ? samples - at : WM_SYNTH_BLOCK;
        status = wm_synth_render(synth, n, air + 2 * at);
        at += n;
    }
    wm_synth_destroy(synth);
    if (status != WM_OK) {
        free(air);
        return NULL;
    }
    *bytes = 2 * samples;
    return air;
}

/* ---- throughput of the whole receiver */

static enum wm_status create_receiver(struct bench *bench, const char *kernels, wm_sync_fn on_sync, void *user,
                                      struct wm_receiver **receiver)
{
    const struct wm_receiver_config config = {.sample_rate_hz = RATE_HZ,
                                              .centre_hz = CENTRE_HZ,
                                              .start_time_ns = WM_TIME_UNKNOWN,
                                              .kernels = kernels,
                                              .on_sync = on_sync,
                                              .user = user};

    bench->reception = (struct wm_reception){.pipeline = bench->pipeline, .repair = &wm_repair_default};
    return wm_receiver_create(&config, receiver);
}

static enum wm_status throughput(struct bench *bench, const char *kernels, const char *name, const uint8_t *air, size_t bytes)
{
    struct wm_receiver *receiver;
    enum wm_status status = create_receiver(bench, kernels, wm_reception_on_sync, &bench->reception, &receiver);
    double spent = 0, samples = 0;

    if (status != WM_OK)
        return status;
    /* the first time through warms the caches and lets the gate learn the noise */
    for (unsigned pass = 0; status == WM_OK && spent < bench->seconds; pass++) {
        double start = cpu_s();
        for (size_t at = 0; status == WM_OK && at < bytes; at += PUSH_BYTES)
            status = wm_receiver_push(receiver, air + at, bytes - at < PUSH_BYTES ? bytes - at : PUSH_BYTES);
        spent += pass ? cpu_s() - start : 0;
        samples += pass ? (double)bytes / 2 : 0;
    }
    if (status == WM_OK)
        row(bench, "throughput", wm_receiver_kernels(receiver), name, samples / spent / 1e6, "MS/s");
    wm_receiver_destroy(receiver);
    return status;
}

static enum wm_status all_throughput(struct bench *bench)
{
    static const double mixed[] = {10, 15, 20, 30}, weak[] = {7};
    static const struct {
        const char *name;
        double share;
        const double *levels;
        unsigned count;
    } airs[] = {{"idle", 0, mixed, 1}, {"half full 10 to 30 dB", 0.5, mixed, 4}, {"half full all at 7 dB", 0.5, weak, 1}};
    enum wm_status status = WM_OK;

    for (size_t a = 0; status == WM_OK && a < sizeof airs / sizeof airs[0]; a++) {
        size_t bytes = 0;
        uint8_t *air = make_air(airs[a].share, airs[a].levels, airs[a].count, &bytes);
        const struct wm_kernels *kernels;
        status = air ? WM_OK : WM_NO_MEMORY;
        for (size_t k = 0; status == WM_OK && (kernels = wm_kernels_at(k)) != NULL; k++)
            if (!bench->kernels || strcmp(bench->kernels, kernels->name) == 0)
                status = throughput(bench, kernels->name, airs[a].name, air, bytes);
        free(air);
    }
    return status;
}

/* ---- latency: from the push that holds a frame's last sample to its telegram written */

enum pass { FIRST, MIDDLE, LAST, PASSES };
static const char *const pass_names[] = {"first pass", "passes between", "last pass"};

struct latency {
    struct bench *bench;
    struct wm_synth *synth;
    struct wm_rng rng;
    struct wm_synth_place recent[RECENT];
    unsigned sent;
    double before[STARTS]; /* time spent in pushes before block n % STARTS */
    uint64_t block;        /* being pushed */
    double pushed_s, push_start;
    /* the sync being read */
    const struct wm_soft_source *source;
    unsigned tier;
    /* results, seconds */
    double *took[PASSES];
    size_t count[PASSES], cap;
    uint64_t late_blocks, latest; /* frames that waited for samples behind their end; the longest such wait in blocks */
    double longest_push;
};

static enum wm_status watched_read(void *self, unsigned tier, size_t bytes, struct wm_soft *soft)
{
    struct latency *l = self;

    l->tier = tier > l->tier ? tier : l->tier;
    return l->source->read(l->source->self, tier, bytes, soft);
}

static enum wm_status on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    struct latency *l = user;
    const struct wm_soft_source watched = {.read = watched_read, .self = l};
    struct wm_sync seen = *sync;
    uint64_t end = 0;
    enum wm_status status;

    seen.source = &watched;
    l->source = sync->source;
    l->tier = 0;
    status = wm_reception_on_sync(&l->bench->reception, &seen, air_bytes);
    if (status != WM_OK)
        return status;
    for (unsigned i = 0; i < RECENT && i < l->sent; i++)
        if (fabs((double)l->recent[i].data_sample - (double)sync->signal->sample_index) < 100)
            end = l->recent[i].end_sample;
    if (end == 0)
        return status; /* read from beside its place: nobody knows since when it could be */
    const uint64_t at = (end - 1) / BLOCK;
    const enum pass pass = l->tier == 0 ? FIRST : l->tier + 1 == WM_TIERS ? LAST : MIDDLE;
    if (l->count[pass] < l->cap)
        l->took[pass][l->count[pass]++] = l->pushed_s + cpu_s() - l->push_start - l->before[at % STARTS];
    l->late_blocks += l->block > at;
    l->latest = l->block - at > l->latest ? l->block - at : l->latest;
    return status;
}

static enum wm_status send_next(struct latency *l)
{
    struct wm_traffic_item item = item_of(&l->rng, l->sent);
    struct wm_traffic traffic = {
        .ec_n0_db = l->sent / 4 % 2 ? 7 : 17, .carrier_hz = 30e3, .clock_ppm = 50, .gap_min_s = 3e-3, .gap_max_s = 9e-3};
    struct wm_synth_burst burst;

    wm_traffic_draw(&traffic, l->synth, RATE_HZ, wm_synth_last_end(l->synth), &l->rng, &item, &burst);
    return wm_synth_add(l->synth, &burst, &l->recent[l->sent++ % RECENT]);
}

static enum wm_status run_air(struct latency *l, struct wm_receiver *receiver)
{
    static uint8_t air[2 * BLOCK * BLOCKS];
    enum wm_status status = WM_OK;

    while (status == WM_OK &&
           (l->sent < l->bench->frames || wm_synth_position(l->synth) < wm_synth_last_end(l->synth) + BLOCK * BLOCKS)) {
        while (status == WM_OK && l->sent < l->bench->frames &&
               wm_synth_last_end(l->synth) < wm_synth_position(l->synth) + BLOCK * BLOCKS)
            status = send_next(l);
        if (status == WM_OK)
            status = wm_synth_render(l->synth, BLOCK * BLOCKS, air);
        for (unsigned i = 0; status == WM_OK && i < BLOCKS; i++, l->block++) {
            l->before[l->block % STARTS] = l->pushed_s;
            l->push_start = cpu_s();
            status = wm_receiver_push(receiver, air + (size_t)2 * BLOCK * i, 2 * BLOCK);
            double took = cpu_s() - l->push_start;
            l->pushed_s += took;
            l->longest_push = took > l->longest_push ? took : l->longest_push;
        }
    }
    return status;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report_latency(const struct latency *l, const char *variant)
{
    static const double shares[] = {0.5, 0.99, 0.999};
    static const char *const share_names[] = {"median", "99 %", "99.9 %"};
    size_t all = 0;
    char of[64];

    for (int pass = 0; pass < PASSES; pass++) {
        const size_t n = l->count[pass];
        all += n;
        if (n == 0)
            continue;
        qsort(l->took[pass], n, sizeof *l->took[pass], compare);
        for (int i = 0; i < 3; i++) {
            snprintf(of, sizeof of, "%s %s of %zu", pass_names[pass], share_names[i], n);
            row(l->bench, "latency", variant, of, 1e6 * l->took[pass][(size_t)(shares[i] * (double)(n - 1) + 0.5)], "us");
        }
    }
    row(l->bench, "latency", variant, "frames that wait for later samples", all ? 100 * (double)l->late_blocks / (double)all : 0,
        "%");
    row(l->bench, "latency", variant, "longest such wait", (double)l->latest, "ms");
    row(l->bench, "latency", variant, "longest push of 1 ms", 1e6 * l->longest_push, "us");
}

static int write_curve(const struct latency *l)
{
    FILE *out = fopen(l->bench->curve, "w");

    if (!out)
        return WM_EXIT_FAILED;
    fprintf(out, "pass,us,share_as_long\n");
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < l->count[pass]; i++)
            fprintf(out, "%s,%.2f,%.6f\n", pass_names[pass], 1e6 * l->took[pass][i],
                    (double)(l->count[pass] - i) / (double)l->count[pass]);
    return fclose(out) == 0 ? WM_EXIT_OK : WM_EXIT_FAILED;
}

static enum wm_status latency(struct bench *bench, int *code)
{
    struct latency *l = calloc(1, sizeof *l);
    struct wm_receiver *receiver = NULL;
    enum wm_status status = l ? open_air(&l->synth) : WM_NO_MEMORY;

    if (!l)
        return status;
    l->bench = bench;
    l->cap = (size_t)bench->frames + 1;
    wm_rng_seed(&l->rng, 3);
    for (int pass = 0; pass < PASSES; pass++) {
        l->took[pass] = calloc(l->cap, sizeof *l->took[pass]);
        status = l->took[pass] ? status : WM_NO_MEMORY;
    }
    if (status == WM_OK)
        status = create_receiver(bench, bench->kernels, on_sync, l, &receiver);
    if (status == WM_OK)
        status = run_air(l, receiver);
    if (status == WM_OK) {
        report_latency(l, wm_receiver_kernels(receiver));
        if (bench->curve && (*code = write_curve(l)) != WM_EXIT_OK)
            wm_say("cannot write %s", bench->curve);
    }
    wm_receiver_destroy(receiver);
    wm_synth_destroy(l->synth);
    for (int pass = 0; pass < PASSES; pass++)
        free(l->took[pass]);
    free(l);
    return status;
}

/* ---- the command */

static int set_number(const struct wm_command *command, const char *value, double low, double high, double *slot)
{
    char *end, why[96];

    *slot = strtod(value, &end);
    if (end != value && *end == '\0' && *slot >= low && *slot <= high)
        return WM_EXIT_OK;
    snprintf(why, sizeof why, "%.20s is not a number from %g to %g", value, low, high);
    return wm_command_misused(command, why);
}

static int set_option(const struct wm_command *command, struct bench *bench, int option, const char *value)
{
    switch (option) {
    case SECONDS:
        return set_number(command, value, 0.01, 3600, &bench->seconds);
    case FRAMES:
        return set_number(command, value, 0, 1e7, &bench->frames);
    case KERNELS:
        bench->kernels = value;
        return wm_kernels_select(value) ? WM_EXIT_OK : wm_command_misused(command, "this machine has no such SIMD variant");
    case FORMAT:
        bench->csv = strcmp(value, "csv") == 0;
        return bench->csv || strcmp(value, "text") == 0 ? WM_EXIT_OK : wm_command_misused(command, "there are text and csv");
    case CURVE:
        bench->curve = value;
        return WM_EXIT_OK;
    default:
        return wm_command_misused(command, "this command takes options only");
    }
}

static int run_bench(const struct wm_command *command, int argc, char **argv)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    struct bench bench = {.seconds = 0.5, .frames = 2000};
    enum wm_status status;
    int option, code = WM_EXIT_OK;
    char *value;

    while (code == WM_EXIT_OK && (option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        if (option == WM_OPTION_HELP) {
            wm_command_help(command, stdout);
            return WM_EXIT_OK;
        }
        code = option == WM_OPTION_BAD ? wm_command_misused(command, reader.why) : set_option(command, &bench, option, value);
    }
    if (code != WM_EXIT_OK)
        return code;
    status = wm_outputs_create(&bench.outputs);
    if (status == WM_OK)
        status = wm_outputs_add(bench.outputs, "json:/dev/null");
    if (status == WM_OK)
        status = wm_pipeline_create(NULL, bench.outputs, &bench.pipeline);
    if (status == WM_OK) {
        if (bench.csv)
            printf("what,variant,of,value,unit\n");
        status = all_throughput(&bench);
    }
    if (status == WM_OK && bench.frames > 0)
        status = latency(&bench, &code);
    if (status == WM_OK)
        status = bench.reception.failed;
    if (status != WM_OK) {
        wm_say("%s", wm_status_text(status));
        code = WM_EXIT_FAILED;
    }
    wm_pipeline_destroy(bench.pipeline);
    wm_outputs_destroy(bench.outputs);
    return code;
}

const struct wm_command wm_command_bench = {
    .name = "bench",
    .summary = "how fast this machine is: throughput of each SIMD variant, latency",
    .operands = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes = "The whole receiver with all modes at 1.6 MS/s, telegrams written as JSON to nowhere. Times are of the CPU.\n"
             "Latency: from the push of the 1 ms block that holds a frame's last sample to its telegram written; the\n"
             "frames are by turns strong (17 dB Ec/N0) and so weak (7 dB) that many need the later passes.\n",
    .run = run_bench,
};
