/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/options.h"

/* The commands of the program; main.c has the table. */
extern const struct wm_command wm_command_rx;
extern const struct wm_command wm_command_devices;
extern const struct wm_command wm_command_record;
extern const struct wm_command wm_command_doctor;
extern const struct wm_command wm_command_decode;
extern const struct wm_command wm_command_keys;
extern const struct wm_command wm_command_query;
extern const struct wm_command wm_command_config;
extern const struct wm_command wm_command_synth;
extern const struct wm_command wm_command_bench;
