/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/filter.h"
#include "app/options.h"
#include "app/out/output.h"
#include "security/counter.h"
#include "security/keystore.h"

/* What the commands share: outputs and keys from options, signals. */

struct wm_pipeline;

/* The --key, --keys and -F rows of an option table. */
#define WM_OPTION_OUTPUT                                                                                                           \
    {                                                                                                                              \
        'F', "output", "OUTPUT",                                                                                                   \
            "FORMAT[:TARGET] or TARGET, see below; may be given several times;\n"                                                  \
            "default: text on a terminal, otherwise json"                                                                          \
    }
#define WM_OPTION_FIELDS                                                                                                           \
    {                                                                                                                              \
        0, "fields", "LIST", "only these values, for text, json, flat and csv: time,id,volume_m3"                                  \
    }
#define WM_OPTION_STORE                                                                                                            \
    {                                                                                                                              \
        'S', "store", "FILE", "keep all in an SQLite store, for wmsdr query; as -F sqlite:FILE"                                    \
    }
#define WM_OPTION_CONFIG                                                                                                           \
    {                                                                                                                              \
        0, "config", "FILE", "read options from FILE first; SIGHUP reads it again (docs/outputs.md)"                               \
    }
#define WM_OPTION_CHECK                                                                                                            \
    {                                                                                                                              \
        0, "check", NULL, "first of all options: only look whether the rest can be used"                                           \
    }
#define WM_OPTION_ONLY                                                                                                             \
    {                                                                                                                              \
        0, "only", "KEY=LIST",                                                                                                     \
            "only telegrams with that id, manufacturer, type, mode or verdict (KEY!=LIST: without);\n"                             \
            "id=1234*,87654321 type=water; given several times, all must hold"                                                     \
    }
#define WM_OPTION_ONCE                                                                                                             \
    {                                                                                                                              \
        0, "once", NULL, "one reading of each meter; ends when those named by --only id= were heard"                               \
    }
#define WM_OPTION_COUNT                                                                                                            \
    {                                                                                                                              \
        0, "count", "N", "ends after N telegrams"                                                                                  \
    }
#define WM_OPTION_FOR                                                                                                              \
    {                                                                                                                              \
        0, "for", "TIME", "ends after 90s, 15m, 2h or 1d of signal"                                                                \
    }
#define WM_OPTION_COPIES                                                                                                           \
    {                                                                                                                              \
        0, "copies", NULL, "also the copies of one transmission that repeaters or other channels bring"                            \
    }
#define WM_OPTION_KEYS                                                                                                             \
    {                                                                                                                              \
        'k', "keys", "FILE",                                                                                                       \
            "keys of meters, one a line: ID = 32 hex digits (also MFR-ID, *);\n"                                                   \
            "also wmbusmeters' meter files, a directory of them, or CSV"                                                           \
    }
#define WM_OPTION_SHARED_KEYS                                                                                                      \
    {                                                                                                                              \
        0, "shared-keys", NULL, "accept key files, named behind this option, that others may read or write"                        \
    }
#define WM_OPTION_KEY                                                                                                              \
    {                                                                                                                              \
        0, "key", "[ID=]HEX", "one key; other users see a command line for a moment: prefer --keys"                                \
    }

#define WM_OPTION_COUNTERS                                                                                                         \
    {                                                                                                                              \
        0, "counters", "FILE", "refuse replays: keep the last message counter of each meter in FILE"                               \
    }
#define WM_OPTION_FORMATS                                                                                                          \
    {                                                                                                                              \
        0, "formats", "FILE", "keep the formats of compact frames, once they were heard, in FILE"                                  \
    }
#define WM_OPTION_EXPERIMENTAL                                                                                                     \
    {                                                                                                                              \
        0, "experimental", NULL, "also open what is not public (modes 8, 9, GMAC) by this program's reading of it"                 \
    }

/* The values of --only, --count and --for. WM_INVALID: a message has been printed. */
WM_MUST_USE enum wm_status wm_common_only(struct wm_filter *filter, const char *rule);
WM_MUST_USE enum wm_status wm_common_count(struct wm_filter *filter, const char *number);
WM_MUST_USE enum wm_status wm_common_for(struct wm_filter *filter, const char *duration);

/* Adds the key of --key, "HEX" (any meter) or "ID=HEX", and wipes the text, which is part of the process's visible command line. On
 * failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_key(struct wm_keystore *keys, char *value);
/* Adds a key file of any format, or a directory of meter files. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_keys(struct wm_keystore *keys, const char *path, bool allow_shared);
/* Opens a file of message counters, once. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_counters(struct wm_counters **counters, const char *path);
/* Has the pipeline keep the formats of compact frames in a file; NULL: nothing to do. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_formats(struct wm_pipeline *pipeline, const char *path);
/* Adds an output. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_output(struct wm_outputs *outputs, const char *spec);
/* The same for --store FILE. */
WM_MUST_USE enum wm_status wm_common_store(struct wm_outputs *outputs, const char *path);
/* The list of --fields. On failure a message has been printed. */
WM_MUST_USE enum wm_status wm_common_fields(struct wm_outputs *outputs, const char *list);
/* Closes the outputs and says on standard error what was lost where. WM_IO: one has failed, and that was said. */
WM_MUST_USE enum wm_status wm_common_close_outputs(struct wm_outputs *outputs);
/* The default output when none was asked for. */
WM_MUST_USE enum wm_status wm_common_default_output(struct wm_outputs *outputs);

/* What transports and sources have to say goes to standard error. */
struct wm_log wm_common_log(void);

/* SIGINT and SIGTERM only set a flag from here on (a second one ends at once), SIGPIPE becomes a write error. */
void wm_common_catch_signals(void);
bool wm_common_interrupted(void);
/* From now on SIGHUP asks for something too; whether it did since the last call. */
void wm_common_catch_reload(void);
bool wm_common_reload_wanted(void);
/* As if a signal came then. */
void wm_common_interrupt_after(double seconds);
