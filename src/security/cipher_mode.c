/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/cipher_mode.h"

#include "security/mode5.h"

#include <string.h>

/* Initialisation vectors and nonces:
 *   ZERO      modes 2, 4, 7: clauses 7.7.3, 9.4.3; a new key for each message makes it safe in mode 7 only
 *   DATE      mode 3: M(2) ID(4) and the date, type G (recalled - verify)
 *   ACCESS    mode 5: M(2) ID(4) version type, eight times the access number
 *   COUNTER   modes 8 to 10: M(2) ID(4) version type, then the message counter, most significant byte first. Mode 10 (measured on
 *             public telegrams): a zero byte between them, 13 bytes. Modes 8 and 9 are this project's reading: mode 9 (GCM) the 12
 *             bytes without the zero; mode 8 (CTR) the same 12 bytes and a block counter from 0.
 * Mode 8's tag, the same reading: AES-CMAC with Kmac over the additional data and the cipher text, as encrypt-then-MAC. */
enum iv { IV_ZERO, IV_DATE, IV_ACCESS, IV_COUNTER };

#define WEAK_DES "DES is weak: its 56-bit keys can be searched, so it proves nothing"
#define WEAK_4   "security mode 4 is deprecated: the IV is zero and the key always the same"

static const struct wm_mode_traits traits[32] = {
    [2] = {WM_CIPHER_DES_CBC, IV_ZERO, false, true, false, false, false, WEAK_DES},
    [3] = {WM_CIPHER_DES_CBC, IV_DATE, true, true, false, false, false, WEAK_DES},
    [4] = {WM_CIPHER_AES_CBC, IV_ZERO, false, true, false, false, false, WEAK_4},
    [5] = {WM_CIPHER_AES_CBC, IV_ACCESS, true, true, false, false, false, NULL},
    [7] = {WM_CIPHER_AES_CBC, IV_ZERO, false, true, true, false, false, NULL},
    [8] = {WM_CIPHER_AES_CTR_CMAC, IV_COUNTER, false, false, true, true, true, NULL},
    [9] = {WM_CIPHER_AES_GCM, IV_COUNTER, false, false, true, true, true, NULL},
    [10] = {WM_CIPHER_AES_CCM, IV_COUNTER, false, false, true, true, false, NULL},
};

const struct wm_mode_traits *wm_mode_traits(unsigned mode)
{
    return &traits[mode & 31];
}

enum wm_status wm_mode_extent(const struct wm_config *config, size_t body, struct wm_extent *extent)
{
    const struct wm_mode_traits *mode = wm_mode_traits(config->mode);
    enum wm_status status = WM_OK;
    size_t room = body;

    *extent = (struct wm_extent){0};
    if (mode->cipher == WM_CIPHER_NONE) {
        extent->clear = body;
        return WM_OK;
    }
    if (mode->tag) {
        if (body < config->tag_bytes)
            return WM_TOO_SHORT;
        extent->tag = config->tag_bytes;
        room -= extent->tag;
    }
    if (config->unit == WM_ENCRYPTED_BLOCKS) {
        status = config->encrypted ? wm_mode5_extent(config->encrypted, room, &extent->cipher) : WM_OK;
    } else if (config->to_end) {
        extent->cipher = room;
    } else {
        extent->cipher = config->encrypted;
        if (extent->cipher > room) {
            extent->cipher = room;
            status = WM_TOO_SHORT;
        }
        if (mode->cipher == WM_CIPHER_DES_CBC && extent->cipher % WM_DES_BYTES) { /* no whole blocks: the rest cannot be opened */
            extent->cipher -= extent->cipher % WM_DES_BYTES;
            status = WM_TOO_SHORT;
        }
    }
    extent->clear = room - extent->cipher;
    return status;
}

static void write_u32be(struct wm_writer *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        wm_writer_u8(out, (uint8_t)(value >> shift));
}

/* The nonce or IV of the mode, zero-filled to 16 bytes; returns the bytes it has. */
static size_t make_iv(const struct wm_mode_input *input, uint8_t iv[WM_AES_BYTES])
{
    const struct wm_mode_traits *mode = wm_mode_traits(input->config->mode);
    struct wm_writer out = wm_writer_of(iv, WM_AES_BYTES);

    memset(iv, 0, WM_AES_BYTES);
    switch ((enum iv)mode->iv) {
    case IV_ZERO:
        break;
    case IV_DATE:
        wm_writer_u16le(&out, input->meter.manufacturer);
        wm_writer_u32le(&out, input->meter.id);
        wm_writer_u16le(&out, input->date);
        break;
    case IV_ACCESS:
        wm_address_write(&out, &input->meter);
        memset(iv + out.len, input->acc, WM_AES_BYTES - out.len);
        break;
    case IV_COUNTER:
        wm_address_write(&out, &input->meter);
        if (mode->cipher == WM_CIPHER_AES_CCM)
            wm_writer_u8(&out, 0);
        write_u32be(&out, input->counter);
        break;
    }
    return out.len;
}

