/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/input/lines.h"
#include "app/records/record.h"
#include "link/frame.h"
#include "security/open.h"

/* What reaches the outputs: one telegram as it was heard, what its layers say, and where it came from. Borrowed, valid inside the
 * call. */
struct wm_reading {
    const struct wm_frame *frame;
    const struct wm_message *message;
    const struct wm_line *line; /* NULL: received by this program */
};

/* Whether the application data are M-Bus records that may be read (verdict and payload allow it). */
bool wm_reading_has_records(const struct wm_reading *reading);
/* Whether the mode is known. */
bool wm_reading_has_mode(const struct wm_reading *reading);
/* "mbus", "compact" … : what the application data are. */
const char *wm_payload_name(enum wm_ci_payload payload);
