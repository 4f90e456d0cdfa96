/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/format.h"
#include "app/out/json.h"
#include "app/records/headers.h"
#include "base/digits.h"
#include "base/utc.h"

#include <string.h>

/* NDJSON. Every member is documented in docs/json.md, which is a contract: members are added, never changed. */

/* One member each. The key is a literal. */
#define MEMBER(json, key, text)                (WM_JSON_KEY(json, key), wm_json_string(json, text))
#define MEMBER_NAME(json, key, text)           (WM_JSON_KEY(json, key), wm_json_name(json, text)) /* from a table: nothing to escape */
#define MEMBER_UINT(json, key, value)          (WM_JSON_KEY(json, key), wm_json_uint(json, value))
#define MEMBER_FIXED(json, key, value, digits) (WM_JSON_KEY(json, key), wm_json_fixed(json, value, digits))
#define MEMBER_HEX(json, key, bytes)           (WM_JSON_KEY(json, key), wm_json_hex(json, bytes))
/* Bytes with a meaning bit by bit are shown as they are written in the standards: two hex digits. */
#define MEMBER_BYTE(json, key, value) (WM_JSON_KEY(json, key), hex_byte(json, value))
#define MEMBER_WORD(json, key, value) (WM_JSON_KEY(json, key), hex_word(json, value))
#define MEMBER_FLAG(json, key, value)                                                                                              \
    do {                                                                                                                           \
        if (value) {                                                                                                               \
            WM_JSON_KEY(json, key);                                                                                                \
            wm_json_bool(json, true);                                                                                              \
        }                                                                                                                          \
    } while (0)

/* Runs: text of a known bound is written through one pointer, which stays in a register; piece by piece through the sink it would
 * be loaded and stored each time. Everything put is bounded: names are from tables, numbers have at most 20 digits. */
#define RUN_SMALL 8192

struct run {
    char *start;
    char small[RUN_SMALL]; /* where the sink has no room in one piece */
};

static inline char *put(char *out, const char *text, size_t len)
{
    memcpy(out, text, len);
    return out + len;
}

#define LITERAL(out, text) put(out, text, sizeof text - 1) /* a constant length: a store or two */

static inline char *put_name(char *out, const char *name)
{
    return stpcpy(out, name);
}

static inline char *put_byte(char *out, uint8_t byte)
{
    return wm_hex_write(out, (struct wm_span){&byte, 1}, true);
}

/* NULL: there is no room, and the sink has been told. */
static char *begin_run(struct wm_json *json, struct run *run, size_t need)
{
    run->start = wm_sink_room(json->sink, need);
    if (!run->start && need <= sizeof run->small)
        run->start = run->small;
    if (!run->start)
        wm_sink_give_up(json->sink);
    return run->start;
}

static void end_run(struct wm_json *json, const struct run *run, const char *end)
{
    if (run->start == run->small)
        wm_sink_write(json->sink, run->small, (size_t)(end - run->small));
    else
        wm_sink_filled(json->sink, end);
}

/* The comma in front of a member that is written in a run, unless it is the first. */
static inline char *put_comma(struct wm_json *json, char *out)
{
    if (json->filled >> json->depth & 1u)
        *out++ = ',';
    json->filled |= 1u << json->depth;
    return out;
}

static void hex_byte(struct wm_json *json, uint8_t value)
{
    wm_json_hex(json, (struct wm_span){&value, 1});
}

static void hex_word(struct wm_json *json, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    wm_json_hex(json, (struct wm_span){bytes, 2});
}

