/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/format.h"
#include "app/out/json.h"
#include "app/time_text.h"

#include <stdio.h>

/* NDJSON. Every member is documented in docs/json.md, which is a contract: members are added, never changed. */

static void member(struct wm_json *json, const char *key, const char *text)
{
    wm_json_key(json, key);
    wm_json_string(json, text);
}

static void member_uint(struct wm_json *json, const char *key, uint64_t value)
{
    wm_json_key(json, key);
    wm_json_uint(json, value);
}

static void member_fixed(struct wm_json *json, const char *key, double value, int decimals)
{
    wm_json_key(json, key);
    wm_json_fixed(json, value, decimals);
}

static void member_hex(struct wm_json *json, const char *key, struct wm_span bytes)
{
    wm_json_key(json, key);
    wm_json_hex(json, bytes);
}

static void member_flag(struct wm_json *json, const char *key, bool value)
{
    if (!value)
        return;
    wm_json_key(json, key);
    wm_json_bool(json, true);
}

/* Bytes with a meaning bit by bit are shown as they are written in the standards: two hex digits. */
static void member_byte(struct wm_json *json, const char *key, uint8_t value)
{
    member_hex(json, key, (struct wm_span){&value, 1});
}

static void signal_members(struct wm_json *json, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    char time[WM_TIME_TEXT];

    if (frame->on_air) {
        wm_json_key(json, "time");
        if (signal->time_ns != WM_TIME_UNKNOWN) {
            wm_time_text(signal->time_ns, 'T', time);
            wm_json_string(json, time);
        } else {
            wm_json_null(json);
        }
        member_uint(json, "sample", signal->sample_index);
    }
    if (wm_reading_has_mode(reading))
        member(json, "mode", wm_mode_info(frame->mode)->name);
    if (frame->format != WM_FORMAT_NONE)
        member(json, "format", wm_format_name(frame->format));
    if (frame->on_air) {
        member_fixed(json, "channel_hz", signal->channel_hz, 0);
        member_fixed(json, "offset_hz", (double)signal->offset_hz, 0);
        member_fixed(json, "rssi_dbfs", (double)signal->rssi_dbfs, 1);
        member_fixed(json, "snr_db", (double)signal->snr_db, 1);
        member_fixed(json, "deviation_hz", (double)signal->deviation_hz, 0);
        member_fixed(json, "clock_ppm", (double)signal->clock_ppm, 0);
    }
    member(json, "grade", wm_grade_name(frame->grade));
    if (frame->grade == WM_GRADE_REPAIRED)
        member_uint(json, "repaired", frame->repaired);
}

/* Where a telegram that came as a line of text came from. */
static void line_members(struct wm_json *json, const struct wm_line *line)
{
    wm_json_key(json, "source");
    wm_json_open(json, '{');
    member(json, "form", wm_line_form_name(line->form));
    if (line->number)
        member_uint(json, "line", line->number);
    if (line->time[0])
        member(json, "time", line->time);
    if (line->has_rssi_dbm)
        member_fixed(json, "rssi_dbm", line->rssi_dbm, 1);
    if (line->has_rssi_raw)
        member_fixed(json, "rssi_raw", line->rssi_raw, 0);
    if (line->has_lqi)
        member_uint(json, "lqi", line->lqi);
    member_flag(json, "damaged", line->damaged);
    if (line->trailing.len)
        member_hex(json, "trailing", line->trailing);
    wm_json_close(json, '}');
}

static void address_members(struct wm_json *json, const struct wm_address *address)
{
    char text[16];

    wm_manufacturer_text(address->manufacturer, text);
    member(json, "manufacturer", text);
    snprintf(text, sizeof text, "%08X", (unsigned)address->id);
    member(json, "id", text);
    member_uint(json, "version", address->version);
    member_uint(json, "type", address->type);
    member(json, "type_name", wm_device_type_name(address->type));
}

static void ell_members(struct wm_json *json, const struct wm_ell *ell)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } flags[] = {{0x80, "bidirectional"}, {0x40, "response_delay"}, {0x20, "synchronous"},     {0x10, "hop"},
                 {0x08, "priority"},      {0x04, "accessible"},     {0x02, "repeated_access"}, {0x01, "extended_delay"}};

    wm_json_key(json, "ell");
    wm_json_open(json, '{');
    member_byte(json, "ci", ell->ci);
    member_byte(json, "cc", ell->cc);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        member_flag(json, flags[i].name, ell->cc & flags[i].bit);
    member_uint(json, "acc", ell->acc);
    if (ell->has_receiver) {
        wm_json_key(json, "receiver");
        wm_json_open(json, '{');
        address_members(json, &ell->receiver);
        wm_json_close(json, '}');
    }
    if (ell->has_session) {
        member_uint(json, "session_number", ell->session);
        member_uint(json, "encryption", wm_ell_encryption(ell));
    }
    wm_json_close(json, '}');
}

