/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/store/cells.h"

#include <sqlite3.h>

/* The embedded store: one SQLite file with meters, telegrams and readings. docs/outputs.md describes its tables, which are a
 * contract as docs/json.md is: columns are added, never changed. */

struct wm_store;

/* Opens the store for writing, making it where there is none; full_sync: what was committed survives a power failure too, not only
 * the process's end. WM_IO, WM_INVALID (a file of something else, or of a later version), WM_NO_MEMORY: why says what. */
WM_MUST_USE enum wm_status wm_store_open(const char *path, bool full_sync, struct wm_store **store, char *why, size_t why_cap);
void wm_store_close(struct wm_store *store);

/* Transactions: all that is added between begin and commit is there after commit, whatever happens to the process, or not at all.
 * WM_IO: wm_store_why(); after a failed add or commit, roll back. */
WM_MUST_USE enum wm_status wm_store_begin(struct wm_store *store);
WM_MUST_USE enum wm_status wm_store_commit(struct wm_store *store);
void wm_store_roll_back(struct wm_store *store);

/* Adds one telegram from its cells:
 *   manufacturer, id, version, type, type_name                                         of the meter
 *   heard, mode, format, grade, rssi_dbfs, snr_db, offset_hz, verdict, detail, counter, data    of the telegram
 *   then for each reading: name, function, storage, tariff, subunit, quantity, unit, kind, value
 * *number: what the telegram is filed under; numbers grow. */
WM_MUST_USE enum wm_status wm_store_add(struct wm_store *store, const char *cells, size_t len, int64_t *number);

const char *wm_store_why(struct wm_store *store);

/* For reading only. NULL with why. */
sqlite3 *wm_store_open_reader(const char *path, char *why, size_t why_cap);
