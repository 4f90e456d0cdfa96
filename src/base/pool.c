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
    pthread_cond_t work, done;
    atomic_uint changes; /* of what waits are for */
    pthread_t thread[WM_POOL_MAX];
    unsigned threads;
    bool stop;
    /* the work at hand, under the lock */
    const struct wm_pool_step *step;
    size_t steps, at, next;     /* the step whose jobs are being begun, and its next job */
    size_t left[WM_POOL_STEPS]; /* jobs of each step that are not done */
    unsigned running;
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
static void wait_for(struct wm_pool *pool, pthread_cond_t *condition)
{
    const unsigned seen = atomic_load(&pool->changes);

    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < LOOKS && atomic_load_explicit(&pool->changes, memory_order_relaxed) == seen; i++)
        pause_core();
    pthread_mutex_lock(&pool->lock);
    if (atomic_load(&pool->changes) == seen)
        pthread_cond_wait(condition, &pool->lock);
}

static void tell(struct wm_pool *pool, pthread_cond_t *condition)
{
    atomic_fetch_add(&pool->changes, 1);
    pthread_cond_broadcast(condition);
}

/* Takes jobs while there are any; called with the lock held. */
static void take_jobs(struct wm_pool *pool)
{
    while (pool->at < pool->steps) {
        const size_t at = pool->at;
        const struct wm_pool_step *step = &pool->step[at];
        if (pool->next == step->count) {
            pool->at++;
            pool->next = 0;
            continue;
        }
        if (step->after >= 0 && pool->left[step->after] > 0) { /* somebody is about to finish it */
            wait_for(pool, &pool->done);
            continue;
        }
        const size_t i = pool->next++;
        pool->running++;
        pthread_mutex_unlock(&pool->lock);
        step->job(step->user, i);
        pthread_mutex_lock(&pool->lock);
        pool->running--;
        if (--pool->left[at] == 0)
            tell(pool, &pool->done);
    }
}

static void *worker(void *self)
{
    struct wm_pool *pool = self;

    pthread_mutex_lock(&pool->lock);
    while (!pool->stop) {
        take_jobs(pool);
        if (!pool->stop)
            wait_for(pool, &pool->work);
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
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
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
    tell(pool, &pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void wm_pool_run_steps(struct wm_pool *pool, const struct wm_pool_step *steps, size_t count)
{
    size_t jobs = 0;

    pthread_mutex_lock(&pool->lock);
    pool->step = steps;
    pool->steps = count;
    pool->at = pool->next = 0;
    for (size_t s = 0; s < count; s++)
        jobs += pool->left[s] = steps[s].count;
    if (jobs > 1)
        tell(pool, &pool->work);
    take_jobs(pool);
    while (pool->running > 0)
        wait_for(pool, &pool->done);
    pthread_mutex_unlock(&pool->lock);
}

void wm_pool_run(struct wm_pool *pool, void (*job)(void *user, size_t i), void *user, size_t count)
{
    const struct wm_pool_step step = {.job = job, .user = user, .count = count, .after = -1};

    wm_pool_run_steps(pool, &step, 1);
}
