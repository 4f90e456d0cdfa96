/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/connection.h"
#include "app/mqtt/discovery.h"
#include "app/mqtt/spool.h"
#include "app/mqtt/topic.h"
#include "base/clock.h"
#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Publishing. Every message goes through the spool, in order, and leaves it when the broker has acknowledged it:
 *
 *     spool:  [ sent, not acknowledged ][ waiting ]
 *              ^ oldest                  ^ cursor
 *
 * The library sends what was not acknowledged again after a broken connection; what a killed process had not got acknowledged, the
 * next one sends. So with QoS 1 nothing is lost and the order holds; a message may come twice where an acknowledgement was lost. */

#define WORK_MS         100 /* at a time, before the queue is looked at again */
#define CLOSE_S         5   /* so long the end waits for the broker */
#define ANNOUNCED_SLOTS 65536
#define SPOOL_BYTES     (64u << 20)

enum { RETAIN = 1 }; /* item flags */

struct publisher {
    struct wm_output_port *port;
    struct wm_mqtt mqtt;
    const char *topic, *discovery;
    char status_topic[256];
    int qos;
    bool retain, in_memory;
    char spool_path[1024];

    /* of the thread */
    struct wm_spool *spool;
    uint64_t cursor;
    int mids[WM_MQTT_INFLIGHT];
    bool done[WM_MQTT_INFLIGHT];
    unsigned first_mid, mid_count; /* a ring: what was sent, oldest first */

    /* of whoever receives: what has been announced for discovery, as hashes in an open table */
    _Atomic bool announce_anew;
    uint32_t *announced;
    unsigned announced_count;
};

static void broker_is_up(void *user)
{
    struct publisher *p = user;

    /* a broker without a memory of its own has forgotten what was retained */
    if (p->mqtt.connects > 1)
        atomic_store(&p->announce_anew, true);
    if (*p->status_topic)
        mosquitto_publish(p->mqtt.client, NULL, p->status_topic, 6, "online", 1, true);
}

static void acknowledged(void *user, int mid)
{
    struct publisher *p = user;

    for (unsigned i = 0; i < p->mid_count; i++) {
        unsigned at = (p->first_mid + i) % WM_MQTT_INFLIGHT;

        if (p->mids[at] == mid && !p->done[at]) {
            p->done[at] = true;
            break;
        }
    }
    while (p->mid_count && p->done[p->first_mid]) {
        enum wm_status ignored = wm_spool_release(p->spool);

        (void)ignored; /* then it is sent again, by the next run */
        p->first_mid = (p->first_mid + 1) % WM_MQTT_INFLIGHT;
        p->mid_count--;
    }
    if (p->mid_count == 0)
        p->cursor = wm_spool_first(p->spool);
}

static void add_to_hash(uint32_t *hash, const char *text)
{
    *hash = wm_hash(wm_hash(*hash, text, strlen(text)), "\n", 1);
}

/* Where nothing else is said, the spool lies in the user's state directory, one file for each destination: what is published, and
 * where. How the broker is reached is not part of it: who corrects user, password or certificates finds the spool again. */
static void default_spool(struct publisher *p)
{
    const struct wm_target *target = p->port->target;
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    uint32_t hash = WM_HASH_BEGIN;
    char dir[700], port[8];

    if (state && *state == '/')
        snprintf(dir, sizeof dir, "%.600s", state);
    else if (home && *home == '/')
        snprintf(dir, sizeof dir, "%.600s/.local/state", home);
    else
        return;
    snprintf(port, sizeof port, "%u", target->port);
    add_to_hash(&hash, port);
    add_to_hash(&hash, p->topic);
    add_to_hash(&hash, target->format->name);
    add_to_hash(&hash, wm_target_text(target, "what", ""));
    add_to_hash(&hash, wm_target_text(target, "fields", ""));
    for (char *slash = dir + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(dir, 0700);
        *slash = '/';
    }
    mkdir(dir, 0700);
    strcat(dir, "/wmsdr");
    mkdir(dir, 0700); /* if one of them failed, opening the file tells */
    snprintf(p->spool_path, sizeof p->spool_path, "%s/mqtt-%.100s-%08x.spool", dir, target->host, hash);
}

static enum wm_status open_spool(struct publisher *p)
{
    const struct wm_target *target = p->port->target;
    const char *path = wm_target_text(target, "spool", "");
    uint64_t bytes;
    enum wm_status status = wm_target_number(target, "spool-size", SPOOL_BYTES, WM_SPOOL_MIN, 1ull << 40, &bytes, p->port->why);

