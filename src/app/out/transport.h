/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/air.h"
#include "app/out/format.h"
#include "app/out/queue.h"
#include "base/log.h"

#include <stdatomic.h>

/* Transport: where formatted output goes. One row of the table each; open and compose run on the thread of whoever receives, the
 * rest on a thread of its own behind a queue. */

struct wm_target;
struct wm_outputs;

#define WM_OUTPUT_WHY 384

/* What a transport is given, and where it reports. */
struct wm_output_port {
    const struct wm_target *target;
    struct wm_format_use use;
    const struct wm_outputs *outputs; /* all of the run, for those who report about them */
    struct wm_log log;
    bool reopened;           /* after a reload: what is there is continued, not emptied */
    _Atomic bool closing;    /* no more will come: time to be brief */
    _Atomic uint64_t lost;   /* items that were taken and did not arrive */
    char why[WM_OUTPUT_WHY]; /* of a failure: a sentence, and the remedy */
};

struct wm_target_option {
    const char *name, *value, *help; /* the first of a table with name NULL ends it */
};

/* Those that every output has. */
extern const struct wm_target_option wm_target_common[];

struct wm_transport {
    const char *name;
    const char *prefix; /* what its targets begin with; "": any other */
    const char *syntax; /* behind the prefix */
    const char *summary;
    const char *default_format; /* NULL: the target stands behind a format */
    bool own_form;              /* has a form of its own, and takes no format */
    bool alone;                 /* the prefix is all of it, and no beginning of a file's name */
    bool lasting;               /* goes on when the configuration is read again and still has it */
    bool exclusive;             /* two on one place would destroy each other's work */
    bool one_line;              /* a format must give lines, or its items could not be told apart */
    const struct wm_target_option *options;
    int idle_ms; /* idle is called when nothing came for so long; -1: never */

    /* WM_UNSUPPORTED: not built in; WM_IO, WM_INVALID, WM_NO_MEMORY: port->why says what. */
    enum wm_status (*open)(struct wm_output_port *port, void **state);
    /* Writes the items of one reading; NULL: one item, the format's, without a key. */
    void (*compose)(void *state, struct wm_sink *sink, const struct wm_reading *reading);
    /* How the reception stands; like compose. NULL: not of interest. */
    void (*tell)(void *state, const struct wm_air *air);
    /* A failure is final: port->why says what. */
    enum wm_status (*write)(void *state, struct wm_batch batch);
    enum wm_status (*idle)(void *state);
    /* Delivers what can be delivered soon, and frees. */
    enum wm_status (*close)(void *state);
};

/* The i-th, NULL behind the last. */
const struct wm_transport *wm_transport(size_t i);

extern const struct wm_transport wm_transport_file, wm_transport_tcp, wm_transport_udp, wm_transport_exec, wm_transport_sqlite,
    wm_transport_mqtt, wm_transport_mqtts, wm_transport_http, wm_transport_live;

/* One item of a format in use, with no key; nothing when the format gives nothing for it. */
void wm_compose_plain(const struct wm_format_use *use, struct wm_sink *sink, const struct wm_reading *reading);
