/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/open.h"

#include "link/crc.h"
#include "link/frame.h"
#include "security/afl.h"
#include "security/crypto.h"
#include "security/mode5.h"

#include <stdlib.h>
#include <string.h>

struct wm_opener {
    const struct wm_keystore *keys;
    struct wm_crypto *crypto;
    uint8_t telegram[WM_TELEGRAM_MAX]; /* what a message's spans point into */
};

const char *wm_verdict_name(enum wm_verdict verdict)
{
    static const char *const names[] = {
        "plain", "decrypted", "plain-though-declared-encrypted", "no-key", "wrong-key", "not-supported", "malformed",
    };

    return (unsigned)verdict < sizeof names / sizeof names[0] ? names[verdict] : "unknown";
}

enum wm_status wm_opener_create(const struct wm_keystore *keys, struct wm_opener **opener)
{
    struct wm_opener *made = calloc(1, sizeof *made);
    enum wm_status status;

    if (!made)
        return WM_NO_MEMORY;
    made->keys = keys;
    status = wm_crypto_create(&made->crypto);
    if (status != WM_OK) {
        free(made);
        return status;
    }
    *opener = made;
    return WM_OK;
}

void wm_opener_destroy(struct wm_opener *opener)
{
    if (!opener)
        return;
    wm_crypto_destroy(opener->crypto);
    free(opener);
}

static void judge(struct wm_message *message, enum wm_verdict verdict, const char *detail)
{
    message->verdict = verdict;
    message->detail = detail;
}

static bool has_key(const struct wm_opener *opener, const struct wm_address *address)
{
    struct wm_key key;
    bool found = opener->keys && wm_keystore_find(opener->keys, address, 0, &key) == WM_OK;

    wm_cleanse(&key, sizeof key);
    return found;
}

/* Each layer's function looks at *layer, and either judges the message (false) or leaves what the next layer sees in *layer (true).
 */

static bool open_ell(struct wm_message *message, struct wm_span *layer)
{
    struct wm_ell *ell = &message->ell;

    switch (wm_ell_parse(*layer, ell)) {
    case WM_OK:
        break;
    case WM_NOT_MINE:
        return true;
    case WM_UNSUPPORTED:
        judge(message, WM_VERDICT_NOT_SUPPORTED, "extended link layer V (CI 86)");
        return false;
    default:
        judge(message, WM_VERDICT_MALFORMED, "the extended link layer is cut off");
        return false;
    }
    message->has_ell = true;
    *layer = ell->payload;
    if (!ell->has_session)
        return true;

    /* The payload CRC is encrypted with the payload (EN 13757-4:2019 clause 13.2). Where it fits as it stands the payload is plain.
     */
    bool fits = wm_crc16(ell->payload) == ell->payload_crc;
    switch (wm_ell_encryption(ell)) {
    case WM_ELL_ENC_NONE:
        if (!fits)
            judge(message, WM_VERDICT_MALFORMED, "the extended link layer's payload CRC is wrong");
        return fits;
    case WM_ELL_ENC_AES_CTR:
        if (fits)
            message->verdict = WM_VERDICT_PLAIN_THOUGH_DECLARED;
        else
            judge(message, WM_VERDICT_NOT_SUPPORTED, "ELL AES-128-CTR");
        return fits;
    default:
        judge(message, WM_VERDICT_NOT_SUPPORTED, "a reserved extended link layer encryption");
        return false;
    }
}

static bool open_afl(struct wm_message *message, struct wm_span *layer)
{
    struct wm_afl afl;

    switch (wm_afl_parse(*layer, &afl)) {
    case WM_OK:
        break;
    case WM_NOT_MINE:
        return true;
    default:
        judge(message, WM_VERDICT_MALFORMED, "the authentication and fragmentation layer is cut off");
        return false;
    }
    message->has_afl = true;
    message->afl = wm_span_sub(*layer, 0, layer->len - afl.payload.len);
    *layer = afl.payload;
    if (wm_afl_fragmented(&afl)) {
        judge(message, WM_VERDICT_NOT_SUPPORTED, "fragmented AFL message");
        return false;
    }
    if (layer->len == 0) {
        judge(message, WM_VERDICT_MALFORMED, "nothing follows the authentication and fragmentation layer");
        return false;
    }
    if (afl.fcl & WM_AFL_MACP)
        message->detail = "AFL MAC not verified yet";
    return true;
}

static bool open_tpl(struct wm_message *message, struct wm_span layer)
{
    switch (wm_tpl_parse(layer, &message->tpl)) {
    case WM_OK:
        message->has_tpl = true;
        message->apl = message->tpl.payload;
        if (message->tpl.header == WM_TPL_LONG)
            message->meter = message->tpl.address;
        return true;
    case WM_NOT_MINE:
        break;
    default:
        judge(message, WM_VERDICT_MALFORMED, "the transport layer header is cut off");
        return false;
    }
    switch (wm_ci_info(layer.data[0])->layer) {
    case WM_CI_MANUFACTURER:
        judge(message, WM_VERDICT_NOT_SUPPORTED, "manufacturer-specific CI (A0 to B7)");
        break;
    case WM_CI_NWL:
        judge(message, WM_VERDICT_NOT_SUPPORTED, "network layer (CI 81)");
        break;
    case WM_CI_RESERVED:
        judge(message, WM_VERDICT_MALFORMED, "the CI is reserved");
        break;
    default:
        judge(message, WM_VERDICT_MALFORMED, "the layers are not in the order link, ELL, AFL, TPL");
        break;
    }
    return false;
}

