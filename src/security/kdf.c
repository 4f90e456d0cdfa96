/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/kdf.h"

#include <string.h>

/* Derivation constants, TR-01 Table 9: the direction in the high nibble, the use in the low one. */
enum { FROM_METER = 0x00, TO_METER = 0x10, ENCRYPTION = 0x00, MAC = 0x01 };

/* The rest of the block: seven bytes that say how many they are (TR-01 clause 5.5.6). */
#define PADDING 0x07

enum wm_status wm_key_print(struct wm_crypto *crypto, const uint8_t key[WM_AES_BYTES], uint32_t *print)
{
    static const uint8_t block[1][WM_AES_BYTES] = {"wmsdr key print"}; /* no derivation constant begins with a w */
    uint8_t mac[1][WM_AES_BYTES];
    enum wm_status status = wm_crypto_cmac_blocks(crypto, key, 1, block, mac);

    if (status == WM_OK)
        *print = (uint32_t)mac[0][0] << 24 | (uint32_t)mac[0][1] << 16 | (uint32_t)mac[0][2] << 8 | mac[0][3];
    return status;
}

enum wm_status wm_kdf_a(struct wm_crypto *crypto, const uint8_t master[WM_AES_BYTES], bool to_meter, uint32_t counter,
                        uint32_t meter_id, struct wm_message_keys *keys)
{
    uint8_t blocks[2][WM_AES_BYTES], out[2][WM_AES_BYTES];
    enum wm_status status;

    for (int use = ENCRYPTION; use <= MAC; use++) {
        struct wm_writer block = wm_writer_of(blocks[use], WM_AES_BYTES);
        wm_writer_u8(&block, (uint8_t)((to_meter ? TO_METER : FROM_METER) | use));
        wm_writer_u32le(&block, counter);
        wm_writer_u32le(&block, meter_id);
        memset(blocks[use] + block.len, PADDING, WM_AES_BYTES - block.len);
    }
    status = wm_crypto_cmac_blocks(crypto, master, 2, (const uint8_t(*)[WM_AES_BYTES])blocks, out);
    memcpy(keys->encryption, out[ENCRYPTION], WM_AES_BYTES);
    memcpy(keys->mac, out[MAC], WM_AES_BYTES);
    wm_cleanse(out, sizeof out);
    return status;
}
