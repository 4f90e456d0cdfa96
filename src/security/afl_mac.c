/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/afl_mac.h"

#define GMAC_NONCE_BYTES 12

/* The experimental reading: the nonce is that of mode 9 here (M ID version type, then the counter, most significant byte first),
 * and what a CMAC would be calculated over is the additional data. */
static enum wm_status gmac(struct wm_crypto *crypto, const uint8_t *key, const struct wm_address *meter, uint32_t counter,
                           const struct wm_span parts[2], size_t bytes, uint8_t *mac)
{
    uint8_t nonce[GMAC_NONCE_BYTES];
    struct wm_writer out = wm_writer_of(nonce, sizeof nonce);

    wm_address_write(&out, meter);
    for (int shift = 24; shift >= 0; shift -= 8)
        wm_writer_u8(&out, (uint8_t)(counter >> shift));
    return wm_crypto_gmac(crypto, key, wm_writer_span(&out), parts, 2, bytes, mac);
}

enum wm_status wm_afl_mac(struct wm_crypto *crypto, bool experimental, const uint8_t key[WM_AES_BYTES], const struct wm_afl *afl,
                          const struct wm_address *meter, uint32_t counter, struct wm_span tpdu, uint8_t mac[WM_AES_BYTES])
{
    const struct wm_afl_mac_type *type = wm_afl_mac_type(afl->mcl);
    uint8_t prefix[WM_AFL_MAC_PREFIX_MAX];
    const struct wm_span parts[2] = {{prefix, wm_afl_mac_prefix(afl, prefix)}, tpdu};

    switch (type->kind) {
    case WM_AFL_MAC_CMAC:
        return wm_crypto_cmac(crypto, key, parts, 2, mac);
    case WM_AFL_MAC_GMAC:
        return experimental ? gmac(crypto, key, meter, counter, parts, type->bytes, mac) : WM_UNSUPPORTED;
    case WM_AFL_MAC_NONE:
    case WM_AFL_MAC_RESERVED:
        break;
    }
    return WM_UNSUPPORTED;
}
