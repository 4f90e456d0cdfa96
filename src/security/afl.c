/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/afl.h"

#define CI_AFL    0x90
#define FCL_BYTES 2

enum wm_status wm_afl_parse(struct wm_span layer, struct wm_afl *afl)
{
    struct wm_cursor cur = wm_cursor_of(layer);
    uint8_t ci = wm_cursor_u8(&cur);
    uint8_t afll = wm_cursor_u8(&cur); /* counts from FCL to the end of the layer */

    if (layer.len && ci != CI_AFL)
        return WM_NOT_MINE;
    if (!cur.failed && afll < FCL_BYTES)
        return WM_MALFORMED;
    afl->fcl = wm_cursor_u16le(&cur);
    afl->fields = wm_cursor_take(&cur, afll - (size_t)FCL_BYTES);
    if (cur.failed)
        return WM_TOO_SHORT;
    afl->payload = wm_cursor_rest(&cur);
    return WM_OK;
}

enum wm_status wm_afl_build(const struct wm_afl *afl, struct wm_writer *out)
{
    if (afl->fields.len > UINT8_MAX - FCL_BYTES)
        return WM_FULL;
    wm_writer_u8(out, CI_AFL);
    wm_writer_u8(out, (uint8_t)(FCL_BYTES + afl->fields.len));
    wm_writer_u16le(out, afl->fcl);
    wm_writer_bytes(out, afl->fields);
    wm_writer_bytes(out, afl->payload);
    return out->failed ? WM_FULL : WM_OK;
}

bool wm_afl_fragmented(const struct wm_afl *afl)
{
    return afl->fcl & WM_AFL_MF || (afl->fcl & 0xFF) > 1;
}
