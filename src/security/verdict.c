/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/verdict.h"

static const struct {
    const char *name, *meaning;
} verdicts[WM_VERDICT_COUNT] = {
    [WM_VERDICT_PLAIN] = {"plain", "it declares no encryption and has none; anybody may have sent it"},
    [WM_VERDICT_DECRYPTED] = {"decrypted", "decrypted; check bytes or a CRC inside prove the key, not who sent it"},
    [WM_VERDICT_PLAIN_THOUGH_DECLARED] = {"plain-though-declared-encrypted",
                                          "the header declares encryption, the content is plain text"},
    [WM_VERDICT_NO_KEY] = {"no-key", "encrypted, and there is no key for this meter"},
    [WM_VERDICT_WRONG_KEY] = {"wrong-key", "no key tried passes any check"},
    [WM_VERDICT_NOT_SUPPORTED] = {"not-supported", "recognised, not opened"},
    [WM_VERDICT_MALFORMED] = {"malformed", "it breaks the standard, or is cut off"},
    [WM_VERDICT_AUTHENTICATED] = {"authenticated", "not encrypted; the MAC proves sender and content"},
    [WM_VERDICT_DECRYPTED_AND_AUTHENTICATED] = {"decrypted-and-authenticated",
                                                "decrypted; the MAC or tag proves sender and content"},
    [WM_VERDICT_BAD_MAC] = {"bad-mac", "the MAC or tag fits no key: it was changed, or sent by somebody else"},
    [WM_VERDICT_REPLAYED_COUNTER] = {"replayed-counter", "authentic, but a message with this counter was accepted before"},
    [WM_VERDICT_ROLLED_BACK_COUNTER] = {"rolled-back-counter",
                                        "authentic, but a message with a higher counter was accepted before"},
    [WM_VERDICT_FRAGMENT] = {"fragment", "a part of a message that is not complete yet, or a copy of one"},
};

const char *wm_verdict_name(enum wm_verdict verdict)
{
    return (unsigned)verdict < WM_VERDICT_COUNT ? verdicts[verdict].name : "unknown";
}

const char *wm_verdict_meaning(enum wm_verdict verdict)
{
    return (unsigned)verdict < WM_VERDICT_COUNT ? verdicts[verdict].meaning : "unknown";
}
