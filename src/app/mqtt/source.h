/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/target.h"

/* Lines from an MQTT broker: mqtt://[USER@]HOST[:PORT][/TOPIC][?OPTION=VALUE...]. Several that name the same group share the
 * messages among them ($share/GROUP/TOPIC, MQTT 5.0 section 4.8.2). */
struct wm_mqtt_source;

struct wm_mqtt_source_config {
    const char *url;
    struct wm_log log;
    void (*take)(void *user, const char *text, size_t len); /* each line of each message, inside work */
    void *user;
};

/* Connects with the first work. WM_INVALID, WM_IO, WM_NO_MEMORY, WM_UNSUPPORTED (not built in): why says what and the remedy. */
WM_MUST_USE enum wm_status wm_mqtt_source_open(const struct wm_mqtt_source_config *config, struct wm_mqtt_source **source,
                                               char why[WM_OUTPUT_WHY]);
void wm_mqtt_source_close(struct wm_mqtt_source *source);
/* The network's business for at most wait_ms. */
void wm_mqtt_source_work(struct wm_mqtt_source *source, int wait_ms);
