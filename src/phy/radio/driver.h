/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"
#include "dsp/convert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kinds of radios as one table of drivers. A driver knows one interface (librtlsdr, SoapySDR, rtl_tcp) and nothing of threads,
 * time or faults: that is radio.h, which is what a program uses. */

#define WM_RADIO_WHY       384
#define WM_RADIO_ADDRESS   256
#define WM_RADIO_GAINS_MAX 64
#define WM_RADIO_RATES_MAX 16

struct wm_device; /* an open radio, each driver's own */

struct wm_rate_range {
    double min_hz, max_hz; /* equal: one rate */
};

/* What an open device can do. */
struct wm_radio_caps {
    enum wm_sample_format format;
    size_t rate_count; /* 0: nothing is known, any rate is tried */
    struct wm_rate_range rate[WM_RADIO_RATES_MAX];
    size_t gain_count; /* steps from the least to the most; 0: it has no gain that can be set */
    float gain_db[WM_RADIO_GAINS_MAX];
    bool device_agc;
    char label[128]; /* for people */
};

struct wm_radio_settings {
    double rate_hz, centre_hz;
    double ppm;      /* by how much the oscillator is too fast; corrected by tuning lower */
    bool device_agc; /* gain_step is not used then */
    unsigned gain_step;
};

/* Where run hands its samples: any number of bytes, `lost` samples known to be missing before them. False: stop running. */
#define WM_LOST_UNKNOWN UINT64_MAX /* some, the driver does not say how many */
struct wm_radio_sink {
    bool (*samples)(void *user, const void *bytes, size_t len, uint64_t lost);
    void *user;
};

/* One radio that is attached. */
struct wm_radio_found {
    const struct wm_radio_driver *driver;
    char address[WM_RADIO_ADDRESS]; /* behind the driver's name in -d */
    char label[128];
    char serial[64];
    char trouble[WM_RADIO_WHY]; /* why it cannot be used now, and the remedy; "" when it can */
};
typedef void (*wm_radio_found_fn)(void *user, const struct wm_radio_found *found);

/* Every call may block, or never return: only radio.c's threads make them. `why` holds WM_RADIO_WHY bytes and is set on failure. */
struct wm_radio_driver {
    const char *name;    /* "rtlsdr", in front of the colon */
    const char *summary; /* what it is */
    const char *address; /* what stands behind the colon, "" for nothing; for the help */
    const char *options; /* how to get it where it is not built in; NULL: built in */
    bool byte_stream;    /* run's buffers may split a sample */
    bool flows_on;       /* the stream goes on while nobody runs it: nothing is lost then, and to run it again mends nothing */
    bool one_object;     /* a second opening gives what the first one holds: not while a call hangs in it */
    /* Tells of each attached radio; NULL: cannot be listed (a server in the network). */
    void (*list)(wm_radio_found_fn found, void *user);
    enum wm_status (*open)(const char *address, struct wm_device **device, struct wm_radio_caps *caps, char *why);
    /* Sets everything, before run. *settings becomes what the device made of it. */
    enum wm_status (*configure)(struct wm_device *device, struct wm_radio_settings *settings, char *why);
    /* Streams until the sink says stop, cancel is called or something fails; WM_END for the first two. May be called again. */
    enum wm_status (*run)(struct wm_device *device, const struct wm_radio_sink *sink, char *why);
    /* From another thread: run is to return soon. */
    void (*cancel)(struct wm_device *device);
    /* While running, from another thread. */
    enum wm_status (*set_gain)(struct wm_device *device, unsigned step);
    /* Resets the hardware while nobody has it open; NULL: cannot. WM_UNSUPPORTED: not this one. */
    enum wm_status (*reset)(const char *address, char *why);
    void (*close)(struct wm_device *device);
};

/* The table, NULL behind its end. */
const struct wm_radio_driver *wm_radio_driver_at(size_t index);
/* "rtlsdr:00000001": the driver and where the address begins. WM_INVALID: no such driver; WM_UNSUPPORTED: it is not built in, *why
 * (static) says so. */
WM_MUST_USE enum wm_status wm_radio_parse(const char *text, const struct wm_radio_driver **driver, const char **address,
                                          const char **why);

/* For drivers: fills why. WM_IO. */
enum wm_status wm_radio_fail(char *why, const char *fault);
extern const struct wm_radio_driver wm_radio_rtlsdr;
extern const struct wm_radio_driver wm_radio_soapy;
extern const struct wm_radio_driver wm_radio_rtltcp;
