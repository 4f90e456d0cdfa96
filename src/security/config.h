/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* The configuration field with its extension and the optional fields behind it, EN 13757-7:2018 clauses 7.5.8, 7.6.3, 7.7. Which
 * subfields there are depends on the mode; those a mode has not are zero. */
enum wm_encrypted_unit { WM_ENCRYPTED_NOTHING, WM_ENCRYPTED_BLOCKS, WM_ENCRYPTED_BYTES };

struct wm_config {
    uint16_t field; /* CF as transmitted, the rest are views of it and of what follows */
    uint8_t mode;   /* bits 12-8 */
    /* modes 0, 4 and 5: link control */
    bool bidirectional, accessible, synchronous, repeated, hop;
    uint8_t content;       /* content of message: 0 standard, 2 static */
    uint8_t content_index; /* mode 7: bits 2-0; mode 10: what lies above the tag size (place not verified) */
    /* how much is encrypted */
    enum wm_encrypted_unit unit;
    uint8_t encrypted; /* N */
    bool to_end;       /* N has the value that means: all there is */
    bool padding;      /* mode 7: P */
    /* modes 7 to 10: the extension CFE and what it announces */
    uint16_t extension;
    uint8_t extension_bytes;
    uint8_t kdf;    /* 0: persistent key, 1: KDF A */
    uint8_t key_id; /* 0: master key */
    bool has_key_version;
    uint8_t key_version;
    bool has_counter;
    uint32_t counter;
    uint8_t tag_bytes; /* modes 8, 9, 10 */
    /* mode 13 */
    uint8_t protocol; /* 0 TLSCONN, 1 TLSHS, 2 TLSALERT, 3 TLSAPP */
    /* what lies behind CF: bytes that belong to the header, and those of them that additional authenticated data cover */
    uint8_t header_bytes, authenticated_bytes;
};

/* `behind` starts behind the two bytes of CF. WM_TOO_SHORT: the extension or an optional field is cut off (*config is filled as far
 * as it goes). */
WM_MUST_USE enum wm_status wm_config_parse(uint16_t field, struct wm_span behind, struct wm_config *config);
/* The twin, from the views: CF, CFE and the optional fields; field, extension and the byte counts are not looked at. WM_INVALID: a
 * value that has no room in its mode; WM_FULL. */
WM_MUST_USE enum wm_status wm_config_build(const struct wm_config *config, struct wm_writer *out);

/* "standard", "static", "reserved" */
const char *wm_content_name(uint8_t content);
/* "persistent key", "KDF A", "reserved" */
const char *wm_kdf_name(uint8_t kdf);
/* "TLSCONN", "TLSHS", "TLSALERT", "TLSAPP", "reserved" */
const char *wm_protocol_name(uint8_t protocol);

/* The status byte in words, clause 7.5.6 (from the meter) and 7.5.7 (to the meter): writes words joined by ", ", "" when it says
 * nothing, into out and returns its length. 160 characters are enough. */
#define WM_STATUS_CHARS 160
size_t wm_status_words(uint8_t status, bool to_meter, char out[WM_STATUS_CHARS]);
