/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"
#include "link/ell.h"
#include "security/afl.h"
#include "security/config.h"
#include "security/keystore.h"
#include "security/tpl.h"

/* The twin of wm_open: a message to one telegram, or to several fragments. */
struct wm_seal_spec {
    uint8_t c;
    struct wm_address sender;
    bool to_meter; /* which derived keys */
    bool has_ell;
    struct wm_ell ell; /* ci, cc, acc, receiver, session; payload and its CRC are not looked at. Encrypted when the session says so:
                        * then with `key`, which is the meter's persistent key */
    bool has_afl;
    enum wm_afl_edition edition;
    uint8_t authentication_type; /* the four bits AT of MCL; 0: no MAC */
    bool has_key_info;
    uint16_t key_info;
    bool has_mcr;
    size_t fragment_bytes;   /* of one fragment with its AFL; 0: as much as a telegram takes */
    struct wm_tpl tpl;       /* ci, header, address, acc, status; for header none nothing of config is written */
    struct wm_config config; /* mode and its subfields, but for what is calculated: N (where `clear` does not need it), counter */
    uint32_t counter;        /* for AFL.MCR, the configuration field and the KDF, wherever it is needed */
    struct wm_span apl;      /* application data to be encrypted, without check bytes and fill; of mode 0, 1 and 13: all */
    struct wm_span clear;    /* partial encryption: clear text behind them */
    bool experimental;
    uint16_t date; /* mode 3 */
};

struct wm_sealer;
WM_MUST_USE enum wm_status wm_sealer_create(struct wm_sealer **sealer);
void wm_sealer_destroy(struct wm_sealer *sealer);

/* Encrypts and authenticates. key may be NULL where none is needed. WM_NO_KEY: one is; WM_INVALID: the spec contradicts itself, or
 * cannot be told in its fields (too many blocks); WM_UNSUPPORTED: a mode that cannot be sealed, or an experimental one that is not
 * asked for; WM_FULL: longer than WM_MESSAGE_MAX. */
WM_MUST_USE enum wm_status wm_seal(struct wm_sealer *sealer, const struct wm_seal_spec *spec, const struct wm_key *key);
/* The telegrams of it one after another, each L first, without CRCs; WM_END behind the last. WM_FULL: the writer, or what was
 * sealed is too long for one telegram and has no AFL. */
WM_MUST_USE enum wm_status wm_seal_next(struct wm_sealer *sealer, struct wm_writer *telegram);
