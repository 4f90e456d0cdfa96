/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/mode5.h"

#include <string.h>

#define CHECK_BYTE    0x2F /* an idle filler DIF: EN 13757-3 */
#define BLOCKS_TO_END 15

enum wm_status wm_mode5_extent(unsigned blocks, size_t payload_len, size_t *len)
{
    size_t whole = payload_len / WM_AES_BYTES;

    if (blocks <= whole && blocks != BLOCKS_TO_END) {
        *len = blocks * (size_t)WM_AES_BYTES;
        return WM_OK;
    }
    *len = whole * WM_AES_BYTES;
    return blocks == BLOCKS_TO_END && whole ? WM_OK : WM_TOO_SHORT;
}

/* The address in link-layer order, then the access number eight times (clause 9.4.4; OMS Vol. 2 Annex N.2). */
static void make_iv(const struct wm_address *address, uint8_t acc, uint8_t iv[WM_AES_BYTES])
{
    struct wm_writer out = wm_writer_of(iv, WM_AES_BYTES);

    wm_address_write(&out, address);
    memset(iv + WM_ADDRESS_BYTES, acc, WM_AES_BYTES - WM_ADDRESS_BYTES);
}

bool wm_has_check_bytes(struct wm_span plain)
{
    return plain.len >= 2 && plain.data[0] == CHECK_BYTE && plain.data[1] == CHECK_BYTE;
}

enum wm_status wm_mode5_open(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address, uint8_t acc,
                             struct wm_span cipher, uint8_t *out)
{
    uint8_t iv[WM_AES_BYTES];
    enum wm_status status;

    make_iv(address, acc, iv);
    status = wm_crypto_cbc_decrypt(crypto, key->bytes, iv, cipher, out);
    if (status != WM_OK)
        return status;
    return wm_has_check_bytes((struct wm_span){out, cipher.len}) ? WM_OK : WM_INTEGRITY;
}

enum wm_status wm_mode5_seal(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address, uint8_t acc,
                             struct wm_span plain, uint8_t *out)
{
    uint8_t iv[WM_AES_BYTES];

    make_iv(address, acc, iv);
    return wm_crypto_cbc_encrypt(crypto, key->bytes, iv, plain, out);
}
