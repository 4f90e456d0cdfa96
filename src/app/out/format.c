/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/format.h"

#include "app/out/explain.h"
#include "base/utc.h"

#include <math.h>
#include <string.h>

static const struct wm_output_format formats[] = {
    {"text", "aligned text for people", NULL, wm_format_text_write, NULL, wm_format_text_fields, NULL},
    {"json", "one JSON object a line, all there is (docs/json.md)", NULL, wm_format_json_write, NULL, wm_format_json_fields,
     wm_format_json_raw},
    {"flat", "one flat JSON object a line: a named value for each record", NULL, wm_format_flat_write, NULL, wm_format_json_fields,
     NULL},
    {"csv", "one line a record, with a heading", wm_format_csv_begin, wm_format_csv_write, wm_format_csv_fields_begin,
     wm_format_csv_fields, NULL},
    {"influx", "InfluxDB line protocol", NULL, wm_format_influx_write, NULL, NULL, NULL},
    {"hex", "the telegram, without its CRCs, one a line", NULL, wm_format_hex_write, NULL, NULL, wm_format_hex_write},
    {"explain", "layer by layer, byte by byte, with names", NULL, wm_explain, NULL, NULL, NULL},
    {"rtlwmbus", "the line that rtl_wmbus prints, for wmbusmeters", NULL, wm_format_rtl_wmbus_write, NULL, NULL,
     wm_format_rtl_wmbus_write},
};

const struct wm_output_format *wm_output_format(size_t i)
{
    return i < sizeof formats / sizeof formats[0] ? &formats[i] : NULL;
}

const struct wm_output_format *wm_output_format_named(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strlen(formats[i].name) == len && memcmp(formats[i].name, name, len) == 0)
            return &formats[i];
    }
    return NULL;
}

void wm_format_begin(const struct wm_format_use *use, struct wm_sink *sink)
{
    if (use->fields && use->format->begin_fields)
        use->format->begin_fields(sink, use->fields);
    else if (!use->fields && use->format->begin)
        use->format->begin(sink);
}

void wm_format_write(const struct wm_format_use *use, struct wm_sink *sink, const struct wm_reading *reading)
{
    if (use->what == WM_WHAT_READINGS && !wm_reading_has_records(reading))
        return;
    if (use->what == WM_WHAT_TELEGRAMS && use->format->write_raw)
        use->format->write_raw(sink, reading);
    else if (use->fields && use->format->write_fields)
        use->format->write_fields(sink, reading, use->fields);
    else
        use->format->write(sink, reading);
}

void wm_record_text(const struct wm_record *record, char out[WM_VALUE_CHARS])
{
    if (wm_record_value_text(record, out, WM_VALUE_CHARS) == 0)
        out[0] = '\0';
}

const char *wm_value_kind_name(enum wm_value_kind kind)
{
    static const char *const names[] = {
        [WM_VALUE_NONE] = "none", [WM_VALUE_DECIMAL] = "decimal",   [WM_VALUE_REAL] = "real",
        [WM_VALUE_DATE] = "date", [WM_VALUE_DATETIME] = "datetime", [WM_VALUE_TIME] = "time",
        [WM_VALUE_TEXT] = "text", [WM_VALUE_BYTES] = "bytes",       [WM_VALUE_INVALID] = "invalid",
    };

    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "invalid";
}

void wm_format_hex_write(struct wm_sink *sink, const struct wm_reading *reading)
{
    wm_sink_hex(sink, (struct wm_span){reading->frame->data, reading->frame->len}, true);
    wm_sink_char(sink, '\n');
}

/* The columns of rtl_wmbus's README: MODE;CRC_OK;3OUTOF6_OK;TIMESTAMP;PACKET_RSSI;CURRENT_RSSI;IDENT;DATAGRAM.
 * The two RSSI columns are whole dBFS (wmbusmeters reads at most four characters); rtl_wmbus has a number without a unit there.
 * Without a start time the stream begins at 1970-01-01, because readers insist on a time stamp. A telegram of unknown mode is given
 * out as T1. */
void wm_format_rtl_wmbus_write(struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    bool damaged = reading->line && reading->line->damaged;
    enum wm_mode mode = wm_reading_has_mode(reading) ? frame->mode : WM_MODE_T;
    const char *time = "1970-01-01 00:00:00.000000";
    char text[WM_UTC_TEXT];
    long rssi = 0;

    if (frame->on_air) {
        if (signal->time_ns != WM_TIME_UNKNOWN) {
            wm_utc_text(signal->time_ns, ' ', 6, text);
            time = text;
        }
        rssi = lroundf(fmaxf(fminf(signal->rssi_dbfs, 999.0F), -999.0F));
    } else if (reading->line && reading->line->has_rssi_raw) {
        rssi = lround(fmax(fmin(reading->line->rssi_raw, 9999.0), -999.0));
    }
    if (!frame->on_air && reading->line && reading->line->form == WM_LINE_RTL_WMBUS)
        time = reading->line->time[0] ? reading->line->time : "1970-01-01 00:00:00";
    wm_sink_printf(sink, "%s;%d;1;%s;%ld;%ld;%08X;0x", wm_mode_info(mode)->air_name, damaged ? 0 : 1, time, rssi, rssi,
                   (unsigned)reading->message->dll.address.id);
    wm_sink_hex(sink, (struct wm_span){frame->data, frame->len}, false);
    wm_sink_char(sink, '\n');
}
