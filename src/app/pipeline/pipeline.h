/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/output.h"
#include "app/pipeline/filter.h"

/* The upper floors in a row: frame -> opener -> records -> outputs, with counters. The records are read by the formats, each as it
 * needs them. */
struct wm_pipeline;

struct wm_pipeline_stats {
    uint64_t telegrams;
    uint64_t copies;   /* not among them: of repeaters and other channels */
    uint64_t filtered; /* of them: the filter did not let through, or had enough of */
    uint64_t by_verdict[WM_VERDICT_COUNT];
    uint64_t by_mode[WM_MODE_COUNT]; /* of those whose mode is known */
    uint64_t repaired;
    uint64_t formats_unsaved; /* formats of compact frames that were learnt and could not be written to their file */
};

/* keys (may be NULL) and outputs are borrowed. */
WM_MUST_USE enum wm_status wm_pipeline_create(const struct wm_keystore *keys, struct wm_outputs *outputs,
                                              struct wm_pipeline **pipeline);
/* The same with everything that an opener can be told. */
WM_MUST_USE enum wm_status wm_pipeline_create_with(const struct wm_opener_config *config, struct wm_outputs *outputs,
                                                   struct wm_pipeline **pipeline);
/* Keeps the formats of compact frames in a file (wm_formats_file). Before the first telegram. */
WM_MUST_USE enum wm_status wm_pipeline_formats_file(struct wm_pipeline *pipeline, const char *path, unsigned long *line);
/* What goes on to the outputs; before the first telegram. filter is borrowed. sample_rate_hz: the clock of telegrams without a time
 * of their own; 0: none. Copies can only be told where there is a clock. */
WM_MUST_USE enum wm_status wm_pipeline_filter(struct wm_pipeline *pipeline, const struct wm_filter *filter, double sample_rate_hz);
/* Other keys and outputs from now on, borrowed; messages that are not complete yet are dropped. */
WM_MUST_USE enum wm_status wm_pipeline_change(struct wm_pipeline *pipeline, const struct wm_keystore *keys,
                                              struct wm_outputs *outputs);
/* Whether the filter has had all it wants. */
bool wm_pipeline_satisfied(const struct wm_pipeline *pipeline);
void wm_pipeline_destroy(struct wm_pipeline *pipeline);

/* One telegram; line is NULL for one that was received here. A line's own key is used for it instead of the key store. WM_IO: an
 * output has failed, or the counter could not be stored and nothing was written (wm_pipeline_why). */
WM_MUST_USE enum wm_status wm_pipeline_push(struct wm_pipeline *pipeline, const struct wm_frame *frame, const struct wm_line *line);
/* What failed when push returned WM_IO, where it was the file of counters; NULL: it was an output. */
const char *wm_pipeline_why(const struct wm_pipeline *pipeline);
const struct wm_pipeline_stats *wm_pipeline_stats(const struct wm_pipeline *pipeline);
/* "12 telegrams: 10 plain, 2 decrypted" */
void wm_pipeline_summary(const struct wm_pipeline *pipeline, char *out, size_t cap);
