/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An extended link layer: parsed and built again; sealed and opened. */
#include "fuzz.h"
#include "security/ell_cipher.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wm_crypto *crypto;
    static const struct wm_key key = {.bytes = {1, 2, 3}};
    struct wm_span layer = fuzz_copy((struct wm_span){data, size < 512 ? size : 512});
    uint8_t built[600], sealed[600];
    struct wm_writer out = wm_writer_of(built, sizeof built);
    struct wm_address address = {.id = 0x12345678};
    struct wm_ell ell;

    if (!crypto)
        FUZZ_CHECK(wm_crypto_create(&crypto) == WM_OK);
    if (wm_ell_parse(layer, &ell) == WM_OK) {
        FUZZ_CHECK(wm_ell_build(&ell, &out) == WM_OK);
        FUZZ_CHECK(wm_span_equal(wm_writer_span(&out), layer));
        (void)!wm_ell_open(crypto, &key, &address, &ell, ell.payload, sealed);
        FUZZ_CHECK(wm_ell_seal(crypto, &key, &address, &ell, ell.payload, sealed) == WM_OK);
        FUZZ_CHECK(wm_ell_open(crypto, &key, &address, &ell, (struct wm_span){sealed, ell.payload.len + 2}, sealed) == WM_OK);
        FUZZ_CHECK(ell.payload.len == 0 || memcmp(sealed + 2, ell.payload.data, ell.payload.len) == 0);
    }
    free((void *)layer.data);
    return 0;
}
