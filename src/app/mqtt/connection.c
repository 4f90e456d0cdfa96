/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/connection.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BACK_OFF_FIRST_S 0.5
#define BACK_OFF_MOST_S  60

static void init_library(void)
{
    mosquitto_lib_init();
}

/* An outage is said once; that the broker is there and does not want us as we come, also when an outage was said before. */
static void retry_later(struct wm_mqtt *mqtt, bool refused, const char *why)
{
    if (!mqtt->told || (refused && !mqtt->told_refusal))
        wm_logf(mqtt->log, WM_LOG_WARNING, "%s: %s; trying again", mqtt->name, why);
    mqtt->told = true;
    mqtt->told_refusal |= refused;
    mqtt->up = false;
    mqtt->next_try_s = wm_mono_s() + mqtt->back_off_s;
    mqtt->back_off_s = mqtt->back_off_s * 2 < BACK_OFF_MOST_S ? mqtt->back_off_s * 2 : BACK_OFF_MOST_S;
}

/* The library's own messages: of TLS it returns that it failed, and says only here why. The first says most. */
static void complained(struct mosquitto *client, void *user, int level, const char *text)
{
    struct wm_mqtt *mqtt = user;

    (void)client;
    if (level == MOSQ_LOG_ERR && !*mqtt->complaint)
        snprintf(mqtt->complaint, sizeof mqtt->complaint, "%s", text);
}

static void tls_failed(struct wm_mqtt *mqtt)
{
    const char *said = mqtt->complaint, *ca = wm_target_text(mqtt->target, "ca", NULL);
    char why[700];

    if (strstr(said, "host name verification"))
        snprintf(why, sizeof why,
                 "the broker's certificate is not for '%.200s'; connect to a name that stands in it, or give the broker one for "
                 "this name",
                 mqtt->target->host);
    else if (strstr(said, "certificate verify failed"))
        snprintf(why, sizeof why,
                 "the broker's certificate is not believed: it is not from an authority in %.200s, or not valid today; "
                 "ca=FILE names the file with the broker's authority",
                 ca ? ca : "the system's list");
    else if (strstr(said, "wrong version number") || strstr(said, "unexpected eof"))
        snprintf(why, sizeof why, "the broker does not speak TLS at this port; use mqtt://, or its port for TLS, mostly 8883");
    else if (strstr(said, "alert"))
        snprintf(why, sizeof why, "the broker refuses our certificate, or wants one: cert=FILE&key=FILE (%.200s)", said);
    else
        snprintf(why, sizeof why, "TLS fails: %.200s",
                 strncmp(said, "Error: ", 7) == 0 ? said + 7
                 : *said                          ? said
                                                  : "the broker ended the handshake");
    retry_later(mqtt, true, why);
}

static void refused(struct wm_mqtt *mqtt, int code)
{
    const char *password = wm_target_text(mqtt->target, "password-file", NULL), *transport = mqtt->target->transport->name;
    char why[700];

    /* CONNACK 4 and 5 (MQTT 3.1.1, 3.2.2.3); which of them a broker sends for a wrong password differs */
    if (code != 4 && code != 5)
        snprintf(why, sizeof why, "%s", mosquitto_connack_string(code));
    else if (!password)
        snprintf(why, sizeof why, "the broker wants a user name and a password: %s://USER@HOST?password-file=FILE", transport);
    else
        snprintf(why, sizeof why,
                 "the broker does not accept user '%.100s' with the password in %.200s; correct the name or the file",
                 mqtt->target->user ? mqtt->target->user : "wmsdr", password);
    retry_later(mqtt, true, why);
}

static void connected(struct mosquitto *client, void *user, int code)
{
    struct wm_mqtt *mqtt = user;

    (void)client;
    if (code != 0) {
        refused(mqtt, code);
        return;
    }
    if (mqtt->told)
        wm_logf(mqtt->log, WM_LOG_WARNING, "%s: connected again", mqtt->name);
    mqtt->told = mqtt->told_refusal = false;
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

/* A key that is encrypted is refused; without this OpenSSL would ask at the terminal. */
static int no_pass_phrase(char *buffer, int size, int writing, void *user)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)user;
    return 0;
}

