/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/seal.h"

#include "link/crc.h"
#include "link/frame.h"
#include "security/afl_mac.h"
#include "security/cipher_mode.h"
#include "security/ell_cipher.h"
#include "security/fragment.h"
#include "security/reassembly.h"
#include "security/secret_memory.h"

#include <string.h>

#define CHECK_BYTE 0x2F

struct wm_sealer {
    struct wm_crypto *crypto;
    struct wm_seal_spec spec;
    struct wm_key key;
    struct wm_fragmenter fragmenter;
    size_t len; /* of tpdu */
    bool done;
    uint8_t mac[WM_AES_BYTES];
    uint8_t tpdu[WM_MESSAGE_MAX];
    uint8_t plain[WM_MESSAGE_MAX];
};

enum wm_status wm_sealer_create(struct wm_sealer **sealer)
{
    struct wm_sealer *made = wm_secret_alloc(sizeof *made); /* it holds a key */
    enum wm_status status = made ? wm_crypto_create(&made->crypto) : WM_NO_MEMORY;

    if (status != WM_OK) {
        wm_secret_free(made, sizeof *made);
        return status;
    }
    made->done = true;
    *sealer = made;
    return WM_OK;
}

void wm_sealer_destroy(struct wm_sealer *sealer)
{
    if (!sealer)
        return;
    wm_crypto_destroy(sealer->crypto);
    wm_secret_free(sealer, sizeof *sealer);
}

/* The text as the mode wants it: check bytes in front, fill behind. */
static enum wm_status pad(struct wm_sealer *sealer, const struct wm_mode_traits *mode, struct wm_span *plain)
{
    struct wm_writer out = wm_writer_of(sealer->plain, sizeof sealer->plain);
    size_t block = mode->cipher == WM_CIPHER_DES_CBC ? WM_DES_BYTES : WM_AES_BYTES;

    if (mode->check_bytes) {
        wm_writer_u8(&out, CHECK_BYTE);
        wm_writer_u8(&out, CHECK_BYTE);
    }
    wm_writer_bytes(&out, sealer->spec.apl);
    while (mode->check_bytes && !out.failed && out.len % block)
        wm_writer_u8(&out, CHECK_BYTE);
    *plain = wm_writer_span(&out);
    return out.failed ? WM_FULL : WM_OK;
}

/* N of the configuration field. Without clear text behind, the value that means "to the end" serves what is longer. */
static enum wm_status set_extent(struct wm_config *config, const struct wm_mode_traits *mode, size_t plain, bool clear)
{
    bool blocks = mode->cipher == WM_CIPHER_AES_CBC;
    size_t n = blocks ? plain / WM_AES_BYTES : plain;
    size_t max = blocks ? 14 : mode->tag ? 254 : 255;

    if (n > max) {
        if (clear || mode->cipher == WM_CIPHER_DES_CBC)
            return WM_INVALID;
        n = blocks ? 15 : 255;
    }
    config->encrypted = (uint8_t)n;
    return WM_OK;
}

/* Whose keys, IV and nonce: of the long header, otherwise of the link layer. */
static struct wm_address meter_of(const struct wm_seal_spec *spec)
{
    if (spec->tpl.header == WM_TPL_LONG)
        return spec->tpl.address;
    return spec->to_meter && spec->has_ell && spec->ell.has_receiver ? spec->ell.receiver : spec->sender;
}

/* The TPL: header, then the payload encrypted as the configuration says. */
static enum wm_status build_tpdu(struct wm_sealer *sealer, const struct wm_message_keys *derived)
{
    struct wm_seal_spec *spec = &sealer->spec;
    const struct wm_mode_traits *mode = wm_mode_traits(spec->config.mode);
    struct wm_writer out = wm_writer_of(sealer->tpdu, sizeof sealer->tpdu);
    uint8_t fields[16];
    struct wm_writer config = wm_writer_of(fields, sizeof fields);
    struct wm_span plain = spec->apl;
    struct wm_config parsed;
    struct wm_mode_input input;
    enum wm_status status = WM_OK;
    bool encrypts = spec->tpl.header != WM_TPL_NONE && mode->cipher != WM_CIPHER_NONE && (plain.len || mode->tag);

