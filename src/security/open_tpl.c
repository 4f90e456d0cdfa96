/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/open_tpl.h"

#include "security/afl_mac.h"
#include "security/mode5.h"
#include "security/tls_frame.h"

#include <string.h>

#define MAC_BYTES_STRONG 8 /* TR-01 clause 7.2 asks for as much where TLS sessions begin */

/* One attempt with one key. */
struct attempt {
    bool mac_fits;  /* the AFL's MAC; true when there is none */
    bool text_fits; /* check bytes or tag; true when nothing is encrypted */
    bool unproven;  /* decrypted, but there are no check bytes: the MAC has to prove it */
    bool uncovered; /* the tag fits, but covers the header and the cipher text only, not the clear text behind them */
    bool refused;   /* by the cryptographic library */
};

struct work {
    struct wm_opener *opener;
    struct wm_message *message;
    const struct wm_mode_traits *mode;
    struct wm_mode_input input;
    struct wm_extent extent;
    bool cut;        /* fewer bytes than the configuration says */
    bool encrypted;  /* something has to be decrypted, or a tag verified */
    bool undeclared; /* N is 0: nothing should be encrypted, and all is tried */
    bool has_mac;    /* in the AFL */
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

static enum wm_status verify_mac(const struct work *work, const struct wm_key *key, const struct wm_message_keys *derived)
{
    const struct wm_message *message = work->message;
    uint8_t mac[WM_AES_BYTES];
    enum wm_status status =
        wm_afl_mac(work->opener->crypto, work->opener->config.experimental, work->mac_derived ? derived->mac : key->bytes,
                   &message->afl_fields, &work->input.meter, work->input.counter, message->tpdu, mac);

    if (status == WM_OK && !wm_equal_secret(mac, message->afl_fields.mac.data, work->mac->bytes))
        status = WM_INTEGRITY;
    return status;
}

/* Which bytes a tag covers of a partly encrypted message is not public (clause 9.4.8 and its table): first all of them is tried,
 * as this project seals it, then header and cipher text alone. */
static enum wm_status decrypt(const struct work *work, const struct wm_key *key, const struct wm_message_keys *derived,
                              struct attempt *result)
{
    const struct wm_extent *extent = &work->extent;
    struct wm_crypto *crypto = work->opener->crypto;
    struct wm_span apl = work->message->apl, cipher = wm_span_sub(apl, 0, extent->cipher);
    const uint8_t *tag = extent->tag ? apl.data + extent->cipher + extent->clear : NULL;
    struct wm_mode_input input = work->input;
    uint8_t *scratch = work->opener->scratch, *all = scratch + extent->cipher; /* as long as the message: there is room */
    enum wm_status status;

    if (!tag || !extent->clear)
        return wm_mode_open(crypto, key->bytes, derived, &input, cipher, tag, scratch, &result->unproven);
    memcpy(all, input.aad.data, input.aad.len);
    memcpy(all + input.aad.len, apl.data + extent->cipher, extent->clear);
    input.aad = (struct wm_span){all, input.aad.len + extent->clear};
    status = wm_mode_open(crypto, key->bytes, derived, &input, cipher, tag, scratch, NULL);
    if (status != WM_INTEGRITY)
        return status;
    status = wm_mode_open(crypto, key->bytes, derived, &work->input, cipher, tag, scratch, NULL);
    result->uncovered = status == WM_OK;
    return status;
}

static struct attempt attempt(const struct work *work, const struct wm_key *key)
{
    struct attempt result = {.mac_fits = true, .text_fits = true};
    const struct wm_message *message = work->message;
    struct wm_message_keys derived = {0};
    bool derives = (work->mode->ephemeral && message->config.kdf == 1 && work->encrypted) || (work->has_mac && work->mac_derived);
    enum wm_status status = WM_OK;

