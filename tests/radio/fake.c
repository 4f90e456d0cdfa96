/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FAULTS_MAX 8

static const char *const kinds[] = {"fine", "stall", "hang", "unplug", "constant", "stale", "odd", "slow", "lost"};

struct fault {
    enum fake_kind kind;
    double start_s, until_s; /* until_s: INFINITY for events */
    char until[8];
    bool over;
};

struct fake {
    pthread_mutex_t lock;
    char serial[64], log[256];
    unsigned char *data; /* the recording */
    size_t data_len, at;
    double factor;
    struct fault fault[FAULTS_MAX];
    size_t faults;
    double first_s; /* of the first sample ever, 0: none yet */
    double start_s; /* of this stream */
    double rate_hz;
    uint64_t given;
    uint32_t noise;
    bool streamed;
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void sleep_until(double s)
{
    struct timespec t = {(time_t)s, (long)((s - floor(s)) * 1e9)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void load(struct fake *fake, const char *path)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return;
    fseek(file, 0, SEEK_END);
    fake->data_len = (size_t)ftell(file) & ~(size_t)1;
    rewind(file);
    fake->data = malloc(fake->data_len);
    if (!fake->data || fread(fake->data, 1, fake->data_len, file) != fake->data_len)
        abort();
    fclose(file);
}

static void parse_fault(struct fake *fake, const char *word)
{
    struct fault *fault = &fake->fault[fake->faults];
    const char *at = strchr(word, '@');
    char *end;

    for (size_t k = 1; at && k < sizeof kinds / sizeof kinds[0] && fake->faults < FAULTS_MAX; k++) {
        if (strlen(kinds[k]) != (size_t)(at - word) || strncmp(kinds[k], word, (size_t)(at - word)) != 0)
            continue;
        fault->kind = (enum fake_kind)k;
        fault->start_s = strtod(at + 1, &end);
        fault->until_s = INFINITY;
        if (*end == '/') {
            snprintf(fault->until, sizeof fault->until, "%.7s", end + 1);
            if (strtod(end + 1, NULL) > 0)
                fault->until_s = fault->start_s + strtod(end + 1, NULL);
        }
        fake->faults++;
    }
}

static struct fake *create(const char *text)
{
    struct fake *fake = calloc(1, sizeof *fake);
    char copy[2048], *save = NULL;

    if (!fake)
        abort();
    pthread_mutex_init(&fake->lock, NULL);
    fake->factor = 1;
    fake->noise = 1;
    strcpy(fake->serial, "FAKE0001");
    snprintf(copy, sizeof copy, "%s", text ? text : "");
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (strncmp(word, "file=", 5) == 0)
            load(fake, word + 5);
        else if (strncmp(word, "rate=", 5) == 0)
            fake->factor = strtod(word + 5, NULL);
        else if (strncmp(word, "serial=", 7) == 0)
            snprintf(fake->serial, sizeof fake->serial, "%.63s", word + 7);
        else if (strncmp(word, "log=", 4) == 0)
            snprintf(fake->log, sizeof fake->log, "%.255s", word + 4);
        else
            parse_fault(fake, word);
    }
    return fake;
}

static struct fake *the_fake;
static const char *the_text;

static void create_once(void)
{
    the_fake = create(the_text);
}

struct fake *fake_get(const char *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    the_text = text ? text : getenv("FAKE_RADIO");
    pthread_once(&once, create_once);
    return the_fake;
}

const char *fake_serial(const struct fake *fake)
{
    return fake->serial;
}

void fake_log(struct fake *fake, const char *what, double value)
{
    FILE *file = fake->log[0] ? fopen(fake->log, "ae") : NULL;

    if (!file)
        return;
    fprintf(file, "%s %.0f\n", what, value);
    fclose(file);
}

/* Faults that end with something the program does. */
static void end_faults(struct fake *fake, const char *event)
{
    const double at_s = now_s() - fake->first_s;

    for (size_t i = 0; i < fake->faults; i++) {
        if (fake->first_s > 0 && at_s >= fake->fault[i].start_s && strcmp(fake->fault[i].until, event) == 0)
            fake->fault[i].over = true;
    }
}

static enum fake_kind fault_now(const struct fake *fake)
{
    const double at_s = now_s() - fake->first_s;

