/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/open.h"

#include "link/crc.h"
#include "link/frame.h"
#include "security/ell_cipher.h"
#include "security/open_tpl.h"

#include <stdlib.h>
#include <string.h>

enum wm_status wm_opener_create_with(const struct wm_opener_config *config, struct wm_opener **opener)
{
    struct wm_opener *made = calloc(1, sizeof *made);
    enum wm_status status;

    if (!made)
        return WM_NO_MEMORY;
    made->config = *config;
    status = wm_crypto_create(&made->crypto);
    if (status == WM_OK)
        status = wm_reassembly_create(&config->reassembly, &made->reassembly);
    if (status != WM_OK) {
        wm_opener_destroy(made);
        return status;
    }
    *opener = made;
    return WM_OK;
}

enum wm_status wm_opener_create(const struct wm_keystore *keys, struct wm_opener **opener)
{
    return wm_opener_create_with(&(struct wm_opener_config){.keys = keys}, opener);
}

void wm_opener_destroy(struct wm_opener *opener)
{
    if (!opener)
        return;
    wm_crypto_destroy(opener->crypto);
    wm_reassembly_destroy(opener->reassembly);
    free(opener);
}

void wm_opener_time(struct wm_opener *opener, uint64_t now_ms)
{
    opener->now_ms = now_ms;
}

void wm_opener_experimental(struct wm_opener *opener, bool on)
{
    opener->config.experimental = on;
}

const struct wm_reassembly_stats *wm_opener_reassembly(const struct wm_opener *opener)
{
    return wm_reassembly_stats(opener->reassembly);
}

void wm_judge(struct wm_message *message, enum wm_verdict verdict, const char *detail)
{
    message->verdict = verdict;
    message->detail = detail;
}

static bool has_key(const struct wm_opener *opener, const struct wm_address *address)
{
    struct wm_key_search search = {.keys = opener->config.keys, .address = *address};

    return wm_key_search_next(&search) != NULL;
}

/* Each layer's function looks at *layer, and either judges the message (false) or leaves what the next layer sees in *layer (true).
 */

/* Receivers have been seen to leave the two bytes of a link layer CRC in the frame and in L: behind the payload, outside its CRC.
 */
#define LEFT_IN_BYTES 2

/* The payload CRC is encrypted with the payload (EN 13757-4:2019 clause 13.2), and proves the key. *left_in: it fits all but the
 * last two bytes. */
static enum wm_status try_ell_key(struct wm_opener *opener, const struct wm_message *message, const struct wm_key *key,
                                  const struct wm_address *address, struct wm_span cipher, uint8_t *plain, bool *left_in)
{
    enum wm_status status = wm_ell_open(opener->crypto, key, address, &message->ell, cipher, plain);

    *left_in = false;
    if (status != WM_INTEGRITY || cipher.len < 2 + LEFT_IN_BYTES + 1)
        return status;
    *left_in = wm_crc16((struct wm_span){plain + 2, cipher.len - 2 - LEFT_IN_BYTES}) == (plain[0] | plain[1] << 8);
    return *left_in ? WM_OK : WM_INTEGRITY;
}

static bool decrypt_ell(struct wm_opener *opener, struct wm_message *message, struct wm_span *layer)
{
    struct wm_ell *ell = &message->ell;
    size_t offset = (size_t)(layer->data - opener->telegram) + layer->len - ell->payload.len - 2;
    uint8_t *at = opener->telegram + offset, plain[WM_TELEGRAM_MAX];
    struct wm_span cipher = {at, ell->payload.len + 2};
    struct wm_key_search search = {.keys = opener->config.keys, .address = message->meter};
    const struct wm_key *key;
    bool left_in = false;
    unsigned tried = 0;

    while ((key = wm_key_search_next(&search))) {
        enum wm_status status;
        if (key->des)
            continue;
        tried++;
        status = try_ell_key(opener, message, key, &message->dll.address, cipher, plain, &left_in);
        if (status == WM_INTEGRITY && ell->has_receiver) /* CI 8F: which address counts is not verified */
            status = try_ell_key(opener, message, key, &ell->receiver, cipher, plain, &left_in);
        if (status == WM_OK) {
            memcpy(at, plain, cipher.len);
            ell->payload_crc = (uint16_t)(plain[0] | plain[1] << 8);
            message->verdict = WM_VERDICT_DECRYPTED;
            message->decrypted = true;
            if (left_in) {
                message->detail = "the last two bytes are outside the payload CRC: a link layer CRC that was left in";
                message->plain.len -= LEFT_IN_BYTES;
                ell->payload.len -= LEFT_IN_BYTES;
            }
            *layer = ell->payload;
            return true;
        }
        if (status != WM_INTEGRITY) {
            wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "the cryptographic library refused AES-128-CTR");
            return false;
        }
    }
    /* Where the CRC fits as it stands the payload is plain; a right key has been looked for first. */
    if (wm_crc16(ell->payload) == ell->payload_crc) {
        message->verdict = WM_VERDICT_PLAIN_THOUGH_DECLARED;
        *layer = ell->payload;
        return true;
    }
    wm_judge(message, tried ? WM_VERDICT_WRONG_KEY : WM_VERDICT_NO_KEY, "extended link layer, AES-128-CTR");
    return false;
}

