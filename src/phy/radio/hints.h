/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/radio/source.h"

/* Fills what *info does not know yet from a file's name: the sample format from the extension, rate and centre from parts such as
 * "868.95M" and "1600k", the way rtl_433 and others name recordings. A part counts only with its unit, so that dates and serial
 * numbers are not taken for frequencies; two different rates, or centres, cancel each other. */
void wm_source_hints(const char *path, struct wm_source_info *info);
