/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* All of OpenSSL's EVP that the wireless M-Bus needs, behind this one file. Algorithms are fetched and contexts allocated at
 * creation; nothing below allocates afterwards. Keys are 16 bytes. One object serves one thread at a time. */
struct wm_crypto;

#define WM_AES_BYTES 16
#define WM_DES_BYTES 8

/* WM_NO_MEMORY; WM_UNSUPPORTED: this OpenSSL lacks one of the algorithms. */
WM_MUST_USE enum wm_status wm_crypto_create(struct wm_crypto **crypto);
void wm_crypto_destroy(struct wm_crypto *crypto);

/* AES-128-CBC without padding (NIST SP 800-38A). in.len is a multiple of 16, out holds as much and may be in.data.
 * WM_INVALID: the length; WM_UNSUPPORTED: OpenSSL refused. */
WM_MUST_USE enum wm_status wm_crypto_cbc_decrypt(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES],
                                                 const uint8_t iv[WM_AES_BYTES], struct wm_span in, uint8_t *out);
WM_MUST_USE enum wm_status wm_crypto_cbc_encrypt(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES],
                                                 const uint8_t iv[WM_AES_BYTES], struct wm_span in, uint8_t *out);

/* AES-128-CTR, the whole block counting big-endian (NIST SP 800-38A). Any length; its own inverse. */
WM_MUST_USE enum wm_status wm_crypto_ctr(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES],
                                         const uint8_t counter[WM_AES_BYTES], struct wm_span in, uint8_t *out);

/* AES-128-CMAC (RFC 4493) over the parts one after another. */
WM_MUST_USE enum wm_status wm_crypto_cmac(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_span *parts,
                                          size_t part_count, uint8_t mac[WM_AES_BYTES]);

/* The CMACs of `count` (at most 2) messages of exactly one block each under one key: macs[i] of blocks[i]. */
WM_MUST_USE enum wm_status wm_crypto_cmac_blocks(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], size_t count,
                                                 const uint8_t blocks[][WM_AES_BYTES], uint8_t macs[][WM_AES_BYTES]);

/* Authenticated encryption. `nonce`: 7 to 13 bytes for CCM (RFC 3610), 12 for GCM (NIST SP 800-38D). The tag has tag_len bytes
 * (CCM: 4, 6 … 16; GCM: 4, 8, 12 … 16). Open gives WM_INTEGRITY when the tag does not fit (compared in constant time by OpenSSL);
 * out holds nothing of use then. in and out may be the same memory. */
struct wm_aead {
    struct wm_span nonce, aad;
    size_t tag_len;
};
WM_MUST_USE enum wm_status wm_crypto_ccm_open(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                              struct wm_span in, const uint8_t *tag, uint8_t *out);
WM_MUST_USE enum wm_status wm_crypto_ccm_seal(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                              struct wm_span in, uint8_t *out, uint8_t *tag);
WM_MUST_USE enum wm_status wm_crypto_gcm_open(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                              struct wm_span in, const uint8_t *tag, uint8_t *out);
WM_MUST_USE enum wm_status wm_crypto_gcm_seal(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], const struct wm_aead *aead,
                                              struct wm_span in, uint8_t *out, uint8_t *tag);
/* GMAC (NIST SP 800-38D clause 3): GCM with nothing to encrypt, over the parts one after another; a nonce of 12 bytes. */
WM_MUST_USE enum wm_status wm_crypto_gmac(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], struct wm_span nonce,
                                          const struct wm_span *parts, size_t part_count, size_t mac_len, uint8_t *mac);

/* DES-CBC without padding; in.len is a multiple of 8. It is the triple DES of the default provider with three equal keys, which is
 * single DES (FIPS 46-3): plain DES lives in OpenSSL's legacy provider. For old meters only: DES is broken. */
WM_MUST_USE enum wm_status wm_crypto_des_decrypt(struct wm_crypto *crypto, const uint8_t key[WM_DES_BYTES],
                                                 const uint8_t iv[WM_DES_BYTES], struct wm_span in, uint8_t *out);
WM_MUST_USE enum wm_status wm_crypto_des_encrypt(struct wm_crypto *crypto, const uint8_t key[WM_DES_BYTES],
                                                 const uint8_t iv[WM_DES_BYTES], struct wm_span in, uint8_t *out);

/* AES key wrap (RFC 3394) with a 16-byte key. in.len is a multiple of 8 and at least 16; wrapped is in.len + 8 bytes. Unwrap:
 * WM_INTEGRITY when it was not this key. */
WM_MUST_USE enum wm_status wm_crypto_wrap(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], struct wm_span in,
                                          uint8_t *out);
WM_MUST_USE enum wm_status wm_crypto_unwrap(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], struct wm_span in,
                                            uint8_t *out);

/* In constant time: how long it takes says nothing about where the bytes differ. */
bool wm_equal_secret(const uint8_t *a, const uint8_t *b, size_t len);

/* Overwrites memory that held a key; the compiler may not drop it. */
void wm_cleanse(void *memory, size_t len);

/* Makes OpenSSL of this process allocate from memory that core dumps leave out (its contexts hold key schedules). Process-wide: for
 * a program's main(), before anything else of OpenSSL; WM_INVALID when OpenSSL has allocated already. */
WM_MUST_USE enum wm_status wm_crypto_keep_out_of_dumps(void);
