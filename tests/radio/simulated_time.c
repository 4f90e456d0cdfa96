/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Simulated time for an unmodified program (LD_PRELOAD). Time stands still while any thread works; when all of them wait, it jumps
 * to the first moment that one of them waits for. An hour of silence takes no time, a busy machine makes nothing late, and every
 * run is like the one before. What blocks elsewhere (a file, a full pipe) counts as work.
 *
 * SIMULATED_TIME holds words with spaces between, seconds since the program began:
 *   end=S          sends the process SIGINT
 *   step@S=D       somebody sets the system clock by D seconds (CLOCK_REALTIME alone)
 *   freeze@S=D     the main thread gets no CPU for D seconds
 *   memory=FILE    gets a line each second: the bytes that the program has allocated and not freed. Unlike resident memory that
 * does not depend on which pages of a buffer have been needed so far. */
#define SECOND  1000000000LL
#define FIRST   (1000 * SECOND)         /* CLOCK_MONOTONIC at the beginning */
#define UTC     (1800000000LL * SECOND) /* CLOCK_REALTIME then */
#define NEVER   INT64_MAX
#define WORDS   64
#define THREADS 64

struct waiter {
    struct waiter *next;
    const void *on; /* a condition variable, or NULL */
    struct pollfd *fds;
    nfds_t fd_count;
    int64_t until_ns;
    bool late; /* its time has come, nobody woke it */
    sem_t go;
};

struct thread {
    pthread_t id;
    bool used, begun, ended, awaited, detached;
    void *(*run)(void *);
    void *user;
};

struct event {
    int64_t at_ns, for_ns;
};

static struct {
    pthread_mutex_t lock;
    pthread_once_t once;
    int64_t now_ns, end_ns, weighed_ns;
    int memory; /* the file of that */
    unsigned working;
    struct waiter *waiters;
    struct thread thread[THREADS];
    struct event step[WORDS], freeze[WORDS];
    unsigned steps, freezes;
    pthread_t main;
    int (*poll)(struct pollfd *, nfds_t, int);
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int (*join)(pthread_t, void **);
    int (*detach)(pthread_t);
    size_t (*allocated)(void);
} sim = {.lock = PTHREAD_MUTEX_INITIALIZER,
         .once = PTHREAD_ONCE_INIT,
         .now_ns = FIRST,
         .end_ns = NEVER,
         .weighed_ns = FIRST,
         .memory = -1,
         .working = 1};

