/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FAULTS_MAX 1024
#define LOSE_S     0.5 /* that a loss lasts when it is not said */

static const char *const kinds[] = {"fine", "stall", "hang",  "unplug", "constant", "stale",   "odd",
                                    "slow", "lost",  "zeros", "short",  "burst",    "corrupt", "overflow"};

struct fault {
    enum fake_kind kind;
    double start_s, until_s; /* until_s: INFINITY for events */
    double lose_s;
    char until[8];
    bool over;
};

/* The air goes on whatever the radio does: its samples are counted from the first one that the program was given, and the recording
 * is its first piece, over and over. */
struct fake {
    pthread_mutex_t lock;
    char serial[64], log[256];
    const unsigned char *data; /* the recording */
    size_t data_len;
    double factor, late_s;
    bool untimed;
    struct fault fault[FAULTS_MAX];
    size_t faults;
    double first_s; /* of the first sample ever, 0: none yet */
    double rate_hz; /* real */
    uint64_t air;   /* the coming sample's number */
    uint64_t good;  /* behind the last sample that was given as it should be */
    uint64_t given; /* samples in all */
    uint32_t noise;
    enum fake_kind kind; /* of the buffer before */
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
    const struct timespec t = {(time_t)s, (long)((s - floor(s)) * 1e9)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void load(struct fake *fake, const char *path)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &stat) != 0)
        return;
    fake->data_len = (size_t)stat.st_size & ~(size_t)1;
    fake->data = mmap(NULL, fake->data_len, PROT_READ, MAP_SHARED, fd, 0); /* is not counted as the program's own memory */
    close(fd);
    if (fake->data == MAP_FAILED)
        abort();
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
        fault->lose_s = LOSE_S;
        if (*end == '/') {
            snprintf(fault->until, sizeof fault->until, "%.7s", end + 1);
            if (fault->kind == FAKE_LOST || fault->kind == FAKE_OVERFLOW)
                fault->lose_s = strtod(end + 1, NULL);
            else if (strtod(end + 1, NULL) > 0)
                fault->until_s = fault->start_s + strtod(end + 1, NULL);
        }
        fake->faults++;
    }
}

static struct fake *create(const char *text)
{
    struct fake *fake = calloc(1, sizeof *fake);
    char copy[32768], *save = NULL;

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
        else if (strncmp(word, "late=", 5) == 0)
            fake->late_s = strtod(word + 5, NULL) * 1e-3;
        else if (strcmp(word, "timestamps=no") == 0)
            fake->untimed = true;
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

static const struct fault *fault_now(const struct fake *fake)
{
    const double at_s = now_s() - fake->first_s;

    for (size_t i = 0; i < fake->faults; i++) {
        const struct fault *fault = &fake->fault[i];
        if (fake->first_s > 0 && !fault->over && at_s >= fault->start_s && at_s < fault->until_s)
            return fault;
    }
    return NULL;
}

bool fake_open(struct fake *fake)
{
    bool there;

    pthread_mutex_lock(&fake->lock);
    end_faults(fake, "open");
    there = !fault_now(fake) || fault_now(fake)->kind != FAKE_UNPLUG;
    pthread_mutex_unlock(&fake->lock);
    fake_log(fake, "open", there);
    return there;
}

void fake_start(struct fake *fake, double rate_hz)
{
    double air;

    pthread_mutex_lock(&fake->lock);
    if (fake->streamed)
        end_faults(fake, "stream");
    fake->streamed = true;
    fake->rate_hz = rate_hz * fake->factor;
    if (fake->first_s == 0) {
        fake->first_s = now_s();
        fake_log(fake, "first", fake->first_s * 1e9);
    }
    air = ceil((now_s() - fake->first_s) * fake->rate_hz - 1e-3);
    if (air > (double)fake->air)
        fake->air = (uint64_t)air;
    pthread_mutex_unlock(&fake->lock);
}

static uint32_t draw(struct fake *fake)
{
    fake->noise = fake->noise * 1664525 + 1013904223;
    return fake->noise >> 8;
}

static unsigned char noise(struct fake *fake)
{
    int sum = 0;

    for (int i = 0; i < 4; i++)
        sum += (int)(draw(fake) >> 19); /* 0 to 31, rms 9.2 */
    return (unsigned char)(127 + (sum - 62) / 4);
}

static void fill(struct fake *fake, unsigned char *bytes, size_t len)
{
    size_t at = fake->data ? fake->air * 2 % fake->data_len : 0;

    for (size_t i = 0; i < len && !fake->data; i++)
        bytes[i] = noise(fake);
    for (size_t n; len > 0 && fake->data; bytes += n, len -= n, at = 0) {
        n = len < fake->data_len - at ? len : fake->data_len - at;
        memcpy(bytes, fake->data + at, n);
    }
}

/* Samples that nobody gets, once for each fault. */
static void lose(struct fake *fake, const struct fault *now)
{
    fake->air += (uint64_t)(fake->rate_hz * now->lose_s);
    for (size_t i = 0; i < fake->faults; i++) {
        if (&fake->fault[i] == now)
            fake->fault[i].over = true;
    }
}

/* What a test compares with: which of the air's samples the program was not given as they were. */
static void keep_account(struct fake *fake, enum fake_kind kind, size_t samples)
{
    const bool good = kind == FAKE_FINE || kind == FAKE_SHORT || kind == FAKE_BURST || kind == FAKE_LOST || kind == FAKE_OVERFLOW;

    if (kind != fake->kind || kind == FAKE_LOST || kind == FAKE_OVERFLOW) {
        fake_log(fake, kinds[kind], now_s() * 1e9);
        fake_log(fake, "given", (double)fake->given);
        fake_log(fake, "air", (double)fake->air);
    }
    fake->kind = kind;
    if (good && fake->air > fake->good) {
        fake_log(fake, "gap-from", (double)fake->good);
        fake_log(fake, "gap-to", (double)fake->air);
    }
    fake->air += samples;
    if (good)
        fake->good = fake->air;
}

enum fake_kind fake_read(struct fake *fake, unsigned char *bytes, size_t *len, struct fake_buffer *buffer)
{
    size_t wanted = *len & ~(size_t)1;
    const struct fault *fault;
    enum fake_kind kind;
    bool silent;
    double due_s;