    if (derives)
        status = wm_kdf_a(work->opener->crypto, key->bytes, message->to_meter, message->counter, message->meter.id, &derived);
    if (status == WM_OK && work->has_mac) {
        status = verify_mac(work, key, &derived);
        result.mac_fits = status == WM_OK;
        if (status == WM_INTEGRITY)
            status = WM_OK;
    }
    if (status == WM_OK && work->encrypted) {
        status = decrypt(work, key, &derived, &result);
        result.text_fits = status == WM_OK && (!result.unproven || (work->has_mac && result.mac_fits));
        if (status == WM_INTEGRITY)
            status = WM_OK;
    }
    result.refused = status != WM_OK;
    if (derives)
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

/* Under a short header the AFL's MAC does not cover the link layer's address, of which the KDF takes the identification alone. That
 * is in the IV of mode 5: who changes version and type on the way changes two bytes of the plain text, and the MAC still fits. */
static bool iv_is_open(const struct work *work, const struct wm_key_pattern *pattern)
{
    return work->encrypted && work->has_mac && work->mode->iv_from_address && work->message->tpl.header == WM_TPL_SHORT &&
           !(pattern->has_manufacturer && pattern->has_version && pattern->has_type);
}

/* Under which meter its counter is filed. What the key does not name may have been changed on the way (see above), and must not
 * make an old message a new one: one key and one identification have one counter. */
static struct wm_counter_key counter_key_of(const struct work *work, const struct wm_key *key, const struct wm_key_pattern *pattern)
{
    const struct wm_message *message = work->message;
    const struct wm_config *config = &message->config;
    struct wm_counter_key counter = {.to_meter = message->to_meter, .meter.id = message->meter.id};

