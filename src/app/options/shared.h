/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/options/options.h"
#include "app/out/output.h"
#include "app/pipeline/filter.h"
#include "app/pipeline/pipeline.h"
#include "security/counter.h"
#include "security/keystore.h"

/* The options that rx and decode share: what becomes of telegrams, wherever they come from. A command's own options come first in
 * its table, and these last:
 *
 *     enum { READ, DEVICE, SHARED };
 *     static const struct wm_option options[] = {[READ] = …, [DEVICE] = …, WM_SHARED_ROWS(SHARED)};
 *
 * What the reader returns from SHARED on goes, less SHARED, to wm_shared_set. */

enum wm_shared_option {
    WM_SHARED_OUTPUT,
    WM_SHARED_LIVE,
    WM_SHARED_FIELDS,
    WM_SHARED_STORE,
    WM_SHARED_ONLY,
    WM_SHARED_ONCE,
    WM_SHARED_COUNT,
    WM_SHARED_FOR,
    WM_SHARED_COPIES,
    WM_SHARED_KEYS,
    WM_SHARED_KEY,
    WM_SHARED_SHARED_KEYS,
    WM_SHARED_COUNTERS,
    WM_SHARED_FORMATS,
    WM_SHARED_EXPERIMENTAL,
    WM_SHARED_CONFIG,
    WM_SHARED_CHECK,
    WM_SHARED_QUIET,
};

/* Rows that other commands have too. */
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

/* clang-format off */
#define WM_SHARED_ROWS(first)                                                                                                      \
    [(first) + WM_SHARED_OUTPUT] = {'F', "output", "OUTPUT",                                                                       \
                                    "FORMAT[:TARGET] or TARGET, see below; may be given several times;\n"                          \
                                    "default: text on a terminal, otherwise json"},                                                \
    [(first) + WM_SHARED_LIVE] = {0, "live", NULL, "on a terminal a table of the meters that is renewed in place; as -F live"},      \
    [(first) + WM_SHARED_FIELDS] = {0, "fields", "LIST", "only these values, for text, json, flat and csv: time,id,volume_m3"},    \
    [(first) + WM_SHARED_STORE] = {'S', "store", "FILE", "keep all in an SQLite store, for wmsdr query; as -F sqlite:FILE"},       \
    [(first) + WM_SHARED_ONLY] = {0, "only", "KEY=LIST",                                                                           \
                                  "only telegrams with that id, manufacturer, type, mode or verdict (KEY!=LIST: without);\n"       \
                                  "id=1234*,87654321 type=water; given several times, all must hold"},                             \
    [(first) + WM_SHARED_ONCE] = {0, "once", NULL,                                                                                 \
                                  "one reading of each meter; ends when those named by --only id= were heard"},                    \
    [(first) + WM_SHARED_COUNT] = {0, "count", "N", "ends after N telegrams"},                                                     \
    [(first) + WM_SHARED_FOR] = {0, "for", "TIME", "ends after 90s, 15m, 2h or 1d (rx: of signal)"},                               \
    [(first) + WM_SHARED_COPIES] = {0, "copies", NULL,                                                                             \
                                    "also the copies of one transmission that repeaters or other channels bring"},                 \
    [(first) + WM_SHARED_KEYS] = WM_OPTION_KEYS,                                                                                   \
    [(first) + WM_SHARED_KEY] = WM_OPTION_KEY,                                                                                     \
    [(first) + WM_SHARED_SHARED_KEYS] = WM_OPTION_SHARED_KEYS,                                                                     \
    [(first) + WM_SHARED_COUNTERS] = {0, "counters", "FILE",                                                                       \
                                      "refuse replays: keep the last message counter of each meter in FILE"},                      \
    [(first) + WM_SHARED_FORMATS] = {0, "formats", "FILE",                                                                         \
                                     "keep the formats of compact frames, once they were heard, in FILE"},                         \
    [(first) + WM_SHARED_EXPERIMENTAL] = {0, "experimental", NULL,                                                                 \
                                          "also open what is not public (modes 8, 9, GMAC) by this program's reading of it"},      \
    [(first) + WM_SHARED_CONFIG] = {0, "config", "FILE",                                                                           \
                                    "read options from FILE first; SIGHUP reads it again (docs/outputs.md)"},                      \
    [(first) + WM_SHARED_CHECK] = {0, "check", NULL, "first of all options: only look whether the rest can be used"},              \
    [(first) + WM_SHARED_QUIET] = {'q', "quiet", NULL, "only errors on standard error"}
/* clang-format on */

/* What they set. Zero it but for `reloading` before wm_shared_create. */
struct wm_shared {
    struct wm_keystore *keys;
    struct wm_outputs *outputs;
    struct wm_counters *counters;   /* NULL: none */
    struct wm_opener_config opener; /* without keys and counters */
    struct wm_filter filter;
    const char *formats; /* file of compact frames' formats, NULL: none */
    bool shared_keys, has_key, check, quiet;
    bool reloading; /* read once more while all runs: counters stay open, and a key of the command line has been wiped from it */
};

WM_MUST_USE enum wm_status wm_shared_create(struct wm_shared *shared);
void wm_shared_destroy(struct wm_shared *shared);

/* An exit code; where it is not WM_EXIT_OK, a message has been printed. */
int wm_shared_set(struct wm_shared *shared, enum wm_shared_option option, char *value);

/* The pipeline that they describe; it borrows what is in *shared. sample_rate_hz: as in wm_pipeline_filter. On failure a message
 * has been printed. */
WM_MUST_USE enum wm_status wm_shared_pipeline(const struct wm_shared *shared, double sample_rate_hz, struct wm_pipeline **pipeline);
