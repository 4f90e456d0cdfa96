/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/driver.h"
#include "phy/radio/rtl_gains.h"
#include "phy/radio/usb.h"

#include <errno.h>
#include <rtl-sdr.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RTL-SDR sticks through librtlsdr. Its asynchronous reading keeps several USB transfers under way; its blocking call loses samples
 * between two calls. */
#define TRANSFERS      16
#define TRANSFER_BYTES 32768 /* 10 ms at 1.6 MS/s; a multiple of 512 */
#define STICKS_MAX     16

struct wm_device {
    rtlsdr_dev_t *dev;
    atomic_bool cancelled;
    struct wm_radio_caps caps;
    const struct wm_radio_sink *sink; /* while running */
};

/* Why a stick cannot be opened, by what the kernel says of it. */
static void trouble_of(const struct wm_usb_device *usb, char why[WM_RADIO_WHY])
{
    why[0] = '\0';
    if (strncmp(usb->kernel_driver, "dvb", 3) == 0)
        snprintf(
            why, WM_RADIO_WHY,
            "the kernel's television driver %.40s holds it: sudo modprobe -r %.40s, and for good: echo blacklist %.40s | sudo tee "
            "/etc/modprobe.d/wmsdr.conf",
            usb->kernel_driver, usb->kernel_driver, usb->kernel_driver);
    else if (!usb->allowed)
        snprintf(why, WM_RADIO_WHY,
                 "%s may not be opened: install the udev rules (60-wmsdr.rules, Debian: rtl-sdr) and plug the stick in again, or: "
                 "sudo chmod a+rw %s",
                 usb->node, usb->node);
}

static const struct wm_usb_device *usb_of(const struct wm_usb_device *usb, size_t count, const char *serial, size_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(usb[i].serial, serial) == 0)
            return &usb[i];
    }
    return count == 1 && index == 0 ? &usb[0] : NULL; /* without permission the serial cannot be read */
}

static void list(wm_radio_found_fn found, void *user)
{
    struct wm_usb_device usb[STICKS_MAX];
    const size_t usb_count = wm_usb_rtl_sticks(WM_USB_SYSFS, usb, STICKS_MAX);
    const uint32_t count = rtlsdr_get_device_count();

    for (uint32_t i = 0; i < count; i++) {
        struct wm_radio_found f = {.driver = &wm_radio_rtlsdr};
        char vendor[256] = "", product[256] = "", serial[256] = "";
        const struct wm_usb_device *known;

        rtlsdr_get_device_usb_strings(i, vendor, product, serial);
        known = usb_of(usb, usb_count, serial, i);
        snprintf(f.serial, sizeof f.serial, "%.63s", serial[0] || !known ? serial : known->serial);
        snprintf(f.address, sizeof f.address, "%s", f.serial);
        snprintf(f.label, sizeof f.label, "%.60s%s%.60s", vendor[0] ? vendor : rtlsdr_get_device_name(i), product[0] ? " " : "",
                 product);
        if (known)
            trouble_of(known, f.trouble);
        found(user, &f);
    }
}

/* By serial number; a short number that is no serial is the index of older programs. */
static int index_of(const char *address)
{
    const int by_serial = *address ? rtlsdr_get_index_by_serial(address) : 0;
    char *end;
    unsigned long index;

    if (by_serial >= 0)
        return by_serial;
    index = strtoul(address, &end, 10);
    return strlen(address) <= 2 && *end == '\0' && index < rtlsdr_get_device_count() ? (int)index : -1;
}

static void fill_caps(struct wm_device *d, const char *address)
{
    int gains[512];
    const uint32_t tuner = (uint32_t)rtlsdr_get_tuner_type(d->dev);
    int count = rtlsdr_get_tuner_gains(d->dev, NULL);

    if (count > 0 && count <= WM_RADIO_GAINS_MAX)
        count = rtlsdr_get_tuner_gains(d->dev, gains);
    for (int i = 0; i < count && i < WM_RADIO_GAINS_MAX; i++)
        d->caps.gain_db[d->caps.gain_count++] = (float)gains[i] / 10;
    wm_rtl_rates(&d->caps);
    d->caps.format = WM_SAMPLES_CU8;
    d->caps.device_agc = true;
    snprintf(d->caps.label, sizeof d->caps.label, "RTL-SDR %.64s, tuner %s", address, wm_rtl_tuner_name(tuner));
}

static enum wm_status open_device(const char *address, struct wm_device **device, struct wm_radio_caps *caps, char *why)
{
    struct wm_usb_device usb[STICKS_MAX];
    const uint32_t count = rtlsdr_get_device_count();
    const int index = count ? index_of(address) : -1;
    struct wm_device *d;
    char vendor[256] = "", product[256] = "", serial[256] = "";
    int error;

