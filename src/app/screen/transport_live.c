/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/common.h"
#include "app/out/target.h"
#include "app/screen/terminal.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The table of meters on standard output's terminal. The terminal is taken over with the first sign that something is received:
 * messages about what cannot be started come before, as always. */

#define DRAW_NS 250000000LL
#define IDLE_MS 100 /* how soon a signal is heeded */

struct live {
    struct wm_output_port *port;
    struct wm_meters *meters;
    struct wm_terminal *terminal;
    struct wm_page page;
    int64_t started_ns, drawn_ns;
    pthread_mutex_t lock; /* of: */
    struct wm_air air;
};

static enum wm_status open_live(struct wm_output_port *port, void **state)
{
    struct live *live = NULL;
    enum wm_status status = WM_INVALID;

    if (wm_common_terminal())
        status = WM_OK;
    else
        snprintf(port->why, WM_OUTPUT_WHY,
                 "-F %.40s: standard output is no terminal that could show it; write --live to have plain lines then",
                 port->target->said);
    if (status == WM_OK) {
        live = calloc(1, sizeof *live);
        status = live ? wm_meters_create(&live->meters) : WM_NO_MEMORY;
    }
    if (status == WM_OK)
        status = wm_terminal_create(STDOUT_FILENO, &live->terminal);
    if (status != WM_OK) {
        if (live)
            wm_meters_destroy(live->meters);
        free(live);
        return status;
    }
    live->port = port;
    live->started_ns = wm_mono_ns();
    pthread_mutex_init(&live->lock, NULL);
    *state = live;
    return WM_OK;
}

/* On the thread of whoever receives. */
static void compose(void *state, struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct live *live = state;
    struct wm_meter_news news;
    size_t begin;

    wm_meter_news_of(reading, &news);
    if (live->port->use.what == WM_WHAT_READINGS && !news.readable)
        return;
    begin = wm_item_begin(sink, 0);
    wm_item_key_ends(sink, begin);
    wm_sink_put(sink, (const char *)&news, sizeof news);
    wm_item_end(sink, begin);
}

/* Likewise. */
static void tell(void *state, const struct wm_air *air)
{
    struct live *live = state;

    pthread_mutex_lock(&live->lock);
    live->air = *air;
    pthread_mutex_unlock(&live->lock);
}

static enum wm_status write_batch(void *state, struct wm_batch batch)
{
    struct live *live = state;
    struct wm_item item;

    while (wm_batch_next(&batch, &item)) {
        struct wm_meter_news news;

        memcpy(&news, item.data, sizeof news);
        wm_meters_put(live->meters, &news, wm_mono_ns());
    }
    return WM_OK;
}

static void make_page(struct live *live)
{
    struct wm_page_view view = {.meters = live->meters, .now_ns = wm_mono_ns(), .started_ns = live->started_ns};
    struct wm_air air;
    unsigned rows, cols;

    pthread_mutex_lock(&live->lock);
    air = live->air;
    pthread_mutex_unlock(&live->lock);
    view.air = &air;
    view.log = wm_terminal_log(live->terminal, &view.log_len);
    wm_terminal_size(live->terminal, &rows, &cols);
    wm_page_make(&live->page, rows, cols, &view);
}

static enum wm_status idle(void *state)
{
    struct live *live = state;
    const int64_t now = wm_mono_ns();
    enum wm_status status = wm_terminal_enter(live->terminal);

    wm_terminal_heed_stop(live->terminal);
    if (status == WM_OK && now - live->drawn_ns >= DRAW_NS) {
        live->drawn_ns = now;
        make_page(live);
        status = wm_terminal_show(live->terminal, &live->page);
    }
    if (status != WM_OK)
        snprintf(live->port->why, WM_OUTPUT_WHY, "the terminal: %s", strerror(errno));
    return status;
}

static enum wm_status close_live(void *state)
{
    struct live *live = state;

    make_page(live);
    wm_terminal_leave(live->terminal, &live->page);
    wm_terminal_destroy(live->terminal);
    wm_meters_destroy(live->meters);
    pthread_mutex_destroy(&live->lock);
    free(live);
    return WM_OK;
}

const struct wm_transport wm_transport_live = {
    .name = "live",
    .prefix = "live",
    .syntax = "",
    .summary = "a table of the meters on the terminal, renewed in place (docs/outputs.md)",
    .own_form = true,
    .alone = true,
    .lasting = true,
    .exclusive = true,
    .idle_ms = IDLE_MS,
    .open = open_live,
    .compose = compose,
    .tell = tell,
    .write = write_batch,
    .idle = idle,
    .close = close_live,
};