    if (status != WM_OK)
        return status;
    p->in_memory = strcmp(path, "none") == 0;
    if (*path && !p->in_memory)
        snprintf(p->spool_path, sizeof p->spool_path, "%s", path);
    else if (!p->in_memory)
        default_spool(p);
    p->in_memory = !*p->spool_path;
    status = wm_spool_open(*p->spool_path ? p->spool_path : NULL, bytes, &p->spool);
    if (status != WM_OK && !*path) { /* nobody asked for this file: do without */
        wm_logf(&p->port->log, WM_LOG_WARNING, "%s: %s; what waits for the broker is kept in memory only", p->spool_path,
                status == WM_FULL ? "another process uses it"
                : status == WM_IO ? strerror(errno)
                                  : "this is no spool");
        p->in_memory = true;
        status = wm_spool_open(NULL, bytes, &p->spool);
    }
    if (status != WM_OK) {
        snprintf(p->port->why, WM_OUTPUT_WHY, "%.250s: %s", p->spool_path,
                 status == WM_FULL      ? "another process uses this spool; give each its own: ?spool=FILE"
                 : status == WM_INVALID ? "this is no spool"
                                        : strerror(errno));
        return status;
    }
    p->cursor = wm_spool_first(p->spool);
    if (wm_spool_was_damaged(p->spool))
        wm_logf(&p->port->log, WM_LOG_WARNING, "%s: its end was damaged and has been left out", p->spool_path);
    if (wm_spool_count(p->spool))
        wm_logf(&p->port->log, WM_LOG_WARNING, "%s: %llu messages of an earlier run are delivered first", p->spool_path,
                (unsigned long long)wm_spool_count(p->spool));
    return WM_OK;
}

static enum wm_status read_options(struct publisher *p)
{
    const struct wm_target *target = p->port->target;
    bool raw = target->what == WM_WHAT_TELEGRAMS;
    const char *status_topic = wm_target_text(target, "status", "wmsdr/status");
    const char *fault;
    uint64_t qos = 1;
    enum wm_status status = wm_target_number(target, "qos", 1, 0, 2, &qos, p->port->why);

    if (status == WM_OK)
        status = wm_target_flag(target, "retain", !raw, &p->retain, p->port->why);
    if (status != WM_OK)
        return status;
    p->qos = (int)qos;
    p->topic = *target->path ? target->path : raw ? "wmsdr/telegrams" : "wmsdr/{manufacturer}/{id}";
    p->discovery = wm_target_text(target, "discovery", NULL);
    snprintf(p->status_topic, sizeof p->status_topic, "%s", strcmp(status_topic, "none") == 0 ? "" : status_topic);
    fault = wm_topic_fault(p->topic);
    if (!fault && *p->status_topic)
        fault = wm_topic_fault(p->status_topic);
    if (!fault && p->discovery)
        fault = wm_topic_fault(p->discovery);
    if (!fault && p->discovery && strcmp(target->format->name, "flat") != 0)
        fault = "discovery= goes with the format flat, whose values it names";
    if (!fault && !*target->host)
        fault = "a host is missing: mqtt://HOST/TOPIC";
    if (!fault)
        return WM_OK;
    snprintf(p->port->why, WM_OUTPUT_WHY, "-F %.150s: %s", target->said, fault);
    return WM_INVALID;
}

static enum wm_status close_publisher(void *state);

static enum wm_status open_publisher(struct wm_output_port *port, void **state)
{
    struct publisher *p = calloc(1, sizeof *p);
    enum wm_status status;

    if (!p)
        return WM_NO_MEMORY;
    p->port = port;
    /* a telegram that cannot be read would take the place of the last reading */
    if (!wm_target_text(port->target, "what", NULL))
        port->use.what = WM_WHAT_READINGS;
    p->mqtt.user = p;
    p->mqtt.on_up = broker_is_up;
    p->mqtt.on_published = acknowledged;
    status = read_options(p);
    if (status == WM_OK && p->discovery) {
        p->announced = calloc(ANNOUNCED_SLOTS, sizeof *p->announced);
        status = p->announced ? WM_OK : WM_NO_MEMORY;
    }
    if (status == WM_OK)
        status = wm_mqtt_open(&p->mqtt, port->target, &port->log, true, port->why);
    if (status == WM_OK && *p->status_topic &&
        mosquitto_will_set(p->mqtt.client, p->status_topic, 7, "offline", 1, true) != MOSQ_ERR_SUCCESS) {
        snprintf(port->why, WM_OUTPUT_WHY, "%s: the topic of the will is not accepted", p->mqtt.name);
        status = WM_INVALID;
    }
    if (status == WM_OK)
        status = open_spool(p);
    if (status == WM_OK) {
        *state = p;
        return WM_OK;
    }
    wm_mqtt_close(&p->mqtt);
    free(p->announced);
    free(p);
    return status;
}