static bool open_ell(struct wm_opener *opener, struct wm_message *message, struct wm_span *layer)
{
    struct wm_ell *ell = &message->ell;

    switch (wm_ell_parse(*layer, ell)) {
    case WM_OK:
        break;
    case WM_NOT_MINE:
        return true;
    case WM_UNSUPPORTED:
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "extended link layer V (CI 86)");
        return false;
    default:
        wm_judge(message, WM_VERDICT_MALFORMED, "the extended link layer is cut off");
        return false;
    }
    message->has_ell = true;
    if (message->to_meter && ell->has_receiver)
        message->meter = ell->receiver;
    if (ell->has_session && wm_ell_encryption(ell) == WM_ELL_ENC_AES_CTR)
        return decrypt_ell(opener, message, layer);
    *layer = ell->payload;
    if (!ell->has_session)
        return true;
    switch (wm_ell_encryption(ell)) {
    case WM_ELL_ENC_NONE:
        if (wm_crc16(ell->payload) == ell->payload_crc)
            return true;
        wm_judge(message, WM_VERDICT_MALFORMED, "the extended link layer's payload CRC is wrong");
        return false;
    default:
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "a reserved extended link layer encryption");
        return false;
    }
}

/* A fragment: false until it completes the message, which is then in the opener's buffer. */
static bool assemble(struct wm_opener *opener, struct wm_message *message, struct wm_span *layer)
{
    struct wm_peer peer = {.sender = message->dll.address, .to_meter = message->to_meter};
    struct wm_afl whole;
    const char *why = "";

    if (message->has_ell && message->ell.has_receiver)
        peer.receiver = message->ell.receiver;
    switch (wm_reassembly_push(opener->reassembly, &peer, &message->afl_fields, opener->now_ms, &whole, &why)) {
    case WM_REASSEMBLY_COMPLETE:
        break;
    case WM_REASSEMBLY_MORE:
        wm_judge(message, WM_VERDICT_FRAGMENT, "more fragments are to come");
        return false;
    case WM_REASSEMBLY_DUPLICATE:
        wm_judge(message, WM_VERDICT_FRAGMENT, "a copy of the last fragment");
        return false;
    case WM_REASSEMBLY_REFUSED:
        wm_judge(message, WM_VERDICT_MALFORMED, why);
        return false;
    }
    memcpy(opener->assembled, whole.payload.data, whole.payload.len);
    memcpy(opener->mac, whole.mac.data ? whole.mac.data : opener->mac, whole.mac.len);
    whole.payload.data = opener->assembled;
    whole.mac.data = opener->mac;
    message->afl_fields = whole;
    message->assembled = true;
    *layer = whole.payload;
    return true;
}

static bool open_afl(struct wm_opener *opener, struct wm_message *message, struct wm_span *layer)
{
    struct wm_afl *afl = &message->afl_fields;

    switch (wm_afl_parse(*layer, afl)) {
    case WM_OK:
        break;
    case WM_NOT_MINE:
        return true;
    case WM_MALFORMED:
        wm_judge(message, WM_VERDICT_MALFORMED, "AFL.AFLL leaves no room for the fields that AFL.FCL announces");
        return false;
    default:
        wm_judge(message, WM_VERDICT_MALFORMED, "the authentication and fragmentation layer is cut off");
        return false;
    }
    message->has_afl = true;
    message->afl = afl->raw;
    *layer = afl->payload;
    if (wm_afl_fragmented(afl) && !assemble(opener, message, layer))
        return false;
    if (layer->len == 0) {
        wm_judge(message, WM_VERDICT_MALFORMED, "nothing follows the authentication and fragmentation layer");
        return false;
    }
    if (!wm_afl_consistent(afl)) {
        wm_judge(message, WM_VERDICT_MALFORMED, "AFL.MCL and AFL.FCL do not name the same fields");
        return false;
    }
    if (afl->fcl & WM_AFL_MLP && afl->ml != layer->len) {
        wm_judge(message, WM_VERDICT_MALFORMED, "the message has not as many bytes as AFL.ML says");
        return false;
    }
    return true;
}