    spec->config.counter = spec->counter;
    if (encrypts) {
        status = pad(sealer, mode, &plain);
        if (status == WM_OK)
            status = set_extent(&spec->config, mode, plain.len, spec->clear.len != 0);
    } else if (spec->config.mode == 13) {
        spec->config.encrypted = (uint8_t)(plain.len < 255 ? plain.len : 255);
    }
    if (status == WM_OK)
        status = wm_config_build(&spec->config, &config);
    if (status != WM_OK)
        return status;
    spec->tpl.config = (uint16_t)(fields[0] | fields[1] << 8);
    spec->tpl.payload = (struct wm_span){fields + 2, spec->tpl.header == WM_TPL_NONE ? 0 : config.len - 2};
    status = wm_tpl_build(&spec->tpl, &out);
    if (status == WM_OK)
        status = wm_config_parse(spec->tpl.config, spec->tpl.payload, &parsed);
    if (status != WM_OK && spec->tpl.header != WM_TPL_NONE)
        return status;
    if (out.cap - out.len < plain.len + spec->clear.len + (encrypts && mode->tag ? spec->config.tag_bytes : 0))
        return WM_FULL;
    if (encrypts) {
        uint8_t *at = out.data + out.len;
        input = (struct wm_mode_input){.config = &parsed,
                                       .meter = meter_of(spec),
                                       .acc = spec->tpl.acc,
                                       .to_meter = spec->to_meter,
                                       .counter = spec->counter,
                                       .aad = {out.data, out.len - parsed.header_bytes + parsed.authenticated_bytes},
                                       .date = spec->date};
        if (mode->tag && spec->clear.len) { /* the tag covers the clear text too; there is room, see above */
            uint8_t *all = sealer->plain + plain.len;
            memcpy(all, input.aad.data, input.aad.len);
            memcpy(all + input.aad.len, spec->clear.data, spec->clear.len);
            input.aad = (struct wm_span){all, input.aad.len + spec->clear.len};
        }
        status = wm_mode_seal(sealer->crypto, sealer->key.bytes, derived, &input, plain, at, at + plain.len + spec->clear.len);
        out.len += plain.len;
        wm_writer_bytes(&out, spec->clear);
        out.len += mode->tag ? parsed.tag_bytes : 0;
    } else {
        wm_writer_bytes(&out, plain);
        wm_writer_bytes(&out, spec->clear);
    }
    sealer->len = out.len;
    return status;
}

/* Bytes of a telegram in front of the AFL or TPL. */
static size_t link_bytes(const struct wm_seal_spec *spec)
{
    static const size_t ell_bytes[] = {3, 9, 11, 17}; /* 8C to 8F */

    return WM_L_MIN_A + 1 + (spec->has_ell ? ell_bytes[spec->ell.ci & 3] : 0);
}

static enum wm_status authenticate(struct wm_sealer *sealer, const struct wm_message_keys *derived)
{
    const struct wm_seal_spec *spec = &sealer->spec;
    struct wm_fragmenter *fragmenter = &sealer->fragmenter;
    size_t room = WM_TELEGRAM_MAX - link_bytes(spec);
    const struct wm_afl_mac_type *type = wm_afl_mac_type(spec->authentication_type);
    struct wm_span tpdu = {sealer->tpdu, sealer->len};
    struct wm_address meter = meter_of(spec);

    *fragmenter =
        (struct wm_fragmenter){.edition = spec->edition,
                               .fragment_bytes = spec->fragment_bytes && spec->fragment_bytes < room ? spec->fragment_bytes : room,
                               .message = {.ki = spec->key_info, .mcr = spec->counter, .payload = tpdu}};
    fragmenter->message.mcl = wm_fragmenter_mcl(fragmenter, spec->authentication_type, spec->has_mcr, spec->has_key_info);
    fragmenter->message.ml = (uint16_t)sealer->len;
    if (type->kind == WM_AFL_MAC_NONE)
        return WM_OK;
    fragmenter->message.mac = (struct wm_span){sealer->mac, type->bytes};
    return wm_afl_mac(sealer->crypto, spec->experimental,
                      !spec->has_key_info || (spec->key_info >> 4 & 3) == 1 ? derived->mac : sealer->key.bytes,
                      &fragmenter->message, &meter, spec->counter, tpdu, sealer->mac);
}

