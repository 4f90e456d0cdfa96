/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/open_tpl.h"

#include "security/mode5.h"
#include "security/tls_frame.h"

#include <string.h>

/* One attempt with one key. */
struct attempt {
    bool mac_fits;  /* the AFL's MAC; true when there is none */
    bool text_fits; /* check bytes or tag; true when nothing is encrypted */
    bool unproven;  /* decrypted, but there are no check bytes: the MAC has to prove it */
    bool refused;   /* by the cryptographic library */
};

struct work {
    struct wm_opener *opener;
    struct wm_message *message;
    const struct wm_mode_traits *mode;
    struct wm_mode_input input;
    struct wm_extent extent;
    bool cut;       /* fewer bytes than the configuration says */
    bool encrypted; /* something has to be decrypted, or a tag verified */
    bool has_mac;   /* in the AFL */
    bool mac_derived;
    const struct wm_afl_mac_type *mac;
};

/* Which kind of key the AFL's MAC takes: as AFL.KI says, without it always a derived one. See afl.h. */
static bool mac_is_derived(const struct wm_afl *afl)
{
    return !(afl->mcl & WM_AFL_KIMP) || (afl->ki >> 4 & 3) == 1;
}

static bool key_serves(const struct work *work, const struct wm_key *key)
{
    const struct wm_config *config = &work->message->config;
    const struct wm_afl *afl = &work->message->afl_fields;
    bool ki = work->message->has_afl && afl->mcl & WM_AFL_KIMP;

    if (key->des != (work->mode->cipher == WM_CIPHER_DES_CBC))
        return false;
    if (key->has_id && (config->extension_bytes || ki) && key->id != (config->extension_bytes ? config->key_id : afl->ki & 15))
        return false;
    if (key->has_version && (config->has_key_version || ki) &&
        key->version != (config->has_key_version ? config->key_version : afl->ki >> 8))
        return false;
    return true;
}

/* GMAC, experimental: nonce M ID version type counter, as in mode 9; the same bytes as under a CMAC are its additional data. The
 * scratch buffer takes them in one piece. */
static enum wm_status verify_gmac(const struct work *work, const uint8_t *key, struct wm_span prefix)
{
    uint8_t nonce[12], none[1], *all = work->opener->scratch;
    struct wm_writer out = wm_writer_of(nonce, sizeof nonce);
    struct wm_aead aead = {{nonce, sizeof nonce}, {all, prefix.len + work->message->tpdu.len}, work->mac->bytes};

    if (aead.aad.len > sizeof work->opener->scratch)
        return WM_INTEGRITY;
    wm_address_write(&out, &work->input.meter);
    for (int shift = 24; shift >= 0; shift -= 8)
        wm_writer_u8(&out, (uint8_t)(work->input.counter >> shift));
    memcpy(all, prefix.data, prefix.len);
    memcpy(all + prefix.len, work->message->tpdu.data, work->message->tpdu.len);
    return wm_crypto_gcm_open(work->opener->crypto, key, &aead, (struct wm_span){none, 0}, work->message->afl_fields.mac.data,
                              none);
}

static enum wm_status verify_mac(const struct work *work, const struct wm_key *key, const struct wm_message_keys *derived)
{
    const struct wm_afl *afl = &work->message->afl_fields;
    const uint8_t *use = work->mac_derived ? derived->mac : key->bytes;
    uint8_t prefix[WM_AFL_MAC_PREFIX_MAX], mac[WM_AES_BYTES];
    const struct wm_span parts[] = {{prefix, wm_afl_mac_prefix(afl, prefix)}, work->message->tpdu};
    enum wm_status status;

    if (work->mac->kind == WM_AFL_MAC_GMAC)
        return verify_gmac(work, use, parts[0]);
    status = wm_crypto_cmac(work->opener->crypto, use, parts, 2, mac);
    if (status == WM_OK && !wm_equal_secret(mac, afl->mac.data, work->mac->bytes))
        status = WM_INTEGRITY;
    return status;
}