static void signal_members(struct wm_json *json, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    char time[WM_UTC_TEXT];
    struct run run;
    char *out;

    if (frame->on_air) {
        WM_JSON_KEY(json, "time");
        if (signal->time_ns != WM_TIME_UNKNOWN) {
            wm_utc_text(signal->time_ns, 'T', 6, time);
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
    out = begin_run(json, &run, 64);
    if (!out)
        return;
    out = put_name(LITERAL(put_comma(json, out), "\"grade\":\""), wm_grade_name(frame->grade));
    out = LITERAL(out, "\"");
    if (frame->grade == WM_GRADE_REPAIRED)
        out = wm_uint_write(LITERAL(out, ",\"repaired\":"), frame->repaired);
    end_run(json, &run, out);
}

/* Where a telegram that came as a line of text came from. */
static void line_members(struct wm_json *json, const struct wm_line *line)
{
    struct run run;
    char *out;

    out = begin_run(json, &run, 96);
    if (!out)
        return;
    out = LITERAL(put_name(LITERAL(out, ",\"source\":{\"form\":\""), wm_line_form_name(line->form)), "\"");
    if (line->number)
        out = wm_uint_write(LITERAL(out, ",\"line\":"), line->number);
    end_run(json, &run, out);
    wm_json_opened(json);
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

/* The three letters of a manufacturer; they are @ to _, and a backslash is among those. */
static inline char *put_manufacturer(char *out, uint16_t manufacturer)
{
    char letters[4];

    wm_manufacturer_text(manufacturer, letters);
    for (unsigned i = 0; i < 3; i++) {
        if (letters[i] == '\\')
            *out++ = '\\';
        *out++ = letters[i];
    }
    return out;
}

/* At most 160 characters, from the first key's quote to the last value. */
#define ADDRESS_MAX 160
static char *put_address(char *out, const struct wm_address *address)
{
    uint8_t id[] = {(uint8_t)(address->id >> 24), (uint8_t)(address->id >> 16), (uint8_t)(address->id >> 8), (uint8_t)address->id};

    out = put_manufacturer(LITERAL(out, "\"manufacturer\":\""), address->manufacturer);
    out = wm_hex_write(LITERAL(out, "\",\"id\":\""), (struct wm_span){id, sizeof id}, true);
    out = wm_uint_write(LITERAL(out, "\",\"version\":"), address->version);
    out = wm_uint_write(LITERAL(out, ",\"type\":"), address->type);
    out = put_name(LITERAL(out, ",\"type_name\":\""), wm_device_type_name(address->type));
    return LITERAL(out, "\"");
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
        char receiver[ADDRESS_MAX + 2];
        char *end = LITERAL(put_address(LITERAL(receiver, "{"), &ell->receiver), "}");
        WM_JSON_KEY(json, "receiver");
        wm_json_number_n(json, receiver, (size_t)(end - receiver));
    }
    if (ell->has_session) {
        MEMBER_UINT(json, "session_number", ell->session);
        MEMBER_UINT(json, "encryption", wm_ell_encryption(ell));
        MEMBER_UINT(json, "session_minutes", ell->session >> 4 & 0x1FFFFFF);
        MEMBER_UINT(json, "session", ell->session & 15);
    }
    wm_json_close(json, '}');
}

/* The configuration field taken apart: what the mode has. */
static char *put_config(char *out, const struct wm_config *config)
{
    uint8_t extension[2] = {(uint8_t)(config->extension >> 8), (uint8_t)config->extension};

    if (config->bidirectional)
        out = LITERAL(out, ",\"bidirectional\":true");
    if (config->accessible)
        out = LITERAL(out, ",\"accessible\":true");
    if (config->synchronous)
        out = LITERAL(out, ",\"synchronous\":true");
    if (config->repeated)
        out = LITERAL(out, ",\"repeated_access\":true");
    if (config->hop)
        out = LITERAL(out, ",\"hop\":true");
    if (config->content)
        out = LITERAL(put_name(LITERAL(out, ",\"content\":\""), wm_content_name(config->content)), "\"");
    if (config->unit == WM_ENCRYPTED_BYTES)
        out = wm_uint_write(LITERAL(out, ",\"encrypted_bytes\":"), config->encrypted);
    if (!config->extension_bytes)
        return out;
    out = wm_hex_write(LITERAL(out, ",\"config_extension\":\""),
                       (struct wm_span){extension + 2 - config->extension_bytes, config->extension_bytes}, true);
    if (config->mode == 13) {
        out = wm_uint_write(LITERAL(out, "\",\"protocol\":"), config->protocol);
        out = put_name(LITERAL(out, ",\"protocol_name\":\""), wm_protocol_name(config->protocol));
        return LITERAL(out, "\"");
    }
    out = LITERAL(out, "\"");
    if (config->padding)
        out = LITERAL(out, ",\"padding\":true");
    if (config->content_index)
        out = wm_uint_write(LITERAL(out, ",\"content_index\":"), config->content_index);
    out = wm_uint_write(LITERAL(out, ",\"kdf\":"), config->kdf);
    out = put_name(LITERAL(out, ",\"kdf_name\":\""), wm_kdf_name(config->kdf));
    out = wm_uint_write(LITERAL(out, "\",\"key_id\":"), config->key_id);
    if (config->has_key_version)
        out = wm_uint_write(LITERAL(out, ",\"key_version\":"), config->key_version);
    if (config->has_counter)
        out = wm_uint_write(LITERAL(out, ",\"counter\":"), config->counter);
    if (config->tag_bytes)
        out = wm_uint_write(LITERAL(out, ",\"tag_bytes\":"), config->tag_bytes);
    return out;
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

/* Bound: keys and numbers below 600, names of tables below 300, the status in words, an address. */
#define TPL_MAX (900 + WM_STATUS_CHARS + ADDRESS_MAX)

static void tpl_members(struct wm_json *json, const struct wm_message *message)
{
    const struct wm_tpl *tpl = &message->tpl;
    const struct wm_ci_info *info = wm_ci_info(tpl->ci);
    uint8_t config[2] = {(uint8_t)(tpl->config >> 8), (uint8_t)tpl->config};
    char words[WM_STATUS_CHARS];
    struct run run;
    char *out = begin_run(json, &run, TPL_MAX);

    if (!out)
        return;
    out = put_byte(LITERAL(out, ",\"tpl\":{\"ci\":\""), tpl->ci);
    out = put_name(LITERAL(out, "\",\"ci_name\":\""), info->name);
    out = put_name(LITERAL(out, "\",\"header\":\""), wm_tpl_header_name(tpl->header));
    out = put_name(LITERAL(out, "\",\"payload\":\""), wm_payload_name(info->payload));
    out = LITERAL(out, "\"");
    if (tpl->header != WM_TPL_NONE) {
        out = wm_uint_write(LITERAL(out, ",\"acc\":"), tpl->acc);
        out = put_byte(LITERAL(out, ",\"status\":\""), tpl->status);
        if (tpl->status && wm_status_words(tpl->status, message->to_meter, words))
            out = put_name(LITERAL(out, "\",\"status_text\":\""), words);
        out = wm_hex_write(LITERAL(out, "\",\"config\":\""), (struct wm_span){config, 2}, true);
        out = wm_uint_write(LITERAL(out, "\",\"mode\":"), tpl->mode);
        out = put_name(LITERAL(out, ",\"mode_name\":\""), wm_security_mode_name(tpl->mode));
        out = wm_uint_write(LITERAL(out, "\",\"encrypted_blocks\":"), tpl->encrypted_blocks);
        out = put_config(out, &message->config);
    }
    if (tpl->header == WM_TPL_LONG)
        out = LITERAL(put_address(LITERAL(out, ",\"address\":{"), &tpl->address), "}");
    end_run(json, &run, LITERAL(out, "}"));
}

/* The name of a kind is shorter than this: a constant length is cheap. */
#define KIND_CHARS 12
static char *put_kind(char *out, enum wm_value_kind kind)
{
    static const struct {
        char name[KIND_CHARS];
        uint8_t len;
    } common[] = {
        [WM_VALUE_DECIMAL] = {"decimal", 7},
        [WM_VALUE_DATE] = {"date", 4},
        [WM_VALUE_DATETIME] = {"datetime", 8},
        [WM_VALUE_TEXT] = {"text", 4},
    };

    if ((size_t)kind >= sizeof common / sizeof *common || !common[kind].len)
        return put_name(out, wm_value_kind_name(kind));
    memcpy(out, common[kind].name, KIND_CHARS);
    return out + common[kind].len;
}

/* A value, and its text as wm_record_value_text has it where that is what was written: in room of WM_VALUE_CHARS, to be shared;
 * otherwise text->s is NULL. date: its text where that is there already. */
static char *put_value(char *out, const struct wm_record *record, struct wm_text date, struct wm_text *text)
{
    char real[WM_VALUE_CHARS];

    text->s = NULL;
    text->len = 0;
    switch (record->kind) {
    case WM_VALUE_NONE:
    case WM_VALUE_INVALID:
        return LITERAL(out, "null");
    case WM_VALUE_DECIMAL:
        *text = (struct wm_text){out, wm_decimal_text(record->decimal, out, WM_VALUE_CHARS)};
        return out + text->len;
    case WM_VALUE_BYTES:
        *out++ = '"';
        out = wm_hex_write(out, record->raw_value, true);
        break;
    case WM_VALUE_TEXT:
        *out++ = '"';
        out = wm_json_escape(out, record->text, strlen(record->text));
        break;
    case WM_VALUE_REAL: /* always a number: what is not finite is INVALID */
        wm_record_text(record, real);
        return put_name(out, real);
    case WM_VALUE_DATE:
    case WM_VALUE_DATETIME:
    case WM_VALUE_TIME:
        *out++ = '"';
        if (date.s)
            memcpy(out, date.s, WM_DATETIME_CHARS); /* a constant length is cheap */
        else
            date.len = wm_record_value_text(record, out, WM_VALUE_CHARS);
        *text = (struct wm_text){out, date.len};
        out += date.len;
        break;
    }
    *out++ = '"';
    return out;
}

/* An entry of the summary: name, quotes, and a number or escaped text. */
#define SUMMARY_ENTRY (WM_SUMMARY_NAME + 16 + WM_JSON_ESCAPED(WM_SUMMARY_TEXT))
/* All names and numbers of a record together are shorter than this. */
#define RECORD_FIXED 960

/* The members that DIB and VIB decide, from the comma before "function" to the key "kind". Its room is WM_HEADER_TEXT and what is
 * above it. Of a header that is known it is copied. */
static char *put_header(char *out, const struct wm_record *record, size_t quantity, size_t unit, size_t detail)
{
    char *start = out;

    out = put_name(LITERAL(out, ",\"function\":\""), wm_function_name(record->function));
    out = wm_uint_write(LITERAL(out, "\",\"storage\":"), record->storage);
    out = wm_uint_write(LITERAL(out, ",\"tariff\":"), record->tariff);
    out = wm_uint_write(LITERAL(out, ",\"subunit\":"), record->subunit);
    out = put(LITERAL(out, ",\"quantity\":\""), record->quantity, quantity);
    out = LITERAL(out, "\",\"unit\":\"");
    out = record->unit == record->unit_text ? wm_json_escape(out, record->unit, unit) : put(out, record->unit, unit);
    if (detail) /* from tables, too */
        out = put(LITERAL(out, "\",\"detail\":\""), record->detail, detail);
    out = LITERAL(out, "\",\"kind\":\"");
    if (record->header && (size_t)(out - start) <= WM_HEADER_TEXT) {
        memcpy(record->header->text, start, (size_t)(out - start));
        record->header->text_len = (uint8_t)(out - start);
    }
    return out;
}

/* One record, which also goes into the summary. */
static void record_members(struct wm_json *json, const struct wm_reading *reading, const struct wm_record *record,
                           struct wm_summary *summary)
{
    char scratch[WM_DATETIME_CHARS];
    struct wm_text time = {0}, date = {0}, value;
    struct run run;
    bool known = record->header && record->header->text_len;
    size_t quantity = known ? 0 : strlen(record->quantity), unit = known ? 0 : strlen(record->unit),
           detail = known ? 0 : strlen(record->detail);
    size_t text = record->kind == WM_VALUE_TEXT ? WM_JSON_ESCAPED(strlen(record->text)) : WM_VALUE_CHARS;
    char *out = begin_run(json, &run, RECORD_FIXED + WM_JSON_ESCAPED(quantity + unit + detail) + text + 4 * record->raw.len);

    if (!out)
        return;
    time.s = wm_content_time(reading->content, record, scratch, &time.len);
    date.s = wm_content_date(reading->content, record, &date.len);
    out = wm_uint_write(LITERAL(put_comma(json, out), "{\"offset\":"), record->offset);
    if (known) {
        out = wm_text_put(out, record->header->text, record->header->text_len);
    } else {
        out = put_header(out, record, quantity, unit, detail);
    }
    out = put_kind(out, record->kind);
    out = put_value(LITERAL(out, "\",\"value\":"), record, date, &value);
    wm_summary_add(summary, record, value);
    if (record->known)
        out = LITERAL(out, ",\"known\":true");
    else
        out = LITERAL(out, ",\"known\":false");
    if (time.s) {
        out = LITERAL(out, ",\"time\":\"");
        memcpy(out, time.s, WM_DATETIME_CHARS); /* it is in room of that length: a constant one is cheap */
        out = LITERAL(out + time.len, "\"");
    }
    if (record->derived)
        out = LITERAL(out, ",\"derived\":true");
    if (record->manufacturer) {
        out = LITERAL(out, ",\"manufacturer_specific\":true,\"manufacturer\":\"");
        out = LITERAL(put_manufacturer(out, reading->message->meter.manufacturer), "\"");
    }
    if (record->more_follows)
        out = LITERAL(out, ",\"more_follows\":true");
    if (record->kind == WM_VALUE_DATETIME && record->datetime.summer_time)
        out = LITERAL(out, ",\"summer_time\":true");
    if (record->kind == WM_VALUE_DATETIME && record->datetime.invalid)
        out = LITERAL(out, ",\"clock_invalid\":true");
    out = wm_hex_write(LITERAL(out, ",\"raw\":\""), record->raw, true);
    end_run(json, &run, LITERAL(out, "\"}"));
}

/* The common values by name; numbers as exact as the record's. */
static void summary_member(struct wm_json *json, const struct wm_summary *summary)
{
    WM_JSON_KEY(json, "summary");
    wm_json_open(json, '{');
    for (unsigned i = 0; i < summary->count; i++) {
        const struct wm_summary_entry *entry = &summary->entry[i];
        struct run run;
        char *out = begin_run(json, &run, SUMMARY_ENTRY);
        if (!out)
            return;
        if (i)
            *out++ = ',';
        *out++ = '"';
        out = LITERAL(wm_text_put(out, entry->name, entry->name_len), "\":");
        if (!entry->is_number)
            *out++ = '"';
        if (entry->is_free_text) {
            out = wm_json_escape(out, entry->text, entry->text_len);
        } else {
            out = wm_text_put(out, entry->text, entry->text_len);
        }
        if (!entry->is_number)
            *out++ = '"';
        end_run(json, &run, out);
    }
    wm_json_close(json, '}');
}

static void records_member(struct wm_json *json, const struct wm_reading *reading)
{
    struct wm_summary summary;
    struct wm_record_reader reader = wm_reading_records(reading);
    struct wm_record record;
    const char *why = NULL;
    const char *fault = NULL;
    enum wm_status status;
    bool has_records = wm_reading_has_records(reading);

    wm_reading_summary_begin(reading, &summary);
    WM_JSON_KEY(json, "records");
    wm_json_open(json, '[');
    while (has_records && (status = wm_record_next(&reader, &record, &why)) != WM_END) {
        if (status != WM_OK)
            fault = why;
        if (record.idle)
            continue;
        record_members(json, reading, &record, &summary);
    }
    wm_json_close(json, ']');
    if (summary.count)
        summary_member(json, &summary);
    if (fault)
        MEMBER(json, "records_fault", fault);
}

/* What the application data say that are not records, or not at once. */
static void content_members(struct wm_json *json, const struct wm_content *content)
{
    char time[WM_DATETIME_CHARS];

    if (content->compact != WM_COMPACT_NONE) {
        WM_JSON_KEY(json, "compact");
        wm_json_open(json, '{');
        MEMBER_NAME(json, "state", wm_compact_state_name(content->compact));
        if (content->has_signature) {
            MEMBER_WORD(json, "signature", content->signature);
            MEMBER_WORD(json, "crc", content->full_crc);
        }
        if (content->compact == WM_COMPACT_EXPANDED)
            MEMBER_HEX(json, "full", content->records.apl);
        wm_json_close(json, '}');
    } else if (content->payload == WM_CI_PAYLOAD_FORMAT) {
        WM_JSON_KEY(json, "format_frame");
        wm_json_open(json, '{');
        MEMBER_NAME(json, "text", content->text);
        if (content->has_signature)
            MEMBER_WORD(json, "signature", content->signature);
        MEMBER_HEX(json, "headers", content->headers);
        wm_json_close(json, '}');
    } else if (content->text || content->code.len) {
        WM_JSON_KEY(json, "application");
        wm_json_open(json, '{');
        MEMBER_NAME(json, "kind", wm_content_kind_name(content));
        if (content->code.len)
            MEMBER_HEX(json, "code", content->code);
        if (content->text)
            MEMBER_NAME(json, "text", content->text);
        if (content->time_kind == WM_VALUE_DATETIME || content->time_kind == WM_VALUE_TIME) {
            wm_datetime_text(content->time_kind, &content->time, time);
            MEMBER_NAME(json, "time", time);
        }
        wm_json_close(json, '}');
    }
}

static void dll_members(struct wm_json *json, const struct wm_dll *dll)
{
    const char *c_name = wm_c_name(dll->c);
    struct run run;
    char *out = begin_run(json, &run, 256 + ADDRESS_MAX);

    if (!out)
        return;
    out = put_byte(LITERAL(out, ",\"c\":\""), dll->c);
    if (c_name)
        out = LITERAL(put_name(LITERAL(out, "\",\"c_name\":\""), c_name), "\",");
    else
        out = LITERAL(out, "\",\"c_name\":null,");
    out = put_address(out, &dll->address);
    if (dll->payload.len) {
        out = put_byte(LITERAL(out, ",\"ci\":\""), dll->payload.data[0]);
        out = put_name(LITERAL(out, "\",\"ci_name\":\""), wm_ci_info(dll->payload.data[0])->name);
        out = LITERAL(out, "\"");
    }
    end_run(json, &run, out);
}

static void verdict_members(struct wm_json *json, const struct wm_message *message)
{
    const char *detail = message->detail ? message->detail : "";
    struct run run;
    char *out = begin_run(json, &run, 256 + strlen(detail));

    if (!out)
        return;
    out = LITERAL(put_name(LITERAL(out, ",\"verdict\":\""), wm_verdict_name(message->verdict)), "\"");
    if (*detail)
        out = LITERAL(put_name(LITERAL(out, ",\"detail\":\""), detail), "\"");
    if (message->to_meter)
        out = LITERAL(out, ",\"direction\":\"to meter\"");
    if (message->has_counter)
        out = wm_uint_write(LITERAL(out, ",\"counter\":"), message->counter);
    out = message->readable ? LITERAL(out, ",\"readable\":true") : LITERAL(out, ",\"readable\":false");
    end_run(json, &run, out);
}

/* The telegram as it was received: how, and its bytes. */
void wm_format_json_raw(struct wm_sink *sink, const struct wm_reading *reading)
{
    struct wm_json json = wm_json_of(sink);

    wm_json_open(&json, '{');
    signal_members(&json, reading);
    if (reading->line)
        line_members(&json, reading->line);
    MEMBER_HEX(&json, "telegram", ((struct wm_span){reading->frame->data, reading->frame->len}));
    wm_json_close(&json, '}');
    wm_sink_char(sink, '\n');
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
    dll_members(&json, &message->dll);
    if (message->has_ell)
        ell_members(&json, &message->ell);
    if (message->has_afl)
        MEMBER_HEX(&json, "afl", message->afl);
    if (message->has_afl)
        afl_members(&json, &message->afl_fields);
    if (message->has_tpl)
        tpl_members(&json, message);
    verdict_members(&json, message);
    if (message->readable && !wm_reading_has_records(reading) && message->apl.len)
        MEMBER_HEX(&json, "apl", message->apl);
    content_members(&json, reading->content);
    records_member(&json, reading);
    wm_json_close(&json, '}');
    wm_sink_char(sink, '\n');
}