    if (pattern->has_manufacturer)
        counter.meter.manufacturer = message->meter.manufacturer;
    if (pattern->has_version)
        counter.meter.version = message->meter.version;
    if (pattern->has_type)
        counter.meter.type = message->meter.type;
    if (config->extension_bytes)
        counter.key_id = config->key_id;
    else if (message->afl_fields.mcl & WM_AFL_KIMP)
        counter.key_id = message->afl_fields.ki & 15;
    if (config->has_key_version)
        counter.key_version = config->key_version;
    else if (message->afl_fields.mcl & WM_AFL_KIMP)
        counter.key_version = (uint8_t)(message->afl_fields.ki >> 8);
    if (wm_key_print(work->opener->crypto, key->bytes, &counter.key_print) != WM_OK)
        counter.key_print = 0;
    return counter;
}

static void judge_success(const struct work *work, const struct attempt *result, const struct wm_key *key,
                          const struct wm_key_pattern *pattern)
{
    struct wm_message *message = work->message;
    bool tag = work->encrypted && work->mode->tag, iv_open = iv_is_open(work, pattern);

    replace(work);
    message->authenticated = (work->has_mac && !iv_open) || (tag && !result->uncovered);
    if (message->has_counter && work->opener->config.counters)
        message->counter_key = counter_key_of(work, key, pattern);
    if (work->encrypted)
        message->verdict = message->authenticated ? WM_VERDICT_DECRYPTED_AND_AUTHENTICATED : WM_VERDICT_DECRYPTED;
    else if (message->verdict == WM_VERDICT_DECRYPTED) /* by the extended link layer */
        message->verdict = WM_VERDICT_DECRYPTED_AND_AUTHENTICATED;
    else
        message->verdict = WM_VERDICT_AUTHENTICATED;
    if (work->encrypted && work->mode->warning)
        message->detail = work->mode->warning;
    else if (work->undeclared)
        message->detail = "N is 0, and yet it is encrypted";
    else if (iv_open)
        message->detail = "the MAC does not cover the address, which security mode 5 decrypts with: name manufacturer, version and "
                          "type with the key";
    else if (result->uncovered && !work->has_mac)
        message->detail = "the tag does not cover the clear text behind the encrypted part";
    else if (work->has_mac && work->mac->bytes < MAC_BYTES_STRONG)
        message->detail = "the MAC is shorter than 8 bytes: it proves little";
    else if (tag && work->extent.tag < MAC_BYTES_STRONG)
        message->detail = "the tag is shorter than 8 bytes: it proves little";
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
    else if (work->undeclared)
        wm_judge(message, WM_VERDICT_PLAIN_THOUGH_DECLARED, "N is 0: nothing is encrypted of what the security mode protects");
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

/* What was decrypted with keys that the counter makes, but has no MAC: it moves no counter, and yet whoever strips the MAC off an
 * old message must not get it in again. */
static enum wm_counter_verdict compare_counter(const struct work *work)
{
    const struct wm_message *message = work->message;
    uint32_t last;

    if ((!work->has_mac && !work->mode->tag && message->config.kdf != 1) ||
        wm_counters_last(work->opener->config.counters, &message->counter_key, &last) != WM_OK || message->counter > last)
        return WM_COUNTER_FRESH;
    return message->counter == last ? WM_COUNTER_REPLAYED : WM_COUNTER_ROLLED_BACK;
}

/* Counters count for what is authentic only: nobody else can move them. */
static enum wm_status check_counter(const struct work *work)
{
    struct wm_message *message = work->message;
    enum wm_counter_verdict verdict = WM_COUNTER_FRESH;
    bool far_ahead = false;
    enum wm_status status = WM_OK;

    if (!work->opener->config.counters || !message->has_counter || work->opener->cut)
        return WM_OK;
    if (message->authenticated)
        status = wm_counters_accept(work->opener->config.counters, &message->counter_key, message->counter, &verdict, &far_ahead);
    else if (message->verdict == WM_VERDICT_DECRYPTED && message->decrypted)
        verdict = compare_counter(work);
    if (status != WM_OK)
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "the message counter could not be stored");
    else if (verdict == WM_COUNTER_REPLAYED)
        wm_judge(message, WM_VERDICT_REPLAYED_COUNTER, "a message with this counter was accepted before");
    else if (verdict == WM_COUNTER_ROLLED_BACK)
        wm_judge(message, WM_VERDICT_ROLLED_BACK_COUNTER, "a message with a higher counter was accepted before");
    else if (!message->authenticated)
        return WM_OK;
    else if (message->counter == UINT32_MAX)
        message->detail = "the message counter has reached its end: the meter needs a new key";
    else if (far_ahead)
        message->detail = "the message counter is more than 1000000 ahead of the last";
    return status;
}

static void try_keys(const struct work *work)
{
    struct wm_key_search search = {.keys = work->opener->config.keys, .address = work->message->meter};
    const struct wm_key *key, *near = NULL;
    struct attempt result = {0};
    unsigned tried = 0;

    while ((key = wm_key_search_next(&search))) {
        if (!key_serves(work, key))
            continue;
        tried++;
        result = attempt(work, key);
        if (result.refused)
            break;
        if (result.mac_fits && result.text_fits) {
            struct wm_key_pattern pattern;
            wm_key_search_pattern(&search, &pattern);
            judge_success(work, &result, key, &pattern);
            return;
        }
        if (!result.mac_fits && result.text_fits && work->encrypted && !near)
            near = key;
    }
    if (near && !result.refused) { /* its text, for diagnosis */
        result = attempt(work, near);
        replace(work);
    }
    judge_failure(work, tried, near != NULL, result.refused);
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
    if (work->mode->cipher == WM_CIPHER_DES_CBC) {
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "a MAC in the AFL of a message in DES: which key it takes is not defined");
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
    if (message->has_counter || work->undeclared ||
        (work->encrypted && work->mode->check_bytes && wm_has_check_bytes(message->apl)))
        return true; /* without a counter no key fits, and plain text needs none */
    if ((work->has_mac && work->mac_derived) ||
        (work->encrypted && (work->mode->iv || message->config.kdf == 1) && work->mode->ephemeral)) {
        wm_judge(message, WM_VERDICT_MALFORMED, "there is no message counter to derive the keys from");
        return false;
    }
    return true;
}

/* A mode that encrypts, and N is 0: formally nothing is encrypted. Two things are seen on air: meters that encrypt all the same,
 * and plain text, which anybody can send like this. So all of it is tried, and what does not open counts as plain though declared.
 * With a MAC over it there is no question. */
static void prepare_undeclared(struct work *work)
{
    struct wm_span apl = work->message->apl;
    size_t block = work->mode->cipher == WM_CIPHER_DES_CBC ? WM_DES_BYTES : WM_AES_BYTES;

    if (!work->mode->check_bytes || work->message->config.encrypted || work->has_mac || apl.len == 0 || work->message->decrypted)
        return; /* the last: by the extended link layer */
    work->undeclared = work->encrypted = true;
    work->extent = (struct wm_extent){.cipher = apl.len - apl.len % block, .clear = apl.len % block};
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
    prepare_undeclared(&work);
    if (!prepare_counter(&work))
        return WM_OK;
    if (work.mode->ephemeral && work.encrypted && config->kdf > 1) {
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "a reserved key derivation");
        return WM_OK;
    }
    if (work.mode->cipher == WM_CIPHER_AES_CTR_CMAC && work.encrypted && config->kdf != 1) { /* it needs two keys */
        wm_judge(message, WM_VERDICT_NOT_SUPPORTED, "security mode 8 with a persistent key");
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
