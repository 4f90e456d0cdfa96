/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/format.h"
#include "app/out/json.h"
#include "app/time_text.h"

/* NDJSON. Every member is documented in docs/json.md, which is a contract: members are added, never changed. */

/* One member each. The key is a literal. */
#define MEMBER(json, key, text)                (WM_JSON_KEY(json, key), wm_json_string(json, text))
#define MEMBER_NAME(json, key, text)           (WM_JSON_KEY(json, key), wm_json_name(json, text)) /* from a table: nothing to escape */
#define MEMBER_UINT(json, key, value)          (WM_JSON_KEY(json, key), wm_json_uint(json, value))
#define MEMBER_FIXED(json, key, value, digits) (WM_JSON_KEY(json, key), wm_json_fixed(json, value, digits))
#define MEMBER_HEX(json, key, bytes)           (WM_JSON_KEY(json, key), wm_json_hex(json, bytes))
/* Bytes with a meaning bit by bit are shown as they are written in the standards: two hex digits. */
#define MEMBER_BYTE(json, key, value) (WM_JSON_KEY(json, key), hex_byte(json, value))
#define MEMBER_FLAG(json, key, value)                                                                                              \
    do {                                                                                                                           \
        if (value) {                                                                                                               \
            WM_JSON_KEY(json, key);                                                                                                \
            wm_json_bool(json, true);                                                                                              \
        }                                                                                                                          \
    } while (0)

static void hex_byte(struct wm_json *json, uint8_t value)
{
    wm_json_hex(json, (struct wm_span){&value, 1});
}

static void signal_members(struct wm_json *json, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    char time[WM_TIME_TEXT];

    if (frame->on_air) {
        WM_JSON_KEY(json, "time");
        if (signal->time_ns != WM_TIME_UNKNOWN) {
            wm_time_text(signal->time_ns, 'T', time);
            wm_json_string(json, time);
        } else {
            wm_json_null(json);
        }
        MEMBER_UINT(json, "sample", signal->sample_index);
    }
    if (wm_reading_has_mode(reading))
        MEMBER_NAME(json, "mode", wm_mode_info(frame->mode)->name);
    if (frame->format != WM_FORMAT_NONE)
        MEMBER_NAME(json, "format", wm_format_name(frame->format));
    if (frame->on_air) {
        MEMBER_FIXED(json, "channel_hz", signal->channel_hz, 0);
        MEMBER_FIXED(json, "offset_hz", (double)signal->offset_hz, 0);
        MEMBER_FIXED(json, "rssi_dbfs", (double)signal->rssi_dbfs, 1);
        MEMBER_FIXED(json, "snr_db", (double)signal->snr_db, 1);
        MEMBER_FIXED(json, "deviation_hz", (double)signal->deviation_hz, 0);
        MEMBER_FIXED(json, "clock_ppm", (double)signal->clock_ppm, 0);
    }
    MEMBER_NAME(json, "grade", wm_grade_name(frame->grade));
    if (frame->grade == WM_GRADE_REPAIRED)
        MEMBER_UINT(json, "repaired", frame->repaired);
}

/* Where a telegram that came as a line of text came from. */
static void line_members(struct wm_json *json, const struct wm_line *line)
{
    WM_JSON_KEY(json, "source");
    wm_json_open(json, '{');
    MEMBER_NAME(json, "form", wm_line_form_name(line->form));
    if (line->number)
        MEMBER_UINT(json, "line", line->number);
    if (line->time[0])
        MEMBER(json, "time", line->time);
    if (line->has_rssi_dbm)
        MEMBER_FIXED(json, "rssi_dbm", line->rssi_dbm, 1);
    if (line->has_rssi_raw)
        MEMBER_FIXED(json, "rssi_raw", line->rssi_raw, 0);
    if (line->has_lqi)
        MEMBER_UINT(json, "lqi", line->lqi);
    MEMBER_FLAG(json, "damaged", line->damaged);
    if (line->trailing.len)
        MEMBER_HEX(json, "trailing", line->trailing);
    wm_json_close(json, '}');
}

