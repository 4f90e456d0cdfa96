/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"
#include "security/afl.h"
#include "security/crypto.h"

/* The MAC of a message (not of a fragment), whatever kind and length its MCL names: over the fields that MCL names and the TPL
 * bytes as transmitted. `key` is Kmac or Lmac, or the persistent key where AFL.KI says so; meter and counter make the nonce of a
 * GMAC. mac: as many bytes as wm_afl_mac_type() tells. WM_UNSUPPORTED: no such kind, or a GMAC without `experimental`: its nonce is
 * not public (EN 13757-7:2018 clause 9.3.3), and this is the project's reading. */
WM_MUST_USE enum wm_status wm_afl_mac(struct wm_crypto *crypto, bool experimental, const uint8_t key[WM_AES_BYTES],
                                      const struct wm_afl *afl, const struct wm_address *meter, uint32_t counter,
                                      struct wm_span tpdu, uint8_t mac[WM_AES_BYTES]);
