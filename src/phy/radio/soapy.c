/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/driver.h"

#include <SoapySDR/Constants.h>
#include <SoapySDR/Device.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>
#include <SoapySDR/Logger.h>
#include <SoapySDR/Modules.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Any radio that has a SoapySDR driver. The address is SoapySDR's own argument text. */
#define READ_SAMPLES  16384
#define READ_US       100000
#define GAP_MIN_NS    2000 /* timestamps are rounded; less than this is no gap */
#define ERRORS_IN_ROW 20

struct wm_device {
    SoapySDRDevice *dev;
    SoapySDRStream *stream;
    atomic_bool cancelled;
    struct wm_radio_caps caps;
    double rate_hz;
    size_t sample_bytes;
    const char *format; /* SoapySDR's name */
    unsigned char *buffer;
};

/* Native formats first: nobody should convert 8 bits to floats and back. */
static const struct {
    const char *name;
    enum wm_sample_format format;
} formats[] = {
    {SOAPY_SDR_CU8, WM_SAMPLES_CU8},
    {SOAPY_SDR_CS8, WM_SAMPLES_CS8},
    {SOAPY_SDR_CS16, WM_SAMPLES_CS16},
    {SOAPY_SDR_CF32, WM_SAMPLES_CF32},
};
#define FORMATS (sizeof formats / sizeof formats[0])

/* Sound cards as radios. Asking for them has ALSA, JACK and PulseAudio write a page to standard error where there is none, and no
 * driver can be left out of the question (with its name in it some say that they are there whether or not they are). So its module
 * is not loaded before somebody names it. */
#define AUDIO        "audio"
#define AUDIO_MODULE "libaudioSupport.so"

/* What these libraries report, and is no radio. */
static bool is_no_radio(const char *driver)
{
    return strcmp(driver, AUDIO) == 0 || strcmp(driver, "null") == 0;
}

static pthread_once_t modules = PTHREAD_ONCE_INIT;

/* All others, once, as SoapySDR does it by itself where no module was loaded by hand. */
static void load_modules(void)
{
    size_t count = 0;
    char **paths = SoapySDR_listModules(&count);

    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(paths[i], '/');
        char *error;

        if (strcmp(slash ? slash + 1 : paths[i], AUDIO_MODULE) == 0)
            continue;
        error = SoapySDR_loadModule(paths[i]);
        if (error && *error)
            SoapySDR_logf(SOAPY_SDR_ERROR, "%s: %s", paths[i], error);
        SoapySDR_free(error);
    }
    SoapySDRStrings_clear(&paths, count);
}

static void text_of(const SoapySDRKwargs *args, const char *key, char *out, size_t cap)
{
    const char *value = SoapySDRKwargs_get(args, key);

    snprintf(out, cap, "%s", value ? value : "");
}

static void silence(const SoapySDRLogLevel level, const char *text)
{
    (void)level;
    (void)text;
}

static void list(wm_radio_found_fn found, void *user)
{
    size_t count = 0;
    SoapySDRKwargs *all;

    SoapySDR_registerLogHandler(silence); /* modules tell of everything that is not there */
    pthread_once(&modules, load_modules);
    all = SoapySDRDevice_enumerate(NULL, &count);
    for (size_t i = 0; i < count; i++) {
        struct wm_radio_found f = {.driver = &wm_radio_soapy};
        char driver[64];

        text_of(&all[i], "driver", driver, sizeof driver);
        if (is_no_radio(driver))
            continue;
        text_of(&all[i], "label", f.label, sizeof f.label);
        text_of(&all[i], "serial", f.serial, sizeof f.serial);
        snprintf(f.address, sizeof f.address, "driver=%s%s%s", driver, f.serial[0] ? ",serial=" : "", f.serial);
        if (!f.label[0])
            snprintf(f.label, sizeof f.label, "%s", driver);
        found(user, &f);
    }
    SoapySDRKwargsList_clear(all, count);
    SoapySDR_registerLogHandler(NULL);
}

static enum wm_status fail(char *why, const char *what)
{
    const char *error = SoapySDRDevice_lastError();

    snprintf(why, WM_RADIO_WHY, "%s%s%.200s", what, error && *error ? ": " : "", error ? error : "");
    return WM_IO;
}