/* Mode 8: encrypt-then-MAC with two derived keys. */
static enum wm_status cmac_tag(struct wm_crypto *crypto, const struct wm_message_keys *derived, const struct wm_mode_input *input,
                               struct wm_span cipher, uint8_t tag[WM_AES_BYTES])
{
    const struct wm_span parts[] = {input->aad, cipher};

    return wm_crypto_cmac(crypto, derived->mac, parts, 2, tag);
}

enum wm_status wm_mode_open(struct wm_crypto *crypto, const uint8_t *key, const struct wm_message_keys *derived,
                            const struct wm_mode_input *input, struct wm_span cipher, const uint8_t *tag, uint8_t *out,
                            bool *unproven)
{
    const struct wm_mode_traits *mode = wm_mode_traits(input->config->mode);
    uint8_t iv[WM_AES_BYTES], expected[WM_AES_BYTES];
    struct wm_aead aead = {{iv, make_iv(input, iv)}, input->aad, input->config->tag_bytes};
    const uint8_t *use = mode->ephemeral && input->config->kdf == 1 ? derived->encryption : key;
    enum wm_status status = WM_UNSUPPORTED;

    if (mode->cipher == WM_CIPHER_AES_CTR_CMAC && input->config->kdf != 1) /* it takes two keys */
        return WM_UNSUPPORTED;
    switch (mode->cipher) {
    case WM_CIPHER_NONE:
        return WM_UNSUPPORTED;
    case WM_CIPHER_DES_CBC:
        status = wm_crypto_des_decrypt(crypto, key, iv, cipher, out);
        break;
    case WM_CIPHER_AES_CBC:
        status = wm_crypto_cbc_decrypt(crypto, use, iv, cipher, out);
        break;
    case WM_CIPHER_AES_CCM:
        return wm_crypto_ccm_open(crypto, use, &aead, cipher, tag, out);
    case WM_CIPHER_AES_GCM:
        return wm_crypto_gcm_open(crypto, use, &aead, cipher, tag, out);
    case WM_CIPHER_AES_CTR_CMAC:
        status = cmac_tag(crypto, derived, input, cipher, expected);
        if (status == WM_OK && !wm_equal_secret(expected, tag, input->config->tag_bytes))
            return WM_INTEGRITY;
        return status == WM_OK ? wm_crypto_ctr(crypto, use, iv, cipher, out) : status;
    }
    if (status != WM_OK || wm_has_check_bytes((struct wm_span){out, cipher.len}))
        return status;
    if (!unproven)
        return WM_INTEGRITY;
    *unproven = true;
    return WM_OK;
}

enum wm_status wm_mode_seal(struct wm_crypto *crypto, const uint8_t *key, const struct wm_message_keys *derived,
                            const struct wm_mode_input *input, struct wm_span plain, uint8_t *out, uint8_t *tag)
{
    const struct wm_mode_traits *mode = wm_mode_traits(input->config->mode);
    uint8_t iv[WM_AES_BYTES], full[WM_AES_BYTES];
    struct wm_aead aead = {{iv, make_iv(input, iv)}, input->aad, input->config->tag_bytes};
    const uint8_t *use = mode->ephemeral && input->config->kdf == 1 ? derived->encryption : key;
    enum wm_status status;

    if (mode->cipher == WM_CIPHER_AES_CTR_CMAC && input->config->kdf != 1)
        return WM_UNSUPPORTED;
    switch (mode->cipher) {
    case WM_CIPHER_NONE:
        break;
    case WM_CIPHER_DES_CBC:
        return wm_crypto_des_encrypt(crypto, key, iv, plain, out);
    case WM_CIPHER_AES_CBC:
        return wm_crypto_cbc_encrypt(crypto, use, iv, plain, out);
    case WM_CIPHER_AES_CCM:
        return wm_crypto_ccm_seal(crypto, use, &aead, plain, out, tag);
    case WM_CIPHER_AES_GCM:
        return wm_crypto_gcm_seal(crypto, use, &aead, plain, out, tag);
    case WM_CIPHER_AES_CTR_CMAC:
        status = wm_crypto_ctr(crypto, use, iv, plain, out);
        if (status == WM_OK)
            status = cmac_tag(crypto, derived, input, (struct wm_span){out, plain.len}, full);
        if (status == WM_OK)
            memcpy(tag, full, input->config->tag_bytes);
        return status;
    }
    return WM_UNSUPPORTED;
}
