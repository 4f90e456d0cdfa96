/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"

/* Message counters against replay, and the file that keeps them over crashes. The counters are those of OMS TR-01 clause 5.2.5 and
 * 5.5.4: C of the meter, C' of its partner; in the words of EN 13757-7:2018 clause 9.2 (whose rules are not public) CM and CCP.
 *
 * The file is a log: each record is written and flushed to the medium before the function that made it returns. A record that a
 * crash cut short is recognised (CRC) and dropped; when the log has grown well beyond what is alive it is written anew beside the
 * old one and renamed. One process at a time may have it open. */
struct wm_counters;

/* Who counts: a counter belongs to one meter, direction and key. The opener tells under what it files a message
 * (wm_message.counter_key): of the meter the identification, and what else the key's pattern names. A new key begins anew. */
struct wm_counter_key {
    struct wm_address meter;
    bool to_meter;
    uint8_t key_id; /* 0 to 15 */
    uint8_t key_version;
    uint32_t key_print; /* see kdf.h */
};

enum wm_counter_verdict {
    WM_COUNTER_FRESH,
    WM_COUNTER_REPLAYED,    /* the last one accepted */
    WM_COUNTER_ROLLED_BACK, /* lower than that */
};

/* How far C' may be ahead of the last C received: TR-01 clause 5.5.4. */
#define WM_COUNTER_STEP_MAX 100

/* path NULL: in memory only. WM_IO: errno; WM_INVALID: it is no counter file; WM_FULL: another process has it open. */
WM_MUST_USE enum wm_status wm_counters_open(const char *path, struct wm_counters **counters);
void wm_counters_close(struct wm_counters *counters);

/* A message that was received and is authentic: judges its counter, and when it is fresh stores it, before it returns. *far_ahead
 * (may be NULL): fresh, but more than 1 000 000 ahead of the last. WM_IO: it could not be stored and may not be delivered;
 * WM_NO_MEMORY. */
WM_MUST_USE enum wm_status wm_counters_accept(struct wm_counters *counters, const struct wm_counter_key *key, uint32_t counter,
                                              enum wm_counter_verdict *verdict, bool *far_ahead);

/* The partner's next C', greater than the last C received from the meter and than every C' given before, also before a crash:
 * blocks are reserved in the file ahead of use. WM_FULL: it would be more than 100 ahead of the last C received: wait for the
 * meter's next message; WM_END: the counter is used up, a new key is needed; WM_IO. */
WM_MUST_USE enum wm_status wm_counters_next_partner(struct wm_counters *counters, const struct wm_counter_key *key,
                                                    uint32_t *counter);
/* The meter's next C: one more than the greatest of its own and the partner's accepted C'; stored before it returns. */
WM_MUST_USE enum wm_status wm_counters_next_meter(struct wm_counters *counters, const struct wm_counter_key *key,
                                                  uint32_t *counter);

/* The last counter accepted or given in that direction; WM_END: none. */
WM_MUST_USE enum wm_status wm_counters_last(const struct wm_counters *counters, const struct wm_counter_key *key,
                                            uint32_t *counter);
size_t wm_counters_count(const struct wm_counters *counters);
/* Records at the end of the file that a crash had cut short. */
size_t wm_counters_dropped(const struct wm_counters *counters);
