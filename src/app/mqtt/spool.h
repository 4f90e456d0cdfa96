/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* A first-in first-out store of bounded size on disk: what cannot be delivered now waits here, in order, and survives the process.
 * A ring in one file: 4096 bytes of header, then records that each have a length and a check word. When there is no room the oldest
 * make it, and are counted. One process at a time. */
struct wm_spool;

#define WM_SPOOL_MIN 65536

/* path NULL: in memory. bytes: of the ring; a file that is there and not empty keeps its own size. WM_FULL: another process has it;
 * WM_INVALID: no spool; WM_IO with errno; WM_NO_MEMORY. */
WM_MUST_USE enum wm_status wm_spool_open(const char *path, uint64_t bytes, struct wm_spool **spool);
void wm_spool_close(struct wm_spool *spool);

/* WM_FULL: longer than half the ring; WM_IO. *pushed_out: how many of the oldest went for it. */
WM_MUST_USE enum wm_status wm_spool_append(struct wm_spool *spool, struct wm_span data, uint64_t *pushed_out);
uint64_t wm_spool_count(const struct wm_spool *spool);
/* What was found damaged, and left out, on opening: whether there was such. */
bool wm_spool_was_damaged(const struct wm_spool *spool);

/* Reading ahead: the n-th from the oldest by a cursor that begins at wm_spool_first and moves on. The data live until the next call
 * for this spool. WM_END: no more; WM_IO. */
uint64_t wm_spool_first(const struct wm_spool *spool);
WM_MUST_USE enum wm_status wm_spool_read(struct wm_spool *spool, uint64_t *cursor, struct wm_span *data);
/* Removes the oldest. */
WM_MUST_USE enum wm_status wm_spool_release(struct wm_spool *spool);
