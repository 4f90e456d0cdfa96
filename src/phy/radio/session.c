/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/session.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define SLOT_BYTES  65536
#define RING_S      1.0
#define SLOTS_MIN   16
#define PROBE       256 /* bytes by which two buffers are compared */
#define CANCEL_EACH 50000000LL
#define WAKE_S      0.004 /* of signal: the owner is woken for no less, which many small buffers a second would make dear */

struct slot {
    unsigned char *bytes;
    size_t len;
    uint64_t end_index, lost;
    bool unknown;
    int64_t mono_ns, real_ns;
};

struct wm_session {
    /* configuration */
    const struct wm_radio_driver *driver;
    char address[WM_RADIO_ADDRESS];
    bool reset;
    /* shared, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* state, requests: the tender, and the owner where it waits for a state */
    pthread_cond_t filled;  /* samples: the owner alone */
    unsigned references;
    pthread_t tender;
    struct wm_session_view view;
    bool start, stop, restart, reader_done;
    int gain; /* asked for, -1: none */
    struct slot *slot;
    size_t slots, first, used;
    bool taken;           /* the first is with the owner */
    uint64_t index, lost; /* lost: not yet told with a slot */
    size_t unseen;        /* bytes since the owner was woken */
    bool unknown;
    /* the threads' own */
    struct wm_device *device;
    size_t sample_bytes;
    unsigned char carry[16]; /* of a split sample */
    size_t carried;
    unsigned char probe[PROBE];
    char reader_why[WM_RADIO_WHY];
};

static void wait_on(struct wm_session *s, pthread_cond_t *condition, int64_t mono_ns)
{
    const struct timespec t = wm_timespec(mono_ns);

    pthread_cond_timedwait(condition, &s->lock, &t);
}

static void wait_until(struct wm_session *s, int64_t mono_ns)
{
    wait_on(s, &s->changed, mono_ns);
}

/* To all who wait. */
static void tell(struct wm_session *s)
{
    pthread_cond_broadcast(&s->changed);
    pthread_cond_signal(&s->filled);
}

static void free_ring(struct wm_session *s)
{
    if (s->slots)
        munmap(s->slot[0].bytes, s->slots * SLOT_BYTES);
    free(s->slot);
    s->slot = NULL;
    s->slots = s->used = 0;
}

