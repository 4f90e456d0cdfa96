/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/source.h"

#include "app/mqtt/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wm_mqtt_source {
    struct wm_mqtt_source_config config;
    struct wm_target target;
    struct wm_mqtt mqtt;
    char topic[1200];
    int qos;
};

static const struct wm_target_option options[] = {
    {"group", "NAME", "who shares the messages; default wmsdr; none: get them all"},
    WM_MQTT_OPTIONS,
    {NULL, NULL, NULL},
};

static const struct wm_transport plain = {.name = "mqtt", .prefix = "mqtt://", .syntax = "HOST[/TOPIC]", .options = options};
static const struct wm_transport tls = {.name = "mqtts", .prefix = "mqtts://", .syntax = "HOST[/TOPIC]", .options = options};
static const struct wm_transport *const kinds[] = {&plain, &tls, NULL};

static void subscribe(void *user)
{
    struct wm_mqtt_source *source = user;

    mosquitto_subscribe(source->mqtt.client, NULL, source->topic, source->qos);
}

static void message(void *user, const struct mosquitto_message *message)
{
    struct wm_mqtt_source *source = user;
    const char *text = message->payload;
    size_t left = message->payloadlen > 0 ? (size_t)message->payloadlen : 0;

    while (left) {
        const char *newline = memchr(text, '\n', left);
        size_t len = newline ? (size_t)(newline - text) : left;

        source->config.take(source->config.user, text, len);
        len += newline != NULL;
        text += len;
        left -= len;
    }
}

static enum wm_status set_up(struct wm_mqtt_source *source, char why[WM_OUTPUT_WHY])
{
    const struct wm_target *target = &source->target;
    const char *group = wm_target_text(target, "group", "wmsdr");
    const char *topic = *target->path ? target->path : "wmsdr/telegrams";
    uint64_t qos;
    enum wm_status status = wm_target_number(target, "qos", 1, 0, 2, &qos, why);

    if (status != WM_OK)
        return status;
    source->qos = (int)qos;
    if (strcmp(group, "none") == 0)
        snprintf(source->topic, sizeof source->topic, "%.1000s", topic);
    else
        snprintf(source->topic, sizeof source->topic, "$share/%.100s/%.1000s", group, topic);
    if (!*target->host || strlen(topic) > 1000 || strpbrk(group, "/+#") ||
        mosquitto_sub_topic_check(source->topic) != MOSQ_ERR_SUCCESS) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.150s: mqtt://HOST/TOPIC?group=NAME, where TOPIC may be a filter with + and #",
                 target->said);
        return WM_INVALID;
    }
    source->mqtt.user = source;
    source->mqtt.on_up = subscribe;
    source->mqtt.on_message = message;
    /* with a name of our own the broker keeps what comes while we are away */
    return wm_mqtt_open(&source->mqtt, target, &source->config.log, !wm_target_text(target, "client", NULL), why);
}

enum wm_status wm_mqtt_source_open(const struct wm_mqtt_source_config *config, struct wm_mqtt_source **source,
                                   char why[WM_OUTPUT_WHY])
{
    struct wm_mqtt_source *s = calloc(1, sizeof *s);
    enum wm_status status;

    if (!s)
        return WM_NO_MEMORY;
    s->config = *config;
    status = wm_target_parse_as(config->url, kinds, &s->target, why);
    if (status == WM_OK)
        status = set_up(s, why);
    if (status == WM_OK)
        *source = s;
    else
        wm_mqtt_source_close(s);
    return status;
}

void wm_mqtt_source_close(struct wm_mqtt_source *source)
{
    if (!source)
        return;
    if (source->mqtt.client && source->mqtt.up) {
        mosquitto_disconnect(source->mqtt.client);
        mosquitto_loop(source->mqtt.client, 10, 1);
    }
    wm_mqtt_close(&source->mqtt);
    free(source);
}

void wm_mqtt_source_work(struct wm_mqtt_source *source, int wait_ms)
{
    wm_mqtt_work(&source->mqtt, wait_ms);
}
