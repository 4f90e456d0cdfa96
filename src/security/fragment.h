/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "security/afl.h"

/* Cuts a message into AFL fragments: the twin of the reassembly. Zero it but for the first group. */
struct wm_fragmenter {
    /* configuration */
    enum wm_afl_edition edition;
    size_t fragment_bytes; /* of one fragment, AFL included, from its CI on */
    struct wm_afl message; /* mcl, ki, mcr, mac, payload (borrowed); fcl and ml are not looked at */
    /* state */
    size_t sent;
    unsigned fid;
    bool done;
};

/* Whether the message needs more than one fragment. */
bool wm_fragmenter_splits(const struct wm_fragmenter *fragmenter);
/* The MCL bits that say which fields the message has, for message.mcl, which the MAC covers: set them before calculating it. */
uint8_t wm_fragmenter_mcl(const struct wm_fragmenter *fragmenter, uint8_t authentication_type, bool counter, bool key_info);

/* Writes the next fragment. WM_END: there are no more; WM_INVALID: fragment_bytes leaves no room for content, or there would be
 * more than 255 fragments, or the message is longer than WM_MESSAGE_MAX; WM_FULL. */
WM_MUST_USE enum wm_status wm_fragmenter_next(struct wm_fragmenter *fragmenter, struct wm_writer *out);
