/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* The authentication and fragmentation layer (CI 90), EN 13757-7:2018 clause 6 and OMS TR-01 (2012) clause 5. The editions differ;
 * one rule for each difference serves both on receive, and wm_afl_edition chooses on transmit:
 *
 *   FID of a message in one fragment   2012: 1. 2018: 0.                   Received: both.
 *   FCL bit 9, MCL bit 4, KI           2012: reserved. 2018: key info.     Received: as 2018; a 2012 sender has 0 there.
 *   MCL bits 3-0                       2012: 2 + 2 bits. 2018: 4 bits AT.  Received: AT; 2012's only valid value is AT 5.
 *   place of the MAC                   2012: the last fragment. 2018: where FCL says.  Received: where FCL says; when the first and
 *                                      the last have one, the last's counts.
 *   ML of a message in one fragment    2012: never. 2018: optional.        Received: checked when there.
 *   key of the MAC                     2012: always derived (KDF A). 2018: as KI says.  Received: as KI says; without KI derived.
 *   counter                            2012: MCR. 2018: MCR or the TPL.    Received: the TPL's, else MCR.
 */
struct wm_afl {
    uint16_t fcl;       /* fragmentation control: which fields this fragment has, MF, FID */
    uint8_t mcl;        /* message control: which fields the message has, and the kind of MAC */
    uint16_t ki;        /* key information: 15-8 key version, 5-4 KDF, 3-0 key id. That the low byte comes first is not verified */
    uint32_t mcr;       /* message counter */
    struct wm_span mac; /* most significant byte first */
    uint16_t ml;        /* message length: of all TPL bytes */
    struct wm_span raw; /* the layer from its CI to its end, with fields that are not known */
    struct wm_span payload; /* behind the layer: the TPL, or a part of it */
};

enum {
    WM_AFL_MF = 0x4000,
    WM_AFL_MCLP = 0x2000,
    WM_AFL_MLP = 0x1000,
    WM_AFL_MCRP = 0x0800,
    WM_AFL_MACP = 0x0400,
    WM_AFL_KIP = 0x0200,
    WM_AFL_FID = 0x00FF,
    /* MCL */
    WM_AFL_MLMP = 0x40,
    WM_AFL_MCMP = 0x20,
    WM_AFL_KIMP = 0x10,
    WM_AFL_AT = 0x0F,
};

enum wm_afl_edition { WM_AFL_2018, WM_AFL_2012 };

/* Authentication types: EN 13757-7:2018 Table 6. */
enum wm_afl_mac_kind { WM_AFL_MAC_NONE, WM_AFL_MAC_CMAC, WM_AFL_MAC_GMAC, WM_AFL_MAC_RESERVED };
struct wm_afl_mac_type {
    enum wm_afl_mac_kind kind;
    uint8_t bytes;
    const char *name;
};
/* Total: of the low nibble of an MCL. */
const struct wm_afl_mac_type *wm_afl_mac_type(uint8_t mcl);

/* `layer` starts at the CI 90. WM_NOT_MINE; WM_TOO_SHORT; WM_MALFORMED: AFLL leaves no room for FCL or for the fields it announces.
 * The MAC gets what the other fields leave of the layer. Fields behind those that are known are skipped when there is no MAC. */
WM_MUST_USE enum wm_status wm_afl_parse(struct wm_span layer, struct wm_afl *afl);
/* The twin: the fields that fcl names, then the payload. WM_FULL. */
WM_MUST_USE enum wm_status wm_afl_build(const struct wm_afl *afl, struct wm_writer *out);

/* Whether the message is spread over several telegrams. An unfragmented one has no MF and FID 0, or 1 in the text of 2012. */
bool wm_afl_fragmented(const struct wm_afl *afl);

/* Whether MCL (what the message has) and FCL (what its fragments brought) name the same of KI, MCR and ML. A field that only FCL
 * names is outside the MAC: who forwards a message could add it, a counter for one. Without an MCL there is nothing to compare. */
bool wm_afl_consistent(const struct wm_afl *afl);

/* What the MAC is calculated over, in front of the TPL bytes: MCL, KI, MCR and ML, those that MCL names (clause 9.3.2, TR-01 clause
 * 5.4). 9 bytes are enough; returns how many. */
#define WM_AFL_MAC_PREFIX_MAX 9
size_t wm_afl_mac_prefix(const struct wm_afl *afl, uint8_t prefix[WM_AFL_MAC_PREFIX_MAX]);
