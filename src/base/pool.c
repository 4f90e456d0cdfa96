/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* Looks before a thread goes to sleep, some 30 us: most waits are shorter, and waking a thread costs both as much, in a virtual
 * machine more. */
#define LOOKS 2000

struct wm_pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_uint changes; /* of what waits are for */
    pthread_t thread[WM_POOL_MAX];
    unsigned threads;
    bool stop;
    /* the work at hand, under the lock */
    const struct wm_pool_step *step;
    size_t steps, done_steps; /* of them, those at the beginning all of whose jobs are done */
    struct progress {
        bool known; /* how many jobs it has */
        size_t count, next, done;
    } progress[WM_POOL_STEPS];
};

static void pause_core(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Returns, the lock held, when something may have changed. */
static void wait_for_change(struct wm_pool *pool)
{
    const unsigned seen = atomic_load(&pool->changes);

    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < LOOKS && atomic_load_explicit(&pool->changes, memory_order_relaxed) == seen; i++)
        pause_core();
    pthread_mutex_lock(&pool->lock);
    if (atomic_load(&pool->changes) == seen)
        pthread_cond_wait(&pool->changed, &pool->lock);
}

static void tell(struct wm_pool *pool)
{
    atomic_fetch_add(&pool->changes, 1);
    pthread_cond_broadcast(&pool->changed);
}

static bool is_done(const struct progress *progress)
{
    return progress->known && progress->done == progress->count;
}

/* The first step that has a job to begin, WM_POOL_STEPS: none has one now. */
static size_t next_step(struct wm_pool *pool)
{
    for (size_t at = pool->done_steps; at < pool->steps; at++) {
        const struct wm_pool_step *step = &pool->step[at];
        struct progress *progress = &pool->progress[at];
        if (step->after >= 0 && !is_done(&pool->progress[step->after]))
            continue;
        if (!progress->known) {
            progress->count = step->count_then(step->user);
            progress->known = true;
        }
        while (pool->done_steps < pool->steps && is_done(&pool->progress[pool->done_steps]))
            pool->done_steps++;
        if (progress->next < progress->count)
            return at;
    }
    return WM_POOL_STEPS;
}

/* Takes jobs until all are done; called with the lock held. */
static void take_jobs(struct wm_pool *pool)
{
    for (size_t at = next_step(pool); pool->done_steps < pool->steps; at = next_step(pool)) {
        if (at == WM_POOL_STEPS) { /* somebody is about to finish what the next ones come after, or the last of all */
            wait_for_change(pool);
            continue;
        }
        struct progress *progress = &pool->progress[at];
        const struct wm_pool_step *step = &pool->step[at];
        const size_t i = progress->next++;
        pthread_mutex_unlock(&pool->lock);
        step->job(step->user, i);
        pthread_mutex_lock(&pool->lock);
        if (++progress->done == progress->count)
            tell(pool);
    }
}

static void *worker(void *self)
{
    struct wm_pool *pool = self;

    pthread_mutex_lock(&pool->lock);
    while (!pool->stop) {
        take_jobs(pool);
        if (!pool->stop)
            wait_for_change(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

enum wm_status wm_pool_create(unsigned workers, struct wm_pool **pool_out)
{
    struct wm_pool *pool;

    if (workers < 1 || workers > WM_POOL_MAX)
        return WM_INVALID;
    pool = calloc(1, sizeof *pool);
    if (!pool)
        return WM_NO_MEMORY;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    while (pool->threads + 1 < workers) {
        if (pthread_create(&pool->thread[pool->threads], NULL, worker, pool) != 0) {
            wm_pool_destroy(pool);
            return WM_NO_MEMORY;
        }
        pool->threads++;
    }
    *pool_out = pool;
    return WM_OK;
}

void wm_pool_destroy(struct wm_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    tell(pool);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void wm_pool_run_steps(struct wm_pool *pool, const struct wm_pool_step *steps, size_t count)
{
    size_t jobs = 0;

    pthread_mutex_lock(&pool->lock);
    pool->step = steps;
    pool->steps = count;
    pool->done_steps = 0;
    for (size_t s = 0; s < count; s++) {
        pool->progress[s] = (struct progress){.known = !steps[s].count_then, .count = steps[s].count_then ? 0 : steps[s].count};
        jobs += steps[s].count_then ? 2 : steps[s].count;
    }
    if (jobs > 1)
        tell(pool);
    take_jobs(pool);
    pool->steps = pool->done_steps = 0;
    pthread_mutex_unlock(&pool->lock);
}

void wm_pool_run(struct wm_pool *pool, void (*job)(void *user, size_t i), void *user, size_t count)
{
    const struct wm_pool_step step = {.job = job, .user = user, .count = count, .after = -1};

    wm_pool_run_steps(pool, &step, 1);
}