static void address_members(struct wm_json *json, const struct wm_address *address)
{
    char text[4];

    wm_manufacturer_text(address->manufacturer, text);
    MEMBER(json, "manufacturer", text);
    uint8_t id[] = {(uint8_t)(address->id >> 24), (uint8_t)(address->id >> 16), (uint8_t)(address->id >> 8), (uint8_t)address->id};
    MEMBER_HEX(json, "id", ((struct wm_span){id, sizeof id}));
    MEMBER_UINT(json, "version", address->version);
    MEMBER_UINT(json, "type", address->type);
    MEMBER_NAME(json, "type_name", wm_device_type_name(address->type));
}

static void ell_members(struct wm_json *json, const struct wm_ell *ell)
{
    WM_JSON_KEY(json, "ell");
    wm_json_open(json, '{');
    MEMBER_BYTE(json, "ci", ell->ci);
    MEMBER_BYTE(json, "cc", ell->cc);
    MEMBER_FLAG(json, "bidirectional", ell->cc & 0x80);
    MEMBER_FLAG(json, "response_delay", ell->cc & 0x40);
    MEMBER_FLAG(json, "synchronous", ell->cc & 0x20);
    MEMBER_FLAG(json, "hop", ell->cc & 0x10);
    MEMBER_FLAG(json, "priority", ell->cc & 0x08);
    MEMBER_FLAG(json, "accessible", ell->cc & 0x04);
    MEMBER_FLAG(json, "repeated_access", ell->cc & 0x02);
    MEMBER_FLAG(json, "extended_delay", ell->cc & 0x01);
    MEMBER_UINT(json, "acc", ell->acc);
    if (ell->has_receiver) {
        WM_JSON_KEY(json, "receiver");
        wm_json_open(json, '{');
        address_members(json, &ell->receiver);
        wm_json_close(json, '}');
    }
    if (ell->has_session) {
        MEMBER_UINT(json, "session_number", ell->session);
        MEMBER_UINT(json, "encryption", wm_ell_encryption(ell));
    }
    wm_json_close(json, '}');
}

/* The configuration field taken apart: what the mode has. */
static void config_members(struct wm_json *json, const struct wm_config *config)
{
    uint8_t extension[2] = {(uint8_t)(config->extension >> 8), (uint8_t)config->extension};

    MEMBER_FLAG(json, "bidirectional", config->bidirectional);
    MEMBER_FLAG(json, "accessible", config->accessible);
    MEMBER_FLAG(json, "synchronous", config->synchronous);
    MEMBER_FLAG(json, "repeated_access", config->repeated);
    MEMBER_FLAG(json, "hop", config->hop);
    if (config->content)
        MEMBER_NAME(json, "content", wm_content_name(config->content));
    if (config->unit == WM_ENCRYPTED_BYTES)
        MEMBER_UINT(json, "encrypted_bytes", config->encrypted);
    if (!config->extension_bytes)
        return;
    MEMBER_HEX(json, "config_extension", ((struct wm_span){extension + 2 - config->extension_bytes, config->extension_bytes}));
    if (config->mode == 13) {
        MEMBER_UINT(json, "protocol", config->protocol);
        MEMBER_NAME(json, "protocol_name", wm_protocol_name(config->protocol));
        return;
    }
    MEMBER_FLAG(json, "padding", config->padding);
    if (config->content_index)
        MEMBER_UINT(json, "content_index", config->content_index);
    MEMBER_UINT(json, "kdf", config->kdf);
    MEMBER_NAME(json, "kdf_name", wm_kdf_name(config->kdf));
    MEMBER_UINT(json, "key_id", config->key_id);
    if (config->has_key_version)
        MEMBER_UINT(json, "key_version", config->key_version);
    if (config->has_counter)
        MEMBER_UINT(json, "counter", config->counter);
    if (config->tag_bytes)
        MEMBER_UINT(json, "tag_bytes", config->tag_bytes);
}