static int64_t ns_of(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

static void parse_event(const char *text, struct event *events, unsigned *count)
{
    double at, by;

    if (*count < WORDS && sscanf(text, "%lf=%lf", &at, &by) == 2)
        events[(*count)++] = (struct event){FIRST + ns_of(at), ns_of(by)};
}

static size_t allocated(void)
{
    const struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void begin(void)
{
    char text[4096], *save = NULL;

    snprintf(text, sizeof text, "%s", getenv("SIMULATED_TIME") ? getenv("SIMULATED_TIME") : "");
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (strncmp(word, "end=", 4) == 0)
            sim.end_ns = FIRST + ns_of(strtod(word + 4, NULL));
        else if (strncmp(word, "step@", 5) == 0)
            parse_event(word + 5, sim.step, &sim.steps);
        else if (strncmp(word, "freeze@", 7) == 0)
            parse_event(word + 7, sim.freeze, &sim.freezes);
        else if (strncmp(word, "memory=", 7) == 0)
            sim.memory = open(word + 7, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    sim.main = pthread_self();
    *(void **)&sim.poll = dlsym(RTLD_NEXT, "poll");
    *(void **)&sim.create = dlsym(RTLD_NEXT, "pthread_create");
    *(void **)&sim.join = dlsym(RTLD_NEXT, "pthread_join");
    *(void **)&sim.detach = dlsym(RTLD_NEXT, "pthread_detach");
    *(void **)&sim.allocated = dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes"); /* which has its own heap */
    if (!sim.allocated)
        sim.allocated = allocated;
}

/* Before the program's first thread, so that it is known which one is the main one. */
__attribute__((constructor)) static void begin_early(void)
{
    pthread_once(&sim.once, begin);
}

static void lock(void)
{
    pthread_once(&sim.once, begin);
    pthread_mutex_lock(&sim.lock);
}

static void unlock(void)
{
    pthread_mutex_unlock(&sim.lock);
}

/* ---- who waits, and who is next; all of it under the lock ---- */

static void wake(struct waiter *w, bool late)
{
    struct waiter **at = &sim.waiters;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->late = late;
    sim.working++;
    sem_post(&w->go);
}

/* Nobody works, so nobody is about to free what it has. */
static void weigh(void)
{
    if (sim.memory < 0 || sim.now_ns < sim.weighed_ns)
        return;
    sim.weighed_ns = sim.now_ns + SECOND;
    dprintf(sim.memory, "%.3f %zu\n", (double)(sim.now_ns - FIRST) * 1e-9, sim.allocated());
}

static void move_on(void)
{
    struct waiter *first = NULL;

    if (sim.working)
        return;
    for (struct waiter *w = sim.waiters; w; w = w->next) {
        if (w->fds && sim.poll(w->fds, w->fd_count, 0) > 0) {
            wake(w, false);
            return;
        }
        if (w->until_ns != NEVER && (!first || w->until_ns < first->until_ns))
            first = w;
    }
    if (first && first->until_ns > sim.now_ns)
        sim.now_ns = first->until_ns;
    weigh();
    if (sim.now_ns >= sim.end_ns) {
        sim.end_ns = NEVER;
        kill(getpid(), SIGINT);
    }
    if (first)
        wake(first, true);
}

/* Puts the calling thread to rest; `with` is let go meanwhile. True: its time came before anybody woke it. */
static bool rest(struct waiter *w, pthread_mutex_t *with)
{
    struct waiter **last = &sim.waiters;

    w->next = NULL;
    sem_init(&w->go, 0, 0);
    while (*last)
        last = &(*last)->next; /* first come, first served */
    *last = w;
    sim.working--;
    move_on();
    unlock();
    if (with)
        pthread_mutex_unlock(with);
    while (sem_wait(&w->go) != 0)
        ;
    sem_destroy(&w->go);
    lock();
    for (unsigned i = 0; i < sim.freezes && pthread_equal(pthread_self(), sim.main); i++) {
        const int64_t end_ns = sim.freeze[i].at_ns + sim.freeze[i].for_ns;
        if (sim.now_ns >= sim.freeze[i].at_ns && sim.now_ns < end_ns) {
            struct waiter frozen = {.until_ns = end_ns};
            (void)rest(&frozen, NULL);
            lock();
        }
    }
    unlock();
    if (with)
        pthread_mutex_lock(with);
    return w->late;
}

static int64_t now(clockid_t id)
{
    int64_t ns;

    lock();
    ns = sim.now_ns;
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
        ns += UTC - FIRST;
        for (unsigned i = 0; i < sim.steps; i++)
            ns += sim.now_ns >= sim.step[i].at_ns ? sim.step[i].for_ns : 0;
    }
    unlock();
    return ns;
}

static int64_t of_timespec(const struct timespec *t)
{
    return (int64_t)t->tv_sec > INT64_MAX / SECOND - 1 ? NEVER : (int64_t)t->tv_sec * SECOND + t->tv_nsec;
}

/* A point of time on one of the two clocks; they are so far apart that which one it is shows. */
static int64_t deadline(const struct timespec *t)
{
    int64_t ns = of_timespec(t);

    return ns == NEVER || ns < UTC / 2 ? ns : ns - now(CLOCK_REALTIME) + now(CLOCK_MONOTONIC);
}

/* ---- what the program calls ---- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    const int64_t ns = now(id);

    *t = (struct timespec){(time_t)(ns / SECOND), (long)(ns % SECOND)};
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    const int64_t ns = now(CLOCK_REALTIME);

    (void)zone;
    *t = (struct timeval){(time_t)(ns / SECOND), (suseconds_t)(ns % SECOND / 1000)};
    return 0;
}

time_t time(time_t *t)
{
    const time_t s = (time_t)(now(CLOCK_REALTIME) / SECOND);

    if (t)
        *t = s;
    return s;
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *t, struct timespec *left)
{
    struct waiter w = {.until_ns = flags & TIMER_ABSTIME ? deadline(t) : of_timespec(t)};

    (void)id;
    (void)left;
    lock();
    if (!(flags & TIMER_ABSTIME) && w.until_ns != NEVER)
        w.until_ns += sim.now_ns;
    if (w.until_ns <= sim.now_ns)
        unlock();
    else
        (void)rest(&w, NULL);
    return 0;
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
    return clock_nanosleep(CLOCK_MONOTONIC, 0, t, left);
}

int usleep(useconds_t us)
{
    return nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000L}, NULL);
}

int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    struct waiter w = {.on = cond, .until_ns = NEVER};

    lock();
    (void)rest(&w, mutex);
    return 0;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict t)
{
    struct waiter w = {.on = cond, .until_ns = deadline(t)};

    lock();
    if (w.until_ns <= sim.now_ns) {
        unlock();
        pthread_mutex_unlock(mutex); /* others get their turn as they do in earnest */
        pthread_mutex_lock(mutex);
        return ETIMEDOUT;
    }
    return rest(&w, mutex) ? ETIMEDOUT : 0;
}

