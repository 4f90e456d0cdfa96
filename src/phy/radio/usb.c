/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/usb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Ids of RTL2832 sticks that are sold as SDRs (librtlsdr's list is longer: DVB sticks of the years 2011 to 2013). */
static const struct {
    unsigned vendor, product;
} sticks[] = {{0x0bda, 0x2832}, {0x0bda, 0x2838}};

static bool attribute(const char *sysfs, const char *device, const char *name, char *text, size_t cap)
{
    char path[512];
    FILE *file;
    bool got;

    text[0] = '\0';
    if ((size_t)snprintf(path, sizeof path, "%s/%s/%s", sysfs, device, name) >= sizeof path)
        return false;
    file = fopen(path, "re");
    if (!file)
        return false;
    got = fgets(text, (int)cap, file) != NULL;
    fclose(file);
    text[strcspn(text, "\n")] = '\0';
    return got;
}

static unsigned number(const char *sysfs, const char *device, const char *name, int base)
{
    char text[32];

    return attribute(sysfs, device, name, text, sizeof text) ? (unsigned)strtoul(text, NULL, base) : 0;
}

static void bound_driver(const char *sysfs, const char *device, char driver[64])
{
    char path[512], target[512];
    ssize_t n;
    const char *slash;

    driver[0] = '\0';
    snprintf(path, sizeof path, "%s/%s:1.0/driver", sysfs, device);
    n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return;
    target[n] = '\0';
    slash = strrchr(target, '/');
    snprintf(driver, 64, "%.63s", slash ? slash + 1 : target);
    if (strcmp(driver, "usbfs") == 0) /* a program has it open: no kernel driver */
        driver[0] = '\0';
}

size_t wm_usb_rtl_sticks(const char *sysfs, struct wm_usb_device *devices, size_t cap)
{
    DIR *dir = opendir(sysfs);
    struct dirent *entry;
    size_t count = 0;

    while (dir && count < cap && (entry = readdir(dir))) {
        struct wm_usb_device *d = &devices[count];
        const char *name = entry->d_name;

        if (name[0] == '.' || strchr(name, ':'))
            continue;
        memset(d, 0, sizeof *d);
        d->vendor = number(sysfs, name, "idVendor", 16);
        d->product = number(sysfs, name, "idProduct", 16);
        for (size_t i = 0; i < sizeof sticks / sizeof sticks[0]; i++) {
            if (d->vendor != sticks[i].vendor || d->product != sticks[i].product)
                continue;
            d->bus = number(sysfs, name, "busnum", 10);
            d->address = number(sysfs, name, "devnum", 10);
            attribute(sysfs, name, "serial", d->serial, sizeof d->serial);
            bound_driver(sysfs, name, d->kernel_driver);
            snprintf(d->node, sizeof d->node, "/dev/bus/usb/%03u/%03u", d->bus, d->address);
            d->allowed = access(d->node, R_OK | W_OK) == 0;
            count++;
            break;
        }
    }
    if (dir)
        closedir(dir);
    return count;
}

enum wm_status wm_usb_reset(const struct wm_usb_device *device)
{
    int fd = open(device->node, O_WRONLY | O_CLOEXEC);
    int error;

    if (fd < 0)
        return WM_IO;
    if (ioctl(fd, USBDEVFS_RESET, 0) < 0) {
        error = errno;
        close(fd);
        errno = error;
        return WM_IO;
    }
    close(fd);
    return WM_OK;
}
