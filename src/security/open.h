/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/ci.h"
#include "link/dll.h"
#include "link/ell.h"
#include "security/keystore.h"
#include "security/tpl.h"

/* What the security layers found out about one telegram: a closed list. Nothing comes out as a reading without one. */
enum wm_verdict {
    WM_VERDICT_PLAIN,                 /* declares no encryption, and has none */
    WM_VERDICT_DECRYPTED,             /* decrypted, and the check bytes or CRC inside prove the key */
    WM_VERDICT_PLAIN_THOUGH_DECLARED, /* the header declares encryption, the content is plain text; with a key configured for the
                                       * meter it is not a reading (somebody may have put it on air) */
    WM_VERDICT_NO_KEY,                /* encrypted, and no key for this meter */
    WM_VERDICT_WRONG_KEY,             /* every key tried fails the check */
    WM_VERDICT_NOT_SUPPORTED,         /* recognised, not opened yet; detail says what */
    WM_VERDICT_MALFORMED,             /* detail says where */
};

/* "plain", "decrypted", "plain-though-declared-encrypted", "no-key", "wrong-key", "not-supported", "malformed". The same words in
 * JSON, text and API. */
const char *wm_verdict_name(enum wm_verdict verdict);
/* Whether data under this verdict may be read as records. PLAIN_THOUGH_DECLARED may only if no key is configured for the meter,
 * which wm_open decides (message->readable). */

/* One telegram, layer by layer. All spans point into the opener's copy of the telegram, where plain text has replaced cipher text,
 * and live until its next call. */
struct wm_message {
    struct wm_dll dll;
    bool has_ell;
    struct wm_ell ell;
    bool has_afl;
    struct wm_span afl; /* from CI 90 to its end, raw */
    bool has_tpl;
    struct wm_tpl tpl;       /* tpl.header tells none, short, long */
    struct wm_address meter; /* the address that counts: of the TPL long header where there is one, else of the link layer */
    enum wm_verdict verdict;
    const char *detail;   /* static English phrase saying what or where; "" when there is nothing to add */
    bool readable;        /* apl may be given to the record parser */
    bool decrypted;       /* plain differs from the telegram */
    struct wm_span plain; /* the telegram with cipher text replaced by plain text; equals it when nothing was decrypted. Ends where
                           * L says: what a receiver appended is not part of it */
    struct wm_span
        apl; /* application data inside plain: behind the TPL header with its extensions; including the 2F2F check bytes */
};

/* The stateful opener: buffers, and a borrowed key store (may be NULL: no keys). */
struct wm_opener;
WM_MUST_USE enum wm_status wm_opener_create(const struct wm_keystore *keys, struct wm_opener **opener);
void wm_opener_destroy(struct wm_opener *opener);

/* Opens one telegram (L first, CRCs removed) without allocating. Always fills *message as far as the layers could be read, and
 * always sets the verdict; returns WM_OK also for verdicts such as wrong key. A telegram shorter than its L is opened as far as it
 * goes, and malformed; bytes behind L are ignored. WM_INVALID for a NULL telegram or one of more than 256 bytes (WM_TELEGRAM_MAX).
 */
WM_MUST_USE enum wm_status wm_open(struct wm_opener *opener, struct wm_span telegram, struct wm_message *message);
