/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/crypto.h"

#include "security/secret_memory.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* Fetching an algorithm walks OpenSSL's providers under a lock and costs more than decrypting a telegram: each context is bound to
 * its cipher once, and later initialised with a key and an IV alone. CMAC and the KDF are built from the AES context here, because
 * EVP_MAC_init costs several times what the telegram's blocks do. */
struct wm_crypto {
    EVP_CIPHER_CTX *cbc_decrypt, *cbc_encrypt;
    EVP_CIPHER_CTX *ecb; /* encrypts; for the KDF */
    EVP_CIPHER_CTX *ctr;
    EVP_CIPHER_CTX *ccm_open, *ccm_seal, *gcm_open, *gcm_seal;
    EVP_CIPHER_CTX *des_open, *des_seal;
    EVP_CIPHER *wrap;
    EVP_CIPHER_CTX *wrap_ctx;
};

static const uint8_t zeros[32];

static EVP_CIPHER_CTX *bind_cipher(const char *name, int encrypt, bool with_key)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (!cipher || !ctx || !EVP_CipherInit_ex2(ctx, cipher, with_key ? zeros : NULL, with_key ? zeros : NULL, encrypt, NULL) ||
        !EVP_CIPHER_CTX_set_padding(ctx, 0)) {
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
    made->cbc_decrypt = bind_cipher("AES-128-CBC", 0, true);
    made->cbc_encrypt = bind_cipher("AES-128-CBC", 1, true);
    made->ecb = bind_cipher("AES-128-ECB", 1, true);
    made->ctr = bind_cipher("AES-128-CTR", 1, true);
    made->ccm_open = bind_cipher("AES-128-CCM", 0, false);
    made->ccm_seal = bind_cipher("AES-128-CCM", 1, false);
    made->gcm_open = bind_cipher("AES-128-GCM", 0, false);
    made->gcm_seal = bind_cipher("AES-128-GCM", 1, false);
    made->des_open = bind_cipher("DES-EDE3-CBC", 0, false);
    made->des_seal = bind_cipher("DES-EDE3-CBC", 1, false);
    made->wrap = EVP_CIPHER_fetch(NULL, "AES-128-WRAP", NULL);
    made->wrap_ctx = EVP_CIPHER_CTX_new();
    if (!made->cbc_decrypt || !made->cbc_encrypt || !made->ecb || !made->ctr || !made->ccm_open || !made->ccm_seal ||
        !made->gcm_open || !made->gcm_seal || !made->des_open || !made->des_seal || !made->wrap || !made->wrap_ctx) {
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
    EVP_CIPHER_CTX_free(crypto->cbc_decrypt); /* OpenSSL wipes the key schedule */
    EVP_CIPHER_CTX_free(crypto->cbc_encrypt);
    EVP_CIPHER_CTX_free(crypto->ecb);
    EVP_CIPHER_CTX_free(crypto->ctr);
    EVP_CIPHER_CTX_free(crypto->ccm_open);
    EVP_CIPHER_CTX_free(crypto->ccm_seal);
    EVP_CIPHER_CTX_free(crypto->gcm_open);
    EVP_CIPHER_CTX_free(crypto->gcm_seal);
    EVP_CIPHER_CTX_free(crypto->des_open);
    EVP_CIPHER_CTX_free(crypto->des_seal);
    EVP_CIPHER_CTX_free(crypto->wrap_ctx);
    EVP_CIPHER_free(crypto->wrap);
    free(crypto);
}

static enum wm_status update(EVP_CIPHER_CTX *ctx, struct wm_span in, uint8_t *out)
{
    int len = 0;

    if (in.len == 0)
        return WM_OK;
    return EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len) && (size_t)len == in.len ? WM_OK : WM_UNSUPPORTED;
}

static enum wm_status run_cipher(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t *iv, struct wm_span in, uint8_t *out)
{
    if (in.len > INT32_MAX)
        return WM_INVALID;
    if (!EVP_CipherInit_ex2(ctx, NULL, key, iv, -1, NULL)) /* -1: the direction stays */
        return WM_UNSUPPORTED;
    return update(ctx, in, out);
}

