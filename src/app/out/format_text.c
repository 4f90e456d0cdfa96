/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/format.h"
#include "app/out/json.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* For people: three lines that say how it was heard, who speaks and what the security layers found, then one line a record. */

#define VALUE_COLUMN 34 /* where the values' right edge lies, in characters behind the indent */

/* Columns that UTF-8 text takes: its code points (units such as m³ and °C have no wide ones). */
static int columns(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += (*text & 0xC0) != 0x80;
    return n;
}

static void pad(struct wm_sink *sink, int n)
{
    while (n-- > 0)
        wm_sink_char(sink, ' ');
}

/* What a meter sends as text may hold control characters, which a terminal obeys: they come out as '.'. */
static void printable(struct wm_sink *sink, const char *text)
{
    size_t left = strlen(text);

    while (left) {
        size_t n = wm_utf8_length(text, left);
        unsigned char c = (unsigned char)text[0];
        bool control = n == 0 || c < 0x20 || c == 0x7F || (c == 0xC2 && (unsigned char)text[1] < 0xA0); /* C0, DEL, C1 */

        if (n == 0)
            n = 1;
        if (control)
            wm_sink_char(sink, '.');
        else
            wm_sink_write(sink, text, n);
        text += n;
        left -= n;
    }
}

static void heard(struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    char time[WM_UTC_TEXT];

    if (frame->on_air) {
        if (signal->time_ns != WM_TIME_UNKNOWN) {
            wm_utc_text(signal->time_ns, ' ', 6, time);
            time[23] = '\0'; /* milliseconds */
            wm_sink_printf(sink, "%s  ", time);
        } else {
            wm_sink_printf(sink, "sample %" PRIu64 "  ", signal->sample_index);
        }
    } else if (reading->line && reading->line->number) {
        wm_sink_printf(sink, "line %lu  ", reading->line->number);
    }
    if (wm_reading_has_mode(reading))
        wm_sink_printf(sink, "mode %s  ", wm_mode_info(frame->mode)->name);
    if (frame->format != WM_FORMAT_NONE)
        wm_sink_printf(sink, "format %s  ", wm_format_name(frame->format));
    if (frame->on_air)
        wm_sink_printf(sink, "%.3f MHz %+.1f kHz  %.1f dBFS  SNR %.1f dB  ", signal->channel_hz / 1e6,
                       (double)signal->offset_hz / 1e3, (double)signal->rssi_dbfs, (double)signal->snr_db);
    wm_sink_text(sink, wm_grade_name(frame->grade));
    if (frame->grade == WM_GRADE_REPAIRED)
        wm_sink_printf(sink, " (%u symbol%s)", frame->repaired, frame->repaired == 1 ? "" : "s");
    wm_sink_char(sink, '\n');
}

static void address(struct wm_sink *sink, const struct wm_address *who)
{
    char manufacturer[4];

    wm_manufacturer_text(who->manufacturer, manufacturer);
    wm_sink_printf(sink, "%s %08X  version %u  ", manufacturer, (unsigned)who->id, who->version);
    wm_sink_text(sink, wm_device_type_name(who->type));
}

static void layers(struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct wm_message *message = reading->message;
    const char *c_name = wm_c_name(message->dll.c);

    wm_sink_text(sink, "  ");
    address(sink, &message->meter);
    if (!wm_address_equal(&message->meter, &message->dll.address)) {
        wm_sink_text(sink, "  by way of ");
        address(sink, &message->dll.address);
    }
    wm_sink_printf(sink, "\n  %s", c_name ? c_name : "unknown C field");
    if (message->has_tpl) {
        wm_sink_printf(sink, "  CI %02X %s", message->tpl.ci, wm_ci_info(message->tpl.ci)->name);
        if (message->tpl.header != WM_TPL_NONE)
            wm_sink_printf(sink, "  access %u  status %02X  security mode %u", message->tpl.acc, message->tpl.status,
                           message->tpl.mode);
    } else if (message->dll.payload.len) {
        wm_sink_printf(sink, "  CI %02X %s", message->dll.payload.data[0], wm_ci_info(message->dll.payload.data[0])->name);
    }
    wm_sink_printf(sink, "  %s", wm_verdict_name(message->verdict));
    if (message->detail && *message->detail)
        wm_sink_printf(sink, ": %s", message->detail);
    wm_sink_char(sink, '\n');
}

/* "volume, storage 1, maximum" */
static void name_of(const struct wm_record *record, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s",
                     record->quantity && *record->quantity ? record->quantity
                     : record->manufacturer                ? "manufacturer-specific"
                                                           : "not known yet");

    if (record->detail && *record->detail)
        n += snprintf(out + n, cap - (size_t)n, ", %s", record->detail);
    if (record->function != WM_FUNCTION_INSTANTANEOUS && (size_t)n < cap)
        n += snprintf(out + n, cap - (size_t)n, ", %s", wm_function_name(record->function));
    if (record->storage && (size_t)n < cap)
        n += snprintf(out + n, cap - (size_t)n, ", storage %" PRIu64, record->storage);
    if (record->tariff && (size_t)n < cap)
        n += snprintf(out + n, cap - (size_t)n, ", tariff %" PRIu32, record->tariff);
    if (record->subunit && (size_t)n < cap)
        snprintf(out + n, cap - (size_t)n, ", subunit %" PRIu32, record->subunit);
}

static void record_line(struct wm_sink *sink, const struct wm_record *record)
{
    char name[192];
    char value[WM_VALUE_CHARS];

    name_of(record, name, sizeof name);
    wm_record_text(record, value);
    wm_sink_printf(sink, "    %s", name);
    pad(sink, VALUE_COLUMN - columns(name));
    wm_sink_text(sink, "  ");
    if (record->kind == WM_VALUE_DECIMAL || record->kind == WM_VALUE_REAL)
        pad(sink, 14 - columns(value));
    printable(sink, value);
    if (record->unit && *record->unit) {
        wm_sink_char(sink, ' ');
        printable(sink, record->unit);
    }
    if (!record->known) {
        wm_sink_text(sink, "  (");
        wm_sink_hex(sink, record->raw, true);
        wm_sink_printf(sink, " at byte %zu)", record->offset);
    }
    wm_sink_char(sink, '\n');
}

void wm_format_text_write(struct wm_sink *sink, const struct wm_reading *reading)
{
    struct wm_record_reader reader = wm_reading_records(reading);
    struct wm_record record;
    const char *why = NULL;
    enum wm_status status;

    heard(sink, reading);
    layers(sink, reading);
    while (wm_reading_has_records(reading) && (status = wm_record_next(&reader, &record, &why)) != WM_END) {
        if (!record.idle)
            record_line(sink, &record);
        if (status != WM_OK)
            wm_sink_printf(sink, "    (from byte %zu on these are no records: %s)\n", record.offset,
                           why ? why : wm_status_text(status));
    }
    if (!wm_reading_has_records(reading)) {
        wm_sink_text(sink, "    ");
        wm_sink_hex(sink, (struct wm_span){reading->frame->data, reading->frame->len}, true);
        wm_sink_char(sink, '\n');
    }
    wm_sink_char(sink, '\n');
}
