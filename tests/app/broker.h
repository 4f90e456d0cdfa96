/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A real mosquitto, started by the test on a free port, with its state in the test's directory. */
struct broker {
    char dir[64];
    uint16_t port;
    pid_t pid;
};

/* Whether there is one to start; says so when not. */
bool broker_exists(void);
/* Chooses the port and writes the configuration. cautious: what it has acknowledged it keeps on disk at once, not only when it is
 * told to end; that is slow. */
void broker_prepare(struct broker *broker, const char *dir, bool cautious);
void broker_start(struct broker *broker);
/* Ends it with a signal. */
void broker_kill(struct broker *broker, int signal);

/* A subscriber with a session that the broker remembers: what it hears, in order. */
struct listener;
struct listener *listen_to(const struct broker *broker, const char *client, const char *topic);
void listener_stop(struct listener *listener);
/* Waits until `count` messages were heard, at most `seconds`; how many were. */
unsigned listener_wait(struct listener *listener, unsigned count, unsigned seconds);
/* The i-th message; they stay until the listener is stopped. */
const char *listener_topic(struct listener *listener, unsigned i);
const char *listener_payload(struct listener *listener, unsigned i);
bool listener_retained(struct listener *listener, unsigned i);
/* Its packet identifier between broker and listener: what the broker sends again keeps it (MQTT 3.1.1, 2.3.1). */
int listener_id(struct listener *listener, unsigned i);
