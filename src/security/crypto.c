/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/crypto.h"

#include "security/secret_memory.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* Fetching an algorithm walks OpenSSL's providers under a lock and costs more than decrypting a telegram: each context is bound to
 * its cipher once, and gets keys afterwards. Four more things cost as much as a telegram's blocks, and are done without:
 *   - an IV: the CBC contexts keep the zero IV they were made with (a new key resets them to it), and the IV is added to the first
 *     block here, which by the definition of CBC is the same;
 *   - the flag for "no padding", which is set again with each key: EVP_Cipher works on whole blocks without it;
 *   - the same key once more: one meter's telegrams, or a fleet's with one key, come one after the other;
 *   - EVP_MAC and CCM contexts, which take parameters by name: CMAC, the KDF and CCM are put together from the AES contexts.
 */
struct wm_crypto {
    struct cbc_state *cbc; /* of cbc_decrypt */
    EVP_CIPHER_CTX *cbc_decrypt, *cbc_encrypt;
    EVP_CIPHER_CTX *ecb; /* encrypts; for the KDF and CCM's counter */
    EVP_CIPHER_CTX *ctr;
    EVP_CIPHER_CTX *gcm_open, *gcm_seal;
    EVP_CIPHER_CTX *des_open, *des_seal;
    EVP_CIPHER *wrap;
    EVP_CIPHER_CTX *wrap_ctx;
};

/* What a context that decrypts was left with. It is kept where keys are: out of dumps, wiped when freed. */
struct cbc_state {
    bool has_key;
    uint8_t key[WM_AES_BYTES];
    uint8_t chain[WM_AES_BYTES]; /* the last block it took, which it adds to the next one's */
};

static const uint8_t zeros[32];

static EVP_CIPHER_CTX *bind_cipher(const char *name, int encrypt, bool with_key)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (!cipher || !ctx || !EVP_CipherInit_ex2(ctx, cipher, with_key ? zeros : NULL, with_key ? zeros : NULL, encrypt, NULL)) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_CIPHER_free(cipher);
    return ctx;
}

enum wm_status wm_crypto_create(struct wm_crypto **crypto)
{
    struct wm_crypto *made = calloc(1, sizeof *made);

    if (!made)
        return WM_NO_MEMORY;
    made->cbc = wm_secret_piece(sizeof *made->cbc);
    if (made->cbc)
        made->cbc->has_key = false;
    made->cbc_decrypt = bind_cipher("AES-128-CBC", 0, true);
    made->cbc_encrypt = bind_cipher("AES-128-CBC", 1, true);
    made->ecb = bind_cipher("AES-128-ECB", 1, true);
    made->ctr = bind_cipher("AES-128-CTR", 1, true);
    made->gcm_open = bind_cipher("AES-128-GCM", 0, false);
    made->gcm_seal = bind_cipher("AES-128-GCM", 1, false);
    made->des_open = bind_cipher("DES-EDE3-CBC", 0, true);
    made->des_seal = bind_cipher("DES-EDE3-CBC", 1, true);
    made->wrap = EVP_CIPHER_fetch(NULL, "AES-128-WRAP", NULL);
    made->wrap_ctx = EVP_CIPHER_CTX_new();
    if (!made->cbc || !made->cbc_decrypt || !made->cbc_encrypt || !made->ecb || !made->ctr || !made->gcm_open || !made->gcm_seal ||
        !made->des_open || !made->des_seal || !made->wrap || !made->wrap_ctx) {
        wm_crypto_destroy(made);
        return WM_UNSUPPORTED;
    }
    *crypto = made;
    return WM_OK;
}

