/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>

/* Where a file of the bundled recording is: in share/wmsdr beside the directory of an installed program, otherwise in the source
 * tree. */
bool wm_demo_find(const char *name, char path[4096]);
