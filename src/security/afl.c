/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/afl.h"

#define CI_AFL        0x90
#define FCL_BYTES     2
#define LAYER_CI_AFLL 2

const struct wm_afl_mac_type *wm_afl_mac_type(uint8_t mcl)
{
#define CMAC(n)                                                                                                                    \
    {                                                                                                                              \
        WM_AFL_MAC_CMAC, n, "AES-128-CMAC, " #n " bytes"                                                                           \
    }
#define RESERVED                                                                                                                   \
    {                                                                                                                              \
        WM_AFL_MAC_RESERVED, 0, "reserved"                                                                                         \
    }
    static const struct wm_afl_mac_type types[16] = {
        {WM_AFL_MAC_NONE, 0, "none"},
        RESERVED,
        RESERVED,
        CMAC(2),
        CMAC(4),
        CMAC(8),
        CMAC(12),
        CMAC(16),
        {WM_AFL_MAC_GMAC, 12, "AES-128-GMAC, 12 bytes"},
        {WM_AFL_MAC_GMAC, 16, "AES-128-GMAC, 16 bytes"},
        RESERVED,
        RESERVED,
        RESERVED,
        RESERVED,
        RESERVED,
        RESERVED,
    };

    return &types[mcl & WM_AFL_AT];
}

enum wm_status wm_afl_parse(struct wm_span layer, struct wm_afl *afl)
{
    struct wm_cursor cur = wm_cursor_of(layer);
    struct wm_cursor fields;
    uint8_t ci = wm_cursor_u8(&cur);
    uint8_t afll = wm_cursor_u8(&cur); /* counts from FCL to the end of the layer */

    if (layer.len && ci != CI_AFL)
        return WM_NOT_MINE;
    if (!cur.failed && afll < FCL_BYTES)
        return WM_MALFORMED;
    fields = wm_cursor_of(wm_cursor_take(&cur, afll));
    if (cur.failed)
        return WM_TOO_SHORT;
    *afl = (struct wm_afl){.fcl = wm_cursor_u16le(&fields)};
    if (afl->fcl & WM_AFL_MCLP)
        afl->mcl = wm_cursor_u8(&fields);
    if (afl->fcl & WM_AFL_KIP)
        afl->ki = wm_cursor_u16le(&fields);
    if (afl->fcl & WM_AFL_MCRP)
        afl->mcr = wm_cursor_u32le(&fields);
    if (afl->fcl & WM_AFL_MACP) {
        size_t behind = afl->fcl & WM_AFL_MLP ? 2 : 0, left = wm_cursor_left(&fields);
        if (left <= behind)
            return WM_MALFORMED;
        afl->mac = wm_cursor_take(&fields, left - behind);
    }
    if (afl->fcl & WM_AFL_MLP)
        afl->ml = wm_cursor_u16le(&fields);
    if (fields.failed)
        return WM_MALFORMED;
    afl->raw = wm_span_sub(layer, 0, LAYER_CI_AFLL + (size_t)afll);
    afl->payload = wm_cursor_rest(&cur);
    return WM_OK;
}

enum wm_status wm_afl_build(const struct wm_afl *afl, struct wm_writer *out)
{
    size_t afll = FCL_BYTES + (afl->fcl & WM_AFL_MCLP ? 1u : 0u) + (afl->fcl & WM_AFL_KIP ? 2u : 0u) +
                  (afl->fcl & WM_AFL_MCRP ? 4u : 0u) + (afl->fcl & WM_AFL_MACP ? afl->mac.len : 0) +
                  (afl->fcl & WM_AFL_MLP ? 2u : 0u);

    if (afll > UINT8_MAX)
        return WM_FULL;
    wm_writer_u8(out, CI_AFL);
    wm_writer_u8(out, (uint8_t)afll);
    wm_writer_u16le(out, afl->fcl);
    if (afl->fcl & WM_AFL_MCLP)
        wm_writer_u8(out, afl->mcl);
    if (afl->fcl & WM_AFL_KIP)
        wm_writer_u16le(out, afl->ki);
    if (afl->fcl & WM_AFL_MCRP)
        wm_writer_u32le(out, afl->mcr);
    if (afl->fcl & WM_AFL_MACP)
        wm_writer_bytes(out, afl->mac);
    if (afl->fcl & WM_AFL_MLP)
        wm_writer_u16le(out, afl->ml);
    wm_writer_bytes(out, afl->payload);
    return out->failed ? WM_FULL : WM_OK;
}

bool wm_afl_fragmented(const struct wm_afl *afl)
{
    return afl->fcl & WM_AFL_MF || (afl->fcl & WM_AFL_FID) > 1;
}

bool wm_afl_consistent(const struct wm_afl *afl)
{
    if (!(afl->fcl & WM_AFL_MCLP))
        return true;
    return !(afl->fcl & WM_AFL_KIP) == !(afl->mcl & WM_AFL_KIMP) && !(afl->fcl & WM_AFL_MCRP) == !(afl->mcl & WM_AFL_MCMP) &&
           !(afl->fcl & WM_AFL_MLP) == !(afl->mcl & WM_AFL_MLMP);
}

size_t wm_afl_mac_prefix(const struct wm_afl *afl, uint8_t prefix[WM_AFL_MAC_PREFIX_MAX])
{
    struct wm_writer out = wm_writer_of(prefix, WM_AFL_MAC_PREFIX_MAX);

    wm_writer_u8(&out, afl->mcl);
    if (afl->mcl & WM_AFL_KIMP)
        wm_writer_u16le(&out, afl->ki);
    if (afl->mcl & WM_AFL_MCMP)
        wm_writer_u32le(&out, afl->mcr);
    if (afl->mcl & WM_AFL_MLMP)
        wm_writer_u16le(&out, afl->ml);
    return out.len;
}