void wm_crypto_destroy(struct wm_crypto *crypto)
{
    if (!crypto)
        return;
    wm_secret_piece_free(crypto->cbc);
    EVP_CIPHER_CTX_free(crypto->cbc_decrypt); /* OpenSSL wipes the key schedule */
    EVP_CIPHER_CTX_free(crypto->cbc_encrypt);
    EVP_CIPHER_CTX_free(crypto->ecb);
    EVP_CIPHER_CTX_free(crypto->ctr);
    EVP_CIPHER_CTX_free(crypto->gcm_open);
    EVP_CIPHER_CTX_free(crypto->gcm_seal);
    EVP_CIPHER_CTX_free(crypto->des_open);
    EVP_CIPHER_CTX_free(crypto->des_seal);
    EVP_CIPHER_CTX_free(crypto->wrap_ctx);
    EVP_CIPHER_free(crypto->wrap);
    free(crypto);
}

/* Whole blocks, or any bytes for CTR; goes on where the last call ended. */
static enum wm_status run(EVP_CIPHER_CTX *ctx, struct wm_span in, uint8_t *out)
{
    return in.len == 0 || EVP_Cipher(ctx, out, in.data, (unsigned)in.len) > 0 ? WM_OK : WM_UNSUPPORTED;
}

/* A new key; the chain begins at the zero IV. */
static bool set_key(EVP_CIPHER_CTX *ctx, const uint8_t *key)
{
    return EVP_CipherInit_ex2(ctx, NULL, key, NULL, -1, NULL); /* -1: the direction stays */
}

static void xor_bytes(uint8_t *bytes, const uint8_t *with, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] ^= with[i];
}

static void xor_block(uint8_t *block, const uint8_t *with)
{
    xor_bytes(block, with, WM_AES_BYTES);
}

static enum wm_status cbc_decrypt(EVP_CIPHER_CTX *ctx, size_t block, const uint8_t *key, const uint8_t *iv, struct wm_span in,
                                  uint8_t *out)
{
    enum wm_status status;

    if (in.len % block || in.len > INT32_MAX)
        return WM_INVALID;
    status = set_key(ctx, key) ? run(ctx, in, out) : WM_UNSUPPORTED;
    if (status == WM_OK && in.len)
        xor_bytes(out, iv, block);
    return status;
}

static enum wm_status cbc_encrypt(EVP_CIPHER_CTX *ctx, size_t block, const uint8_t *key, const uint8_t *iv, struct wm_span in,
                                  uint8_t *out)
{
    uint8_t first[WM_AES_BYTES];
    enum wm_status status;

    if (in.len % block || in.len > INT32_MAX)
        return WM_INVALID;
    if (!set_key(ctx, key))
        return WM_UNSUPPORTED;
    if (in.len == 0)
        return WM_OK;
    memcpy(first, in.data, block);
    xor_bytes(first, iv, block);
    status = run(ctx, (struct wm_span){first, block}, out);
    return status == WM_OK ? run(ctx, wm_span_sub(in, block, in.len), out + block) : status;
}

