/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>

/* What the security layers found out about one telegram: a closed list, documented in docs/verdicts.md. Nothing comes out as a
 * reading without one. */
enum wm_verdict {
    WM_VERDICT_PLAIN,                 /* declares no encryption, and has none */
    WM_VERDICT_DECRYPTED,             /* decrypted, and the check bytes or CRC inside prove the key */
    WM_VERDICT_PLAIN_THOUGH_DECLARED, /* the header declares encryption, the content is plain text; with a key configured for the
                                       * meter it is not a reading (somebody may have put it on air) */
    WM_VERDICT_NO_KEY,                /* encrypted, and no key for this meter */
    WM_VERDICT_WRONG_KEY,             /* every key tried fails every check there is */
    WM_VERDICT_NOT_SUPPORTED,         /* recognised, not opened; detail says what */
    WM_VERDICT_MALFORMED,             /* detail says where */
    WM_VERDICT_AUTHENTICATED,         /* not encrypted, and its MAC fits */
    WM_VERDICT_DECRYPTED_AND_AUTHENTICATED, /* decrypted, and its MAC or tag fits */
    WM_VERDICT_BAD_MAC,                     /* the MAC or tag fits no key */
    WM_VERDICT_REPLAYED_COUNTER,            /* authentic, but its counter is that of the last message accepted */
    WM_VERDICT_ROLLED_BACK_COUNTER,         /* authentic, but its counter is lower than one accepted before */
    WM_VERDICT_FRAGMENT,                    /* a part of a message that is not complete yet, or a copy of one */
    WM_VERDICT_COUNT
};

/* "plain", "decrypted", "plain-though-declared-encrypted" …: the same words in JSON, text and API. */
const char *wm_verdict_name(enum wm_verdict verdict);
/* One sentence for people. */
const char *wm_verdict_meaning(enum wm_verdict verdict);