enum wm_status wm_seal(struct wm_sealer *sealer, const struct wm_seal_spec *spec, const struct wm_key *key)
{
    const struct wm_mode_traits *mode = wm_mode_traits(spec->config.mode);
    bool ell_encrypts = spec->has_ell && wm_ell_encryption(&spec->ell) == WM_ELL_ENC_AES_CTR;
    bool needs_key = ell_encrypts || (spec->has_afl && spec->authentication_type) ||
                     (spec->tpl.header != WM_TPL_NONE && mode->cipher != WM_CIPHER_NONE && (spec->apl.len || mode->tag));
    struct wm_message_keys derived = {0};
    enum wm_status status = WM_OK;

    sealer->done = true;
    if (needs_key && !key)
        return WM_NO_KEY;
    if (key && needs_key && key->des != (mode->cipher == WM_CIPHER_DES_CBC))
        return WM_INVALID;
    if (mode->experimental && !spec->experimental)
        return WM_UNSUPPORTED;
    sealer->spec = *spec;
    sealer->key = key ? *key : (struct wm_key){0};
    if (needs_key && !sealer->key.des)
        status = wm_kdf_a(sealer->crypto, sealer->key.bytes, spec->to_meter, spec->counter, meter_of(spec).id, &derived);
    if (status == WM_OK)
        status = build_tpdu(sealer, &derived);
    if (status == WM_OK && spec->has_afl)
        status = authenticate(sealer, &derived);
    wm_cleanse(&derived, sizeof derived);
    if (!ell_encrypts)
        wm_cleanse(&sealer->key, sizeof sealer->key);
    sealer->done = status != WM_OK;
    return status;
}

static enum wm_status wrap_ell(struct wm_sealer *sealer, struct wm_span payload, struct wm_writer *out)
{
    struct wm_seal_spec *spec = &sealer->spec;
    uint8_t sealed[WM_TELEGRAM_MAX + 2];
    enum wm_status status = WM_OK;

    if (!spec->has_ell) {
        wm_writer_bytes(out, payload);
        return out->failed ? WM_FULL : WM_OK;
    }
    spec->ell.payload = payload;
    spec->ell.payload_crc = 0;
    if (spec->ell.has_session) {
        if (payload.len > WM_TELEGRAM_MAX)
            return WM_FULL;
        if (wm_ell_encryption(&spec->ell) == WM_ELL_ENC_AES_CTR) {
            status = wm_ell_seal(sealer->crypto, &sealer->key, &spec->sender, &spec->ell, payload, sealed);
        } else {
            uint16_t crc = wm_crc16(payload);
            sealed[0] = (uint8_t)crc;
            sealed[1] = (uint8_t)(crc >> 8);
            memcpy(sealed + 2, payload.data, payload.len);
        }
        spec->ell.payload_crc = (uint16_t)(sealed[0] | sealed[1] << 8);
        spec->ell.payload = (struct wm_span){sealed + 2, payload.len};
    }
    return status == WM_OK ? wm_ell_build(&spec->ell, out) : status;
}

enum wm_status wm_seal_next(struct wm_sealer *sealer, struct wm_writer *telegram)
{
    uint8_t part[WM_TELEGRAM_MAX], layers[WM_TELEGRAM_MAX];
    struct wm_writer out = wm_writer_of(part, sizeof part), link = wm_writer_of(layers, sizeof layers);
    struct wm_dll dll = {.c = sealer->spec.c, .address = sealer->spec.sender};
    struct wm_span payload = {sealer->tpdu, sealer->len};
    enum wm_status status;

    if (sealer->done)
        return WM_END;
    if (sealer->spec.has_afl) {
        status = wm_fragmenter_next(&sealer->fragmenter, &out);
        if (status != WM_OK) {
            sealer->done = true;
            return status;
        }
        payload = wm_writer_span(&out);
        sealer->done = sealer->fragmenter.done;
    } else {
        sealer->done = true;
    }
    status = wrap_ell(sealer, payload, &link);
    dll.payload = wm_writer_span(&link);
    return status == WM_OK ? wm_dll_build(&dll, telegram) : status;
}
