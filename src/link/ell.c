/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/ell.h"

/* EN 13757-4:2019 clause 13.2: which fields follow CC and ACC. */
static const struct layout {
    uint8_t ci;
    bool has_receiver, has_session;
} layouts[] = {
    {0x8C, false, false}, /* I */
    {0x8D, false, true},  /* II */
    {0x8E, true, false},  /* III */
    {0x8F, true, true},   /* IV */
};

#define CI_ELL_V 0x86

static const struct layout *layout_of(uint8_t ci)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i].ci == ci)
            return &layouts[i];
    }
    return NULL;
}

unsigned wm_ell_encryption(const struct wm_ell *ell)
{
    return ell->has_session ? ell->session >> 29 : WM_ELL_ENC_NONE; /* SN bits 31-29, clause 13.2.11 */
}

enum wm_status wm_ell_parse(struct wm_span layer, struct wm_ell *ell)
{
    struct wm_cursor cur = wm_cursor_of(layer);
    uint8_t ci = wm_cursor_u8(&cur);
    const struct layout *layout = layout_of(ci);

    if (cur.failed)
        return WM_TOO_SHORT;
    if (!layout)
        return ci == CI_ELL_V ? WM_UNSUPPORTED : WM_NOT_MINE;
    *ell = (struct wm_ell){.ci = ci, .has_receiver = layout->has_receiver, .has_session = layout->has_session};
    ell->cc = wm_cursor_u8(&cur);
    ell->acc = wm_cursor_u8(&cur);
    if (layout->has_receiver)
        wm_address_read(&cur, &ell->receiver);
    if (layout->has_session) {
        ell->session = wm_cursor_u32le(&cur);
        ell->payload_crc = wm_cursor_u16le(&cur);
    }
    ell->payload = wm_cursor_rest(&cur);
    return cur.failed ? WM_TOO_SHORT : WM_OK;
}

enum wm_status wm_ell_build(const struct wm_ell *ell, struct wm_writer *out)
{
    const struct layout *layout = layout_of(ell->ci);

    if (!layout || layout->has_receiver != ell->has_receiver || layout->has_session != ell->has_session)
        return WM_INVALID;
    wm_writer_u8(out, ell->ci);
    wm_writer_u8(out, ell->cc);
    wm_writer_u8(out, ell->acc);
    if (layout->has_receiver)
        wm_address_write(out, &ell->receiver);
    if (layout->has_session) {
        wm_writer_u32le(out, ell->session);
        wm_writer_u16le(out, ell->payload_crc);
    }
    wm_writer_bytes(out, ell->payload);
    return out->failed ? WM_FULL : WM_OK;
}
