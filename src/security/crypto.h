/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* All of OpenSSL's EVP that the wireless M-Bus needs, behind this one file. Algorithms are fetched and contexts allocated at
 * creation; nothing below allocates afterwards. Keys are 16 bytes. One object serves one thread at a time. */
struct wm_crypto;

#define WM_AES_BYTES 16

/* WM_NO_MEMORY; WM_UNSUPPORTED: this OpenSSL offers no AES-128. */
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

/* Overwrites memory that held a key; the compiler may not drop it. */
void wm_cleanse(void *memory, size_t len);