static void choose_format(struct wm_device *d)
{
    double full_scale = 0;
    size_t count = 0;
    char *native = SoapySDRDevice_getNativeStreamFormat(d->dev, SOAPY_SDR_RX, 0, &full_scale);
    char **offered = SoapySDRDevice_getStreamFormats(d->dev, SOAPY_SDR_RX, 0, &count);
    size_t best = FORMATS - 1; /* CF32 is what every driver can */
    bool native_offered = false;

    for (size_t f = 0; f < FORMATS && !native_offered; f++) {
        for (size_t i = 0; i < count; i++) {
            if (strcmp(offered[i], formats[f].name) != 0)
                continue;
            if (native && strcmp(native, formats[f].name) == 0) {
                best = f;
                native_offered = true;
            } else if (formats[f].format == WM_SAMPLES_CS16) {
                best = f; /* loses nothing of any converter in use */
            }
        }
    }
    d->caps.format = formats[best].format;
    d->format = formats[best].name;
    d->sample_bytes = wm_sample_format_bytes(d->caps.format);
    SoapySDR_free(native);
    SoapySDRStrings_clear(&offered, count);
}

static void fill_caps(struct wm_device *d, const char *address)
{
    size_t count = 0;
    SoapySDRRange *rates = SoapySDRDevice_getSampleRateRange(d->dev, SOAPY_SDR_RX, 0, &count);
    const SoapySDRRange gain = SoapySDRDevice_getGainRange(d->dev, SOAPY_SDR_RX, 0);
    char *hardware = SoapySDRDevice_getHardwareKey(d->dev);
    const double span_db = gain.maximum - gain.minimum;
    const double step_db = fmax(fmax(gain.step, 1), span_db / (WM_RADIO_GAINS_MAX - 1));

    for (size_t i = 0; i < count && i < WM_RADIO_RATES_MAX; i++)
        d->caps.rate[d->caps.rate_count++] = (struct wm_rate_range){rates[i].minimum, rates[i].maximum};
    for (unsigned i = 0; span_db > 0 && i < WM_RADIO_GAINS_MAX && i * step_db <= span_db + 1e-6; i++)
        d->caps.gain_db[d->caps.gain_count++] = (float)(gain.minimum + i * step_db);
    d->caps.device_agc = SoapySDRDevice_hasGainMode(d->dev, SOAPY_SDR_RX, 0);
    choose_format(d);
    snprintf(d->caps.label, sizeof d->caps.label, "%.40s (soapy:%.70s)", hardware ? hardware : "", address);
    SoapySDR_free(hardware);
    SoapySDR_free(rates);
}

static void close_device(struct wm_device *d)
{
    if (d->stream)
        SoapySDRDevice_closeStream(d->dev, d->stream);
    if (d->dev)
        SoapySDRDevice_unmake(d->dev);
    free(d->buffer);
    free(d);
}

static enum wm_status open_device(const char *address, struct wm_device **device, struct wm_radio_caps *caps, char *why)
{
    struct wm_device *d = calloc(1, sizeof *d);

    if (!d)
        return WM_NO_MEMORY;
    SoapySDR_setLogLevel(SOAPY_SDR_WARNING);
    pthread_once(&modules, load_modules);
    if (strstr(address, "driver=" AUDIO))
        SoapySDR_loadModules(); /* those that are missing */
    d->dev = SoapySDRDevice_makeStrArgs(address);
    if (!d->dev || SoapySDRDevice_getNumChannels(d->dev, SOAPY_SDR_RX) == 0) {
        enum wm_status status = fail(why, d->dev ? "this device cannot receive" : "cannot be opened");
        close_device(d);
        return status;
    }
    fill_caps(d, address);
    d->buffer = malloc(READ_SAMPLES * d->sample_bytes);
    if (!d->buffer) {
        close_device(d);
        return WM_NO_MEMORY;
    }
    *caps = d->caps;
    *device = d;
    return WM_OK;
}

static enum wm_status set_gain(struct wm_device *d, unsigned step)
{
    return SoapySDRDevice_setGain(d->dev, SOAPY_SDR_RX, 0, (double)d->caps.gain_db[step]) == 0 ? WM_OK : WM_IO;
}

static enum wm_status configure(struct wm_device *d, struct wm_radio_settings *s, char *why)
{
    const double hz = s->centre_hz / (1 + s->ppm * 1e-6);

