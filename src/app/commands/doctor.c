/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/doctor/diagnose.h"
#include "app/doctor/spectrum.h"
#include "app/options/common.h"
#include "app/process/signals.h"
#include "app/rx/reception.h"
#include "app/rx/tap.h"
#include "base/select.h"
#include "phy/radio/usb.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* `wmsdr doctor`: why do I hear nothing? */

#define SECONDS      10.0
#define KEEP_BYTES   (64u << 20) /* the samples that other rates and centres are tried on */
#define FINDINGS_MAX 8
#define STICKS_MAX   8
#define HISTOGRAM_HZ 10e3

enum { TIME = WM_TAP_OPTIONS, SVG };

static const struct wm_option options[] = {
    WM_TAP_ROWS,
    [TIME] = {'t', "time", "SECONDS", "listen so long; default: 10, of a recording all"},
    [SVG] = {0, "svg", "FILE", "write the spectrum with the channels marked as a picture"},
};

struct doctor {
    struct wm_tap_config tap;
    double seconds;
    const char *svg;
    unsigned char *kept;
    size_t kept_bytes;
    struct wm_doctor_facts facts;
    struct wm_spectrum spectrum;
};

/* ---- listening ---- */

static void on_frame(void *user, struct wm_frame *frame)
{
    struct wm_doctor_heard *heard = user;

    heard->frames[frame->mode]++;
    if (heard->offsets == WM_DOCTOR_OFFSETS)
        return;
    heard->clock_ppm[heard->offsets] = frame->signal.clock_ppm;
    heard->offset_hz[heard->offsets++] = frame->signal.offset_hz;
}

struct ear {
    struct wm_reception reception;
    struct wm_receiver *receiver;
};

static enum wm_status ear_open(struct ear *ear, enum wm_sample_format format, double rate_hz, double centre_hz, unsigned modes,
                               struct wm_doctor_heard *heard)
{
    const struct wm_receiver_config config = {
        .format = format,
        .sample_rate_hz = rate_hz,
        .centre_hz = centre_hz,
        .modes = modes,
        .start_time_ns = WM_TIME_UNKNOWN,
        .on_sync = wm_reception_on_sync,
        .user = &ear->reception,
    };

    memset(ear, 0, sizeof *ear);
    memset(heard, 0, sizeof *heard);
    ear->reception.repair = &wm_repair_none; /* nothing here may be a guess */
    ear->reception.on_frame = on_frame;
    ear->reception.user = heard;
    return wm_receiver_create(&config, &ear->receiver);
}

static void ear_close(struct ear *ear, struct wm_doctor_heard *heard)
{
    struct wm_receiver_stats stats;

    if (wm_receiver_flush(ear->receiver) != WM_OK)
        return;
    wm_receiver_stats(ear->receiver, &stats);
    for (unsigned m = 0; m < WM_MODE_COUNT; m++) {
        heard->active[m] = stats.mode[m].active;
        heard->bursts[m] = stats.mode[m].bursts;
        heard->syncs[m] = stats.mode[m].syncs;
        heard->noise_dbfs[m] = stats.mode[m].noise_dbfs;
        heard->crc_failed[m] = ear->reception.stats[m].crc_failed;
    }
    wm_receiver_destroy(ear->receiver);
}

static uint64_t frames_of(const struct wm_doctor_heard *heard)
{
    uint64_t frames = 0;

    for (unsigned m = 0; m < WM_MODE_COUNT; m++)
        frames += heard->frames[m];
    return frames;
}

/* What is heard in the kept samples at another rate or centre. */
static uint64_t heard_at(const struct doctor *d, const struct wm_source_info *info, double rate_hz, double centre_hz,
                         struct wm_doctor_heard *heard)
{
    struct ear ear;

    if (ear_open(&ear, info->format, rate_hz, centre_hz, d->tap.modes, heard) != WM_OK)
        return 0;
    if (wm_receiver_push(ear.receiver, d->kept, d->kept_bytes) != WM_OK)
        return 0;
    ear_close(&ear, heard);
    return frames_of(heard);
}

static float median(float *values, size_t n)
{
    return wm_select(values, n, n / 2);
}

struct best {
    uint64_t frames;
    float clock_ppm;
};

/* Tries one rate and centre; true: it is better than what was best so far. Among those that hear as much, the one at which the
 * chips have their nominal rate is right: T meters are received with clocks 12 % off. */
