/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"
#include "security/crypto.h"
#include "security/keystore.h"

/* Security mode 5: AES-128-CBC with the meter's persistent key, EN 13757-7:2018 clauses 7.7.4 and 9.4.4. The encrypted blocks come
 * first and begin with 2F2F when right; clear text may follow them (partial encryption). */

/* Bytes of the payload that N blocks encrypt. N = 15 means all whole blocks there are (recalled - verify; what is left over is
 * clear text then). WM_TOO_SHORT when the payload has fewer: *len is then the whole blocks it has. */
WM_MUST_USE enum wm_status wm_mode5_extent(unsigned blocks, size_t payload_len, size_t *len);

/* Decrypts into out (as long as cipher, may be the same memory). WM_INTEGRITY: the plain text does not begin with 2F2F: not this
 * key; out holds no usable text then. address and acc are those that the TPL header gives, or the link layer's address under a
 * short header. */
WM_MUST_USE enum wm_status wm_mode5_open(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address,
                                         uint8_t acc, struct wm_span cipher, uint8_t *out);

/* The twin: the plain text brings its 2F2F and is filled with 2F to whole blocks. */
WM_MUST_USE enum wm_status wm_mode5_seal(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address,
                                         uint8_t acc, struct wm_span plain, uint8_t *out);

/* Whether the bytes begin with the check bytes 2F2F. */
bool wm_has_check_bytes(struct wm_span plain);