static bool parse_tpl(struct wm_message *message, struct wm_span layer)
{
    struct wm_tpl *tpl = &message->tpl;
    enum wm_ci_direction direction;

    switch (wm_tpl_parse(layer, tpl)) {
    case WM_OK:
        break;
    case WM_NOT_MINE:
        switch (wm_ci_info(layer.data[0])->layer) {
        case WM_CI_MANUFACTURER:
            wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "manufacturer-specific CI (A0 to B7)");
            return false;
        case WM_CI_NWL:
            wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "network layer (CI 81)");
            return false;
        case WM_CI_RESERVED:
            wm_judge(message, WM_VERDICT_MALFORMED, "the CI is reserved");
            return false;
        default:
            wm_judge(message, WM_VERDICT_MALFORMED, "the layers are not in the order link, ELL, AFL, TPL");
            return false;
        }
    default:
        wm_judge(message, WM_VERDICT_MALFORMED, "the transport layer header is cut off");
        return false;
    }
    message->has_tpl = true;
    message->tpdu = layer;
    message->apl = tpl->payload;
    direction = wm_ci_info(tpl->ci)->direction;
    if (direction != WM_CI_BOTH)
        message->to_meter = direction == WM_CI_TO_METER;
    if (tpl->header == WM_TPL_LONG)
        message->meter = tpl->address;
    if (tpl->header == WM_TPL_NONE)
        return true;
    if (wm_config_parse(tpl->config, tpl->payload, &message->config) != WM_OK) {
        wm_judge(message, WM_VERDICT_MALFORMED, "the configuration field's extension is cut off");
        return false;
    }
    message->apl = wm_span_sub(tpl->payload, message->config.header_bytes, SIZE_MAX);
    return true;
}

static enum wm_status open_layers(struct wm_opener *opener, struct wm_message *message)
{
    struct wm_span layer = message->dll.payload;

    /* A frame may end behind the link layer or the ELL: an acknowledgement, a request for access. */
    if (layer.len == 0 || !open_ell(opener, message, &layer) || layer.len == 0)
        return WM_OK;
    if (!open_afl(opener, message, &layer) || !parse_tpl(message, layer))
        return WM_OK;
    return wm_open_tpl(opener, message);
}

static bool is_readable(const struct wm_opener *opener, const struct wm_message *message)
{
    if (!message->has_tpl)
        return false;
    switch (message->verdict) {
    case WM_VERDICT_PLAIN:
    case WM_VERDICT_DECRYPTED:
    case WM_VERDICT_AUTHENTICATED:
    case WM_VERDICT_DECRYPTED_AND_AUTHENTICATED:
        return true;
    case WM_VERDICT_PLAIN_THOUGH_DECLARED: /* by whom? A meter with a key has no reason to send it */
        return !has_key(opener, &message->meter) && !has_key(opener, &message->dll.address);
    default:
        return false;
    }
}

/* Who speaks, as far as the C field tells (EN 13757-4): a primary station sends to the meter, but for the functions that meters
 * begin with; a secondary one answers from the meter, but for CNF_IR. The CI may know better. */
static bool c_to_meter(uint8_t c)
{
    enum { PRM = 0x40, SND_NR = 0x4, SND_IR = 0x6, ACC_NR = 0x7, ACC_DMD = 0x8, CNF_IR = 0x6 };
    unsigned function = c & 15;

    if (c & PRM)
        return function != SND_NR && function != SND_IR && function != ACC_NR && function != ACC_DMD;
    return function == CNF_IR;
}

enum wm_status wm_open(struct wm_opener *opener, struct wm_span telegram, struct wm_message *message)
{
    enum wm_status status, done;

    if (!telegram.data || telegram.len > WM_TELEGRAM_MAX)
        return WM_INVALID;
    *message = (struct wm_message){.verdict = WM_VERDICT_PLAIN, .detail = ""};
    if (telegram.len && telegram.len > telegram.data[0] + (size_t)1)
        telegram.len = telegram.data[0] + (size_t)1;
    memmove(opener->telegram, telegram.data, telegram.len); /* it may be what the last call handed out */
    message->plain = (struct wm_span){opener->telegram, telegram.len};
    status = wm_dll_parse(message->plain, &message->dll);
    if (status == WM_MALFORMED) {
        wm_judge(message, WM_VERDICT_MALFORMED, "the L field is below its minimum");
        return WM_OK;
    }
    if (message->plain.len <= WM_L_MIN_A) {
        wm_judge(message, WM_VERDICT_MALFORMED, "the telegram ends inside the link layer header");
        return WM_OK;
    }
    message->meter = message->dll.address;
    wm_keystore_prefetch(opener->config.keys, &message->meter);
    message->to_meter = c_to_meter(message->dll.c);
    opener->cut = status == WM_TOO_SHORT;
    done = open_layers(opener, message);
    if (status == WM_TOO_SHORT)
        wm_judge(message, WM_VERDICT_MALFORMED, "the telegram is shorter than its L field says");
    message->readable = done == WM_OK && is_readable(opener, message);
    return done;
}
