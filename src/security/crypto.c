/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

/* Fetching an algorithm walks OpenSSL's providers under a lock and costs more than decrypting a telegram: each context is bound to
 * its cipher once, and later initialised with a key and an IV alone. */
struct wm_crypto {
    EVP_CIPHER_CTX *cbc_decrypt;
    EVP_CIPHER_CTX *cbc_encrypt;
    EVP_CIPHER_CTX *ctr;
    EVP_MAC_CTX *cmac;
};

static EVP_CIPHER_CTX *bind_cipher(const char *name, int encrypt)
{
    static const uint8_t zeros[WM_AES_BYTES];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (!cipher || !ctx || !EVP_CipherInit_ex2(ctx, cipher, zeros, zeros, encrypt, NULL) || !EVP_CIPHER_CTX_set_padding(ctx, 0)) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_CIPHER_free(cipher);
    return ctx;
}

static EVP_MAC_CTX *bind_cmac(void)
{
    char cipher[] = "AES-128-CBC";
    const OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, sizeof cipher - 1), OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

    if (ctx && !EVP_MAC_CTX_set_params(ctx, params)) {
        EVP_MAC_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_MAC_free(mac);
    return ctx;
}

enum wm_status wm_crypto_create(struct wm_crypto **crypto)
{
    struct wm_crypto *made = calloc(1, sizeof *made);

    if (!made)
        return WM_NO_MEMORY;
    made->cbc_decrypt = bind_cipher("AES-128-CBC", 0);
    made->cbc_encrypt = bind_cipher("AES-128-CBC", 1);
    made->ctr = bind_cipher("AES-128-CTR", 1);
    made->cmac = bind_cmac();
    if (!made->cbc_decrypt || !made->cbc_encrypt || !made->ctr || !made->cmac) {
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
    EVP_CIPHER_CTX_free(crypto->ctr);
    EVP_MAC_CTX_free(crypto->cmac);
    free(crypto);
}

static enum wm_status run_cipher(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t *iv, struct wm_span in, uint8_t *out)
{
    int len = 0;

    if (in.len > INT32_MAX)
        return WM_INVALID;
    if (!EVP_CipherInit_ex2(ctx, NULL, key, iv, -1, NULL)) /* -1: the direction stays */
        return WM_UNSUPPORTED;
    if (in.len == 0)
        return WM_OK;
    if (!EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len) || (size_t)len != in.len)
        return WM_UNSUPPORTED;
    return WM_OK;
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

enum wm_status wm_crypto_cmac(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_span *parts,
                              size_t part_count, uint8_t mac[WM_AES_BYTES])
{
    size_t len = 0;

    if (!EVP_MAC_init(crypto->cmac, key, WM_AES_BYTES, NULL))
        return WM_UNSUPPORTED;
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].len && !EVP_MAC_update(crypto->cmac, parts[i].data, parts[i].len))
            return WM_UNSUPPORTED;
    }
    if (!EVP_MAC_final(crypto->cmac, mac, &len, WM_AES_BYTES) || len != WM_AES_BYTES)
        return WM_UNSUPPORTED;
    return WM_OK;
}

void wm_cleanse(void *memory, size_t len)
{
    OPENSSL_cleanse(memory, len);
}
