/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/explain.h"

#include "app/out/format.h"
#include "security/cipher_mode.h"
#include "security/tls_frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define ROW_BYTES 12 /* bytes a line */

/* Walks the bytes: each row takes some off the front. */
struct walk {
    struct wm_sink *sink;
    struct wm_span rest;
    size_t offset;
};

static void heading(struct walk *walk, const char *text, const char *where)
{
    wm_sink_printf(walk->sink, "  -- %s%s%s\n", text, *where ? ": " : "", where);
}

/* What a meter sends as text may hold control characters (C0, DEL, C1), which a terminal obeys: they come out as '.'. */
static void make_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7F)
            *c = '.';
        else if (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0)
            c[0] = c[1] = '.';
    }
}

/* One field of n bytes: offset, bytes, name, meaning. Fields longer than a line go on below. */
__attribute__((format(printf, 4, 5))) static void row(struct walk *walk, size_t n, const char *name, const char *format, ...)
{
    struct wm_span bytes = wm_span_sub(walk->rest, 0, n);
    char meaning[256];
    va_list args;

    va_start(args, format);
    vsnprintf(meaning, sizeof meaning, format, args);
    va_end(args);
    make_printable(meaning);
    for (size_t at = 0; at == 0 || at < bytes.len; at += ROW_BYTES) {
        struct wm_span line = wm_span_sub(bytes, at, ROW_BYTES);
        wm_sink_printf(walk->sink, "  %5zu  ", walk->offset + at);
        wm_sink_hex(walk->sink, line, true);
        wm_sink_printf(walk->sink, "%*s", (int)(2 * (ROW_BYTES - line.len)), "");
        if (at == 0)
            wm_sink_printf(walk->sink, "  %-20s %s", name, meaning);
        wm_sink_char(walk->sink, '\n');
    }
    walk->offset += bytes.len;
    walk->rest = wm_span_sub(walk->rest, bytes.len, SIZE_MAX);
}

static void address_rows(struct walk *walk, const struct wm_address *address, bool id_first)
{
    char text[4];

    wm_manufacturer_text(address->manufacturer, text);
    if (id_first)
        row(walk, 4, "identification", "%08X", (unsigned)address->id);
    row(walk, 2, "manufacturer", "%s", text);
    if (!id_first)
        row(walk, 4, "identification", "%08X", (unsigned)address->id);
    row(walk, 1, "version", "%u", address->version);
    row(walk, 1, "device type", "%s", wm_device_type_name(address->type));
}

static void ci_row(struct walk *walk, uint8_t ci)
{
    row(walk, 1, "CI", "%s", wm_ci_info(ci)->name);
}

static void explain_ell(struct walk *walk, const struct wm_message *message)
{
    static const char *const encryptions[] = {"none", "AES-128-CTR"};
    const struct wm_ell *ell = &message->ell;
    unsigned encryption = wm_ell_encryption(ell);

    heading(walk, "extended link layer", "EN 13757-4 13.2");
    ci_row(walk, ell->ci);
    row(walk, 1, "CC", "%s%s%s%s%s%s%s%s", ell->cc & 0x80 ? "bidirectional " : "", ell->cc & 0x40 ? "response-delay " : "",
        ell->cc & 0x20 ? "synchronous " : "", ell->cc & 0x10 ? "hop " : "", ell->cc & 0x08 ? "priority " : "",
        ell->cc & 0x04 ? "accessible " : "", ell->cc & 0x02 ? "repeated-access " : "", ell->cc & 0x01 ? "extended-delay" : "");
    row(walk, 1, "access number", "%u", ell->acc);
    if (ell->has_receiver)
        address_rows(walk, &ell->receiver, false);
    if (!ell->has_session)
        return;
    row(walk, 4, "session number", "encryption %s, minute %u, session %u", encryption < 2 ? encryptions[encryption] : "reserved",
        ell->session >> 4 & 0x1FFFFFF, ell->session & 15);
    row(walk, 2, "payload CRC", "%04X%s", ell->payload_crc,
        encryption == 1 && message->decrypted ? " (decrypted, as is all that follows)" : "");
}

