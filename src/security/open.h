/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/ci.h"
#include "link/dll.h"
#include "link/ell.h"
#include "security/afl.h"
#include "security/config.h"
#include "security/counter.h"
#include "security/keystore.h"
#include "security/reassembly.h"
#include "security/tpl.h"
#include "security/verdict.h"

/* One telegram, layer by layer. All spans point into the opener's copy of the telegram (or of the reassembled message), where plain
 * text has replaced cipher text, and live until its next call. */
struct wm_message {
    struct wm_dll dll;
    bool to_meter; /* by C field and CI; which derived keys are used */
    bool has_ell;
    struct wm_ell ell;
    bool has_afl;
    struct wm_span afl;       /* from CI 90 to its end, raw */
    struct wm_afl afl_fields; /* of the message, once it is complete; before that of the fragment */
    bool assembled;           /* it came in several fragments; tpdu is not inside plain then */
    struct wm_span tpdu;      /* from the TPL's CI to the message's end, plain text where there was cipher text */
    bool has_tpl;
    struct wm_tpl tpl;       /* tpl.header tells none, short, long */
    struct wm_config config; /* its configuration field taken apart; with a short or long header */
    struct wm_address meter; /* the address that counts: of the TPL long header where there is one, else of the link layer */
    enum wm_verdict verdict;
    const char *detail; /* static English phrase saying what or where; "" when there is nothing to add */
    bool readable;      /* apl may be given to the record parser */
    bool decrypted;     /* plain (of an assembled message: tpdu) has plain text where there was cipher text. With verdict bad-mac
                         * for diagnosis only */
    bool authenticated; /* a MAC or tag was verified, whatever came of the counter */
    bool has_counter;   /* of the TPL, else of AFL.MCR */
    uint32_t counter;
    struct wm_counter_key counter_key; /* under which it counts: where a key opened it, it has a counter, and counters are kept */
    struct wm_span plain; /* the telegram with cipher text replaced by plain text; equals it when nothing was decrypted. Ends where
                           * L says: what a receiver appended is not part of it */
    struct wm_span
        apl; /* application data: behind the TPL header with its extensions; including the 2F2F check bytes, without a tag */
};

/* How telegrams are to be opened. Zeros are the defaults; what is pointed to is borrowed. */
struct wm_opener_config {
    const struct wm_keystore *keys; /* NULL: none */
    struct wm_counters *counters;   /* NULL: counters are not looked at */
    struct wm_reassembly_config reassembly;
    bool experimental; /* open modes 8 and 9 and the AFL's GMAC by this project's reading of what is not public */
    bool has_date;     /* mode 3: the day of sending, type G */
    uint16_t date;
};

/* The stateful opener: buffers, unfinished messages. */
struct wm_opener;
WM_MUST_USE enum wm_status wm_opener_create(const struct wm_keystore *keys, struct wm_opener **opener);
WM_MUST_USE enum wm_status wm_opener_create_with(const struct wm_opener_config *config, struct wm_opener **opener);
void wm_opener_destroy(struct wm_opener *opener);
/* The time of the telegrams that follow, for the reassembly's time-out: any clock in milliseconds that does not go back. */
void wm_opener_time(struct wm_opener *opener, uint64_t now_ms);
/* As the config's member. */
void wm_opener_experimental(struct wm_opener *opener, bool on);
const struct wm_reassembly_stats *wm_opener_reassembly(const struct wm_opener *opener);

/* Opens one telegram (L first, CRCs removed) without allocating. Always fills *message as far as the layers could be read, and
 * always sets the verdict; returns WM_OK also for verdicts such as wrong key. A telegram shorter than its L is opened as far as it
 * goes, and malformed; bytes behind L are ignored. WM_INVALID for a NULL telegram or one of more than 256 bytes (WM_TELEGRAM_MAX).
 * WM_IO, WM_NO_MEMORY: the counter could not be stored; the message is not readable then.
 */
WM_MUST_USE enum wm_status wm_open(struct wm_opener *opener, struct wm_span telegram, struct wm_message *message);
