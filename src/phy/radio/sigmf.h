/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"
#include "phy/radio/source.h"

/* SigMF metadata (SigMF specification 1.x): a JSON file .sigmf-meta beside the samples in .sigmf-data. */
#define WM_SIGMF_META ".sigmf-meta"
#define WM_SIGMF_DATA ".sigmf-data"

/* A stretch behind a break: a captures segment that is not the first. */
struct wm_sigmf_capture {
    uint64_t sample_start; /* in the data set */
    uint64_t global_index; /* the same sample in the stream that was recorded */
    int64_t time_ns;       /* UTC, WM_TIME_UNKNOWN where not known */
};

struct wm_sigmf {
    struct wm_source_info info; /* total_samples is not in the metadata: 0 */
    uint64_t global_index;      /* of the data set's first sample in the stream that was recorded; 0 where not said */
    struct wm_sigmf_capture *capture;
    size_t captures;         /* as many; in the order of their samples */
    uint64_t header_bytes;   /* before the first sample, in non-conforming data sets */
    uint64_t trailing_bytes; /* behind the last */
    char dataset[256];       /* core:dataset, a file name in the same folder; "" for NAME.sigmf-data */
    char description[256];   /* core:description, cut to fit */
};

/* The text of a .sigmf-meta file. WM_MALFORMED, WM_UNSUPPORTED (a data type, several channels, several centres); *why then says
 * what (thread-local, until the thread's next call). core:datetime becomes UTC of the first sample in the data set. Of a capture
 * that says only one of core:datetime and core:global_index the other follows from the rate. On WM_OK to be cleared. */
WM_MUST_USE enum wm_status wm_sigmf_parse(struct wm_span text, struct wm_sigmf *meta, const char **why);

void wm_sigmf_clear(struct wm_sigmf *meta);

/* The twin: the text as a string that the caller frees. */
WM_MUST_USE enum wm_status wm_sigmf_build(const struct wm_sigmf *meta, char **text);

/* So many samples later; WM_TIME_UNKNOWN where that is not known, or beyond all years. */
int64_t wm_sigmf_time_after(int64_t time_ns, uint64_t samples, double rate_hz);