enum wm_status wm_crypto_cbc_decrypt(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const uint8_t iv[WM_AES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    struct cbc_state *state = crypto->cbc;
    uint8_t chain[WM_AES_BYTES], last[WM_AES_BYTES];
    enum wm_status status;

    if (in.len % WM_AES_BYTES || in.len > INT32_MAX)
        return WM_INVALID;
    if (in.len == 0)
        return WM_OK;
    if (!state->has_key || !wm_equal_secret(state->key, key, WM_AES_BYTES)) {
        state->has_key = false;
        if (!set_key(crypto->cbc_decrypt, key))
            return WM_UNSUPPORTED;
        memcpy(state->key, key, WM_AES_BYTES);
        memset(state->chain, 0, WM_AES_BYTES);
    }
    memcpy(chain, state->chain, WM_AES_BYTES);
    memcpy(last, in.data + in.len - WM_AES_BYTES, WM_AES_BYTES); /* out may be where in is */
    status = run(crypto->cbc_decrypt, in, out);
    state->has_key = status == WM_OK;
    if (status != WM_OK)
        return status;
    memcpy(state->chain, last, WM_AES_BYTES);
    xor_block(out, chain); /* what the context added is taken off, and the IV added */
    xor_block(out, iv);
    return WM_OK;
}

enum wm_status wm_crypto_cbc_encrypt(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const uint8_t iv[WM_AES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    return cbc_encrypt(crypto->cbc_encrypt, WM_AES_BYTES, key, iv, in, out);
}

enum wm_status wm_crypto_ctr(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const uint8_t counter[WM_AES_BYTES],
                             struct wm_span in, uint8_t *out)
{
    if (in.len > INT32_MAX)
        return WM_INVALID;
    return EVP_CipherInit_ex2(crypto->ctr, NULL, key, counter, -1, NULL) ? run(crypto->ctr, in, out) : WM_UNSUPPORTED;
}

/* RFC 4493 clause 2.3: multiplication by x in GF(2^128). */
static void double_block(const uint8_t in[WM_AES_BYTES], uint8_t out[WM_AES_BYTES])
{
    uint8_t carry = in[0] >> 7;

    for (int i = 0; i < WM_AES_BYTES; i++)
        out[i] = (uint8_t)(in[i] << 1 | (i + 1 < WM_AES_BYTES ? in[i + 1] >> 7 : 0));
    out[WM_AES_BYTES - 1] ^= (uint8_t)(0x87 & -carry);
}

/* The chain of CBC encryption with IV zero is CMAC's, but the first block through it is the zero block that gives L; the chain then
 * stands at L instead of zero, which the message's first block makes good. */
enum wm_status wm_crypto_cmac(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_span *parts,
                              size_t part_count, uint8_t mac[WM_AES_BYTES])
{
    uint8_t l[WM_AES_BYTES], k1[WM_AES_BYTES], k2[WM_AES_BYTES], pool[32 * WM_AES_BYTES], scratch[sizeof pool];
    size_t have = 0;
    bool first = true;
    enum wm_status status =
        set_key(crypto->cbc_encrypt, key) ? run(crypto->cbc_encrypt, (struct wm_span){zeros, WM_AES_BYTES}, l) : WM_UNSUPPORTED;

    for (size_t i = 0; i < part_count && status == WM_OK; i++) {
        struct wm_span part = parts[i];
        while (part.len && status == WM_OK) {
            if (have == sizeof pool) { /* full, and more comes: the last block is not in it */
                if (first)
                    xor_block(pool, l);
                first = false;
                status = run(crypto->cbc_encrypt, (struct wm_span){pool, have}, scratch);
                have = 0;
            }
            size_t n = part.len < sizeof pool - have ? part.len : sizeof pool - have;
            memcpy(pool + have, part.data, n);
            have += n;
            part = wm_span_sub(part, n, part.len);
        }
    }
    if (status != WM_OK)
        return status;
    double_block(l, k1);
    size_t last = have ? (have - 1) / WM_AES_BYTES * WM_AES_BYTES : 0;
    if (have == last + WM_AES_BYTES) {
        xor_block(pool + last, k1);
    } else {
        double_block(k1, k2);
        memset(pool + have, 0, last + WM_AES_BYTES - have);
        pool[have] = 0x80;
        xor_block(pool + last, k2);
    }
    if (first)
        xor_block(pool, l);
    status = run(crypto->cbc_encrypt, (struct wm_span){pool, last + WM_AES_BYTES}, scratch);
    memcpy(mac, scratch + last, WM_AES_BYTES);
    return status;
}

enum wm_status wm_crypto_cmac_blocks(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], size_t count,
                                     const uint8_t blocks[][WM_AES_BYTES], uint8_t macs[][WM_AES_BYTES])
{
    uint8_t k1[WM_AES_BYTES], masked[2 * WM_AES_BYTES];
    enum wm_status status;

    if (count > 2)
        return WM_INVALID;
    status = set_key(crypto->ecb, key) ? run(crypto->ecb, (struct wm_span){zeros, WM_AES_BYTES}, k1) : WM_UNSUPPORTED;
    if (status != WM_OK)
        return status;
    double_block(k1, k1);
    for (size_t i = 0; i < count; i++) {
        memcpy(masked + i * WM_AES_BYTES, blocks[i], WM_AES_BYTES);
        xor_block(masked + i * WM_AES_BYTES, k1);
    }
    return run(crypto->ecb, (struct wm_span){masked, count * WM_AES_BYTES}, macs[0]);
}

/* CCM, RFC 3610 clause 2 (NIST SP 800-38C), put together from single AES blocks for its MAC and many at once for its key stream: a
 * second context for the MAC's chain would take the key a second time, which costs more than the chain of a telegram. */
struct ccm {
    struct wm_crypto *crypto;
    const struct wm_aead *how;
    uint8_t mac[WM_AES_BYTES];
};

#define CCM_CHUNK 512 /* whole blocks */

/* L' and the nonce with a 15 - N byte number behind it: A_i of clause 2.3 and, with other flags, B_0 of clause 2.2. */
static void ccm_block(const struct ccm *ccm, uint8_t flags, uint32_t number, uint8_t block[WM_AES_BYTES])
{
    size_t n = ccm->how->nonce.len;

    memset(block, 0, WM_AES_BYTES);
    block[0] = (uint8_t)(flags | (14 - n));
    memcpy(block + 1, ccm->how->nonce.data, n);
    for (size_t i = 0; i < 4 && i < 15 - n; i++)
        block[15 - i] = (uint8_t)(number >> 8 * i);
}

/* Some bytes into the MAC, filled with zeros to whole blocks. */
static enum wm_status ccm_mac(struct ccm *ccm, struct wm_span in)
{
    enum wm_status status = WM_OK;

    for (size_t at = 0; at < in.len && status == WM_OK; at += WM_AES_BYTES) {
        xor_bytes(ccm->mac, in.data + at, in.len - at < WM_AES_BYTES ? in.len - at : WM_AES_BYTES);
        status = run(ccm->crypto->ecb, (struct wm_span){ccm->mac, WM_AES_BYTES}, ccm->mac);
    }
    return status;
}

/* The blocks in front of the message: B_0, then the length of the additional data and these. */
static enum wm_status ccm_begin(struct ccm *ccm, const uint8_t *key, size_t message_len)
{
    const struct wm_aead *how = ccm->how;
    uint8_t first[4 * WM_AES_BYTES];
    size_t len = WM_AES_BYTES, room = sizeof first - WM_AES_BYTES - 2, n = how->aad.len < room ? how->aad.len : room;
    enum wm_status status;

    if (!set_key(ccm->crypto->ecb, key))
        return WM_UNSUPPORTED;
    ccm_block(ccm, (uint8_t)((how->aad.len ? 0x40 : 0) | (how->tag_len - 2) / 2 << 3), (uint32_t)message_len, first);
    if (how->aad.len) {
        first[len++] = (uint8_t)(how->aad.len >> 8);
        first[len++] = (uint8_t)how->aad.len;
        memcpy(first + len, how->aad.data, n);
        len += n;
    }
    status = ccm_mac(ccm, (struct wm_span){first, len});
    return status == WM_OK ? ccm_mac(ccm, wm_span_sub(how->aad, n, how->aad.len)) : status;
}

/* Key stream from counter `number` on. */
static enum wm_status ccm_stream(struct ccm *ccm, uint32_t number, size_t blocks, uint8_t *stream)
{
    for (size_t i = 0; i < blocks; i++)
        ccm_block(ccm, 0, number++, stream + i * WM_AES_BYTES);
    return run(ccm->crypto->ecb, (struct wm_span){stream, blocks * WM_AES_BYTES}, stream);
}

static enum wm_status ccm(struct ccm *ccm, bool seal, const uint8_t *key, struct wm_span in, uint8_t *out, uint8_t *tag)
{
    const struct wm_aead *how = ccm->how;
    uint8_t stream[WM_AES_BYTES + CCM_CHUNK]; /* first S_0, which encrypts the tag */
    size_t done = 0;
    enum wm_status status;

    if (how->nonce.len < 7 || how->nonce.len > 13 || how->tag_len < 4 || how->tag_len > 16 || how->tag_len % 2 ||
        how->aad.len >= 0xFF00 || in.len > 0xFFFF)
        return WM_INVALID;
    status = ccm_begin(ccm, key, in.len);
    do {
        struct wm_span part = wm_span_sub(in, done, CCM_CHUNK);
        size_t blocks = (part.len + WM_AES_BYTES - 1) / WM_AES_BYTES;
        if (status == WM_OK)
            status = done ? ccm_stream(ccm, (uint32_t)(1 + done / WM_AES_BYTES), blocks, stream + WM_AES_BYTES)
                          : ccm_stream(ccm, 0, 1 + blocks, stream);
        if (seal && status == WM_OK)
            status = ccm_mac(ccm, part);
        for (size_t i = 0; i < part.len && status == WM_OK; i++)
            out[done + i] = part.data[i] ^ stream[WM_AES_BYTES + i];
        if (!seal && status == WM_OK)
            status = ccm_mac(ccm, (struct wm_span){out + done, part.len});
        done += part.len;
    } while (done < in.len && status == WM_OK);
    for (size_t i = 0; i < how->tag_len && status == WM_OK; i++)
        tag[i] = ccm->mac[i] ^ stream[i];
    return status;
}

enum wm_status wm_crypto_ccm_open(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                  struct wm_span in, const uint8_t *tag, uint8_t *out)
{
    struct ccm work = {.crypto = crypto, .how = aead};
    uint8_t expected[WM_AES_BYTES];
    enum wm_status status = ccm(&work, false, key, in, out, expected);

    return status == WM_OK && !wm_equal_secret(expected, tag, aead->tag_len) ? WM_INTEGRITY : status;
}

enum wm_status wm_crypto_ccm_seal(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                  struct wm_span in, uint8_t *out, uint8_t *tag)
{
    struct ccm work = {.crypto = crypto, .how = aead};

    return ccm(&work, true, key, in, out, tag);
}

/* The tag is read when opening, written when sealing. */
static enum wm_status gcm(EVP_CIPHER_CTX *ctx, bool seal, const uint8_t *key, const struct wm_aead *how, struct wm_span in,
                          uint8_t *out, uint8_t *tag)
{
    uint8_t none[WM_AES_BYTES];
    int len = 0;

    if (in.len > INT32_MAX || how->aad.len > INT32_MAX || how->tag_len < 4 || how->tag_len > 16 || how->nonce.len != 12)
        return WM_INVALID;
    if (!EVP_CipherInit_ex2(ctx, NULL, key, how->nonce.data, -1, NULL))
        return WM_UNSUPPORTED;
    if (!seal && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)how->tag_len, tag) <= 0)
        return WM_UNSUPPORTED;
    if (how->aad.len && !EVP_CipherUpdate(ctx, NULL, &len, how->aad.data, (int)how->aad.len))
        return WM_UNSUPPORTED;
    if (in.len && !EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len))
        return WM_UNSUPPORTED;
    if (EVP_CipherFinal_ex(ctx, none, &len) <= 0)
        return seal ? WM_UNSUPPORTED : WM_INTEGRITY;
    return !seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)how->tag_len, tag) > 0 ? WM_OK : WM_UNSUPPORTED;
}