static void drop_reference(struct wm_session *s)
{
    bool last;

    pthread_mutex_lock(&s->lock);
    last = --s->references == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    free_ring(s);
    pthread_cond_destroy(&s->changed);
    pthread_cond_destroy(&s->filled);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void call_begin(struct wm_session *s, const char *what)
{
    pthread_mutex_lock(&s->lock);
    s->view.call = what;
    s->view.call_since_ns = wm_mono_ns();
    pthread_mutex_unlock(&s->lock);
}

static void call_end(struct wm_session *s)
{
    pthread_mutex_lock(&s->lock);
    s->view.call = NULL;
    pthread_mutex_unlock(&s->lock);
}

static void set_state(struct wm_session *s, enum wm_session_state state)
{
    pthread_mutex_lock(&s->lock);
    s->view.state = state;
    s->view.last_samples_ns = wm_mono_ns();
    tell(s);
    pthread_mutex_unlock(&s->lock);
}

/* Whole samples into the ring; under the lock. */
static void store(struct wm_session *s, const unsigned char *bytes, size_t len)
{
    const int64_t mono_ns = wm_mono_ns(), real_ns = wm_real_ns();

    while (len > 0) {
        struct slot *last = s->used ? &s->slot[(s->first + s->used - 1) % s->slots] : NULL;
        size_t n;

        if (!last || s->lost || s->unknown || last->len + s->sample_bytes > SLOT_BYTES || (s->taken && s->used == 1)) {
            if (s->used == s->slots) {
                s->view.dropped += len / s->sample_bytes;
                s->lost += len / s->sample_bytes;
                s->index += len / s->sample_bytes;
                return;
            }
            last = &s->slot[(s->first + s->used++) % s->slots];
            last->len = 0;
            last->lost = s->lost;
            last->unknown = s->unknown;
            s->lost = 0;
            s->unknown = false;
        }
        n = SLOT_BYTES - last->len;
        n -= n % s->sample_bytes;
        n = n < len ? n : len;
        memcpy(last->bytes + last->len, bytes, n);
        last->len += n;
        s->index += n / s->sample_bytes;
        last->end_index = s->index;
        last->mono_ns = mono_ns;
        last->real_ns = real_ns;
        bytes += n;
        len -= n;
    }
}

/* A sample that was split between two buffers of a byte stream. */
static size_t complete_carry(struct wm_session *s, const unsigned char *bytes, size_t len)
{
    size_t n = 0;

    if (!s->carried)
        return 0;
    n = s->sample_bytes - s->carried;
    n = n < len ? n : len;
    memcpy(s->carry + s->carried, bytes, n);
    s->carried += n;
    if (s->carried == s->sample_bytes) {
        s->view.samples++;
        store(s, s->carry, s->sample_bytes);
        s->carried = 0;
    }
    return n;
}

static bool on_samples(void *user, const void *data, size_t len, uint64_t lost)
{
    struct wm_session *s = user;
    const unsigned char *bytes = data;
    size_t rest, taken;
    bool go_on;

    pthread_mutex_lock(&s->lock);
    if (s->stop) {
        s->view.samples += len / s->sample_bytes;
        pthread_mutex_unlock(&s->lock);
        return false;
    }
    if (lost == WM_LOST_UNKNOWN) {
        s->unknown = true;
    } else {
        s->lost += lost;
        s->index += lost;
    }
    if (lost)
        s->carried = 0;
    if (len >= PROBE) {
        s->view.stale += memcmp(bytes, s->probe, PROBE) == 0 && memcmp(bytes, bytes + 1, PROBE - 1) != 0;
        memcpy(s->probe, bytes, PROBE);
    }
    taken = complete_carry(s, bytes, len);
    bytes += taken;
    len -= taken;
    rest = len % s->sample_bytes;
    s->view.samples += (len - rest) / s->sample_bytes;
    store(s, bytes, len - rest);
    if (rest && s->driver->byte_stream) {
        memcpy(s->carry, bytes + len - rest, rest);
        s->carried = rest;
    } else if (rest) {
        s->view.odd++;
        s->lost++;
        s->index++;
    }
    if (len)
        s->view.last_samples_ns = wm_mono_ns();
    go_on = !s->restart;
    s->unseen += len;
    if ((double)s->unseen >= s->view.settings.rate_hz * WAKE_S * (double)s->sample_bytes) {
        s->unseen = 0;
        pthread_cond_signal(&s->filled);
    }
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static void *read_samples(void *user)
{
    struct wm_session *s = user;
    const struct wm_radio_sink sink = {on_samples, s};
    char why[WM_RADIO_WHY] = "";

    (void)s->driver->run(s->device, &sink, why);
    pthread_mutex_lock(&s->lock);
    memcpy(s->reader_why, why, sizeof why);
    s->reader_done = true;
    tell(s);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* One run of the reader, gain requests meanwhile. True: run again. */
static bool stream(struct wm_session *s)
{
    pthread_t reader;
    bool again;

    pthread_mutex_lock(&s->lock);
    s->reader_done = false;
    pthread_mutex_unlock(&s->lock);
    if (pthread_create(&reader, NULL, read_samples, s) != 0)
        return false;
    pthread_mutex_lock(&s->lock);
    while (!s->reader_done) {
        if (s->stop || s->restart) {
            pthread_mutex_unlock(&s->lock);
            s->driver->cancel(s->device);
            pthread_mutex_lock(&s->lock);
            if (!s->reader_done)
                wait_until(s, wm_mono_ns() + CANCEL_EACH);
        } else if (s->gain >= 0) {
            const unsigned step = (unsigned)s->gain;
            s->gain = -1;
            pthread_mutex_unlock(&s->lock);
            call_begin(s, "setting the gain");
            const bool set = s->driver->set_gain(s->device, step) == WM_OK;
            call_end(s);
            pthread_mutex_lock(&s->lock);
            if (set)
                s->view.settings.gain_step = step;
        } else {
            pthread_cond_wait(&s->changed, &s->lock);
        }
    }
    again = s->restart && !s->stop;
    s->restart = false;
    s->unknown |= again;
    s->view.last_samples_ns = wm_mono_ns();
    if (!again)
        memcpy(s->view.why, s->reader_why, sizeof s->view.why);
    pthread_mutex_unlock(&s->lock);
    pthread_join(reader, NULL);
    return again;
}

static bool make_ring(struct wm_session *s)
{
    const size_t slots = SLOTS_MIN + (size_t)(s->view.settings.rate_hz * (double)s->sample_bytes * RING_S / SLOT_BYTES);

    /* not from the heap: a thread that hangs for ever keeps its part of that */
    unsigned char *bytes = mmap(NULL, slots * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    s->slot = calloc(slots, sizeof *s->slot);
    if (!s->slot || bytes == MAP_FAILED) {
        if (bytes != MAP_FAILED)
            munmap(bytes, slots * SLOT_BYTES);
        return false;
    }
    for (; s->slots < slots; s->slots++)
        s->slot[s->slots].bytes = bytes + s->slots * SLOT_BYTES;
    return true;
}

static bool wait_for_start(struct wm_session *s)
{
    bool stop;

    set_state(s, WM_SESSION_OPENED);
    pthread_mutex_lock(&s->lock);
    while (!s->start && !s->stop)
        pthread_cond_wait(&s->changed, &s->lock);
    stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return !stop;
}

static void serve(struct wm_session *s, char why[WM_RADIO_WHY])
{
    struct wm_radio_caps caps = {0};
    struct wm_radio_settings settings;
    enum wm_status status;

    if (s->reset && s->driver->reset) {
        call_begin(s, "resetting the device");
        (void)s->driver->reset(s->address, why);
        call_end(s);
    }
    call_begin(s, "opening the device");
    status = s->driver->open(s->address, &s->device, &caps, why);
    call_end(s);
    if (status != WM_OK)
        return;
    pthread_mutex_lock(&s->lock);
    s->view.caps = caps;
    s->sample_bytes = wm_sample_format_bytes(caps.format);
    pthread_mutex_unlock(&s->lock);
    if (wait_for_start(s)) {
        pthread_mutex_lock(&s->lock);
        settings = s->view.settings;
        pthread_mutex_unlock(&s->lock);
        call_begin(s, "setting rate, frequency and gain");
        status = s->driver->configure(s->device, &settings, why);
        call_end(s);
        pthread_mutex_lock(&s->lock);
        s->view.settings = settings;
        if (status == WM_OK && !make_ring(s)) {
            status = WM_NO_MEMORY;
            strcpy(why, "no memory for the samples");
        }
        pthread_mutex_unlock(&s->lock);
        if (status == WM_OK) {
            set_state(s, WM_SESSION_STREAMING);
            while (stream(s))
                set_state(s, WM_SESSION_STREAMING);
        }
    }
    call_begin(s, "closing the device");
    s->driver->close(s->device);
    call_end(s);
}

static void *tend(void *user)
{
    struct wm_session *s = user;
    char why[WM_RADIO_WHY] = "";

    serve(s, why);
    pthread_mutex_lock(&s->lock);
    if (!s->view.why[0])
        memcpy(s->view.why, why, sizeof why);
    s->view.state = WM_SESSION_ENDED;
    tell(s);
    pthread_mutex_unlock(&s->lock);
    drop_reference(s);
    return NULL;
}

enum wm_status wm_session_create(const struct wm_radio_driver *driver, const char *address, bool reset, struct wm_session **session)
{
    struct wm_session *s;
    pthread_condattr_t monotonic;

    if (strlen(address) >= sizeof s->address)
        return WM_INVALID;
    s = calloc(1, sizeof *s);
    if (!s)
        return WM_NO_MEMORY;
    s->driver = driver;
    strcpy(s->address, address);
    s->reset = reset;
    s->gain = -1;
    s->references = 2;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_cond_init(&s->filled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&s->tender, NULL, tend, s) != 0) {
        s->references = 1;
        drop_reference(s);
        return WM_NO_MEMORY;
    }
    *session = s;
    return WM_OK;
}

void wm_session_start(struct wm_session *s, const struct wm_radio_settings *settings)
{
    pthread_mutex_lock(&s->lock);
    s->view.settings = *settings;
    s->start = true;
    tell(s);
    pthread_mutex_unlock(&s->lock);
}

void wm_session_restart(struct wm_session *s)
{
    pthread_mutex_lock(&s->lock);
    s->restart = true;
    tell(s);
    pthread_mutex_unlock(&s->lock);
}

void wm_session_gain(struct wm_session *s, unsigned step)
{
    pthread_mutex_lock(&s->lock);
    s->gain = (int)step;
    tell(s);
    pthread_mutex_unlock(&s->lock);
}

void wm_session_look(struct wm_session *s, struct wm_session_view *view)
{
    pthread_mutex_lock(&s->lock);
    *view = s->view;
    view->waiting = s->used;
    pthread_mutex_unlock(&s->lock);
}

bool wm_session_take(struct wm_session *s, int64_t wait_ns, struct wm_session_block *block)
{
    const int64_t until_ns = wm_mono_ns() + wait_ns;
    bool got;

    pthread_mutex_lock(&s->lock);
    while (!s->used && s->view.state == WM_SESSION_STREAMING && wm_mono_ns() < until_ns)
        wait_on(s, &s->filled, until_ns);
    if (!s->used && s->view.state != WM_SESSION_STREAMING && wait_ns > 0)
        wait_until(s, until_ns);
    got = s->used > 0;
    if (got) {
        const struct slot *slot = &s->slot[s->first];
        *block = (struct wm_session_block){slot->bytes,   slot->len,     slot->end_index, slot->lost,
                                           slot->unknown, slot->mono_ns, slot->real_ns};
        s->taken = true;
    }
    pthread_mutex_unlock(&s->lock);
    return got;
}

void wm_session_release(struct wm_session *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->taken) {
        s->first = (s->first + 1) % s->slots;
        s->used--;
        s->taken = false;
    }
    pthread_mutex_unlock(&s->lock);
}

bool wm_session_stop(struct wm_session *s, int64_t wait_ns)
{
    const int64_t until_ns = wm_mono_ns() + wait_ns;
    bool ended;

    pthread_mutex_lock(&s->lock);
    s->stop = true;
    tell(s);
    while (s->view.state != WM_SESSION_ENDED && wm_mono_ns() < until_ns)
        wait_until(s, until_ns);
    ended = s->view.state == WM_SESSION_ENDED;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

bool wm_session_end(struct wm_session *s, int64_t wait_ns, uint64_t *samples)
{
    const bool ended = wm_session_stop(s, wait_ns);
    const pthread_t tender = s->tender;

    pthread_mutex_lock(&s->lock);
    *samples = s->view.samples;
    free_ring(s); /* a call that hangs for ever is not to keep it */
    pthread_mutex_unlock(&s->lock);
    if (ended)
        pthread_join(tender, NULL);
    else
        pthread_detach(tender);
    drop_reference(s);
    return ended;
}
