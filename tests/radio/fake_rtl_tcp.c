/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* fake_rtl_tcp PORTFILE SETTINGS: an rtl_tcp server for tests. It listens on a free port of the loopback interface, whose number it
 * writes to PORTFILE, and serves one client at a time. `unplug` closes the connection and refuses others, `hang` is a stall. */
#define BUFFER 16384

static int listen_somewhere(const char *port_file)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char temporary[512];
    FILE *file;

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 4) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        exit(1);
    snprintf(temporary, sizeof temporary, "%s.new", port_file);
    file = fopen(temporary, "w");
    if (!file)
        exit(1);
    fprintf(file, "%u\n", ntohs(at.sin_port));
    fclose(file);
    if (rename(temporary, port_file) != 0)
        exit(1);
    return fd;
}

/* False: the client has gone. */
static bool commands(struct fake *fake, int fd, double *rate_hz)
{
    static const char *const names[256] = {[1] = "frequency", [2] = "rate", [3] = "manual", [4] = "gain", [8] = "agc"};
    unsigned char bytes[5];
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (poll(&p, 1, 0) > 0) {
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_WAITALL);
        uint32_t value = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];

        if (n != (ssize_t)sizeof bytes)
            return false;
        fake_log(fake, names[bytes[0]] ? names[bytes[0]] : "unknown", value);
        if (bytes[0] == 2)
            *rate_hz = value;
    }
    return true;
}

static void serve(struct fake *fake, int fd)
{
    static const unsigned char hello[12] = {'R', 'T', 'L', '0', 0, 0, 0, 5, 0, 0, 0, 29};
    unsigned char buffer[BUFFER];
    double rate_hz = 0;

    if (!fake_open(fake) || send(fd, hello, sizeof hello, MSG_NOSIGNAL) < 0)
        return;
    while (rate_hz == 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 100);
        if (!commands(fake, fd, &rate_hz))
            return;
    }
    fake_start(fake, rate_hz);
    for (;;) {
        size_t len = sizeof buffer;
        enum fake_kind kind = fake_read(fake, buffer, &len);

        if (kind == FAKE_UNPLUG || !commands(fake, fd, &rate_hz))
            return;
        if (len && send(fd, buffer, len, MSG_NOSIGNAL) < 0)
            return;
    }
}

int main(int argc, char **argv)
{
    struct fake *fake;
    int listener;

    if (argc != 3)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    alarm(120); /* no test needs it longer, and none may leave it behind */
    fake = fake_get(argv[2]);
    listener = listen_somewhere(argv[1]);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return 1;
        serve(fake, fd);
        close(fd);
    }
}