static struct attempt attempt(const struct work *work, const struct wm_key *key)
{
    struct attempt result = {.mac_fits = true, .text_fits = true};
    const struct wm_message *message = work->message;
    struct wm_message_keys derived = {0};
    enum wm_status status = WM_OK;

    if (((work->mode->ephemeral && message->config.kdf == 1 && work->encrypted) || (work->has_mac && work->mac_derived)))
        status = wm_kdf_a(work->opener->crypto, key->bytes, message->to_meter, message->counter, message->meter.id, &derived);
    if (status == WM_OK && work->has_mac) {
        status = verify_mac(work, key, &derived);
        result.mac_fits = status == WM_OK;
        if (status == WM_INTEGRITY)
            status = WM_OK;
    }
    if (status == WM_OK && work->encrypted) {
        status = wm_mode_open(work->opener->crypto, key->bytes, &derived, &work->input,
                              wm_span_sub(message->apl, 0, work->extent.cipher),
                              work->extent.tag ? message->apl.data + work->extent.cipher + work->extent.clear : NULL,
                              work->opener->scratch, &result.unproven);
        result.text_fits = status == WM_OK && (!result.unproven || (work->has_mac && result.mac_fits));
        if (status == WM_INTEGRITY)
            status = WM_OK;
    }
    result.refused = status != WM_OK;
    wm_cleanse(&derived, sizeof derived);
    return result;
}

/* Plain text takes the cipher text's place, in the opener's own buffers. */
static void replace(const struct work *work)
{
    struct wm_opener *opener = work->opener;
    struct wm_message *message = work->message;
    uint8_t *base = message->assembled ? opener->assembled : opener->telegram;

    if (!work->encrypted)
        return;
    if (work->extent.cipher)
        memcpy(base + (message->apl.data - base), opener->scratch, work->extent.cipher);
    message->decrypted = true;
}

static void trim_tag(const struct work *work)
{
    work->message->apl.len -= work->extent.tag;
}

static void judge_success(const struct work *work, const struct attempt *result)
{
    struct wm_message *message = work->message;
    bool tag = work->encrypted && work->mode->tag;

    replace(work);
    message->authenticated = work->has_mac || tag;
    if (work->encrypted)
        message->verdict = message->authenticated ? WM_VERDICT_DECRYPTED_AND_AUTHENTICATED : WM_VERDICT_DECRYPTED;
    else if (message->verdict == WM_VERDICT_DECRYPTED) /* by the extended link layer */
        message->verdict = WM_VERDICT_DECRYPTED_AND_AUTHENTICATED;
    else
        message->verdict = WM_VERDICT_AUTHENTICATED;
    if (work->encrypted && work->mode->warning)
        message->detail = work->mode->warning;
    else if (result->unproven)
        message->detail = "no check bytes; the MAC proves the key";
}

/* No key fits. near: one had the check bytes, so that it is the MAC that is wrong. */
static void judge_failure(const struct work *work, unsigned tried, bool near, bool refused)
{
    struct wm_message *message = work->message;

    if (refused)
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "the cryptographic library refused");
    else if (near)
        wm_judge(message, WM_VERDICT_BAD_MAC, "the check bytes fit a key, the AFL MAC does not");
    else if (work->encrypted && work->mode->check_bytes && wm_has_check_bytes(message->apl))
        message->verdict = WM_VERDICT_PLAIN_THOUGH_DECLARED;
    else if (!tried && work->encrypted)
        wm_judge(message, WM_VERDICT_NO_KEY, "");
    else if (!tried)
        message->detail = *message->detail ? message->detail : "there is a MAC, and no key to verify it";
    else if (!work->encrypted)
        wm_judge(message, WM_VERDICT_BAD_MAC, "the AFL MAC fits no key");
    else if (work->mode->tag)
        wm_judge(message, WM_VERDICT_BAD_MAC, "the tag fits no key: the key is wrong, or the telegram was changed");
    else
        wm_judge(message, WM_VERDICT_WRONG_KEY, work->has_mac ? "neither the check bytes nor the AFL MAC fit any key" : "");
}

