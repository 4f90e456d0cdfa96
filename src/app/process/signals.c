/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/process/signals.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>

/* The program's only mutable globals. */
static volatile sig_atomic_t interrupted, reload, stop, continued;
static void (*volatile rescue)(void *user);
static void *volatile rescue_user;
static struct sigaction before_stop, before_continue;

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(number, &action, NULL);
}

/* The signal's own effect comes when this returns. */
static void die(int number)
{
    void (*const last_will)(void *) = rescue;

    rescue = NULL;
    if (last_will)
        last_will(rescue_user);
    handle(number, SIG_DFL, 0);
    raise(number);
}

static void on_signal(int number)
{
    interrupted = 1;
    handle(number, die, 0);
}

void wm_signals_catch(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGALRM};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        handle(ends[i], on_signal, 0); /* no SA_RESTART: a blocked read returns */
    handle(SIGPIPE, SIG_IGN, 0);
}

bool wm_signals_interrupted(void)
{
    return interrupted != 0;
}

void wm_signals_interrupt_after(double seconds)
{
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds}};

    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_reload(int number)
{
    (void)number;
    reload = 1;
}

void wm_signals_catch_reload(void)
{
    handle(SIGHUP, on_reload, 0);
}

/* Whether a flag was set, which it then is no more. */
static bool take(volatile sig_atomic_t *flag)
{
    const bool was = *flag != 0;

    *flag = 0;
    return was;
}

bool wm_signals_reload_wanted(void)
{
    return take(&reload);
}

static void on_stop(int number)
{
    (void)number;
    stop = 1;
}

static void on_continue(int number)
{
    (void)number;
    continued = 1;
}

void wm_signals_guard(void (*at_death)(void *user), void *user)
{
    static const int fatal[] = {SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS,
                                SIGFPE, SIGSEGV, SIGSYS, SIGXCPU, SIGUSR1, SIGUSR2};
    struct sigaction now;

    rescue = NULL; /* not with the other's user */
    rescue_user = user;
    rescue = at_death;
    if (!at_death) {
        sigaction(SIGTSTP, &before_stop, NULL);
        sigaction(SIGCONT, &before_continue, NULL);
        return;
    }
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        if (sigaction(fatal[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            handle(fatal[i], die, 0);
    }
    stop = continued = 0;
    sigaction(SIGTSTP, NULL, &before_stop);
    sigaction(SIGCONT, NULL, &before_continue);
    if (before_stop.sa_handler == SIG_DFL)
        handle(SIGTSTP, on_stop, SA_RESTART);
    handle(SIGCONT, on_continue, SA_RESTART);
}

bool wm_signals_stop_wanted(void)
{
    return take(&stop);
}

bool wm_signals_continued(void)
{
    return take(&continued);
}
