/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/fields.h"
#include "app/out/sink.h"

/* Home Assistant's MQTT discovery: a message for each value of a meter that makes it appear as a sensor. */

struct wm_discovery_place {
    const char *prefix;             /* "homeassistant" */
    const char *state_topic;        /* where the values come, as flat JSON */
    const char *availability_topic; /* "online", "offline"; NULL: none */
};

/* Whether a field becomes a sensor: numbers of records, and how well the meter is heard. */
bool wm_discovery_covers(const struct wm_field *field);
/* The topic and the payload of a field that is covered. */
void wm_discovery_topic(struct wm_sink *sink, const struct wm_discovery_place *place, const struct wm_reading *reading,
                        const struct wm_field *field);
void wm_discovery_payload(struct wm_sink *sink, const struct wm_discovery_place *place, const struct wm_reading *reading,
                          const struct wm_field *field);
