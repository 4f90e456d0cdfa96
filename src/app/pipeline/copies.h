/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* Tells copies of one transmission from a true repeat. A copy is
 *   - the same bytes at the same time: a second channel, mode or radio heard it too; or
 *   - the same bytes but for the hop bits, a little later: a repeater sent it on.
 * The same bytes again later, from the meter itself, are a repeat, and kept: some meters send what does not change every time. */
struct wm_copies;

WM_MUST_USE enum wm_status wm_copies_create(struct wm_copies **copies);
void wm_copies_destroy(struct wm_copies *copies);

/* Whether a telegram (L first, no CRCs), heard at time_s by any one clock, is a copy of one given before; else it is remembered. */
bool wm_copies_seen(struct wm_copies *copies, struct wm_span telegram, double time_s);
