/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/frame.h"
#include "security/cipher_mode.h"
#include "security/open.h"

/* Internal to the opener: its parts, and the judgement over AFL and TPL. */
struct wm_opener {
    struct wm_opener_config config;
    struct wm_crypto *crypto;
    struct wm_reassembly *reassembly;
    uint64_t now_ms;
    bool cut;                          /* the telegram at hand is shorter than its L: no fragment, no counter is taken from it */
    uint8_t telegram[WM_TELEGRAM_MAX]; /* what a message's spans point into */
    uint8_t mac[WM_AES_BYTES];         /* of an assembled message */
    uint8_t assembled[WM_MESSAGE_MAX];
    uint8_t scratch[WM_MESSAGE_MAX]; /* plain text that is not proven yet */
};

void wm_judge(struct wm_message *message, enum wm_verdict verdict, const char *detail);
/* Decrypts, verifies and judges a message whose TPL header has been parsed. */
WM_MUST_USE enum wm_status wm_open_tpl(struct wm_opener *opener, struct wm_message *message);