static void wake_all(const pthread_cond_t *cond, bool one)
{
    lock();
    for (struct waiter *w = sim.waiters, *next; w; w = next) {
        next = w->next;
        if (w->on != cond)
            continue;
        wake(w, false);
        if (one)
            break;
    }
    unlock();
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    wake_all(cond, true);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
    wake_all(cond, false);
    return 0;
}

int poll(struct pollfd *fds, nfds_t count, int ms)
{
    struct waiter w = {.fds = fds, .fd_count = count, .until_ns = NEVER};
    int n;

    lock();
    n = sim.poll(fds, count, 0);
    if (n != 0 || ms == 0) {
        unlock();
        return n;
    }
    if (ms > 0)
        w.until_ns = sim.now_ns + ms * (SECOND / 1000);
    (void)rest(&w, NULL);
    return sim.poll(fds, count, 0);
}

static void *run_thread(void *user)
{
    struct thread *t = user;
    void *result;

    lock();
    t->id = pthread_self();
    t->begun = true;
    unlock();
    result = t->run(t->user);
    lock();
    t->ended = true;
    if (t->detached)
        t->used = false;
    if (!t->awaited) { /* else whoever joins it works on in its stead */
        sim.working--;
        move_on();
    }
    unlock();
    return result;
}

int pthread_create(pthread_t *restrict id, const pthread_attr_t *restrict attr, void *(*run)(void *), void *restrict user)
{
    struct thread *t = NULL;
    int error;

    lock();
    for (unsigned i = 0; i < THREADS && !t; i++)
        t = sim.thread[i].used ? NULL : &sim.thread[i];
    if (!t)
        abort();
    *t = (struct thread){.used = true, .run = run, .user = user};
    sim.working++;
    unlock();
    error = sim.create(id, attr, run_thread, t);
    lock();
    if (error) {
        sim.working--;
        t->used = false;
    } else if (!t->begun) {
        t->id = *id;
    }
    unlock();
    return error;
}

static struct thread *find(pthread_t id)
{
    for (unsigned i = 0; i < THREADS; i++) {
        if (sim.thread[i].used && pthread_equal(sim.thread[i].id, id))
            return &sim.thread[i];
    }
    return NULL;
}

int pthread_join(pthread_t id, void **result)
{
    struct thread *t;
    int error;

    lock();
    t = find(id);
    if (t && !t->ended) {
        t->awaited = true;
        sim.working--;
        move_on();
    }
    unlock();
    error = sim.join(id, result);
    lock();
    if (t)
        t->used = false;
    unlock();
    return error;
}

int pthread_detach(pthread_t id)
{
    struct thread *t;

    lock();
    t = find(id);
    if (t) {
        t->detached = true;
        t->used = !t->ended;
    }
    unlock();
    return sim.detach(id);
}
