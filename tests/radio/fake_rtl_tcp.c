/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* fake_rtl_tcp PORTFILE SETTINGS: an rtl_tcp server for tests. It listens on a free port of the loopback interface, whose number it
 * writes to PORTFILE, and serves one client at a time. `unplug` closes the connection and refuses others, `hang` is a stall.
 *
 * As a library (LD_PRELOAD) it is a thread of the program itself and listens on port 1234 of the loopback address FAKE_RTL_TCP, for
 * instance 127.3.2.1: in simulated time all that waits has to be one process. */
#define BUFFER 16384

static int listen_at(const char *address, unsigned short port, struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 || bind(fd, (struct sockaddr *)at, len) < 0 ||
        listen(fd, 4) < 0 || getsockname(fd, (struct sockaddr *)at, &len) < 0)
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
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        struct fake_buffer place;
        enum fake_kind kind = fake_read(fake, buffer, &len, &place);

        if (kind == FAKE_UNPLUG || !commands(fake, fd, &rate_hz))
            return;
        if (len && (poll(&p, 1, -1) < 0 || send(fd, buffer, len, MSG_NOSIGNAL) < 0))
            return;
    }
}

static void serve_all(struct fake *fake, int listener)
{
    for (;;) {
        struct pollfd p = {.fd = listener, .events = POLLIN};
        int fd = poll(&p, 1, -1) > 0 ? accept(listener, NULL, NULL) : -1;

        if (fd < 0)
            return;
        /* what TCP keeps back until an acknowledgement comes would be kept for hours of simulated time */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        serve(fake, fd);
        close(fd);
    }
}

#ifdef FAKE_INSIDE
static void *serve_inside(void *user)
{
    serve_all(fake_get(NULL), (int)(intptr_t)user);
    return NULL;
}

__attribute__((constructor)) static void begin(void)
{
    const char *address = getenv("FAKE_RTL_TCP");
    struct sockaddr_in at;
    pthread_t thread;

    signal(SIGPIPE, SIG_IGN);
    if (address && *address && pthread_create(&thread, NULL, serve_inside, (void *)(intptr_t)listen_at(address, 1234, &at)) != 0)
        abort();
}
#else
static int listen_somewhere(const char *port_file)
{
    struct sockaddr_in at;
    int fd = listen_at("127.0.0.1", 0, &at);
    char temporary[512];
    FILE *file;

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

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    alarm(120); /* no test needs it longer, and none may leave it behind */
    struct fake *fake = fake_get(argv[2]);
    serve_all(fake, listen_somewhere(argv[1]));
    return 1;
}
#endif
