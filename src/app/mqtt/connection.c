/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/connection.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BACK_OFF_FIRST_S 0.5
#define BACK_OFF_MOST_S  60
#define INFLIGHT         100 /* messages sent and not yet acknowledged */

double wm_mqtt_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void init_library(void)
{
    mosquitto_lib_init();
}

static void retry_later(struct wm_mqtt *mqtt, const char *why)
{
    if (!mqtt->told)
        wm_logf(mqtt->log, WM_LOG_WARNING, "%s: %s; trying again", mqtt->name, why);
    mqtt->told = true;
    mqtt->up = false;
    mqtt->next_try_s = wm_mqtt_now_s() + mqtt->back_off_s;
    mqtt->back_off_s = mqtt->back_off_s * 2 < BACK_OFF_MOST_S ? mqtt->back_off_s * 2 : BACK_OFF_MOST_S;
}

static void connected(struct mosquitto *client, void *user, int code)
{
    struct wm_mqtt *mqtt = user;

    (void)client;
    if (code != 0) {
        retry_later(mqtt, mosquitto_connack_string(code));
        return;
    }
    if (mqtt->told)
        wm_logf(mqtt->log, WM_LOG_WARNING, "%s: connected again", mqtt->name);
    mqtt->told = false;
    mqtt->up = true;
    mqtt->connects++;
    mqtt->back_off_s = BACK_OFF_FIRST_S;
    if (mqtt->on_up)
        mqtt->on_up(mqtt->user);
}

static void published(struct mosquitto *client, void *user, int mid)
{
    struct wm_mqtt *mqtt = user;

    (void)client;
    if (mqtt->on_published)
        mqtt->on_published(mqtt->user, mid);
}

static void received(struct mosquitto *client, void *user, const struct mosquitto_message *message)
{
    struct wm_mqtt *mqtt = user;

    (void)client;
    if (mqtt->on_message)
        mqtt->on_message(mqtt->user, message);
}

/* The first line of a file, without its end. */
static enum wm_status set_password(struct wm_mqtt *mqtt, const char *path, char why[WM_OUTPUT_WHY])
{
    char password[256] = "";
    FILE *file = fopen(path, "re");
    bool read = file && fgets(password, sizeof password, file);
    int result;

    if (!read) {
        snprintf(why, WM_OUTPUT_WHY, "%.200s: %s", path, file ? "there is no password in it" : strerror(errno));
        if (file)
            fclose(file);
        return WM_IO;
    }
    fclose(file);
    password[strcspn(password, "\r\n")] = '\0';
    result = mosquitto_username_pw_set(mqtt->client, mqtt->target->user ? mqtt->target->user : "wmsdr", password);
    explicit_bzero(password, sizeof password);
    if (result == MOSQ_ERR_SUCCESS)
        return WM_OK;
    snprintf(why, WM_OUTPUT_WHY, "%s: %s", mqtt->name, mosquitto_strerror(result));
    return WM_INVALID;
}

static enum wm_status set_tls(struct wm_mqtt *mqtt, char why[WM_OUTPUT_WHY])
{
    const char *ca = wm_target_text(mqtt->target, "ca", NULL), *cert = wm_target_text(mqtt->target, "cert", NULL),
               *key = wm_target_text(mqtt->target, "key", NULL);
    int result;

    if (strcmp(mqtt->target->transport->name, "mqtts") != 0) {
        if (!ca && !cert && !key)
            return WM_OK;
        snprintf(why, WM_OUTPUT_WHY, "%s: ca, cert and key are for mqtts://", mqtt->name);
        return WM_INVALID;
    }
    result = mosquitto_int_option(mqtt->client, MOSQ_OPT_TLS_USE_OS_CERTS, !ca);
    if (result == MOSQ_ERR_SUCCESS && (ca || cert))
        result = mosquitto_tls_set(mqtt->client, ca, ca ? NULL : "/etc/ssl/certs", cert, key, NULL);
    if (result == MOSQ_ERR_SUCCESS)
        return WM_OK;
    snprintf(why, WM_OUTPUT_WHY, "%s: ca, cert or key cannot be used: %s", mqtt->name, mosquitto_strerror(result));
    return WM_INVALID;
}

enum wm_status wm_mqtt_open(struct wm_mqtt *mqtt, const struct wm_target *target, const struct wm_log *log, bool clean,
                            char why[WM_OUTPUT_WHY])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT; /* the library's own state, made once a process */
    const char *client = wm_target_text(target, "client", NULL);
    const char *password = wm_target_text(target, "password-file", NULL);
    uint64_t keepalive;
    enum wm_status status;

    pthread_once(&once, init_library);
    mqtt->target = target;
    mqtt->log = log;
    mqtt->back_off_s = BACK_OFF_FIRST_S;
    snprintf(mqtt->name, sizeof mqtt->name, "%s://%.200s:%u", target->transport->name, target->host,
             target->port                                    ? target->port
             : strcmp(target->transport->name, "mqtts") == 0 ? 8883
                                                             : 1883);
    status = wm_target_number(target, "keepalive", 30, 5, 65535, &keepalive, why);
    if (status != WM_OK)
        return status;
    mqtt->keepalive = (int)keepalive;
    mqtt->client = mosquitto_new(client, clean, mqtt);
    if (!mqtt->client) {
        snprintf(why, WM_OUTPUT_WHY, "%s: %s", mqtt->name, strerror(errno));
        return WM_NO_MEMORY;
    }
    mosquitto_connect_callback_set(mqtt->client, connected);
    mosquitto_publish_callback_set(mqtt->client, published);
    mosquitto_message_callback_set(mqtt->client, received);
    mosquitto_max_inflight_messages_set(mqtt->client, INFLIGHT);
    status = set_tls(mqtt, why);
    if (status == WM_OK && password)
        status = set_password(mqtt, password, why);
    else if (status == WM_OK && target->user)
        mosquitto_username_pw_set(mqtt->client, target->user, NULL);
    return status;
}

void wm_mqtt_close(struct wm_mqtt *mqtt)
{
    if (mqtt->client)
        mosquitto_destroy(mqtt->client);
    mqtt->client = NULL;
}

static void try_connect(struct wm_mqtt *mqtt)
{
    unsigned port = mqtt->target->port;
    int result;

    if (!port)
        port = strcmp(mqtt->target->transport->name, "mqtts") == 0 ? 8883 : 1883;
    result = mosquitto_connect_async(mqtt->client, mqtt->target->host, (int)port, mqtt->keepalive);
    if (result != MOSQ_ERR_SUCCESS)
        retry_later(mqtt, result == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(result));
    else
        mqtt->next_try_s = wm_mqtt_now_s() + 10; /* to be accepted */
}

void wm_mqtt_work(struct wm_mqtt *mqtt, int wait_ms)
{
    int result;

    if (mosquitto_socket(mqtt->client) < 0 || (!mqtt->up && wm_mqtt_now_s() >= mqtt->next_try_s)) {
        if (mqtt->up)
            retry_later(mqtt, "the connection broke");
        if (wm_mqtt_now_s() >= mqtt->next_try_s)
            try_connect(mqtt);
    }
    if (mosquitto_socket(mqtt->client) < 0) {
        nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000L}, NULL);
        return;
    }
    result = mosquitto_loop(mqtt->client, wait_ms, 1);
    if (result != MOSQ_ERR_SUCCESS)
        retry_later(mqtt, mqtt->up && result == MOSQ_ERR_CONN_LOST ? "the connection broke"
                          : result == MOSQ_ERR_ERRNO               ? strerror(errno)
                                                                   : mosquitto_strerror(result));
}