/* Whether a hash is new in the table, which then has it. A full table starts anew: an announcement twice does no harm. */
static bool is_new(struct publisher *p, uint32_t hash)
{
    uint32_t at = hash % ANNOUNCED_SLOTS;

    if (p->announced_count > ANNOUNCED_SLOTS / 2) {
        memset(p->announced, 0, ANNOUNCED_SLOTS * sizeof *p->announced);
        p->announced_count = 0;
    }
    hash |= 1; /* 0: free */
    for (; p->announced[at]; at = (at + 1) % ANNOUNCED_SLOTS) {
        if (p->announced[at] == hash)
            return false;
    }
    p->announced[at] = hash;
    p->announced_count++;
    return true;
}

struct announcing {
    struct publisher *p;
    struct wm_sink *sink;
    const struct wm_reading *reading;
    struct wm_discovery_place place;
};

static void announce(void *user, const struct wm_field *field)
{
    struct announcing *a = user;
    const struct wm_address *meter = &a->reading->message->meter;
    uint32_t hash;
    size_t begin;

    if (!wm_discovery_covers(field))
        return;
    hash = wm_hash(WM_HASH_BEGIN ^ meter->id, &meter->manufacturer, sizeof meter->manufacturer);
    hash = wm_hash(hash, (uint8_t[]){meter->version, meter->type}, 2);
    hash = wm_hash(hash, field->name, strlen(field->name));
    if (!is_new(a->p, hash))
        return;
    begin = wm_item_begin(a->sink, RETAIN);
    wm_discovery_topic(a->sink, &a->place, a->reading, field);
    wm_item_key_ends(a->sink, begin);
    wm_discovery_payload(a->sink, &a->place, a->reading, field);
    wm_item_end(a->sink, begin);
}

static void compose(void *state, struct wm_sink *sink, const struct wm_reading *reading)
{
    struct publisher *p = state;
    size_t begin = sink->len, data;
    char topic[1280];
    struct wm_sink topic_sink = wm_sink_memory(topic, sizeof topic - 1);

    wm_topic_write(&topic_sink, p->topic, reading);
    topic[topic_sink.len] = '\0';
    if (p->discovery && (p->port->use.what != WM_WHAT_READINGS || wm_reading_has_records(reading))) {
        struct announcing a = {p, sink, reading, {p->discovery, topic, *p->status_topic ? p->status_topic : NULL}};

        if (atomic_exchange(&p->announce_anew, false)) {
            memset(p->announced, 0, ANNOUNCED_SLOTS * sizeof *p->announced);
            p->announced_count = 0;
        }
        wm_fields_walk(reading, false, announce, &a);
    }
    begin = wm_item_begin(sink, p->retain ? RETAIN : 0);
    wm_sink_put(sink, topic, topic_sink.len);
    wm_item_key_ends(sink, begin);
    data = sink->len;
    wm_format_write(&p->port->use, sink, reading);
    if (sink->len == data) {
        if (!sink->error)
            sink->len = begin;
        return;
    }
    if (!sink->error && sink->buffer[sink->len - 1] == '\n')
        sink->len--; /* a message is not a line */
    wm_item_end(sink, begin);
}

/* Hands the broker what waits, as far as the window goes. */
static void publish(struct publisher *p)
{
    while (p->mqtt.up && p->mid_count < WM_MQTT_INFLIGHT) {
        uint64_t cursor = p->cursor;
        struct wm_span data;
        char topic[1280];
        size_t topic_len;
        int mid, result;

        if (wm_spool_read(p->spool, &cursor, &data) != WM_OK || data.len < 2)
            return;
        topic_len = data.data[1] | (size_t)data.data[2] << 8;
        memcpy(topic, data.data + 3, topic_len);
        topic[topic_len] = '\0';
        result = mosquitto_publish(p->mqtt.client, &mid, topic, (int)(data.len - 3 - topic_len), data.data + 3 + topic_len, p->qos,
                                   data.data[0] & RETAIN);
        if (result == MOSQ_ERR_NO_CONN || result == MOSQ_ERR_CONN_LOST)
            return;
        p->cursor = cursor;
        p->mids[(p->first_mid + p->mid_count) % WM_MQTT_INFLIGHT] = result == MOSQ_ERR_SUCCESS ? mid : -1;
        p->done[(p->first_mid + p->mid_count) % WM_MQTT_INFLIGHT] = false;
        p->mid_count++;
        if (result != MOSQ_ERR_SUCCESS) { /* it is one that cannot be sent at all (a topic the library refuses) */
            atomic_fetch_add(&p->port->lost, 1);
            acknowledged(p, -1);
        }
    }
}

/* Network and spool, until there is nothing to do or the time is over. */
static void work(struct publisher *p, int ms)
{
    double end = wm_mono_s() + ms / 1000.0;

    do {
        publish(p);
        wm_mqtt_work(&p->mqtt, !p->mqtt.up ? 50 : p->mid_count ? 10 : 0);
    } while (wm_mono_s() < end && (wm_spool_count(p->spool) || !p->mqtt.up));
}