static void open_mode5(struct wm_opener *opener, struct wm_message *message)
{
    const struct wm_tpl *tpl = &message->tpl;
    bool looks_plain = wm_has_check_bytes(tpl->payload);
    uint8_t plain[WM_TELEGRAM_MAX];
    struct wm_key key;
    enum wm_status status = WM_END;
    size_t len, tried = 0;
    bool cut;

    if (tpl->encrypted_blocks == 0) /* clause 7.7.4: nothing is encrypted (recalled - verify) */
        return;
    cut = wm_mode5_extent(tpl->encrypted_blocks, tpl->payload.len, &len) != WM_OK;
    /* A right key decides before the looks: one cipher text in 65536 begins with 2F2F. */
    while (opener->keys && wm_keystore_find(opener->keys, &message->meter, tried, &key) == WM_OK) {
        tried++;
        status = wm_mode5_open(opener->crypto, &key, &message->meter, tpl->acc, wm_span_sub(tpl->payload, 0, len), plain);
        if (status != WM_INTEGRITY)
            break;
    }
    wm_cleanse(&key, sizeof key);
    if (status == WM_OK) {
        memcpy(opener->telegram + (tpl->payload.data - opener->telegram), plain, len);
        message->verdict = WM_VERDICT_DECRYPTED;
        message->decrypted = true;
    } else if (looks_plain) {
        message->verdict = WM_VERDICT_PLAIN_THOUGH_DECLARED;
    } else if (tried == 0) {
        message->verdict = WM_VERDICT_NO_KEY;
    } else if (status == WM_INTEGRITY) {
        message->verdict = WM_VERDICT_WRONG_KEY;
    } else {
        judge(message, WM_VERDICT_NOT_SUPPORTED, "the cryptographic library refused AES-128-CBC");
    }
    if (cut && message->verdict != WM_VERDICT_PLAIN_THOUGH_DECLARED)
        judge(message, WM_VERDICT_MALFORMED, "the encrypted blocks reach past the telegram's end");
}

/* Where plain text would begin with 2F2F in a mode that is not opened yet: behind its configuration field extensions. False where
 * that is not known, or the mode has no check bytes. */
static bool check_bytes_at(const struct wm_tpl *tpl, size_t *at)
{
    enum { CF_Z = 0x2000, CFE_V = 0x40 };

    switch (tpl->mode) {
    case 2:
    case 3:
    case 4:
        *at = 0;
        return true;
    case 7: /* clause 7.7.5: CFE, then a counter if Z, a key version if V */
        *at = 1 + (tpl->config & CF_Z ? 4 : 0) + (tpl->payload.len && tpl->payload.data[0] & CFE_V ? 1 : 0);
        return true;
    default:
        return false;
    }
}

static void open_other_mode(struct wm_message *message)
{
    const struct wm_tpl *tpl = &message->tpl;
    size_t at;

    if (check_bytes_at(tpl, &at) && wm_has_check_bytes(wm_span_sub(tpl->payload, at, SIZE_MAX))) {
        message->verdict = WM_VERDICT_PLAIN_THOUGH_DECLARED;
        message->apl = wm_span_sub(tpl->payload, at, SIZE_MAX);
        return;
    }
    judge(message, WM_VERDICT_NOT_SUPPORTED, wm_security_mode_detail(tpl->mode));
}

static void open_layers(struct wm_opener *opener, struct wm_message *message)
{
    struct wm_span layer = message->dll.payload;

    /* A frame may end behind the link layer or the ELL: an acknowledgement, a request for access. */
    if (layer.len == 0 || !open_ell(message, &layer) || layer.len == 0)
        return;
    if (!open_afl(message, &layer) || !open_tpl(message, layer))
        return;
    if (message->tpl.mode == 5)
        open_mode5(opener, message);
    else if (message->tpl.mode != 0)
        open_other_mode(message);
}

static bool is_readable(const struct wm_opener *opener, const struct wm_message *message)
{
    if (!message->has_tpl)
        return false;
    switch (message->verdict) {
    case WM_VERDICT_PLAIN:
    case WM_VERDICT_DECRYPTED:
        return true;
    case WM_VERDICT_PLAIN_THOUGH_DECLARED: /* by whom? A meter with a key has no reason to send it */
        return !has_key(opener, &message->meter) && !has_key(opener, &message->dll.address);
    default:
        return false;
    }
}

enum wm_status wm_open(struct wm_opener *opener, struct wm_span telegram, struct wm_message *message)
{
    enum wm_status status;

    if (!telegram.data || telegram.len > WM_TELEGRAM_MAX)
        return WM_INVALID;
    *message = (struct wm_message){.verdict = WM_VERDICT_PLAIN, .detail = ""};
    if (telegram.len && telegram.len > telegram.data[0] + (size_t)1)
        telegram.len = telegram.data[0] + (size_t)1;
    memmove(opener->telegram, telegram.data, telegram.len); /* it may be what the last call handed out */
    message->plain = (struct wm_span){opener->telegram, telegram.len};
    status = wm_dll_parse(message->plain, &message->dll);
    if (status == WM_MALFORMED) {
        judge(message, WM_VERDICT_MALFORMED, "the L field is below its minimum");
        return WM_OK;
    }
    if (message->plain.len <= WM_L_MIN_A) {
        judge(message, WM_VERDICT_MALFORMED, "the telegram ends inside the link layer header");
        return WM_OK;
    }
    message->meter = message->dll.address;
    open_layers(opener, message);
    if (status == WM_TOO_SHORT)
        judge(message, WM_VERDICT_MALFORMED, "the telegram is shorter than its L field says");
    message->readable = is_readable(opener, message);
    return WM_OK;
}
