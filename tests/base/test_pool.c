/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pool.h"
#include "suite.h"

#include <stdatomic.h>

struct squares {
    int out[1000];
};

static void square(void *user, size_t i)
{
    struct squares *squares = user;

    squares->out[i] += (int)(i * i);
}

START_TEST(each_job_is_done_once)
{
    static const size_t counts[] = {0, 1, 2, 3, 1000, 7};
    struct wm_pool *pool = NULL;

    ck_assert_int_eq(wm_pool_create(0, &pool), WM_INVALID);
    ck_assert_int_eq(wm_pool_create(WM_POOL_MAX + 1, &pool), WM_INVALID);
    for (unsigned workers = 1; workers <= WM_POOL_MAX; workers++) {
        ck_assert_int_eq(wm_pool_create(workers, &pool), WM_OK);
        for (int round = 0; round < 50; round++) {
            struct squares squares = {{0}};
            const size_t count = counts[round % 6];
            wm_pool_run(pool, square, &squares, count);
            for (size_t i = 0; i < 1000; i++)
                if (squares.out[i] != (i < count ? (int)(i * i) : 0))
                    ck_abort_msg("%u workers, round %d, job %zu: %d", workers, round, i, squares.out[i]);
        }
        wm_pool_destroy(pool);
    }
}
END_TEST

/* ---- steps */

#define JOBS 40

struct step {
    struct work *work;
    int begun[JOBS], done[JOBS]; /* when, 0: never */
    int counted;
};

struct work {
    atomic_int clock;
    struct step step[5];
    size_t then; /* jobs that step 1 turns out to have */
};

static void note(void *user, size_t i)
{
    struct step *step = user;

    ck_assert_int_eq(step->begun[i], 0);
    step->begun[i] = ++step->work->clock;
    for (volatile int spin = 0; spin < 200; spin++)
        ;
    step->done[i] = ++step->work->clock;
}

static size_t count_then(void *user)
{
    struct step *step = user;

    step->counted++;
    for (size_t i = 0; i < 3; i++) /* what is counted is known by now */
        ck_assert_int_gt(step->work->step[0].done[i], 0);
    return step->work->then;
}

static int first_begun(const struct step *step, size_t n)
{
    int first = step->begun[0];

    for (size_t i = 1; i < n; i++)
        first = step->begun[i] < first ? step->begun[i] : first;
    return first;
}

static int last_done(const struct step *step, size_t n)
{
    int last = 0;

    for (size_t i = 0; i < n; i++)
        last = step->done[i] > last ? step->done[i] : last;
    return last;
}

/* 0, then 1 as many times as 0 says; beside them 2, and 3 behind 2; 4 has nothing to do. */
static void check_round(struct wm_pool *pool, unsigned workers, size_t then)
{
    static const size_t counts[] = {3, 0, JOBS, 1, 0};
    struct work work = {.then = then};
    struct wm_pool_step steps[5];

    for (size_t s = 0; s < 5; s++) {
        work.step[s] = (struct step){.work = &work};
        steps[s] = (struct wm_pool_step){.job = note, .user = &work.step[s], .count = counts[s], .after = -1};
    }
    steps[1].after = 0;
    steps[1].count_then = count_then;
    steps[3].after = 2;
    steps[4].after = 3;
    wm_pool_run_steps(pool, steps, 5);

    const struct step *step = work.step;
    ck_assert_int_eq(step[1].counted, 1);
    for (size_t s = 0; s < 5; s++) {
        const size_t count = s == 1 ? then : counts[s];
        for (size_t i = 0; i < JOBS; i++)
            ck_assert_int_eq(step[s].done[i] > 0, i < count);
    }
    if (then > 0)
        ck_assert_int_gt(first_begun(&step[1], then), last_done(&step[0], 3));
    ck_assert_int_gt(first_begun(&step[3], 1), last_done(&step[2], JOBS));
    if (workers == 1 && then > 0) /* the first step that has one to begin */
        ck_assert_int_lt(last_done(&step[1], then), first_begun(&step[2], JOBS));
}

START_TEST(steps_keep_their_order)
{
    static const size_t then[] = {0, 1, 2, 5, JOBS};

    for (unsigned workers = 1; workers <= WM_POOL_MAX; workers++) {
        struct wm_pool *pool;
        ck_assert_int_eq(wm_pool_create(workers, &pool), WM_OK);
        for (int round = 0; round < 500; round++)
            check_round(pool, workers, then[round % 5]);
        wm_pool_destroy(pool);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("base: pool");
    TCase *tcase = tcase_create("pool");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, each_job_is_done_once);
    tcase_add_test(tcase, steps_keep_their_order);
    return suite;
}