static bool better(const struct doctor *d, const struct wm_source_info *info, double rate_hz, double centre_hz, struct best *best,
                   struct wm_doctor_heard *heard)
{
    const uint64_t frames = heard_at(d, info, rate_hz, centre_hz, heard);
    float clock_ppm;

    if (!frames)
        return false;
    clock_ppm = fabsf(median(heard->clock_ppm, heard->offsets));
    if (frames <= 2 * best->frames && (2 * frames < best->frames || clock_ppm >= best->clock_ppm))
        return false;
    *best = (struct best){frames, clock_ppm};
    return true;
}

/* Where telegrams are heard after all. */
static void try_others(struct doctor *d, const struct wm_source_info *info)
{
    static const double rates_hz[] = {1.0e6, 1.024e6, 1.2e6,  1.4e6, 1.6e6, 1.8e6, 1.92e6, 2.0e6, 2.048e6,
                                      2.4e6, 2.56e6,  2.88e6, 3.2e6, 4e6,   5e6,   8e6,    10e6};
    struct wm_doctor_heard heard;
    struct best best = {0, INFINITY};

    for (int step = 1; step <= 10; step++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            const double moved_hz = sign * step * 50e3;
            if (better(d, info, info->sample_rate_hz, info->centre_hz - moved_hz, &best, &heard))
                d->facts.other_tune_hz = moved_hz + (double)median(heard.offset_hz, heard.offsets);
        }
    }
    for (size_t i = 0; i < sizeof rates_hz / sizeof rates_hz[0]; i++) {
        if (fabs(rates_hz[i] - info->sample_rate_hz) < 1e3 || !better(d, info, rates_hz[i], info->centre_hz, &best, &heard))
            continue;
        d->facts.other_rate_hz = rates_hz[i];
        d->facts.other_tune_hz = 0;
    }
}

static enum wm_status listen(struct doctor *d, struct wm_tap *tap)
{
    const struct wm_source_info *info = wm_tap_info(tap);
    const size_t size = wm_sample_format_bytes(info->format);
    struct wm_level_meter meter = wm_level_meter_of(info->format);
    struct wm_doctor_facts *f = &d->facts;
    struct ear ear;
    uint64_t samples = 0;
    enum wm_status status = ear_open(&ear, info->format, info->sample_rate_hz, info->centre_hz, d->tap.modes, &f->heard);

    if (status != WM_OK) {
        wm_say("%.3f MHz at %.3f MS/s cannot be received: %s; are -f and -s right?", info->centre_hz / 1e6,
               info->sample_rate_hz / 1e6, status == WM_INVALID ? "no channel lies inside the band" : wm_status_text(status));
        return status;
    }
    while (!wm_signals_interrupted() && (d->seconds <= 0 || (double)samples < d->seconds * info->sample_rate_hz)) {
        struct wm_tap_block block;

        status = wm_tap_read(tap, &block);
        if (status == WM_TOO_SHORT)
            continue;
        if (status != WM_OK)
            break;
        if (block.place.gap && wm_receiver_flush(ear.receiver) != WM_OK)
            break;
        if (d->kept_bytes + block.len <= KEEP_BYTES) {
            memcpy(d->kept + d->kept_bytes, block.bytes, block.len);
            d->kept_bytes += block.len;
        }
        samples += block.len / size;
        wm_level_push(&meter, block.bytes, block.len);
        if (wm_receiver_push(ear.receiver, block.bytes, block.len) != WM_OK)
            break;
    }
    ear_close(&ear, &f->heard);
    f->seconds = (double)samples / info->sample_rate_hz;
    f->rate_hz = info->sample_rate_hz;
    f->centre_hz = info->centre_hz;
    f->bits8 = info->format == WM_SAMPLES_CU8 || info->format == WM_SAMPLES_CS8;
    f->gain_db = NAN;
    if (wm_tap_radio(tap)) {
        struct wm_radio_stats stats;
        wm_radio_stats(wm_tap_radio(tap), &stats);
        f->live = true;
        f->rate_ppm = stats.ppm;
        f->lost = stats.lost;
        f->voids = stats.voids;
        f->gain_db = stats.gain_db;
    }
    if (!wm_level_read(&meter, &f->level)) {
        wm_say("too little signal to say anything: %.3f s", f->seconds);
        return WM_TOO_SHORT;
    }
    if (!frames_of(&f->heard))
        try_others(d, info);
    if (wm_spectrum_measure(info->format, d->kept, d->kept_bytes, info->sample_rate_hz, info->centre_hz, &d->spectrum) ==
        WM_UNSUPPORTED)
        wm_say("no spectrum: not built in, install libfftw3-dev and build again");
    return status == WM_IO ? WM_IO : WM_OK;
}

