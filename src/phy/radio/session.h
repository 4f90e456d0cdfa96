/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/radio/driver.h"

/* One opening of a device: its two threads and the ring between them and the reader of the samples. Every call into the driver is
 * made by these threads, so that one that never returns hangs nobody else: the session is then abandoned with its memory, and given
 * back should the call return after all.
 *
 *   tender: open, configure, gain, close      reader: run --> | slot | slot | slot | --> take ... release (the owner)
 *
 * A slot holds samples without a break. When the ring is full (a second of signal) the newest samples are dropped and counted. */
struct wm_session;

enum wm_session_state {
    WM_SESSION_OPENING,
    WM_SESSION_OPENED, /* waits for wm_session_start */
    WM_SESSION_STREAMING,
    WM_SESSION_ENDED,
};

struct wm_session_view {
    enum wm_session_state state;
    const char *call; /* what the tender is doing inside the driver, NULL: nothing */
    int64_t call_since_ns;
    int64_t last_samples_ns; /* when samples came last, or streaming began; CLOCK_MONOTONIC */
    struct wm_radio_caps caps;
    struct wm_radio_settings settings;
    uint64_t samples;       /* came from the driver, whole ones */
    uint64_t dropped;       /* the ring was full */
    uint64_t odd;           /* buffers that ended inside a sample */
    size_t waiting;         /* slots that have not been taken */
    uint64_t stale;         /* buffers with the samples of the one before */
    char why[WM_RADIO_WHY]; /* when it ended by itself */
};

struct wm_session_block {
    const void *bytes;
    size_t len;
    uint64_t end_index;       /* of the session, lost ones counted */
    uint64_t lost;            /* right before this block */
    bool unknown;             /* and more, nobody knows how many: not in end_index */
    int64_t mono_ns, real_ns; /* when its last sample came */
};

/* reset: the hardware is reset first. The address is copied. */
WM_MUST_USE enum wm_status wm_session_create(const struct wm_radio_driver *driver, const char *address, bool reset,
                                             struct wm_session **session);
/* Once, when the state is OPENED. */
void wm_session_start(struct wm_session *session, const struct wm_radio_settings *settings);
/* Stops the stream and starts it again. */
void wm_session_restart(struct wm_session *session);
void wm_session_gain(struct wm_session *session, unsigned step);
void wm_session_look(struct wm_session *session, struct wm_session_view *view);
/* Waits up to wait_ns for a block, and for a change of state. False: none. The block is the caller's until release. */
bool wm_session_take(struct wm_session *session, int64_t wait_ns, struct wm_session_block *block);
void wm_session_release(struct wm_session *session);
/* Asks it to end and waits so long. False: it has not yet. */
bool wm_session_stop(struct wm_session *session, int64_t wait_ns);
/* Ends it; session is gone afterwards. *samples: how many came from the driver in all. False: a driver's call does not return and
 * was left to itself. */
bool wm_session_end(struct wm_session *session, int64_t wait_ns, uint64_t *samples);
