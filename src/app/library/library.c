/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/format.h"
#include "security/crypto.h"
#include "security/open.h"
#include "security/seal.h"

#include <stdlib.h>
#include <string.h>
#include <wmsdr/wmsdr.h>

/* The public interface over the layers: only names and types change here. */

struct wmsdr_keys {
    struct wm_keystore *store;
};

struct wmsdr_opener {
    struct wm_opener *opener;
    struct wm_counters *counters;
    struct wm_message message;
    struct wm_frame frame;
    struct wm_formats *formats;
    struct wm_content content;
};

struct wmsdr_sealer {
    struct wm_sealer *sealer;
};

static wmsdr_status of(enum wm_status status)
{
    switch (status) {
    case WM_OK:
        return WMSDR_OK;
    case WM_END:
        return WMSDR_END;
    case WM_NO_KEY:
        return WMSDR_NO_KEY;
    case WM_FULL:
        return WMSDR_FULL;
    case WM_NO_MEMORY:
        return WMSDR_NO_MEMORY;
    case WM_IO:
        return WMSDR_IO;
    case WM_UNSUPPORTED:
        return WMSDR_UNSUPPORTED;
    case WM_INVALID:
        return WMSDR_INVALID;
    default:
        return WMSDR_MALFORMED;
    }
}

const char *wmsdr_version(void)
{
    return WMSDR_VERSION;
}

const char *wmsdr_status_text(wmsdr_status status)
{
    static const char *const texts[] = {"ok",        "no more items",          "invalid argument",
                                        "malformed", "a key is needed",        "no room left",
                                        "no memory", "input or output failed", "not supported"};

    return (unsigned)status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown";
}

wmsdr_status wmsdr_keys_create(wmsdr_keys **keys)
{
    struct wmsdr_keys *made = calloc(1, sizeof *made);
    enum wm_status status = made ? wm_keystore_create(&made->store) : WM_NO_MEMORY;

    if (status != WM_OK) {
        free(made);
        return of(status);
    }
    *keys = made;
    return WMSDR_OK;
}

void wmsdr_keys_destroy(wmsdr_keys *keys)
{
    if (!keys)
        return;
    wm_keystore_destroy(keys->store);
    free(keys);
}

wmsdr_status wmsdr_keys_add(wmsdr_keys *keys, const char *line)
{
    const char *why;

    return of(wm_keystore_add_line(keys->store, line, strlen(line), &why));
}

wmsdr_status wmsdr_keys_load(wmsdr_keys *keys, const char *path, int allow_shared, unsigned *line)
{
    enum wm_key_format format = WM_KEYS_OWN;
    const char *why;
    unsigned at = 0;
    enum wm_status status = wm_key_format_of(path, &format);

    if (status == WM_OK)
        status = wm_keystore_import(keys->store, path, format, allow_shared != 0, &at, &why);
    if (line)
        *line = at;
    return of(status);
}

size_t wmsdr_keys_count(const wmsdr_keys *keys)
{
    return wm_keystore_count(keys->store);
}

wmsdr_status wmsdr_opener_create(const wmsdr_keys *keys, const char *counters, wmsdr_opener **opener)
{
    struct wmsdr_opener *made = calloc(1, sizeof *made);
    enum wm_status status = made ? WM_OK : WM_NO_MEMORY;

    if (status == WM_OK && counters)
        status = wm_counters_open(counters, &made->counters);
    if (status == WM_OK) {
        struct wm_opener_config config = {.keys = keys ? keys->store : NULL, .counters = made->counters};
        status = wm_opener_create_with(&config, &made->opener);
    }
    if (status == WM_OK)
        status = wm_formats_create(true, &made->formats);
    if (status != WM_OK) {
        wmsdr_opener_destroy(made);
        return of(status);
    }
    made->message.detail = "";
    *opener = made;
    return WMSDR_OK;
}

void wmsdr_opener_destroy(wmsdr_opener *opener)
{
    if (!opener)
        return;
    wm_opener_destroy(opener->opener);
    wm_counters_close(opener->counters);
    wm_formats_destroy(opener->formats);
    free(opener);
}

void wmsdr_opener_experimental(wmsdr_opener *opener, int on)
{
    wm_opener_experimental(opener->opener, on != 0);
}

void wmsdr_opener_time(wmsdr_opener *opener, uint64_t now_ms)
{
    wm_opener_time(opener->opener, now_ms);
}

wmsdr_status wmsdr_open(wmsdr_opener *opener, const uint8_t *telegram, size_t len)
{
    enum wm_status status = wm_open(opener->opener, (struct wm_span){telegram, len}, &opener->message);

    if (status == WM_OK) {
        memcpy(opener->frame.data, telegram, len);
        opener->frame.len = len;
        status = wm_reading_content(opener->formats, &opener->message, &opener->content);
    }
    return of(status);
}

const char *wmsdr_verdict(const wmsdr_opener *opener)
{
    return wm_verdict_name(opener->message.verdict);
}

const char *wmsdr_detail(const wmsdr_opener *opener)
{
    return opener->message.detail;
}

int wmsdr_readable(const wmsdr_opener *opener)
{
    return opener->message.readable;
}

static const uint8_t *bytes_of(struct wm_span span, size_t *len)
{
    *len = span.len;
    return span.data;
}