    for (size_t i = 0; i < fake->faults; i++) {
        const struct fault *fault = &fake->fault[i];
        if (fake->first_s > 0 && !fault->over && at_s >= fault->start_s && at_s < fault->until_s)
            return fault->kind;
    }
    return FAKE_FINE;
}

bool fake_open(struct fake *fake)
{
    bool there;

    pthread_mutex_lock(&fake->lock);
    end_faults(fake, "open");
    there = fault_now(fake) != FAKE_UNPLUG;
    pthread_mutex_unlock(&fake->lock);
    fake_log(fake, "open", there);
    return there;
}

void fake_start(struct fake *fake, double rate_hz)
{
    pthread_mutex_lock(&fake->lock);
    if (fake->streamed)
        end_faults(fake, "stream");
    fake->streamed = true;
    fake->start_s = now_s();
    if (fake->first_s == 0)
        fake->first_s = fake->start_s;
    fake->rate_hz = rate_hz * fake->factor;
    fake->given = 0;
    pthread_mutex_unlock(&fake->lock);
}

static unsigned char noise(struct fake *fake)
{
    int sum = 0;

    for (int i = 0; i < 4; i++) {
        fake->noise = fake->noise * 1664525 + 1013904223;
        sum += (int)(fake->noise >> 27); /* 0 to 31, rms 9.2 */
    }
    return (unsigned char)(127 + (sum - 62) / 4);
}

static void fill(struct fake *fake, unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = fake->data ? fake->data[fake->at] : noise(fake);
        fake->at = fake->data_len ? (fake->at + 1) % fake->data_len : 0;
    }
}

static void skip(struct fake *fake, size_t len)
{
    fake->at = fake->data_len ? (fake->at + len) % fake->data_len : 0;
}

/* Half a second that nobody gets, once. */
static void lose(struct fake *fake)
{
    const size_t bytes = (size_t)(fake->rate_hz / 2) * 2;

    for (size_t i = 0; i < fake->faults; i++) {
        if (fake->fault[i].kind == FAKE_LOST)
            fake->fault[i].over = true;
    }
    skip(fake, bytes);
    fake->given += bytes;
}

enum fake_kind fake_read(struct fake *fake, unsigned char *bytes, size_t *len)
{
    const size_t wanted = *len & ~(size_t)1;
    enum fake_kind kind;
    double due_s;

    pthread_mutex_lock(&fake->lock);
    kind = fault_now(fake);
    if (kind == FAKE_LOST)
        lose(fake);
    fake->given += wanted; /* the air goes on, whatever the radio does */
    due_s = fake->start_s + (double)fake->given / 2 / fake->rate_hz;
    if (kind == FAKE_STALL || kind == FAKE_UNPLUG || kind == FAKE_HANG)
        skip(fake, wanted);
    else
        fill(fake, bytes, wanted);
    pthread_mutex_unlock(&fake->lock);

    sleep_until(due_s);
    *len = wanted;
    if (kind == FAKE_STALL || kind == FAKE_UNPLUG || kind == FAKE_HANG)
        *len = 0;
    else if (kind == FAKE_CONSTANT)
        memset(bytes, 0, wanted);
    else if (kind == FAKE_STALE)
        for (size_t i = 0; i < wanted; i++)
            bytes[i] = (unsigned char)(100 + i * 7 % 50);
    else if (kind == FAKE_ODD)
        *len = wanted - 1;
    else if (kind == FAKE_SLOW)
        *len = wanted / 6 * 2;
    return kind;
}

void fake_hang(void)
{
    for (;;)
        pause();
}