static enum wm_status write_batch(void *state, struct wm_batch batch)
{
    struct publisher *p = state;
    struct wm_item item;
    uint8_t *message = NULL;
    size_t cap = 0;
    enum wm_status status = WM_OK;

    while (status == WM_OK && wm_batch_next(&batch, &item)) {
        size_t len = 3 + item.key_len + item.len;
        uint64_t pushed_out = 0;

        if (len > cap) {
            uint8_t *bigger = realloc(message, len);

            if (!bigger) {
                atomic_fetch_add(&p->port->lost, 1);
                continue;
            }
            message = bigger;
            cap = len;
        }
        message[0] = (uint8_t)item.flags;
        message[1] = (uint8_t)item.key_len;
        message[2] = (uint8_t)(item.key_len >> 8);
        memcpy(message + 3, item.key, item.key_len);
        memcpy(message + 3 + item.key_len, item.data, item.len);
        if (wm_spool_append(p->spool, (struct wm_span){message, len}, &pushed_out) != WM_OK)
            atomic_fetch_add(&p->port->lost, 1); /* a full disk, as a rule */
        /* What was on its way already is the library's, and arrives. */
        for (; pushed_out && p->mid_count; pushed_out--) {
            p->first_mid = (p->first_mid + 1) % WM_MQTT_INFLIGHT;
            p->mid_count--;
        }
        atomic_fetch_add(&p->port->lost, pushed_out);
        if (p->mid_count == 0)
            p->cursor = wm_spool_first(p->spool);
    }
    free(message);
    work(p, 0);
    return status;
}

static enum wm_status idle(void *state)
{
    work(state, WORK_MS);
    return WM_OK;
}

static enum wm_status close_publisher(void *state)
{
    struct publisher *p = state;
    double end = wm_mono_s() + CLOSE_S;
    uint64_t left;

    /* a broker that was there gets the time to take what waits; as long as it takes something, it gets more */
    while (wm_spool_count(p->spool) && wm_mono_s() < end) {
        uint64_t before = wm_spool_count(p->spool);

        work(p, WORK_MS);
        if (wm_spool_count(p->spool) < before)
            end = wm_mono_s() + CLOSE_S;
    }
    left = wm_spool_count(p->spool);
    if (left && p->in_memory)
        atomic_fetch_add(&p->port->lost, left);
    else if (left)
        wm_logf(&p->port->log, WM_LOG_WARNING, "%s: %llu messages wait in %s for the next run", p->mqtt.name,
                (unsigned long long)left, p->spool_path);
    if (p->mqtt.up) {
        if (*p->status_topic)
            mosquitto_publish(p->mqtt.client, NULL, p->status_topic, 7, "offline", 1, true);
        for (int i = 0; i < 10 && mosquitto_want_write(p->mqtt.client); i++)
            mosquitto_loop(p->mqtt.client, 10, 1);
        mosquitto_disconnect(p->mqtt.client);
        mosquitto_loop(p->mqtt.client, 10, 1);
    }
    wm_mqtt_close(&p->mqtt);
    if (!left && *p->spool_path && !p->in_memory)
        remove(p->spool_path);
    wm_spool_close(p->spool);
    free(p->announced);
    free(p);
    return WM_OK;
}

static const struct wm_target_option options[] = {
    {"retain", "yes|no", "the broker keeps the last of each topic; default yes, with what=telegrams no"},
    {"discovery", "PREFIX", "announce meters to Home Assistant; its own prefix is homeassistant"},
    {"status", "TOPIC", "online and offline, our birth and our will; default wmsdr/status, or none"},
    {"spool", "FILE", "what waits for the broker; default: a file in ~/.local/state/wmsdr; none: only in memory"},
    {"spool-size", "SIZE", "when it is full the oldest go; default 64M"},
    WM_MQTT_OPTIONS,
    {NULL, NULL, NULL},
};

#define MQTT(its_name)                                                                                                             \
    {                                                                                                                              \
        .name = its_name, .prefix = its_name "://", .syntax = "[USER@]HOST[:PORT][/TOPIC]",                                        \
        .summary = "publish each reading; the topic may have {id}, {manufacturer}, {type_name} ...; default\n"                     \
                   "      wmsdr/{manufacturer}/{id}, with what=telegrams wmsdr/telegrams",                                         \
        .default_format = "flat", .one_line = true, .options = options, .idle_ms = 50, .open = open_publisher, .compose = compose, \
        .write = write_batch, .idle = idle, .close = close_publisher                                                               \
    }

const struct wm_transport wm_transport_mqtt = MQTT("mqtt");
const struct wm_transport wm_transport_mqtts = MQTT("mqtts");
