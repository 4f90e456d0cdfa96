/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/record.h"

/* Internal to the records room: compact profiles (EN 13757-3:2018, Annex F), many values of one quantity in one record. */

/* `record` is a compact profile that was just read: prepares the reader to hand out its values. */
void wm_profile_begin(struct wm_record_reader *reader, const struct wm_record *record);
/* The next of them; there must be one. */
void wm_profile_next(struct wm_record_reader *reader, struct wm_record *record);