/* ---- the report ---- */

static void histogram(const struct wm_doctor_heard *heard)
{
    unsigned count[13] = {0}, most = 1;

    if (!heard->offsets)
        return;
    for (size_t i = 0; i < heard->offsets; i++) {
        int bin = (int)lround((double)heard->offset_hz[i] / HISTOGRAM_HZ) + 6;
        bin = bin < 0 ? 0 : bin > 12 ? 12 : bin;
        most = ++count[bin] > most ? count[bin] : most;
    }
    puts("\nCarriers against their channel");
    for (int b = 0; b < 13; b++) {
        if (count[b])
            printf("  %+4d kHz %6u %.*s\n", (b - 6) * 10, count[b], (int)(1 + 39 * count[b] / most),
                   "########################################");
    }
}

static void report(const struct doctor *d)
{
    const struct wm_doctor_facts *f = &d->facts;
    double ppm;

    printf("\nSignal\n  %.1f s at %.3f MS/s around %.4f MHz", f->seconds, f->rate_hz / 1e6, f->centre_hz / 1e6);
    if (f->live)
        printf("; real rate %+.1f ppm, %" PRIu64 " samples lost, %" PRIu64 " runs of zeros", f->rate_ppm, f->lost, f->voids);
    printf("\n  noise %.1f dBFS (%.1f to %.1f is best for %s bits)%s\n", f->level.noise_dbfs, f->bits8 ? -29.5 : -47.5,
           f->bits8 ? -23.5 : -41.5, f->bits8 ? "8" : "12 and more",
           f->level.noise_dbfs > (f->bits8 ? -23.5 : -41.5)   ? "; less gain would do"
           : f->level.noise_dbfs < (f->bits8 ? -29.5 : -47.5) ? "; more gain would hear more"
                                                              : "");
    if (!isnan(f->gain_db))
        printf("  gain %.1f dB\n", f->gain_db);
    printf("  clipped %.3f %%, flat %.1f %%, DC %.1f dBFS\n", 100 * f->level.clip_share, 100 * f->level.flat_share,
           f->level.dc_dbfs);
    puts("\n  mode   channel MHz  noise dBFS    bursts     syncs  telegrams  CRC failed");
    for (unsigned m = 0; m < WM_MODE_COUNT; m++) {
        if (f->heard.active[m])
            printf("  %-6s %11.3f %11.1f %9" PRIu64 " %9" PRIu64 " %10" PRIu64 " %11" PRIu64 "\n",
                   wm_mode_info((enum wm_mode)m)->name, wm_mode_info((enum wm_mode)m)->centre_hz / 1e6,
                   (double)f->heard.noise_dbfs[m], f->heard.bursts[m], f->heard.syncs[m], f->heard.frames[m],
                   f->heard.crc_failed[m]);
    }
    histogram(&f->heard);
    if (wm_doctor_ppm(f, &ppm))
        printf("  the radio's oscillator: %+.1f ppm, by %zu telegrams; meters themselves are off by up to 60\n", ppm,
               f->heard.offsets);
    if (d->spectrum.windows) {
        printf("\nSpectrum, %.3f to %.3f MHz; | is the centre\n", (f->centre_hz - f->rate_hz / 2) / 1e6,
               (f->centre_hz + f->rate_hz / 2) / 1e6);
        wm_spectrum_line(&d->spectrum, stdout);
    }
}

static bool diagnose(const struct doctor *d)
{
    struct wm_finding findings[FINDINGS_MAX];
    const size_t n = wm_doctor_diagnose(&d->facts, findings, FINDINGS_MAX);

    for (size_t i = 0; i < n; i++) {
        printf("%s: %s\n", i ? "Also" : "Diagnosis", findings[i].text);
        if (findings[i].remedy[0])
            printf("  %s\n", findings[i].remedy);
    }
    return n && findings[0].good;
}

static enum wm_status picture(const struct doctor *d)
{
    FILE *file;

    if (!d->svg || !d->spectrum.windows)
        return WM_OK;
    file = fopen(d->svg, "we");
    if (file)
        wm_spectrum_svg(&d->spectrum, d->tap.modes, file);
    if (!file || fclose(file) != 0) {
        wm_say("%s: %s", d->svg, strerror(errno));
        return WM_IO;
    }
    return WM_OK;
}