enum wm_status wm_crypto_gcm_open(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                  struct wm_span in, const uint8_t *tag, uint8_t *out)
{
    uint8_t copy[WM_AES_BYTES] = {0}; /* EVP's one call for both directions wants it writable */

    if (aead->tag_len > sizeof copy)
        return WM_INVALID;
    memcpy(copy, tag, aead->tag_len);
    return gcm(crypto->gcm_open, false, key, aead, in, out, copy);
}

enum wm_status wm_crypto_gcm_seal(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *how,
                                  struct wm_span in, uint8_t *out, uint8_t *tag)
{
    return gcm(crypto->gcm_seal, true, key, how, in, out, tag);
}

enum wm_status wm_crypto_gmac(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], struct wm_span nonce,
                              const struct wm_span *parts, size_t part_count, size_t mac_len, uint8_t *mac)
{
    EVP_CIPHER_CTX *ctx = crypto->gcm_seal;
    uint8_t none[WM_AES_BYTES];
    int len = 0;

    if (nonce.len != 12 || mac_len < 4 || mac_len > 16)
        return WM_INVALID;
    if (!EVP_CipherInit_ex2(ctx, NULL, key, nonce.data, -1, NULL))
        return WM_UNSUPPORTED;
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].len > INT32_MAX)
            return WM_INVALID;
        if (parts[i].len && !EVP_CipherUpdate(ctx, NULL, &len, parts[i].data, (int)parts[i].len))
            return WM_UNSUPPORTED;
    }
    if (EVP_CipherFinal_ex(ctx, none, &len) <= 0)
        return WM_UNSUPPORTED;
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)mac_len, mac) > 0 ? WM_OK : WM_UNSUPPORTED;
}