    if (count == 0)
        return wm_radio_fail(why, "no RTL-SDR stick is attached");
    if (index < 0)
        return wm_radio_fail(why, "no stick has this serial number; wmsdr devices lists what is attached");
    d = calloc(1, sizeof *d);
    if (!d)
        return wm_radio_fail(why, strerror(ENOMEM));
    rtlsdr_get_device_usb_strings((uint32_t)index, vendor, product, serial);
    error = rtlsdr_open(&d->dev, (uint32_t)index);
    if (error || !d->dev) {
        const size_t n = wm_usb_rtl_sticks(WM_USB_SYSFS, usb, STICKS_MAX);
        const struct wm_usb_device *known = usb_of(usb, n, serial, (size_t)index);
        char fault[WM_RADIO_WHY] = "";

        free(d);
        if (known)
            trouble_of(known, fault);
        if (!fault[0])
            snprintf(fault, sizeof fault, "cannot be opened (%d%s)", error, error == -6 ? "; another program uses it" : "");
        return wm_radio_fail(why, fault);
    }
    fill_caps(d, serial[0] ? serial : address);
    *caps = d->caps;
    *device = d;
    return WM_OK;
}

static void close_device(struct wm_device *d)
{
    rtlsdr_close(d->dev);
    free(d);
}

static enum wm_status set_gain(struct wm_device *d, unsigned step)
{
    return rtlsdr_set_tuner_gain(d->dev, (int)(d->caps.gain_db[step] * 10 + (d->caps.gain_db[step] < 0 ? -0.5F : 0.5F))) == 0
               ? WM_OK
               : WM_IO;
}

static enum wm_status configure(struct wm_device *d, struct wm_radio_settings *s, char *why)
{
    const double hz = s->centre_hz / (1 + s->ppm * 1e-6);

    if (rtlsdr_set_sample_rate(d->dev, (uint32_t)(s->rate_hz + 0.5)) != 0)
        return wm_radio_fail(why, "the sample rate was refused");
    if (rtlsdr_set_center_freq(d->dev, (uint32_t)(hz + 0.5)) != 0)
        return wm_radio_fail(why, "the frequency was refused");
    (void)rtlsdr_set_agc_mode(d->dev, 0);
    if (rtlsdr_set_tuner_gain_mode(d->dev, s->device_agc ? 0 : 1) != 0 ||
        (!s->device_agc && d->caps.gain_count && set_gain(d, s->gain_step) != WM_OK))
        return wm_radio_fail(why, "the gain was refused");
    if (rtlsdr_get_sample_rate(d->dev) > 0) /* the resampler has steps */
        s->rate_hz = rtlsdr_get_sample_rate(d->dev);
    return WM_OK;
}

static void on_samples(unsigned char *bytes, uint32_t len, void *user)
{
    struct wm_device *d = user;

    if (d->sink->samples(d->sink->user, bytes, len, 0) && !atomic_load(&d->cancelled))
        return;
    atomic_store(&d->cancelled, true);
    rtlsdr_cancel_async(d->dev);
}

static enum wm_status run(struct wm_device *d, const struct wm_radio_sink *sink, char *why)
{
    int error;

    atomic_store(&d->cancelled, false);
    d->sink = sink;
    if (rtlsdr_reset_buffer(d->dev) != 0)
        return wm_radio_fail(why, "its buffer could not be emptied");
    error = rtlsdr_read_async(d->dev, on_samples, d, TRANSFERS, TRANSFER_BYTES);
    if (atomic_load(&d->cancelled))
        return WM_END;
    snprintf(why, WM_RADIO_WHY, "the stick has stopped sending (%d), unplugged perhaps", error);
    return WM_IO;
}

static void cancel(struct wm_device *d)
{
    atomic_store(&d->cancelled, true);
    rtlsdr_cancel_async(d->dev);
}

static enum wm_status reset(const char *address, char *why)
{
    struct wm_usb_device usb[STICKS_MAX];
    const size_t count = wm_usb_rtl_sticks(WM_USB_SYSFS, usb, STICKS_MAX);
    const struct wm_usb_device *known = usb_of(usb, count, address, 0);

    if (!known)
        return wm_radio_fail(why, "is no longer on the bus");
    if (wm_usb_reset(known) != WM_OK)
        return wm_radio_fail(why, strerror(errno));
    return WM_OK;
}

const struct wm_radio_driver wm_radio_rtlsdr = {
    .name = "rtlsdr",
    .summary = "RTL-SDR stick on USB",
    .address = "[SERIAL]",
    .list = list,
    .open = open_device,
    .configure = configure,
    .run = run,
    .cancel = cancel,
    .set_gain = set_gain,
    .reset = reset,
    .close = close_device,
};
