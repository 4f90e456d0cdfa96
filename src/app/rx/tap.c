/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/tap.h"

#include "app/options/options.h"
#include "app/rx/open.h"
#include "phy/mode.h"
#include "phy/signal.h"

#include <errno.h>
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
    static const enum wm_radios_option options[] = {
        [WM_TAP_RATE] = WM_RADIOS_RATE,     [WM_TAP_FREQUENCY] = WM_RADIOS_FREQUENCY,
        [WM_TAP_FORMAT] = WM_RADIOS_FORMAT, [WM_TAP_GAIN] = WM_RADIOS_GAIN,
        [WM_TAP_PPM] = WM_RADIOS_PPM,       [WM_TAP_MODES] = WM_RADIOS_MODES,
    };

    switch (option) {
    case WM_TAP_READ:
        config->path = value;
        return true;
    case WM_TAP_DEVICE:
        config->device = true;
        return wm_radios_device(&config->spec, value, why);
    default:
        return wm_radios_set(options[option], value, &config->spec, &config->wanted, &config->modes, why);
    }
}

static enum wm_status open_radio(struct wm_tap *t, struct wm_tap_config *config, const struct wm_log *log)
{
    struct wm_radio_config radio = {.modes = config->modes, .log = log};
    struct wm_radio_found trouble;
    const char *why = "";
    enum wm_status status;

    if (!config->device && !wm_radios_first(&config->spec, &trouble)) {
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
    if (!config->path)
        status = open_radio(t, config, log);
    else
        status = wm_rx_open(config->path, &config->wanted, &t->source, &t->info) == WM_EXIT_OK ? WM_OK : WM_INVALID;
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
