/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake.h"

#include <rtl-sdr.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Stands in for librtlsdr.so.0 (LD_LIBRARY_PATH): the functions of its interface that wmsdr calls, with an R820T behind them. */
static const int gains[] = {0,   9,   14,  27,  37,  77,  87,  125, 144, 157, 166, 197, 207, 229, 254,
                            280, 297, 328, 338, 364, 372, 386, 402, 421, 434, 439, 445, 480, 496};

struct rtlsdr_dev {
    struct fake *fake;
    uint32_t rate;
    atomic_bool cancel;
    unsigned char *buffer;
};

uint32_t rtlsdr_get_device_count(void)
{
    return *fake_serial(fake_get(NULL)) ? 1 : 0;
}

const char *rtlsdr_get_device_name(uint32_t index)
{
    (void)index;
    return "Fake RTL2838";
}

int rtlsdr_get_device_usb_strings(uint32_t index, char *vendor, char *product, char *serial)
{
    (void)index;
    strcpy(vendor, "Fake");
    strcpy(product, "RTL2838UHIDIR");
    strcpy(serial, fake_serial(fake_get(NULL)));
    return 0;
}

int rtlsdr_get_index_by_serial(const char *serial)
{
    return strcmp(serial, fake_serial(fake_get(NULL))) == 0 ? 0 : -3;
}

int rtlsdr_open(rtlsdr_dev_t **dev, uint32_t index)
{
    struct fake *fake = fake_get(NULL);

    (void)index;
    *dev = NULL;
    if (!fake_open(fake))
        return -4; /* LIBUSB_ERROR_NO_DEVICE */
    *dev = calloc(1, sizeof **dev);
    (*dev)->fake = fake;
    return 0;
}

int rtlsdr_close(rtlsdr_dev_t *dev)
{
    free(dev->buffer);
    free(dev);
    return 0;
}

enum rtlsdr_tuner rtlsdr_get_tuner_type(rtlsdr_dev_t *dev)
{
    (void)dev;
    return RTLSDR_TUNER_R820T;
}

int rtlsdr_get_tuner_gains(rtlsdr_dev_t *dev, int *out)
{
    (void)dev;
    if (out)
        memcpy(out, gains, sizeof gains);
    return (int)(sizeof gains / sizeof gains[0]);
}

int rtlsdr_set_sample_rate(rtlsdr_dev_t *dev, uint32_t rate)
{
    fake_log(dev->fake, "rate", rate);
    dev->rate = rate;
    return 0;
}

uint32_t rtlsdr_get_sample_rate(rtlsdr_dev_t *dev)
{
    return dev->rate;
}

int rtlsdr_set_center_freq(rtlsdr_dev_t *dev, uint32_t hz)
{
    fake_log(dev->fake, "frequency", hz);
    return 0;
}

int rtlsdr_set_tuner_gain_mode(rtlsdr_dev_t *dev, int manual)
{
    fake_log(dev->fake, "manual", manual);
    return 0;
}

int rtlsdr_set_tuner_gain(rtlsdr_dev_t *dev, int gain)
{
    fake_log(dev->fake, "gain", gain);
    return 0;
}

int rtlsdr_set_agc_mode(rtlsdr_dev_t *dev, int on)
{
    fake_log(dev->fake, "agc", on);
    return 0;
}

int rtlsdr_reset_buffer(rtlsdr_dev_t *dev)
{
    (void)dev;
    return 0;
}

int rtlsdr_cancel_async(rtlsdr_dev_t *dev)
{
    atomic_store(&dev->cancel, true);
    return 0;
}

int rtlsdr_read_async(rtlsdr_dev_t *dev, rtlsdr_read_async_cb_t callback, void *user, uint32_t count, uint32_t bytes)
{
    (void)count;
    atomic_store(&dev->cancel, false);
    free(dev->buffer);
    dev->buffer = malloc(bytes);
    fake_start(dev->fake, dev->rate);
    while (!atomic_load(&dev->cancel)) {
        size_t len = bytes;
        struct fake_buffer buffer;
        enum fake_kind kind = fake_read(dev->fake, dev->buffer, &len, &buffer);

        if (kind == FAKE_HANG)
            fake_hang(dev->fake);
        if (kind == FAKE_UNPLUG)
            return -5; /* transfers end with LIBUSB_TRANSFER_NO_DEVICE */
        if (len)
            callback(dev->buffer, (uint32_t)len, user);
    }
    return 0;
}