static void tpl_members(struct wm_json *json, const struct wm_tpl *tpl)
{
    const struct wm_ci_info *info = wm_ci_info(tpl->ci);
    uint8_t config[2] = {(uint8_t)(tpl->config >> 8), (uint8_t)tpl->config};

    wm_json_key(json, "tpl");
    wm_json_open(json, '{');
    member_byte(json, "ci", tpl->ci);
    member(json, "ci_name", info->name);
    member(json, "header", wm_tpl_header_name(tpl->header));
    member(json, "payload", wm_payload_name(info->payload));
    if (tpl->header != WM_TPL_NONE) {
        member_uint(json, "acc", tpl->acc);
        member_byte(json, "status", tpl->status);
        member_hex(json, "config", (struct wm_span){config, 2});
        member_uint(json, "mode", tpl->mode);
        member(json, "mode_name", wm_security_mode_name(tpl->mode));
        member_uint(json, "encrypted_blocks", tpl->encrypted_blocks);
    }
    if (tpl->header == WM_TPL_LONG) {
        wm_json_key(json, "address");
        wm_json_open(json, '{');
        address_members(json, &tpl->address);
        wm_json_close(json, '}');
    }
    wm_json_close(json, '}');
}

static void value_member(struct wm_json *json, const struct wm_record *record)
{
    char text[WM_VALUE_CHARS];

    wm_json_key(json, "value");
    if (record->kind == WM_VALUE_NONE || record->kind == WM_VALUE_INVALID) {
        wm_json_null(json);
        return;
    }
    wm_record_text(record, text);
    if (record->kind == WM_VALUE_DECIMAL || record->kind == WM_VALUE_REAL)
        wm_json_number_text(json, text);
    else
        wm_json_string(json, text);
}

static void record_members(struct wm_json *json, const struct wm_record *record)
{
    wm_json_open(json, '{');
    member_uint(json, "offset", record->offset);
    member(json, "function", wm_function_name(record->function));
    member_uint(json, "storage", record->storage);
    member_uint(json, "tariff", record->tariff);
    member_uint(json, "subunit", record->subunit);
    member(json, "quantity", record->quantity);
    member(json, "unit", record->unit);
    if (record->detail && *record->detail)
        member(json, "detail", record->detail);
    member(json, "kind", wm_value_kind_name(record->kind));
    value_member(json, record);
    wm_json_key(json, "known");
    wm_json_bool(json, record->known);
    member_flag(json, "manufacturer_specific", record->manufacturer);
    member_flag(json, "more_follows", record->more_follows);
    member_flag(json, "summer_time", record->kind == WM_VALUE_DATETIME && record->datetime.summer_time);
    member_flag(json, "clock_invalid", record->kind == WM_VALUE_DATETIME && record->datetime.invalid);
    member_hex(json, "raw", record->raw);
    wm_json_close(json, '}');
}

static void records_member(struct wm_json *json, const struct wm_reading *reading)
{
    struct wm_record_reader reader = wm_record_reader_of(reading->message->apl);
    struct wm_record record;
    const char *why = NULL;
    const char *fault = NULL;
    enum wm_status status;

    wm_json_key(json, "records");
    wm_json_open(json, '[');
    while (wm_reading_has_records(reading) && (status = wm_record_next(&reader, &record, &why)) != WM_END) {
        if (status != WM_OK)
            fault = why;
        if (!record.idle)
            record_members(json, &record);
    }
    wm_json_close(json, ']');
    if (fault)
        member(json, "records_fault", fault);
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
    member_hex(&json, "telegram", (struct wm_span){frame->data, frame->len});
    if (message->decrypted)
        member_hex(&json, "plain", message->plain);
    member_byte(&json, "c", message->dll.c);
    member(&json, "c_name", wm_c_name(message->dll.c));
    address_members(&json, &message->dll.address);
    if (message->dll.payload.len) {
        member_byte(&json, "ci", message->dll.payload.data[0]);
        member(&json, "ci_name", wm_ci_info(message->dll.payload.data[0])->name);
    }
    if (message->has_ell)
        ell_members(&json, &message->ell);
    if (message->has_afl)
        member_hex(&json, "afl", message->afl);
    if (message->has_tpl)
        tpl_members(&json, &message->tpl);
    member(&json, "verdict", wm_verdict_name(message->verdict));
    if (message->detail && *message->detail)
        member(&json, "detail", message->detail);
    wm_json_key(&json, "readable");
    wm_json_bool(&json, message->readable);
    if (message->readable && !wm_reading_has_records(reading) && message->apl.len)
        member_hex(&json, "apl", message->apl);
    records_member(&json, reading);
    wm_json_close(&json, '}');
    wm_sink_char(sink, '\n');
}
