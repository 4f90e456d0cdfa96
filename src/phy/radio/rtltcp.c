/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/driver.h"
#include "phy/radio/rtl_gains.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Client of rtl_tcp, the server of the rtl-sdr project. Its protocol has no text but its source: the server sends 12 bytes, "RTL0",
 * tuner kind and number of gains (big-endian), then cu8 samples without end; the client sends 5 bytes a command. Nothing is
 * acknowledged. */
#define DEFAULT_PORT "1234"
#define CONNECT_MS   3000
#define READ_BYTES   32768

enum command {
    SET_FREQUENCY = 0x01,
    SET_RATE = 0x02,
    SET_GAIN_MODE = 0x03, /* 0 the tuner's AGC, 1 manual */
    SET_GAIN = 0x04,      /* tenths of a decibel */
    SET_CHIP_AGC = 0x08
};

struct wm_device {
    int fd;
    atomic_bool cancelled;
    struct wm_radio_caps caps;
    unsigned char buffer[READ_BYTES];
};

/* HOST, HOST:PORT or [V6]:PORT */
static void split(const char *address, char host[WM_RADIO_ADDRESS], char port[32])
{
    const char *colon;

    snprintf(host, WM_RADIO_ADDRESS, "%s", *address ? address : "localhost");
    strcpy(port, DEFAULT_PORT);
    if (host[0] == '[' && strchr(host, ']')) {
        char *end = strchr(host, ']');
        if (end[1] == ':')
            snprintf(port, 32, "%.31s", end + 2);
        *end = '\0';
        memmove(host, host + 1, strlen(host));
        return;
    }
    colon = strrchr(host, ':');
    if (colon && strchr(host, ':') == colon) {
        snprintf(port, 32, "%.31s", colon + 1);
        host[colon - host] = '\0';
    }
}

static bool wait_for(int fd, short events, int ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n;

    do
        n = poll(&p, 1, ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static int connect_to(const struct addrinfo *to, const char **fault)
{
    int fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->ai_protocol);
    int error = 0;
    socklen_t len = sizeof error;

    if (fd < 0) {
        *fault = strerror(errno);
        return -1;
    }
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0)
        error = errno;
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (wait_for(fd, POLLOUT, CONNECT_MS))
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    }
    if (error) {
        *fault = strerror(error);
        close(fd);
        return -1;
    }
    return fd;
}

static enum wm_status greet(struct wm_device *d, const char *address, char *why)
{
    unsigned char hello[12];
    size_t got = 0;
    uint32_t tuner, gains;

    while (got < sizeof hello) {
        ssize_t n = wait_for(d->fd, POLLIN, CONNECT_MS) ? recv(d->fd, hello + got, sizeof hello - got, 0) : -1;
        if (n <= 0)
            return wm_radio_fail(why, got || n == 0
                                          ? "the connection was closed; is another program connected to it?"
                                          : "it accepts the connection and says nothing; is another program connected to it?");
        got += (size_t)n;
    }
    if (memcmp(hello, "RTL0", 4) != 0)
        return wm_radio_fail(why, "what answers is no rtl_tcp server");
    tuner = (uint32_t)hello[4] << 24 | (uint32_t)hello[5] << 16 | (uint32_t)hello[6] << 8 | hello[7];
    gains = (uint32_t)hello[8] << 24 | (uint32_t)hello[9] << 16 | (uint32_t)hello[10] << 8 | hello[11];
    wm_rtl_gains(tuner, gains, &d->caps);
    d->caps.format = WM_SAMPLES_CU8;
    wm_rtl_rates(&d->caps);
    d->caps.device_agc = true;
    snprintf(d->caps.label, sizeof d->caps.label, "rtl_tcp at %.80s, tuner %s", address, wm_rtl_tuner_name(tuner));
    return WM_OK;
}

static void close_device(struct wm_device *d)
{
    if (d->fd >= 0)
        close(d->fd);
    free(d);
}

static enum wm_status open_device(const char *address, struct wm_device **device, struct wm_radio_caps *caps, char *why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char host[WM_RADIO_ADDRESS], port[32];
    struct addrinfo *list = NULL;
    struct wm_device *d;
    const char *fault = "no address";
    enum wm_status status;
    int error;

    split(address, host, port);
    error = getaddrinfo(host, port, &hints, &list);
    if (error)
        return wm_radio_fail(why, gai_strerror(error));
    d = calloc(1, sizeof *d);
    if (!d) {
        freeaddrinfo(list);
        return wm_radio_fail(why, strerror(ENOMEM));
    }
    d->fd = -1;
    for (const struct addrinfo *to = list; to && d->fd < 0; to = to->ai_next)
        d->fd = connect_to(to, &fault);
    freeaddrinfo(list);
    status = d->fd >= 0 ? greet(d, address, why) : wm_radio_fail(why, fault);
    if (status != WM_OK) {
        close_device(d);
        return status;
    }
    *caps = d->caps;
    *device = d;
    return WM_OK;
}

static bool send_command(struct wm_device *d, enum command command, uint32_t value)
{
    const unsigned char bytes[5] = {(unsigned char)command, (unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                    (unsigned char)(value >> 8), (unsigned char)value};

    return send(d->fd, bytes, sizeof bytes, MSG_NOSIGNAL) == (ssize_t)sizeof bytes;
}

static enum wm_status set_gain(struct wm_device *d, unsigned step)
{
    return send_command(d, SET_GAIN, (uint32_t)(d->caps.gain_db[step] * 10 + 0.5F)) ? WM_OK : WM_IO;
}

static enum wm_status configure(struct wm_device *d, struct wm_radio_settings *s, char *why)
{
    const double hz = s->centre_hz / (1 + s->ppm * 1e-6);

    if (!send_command(d, SET_RATE, (uint32_t)(s->rate_hz + 0.5)) || !send_command(d, SET_FREQUENCY, (uint32_t)(hz + 0.5)) ||
        !send_command(d, SET_CHIP_AGC, 0) || !send_command(d, SET_GAIN_MODE, s->device_agc ? 0 : 1) ||
        (!s->device_agc && d->caps.gain_count && set_gain(d, s->gain_step) != WM_OK))
        return wm_radio_fail(why, strerror(errno));
    s->rate_hz = (uint32_t)(s->rate_hz + 0.5);
    return WM_OK;
}

static enum wm_status run(struct wm_device *d, const struct wm_radio_sink *sink, char *why)
{
    atomic_store(&d->cancelled, false);
    while (!atomic_load(&d->cancelled)) {
        ssize_t n;

        if (!wait_for(d->fd, POLLIN, 100))
            continue;
        n = recv(d->fd, d->buffer, sizeof d->buffer, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0)
            return wm_radio_fail(why, n == 0 ? "the server closed the connection" : strerror(errno));
        if (!sink->samples(sink->user, d->buffer, (size_t)n, 0))
            break;
    }
    return WM_END;
}

static void cancel(struct wm_device *d)
{
    atomic_store(&d->cancelled, true);
}

const struct wm_radio_driver wm_radio_rtltcp = {
    .name = "rtltcp",
    .summary = "RTL-SDR stick behind an rtl_tcp server",
    .address = "HOST[:PORT]",
    .byte_stream = true,
    .flows_on = true,
    .open = open_device,
    .configure = configure,
    .run = run,
    .cancel = cancel,
    .set_gain = set_gain,
    .close = close_device,
};