/* Counters count for what is authentic only: nobody else can move them. */
static enum wm_status check_counter(const struct work *work)
{
    struct wm_message *message = work->message;
    struct wm_counter_key key = {
        .meter = message->meter,
        .to_meter = message->to_meter,
        .key_id = message->config.key_id,
        .key_version = message->config.has_key_version         ? message->config.key_version
                       : message->afl_fields.mcl & WM_AFL_KIMP ? (uint8_t)(message->afl_fields.ki >> 8)
                                                               : 0,
    };
    enum wm_counter_verdict verdict = WM_COUNTER_FRESH;
    bool far_ahead = false;
    enum wm_status status;

    if (!work->opener->config.counters || !message->authenticated || !message->has_counter || work->opener->cut)
        return WM_OK;
    status = wm_counters_accept(work->opener->config.counters, &key, message->counter, &verdict, &far_ahead);
    if (status != WM_OK)
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "the message counter could not be stored");
    else if (verdict == WM_COUNTER_REPLAYED)
        wm_judge(message, WM_VERDICT_REPLAYED_COUNTER, "a message with this counter was accepted before");
    else if (verdict == WM_COUNTER_ROLLED_BACK)
        wm_judge(message, WM_VERDICT_ROLLED_BACK_COUNTER, "a message with a higher counter was accepted before");
    else if (message->counter == UINT32_MAX)
        message->detail = "the message counter has reached its end: the meter needs a new key";
    else if (far_ahead)
        message->detail = "the message counter is more than 1000000 ahead of the last";
    return status;
}

static void try_keys(const struct work *work)
{
    struct wm_key_search search = {.keys = work->opener->config.keys, .address = work->message->meter};
    struct attempt result = {0};
    bool near = false, refused = false;
    unsigned tried = 0;
    const struct wm_key *key;

    while ((key = wm_key_search_next(&search))) {
        if (!key_serves(work, key))
            continue;
        tried++;
        result = attempt(work, key);
        if (result.refused) {
            refused = true;
            break;
        }
        if (result.mac_fits && result.text_fits) {
            judge_success(work, &result);
            return;
        }
        if (!result.mac_fits && result.text_fits && work->encrypted && !near) {
            near = true;
            replace(work); /* for diagnosis; the search ends here, as the text is no cipher text any more */
            break;
        }
    }
    judge_failure(work, tried, near, refused);
}

/* Mode 13 is opened by a TLS session, not by a key: here it is recognised whole. */
static void judge_tls(const struct work *work)
{
    struct wm_message *message = work->message;
    struct wm_cursor cur = wm_cursor_of(message->apl);
    struct wm_tls_record record;
    enum wm_status status;

    if (message->config.protocol == WM_TLSCONN) {
        if (wm_connection_request_parse(message->apl) != WM_OK)
            wm_judge(message, WM_VERDICT_MALFORMED, "the ConnectionRequest is cut off, or of another type or length");
        return;
    }
    do
        status = wm_tls_record_next(&cur, &record);
    while (status == WM_OK);
    if (status == WM_TOO_SHORT)
        wm_judge(message, WM_VERDICT_MALFORMED, "a TLS record is cut off");
    else if (status == WM_MALFORMED)
        wm_judge(message, WM_VERDICT_MALFORMED, "a TLS record is longer than TLS allows");
    else if (cur.pos == 0)
        wm_judge(message, WM_VERDICT_MALFORMED, "no TLS record follows the transport layer header");
    else
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, wm_security_mode_detail(13));
}

static bool prepare_mac(struct work *work)
{
    struct wm_message *message = work->message;
    const struct wm_afl *afl = &message->afl_fields;

    work->mac = wm_afl_mac_type(message->has_afl ? afl->mcl : 0);
    work->has_mac = message->has_afl && afl->fcl & WM_AFL_MACP;
    if (!work->has_mac && work->mac->kind == WM_AFL_MAC_NONE)
        return true;
    if (!work->has_mac) {
        wm_judge(message, WM_VERDICT_MALFORMED, "AFL.MCL announces a MAC, and there is none");
        return false;
    }
    work->mac_derived = mac_is_derived(afl);
    if (work->mac->kind == WM_AFL_MAC_NONE || work->mac->kind == WM_AFL_MAC_RESERVED) {
        wm_judge(message, WM_VERDICT_MALFORMED, "AFL.MCL names no kind of MAC, and there is one");
        return false;
    }
    if (work->mac->kind == WM_AFL_MAC_GMAC && !work->opener->config.experimental) {
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "AES-GMAC in the AFL: its nonce is not public (experimental)");
        return false;
    }
    if (afl->mac.len != work->mac->bytes) {
        wm_judge(message, WM_VERDICT_MALFORMED, "the AFL MAC has not the length that AFL.MCL says");
        return false;
    }
    return true;
}

