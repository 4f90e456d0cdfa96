/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"
#include "security/config.h"
#include "security/kdf.h"

/* The security modes of the transport layer, EN 13757-7:2018 clauses 7.7 and 9.4, as one table. */

enum wm_cipher {
    WM_CIPHER_NONE,
    WM_CIPHER_DES_CBC,
    WM_CIPHER_AES_CBC,
    WM_CIPHER_AES_CCM,
    WM_CIPHER_AES_GCM,
    WM_CIPHER_AES_CTR_CMAC
};

struct wm_mode_traits {
    enum wm_cipher cipher; /* NONE: nothing that a key opens here (0, 1, 13, reserved) */
    uint8_t iv;            /* see cipher_mode.c */
    bool iv_from_address;  /* the address is in the IV, and changing it changes the plain text's first block */
    bool check_bytes;      /* plain text begins with 2F2F */
    bool ephemeral;        /* keys come from KDF A where the configuration says so */
    bool tag;              /* a tag at the end of the message proves it */
    bool experimental;     /* its layout is not public: a documented reading, off by default */
    const char *warning;   /* what is to be said of its strength; NULL */
};
/* Total over the 32 modes (five bits). */
const struct wm_mode_traits *wm_mode_traits(unsigned mode);

/* What a mode needs to know besides the key. */
struct wm_mode_input {
    const struct wm_config *config;
    struct wm_address meter; /* of the TPL's long header, else of the link layer */
    uint8_t acc;
    bool to_meter;
    uint32_t counter;
    struct wm_span aad; /* modes 8, 9, 10: TPL header from its CI through CFE and key version, then clear text behind the encrypted
                         * part, if any (that the tag covers it is this project's reading) */
    uint16_t date;      /* mode 3: type G of the day of sending */
};

/* How a mode divides the bytes behind the header. */
struct wm_extent {
    size_t cipher; /* encrypted bytes, from the beginning */
    size_t clear;  /* clear text behind them (partial encryption) */
    size_t tag;    /* at the very end */
};
/* WM_TOO_SHORT: the body has fewer than the configuration says; *extent is then what can be had of it. */
WM_MUST_USE enum wm_status wm_mode_extent(const struct wm_config *config, size_t body, struct wm_extent *extent);

/* Decrypts into out. `derived` is used by modes with ephemeral keys. WM_INTEGRITY: check bytes or tag do not fit. *unproven (may be
 * NULL: then it is WM_INTEGRITY): set where only check bytes are missing, out holds the text. tag: extent.tag bytes.
 * WM_UNSUPPORTED. */
WM_MUST_USE enum wm_status wm_mode_open(struct wm_crypto *crypto, const uint8_t *key, const struct wm_message_keys *derived,
                                        const struct wm_mode_input *input, struct wm_span cipher, const uint8_t *tag, uint8_t *out,
                                        bool *unproven);
/* The twin: plain brings its check bytes and fill. */
WM_MUST_USE enum wm_status wm_mode_seal(struct wm_crypto *crypto, const uint8_t *key, const struct wm_message_keys *derived,
                                        const struct wm_mode_input *input, struct wm_span plain, uint8_t *out, uint8_t *tag);