static void afl_members(struct wm_json *json, const struct wm_afl *afl)
{
    WM_JSON_KEY(json, "afl_fields");
    wm_json_open(json, '{');
    MEMBER_UINT(json, "fragment", afl->fcl & WM_AFL_FID);
    MEMBER_FLAG(json, "more_fragments", afl->fcl & WM_AFL_MF);
    if (afl->fcl & WM_AFL_MCLP) {
        MEMBER_BYTE(json, "mcl", afl->mcl);
        MEMBER_NAME(json, "mac_type", wm_afl_mac_type(afl->mcl)->name);
    }
    if (afl->fcl & WM_AFL_KIP) {
        MEMBER_UINT(json, "key_version", afl->ki >> 8);
        MEMBER_UINT(json, "kdf", afl->ki >> 4 & 3);
        MEMBER_UINT(json, "key_id", afl->ki & 15);
    }
    if (afl->fcl & WM_AFL_MCRP)
        MEMBER_UINT(json, "counter", afl->mcr);
    if (afl->fcl & WM_AFL_MACP)
        MEMBER_HEX(json, "mac", afl->mac);
    if (afl->fcl & WM_AFL_MLP)
        MEMBER_UINT(json, "length", afl->ml);
    wm_json_close(json, '}');
}

static void tpl_members(struct wm_json *json, const struct wm_message *message)
{
    const struct wm_tpl *tpl = &message->tpl;
    char words[WM_STATUS_CHARS];
    const struct wm_ci_info *info = wm_ci_info(tpl->ci);
    uint8_t config[2] = {(uint8_t)(tpl->config >> 8), (uint8_t)tpl->config};

    WM_JSON_KEY(json, "tpl");
    wm_json_open(json, '{');
    MEMBER_BYTE(json, "ci", tpl->ci);
    MEMBER_NAME(json, "ci_name", info->name);
    MEMBER_NAME(json, "header", wm_tpl_header_name(tpl->header));
    MEMBER_NAME(json, "payload", wm_payload_name(info->payload));
    if (tpl->header != WM_TPL_NONE) {
        MEMBER_UINT(json, "acc", tpl->acc);
        MEMBER_BYTE(json, "status", tpl->status);
        if (tpl->status && wm_status_words(tpl->status, message->to_meter, words))
            MEMBER_NAME(json, "status_text", words);
        MEMBER_HEX(json, "config", ((struct wm_span){config, 2}));
        MEMBER_UINT(json, "mode", tpl->mode);
        MEMBER_NAME(json, "mode_name", wm_security_mode_name(tpl->mode));
        MEMBER_UINT(json, "encrypted_blocks", tpl->encrypted_blocks);
        config_members(json, &message->config);
    }
    if (tpl->header == WM_TPL_LONG) {
        WM_JSON_KEY(json, "address");
        wm_json_open(json, '{');
        address_members(json, &tpl->address);
        wm_json_close(json, '}');
    }
    wm_json_close(json, '}');
}

static void value_member(struct wm_json *json, const struct wm_record *record)
{
    char text[WM_VALUE_CHARS];

    WM_JSON_KEY(json, "value");
    switch (record->kind) {
    case WM_VALUE_NONE:
    case WM_VALUE_INVALID:
        wm_json_null(json);
        break;
    case WM_VALUE_DECIMAL:
        wm_json_number_n(json, text, wm_decimal_text(record->decimal, text, sizeof text));
        break;
    case WM_VALUE_REAL:
        wm_record_text(record, text);
        wm_json_number_text(json, text);
        break;
    case WM_VALUE_BYTES: /* of a reassembled message they may be many */
        wm_json_hex(json, record->raw_value);
        break;
    case WM_VALUE_TEXT:
        wm_json_string(json, record->text);
        break;
    case WM_VALUE_DATE:
    case WM_VALUE_DATETIME:
    case WM_VALUE_TIME:
        wm_record_text(record, text);
        wm_json_string(json, text);
        break;
    }
}