/* No radio that could be taken: what the kernel says of sticks on the bus. */
static void no_radio(void)
{
    struct wm_usb_device usb[STICKS_MAX];
    const size_t n = wm_usb_rtl_sticks(WM_USB_SYSFS, usb, STICKS_MAX);

    if (!n) {
        puts("Diagnosis: no radio is attached\n  plug one in; wmsdr devices lists what is found, and lsusb what the bus has");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (strncmp(usb[i].kernel_driver, "dvb", 3) == 0)
            printf("Diagnosis: the kernel's television driver holds the stick %s\n  sudo modprobe -r %s; for good: echo blacklist "
                   "%s | sudo "
                   "tee /etc/modprobe.d/wmsdr.conf\n",
                   usb[i].serial, usb[i].kernel_driver, usb[i].kernel_driver);
        else if (!usb[i].allowed)
            printf("Diagnosis: you may not open the stick %s\n  install the udev rules (60-wmsdr.rules) and plug it in again, or: "
                   "sudo chmod "
                   "a+rw %s\n",
                   usb[i].serial, usb[i].node);
        else
            printf(
                "Diagnosis: the stick %s is on the bus, and its library is not built in or does not know it\n  see wmsdr devices\n",
                usb[i].serial);
    }
}

static int examine(struct doctor *d)
{
    const struct wm_log log = wm_common_log(WM_LOG_NOTICE);
    struct wm_radio_found trouble = {0};
    struct wm_tap *tap = NULL;
    enum wm_status status;
    bool fine = false;

    if (!d->tap.path && !d->tap.device) {
        if (!wm_radios_first(&d->tap.spec, &trouble) && !trouble.driver) {
            no_radio();
            return WM_EXIT_FAILED;
        }
        if (trouble.driver && !d->tap.spec.driver) {
            printf("Diagnosis: %s %s cannot be used\n  %s\n", trouble.label, trouble.serial, trouble.trouble);
            return WM_EXIT_FAILED;
        }
        d->tap.device = true;
    }
    if (!d->tap.path && d->seconds <= 0)
        d->seconds = SECONDS;
    if (wm_tap_open(&d->tap, &log, &tap) != WM_OK) {
        puts("Diagnosis: the source cannot be opened, see above");
        return WM_EXIT_FAILED;
    }
    d->kept = malloc(KEEP_BYTES);
    status = d->kept ? listen(d, tap) : WM_NO_MEMORY;
    if (status == WM_OK) {
        fine = diagnose(d);
        report(d);
        status = picture(d);
    } else if (status == WM_IO) {
        puts("Diagnosis: the source fails, see above");
    }
    free(d->kept);
    fflush(stdout);
    if (!wm_tap_close(tap))
        _Exit(WM_EXIT_FAILED);
    return status != WM_OK ? WM_EXIT_FAILED : fine ? WM_EXIT_OK : WM_EXIT_PARTLY;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct doctor d = {0};
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    const char *why = "";
    char *value, *end, text[256];
    int option;

    while ((option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        bool fine = true;

        if (option == WM_OPTION_HELP) {
            wm_command_help(command, stdout);
            return WM_EXIT_OK;
        }
        if (option < 0)
            return wm_command_misused(command, option == WM_OPTION_BAD ? reader.why : "doctor takes no operands");
        if (option == SVG) {
            d.svg = value;
        } else if (option == TIME) {
            why = "not a number of seconds";
            d.seconds = strtod(value, &end);
            fine = end != value && !*end && d.seconds > 0 && d.seconds < 1e6;
        } else {
            fine = wm_tap_option(&d.tap, option, value, &why);
        }
        if (!fine) {
            snprintf(text, sizeof text, "--%s %.80s: %s", options[option].name, value, why);
            return wm_command_misused(command, text);
        }
    }
    if (d.tap.path && d.tap.device)
        return wm_command_misused(command, "either a recording (-r) or a radio (-d)");
    wm_signals_catch();
    return examine(&d);
}

const struct wm_command wm_command_doctor = {
    .name = "doctor",
    .summary = "why do I hear nothing? Looks at a radio or a recording and says what is wrong",
    .operands = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes =
        "The first line is the diagnosis, with the remedy. Status 0 says that telegrams are heard and nothing is wrong, 3 that\n"
        "something is, 1 that there is nothing to look at. Where no telegram is heard other rates and frequencies are tried.\n",
    .run = run,
};