static void explain_afl(struct walk *walk, const struct wm_message *message)
{
    struct wm_afl afl;
    size_t behind;

    if (wm_afl_parse(message->afl, &afl) != WM_OK) /* of this fragment; message->afl_fields are of the whole */
        return;
    behind = walk->rest.len - message->afl.len;
    heading(walk, "authentication and fragmentation layer", "EN 13757-7 6");
    ci_row(walk, 0x90);
    row(walk, 1, "AFLL", "%zu bytes", message->afl.len - 2);
    row(walk, 2, "FCL", "fragment %u%s", afl.fcl & WM_AFL_FID, afl.fcl & WM_AFL_MF ? ", more follow" : "");
    if (afl.fcl & WM_AFL_MCLP)
        row(walk, 1, "MCL", "MAC: %s", wm_afl_mac_type(afl.mcl)->name);
    if (afl.fcl & WM_AFL_KIP)
        row(walk, 2, "KI", "key version %u, %s, key id %u", afl.ki >> 8, wm_kdf_name(afl.ki >> 4 & 3), afl.ki & 15u);
    if (afl.fcl & WM_AFL_MCRP)
        row(walk, 4, "message counter", "%" PRIu32, afl.mcr);
    if (afl.fcl & WM_AFL_MACP)
        row(walk, afl.mac.len, "MAC", "%s", message->authenticated ? "verified" : wm_verdict_name(message->verdict));
    if (afl.fcl & WM_AFL_MLP)
        row(walk, 2, "message length", "%u bytes", afl.ml);
    if (walk->rest.len > behind)
        row(walk, walk->rest.len - behind, "unknown fields", "skipped");
}

static void explain_config(struct walk *walk, const struct wm_config *config)
{
    char extent[64] = "";

    if (config->unit == WM_ENCRYPTED_BLOCKS)
        snprintf(extent, sizeof extent, config->to_end ? ", encrypted to the end" : ", %u encrypted blocks", config->encrypted);
    else if (config->unit == WM_ENCRYPTED_BYTES)
        snprintf(extent, sizeof extent, config->to_end ? ", encrypted to the end" : ", %u encrypted bytes", config->encrypted);
    row(walk, 2, "configuration", "%s%s%s%s%s%s%s; content %s", wm_security_mode_detail(config->mode), extent,
        config->bidirectional ? ", bidirectional" : "", config->accessible ? ", accessible" : "",
        config->synchronous ? ", synchronous" : "", config->repeated ? ", repeated" : "", config->hop ? ", hop" : "",
        wm_content_name(config->content));
    if (config->mode == 13)
        row(walk, 1, "protocol type", "%s", wm_protocol_name(config->protocol));
    else if (config->extension_bytes)
        row(walk, config->extension_bytes, "extension", "key id %u, %s%s", config->key_id, wm_kdf_name(config->kdf),
            config->padding ? ", padded" : "");
    if (config->has_counter && config->mode == 7)
        row(walk, 4, "message counter", "%" PRIu32, config->counter);
    if (config->has_key_version)
        row(walk, 1, "key version", "%u", config->key_version);
    if (config->has_counter && config->mode != 7)
        row(walk, 4, "message counter", "%" PRIu32, config->counter);
}

static void explain_tpl(struct walk *walk, const struct wm_message *message)
{
    const struct wm_tpl *tpl = &message->tpl;
    char words[WM_STATUS_CHARS];

    heading(walk, "transport layer", "EN 13757-7 7");
    ci_row(walk, tpl->ci);
    if (tpl->header == WM_TPL_LONG)
        address_rows(walk, &tpl->address, true);
    if (tpl->header == WM_TPL_NONE)
        return;
    row(walk, 1, "access number", "%u", tpl->acc);
    row(walk, 1, "status", "%s", wm_status_words(tpl->status, message->to_meter, words) ? words : "nothing to report");
    explain_config(walk, &message->config);
}