static void record_members(struct wm_json *json, const struct wm_record *record)
{
    wm_json_open(json, '{');
    MEMBER_UINT(json, "offset", record->offset);
    MEMBER_NAME(json, "function", wm_function_name(record->function));
    MEMBER_UINT(json, "storage", record->storage);
    MEMBER_UINT(json, "tariff", record->tariff);
    MEMBER_UINT(json, "subunit", record->subunit);
    MEMBER(json, "quantity", record->quantity);
    MEMBER(json, "unit", record->unit);
    if (record->detail && *record->detail)
        MEMBER(json, "detail", record->detail);
    MEMBER_NAME(json, "kind", wm_value_kind_name(record->kind));
    value_member(json, record);
    WM_JSON_KEY(json, "known");
    wm_json_bool(json, record->known);
    MEMBER_FLAG(json, "manufacturer_specific", record->manufacturer);
    MEMBER_FLAG(json, "more_follows", record->more_follows);
    MEMBER_FLAG(json, "summer_time", record->kind == WM_VALUE_DATETIME && record->datetime.summer_time);
    MEMBER_FLAG(json, "clock_invalid", record->kind == WM_VALUE_DATETIME && record->datetime.invalid);
    MEMBER_HEX(json, "raw", record->raw);
    wm_json_close(json, '}');
}

static void records_member(struct wm_json *json, const struct wm_reading *reading)
{
    struct wm_record_reader reader = wm_record_reader_of(reading->message->apl);
    struct wm_record record;
    const char *why = NULL;
    const char *fault = NULL;
    enum wm_status status;

    WM_JSON_KEY(json, "records");
    wm_json_open(json, '[');
    while (wm_reading_has_records(reading) && (status = wm_record_next(&reader, &record, &why)) != WM_END) {
        if (status != WM_OK)
            fault = why;
        if (!record.idle)
            record_members(json, &record);
    }
    wm_json_close(json, ']');
    if (fault)
        MEMBER(json, "records_fault", fault);
}

void wm_format_json_write(struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_message *message = reading->message;
    struct wm_json json = wm_json_of(sink);

    wm_json_open(&json, '{');
    signal_members(&json, reading);
    if (reading->line)
        line_members(&json, reading->line);
    MEMBER_HEX(&json, "telegram", ((struct wm_span){frame->data, frame->len}));
    if (message->decrypted && !message->assembled)
        MEMBER_HEX(&json, "plain", message->plain);
    if (message->assembled)
        MEMBER_HEX(&json, "message", message->tpdu);
    MEMBER_BYTE(&json, "c", message->dll.c);
    MEMBER(&json, "c_name", wm_c_name(message->dll.c));
    address_members(&json, &message->dll.address);
    if (message->dll.payload.len) {
        MEMBER_BYTE(&json, "ci", message->dll.payload.data[0]);
        MEMBER_NAME(&json, "ci_name", wm_ci_info(message->dll.payload.data[0])->name);
    }
    if (message->has_ell)
        ell_members(&json, &message->ell);
    if (message->has_afl)
        MEMBER_HEX(&json, "afl", message->afl);
    if (message->has_afl)
        afl_members(&json, &message->afl_fields);
    if (message->has_tpl)
        tpl_members(&json, message);
    MEMBER_NAME(&json, "verdict", wm_verdict_name(message->verdict));
    if (message->detail && *message->detail)
        MEMBER_NAME(&json, "detail", message->detail);
    if (message->to_meter)
        MEMBER_NAME(&json, "direction", "to meter");
    if (message->has_counter)
        MEMBER_UINT(&json, "counter", message->counter);
    WM_JSON_KEY(&json, "readable");
    wm_json_bool(&json, message->readable);
    if (message->readable && !wm_reading_has_records(reading) && message->apl.len)
        MEMBER_HEX(&json, "apl", message->apl);
    records_member(&json, reading);
    wm_json_close(&json, '}');
    wm_sink_char(sink, '\n');
}
