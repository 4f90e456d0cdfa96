/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/status.h"
#include "dsp/convert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where recorded samples come from: files and pipes. Radios are in radio.h. */
struct wm_source;

/* What is known about a stream; 0 / false where it is not. */
struct wm_source_info {
    bool has_format;
    enum wm_sample_format format;
    double sample_rate_hz;
    double centre_hz;
    int64_t start_time_ns;  /* WM_TIME_UNKNOWN where not known */
    uint64_t total_samples; /* 0: unknown (a pipe) */
};

/* Opens a recording: a file, "-" for standard input, or a SigMF recording by its .sigmf-meta, .sigmf-data or base name. `wanted`
 * (may be NULL) holds what the user said and wins over what the file says; *info gets the result: SigMF metadata, else hints in the
 * file name
 * (`_868.95M_1600k`, `868.950M_1M6`, extension cu8 …). Nothing is guessed beyond that. Rate, centre and time may stay unknown; the
 * sample format may not.
 * On failure *why is a message (static or in the source module's thread-local buffer, valid until the thread's next call) that
 * names the fault and the remedy: WM_IO (no such file, a directory, no permission; errno is set), WM_TOO_SHORT (empty),
 * WM_UNSUPPORTED (a format not known here), WM_MALFORMED (metadata), WM_INVALID (nothing tells the sample format), WM_NO_MEMORY. */
WM_MUST_USE enum wm_status wm_source_open(const char *path, const struct wm_source_info *wanted, struct wm_source **source,
                                          struct wm_source_info *info, const char **why);

/* Reads up to cap bytes, not beyond a gap; WM_OK with *len > 0, WM_END at the end, WM_IO. Whole samples are not promised: a pipe
 * may split them. WM_IO with errno EINTR: a signal handler ran while a pipe was silent; call again or stop. */
WM_MUST_USE enum wm_status wm_source_read(struct wm_source *source, void *buffer, size_t cap, size_t *len);
/* Where a sample of the source stood in the stream that was recorded, which has more of them where some were lost. */
struct wm_source_place {
    uint64_t index;
    int64_t time_ns; /* UTC, WM_TIME_UNKNOWN where not known */
    bool gap;        /* samples are missing right before it */
};
bool wm_source_has_gaps(const struct wm_source *source);
struct wm_source_place wm_source_place(const struct wm_source *source, uint64_t sample);
/* Whether samples are missing right before the one that comes next, number *sample of the source. */
bool wm_source_at_gap(const struct wm_source *source, uint64_t *sample);
/* Whether its bytes can be fetched: a regular file. Then several threads may, at once: as wm_receiver_pull wants it, from where the
 * source stands up to the next gap. It is moved forward by skip, by no more than was there; not while somebody fetches. Why there
 * is nothing, read says. */
bool wm_source_fetches(const struct wm_source *source);
const void *wm_source_fetch(void *source, uint64_t offset, size_t len, void *room, size_t *got);
void wm_source_skip(struct wm_source *source, uint64_t bytes);
/* After WM_IO: what failed. After WM_END: what was odd about the stream (it was empty, it ended inside a sample), or NULL. The text
 * lives as long as the source. */
const char *wm_source_note(const struct wm_source *source);
void wm_source_close(struct wm_source *source);

/* "1.6M", "1600k", "1M6", "868.95M", "868950000", each also with "Hz" behind it: a frequency or rate in hertz. WM_MALFORMED. */
WM_MUST_USE enum wm_status wm_frequency_parse(const char *text, double *hz);