const uint8_t *wmsdr_plain(const wmsdr_opener *opener, size_t *len)
{
    return bytes_of(opener->message.assembled ? opener->message.tpdu : opener->message.plain, len);
}

const uint8_t *wmsdr_application(const wmsdr_opener *opener, size_t *len)
{
    return bytes_of(opener->message.apl, len);
}

void wmsdr_opened_meter(const wmsdr_opener *opener, wmsdr_meter *meter)
{
    const struct wm_address *address = &opener->message.meter;
    uint8_t id[] = {(uint8_t)(address->id >> 24), (uint8_t)(address->id >> 16), (uint8_t)(address->id >> 8), (uint8_t)address->id};

    wm_manufacturer_text(address->manufacturer, meter->manufacturer);
    wm_hex_encode((struct wm_span){id, sizeof id}, meter->id);
    meter->version = address->version;
    meter->type = address->type;
}

wmsdr_status wmsdr_json(const wmsdr_opener *opener, char *out, size_t cap, size_t *len)
{
    struct wm_reading reading = {.frame = &opener->frame, .message = &opener->message, .content = &opener->content};
    struct wm_sink sink;

    if (cap == 0)
        return WMSDR_FULL;
    sink = wm_sink_memory(out, cap);
    wm_format_json_write(&sink, &reading);
    if (sink.error || sink.len == 0)
        return WMSDR_FULL;
    out[sink.len - 1] = '\0'; /* in place of the line end */
    if (len)
        *len = sink.len - 1;
    return WMSDR_OK;
}

static enum wm_status address_of(const wmsdr_meter *meter, struct wm_address *address)
{
    uint8_t id[4];
    size_t len = 0;

    if (wm_hex_decode(meter->id, strnlen(meter->id, sizeof meter->id), id, sizeof id, &len, NULL) != WM_OK || len != sizeof id)
        return WM_INVALID;
    address->id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
    address->version = meter->version;
    address->type = meter->type;
    return wm_manufacturer_parse(meter->manufacturer, &address->manufacturer);
}

wmsdr_status wmsdr_sealer_create(wmsdr_sealer **sealer)
{
    struct wmsdr_sealer *made = calloc(1, sizeof *made);
    enum wm_status status = made ? wm_sealer_create(&made->sealer) : WM_NO_MEMORY;

    if (status != WM_OK) {
        free(made);
        return of(status);
    }
    *sealer = made;
    return WMSDR_OK;
}

void wmsdr_sealer_destroy(wmsdr_sealer *sealer)
{
    if (!sealer)
        return;
    wm_sealer_destroy(sealer->sealer);
    free(sealer);
}

wmsdr_status wmsdr_seal(wmsdr_sealer *sealer, const wmsdr_message *message, const uint8_t *key)
{
    static const uint32_t modes = 1u << 0 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 13;
    struct wm_seal_spec spec = {.c = message->c, .to_meter = message->to_meter != 0};
    struct wm_key use = {0};
    enum wm_status status = address_of(&message->sender, &spec.sender);

    if (status == WM_OK && message->has_meter)
        status = address_of(&message->meter, &spec.tpl.address);
    if (status != WM_OK || message->mode < 0 || message->mode > 31 || !(modes >> message->mode & 1) || message->protocol < 0 ||
        message->protocol > 15 || (message->link_encrypted && message->authenticate) || message->session >> 29)
        return WMSDR_INVALID;
    spec.has_afl = spec.has_mcr = message->authenticate != 0;
    spec.has_ell = message->authenticate || message->link_encrypted;
    spec.ell.ci = message->link_encrypted ? 0x8D : 0x8C;
    spec.ell.acc = message->access;
    spec.ell.has_session = message->link_encrypted != 0;
    spec.ell.session = (uint32_t)WM_ELL_ENC_AES_CTR << 29 | message->session;
    spec.experimental = message->experimental != 0;
    spec.authentication_type = message->authenticate ? 5 : 0;
    spec.fragment_bytes = message->fragment_bytes;
    spec.tpl.ci = message->ci;
    spec.tpl.header = message->has_meter ? WM_TPL_LONG : WM_TPL_SHORT;
    spec.tpl.acc = message->access;
    spec.tpl.status = message->status;
    spec.config = (struct wm_config){
        .mode = (uint8_t)message->mode,
        .kdf = 1,
        .tag_bytes = 8,
        .has_counter = message->mode >= 7 && message->mode <= 10 && !message->authenticate,
        .protocol = (uint8_t)message->protocol,
    };
    spec.counter = message->counter;
    spec.apl = (struct wm_span){message->application, message->application_len};
    spec.clear = (struct wm_span){message->clear, message->clear ? message->clear_len : 0};
    if (key)
        memcpy(use.bytes, key, sizeof use.bytes);
    status = wm_seal(sealer->sealer, &spec, key ? &use : NULL);
    wm_cleanse(&use, sizeof use);
    return of(status);
}

wmsdr_status wmsdr_seal_next(wmsdr_sealer *sealer, uint8_t *telegram, size_t cap, size_t *len)
{
    struct wm_writer out = wm_writer_of(telegram, cap);
    enum wm_status status = wm_seal_next(sealer->sealer, &out);

    *len = out.len;
    return of(status);
}
