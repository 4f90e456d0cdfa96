/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/tpl.h"

#include "link/ci.h"

#include <stddef.h>

static enum wm_status header_of(uint8_t ci, enum wm_tpl_header *header)
{
    switch (wm_ci_info(ci)->layer) {
    case WM_CI_APL_NONE:
        *header = WM_TPL_NONE;
        return WM_OK;
    case WM_CI_TPL_SHORT:
        *header = WM_TPL_SHORT;
        return WM_OK;
    case WM_CI_TPL_LONG:
        *header = WM_TPL_LONG;
        return WM_OK;
    default:
        return WM_NOT_MINE;
    }
}

/* The configuration field's parts: clause 7.5.8; the mode is five bits, and N is where modes 5 (clause 7.7.4) and 7 have it. */
static void split_config(struct wm_tpl *tpl)
{
    tpl->mode = tpl->config >> 8 & 0x1F;
    tpl->encrypted_blocks = tpl->mode == 5 || tpl->mode == 7 ? tpl->config >> 4 & 0xF : 0;
}

enum wm_status wm_tpl_parse(struct wm_span layer, struct wm_tpl *tpl)
{
    struct wm_cursor cur = wm_cursor_of(layer);
    enum wm_status status;

    *tpl = (struct wm_tpl){.ci = wm_cursor_u8(&cur)};
    if (cur.failed)
        return WM_TOO_SHORT;
    status = header_of(tpl->ci, &tpl->header);
    if (status != WM_OK)
        return status;
    if (tpl->header == WM_TPL_LONG) { /* the order on air differs from the link layer's */
        tpl->address.id = wm_cursor_u32le(&cur);
        tpl->address.manufacturer = wm_cursor_u16le(&cur);
        tpl->address.version = wm_cursor_u8(&cur);
        tpl->address.type = wm_cursor_u8(&cur);
    }
    if (tpl->header != WM_TPL_NONE) {
        tpl->acc = wm_cursor_u8(&cur);
        tpl->status = wm_cursor_u8(&cur);
        tpl->config = wm_cursor_u16le(&cur);
        split_config(tpl);
    }
    tpl->payload = wm_cursor_rest(&cur);
    return cur.failed ? WM_TOO_SHORT : WM_OK;
}

enum wm_status wm_tpl_build(const struct wm_tpl *tpl, struct wm_writer *out)
{
    enum wm_tpl_header header;

    if (header_of(tpl->ci, &header) != WM_OK || header != tpl->header)
        return WM_INVALID;
    wm_writer_u8(out, tpl->ci);
    if (header == WM_TPL_LONG) {
        wm_writer_u32le(out, tpl->address.id);
        wm_writer_u16le(out, tpl->address.manufacturer);
        wm_writer_u8(out, tpl->address.version);
        wm_writer_u8(out, tpl->address.type);
    }
    if (header != WM_TPL_NONE) {
        wm_writer_u8(out, tpl->acc);
        wm_writer_u8(out, tpl->status);
        wm_writer_u16le(out, tpl->config);
    }
    wm_writer_bytes(out, tpl->payload);
    return out->failed ? WM_FULL : WM_OK;
}

const char *wm_tpl_header_name(enum wm_tpl_header header)
{
    static const char *const names[] = {"none", "short", "long"};

    return (unsigned)header < sizeof names / sizeof names[0] ? names[header] : "unknown";
}

/* EN 13757-7:2018 clauses 7.7.2 to 7.7.8; 13 is from BSI TR-03109-1 Annex III b; what 3, 4 and 15 are is recalled - verify. */
#define MODE(number, name) [number] = {name, "security mode " #number ": " name}
static const struct {
    const char *name, *detail;
} modes[32] = {
    MODE(0, "no encryption"),
    MODE(1, "manufacturer specific"),
    MODE(2, "DES-CBC, IV zero"),
    MODE(3, "DES-CBC, IV from address and date"),
    MODE(4, "AES-128-CBC, IV zero"),
    MODE(5, "AES-128-CBC, persistent key"),
    MODE(6, "reserved"),
    MODE(7, "AES-128-CBC, ephemeral key"),
    MODE(8, "AES-128-CTR with CMAC"),
    MODE(9, "AES-128-GCM"),
    MODE(10, "AES-128-CCM"),
    MODE(11, "reserved"),
    MODE(12, "reserved"),
    MODE(13, "TLS"),
    MODE(14, "reserved"),
    MODE(15, "DSMR, AES-128-GCM"),
    MODE(16, "reserved"),
    MODE(17, "reserved"),
    MODE(18, "reserved"),
    MODE(19, "reserved"),
    MODE(20, "reserved"),
    MODE(21, "reserved"),
    MODE(22, "reserved"),
    MODE(23, "reserved"),
    MODE(24, "reserved"),
    MODE(25, "reserved"),
    MODE(26, "reserved"),
    MODE(27, "reserved"),
    MODE(28, "reserved"),
    MODE(29, "reserved"),
    MODE(30, "reserved"),
    MODE(31, "reserved"),
};

const char *wm_security_mode_name(unsigned mode)
{
    return mode < 32 ? modes[mode].name : "reserved";
}

const char *wm_security_mode_detail(unsigned mode)
{
    return modes[mode & 31].detail;
}
