/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"
#include "security/afl.h"

/* Puts fragmented AFL messages together. One unfinished message a peer (sender, receiver, direction); memory is taken at creation
 * and never grows: when all places are taken, the one that has waited longest gives way, so openers that never finish cost others a
 * message at most, never memory.
 *
 *   fragment FID 1          begins a message; the same bytes again are a duplicate, other bytes begin anew
 *   FID as expected         is added
 *   the FID just taken      a duplicate when the bytes are the same, otherwise a conflict: all is dropped
 *   a later or earlier FID  a gap or an overlap: all is dropped
 *   more bytes than ML, or an end before ML, or more than the limit: all is dropped
 *   longer silence than the time-out: all is dropped
 */
struct wm_reassembly;

#define WM_MESSAGE_MAX 16402 /* TR-01 clause 5.2.4: a TLS fragment of 16384 bytes, its header of 5, the long TPL header of 13 */

struct wm_reassembly_config {
    size_t peers;         /* unfinished messages at a time; 0: 8 */
    size_t message_bytes; /* limit of one message; 0: WM_MESSAGE_MAX, which is also the most */
    uint64_t time_out_ms; /* between fragments; 0: 30 000, the longest frequent access cycle */
};

struct wm_peer {
    struct wm_address sender, receiver; /* receiver: zero where the link layer names none */
    bool to_meter;
};

enum wm_reassembly_result {
    WM_REASSEMBLY_COMPLETE,  /* *message is the whole */
    WM_REASSEMBLY_MORE,      /* taken, others are missing */
    WM_REASSEMBLY_DUPLICATE, /* had it already */
    WM_REASSEMBLY_REFUSED,   /* *why says what is wrong; what there was of this peer's message is dropped */
};

struct wm_reassembly_stats {
    uint64_t complete, duplicates, refused, timed_out, displaced, restarted;
};

WM_MUST_USE enum wm_status wm_reassembly_create(const struct wm_reassembly_config *config, struct wm_reassembly **reassembly);
void wm_reassembly_destroy(struct wm_reassembly *reassembly);

/* One fragment. now_ms: any clock that does not go back. *message: the fields of all fragments, payload the whole TPDU, in memory
 * of the reassembly until its next call. *why: a static phrase, for REFUSED. */
enum wm_reassembly_result wm_reassembly_push(struct wm_reassembly *reassembly, const struct wm_peer *peer, const struct wm_afl *afl,
                                             uint64_t now_ms, struct wm_afl *message, const char **why);
const struct wm_reassembly_stats *wm_reassembly_stats(const struct wm_reassembly *reassembly);