/* The counter of the TPL, otherwise AFL.MCR (see afl.h); and whether keys can be derived without one. */
static bool prepare_counter(struct work *work)
{
    struct wm_message *message = work->message;
    bool mcr = message->has_afl && message->afl_fields.fcl & WM_AFL_MCRP;

    message->has_counter = message->config.has_counter || mcr;
    message->counter = message->config.has_counter ? message->config.counter : mcr ? message->afl_fields.mcr : 0;
    work->input.counter = message->counter;
    if (message->has_counter || (work->encrypted && work->mode->check_bytes && wm_has_check_bytes(message->apl)))
        return true; /* without a counter no key fits, and plain text needs none */
    if ((work->has_mac && work->mac_derived) ||
        (work->encrypted && (work->mode->iv || message->config.kdf == 1) && work->mode->ephemeral)) {
        wm_judge(message, WM_VERDICT_MALFORMED, "there is no message counter to derive the keys from");
        return false;
    }
    return true;
}

enum wm_status wm_open_tpl(struct wm_opener *opener, struct wm_message *message)
{
    const struct wm_config *config = &message->config;
    struct work work = {.opener = opener, .message = message, .mode = wm_mode_traits(config->mode)};

    work.input = (struct wm_mode_input){.config = config,
                                        .meter = message->meter,
                                        .acc = message->tpl.acc,
                                        .to_meter = message->to_meter,
                                        .date = opener->config.date};
    if (!prepare_mac(&work))
        return WM_OK;
    work.cut = wm_mode_extent(config, message->apl.len, &work.extent) != WM_OK;
    work.encrypted = work.mode->cipher != WM_CIPHER_NONE && (config->encrypted || work.mode->tag);
    work.input.aad =
        wm_span_sub(message->tpdu, 0, (size_t)(message->tpl.payload.data - message->tpdu.data) + config->authenticated_bytes);
    if (work.mode->experimental && !opener->config.experimental) {
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, wm_security_mode_detail(config->mode));
        return WM_OK;
    }
    if (!prepare_counter(&work))
        return WM_OK;
    if (work.mode->ephemeral && work.encrypted && config->kdf > 1) {
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "a reserved key derivation");
        return WM_OK;
    }
    if (work.mode->tag && work.cut && work.extent.tag == 0) {
        wm_judge(message, WM_VERDICT_MALFORMED, "there is no room for the tag");
        return WM_OK;
    }
    if (config->mode == 3 && !opener->config.has_date && !wm_has_check_bytes(message->apl)) {
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "security mode 3: its IV takes the day of sending, which is not known");
        return WM_OK;
    }
    if (config->mode != 0 && config->mode != 13 && work.mode->cipher == WM_CIPHER_NONE) { /* 1, reserved, 15 */
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, wm_security_mode_detail(config->mode));
        return WM_OK;
    }
    if (work.encrypted || work.has_mac)
        try_keys(&work);
    if (work.extent.tag)
        trim_tag(&work);
    if (work.encrypted && work.cut && message->verdict != WM_VERDICT_PLAIN_THOUGH_DECLARED)
        wm_judge(message, WM_VERDICT_MALFORMED, "the encrypted blocks reach past the telegram's end");
    if (config->mode == 13 && message->verdict != WM_VERDICT_BAD_MAC)
        judge_tls(&work);
    return message->verdict == WM_VERDICT_MALFORMED ? WM_OK : check_counter(&work);
}