static void triple(const uint8_t key[WM_DES_BYTES], uint8_t three[3 * WM_DES_BYTES])
{
    for (int i = 0; i < 3; i++)
        memcpy(three + i * WM_DES_BYTES, key, WM_DES_BYTES);
}

enum wm_status wm_crypto_des_decrypt(struct wm_crypto *crypto, const uint8_t key[WM_DES_BYTES], const uint8_t iv[WM_DES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    uint8_t three[3 * WM_DES_BYTES];
    enum wm_status status;

    triple(key, three);
    status = cbc_decrypt(crypto->des_open, WM_DES_BYTES, three, iv, in, out);
    wm_cleanse(three, sizeof three);
    return status;
}

enum wm_status wm_crypto_des_encrypt(struct wm_crypto *crypto, const uint8_t key[WM_DES_BYTES], const uint8_t iv[WM_DES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    uint8_t three[3 * WM_DES_BYTES];
    enum wm_status status;

    triple(key, three);
    status = cbc_encrypt(crypto->des_seal, WM_DES_BYTES, three, iv, in, out);
    wm_cleanse(three, sizeof three);
    return status;
}

static enum wm_status run_wrap(struct wm_crypto *crypto, const uint8_t *key, int wrap, struct wm_span in, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = crypto->wrap_ctx;
    size_t expected = wrap ? in.len + 8 : in.len - 8;
    int len = 0;

    EVP_CIPHER_CTX_reset(ctx);
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (!EVP_CipherInit_ex2(ctx, crypto->wrap, key, NULL, wrap, NULL))
        return WM_UNSUPPORTED;
    if (!EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len) || (size_t)len != expected)
        return wrap ? WM_UNSUPPORTED : WM_INTEGRITY;
    return WM_OK;
}

enum wm_status wm_crypto_wrap(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], struct wm_span in, uint8_t *out)
{
    return in.len < 16 || in.len % 8 || in.len > INT32_MAX ? WM_INVALID : run_wrap(crypto, key, 1, in, out);
}

enum wm_status wm_crypto_unwrap(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], struct wm_span in, uint8_t *out)
{
    return in.len < 24 || in.len % 8 || in.len > INT32_MAX ? WM_INVALID : run_wrap(crypto, key, 0, in, out);
}

bool wm_equal_secret(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void wm_cleanse(void *memory, size_t len)
{
    OPENSSL_cleanse(memory, len);
}

static void *piece_alloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return wm_secret_piece(len);
}

static void *piece_resize(void *piece, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return wm_secret_piece_resize(piece, len);
}

static void piece_free(void *piece, const char *file, int line)
{
    (void)file;
    (void)line;
    wm_secret_piece_free(piece);
}

enum wm_status wm_crypto_keep_out_of_dumps(void)
{
    return CRYPTO_set_mem_functions(piece_alloc, piece_resize, piece_free) ? WM_OK : WM_INVALID;
}
