/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/source.h"
#include "app/out/target.h"

#include <stdio.h>

/* What stands in the table of transports for those whose library was not there when this was built. */

__attribute__((unused)) static enum wm_status absent(struct wm_output_port *port, const char *package)
{
    snprintf(port->why, WM_OUTPUT_WHY, "%s is not built in: install %s and build again", port->target->transport->name, package);
    return WM_UNSUPPORTED;
}

#define ABSENT(transport, its_prefix, its_syntax, package)                                                                         \
    static enum wm_status open_##transport(struct wm_output_port *port, void **state)                                              \
    {                                                                                                                              \
        (void)state;                                                                                                               \
        return absent(port, package);                                                                                              \
    }                                                                                                                              \
    const struct wm_transport wm_transport_##transport = {                                                                         \
        .name = #transport,                                                                                                        \
        .prefix = its_prefix,                                                                                                      \
        .syntax = its_syntax,                                                                                                      \
        .summary = "not built in: " package " was missing",                                                                        \
        .own_form = true,                                                                                                          \
        .idle_ms = -1,                                                                                                             \
        .open = open_##transport,                                                                                                  \
    };

#ifndef WMSDR_SQLITE
ABSENT(sqlite, "sqlite:", "FILE", "libsqlite3-dev")
#endif
#ifndef WMSDR_HTTP
ABSENT(http, "http://", "[HOST]:PORT", "libmicrohttpd-dev")
#endif
#ifndef WMSDR_MQTT
ABSENT(mqtt, "mqtt://", "HOST", "libmosquitto-dev")
ABSENT(mqtts, "mqtts://", "HOST", "libmosquitto-dev")

enum wm_status wm_mqtt_source_open(const struct wm_mqtt_source_config *config, struct wm_mqtt_source **source,
                                   char why[WM_OUTPUT_WHY])
{
    (void)source;
    snprintf(why, WM_OUTPUT_WHY, "-F %.100s: MQTT is not built in: install libmosquitto-dev and build again", config->url);
    return WM_UNSUPPORTED;
}

void wm_mqtt_source_close(struct wm_mqtt_source *source)
{
    (void)source;
}

void wm_mqtt_source_work(struct wm_mqtt_source *source, int wait_ms)
{
    (void)source;
    (void)wait_ms;
}
#endif
