/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"

#include <stddef.h>

/* A few threads that wait for work. The caller of run works as well, so a pool of n is n - 1 threads beside it. */
struct wm_pool;

#define WM_POOL_MAX 2

/* workers, the caller among them: 1 to WM_POOL_MAX. */
WM_MUST_USE enum wm_status wm_pool_create(unsigned workers, struct wm_pool **pool);
/* Not while run is running. */
void wm_pool_destroy(struct wm_pool *pool);
/* job(user, i) for each i < count, begun in this order, each by whichever worker is free; returns when all are done. */
void wm_pool_run(struct wm_pool *pool, void (*job)(void *user, size_t i), void *user, size_t count);

/* The same with several kinds of jobs. A worker takes the next job of the first step that has one to begin: none of a step that
 * comes after another begins before all jobs of that one are done. */
struct wm_pool_step {
    void (*job)(void *user, size_t i);
    void *user;
    size_t count;
    int after; /* an earlier step by its index, -1: none */
    /* NULL, or what says `count` instead when the step may begin; one thread at a time, and no other may be waiting for it */
    size_t (*count_then)(void *user);
};
#define WM_POOL_STEPS 8
void wm_pool_run_steps(struct wm_pool *pool, const struct wm_pool_step *steps, size_t count);
