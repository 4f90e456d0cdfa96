/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/config.h"

#include <stdio.h>
#include <string.h>

/* Bits of CF. Modes 0 and 5: EN 13757-7:2018 clause 7.7.2 and 7.7.4; mode 7: Table 33 and 34; mode 13: BSI TR-03109-1 Annex III b.
 * Mode 10 is known from public telegrams. Modes 8 and 9 are not public: they are read with the layout of mode 10, and opened by the
 * experimental profile alone. That mode 4 has the layout of mode 5 is recalled - verify. */
enum {
    BIDIRECTIONAL = 0x8000,
    ACCESSIBLE = 0x4000,
    SYNCHRONOUS = 0x2000,
    REPEATED = 0x0002,
    HOP = 0x0001,
    COUNTER = 0x2000, /* Z: modes 7 to 10 */
    PADDING = 0x0008, /* P: mode 7 */
    VERSION = 0x40,   /* V in the extension */
};

#define BLOCKS_TO_END 15  /* recalled - verify */
#define BYTES_TO_END  255 /* modes 8 to 10: no partial encryption; mode 13: the length is in the TLS record */

static void split_link_control(uint16_t field, struct wm_config *config)
{
    config->bidirectional = field & BIDIRECTIONAL;
    config->accessible = field & ACCESSIBLE;
    config->synchronous = field & SYNCHRONOUS;
    config->content = field >> 2 & 3;
    config->repeated = field & REPEATED;
    config->hop = field & HOP;
}

static void split_blocks(uint16_t field, struct wm_config *config)
{
    config->unit = WM_ENCRYPTED_BLOCKS;
    config->encrypted = field >> 4 & 15;
    config->to_end = config->encrypted == BLOCKS_TO_END;
}

static void split_bytes(uint16_t field, struct wm_config *config)
{
    config->unit = WM_ENCRYPTED_BYTES;
    config->encrypted = field & 0xFF;
    config->to_end = config->encrypted == BYTES_TO_END;
}

static void split_extension(uint16_t extension, struct wm_config *config)
{
    config->extension = extension;
    config->key_id = extension & 15;
    config->kdf = extension >> 4 & 3;
    config->has_key_version = extension & VERSION;
}

/* Mode 7: counter, then version; modes 8 to 10: version, then counter. Public programs differ like this, and every public telegram
 * has V = 0: the order is not verified. */
static void read_optional(struct wm_cursor *cur, struct wm_config *config)
{
    if (config->mode == 7 && config->has_counter)
        config->counter = wm_cursor_u32le(cur);
    if (config->has_key_version)
        config->key_version = wm_cursor_u8(cur);
    config->authenticated_bytes = (uint8_t)cur->pos; /* clause 9.4.8: the counter is in the nonce instead (measured) */
    if (config->mode != 7 && config->has_counter)
        config->counter = wm_cursor_u32le(cur);
}

enum wm_status wm_config_parse(uint16_t field, struct wm_span behind, struct wm_config *config)
{
    struct wm_cursor cur = wm_cursor_of(behind);

    *config = (struct wm_config){.field = field, .mode = field >> 8 & 0x1F};
    switch (config->mode) {
    case 0:
        split_link_control(field, config);
        break;
    case 2:
    case 3:
        split_bytes(field, config);
        config->to_end = false;
        break;
    case 4:
    case 5:
        split_link_control(field, config);
        split_blocks(field, config);
        break;
    case 7:
        split_blocks(field, config);
        config->content = (uint8_t)(field >> 14);
        config->has_counter = field & COUNTER;
        config->padding = field & PADDING;
        config->content_index = field & 7;
        split_extension(wm_cursor_u8(&cur), config);
        config->extension_bytes = 1;
        read_optional(&cur, config);
        break;
    case 8:
    case 9:
    case 10:
        split_bytes(field, config);
        config->content = (uint8_t)(field >> 14);
        config->has_counter = field & COUNTER;
        split_extension(wm_cursor_u16le(&cur), config);
        config->extension_bytes = 2;
        config->tag_bytes = (uint8_t)(4 + 4 * (config->extension >> 8 & 3));
        config->content_index = (uint8_t)(config->extension >> 10);
        read_optional(&cur, config);
        break;
    case 13:
        split_bytes(field, config);
        config->content = (uint8_t)(field >> 14);
        config->extension = wm_cursor_u8(&cur);
        config->extension_bytes = 1;
        config->protocol = config->extension & 15;
        break;
    default:
        break;
    }
    config->header_bytes = (uint8_t)cur.pos;
    return cur.failed ? WM_TOO_SHORT : WM_OK;
}

