/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* What the kernel knows of a USB device: whether it is there, whether we may open it, and what else holds it. Read from sysfs, so
 * that it works where the driver's library only says "cannot open". */
struct wm_usb_device {
    unsigned vendor, product, bus, address;
    char serial[64];
    char kernel_driver[64]; /* bound to its first interface, "" for none */
    bool allowed;           /* /dev/bus/usb/BUS/ADDRESS can be opened for writing */
    char node[64];
};

#define WM_USB_SYSFS "/sys/bus/usb/devices"

/* All devices that are receivers of the RTL2832 kind, by the table of ids. sysfs: WM_USB_SYSFS, or a copy for tests. Returns how
 * many were written. */
size_t wm_usb_rtl_sticks(const char *sysfs, struct wm_usb_device *devices, size_t cap);
/* As if it were pulled out and plugged in again. WM_IO with errno. */
WM_MUST_USE enum wm_status wm_usb_reset(const struct wm_usb_device *device);