static enum wm_status set_tls(struct wm_mqtt *mqtt, char why[WM_OUTPUT_WHY])
{
    static const char *const files[] = {"ca", "cert", "key"};
    const char *ca = wm_target_text(mqtt->target, "ca", NULL), *cert = wm_target_text(mqtt->target, "cert", NULL),
               *key = wm_target_text(mqtt->target, "key", NULL);
    int result;

    if (strcmp(mqtt->target->transport->name, "mqtts") != 0) {
        if (!ca && !cert && !key)
            return WM_OK;
        snprintf(why, WM_OUTPUT_WHY, "%s: ca, cert and key are for mqtts://", mqtt->name);
        return WM_INVALID;
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *path = wm_target_text(mqtt->target, files[i], NULL);

        if (path && access(path, R_OK) != 0) {
            snprintf(why, WM_OUTPUT_WHY, "%.150s: %s=%.100s: %.80s", mqtt->name, files[i], path, strerror(errno));
            return WM_IO;
        }
    }
    if (!cert != !key) {
        snprintf(why, WM_OUTPUT_WHY, "%s: cert=FILE and key=FILE go together", mqtt->name);
        return WM_INVALID;
    }
    result = mosquitto_int_option(mqtt->client, MOSQ_OPT_TLS_USE_OS_CERTS, !ca);
    if (result == MOSQ_ERR_SUCCESS && (ca || cert))
        result = mosquitto_tls_set(mqtt->client, ca, ca ? NULL : "/etc/ssl/certs", cert, key, no_pass_phrase);
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
    mosquitto_log_callback_set(mqtt->client, complained);
    mosquitto_max_inflight_messages_set(mqtt->client, WM_MQTT_INFLIGHT);
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
    const char *password = wm_target_text(mqtt->target, "password-file", NULL);
    unsigned port = mqtt->target->port;
    char ignored[WM_OUTPUT_WHY];
    int result;

    *mqtt->complaint = '\0';
    /* a file that was corrected meanwhile counts; one that cannot be read now leaves what was */
    if (password && mqtt->told_refusal && set_password(mqtt, password, ignored) != WM_OK)
        *ignored = '\0';
    if (!port)
        port = strcmp(mqtt->target->transport->name, "mqtts") == 0 ? 8883 : 1883;
    result = mosquitto_connect_async(mqtt->client, mqtt->target->host, (int)port, mqtt->keepalive);
    if (result == MOSQ_ERR_TLS)
        tls_failed(mqtt);
    else if (result != MOSQ_ERR_SUCCESS)
        retry_later(mqtt, false, result == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(result));
    else
        mqtt->next_try_s = wm_mono_s() + 10; /* to be accepted */
}

void wm_mqtt_work(struct wm_mqtt *mqtt, int wait_ms)
{
    int result;

    if (mosquitto_socket(mqtt->client) < 0 || (!mqtt->up && wm_mono_s() >= mqtt->next_try_s)) {
        if (mqtt->up)
            retry_later(mqtt, false, "the connection broke");
        if (wm_mono_s() >= mqtt->next_try_s)
            try_connect(mqtt);
    }
    if (mosquitto_socket(mqtt->client) < 0) {
        nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000L}, NULL);
        return;
    }
    result = mosquitto_loop(mqtt->client, wait_ms, 1);
    if (result == MOSQ_ERR_TLS)
        tls_failed(mqtt);
    else if (result == MOSQ_ERR_CONN_LOST && !mqtt->up && !mqtt->told_refusal)
        retry_later(mqtt, false, "the broker ends the connection at once (a port for TLS wants mqtts://)");
    else if (result != MOSQ_ERR_SUCCESS && result != MOSQ_ERR_CONN_REFUSED)
        retry_later(mqtt, false,
                    result == MOSQ_ERR_CONN_LOST ? "the connection broke"
                    : result == MOSQ_ERR_ERRNO   ? strerror(errno)
                                                 : mosquitto_strerror(result));
    else if (result == MOSQ_ERR_CONN_REFUSED && !mqtt->told_refusal)
        retry_later(mqtt, true, mosquitto_strerror(result));
}
