/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/air.h"
#include "app/out/format.h"
#include "base/log.h"

#include <stdio.h>

/* The outputs of one run: each what x format x transport, each behind a queue and a thread of its own. */
struct wm_outputs;

#define WM_OUTPUTS_MAX 16

WM_MUST_USE enum wm_status wm_outputs_create(struct wm_outputs **outputs);
/* Closes first, if that was not done. */
void wm_outputs_destroy(struct wm_outputs *outputs);

/* How the transports speak of what does not end the run (a broker away). Before the first wm_outputs_add. */
void wm_outputs_log(struct wm_outputs *outputs, const struct wm_log *log);
/* Whether a write may wait while a queue is full: right for recordings, wrong for a radio. Without it what does not fit is dropped,
 * and counted. Default: it may. */
void wm_outputs_patient(struct wm_outputs *outputs, bool patient);
/* Outputs are only looked at, not opened: wm_outputs_add says what is wrong with them, and nothing is written. */
void wm_outputs_dry(struct wm_outputs *outputs);
/* The outputs continue those of before: files are not emptied. Before the first wm_outputs_add. */
void wm_outputs_reopened(struct wm_outputs *outputs);
/* The fields for outputs that name none of their own; before or after wm_outputs_add, but before the first write. WM_INVALID with
 * wm_outputs_why. */
WM_MUST_USE enum wm_status wm_outputs_fields(struct wm_outputs *outputs, const char *list);

/* Adds an output; app/out/target.h has the syntax. WM_INVALID, WM_FULL, WM_IO, WM_UNSUPPORTED (not built in), WM_NO_MEMORY;
 * wm_outputs_why() says what and the remedy. */
WM_MUST_USE enum wm_status wm_outputs_add(struct wm_outputs *outputs, const char *spec);
size_t wm_outputs_count(const struct wm_outputs *outputs);
/* Whether one of them has taken the terminal for itself. */
bool wm_outputs_own_terminal(const struct wm_outputs *outputs);

/* For a configuration that is read again: takes those that last (the live table) out of `outputs`, to be handed to the next ones
 * and destroyed when these are complete. What is added to them and is among those is taken over, and not opened. */
WM_MUST_USE enum wm_status wm_outputs_lasting(struct wm_outputs *outputs, struct wm_outputs **lasting);
void wm_outputs_inherit(struct wm_outputs *outputs, struct wm_outputs *lasting);

/* Writes one telegram to all. WM_IO when none is left that works. */
WM_MUST_USE enum wm_status wm_outputs_write(struct wm_outputs *outputs, const struct wm_reading *reading);
/* Whether one of them shows how the reception stands; tells them, which begins their work before the first telegram. */
bool wm_outputs_listen(const struct wm_outputs *outputs);
void wm_outputs_tell(struct wm_outputs *outputs, const struct wm_air *air);
/* Has the threads do what has been written so far, now. WM_IO as above. */
WM_MUST_USE enum wm_status wm_outputs_flush(struct wm_outputs *outputs);
/* The same, and waits until files and standard output have it. WM_IO when one of them has failed. */
WM_MUST_USE enum wm_status wm_outputs_drain(struct wm_outputs *outputs);
/* Delivers what can be delivered and closes all. WM_IO when one of them has failed. */
WM_MUST_USE enum wm_status wm_outputs_close(struct wm_outputs *outputs);
/* The last failure as a sentence; "" when there was none. */
const char *wm_outputs_why(const struct wm_outputs *outputs);

/* What became of the readings given to the i-th output. */
struct wm_output_stats {
    const char *name; /* as it was given */
    uint64_t taken;   /* readings */
    uint64_t dropped; /* of them: the queue was full */
    uint64_t lost;    /* items: taken, but did not arrive */
    bool failed;
};
void wm_outputs_stats(const struct wm_outputs *outputs, size_t i, struct wm_output_stats *stats);

/* The tables of formats and transports, as --help shows them. */
void wm_outputs_help(FILE *to);
