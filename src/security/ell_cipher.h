/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"
#include "link/ell.h"
#include "security/crypto.h"
#include "security/keystore.h"

/* Encryption in the extended link layer: AES-128-CTR over the payload CRC and the payload, EN 13757-4:2019 clause 13.2. `address`
 * is the sender's of the link layer (that it also is with CI 8F is recalled - verify). */

/* Payload CRC and payload from the bytes behind SN. WM_INTEGRITY: the CRC inside does not fit: not this key. out holds as much as
 * cipher and may be the same memory. WM_TOO_SHORT: no room for the CRC. */
WM_MUST_USE enum wm_status wm_ell_open(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address,
                                       const struct wm_ell *ell, struct wm_span cipher, uint8_t *out);
/* The twin: out gets the encrypted CRC and payload, 2 bytes more than the payload; ell->payload_crc is not looked at. */
WM_MUST_USE enum wm_status wm_ell_seal(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address,
                                       const struct wm_ell *ell, struct wm_span payload, uint8_t *out);
