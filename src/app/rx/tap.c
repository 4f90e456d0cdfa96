/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/tap.h"

#include "app/options/options.h"
#include "phy/signal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK   65536
#define WAIT_NS 100000000LL

struct wm_tap {
    struct wm_source_info info;
    struct wm_source *source;
    struct wm_radio *radio;
    size_t sample_bytes;
    uint64_t index; /* of a recording */
    size_t carried; /* bytes of a split sample, at the buffer's beginning */
    size_t given;   /* bytes handed out last */
    unsigned char buffer[CHUNK];
};

bool wm_tap_option(struct wm_tap_config *config, int option, const char *value, const char **why)
{
    char *end;

    switch (option) {
    case WM_TAP_READ:
        config->path = value;
        return true;
    case WM_TAP_DEVICE:
        config->device = true;
        return wm_live_device(&config->spec, value, why);
    case WM_TAP_RATE:
        *why = "not a sample rate; write 1600000, 1600k or 1.6M";
        if (wm_frequency_parse(value, &config->spec.rate_hz) != WM_OK)
            return false;
        config->wanted.sample_rate_hz = config->spec.rate_hz;
        return config->spec.rate_hz > 0;
    case WM_TAP_FREQUENCY:
        *why = "not a frequency; write 868950000 or 868.95M";
        if (wm_frequency_parse(value, &config->spec.centre_hz) != WM_OK)
            return false;
        config->wanted.centre_hz = config->spec.centre_hz;
        return config->spec.centre_hz > 0;
    case WM_TAP_FORMAT:
        *why = "no such sample format; there are cu8, cs8, cs16 and cf32";
        config->wanted.has_format = true;
        return wm_sample_format_by_name(value, &config->wanted.format) == WM_OK;
    case WM_TAP_GAIN:
        *why = "not a gain; write auto, agc, or decibels: 32.8";
        return wm_live_gain(&config->spec, value);
    case WM_TAP_PPM:
        *why = "not parts per million between -1000 and 1000";
        config->spec.ppm = strtod(value, &end);
        return end != value && !*end && fabs(config->spec.ppm) <= 1000;
    default:
        *why = "no such mode; there are S, T, C and C-down, with commas between";
        return wm_modes_parse(value, &config->modes);
    }
}

static enum wm_status open_recording(struct wm_tap *t, struct wm_tap_config *config)
{
    const char *why = "";
    enum wm_status status;

    if (strcmp(config->path, "-") == 0 && !config->wanted.has_format) {
        config->wanted.has_format = true;
        config->wanted.format = WM_SAMPLES_CU8;
    }
    if (config->wanted.start_time_ns == 0)
        config->wanted.start_time_ns = WM_TIME_UNKNOWN;
    status = wm_source_open(config->path, &config->wanted, &t->source, &t->info, &why);
    if (status != WM_OK) {
        wm_say("%s", why);
    } else if (!(t->info.sample_rate_hz > 0) || !(t->info.centre_hz > 0)) {
        wm_say("%s of %s is not known: give it with %s", t->info.sample_rate_hz > 0 ? "the centre frequency" : "the sample rate",
               config->path, t->info.sample_rate_hz > 0 ? "-f, e.g. -f 868.95M" : "-s, e.g. -s 1.6M");
        status = WM_INVALID;
    }
    return status;
}

static enum wm_status open_radio(struct wm_tap *t, struct wm_tap_config *config, const struct wm_log *log)
{
    struct wm_radio_config radio = {.modes = config->modes, .log = log};
    struct wm_radio_found trouble;
    const char *why = "";
    enum wm_status status;

    if (!config->device && !wm_live_first(&config->spec, &trouble)) {
        if (trouble.driver)
            wm_say("%s is attached, but %s", trouble.label, trouble.trouble);
        else
            wm_say("no radio is attached (see wmsdr devices); name a recording with -r");
        return WM_IO;
    }
    radio.driver = config->spec.driver;
    radio.address = config->spec.address;
    radio.rate_hz = config->spec.rate_hz;
    radio.centre_hz = config->spec.centre_hz;
    radio.gain = config->spec.gain;
    radio.gain_db = config->spec.gain_db;
    radio.ppm = config->spec.ppm;
    status = wm_radio_open(&radio, &t->radio, &why);
    if (status != WM_OK) {
        wm_say("%s", why);
        return status;
    }
    t->info.has_format = true;
    t->info.format = wm_radio_caps(t->radio)->format;
    t->info.sample_rate_hz = wm_radio_settings(t->radio)->rate_hz;
    t->info.centre_hz = wm_radio_settings(t->radio)->centre_hz;
    t->info.start_time_ns = WM_TIME_UNKNOWN;
    return WM_OK;
}

enum wm_status wm_tap_open(struct wm_tap_config *config, const struct wm_log *log, struct wm_tap **tap)
{
    struct wm_tap *t = calloc(1, sizeof *t);
    enum wm_status status;

    if (!t)
        return WM_NO_MEMORY;
    if (!config->modes)
        config->modes = (1u << WM_MODE_COUNT) - 1;
    status = config->path ? open_recording(t, config) : open_radio(t, config, log);
    if (status != WM_OK) {
        (void)wm_tap_close(t);
        return status;
    }
    t->sample_bytes = wm_sample_format_bytes(t->info.format);
    *tap = t;
    return WM_OK;
}

static enum wm_status read_recording(struct wm_tap *t, struct wm_tap_block *block)
{
    size_t len = 0;
    enum wm_status status;

    memmove(t->buffer, t->buffer + t->given, t->carried);
    t->given = 0;
    status = wm_source_read(t->source, t->buffer + t->carried, sizeof t->buffer - t->carried, &len);
    if (status == WM_IO && errno == EINTR)
        return WM_TOO_SHORT;
    if (status != WM_OK) {
        if (wm_source_note(t->source))
            wm_say("%s", wm_source_note(t->source));
        return status;
    }
    len += t->carried;
    t->carried = len % t->sample_bytes;
    t->given = len - t->carried;
    block->bytes = t->buffer;
    block->len = t->given;
    block->place = wm_source_place(t->source, t->index);
    t->index += t->given / t->sample_bytes;
    return t->given ? WM_OK : WM_TOO_SHORT;
}

enum wm_status wm_tap_read(struct wm_tap *t, struct wm_tap_block *block)
{
    struct wm_radio_block in;
    enum wm_status status;

    if (t->source)
        return read_recording(t, block);
    status = wm_radio_read(t->radio, WAIT_NS, &in);
    if (status == WM_IO)
        wm_say("%s: %s", wm_radio_name(t->radio), wm_radio_note(t->radio));
    if (status == WM_OK)
        *block = (struct wm_tap_block){in.bytes, in.len, {in.index, wm_radio_time(t->radio, in.index), in.gap}};
    return status;
}

const struct wm_source_info *wm_tap_info(const struct wm_tap *t)
{
    return &t->info;
}

struct wm_radio *wm_tap_radio(struct wm_tap *t)
{
    return t->radio;
}

bool wm_tap_close(struct wm_tap *t)
{
    bool fine;

    if (!t)
        return true;
    wm_source_close(t->source);
    fine = wm_radio_close(t->radio);
    free(t);
    return fine;
}
