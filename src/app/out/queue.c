/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/queue.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* So much waiting wakes the thread without a kick, or a quarter of the queue. Each wake-up costs both threads a change of context,
 * so that a small amount would cost more than the writing; a reader that waits is served by the kick. */
#define WAKE_BYTES 524288u

struct header {
    uint32_t len;
    uint16_t key_len;
    uint16_t flags;
};

struct wm_queue {
    size_t cap, wake;
    char *half[2];

    pthread_mutex_t lock;
    pthread_cond_t filled, emptied; /* wakes the thread; wakes writers and drainers */
    struct wm_sink sink;            /* over the filling half */
    unsigned filling;
    bool busy; /* the thread works on the other half */
    bool kicked, closed, abandoned, waiting;
    size_t begun; /* length before the reading that is being written */
    uint64_t dropped;
};

bool wm_batch_next(struct wm_batch *batch, struct wm_item *item)
{
    struct header header;

    if ((size_t)(batch->end - batch->pos) < sizeof header)
        return false;
    memcpy(&header, batch->pos, sizeof header);
    item->flags = header.flags;
    item->key = batch->pos + sizeof header;
    item->key_len = header.key_len;
    item->data = item->key + header.key_len;
    item->len = header.len;
    batch->pos = item->data + item->len;
    return true;
}

/* The header's place is taken first, and what is known only later is filled in later. */
size_t wm_item_begin(struct wm_sink *sink, unsigned flags)
{
    struct header header = {.flags = (uint16_t)flags};
    size_t begin = sink->len;

    wm_sink_put(sink, (const char *)&header, sizeof header);
    return begin;
}

static void patch(struct wm_sink *sink, size_t begin, size_t *key_len, size_t *len)
{
    struct header header;

    if (sink->error)
        return;
    memcpy(&header, sink->buffer + begin, sizeof header);
    if (key_len)
        header.key_len = (uint16_t)*key_len;
    if (len)
        header.len = (uint32_t)(*len - header.key_len);
    memcpy(sink->buffer + begin, &header, sizeof header);
}

void wm_item_key_ends(struct wm_sink *sink, size_t begin)
{
    size_t key_len = sink->len - begin - sizeof(struct header);

    if (key_len > UINT16_MAX)
        wm_sink_give_up(sink);
    patch(sink, begin, &key_len, NULL);
}

void wm_item_end(struct wm_sink *sink, size_t begin)
{
    size_t len = sink->len - begin - sizeof(struct header);

    patch(sink, begin, NULL, &len);
}

enum wm_status wm_queue_create(size_t bytes, struct wm_queue **queue)
{
    struct wm_queue *q = calloc(1, sizeof *q);
    pthread_condattr_t monotonic;

    if (!q)
        return WM_NO_MEMORY;
    q->cap = bytes < 2 * WM_ITEM_ROOM ? 2 * WM_ITEM_ROOM : bytes;
    q->wake = q->cap / 4 < WAKE_BYTES ? q->cap / 4 : WAKE_BYTES;
    q->half[0] = malloc(q->cap);
    q->half[1] = malloc(q->cap);
    if (!q->half[0] || !q->half[1]) {
        free(q->half[0]);
        free(q->half[1]);
        free(q);
        return WM_NO_MEMORY;
    }
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&q->filled, &monotonic);
    pthread_cond_init(&q->emptied, &monotonic);
    pthread_condattr_destroy(&monotonic);
    q->sink = wm_sink_memory(q->half[0], q->cap);
    *queue = q;
    return WM_OK;
}

void wm_queue_destroy(struct wm_queue *queue)
{
    if (!queue)
        return;
    pthread_cond_destroy(&queue->filled);
    pthread_cond_destroy(&queue->emptied);
    pthread_mutex_destroy(&queue->lock);
    free(queue->half[0]);
    free(queue->half[1]);
    free(queue);
}