static uint16_t link_control(const struct wm_config *config)
{
    return (uint16_t)((config->bidirectional ? BIDIRECTIONAL : 0) | (config->accessible ? ACCESSIBLE : 0) |
                      (config->synchronous ? SYNCHRONOUS : 0) | config->content << 2 | (config->repeated ? REPEATED : 0) |
                      (config->hop ? HOP : 0));
}

static uint16_t extension_of(const struct wm_config *config)
{
    return (uint16_t)(config->key_id | config->kdf << 4 | (config->has_key_version ? VERSION : 0));
}

enum wm_status wm_config_build(const struct wm_config *config, struct wm_writer *out)
{
    unsigned field = (unsigned)config->mode << 8;
    bool blocks = config->mode == 4 || config->mode == 5 || config->mode == 7;

    if (config->mode > 31 || config->content > 3 || config->key_id > 15 || config->kdf > 3 || config->protocol > 15 ||
        (blocks && config->encrypted > 15))
        return WM_INVALID;
    switch (config->mode) {
    case 0:
        wm_writer_u16le(out, (uint16_t)(field | link_control(config)));
        break;
    case 4:
    case 5:
        wm_writer_u16le(out, (uint16_t)(field | link_control(config) | (unsigned)config->encrypted << 4));
        break;
    case 2:
    case 3:
        wm_writer_u16le(out, (uint16_t)(field | config->encrypted));
        break;
    case 7:
        if (config->content_index > 7)
            return WM_INVALID;
        field |= (unsigned)config->content << 14 | (config->has_counter ? COUNTER : 0) | (unsigned)config->encrypted << 4 |
                 (config->padding ? PADDING : 0) | config->content_index;
        wm_writer_u16le(out, (uint16_t)field);
        wm_writer_u8(out, (uint8_t)extension_of(config));
        if (config->has_counter)
            wm_writer_u32le(out, config->counter);
        if (config->has_key_version)
            wm_writer_u8(out, config->key_version);
        break;
    case 8:
    case 9:
    case 10:
        if (config->tag_bytes < 4 || config->tag_bytes > 16 || config->tag_bytes % 4 || config->content_index > 63)
            return WM_INVALID;
        field |= (unsigned)config->content << 14 | (config->has_counter ? COUNTER : 0) | config->encrypted;
        wm_writer_u16le(out, (uint16_t)field);
        wm_writer_u16le(out, (uint16_t)(extension_of(config) | (config->tag_bytes / 4 - 1) << 8 | config->content_index << 10));
        if (config->has_key_version)
            wm_writer_u8(out, config->key_version);
        if (config->has_counter)
            wm_writer_u32le(out, config->counter);
        break;
    case 13:
        wm_writer_u16le(out, (uint16_t)(field | (unsigned)config->content << 14 | config->encrypted));
        wm_writer_u8(out, config->protocol);
        break;
    default:
        wm_writer_u16le(out, config->field);
        break;
    }
    return out->failed ? WM_FULL : WM_OK;
}

const char *wm_content_name(uint8_t content)
{
    return content == 0 ? "standard" : content == 2 ? "static" : "reserved";
}

const char *wm_kdf_name(uint8_t kdf)
{
    return kdf == 0 ? "persistent key" : kdf == 1 ? "KDF A" : "reserved";
}

const char *wm_protocol_name(uint8_t protocol)
{
    static const char *const names[] = {"TLSCONN", "TLSHS", "TLSALERT", "TLSAPP"};

    return protocol < sizeof names / sizeof names[0] ? names[protocol] : "reserved";
}

size_t wm_status_words(uint8_t status, bool to_meter, char out[WM_STATUS_CHARS])
{
    static const char *const application[] = {NULL, "busy", "application error", "abnormal condition or alarm"};
    const char *words[5];
    size_t count = 0, len = 0;
    char manufacturer[24];

    out[0] = '\0';
    if (to_meter) { /* recalled - verify: reception level of the last frame from the meter in bits 5-0 */
        if (status & 0x3F)
            len = (size_t)snprintf(out, WM_STATUS_CHARS, "reception level %u", status & 0x3Fu);
        return len;
    }
    if (application[status & 3])
        words[count++] = application[status & 3];
    if (status & 0x04)
        words[count++] = "power low";
    if (status & 0x08)
        words[count++] = "permanent error";
    if (status & 0x10)
        words[count++] = "temporary error";
    if (status & 0xE0) {
        snprintf(manufacturer, sizeof manufacturer, "manufacturer bits %u", status >> 5u);
        words[count++] = manufacturer;
    }
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(words[i]);
        if (i) {
            memcpy(out + len, ", ", 2);
            len += 2;
        }
        memcpy(out + len, words[i], n);
        len += n;
    }
    out[len] = '\0';
    return len;
}