enum wm_status wm_crypto_cbc_decrypt(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const uint8_t iv[WM_AES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    return in.len % WM_AES_BYTES ? WM_INVALID : run_cipher(crypto->cbc_decrypt, key, iv, in, out);
}

enum wm_status wm_crypto_cbc_encrypt(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const uint8_t iv[WM_AES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    return in.len % WM_AES_BYTES ? WM_INVALID : run_cipher(crypto->cbc_encrypt, key, iv, in, out);
}

enum wm_status wm_crypto_ctr(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const uint8_t counter[WM_AES_BYTES],
                             struct wm_span in, uint8_t *out)
{
    return run_cipher(crypto->ctr, key, counter, in, out);
}

static void xor_block(uint8_t *block, const uint8_t *with)
{
    for (int i = 0; i < WM_AES_BYTES; i++)
        block[i] ^= with[i];
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
    enum wm_status status = run_cipher(crypto->cbc_encrypt, key, zeros, (struct wm_span){zeros, WM_AES_BYTES}, l);

    for (size_t i = 0; i < part_count && status == WM_OK; i++) {
        struct wm_span part = parts[i];
        while (part.len && status == WM_OK) {
            if (have == sizeof pool) { /* full, and more comes: the last block is not in it */
                if (first)
                    xor_block(pool, l);
                first = false;
                status = update(crypto->cbc_encrypt, (struct wm_span){pool, have}, scratch);
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
    status = update(crypto->cbc_encrypt, (struct wm_span){pool, last + WM_AES_BYTES}, scratch);
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
    status = run_cipher(crypto->ecb, key, NULL, (struct wm_span){zeros, WM_AES_BYTES}, k1);
    if (status != WM_OK)
        return status;
    double_block(k1, k1);
    for (size_t i = 0; i < count; i++) {
        memcpy(masked + i * WM_AES_BYTES, blocks[i], WM_AES_BYTES);
        xor_block(masked + i * WM_AES_BYTES, k1);
    }
    return update(crypto->ecb, (struct wm_span){masked, count * WM_AES_BYTES}, macs[0]);
}

/* What CCM and GCM share. CCM is told the tag (or its length) before the nonce and the length before the data. `tag` is read when
 * opening, written when sealing. */
static enum wm_status aead(EVP_CIPHER_CTX *ctx, bool seal, bool ccm, const uint8_t *key, const struct wm_aead *how,
                           struct wm_span in, uint8_t *out, uint8_t *tag)
{
    uint8_t none[WM_AES_BYTES];
    int len = 0;

    if (in.len == 0) { /* OpenSSL takes a NULL output for additional data */
        in.data = zeros;
        out = none;
    }
    if (in.len > INT32_MAX || how->aad.len > INT32_MAX || how->tag_len < 4 || how->tag_len > 16 || (ccm && how->tag_len % 2) ||
        (ccm ? how->nonce.len < 7 || how->nonce.len > 13 : how->nonce.len != 12))
        return WM_INVALID;
    if (EVP_CIPHER_CTX_get_iv_length(ctx) != (int)how->nonce.len &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)how->nonce.len, NULL) <= 0)
        return WM_UNSUPPORTED;
    if (ccm && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)how->tag_len, seal ? NULL : tag) <= 0)
        return WM_UNSUPPORTED;
    if (!EVP_CipherInit_ex2(ctx, NULL, key, how->nonce.data, -1, NULL))
        return WM_UNSUPPORTED;
    if (!ccm && !seal && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)how->tag_len, tag) <= 0)
        return WM_UNSUPPORTED;
    if (ccm && !EVP_CipherUpdate(ctx, NULL, &len, NULL, (int)in.len))
        return WM_UNSUPPORTED;
    if (how->aad.len && !EVP_CipherUpdate(ctx, NULL, &len, how->aad.data, (int)how->aad.len))
        return WM_UNSUPPORTED;
    /* CCM needs this call even for nothing: the tag is checked in it. */
    if ((in.len || ccm) && !EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len))
        return seal ? WM_UNSUPPORTED : WM_INTEGRITY;
    if ((!ccm || seal) && EVP_CipherFinal_ex(ctx, out + in.len, &len) <= 0)
        return seal ? WM_UNSUPPORTED : WM_INTEGRITY;
    if (seal && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)how->tag_len, tag) <= 0)
        return WM_UNSUPPORTED;
    return WM_OK;
}

/* The tag of an opening is only read; EVP's one call for both directions wants it writable. */
static enum wm_status aead_open(EVP_CIPHER_CTX *ctx, bool ccm, const uint8_t *key, const struct wm_aead *how, struct wm_span in,
                                const uint8_t *tag, uint8_t *out)
{
    uint8_t copy[WM_AES_BYTES] = {0};

    if (how->tag_len <= sizeof copy)
        memcpy(copy, tag, how->tag_len);
    return aead(ctx, false, ccm, key, how, in, out, copy);
}

enum wm_status wm_crypto_ccm_open(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                  struct wm_span in, const uint8_t *tag, uint8_t *out)
{
    return aead_open(crypto->ccm_open, true, key, aead, in, tag, out);
}

enum wm_status wm_crypto_ccm_seal(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *how,
                                  struct wm_span in, uint8_t *out, uint8_t *tag)
{
    return aead(crypto->ccm_seal, true, true, key, how, in, out, tag);
}

enum wm_status wm_crypto_gcm_open(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                  struct wm_span in, const uint8_t *tag, uint8_t *out)
{
    return aead_open(crypto->gcm_open, false, key, aead, in, tag, out);
}

enum wm_status wm_crypto_gcm_seal(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *how,
                                  struct wm_span in, uint8_t *out, uint8_t *tag)
{
    return aead(crypto->gcm_seal, true, false, key, how, in, out, tag);
}

static enum wm_status run_des(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t *iv, struct wm_span in, uint8_t *out)
{
    uint8_t three[3 * WM_DES_BYTES];
    enum wm_status status;

    if (in.len % WM_DES_BYTES)
        return WM_INVALID;
    for (int i = 0; i < 3; i++)
        memcpy(three + i * WM_DES_BYTES, key, WM_DES_BYTES);
    status = run_cipher(ctx, three, iv, in, out);
    wm_cleanse(three, sizeof three);
    return status;
}

enum wm_status wm_crypto_des_decrypt(struct wm_crypto *crypto, const uint8_t key[WM_DES_BYTES], const uint8_t iv[WM_DES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    return run_des(crypto->des_open, key, iv, in, out);
}

enum wm_status wm_crypto_des_encrypt(struct wm_crypto *crypto, const uint8_t key[WM_DES_BYTES], const uint8_t iv[WM_DES_BYTES],
                                     struct wm_span in, uint8_t *out)
{
    return run_des(crypto->des_seal, key, iv, in, out);
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