struct wm_sink *wm_queue_begin(struct wm_queue *queue, bool patient)
{
    pthread_mutex_lock(&queue->lock);
    while (patient && !queue->closed && !queue->abandoned && queue->cap - queue->sink.len < WM_ITEM_ROOM) {
        pthread_cond_signal(&queue->filled);
        pthread_cond_wait(&queue->emptied, &queue->lock);
    }
    if (queue->closed || queue->abandoned || queue->cap - queue->sink.len < WM_ITEM_ROOM) {
        queue->dropped++;
        pthread_mutex_unlock(&queue->lock);
        return NULL;
    }
    queue->begun = queue->sink.len;
    return &queue->sink;
}

void wm_queue_end(struct wm_queue *queue)
{
    bool wake;

    if (queue->sink.error) {
        queue->sink = wm_sink_memory(queue->half[queue->filling], queue->cap);
        queue->sink.len = queue->begun;
        queue->dropped++;
    }
    wake = queue->waiting && queue->sink.len > queue->wake;
    if (wake)
        queue->waiting = false; /* once is enough */
    pthread_mutex_unlock(&queue->lock);
    if (wake)
        pthread_cond_signal(&queue->filled);
}

void wm_queue_kick(struct wm_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->kicked = queue->sink.len > 0;
    if (queue->kicked && queue->waiting)
        pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

void wm_queue_close(struct wm_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(&queue->lock);
}

void wm_queue_abandon(struct wm_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->abandoned = true;
    queue->busy = false;
    pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(&queue->lock);
}

/* Waits on a condition until a point in time; false: it has passed. */
static bool wait_until(struct wm_queue *queue, pthread_cond_t *condition, const struct timespec *end)
{
    if (!end)
        return pthread_cond_wait(condition, &queue->lock) == 0;
    return pthread_cond_timedwait(condition, &queue->lock, end) != ETIMEDOUT;
}

static struct timespec in_ms(int ms)
{
    return wm_timespec(wm_mono_ns() + ms * INT64_C(1000000));
}

bool wm_queue_drain(struct wm_queue *queue, int wait_ms)
{
    struct timespec end = in_ms(wait_ms < 0 ? 0 : wait_ms);
    bool done;

    pthread_mutex_lock(&queue->lock);
    queue->kicked = true;
    pthread_cond_signal(&queue->filled);
    while (!(done = queue->abandoned || (!queue->busy && queue->sink.len == 0))) {
        if (!wait_until(queue, &queue->emptied, wait_ms < 0 ? NULL : &end))
            break;
    }
    pthread_mutex_unlock(&queue->lock);
    return done;
}

bool wm_queue_take(struct wm_queue *queue, int wait_ms, struct wm_batch *batch)
{
    struct timespec end = in_ms(wait_ms < 0 ? 0 : wait_ms);
    bool more;

    pthread_mutex_lock(&queue->lock);
    queue->busy = false;
    pthread_cond_broadcast(&queue->emptied);
    while (!queue->closed && !(queue->sink.len && queue->kicked) && queue->sink.len <= queue->wake) {
        queue->waiting = true;
        if (!wait_until(queue, &queue->filled, wait_ms < 0 ? NULL : &end))
            break;
    }
    queue->waiting = false;
    queue->kicked = false;
    batch->pos = queue->half[queue->filling];
    batch->end = batch->pos + queue->sink.len;
    if (queue->sink.len) {
        queue->busy = true;
        queue->filling ^= 1;
        queue->sink = wm_sink_memory(queue->half[queue->filling], queue->cap);
    }
    more = queue->busy || !queue->closed;
    pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(&queue->lock);
    return more;
}

uint64_t wm_queue_dropped(struct wm_queue *queue)
{
    uint64_t dropped;

    pthread_mutex_lock(&queue->lock);
    dropped = queue->dropped;
    pthread_mutex_unlock(&queue->lock);
    return dropped;
}
