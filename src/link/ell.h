/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"

/* Extended link layer headers I..IV (CI 8C, 8D, 8E, 8F), EN 13757-4:2019 clause 13.2. Type V (CI 86) is recognised only. */
struct wm_ell {
    uint8_t ci;
    uint8_t cc;        /* communication control: B 80, D 40, S 20, H 10, P 08, A 04, R 02, X 01 */
    uint8_t acc;       /* access number */
    bool has_receiver; /* 8E, 8F */
    struct wm_address receiver;
    bool has_session;       /* 8D, 8F */
    uint32_t session;       /* SN: bits 31-29 encryption, 28-4 minutes, 3-0 session */
    uint16_t payload_crc;   /* as transmitted (still encrypted when SN says so); only with has_session */
    struct wm_span payload; /* what follows the header: for 8D/8F from behind the payload CRC */
};

enum { WM_ELL_ENC_NONE = 0, WM_ELL_ENC_AES_CTR = 1 };
/* The encryption selector in SN, 0..7. */
unsigned wm_ell_encryption(const struct wm_ell *ell);

/* `layer` starts at the CI. WM_NOT_MINE: no ELL CI; WM_UNSUPPORTED: 86; WM_TOO_SHORT. */
WM_MUST_USE enum wm_status wm_ell_parse(struct wm_span layer, struct wm_ell *ell);
/* Writes header and payload. WM_FULL; WM_INVALID when the flags do not fit the CI. */
WM_MUST_USE enum wm_status wm_ell_build(const struct wm_ell *ell, struct wm_writer *out);