    if (SoapySDRDevice_setSampleRate(d->dev, SOAPY_SDR_RX, 0, s->rate_hz) != 0)
        return fail(why, "the sample rate was refused");
    (void)SoapySDRDevice_setBandwidth(d->dev, SOAPY_SDR_RX, 0, s->rate_hz); /* not all have one */
    if (SoapySDRDevice_setFrequency(d->dev, SOAPY_SDR_RX, 0, hz, NULL) != 0)
        return fail(why, "the frequency was refused");
    if (d->caps.device_agc)
        (void)SoapySDRDevice_setGainMode(d->dev, SOAPY_SDR_RX, 0, s->device_agc);
    if (!s->device_agc && d->caps.gain_count && set_gain(d, s->gain_step) != WM_OK)
        return fail(why, "the gain was refused");
    d->rate_hz = SoapySDRDevice_getSampleRate(d->dev, SOAPY_SDR_RX, 0);
    if (d->rate_hz > 0)
        s->rate_hz = d->rate_hz;
    d->rate_hz = s->rate_hz;
    d->stream = SoapySDRDevice_setupStream(d->dev, SOAPY_SDR_RX, d->format, NULL, 0, NULL);
    return d->stream ? WM_OK : fail(why, "no stream");
}

/* Samples that the timestamps say are missing. *next_ns is when the coming buffer should begin. */
static uint64_t gap(const struct wm_device *d, bool timed, long long time_ns, long long *next_ns, int samples)
{
    uint64_t lost = 0;

    if (!timed)
        return 0;
    if (*next_ns && time_ns > *next_ns + GAP_MIN_NS)
        lost = (uint64_t)llround((double)(time_ns - *next_ns) * d->rate_hz * 1e-9);
    *next_ns = time_ns + llround(samples * 1e9 / d->rate_hz);
    return lost;
}

static enum wm_status stream(struct wm_device *d, const struct wm_radio_sink *sink, char *why)
{
    void *buffers[1] = {d->buffer};
    long long next_ns = 0;
    int errors = 0;
    bool overflow = false;

    while (!atomic_load(&d->cancelled)) {
        int flags = 0;
        long long time_ns = 0;
        int n = SoapySDRDevice_readStream(d->dev, d->stream, buffers, READ_SAMPLES, &flags, &time_ns, READ_US);

        if (n > READ_SAMPLES)
            n = SOAPY_SDR_CORRUPTION; /* a driver that says it wrote beyond the buffer */
        if (n > 0) {
            const bool timed = flags & SOAPY_SDR_HAS_TIME;
            uint64_t lost = gap(d, timed, time_ns, &next_ns, n);

            if (overflow && !lost)
                lost = timed ? 0 : WM_LOST_UNKNOWN;
            overflow = false;
            errors = 0;
            if (!sink->samples(sink->user, d->buffer, (size_t)n * d->sample_bytes, lost))
                break;
        } else if (n == SOAPY_SDR_OVERFLOW) {
            overflow = true;
        } else if (n != SOAPY_SDR_TIMEOUT && n != 0 && ++errors >= ERRORS_IN_ROW) {
            snprintf(why, WM_RADIO_WHY, "reading fails: %s", SoapySDR_errToStr(n));
            return WM_IO;
        }
    }
    return WM_END;
}

static enum wm_status run(struct wm_device *d, const struct wm_radio_sink *sink, char *why)
{
    enum wm_status status;

    atomic_store(&d->cancelled, false);
    if (SoapySDRDevice_activateStream(d->dev, d->stream, 0, 0, 0) != 0)
        return fail(why, "the stream does not start");
    status = stream(d, sink, why);
    SoapySDRDevice_deactivateStream(d->dev, d->stream, 0, 0);
    return status;
}

static void cancel(struct wm_device *d)
{
    atomic_store(&d->cancelled, true);
}

const struct wm_radio_driver wm_radio_soapy = {
    .name = "soapy",
    .summary = "any radio with a SoapySDR driver: HackRF, Airspy, Lime, Pluto, USRP, SoapyRemote",
    .address = "KEY=VALUE,...",
    .one_object = true, /* the factory's table of devices */
    .list = list,
    .open = open_device,
    .configure = configure,
    .run = run,
    .cancel = cancel,
    .set_gain = set_gain,
    .close = close_device,
};