    pthread_mutex_lock(&fake->lock);
    fault = fault_now(fake);
    kind = fault ? fault->kind : FAKE_FINE;
    silent = kind == FAKE_STALL || kind == FAKE_UNPLUG || kind == FAKE_HANG || kind == FAKE_CORRUPT;
    if (kind == FAKE_LOST || kind == FAKE_OVERFLOW)
        lose(fake, fault);
    if (kind == FAKE_SHORT)
        wanted = 2 * (1 + draw(fake) % (wanted / 2));
    *buffer = (struct fake_buffer){.air = fake->air, .timed = !fake->untimed};
    if (!silent)
        fill(fake, bytes, wanted);
    keep_account(fake, kind, wanted / 2);
    due_s = fake->first_s + (double)fake->air / fake->rate_hz;
    if (kind == FAKE_BURST)
        due_s = fake->first_s + fault->until_s + 1e-6; /* then it is over */
    if (fake->late_s > 0)                              /* one in 16 far more than the others */
        due_s += fake->late_s * (draw(fake) % 4096 / 4096.0 + (draw(fake) % 16 == 0 ? 8 : 0));
    pthread_mutex_unlock(&fake->lock);

    sleep_until(due_s);
    *len = wanted;
    if (silent)
        *len = 0;
    else if (kind == FAKE_CONSTANT)
        memset(bytes, 0, wanted);
    else if (kind == FAKE_ZEROS)
        memset(bytes, 0, wanted / 4);
    else if (kind == FAKE_STALE)
        for (size_t i = 0; i < wanted; i++)
            bytes[i] = (unsigned char)(100 + i * 7 % 50);
    else if (kind == FAKE_ODD)
        *len = wanted - 1;
    else if (kind == FAKE_SLOW)
        *len = wanted / 6 * 2;
    pthread_mutex_lock(&fake->lock);
    fake->given += *len / 2;
    pthread_mutex_unlock(&fake->lock);
    return kind;
}

void fake_hang(struct fake *fake)
{
    const struct fault *fault;
    double until_s;

    pthread_mutex_lock(&fake->lock);
    fault = fault_now(fake);
    until_s = fault ? fake->first_s + fault->until_s : 0;
    pthread_mutex_unlock(&fake->lock);
    do
        sleep_until(isfinite(until_s) ? until_s : 1e15);
    while (!isfinite(until_s));
    pthread_mutex_lock(&fake->lock);
    if ((now_s() - fake->first_s) * fake->rate_hz > (double)fake->air) /* nobody keeps so much */
        fake->air = (uint64_t)((now_s() - fake->first_s) * fake->rate_hz);
    pthread_mutex_unlock(&fake->lock);
}
