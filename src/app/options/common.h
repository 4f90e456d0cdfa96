/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/options.h"
#include "app/out/output.h"
#include "security/keystore.h"

/* What the commands share: outputs and keys from options. */

/* Adds the key of --key, "HEX" (any meter) or "ID=HEX", and wipes the text, which is part of the process's visible command line. On
 * failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_key(struct wm_keystore *keys, char *value);
/* Adds a key file of any format, or a directory of meter files. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_keys(struct wm_keystore *keys, const char *path, bool allow_shared);
/* Adds an output. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_output(struct wm_outputs *outputs, const char *spec);
/* Closes the outputs and says on standard error what was lost where. WM_IO: one has failed, and that was said. */
WM_MUST_USE enum wm_status wm_common_close_outputs(struct wm_outputs *outputs);
/* Whether standard output is a terminal that can do more than print lines. */
bool wm_common_terminal(void);
/* The default output when none was asked for. */
WM_MUST_USE enum wm_status wm_common_default_output(struct wm_outputs *outputs);

/* What transports, sources and radios have to say goes to standard error, but for what is less urgent than `most`. */
struct wm_log wm_common_log(enum wm_log_level most);
