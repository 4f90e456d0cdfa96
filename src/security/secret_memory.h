/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/* Memory for keys: zeroed, left out of core dumps (MADV_DONTDUMP), wiped when freed. Whole pages: for tables, not for single keys.
 * NULL when there is none. */
void *wm_secret_alloc(size_t len);
/* len as given to alloc; memory may be NULL. */
void wm_secret_free(void *memory, size_t len);

/* The same for many small pieces, as malloc, realloc and free: thread-safe, pieces are wiped when freed, pages are kept. */
void *wm_secret_piece(size_t len);
void *wm_secret_piece_resize(void *piece, size_t len);
void wm_secret_piece_free(void *piece);
