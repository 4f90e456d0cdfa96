/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/options.h"

/* The virtual air as a command: see synth/. In a header of its own so that the benchmarks can have it without the other commands.
 */
extern const struct wm_command wm_command_synth;
