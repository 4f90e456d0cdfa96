/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/ell_cipher.h"

#include "link/crc.h"

#include <string.h>

#define CRC_BYTES 2
/* A repeater sets the hop bit, and repeated access may change on the way: both count as 0 (measured; clause 13.2.11). */
#define CC_CHANGING 0x12

/* M A CC SN, then frame number 0 and block counter 0; the counter counts blocks. */
static void make_counter(const struct wm_address *address, const struct wm_ell *ell, uint8_t counter[WM_AES_BYTES])
{
    struct wm_writer out = wm_writer_of(counter, WM_AES_BYTES);

    memset(counter, 0, WM_AES_BYTES);
    wm_address_write(&out, address);
    wm_writer_u8(&out, ell->cc & (uint8_t)~CC_CHANGING);
    wm_writer_u32le(&out, ell->session);
}

enum wm_status wm_ell_open(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address,
                           const struct wm_ell *ell, struct wm_span cipher, uint8_t *out)
{
    uint8_t counter[WM_AES_BYTES];
    enum wm_status status;

    if (cipher.len < CRC_BYTES)
        return WM_TOO_SHORT;
    make_counter(address, ell, counter);
    status = wm_crypto_ctr(crypto, key->bytes, counter, cipher, out);
    if (status != WM_OK)
        return status;
    return wm_crc16((struct wm_span){out + CRC_BYTES, cipher.len - CRC_BYTES}) == (out[0] | out[1] << 8) ? WM_OK : WM_INTEGRITY;
}

enum wm_status wm_ell_seal(struct wm_crypto *crypto, const struct wm_key *key, const struct wm_address *address,
                           const struct wm_ell *ell, struct wm_span payload, uint8_t *out)
{
    uint8_t counter[WM_AES_BYTES];
    uint16_t crc = wm_crc16(payload);

    make_counter(address, ell, counter);
    if (payload.len)
        memmove(out + CRC_BYTES, payload.data, payload.len);
    out[0] = (uint8_t)crc;
    out[1] = (uint8_t)(crc >> 8);
    return wm_crypto_ctr(crypto, key->bytes, counter, (struct wm_span){out, payload.len + CRC_BYTES}, out);
}
