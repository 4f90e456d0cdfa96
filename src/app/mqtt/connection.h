/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/target.h"

#include <mosquitto.h>

/* A connection to an MQTT broker that is made again when it breaks, with growing pauses. Not thread-safe: its owner calls
 * wm_mqtt_work now and then, which is when callbacks come. */

#define WM_MQTT_INFLIGHT 100 /* messages sent and not yet acknowledged, at most */

struct wm_mqtt {
    struct mosquitto *client;
    const struct wm_target *target;
    const struct wm_log *log;
    char name[300]; /* for messages */
    bool up;        /* the broker has accepted us */
    bool told, told_refusal;
    char complaint[256]; /* of the library, in this attempt to connect */
    uint64_t connects;   /* how often */
    double next_try_s, back_off_s;
    int keepalive;

    /* configuration: what happens then; may be NULL */
    void (*on_up)(void *user);
    void (*on_published)(void *user, int mid);
    void (*on_message)(void *user, const struct mosquitto_message *message);
    void *user;
};

/* The rows of an option table for what both directions understand. */
#define WM_MQTT_OPTIONS                                                                                                            \
    {"password-file", "FILE", "the password, alone in FILE; the user name stands in the URL: mqtt://USER@HOST"},                   \
        {"ca", "FILE", "mqtts: certificates of authorities to believe; default: the system's"},                                    \
        {"cert", "FILE", "mqtts: our certificate, with key=FILE"}, {"key", "FILE", "mqtts: its key"},                              \
        {"client", "ID", "our name at the broker; default: a random one"}, {"keepalive", "SECONDS", "default 30"},                 \
    {                                                                                                                              \
        "qos", "0|1|2", "default 1"                                                                                                \
    }

/* Sets up; connects with the first work. target and log are borrowed. clean: the broker forgets us when we go. WM_INVALID, WM_IO,
 * WM_NO_MEMORY with why. */
WM_MUST_USE enum wm_status wm_mqtt_open(struct wm_mqtt *mqtt, const struct wm_target *target, const struct wm_log *log, bool clean,
                                        char why[WM_OUTPUT_WHY]);
void wm_mqtt_close(struct wm_mqtt *mqtt);

/* The network's business for at most wait_ms; (re)connects where that is due. */
void wm_mqtt_work(struct wm_mqtt *mqtt, int wait_ms);
