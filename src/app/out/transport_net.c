/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/target.h"
#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* TCP: lines over one connection that is made again when it breaks; UDP: one line a datagram. Neither can tell what has arrived:
 * what could not be handed to the network is counted as lost. */

#define PATIENCE_S   5  /* a batch waits for a broken connection at most so long, once an outage */
#define SEND_S       10 /* a peer that takes nothing for so long is gone */
#define BACK_OFF_S   30 /* between attempts at most */
#define DATAGRAM_MAX 65507

struct net {
    struct wm_output_port *port;
    int fd, type;
    char service[8];
    double next_try_s, back_off_s, away_since_s; /* monotonic */
    bool told;
};

static enum wm_status open_net(struct wm_output_port *port, void **state, int type)
{
    const struct wm_target *target = port->target;
    struct net *net;

    if (!target->host || !*target->host || !target->port || *target->path || target->user) {
        snprintf(port->why, WM_OUTPUT_WHY, "-F %.100s: %sHOST:PORT is what it looks like", target->said, target->transport->prefix);
        return WM_INVALID;
    }
    net = calloc(1, sizeof *net);
    if (!net)
        return WM_NO_MEMORY;
    *net = (struct net){.port = port, .fd = -1, .type = type, .back_off_s = 0.5};
    snprintf(net->service, sizeof net->service, "%u", target->port);
    *state = net;
    return WM_OK;
}

static enum wm_status open_tcp(struct wm_output_port *port, void **state)
{
    return open_net(port, state, SOCK_STREAM);
}

static enum wm_status open_udp(struct wm_output_port *port, void **state)
{
    return open_net(port, state, SOCK_DGRAM);
}

static const char *try_connect(struct net *net)
{
    const struct addrinfo hints = {.ai_socktype = net->type, .ai_flags = AI_NUMERICSERV};
    const struct timeval patience = {.tv_sec = SEND_S};
    struct addrinfo *list = NULL;
    int error = getaddrinfo(net->port->target->host, net->service, &hints, &list);
    int saved = 0;

    if (error)
        return gai_strerror(error);
    for (const struct addrinfo *a = list; a && net->fd < 0; a = a->ai_next) {
        net->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (net->fd < 0) {
            saved = errno;
            continue;
        }
        /* it bounds connect() too */
        setsockopt(net->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(net->fd, a->ai_addr, a->ai_addrlen) != 0) {
            saved = errno;
            close(net->fd);
            net->fd = -1;
        }
    }
    freeaddrinfo(list);
    return net->fd < 0 ? strerror(saved) : NULL;
}

/* Whether there is a connection, making one where that is due. */
static bool connected(struct net *net)
{
    const char *why;
    double now = wm_mono_s();

    if (net->fd >= 0)
        return true;
    if (now < net->next_try_s)
        return false;
    why = try_connect(net);
    if (!why) {
        if (net->told)
            wm_logf(&net->port->log, WM_LOG_WARNING, "%.100s: connected again", net->port->target->said);
        net->told = false;
        net->back_off_s = 0.5;
        net->away_since_s = 0;
        return true;
    }
    if (!net->told)
        wm_logf(&net->port->log, WM_LOG_WARNING, "%.100s: %s; trying again", net->port->target->said, why);
    net->told = true;
    if (!(net->away_since_s > 0))
        net->away_since_s = now;
    net->next_try_s = now + net->back_off_s;
    net->back_off_s = net->back_off_s * 2 < BACK_OFF_S ? net->back_off_s * 2 : BACK_OFF_S;
    return false;
}

static void hang_up(struct net *net)
{
    close(net->fd);
    net->fd = -1;
    net->next_try_s = 0;
}

static bool send_all(struct net *net, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(net->fd, data, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool wait_for_connection(struct net *net)
{
    while (!connected(net)) {
        if (atomic_load(&net->port->closing) || wm_mono_s() - net->away_since_s > PATIENCE_S)
            return false;
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    return true;
}

static enum wm_status write_tcp(void *state, struct wm_batch batch)
{
    struct net *net = state;
    struct wm_item item;

    while (wm_batch_next(&batch, &item)) {
        /* a line of which a part was sent is sent whole again over the new connection: its reader saw the old one end inside it */
        if (wait_for_connection(net) && send_all(net, item.data, item.len))
            continue;
        if (net->fd >= 0) {
            hang_up(net);
            if (wait_for_connection(net) && send_all(net, item.data, item.len))
                continue;
        }
        atomic_fetch_add(&net->port->lost, 1);
    }
    return WM_OK;
}

static enum wm_status write_udp(void *state, struct wm_batch batch)
{
    struct net *net = state;
    struct wm_item item;

    while (wm_batch_next(&batch, &item)) {
        bool sent = item.len <= DATAGRAM_MAX && wait_for_connection(net);

        /* the first send after nobody listened reports that (ECONNREFUSED) and sends nothing: once more */
        if (sent && send(net->fd, item.data, item.len, MSG_NOSIGNAL) < 0 &&
            (errno != ECONNREFUSED || send(net->fd, item.data, item.len, MSG_NOSIGNAL) < 0))
            sent = false;
        if (!sent)
            atomic_fetch_add(&net->port->lost, 1);
    }
    return WM_OK;
}

static enum wm_status close_net(void *state)
{
    struct net *net = state;

    if (net->fd >= 0)
        close(net->fd);
    free(net);
    return WM_OK;
}

const struct wm_transport wm_transport_tcp = {
    .name = "tcp",
    .prefix = "tcp://",
    .syntax = "HOST:PORT",
    .summary = "lines over a TCP connection, made again when it breaks",
    .default_format = "json",
    .one_line = true,
    .idle_ms = -1,
    .open = open_tcp,
    .write = write_tcp,
    .close = close_net,
};

const struct wm_transport wm_transport_udp = {
    .name = "udp",
    .prefix = "udp://",
    .syntax = "HOST:PORT",
    .summary = "a datagram for each telegram",
    .default_format = "json",
    .one_line = true,
    .idle_ms = -1,
    .open = open_udp,
    .write = write_udp,
    .close = close_net,
};
