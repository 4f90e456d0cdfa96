/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/options.h"

extern const struct wm_command wm_command_bench;
