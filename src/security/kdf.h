/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "security/crypto.h"
#include "security/keystore.h"

/* Key derivation function A, EN 13757-7:2018 clause 9.6 (OMS TR-01 clause 5.5): the keys of one message from the master key, the
 * message counter and the meter's identification number. */
struct wm_message_keys {
    uint8_t encryption[WM_AES_BYTES]; /* Kenc from the meter, Lenc to it */
    uint8_t mac[WM_AES_BYTES];        /* Kmac, Lmac */
};

WM_MUST_USE enum wm_status wm_kdf_a(struct wm_crypto *crypto, const uint8_t master[WM_AES_BYTES], bool to_meter, uint32_t counter,
                                    uint32_t meter_id, struct wm_message_keys *keys);

/* A number that tells keys apart without telling the key: 32 bits of the CMAC of a fixed block that KDF A cannot make. */
WM_MUST_USE enum wm_status wm_key_print(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], uint32_t *print);
