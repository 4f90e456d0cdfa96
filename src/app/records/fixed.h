/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/record.h"

/* Internal to the records room: the fixed data structure (CI 73 of meters of the 1990s, EN 1434-3:1997), as wm_record_next. */
WM_MUST_USE enum wm_status wm_fixed_next(struct wm_record_reader *reader, struct wm_record *record, const char **why);
