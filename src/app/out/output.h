/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/format.h"

/* The outputs of one run: any of the formats, each to its own file or to standard output. */
struct wm_outputs;

#define WM_OUTPUTS_MAX 16

WM_MUST_USE enum wm_status wm_outputs_create(struct wm_outputs **outputs);
void wm_outputs_destroy(struct wm_outputs *outputs);

/* Adds "FORMAT", "FORMAT:FILE" or "FORMAT:-" (standard output). WM_INVALID, WM_FULL, WM_IO, WM_NO_MEMORY; wm_outputs_why() says
 * what and the remedy. The text must live as long as the outputs. */
WM_MUST_USE enum wm_status wm_outputs_add(struct wm_outputs *outputs, const char *spec);
size_t wm_outputs_count(const struct wm_outputs *outputs);
/* Whether one of them writes on standard output. */
bool wm_outputs_on_stdout(const struct wm_outputs *outputs);

/* Writes one telegram to all. WM_IO when one of them has failed. */
WM_MUST_USE enum wm_status wm_outputs_write(struct wm_outputs *outputs, const struct wm_reading *reading);
WM_MUST_USE enum wm_status wm_outputs_flush(struct wm_outputs *outputs);
/* Flushes and closes all. WM_IO when what was given to one of them did not all arrive. */
WM_MUST_USE enum wm_status wm_outputs_close(struct wm_outputs *outputs);
/* The last failure as a sentence; "" when there was none. */
const char *wm_outputs_why(const struct wm_outputs *outputs);
