/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/input/lines.h"
#include "app/records/content.h"
#include "app/records/summary.h"
#include "link/frame.h"
#include "security/open.h"

/* What reaches the outputs: one telegram as it was heard, what its layers say, and where it came from. Borrowed, valid inside the
 * call. */
struct wm_reading {
    const struct wm_frame *frame;
    const struct wm_message *message;
    const struct wm_line *line;       /* NULL: received by this program */
    const struct wm_content *content; /* of the message's application data; nothing is in it unless the message is readable */
};

/* What is in a message's application data, if they may be read; as wm_content_read. */
WM_MUST_USE enum wm_status wm_reading_content(struct wm_formats *formats, const struct wm_message *message,
                                              struct wm_content *content);
/* Whether there are M-Bus records that may be read (verdict and payload allow it): of a full frame, of a compact frame that could
 * be expanded, of the fixed data structure. */
bool wm_reading_has_records(const struct wm_reading *reading);
/* Them from the first; nothing to read when there are none. */
struct wm_record_reader wm_reading_records(const struct wm_reading *reading);
/* An empty summary but for the meter's status, for wm_summary_add of each record; the whole one at once. */
void wm_reading_summary_begin(const struct wm_reading *reading, struct wm_summary *summary);
void wm_reading_summary(const struct wm_reading *reading, struct wm_summary *summary);
/* Whether the mode is known. */
bool wm_reading_has_mode(const struct wm_reading *reading);
/* "mbus", "compact" … : what the application data are. */
const char *wm_payload_name(enum wm_ci_payload payload);