static void explain_records(struct walk *walk, const struct wm_message *message)
{
    struct wm_record_reader reader = wm_record_reader_of(message->apl);
    struct wm_record record;
    char value[WM_VALUE_CHARS];
    const char *why = NULL;
    enum wm_status status;

    while ((status = wm_record_next(&reader, &record, &why)) != WM_END) {
        if (record.derived) /* its bytes are the profile's, which has been shown */
            continue;
        if (record.idle) {
            row(walk, record.raw.len, "fill", "%s",
                record.offset == 0 && message->decrypted ? "the check bytes 2F2F, and fill" : "idle bytes");
            continue;
        }
        if (status != WM_OK) {
            row(walk, record.raw.len, "no records", "%s", why ? why : wm_status_text(status));
            continue;
        }
        wm_record_text(&record, value);
        row(walk, record.dib.len, "DIF", "%s, storage %" PRIu64 ", tariff %" PRIu32 ", subunit %" PRIu32,
            wm_function_name(record.function), record.storage, record.tariff, record.subunit);
        if (record.vib.len)
            row(walk, record.vib.len, "VIF", "%s%s%s", *record.quantity ? record.quantity : "not known", *record.detail ? ", " : "",
                record.detail);
        if (record.raw.len > record.dib.len + record.vib.len)
            row(walk, record.raw.len - record.dib.len - record.vib.len, "value", "%.200s %s", value, record.unit);
    }
}

static void explain_tls(struct walk *walk, const struct wm_message *message)
{
    struct wm_cursor cur = wm_cursor_of(message->apl);
    struct wm_tls_record record;

    if (message->config.protocol == WM_TLSCONN) {
        row(walk, message->apl.len, "ConnectionRequest", "asks the meter to begin a TLS session");
        return;
    }
    while (wm_tls_record_next(&cur, &record) == WM_OK)
        row(walk, record.raw.len, "TLS record", "%s, version %04X, %zu bytes", wm_tls_record_name(record.type), record.version,
            record.body.len);
}

static void explain_content(struct walk *walk, const struct wm_reading *reading)
{
    const struct wm_message *message = reading->message;
    const struct wm_mode_traits *mode = wm_mode_traits(message->config.mode);
    size_t apl = message->apl.len;

    if (walk->rest.len == 0)
        return;
    heading(walk, "application data", message->decrypted ? "decrypted" : "");
    if (message->config.mode == 13)
        explain_tls(walk, message);
    else if (wm_reading_has_records(reading) && reading->content->compact == WM_COMPACT_NONE)
        explain_records(walk, message);
    else if (message->readable)
        row(walk, apl, "data", "%s", wm_payload_name(wm_ci_info(message->tpl.ci)->payload));
    else if (apl)
        row(walk, apl, message->decrypted ? "not proven" : "not opened", "%s", wm_verdict_name(message->verdict));
    if (walk->rest.len && mode->tag && message->has_tpl)
        row(walk, walk->rest.len, "tag", "%s", message->authenticated ? "verified" : wm_verdict_name(message->verdict));
    if (walk->rest.len)
        row(walk, walk->rest.len, "rest", "not read");
}

void wm_explain(struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct wm_message *message = reading->message;
    struct walk walk = {.sink = sink, .rest = message->plain};
    const char *c_name = wm_c_name(message->dll.c);

    wm_sink_printf(sink, "%s: %s%s%s\n", wm_verdict_name(message->verdict), wm_verdict_meaning(message->verdict),
                   *message->detail ? "; " : "", message->detail);
    heading(&walk, "link layer", "EN 13757-4");
    if (message->plain.len < 10) {
        row(&walk, walk.rest.len, "not a frame", "shorter than a link layer header");
        wm_sink_char(sink, '\n');
        return;
    }
    row(&walk, 1, "L", "%u bytes follow", message->plain.data[0]);
    row(&walk, 1, "C", "%s, %s", c_name ? c_name : "unknown", message->to_meter ? "to the meter" : "from the meter");
    address_rows(&walk, &message->dll.address, false);
    if (message->has_ell)
        explain_ell(&walk, message);
    if (message->has_afl)
        explain_afl(&walk, message);
    if (message->assembled) {
        row(&walk, walk.rest.len, "fragment", "the last of the message");
        heading(&walk, "the whole message, put together from its fragments", "");
        walk.rest = message->tpdu;
        walk.offset = 0;
    }
    if (message->has_tpl) {
        explain_tpl(&walk, message);
        explain_content(&walk, reading);
    } else if (walk.rest.len) {
        heading(&walk, "what follows", "");
        row(&walk, walk.rest.len, wm_ci_info(walk.rest.data[0])->name, "%s", *message->detail ? message->detail : "not opened");
    }
    wm_sink_char(sink, '\n');
}
