/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "phy/radio/source.h"

/* Opens the recording that the options name, "-" for standard input, which is cu8 unless they say otherwise; rate and centre are
 * known then. An exit code: where it is not WM_EXIT_OK, a message has been printed. */
int wm_rx_open(const char *path, struct wm_source_info *wanted, struct wm_source **source, struct wm_source_info *info);
