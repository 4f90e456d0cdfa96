/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "broker.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *program(void)
{
    static const char *const paths[] = {"/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    }
    return NULL;
}

bool broker_exists(void)
{
    if (program())
        return true;
    fputs("mosquitto is not installed: the tests that need a broker are skipped\n", stderr);
    return false;
}

void broker_prepare(struct broker *broker, const char *dir, bool cautious)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char path[128];
    FILE *file;

    memset(broker, 0, sizeof *broker);
    snprintf(broker->dir, sizeof broker->dir, "%s", dir);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    broker->port = ntohs(address.sin_port);
    close(fd);
    snprintf(path, sizeof path, "%s/mosquitto.conf", dir);
    file = fopen(path, "w");
    fprintf(file,
            "listener %u 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\n%s"
            "max_queued_messages 0\nlog_type none\n%s",
            broker->port, dir, cautious ? "autosave_on_changes true\nautosave_interval 1\n" : "",
            geteuid() == 0 ? "user root\n" : "");
    fclose(file);
}

static bool answers(const struct broker *broker)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(broker->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    close(fd);
    return there;
}

void broker_start(struct broker *broker)
{
    char path[128];

    snprintf(path, sizeof path, "%s/mosquitto.conf", broker->dir);
    broker->pid = fork();
    ck_assert_int_ge(broker->pid, 0);
    if (broker->pid == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, 1);
        dup2(null, 2);
        execl(program(), "mosquitto", "-c", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 3000 && !answers(broker); i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    ck_assert_msg(answers(broker), "mosquitto does not start");
}

void broker_kill(struct broker *broker, int number)
{
    if (broker->pid > 0) {
        kill(broker->pid, number);
        waitpid(broker->pid, NULL, 0);
    }
    broker->pid = 0;
}

struct message {
    char *topic, *payload;
    bool retained;
    int id;
};

struct listener {
    struct mosquitto *client;
    char topic[128];
    pthread_mutex_t lock;
    struct message *messages;
    unsigned count, cap;
    bool subscribed;
};

static void on_connect(struct mosquitto *client, void *user, int code)
{
    struct listener *listener = user;

    if (code == 0)
        mosquitto_subscribe(client, NULL, listener->topic, 1);
}

static void on_subscribe(struct mosquitto *client, void *user, int mid, int count, const int *granted)
{
    struct listener *listener = user;

    (void)client;
    (void)mid;
    (void)count;
    (void)granted;
    pthread_mutex_lock(&listener->lock);
    listener->subscribed = true;
    pthread_mutex_unlock(&listener->lock);
}

static void on_message(struct mosquitto *client, void *user, const struct mosquitto_message *message)
{
    struct listener *listener = user;

    (void)client;
    pthread_mutex_lock(&listener->lock);
    if (listener->count == listener->cap) {
        listener->cap = listener->cap ? 2 * listener->cap : 1024;
        listener->messages = realloc(listener->messages, listener->cap * sizeof *listener->messages);
    }
    listener->messages[listener->count++] =
        (struct message){strdup(message->topic), strndup(message->payloadlen ? message->payload : "", (size_t)message->payloadlen),
                         message->retain, message->mid};
    pthread_mutex_unlock(&listener->lock);
}

struct listener *listen_to(const struct broker *broker, const char *client, const char *topic)
{
    struct listener *listener = calloc(1, sizeof *listener);
    bool subscribed = false;

    mosquitto_lib_init();
    pthread_mutex_init(&listener->lock, NULL);
    snprintf(listener->topic, sizeof listener->topic, "%s", topic);
    listener->client = mosquitto_new(client, false, listener);
    ck_assert_ptr_nonnull(listener->client);
    mosquitto_connect_callback_set(listener->client, on_connect);
    mosquitto_subscribe_callback_set(listener->client, on_subscribe);
    mosquitto_message_callback_set(listener->client, on_message);
    mosquitto_reconnect_delay_set(listener->client, 1, 1, false);
    ck_assert_int_eq(mosquitto_connect(listener->client, "127.0.0.1", broker->port, 30), MOSQ_ERR_SUCCESS);
    ck_assert_int_eq(mosquitto_loop_start(listener->client), MOSQ_ERR_SUCCESS);
    for (int i = 0; i < 3000 && !subscribed; i++) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
        pthread_mutex_lock(&listener->lock);
        subscribed = listener->subscribed;
        pthread_mutex_unlock(&listener->lock);
    }
    ck_assert(subscribed);
    return listener;
}

void listener_stop(struct listener *listener)
{
    mosquitto_disconnect(listener->client);
    mosquitto_loop_stop(listener->client, true);
    mosquitto_destroy(listener->client);
    for (unsigned i = 0; i < listener->count; i++) {
        free(listener->messages[i].topic);
        free(listener->messages[i].payload);
    }
    free(listener->messages);
    pthread_mutex_destroy(&listener->lock);
    free(listener);
}

unsigned listener_wait(struct listener *listener, unsigned count, unsigned seconds)
{
    unsigned heard = 0;

    for (unsigned i = 0; i < seconds * 100; i++) {
        pthread_mutex_lock(&listener->lock);
        heard = listener->count;
        pthread_mutex_unlock(&listener->lock);
        if (heard >= count)
            break;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return heard;
}

/* The texts stay where they are, the table that points to them does not. */
static struct message message_of(struct listener *listener, unsigned i)
{
    struct message message;

    pthread_mutex_lock(&listener->lock);
    message = listener->messages[i];
    pthread_mutex_unlock(&listener->lock);
    return message;
}

const char *listener_topic(struct listener *listener, unsigned i)
{
    return message_of(listener, i).topic;
}

const char *listener_payload(struct listener *listener, unsigned i)
{
    return message_of(listener, i).payload;
}

bool listener_retained(struct listener *listener, unsigned i)
{
    return message_of(listener, i).retained;
}

int listener_id(struct listener *listener, unsigned i)
{
    return message_of(listener, i).id;
}
