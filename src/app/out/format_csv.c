/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/format.h"
#include "base/utc.h"

#include <string.h>

/* CSV by RFC 4180, one line a record (and one for a telegram without), so that a spreadsheet can filter. The columns are a contract
 * as those of docs/json.md: new ones come at the end. */

void wm_format_csv_begin(struct wm_sink *sink)
{
    wm_sink_text(sink, "time,sample,mode,format,channel_hz,offset_hz,rssi_dbfs,snr_db,grade,manufacturer,id,version,type,verdict,"
                       "telegram,record,function,storage,tariff,subunit,quantity,value,unit,raw\n");
}

/* Quotes where the separator, a quote or a line end makes it necessary. */
void wm_csv_cell(struct wm_sink *sink, const char *text)
{
    if (strpbrk(text, ",\"\r\n")) {
        wm_sink_char(sink, '"');
        for (; *text; text++) {
            if (*text == '"')
                wm_sink_char(sink, '"');
            wm_sink_char(sink, *text);
        }
        wm_sink_char(sink, '"');
    } else {
        wm_sink_text(sink, text);
    }
}

static void telegram_cells(struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    const struct wm_address *address = &reading->message->meter;
    const char *time = "";
    char text[WM_UTC_TEXT];

    if (frame->on_air && signal->time_ns != WM_TIME_UNKNOWN) {
        wm_utc_text(signal->time_ns, 'T', 6, text);
        time = text;
    } else if (!frame->on_air && reading->line) {
        time = reading->line->time;
    }
    wm_csv_cell(sink, time);
    if (frame->on_air)
        wm_sink_printf(sink, ",%llu,", (unsigned long long)signal->sample_index);
    else
        wm_sink_text(sink, ",,");
    wm_sink_printf(sink, "%s,%s,", wm_reading_has_mode(reading) ? wm_mode_info(frame->mode)->name : "",
                   wm_format_name(frame->format));
    if (frame->on_air)
        wm_sink_printf(sink, "%.0f,%.0f,%.1f,%.1f,", signal->channel_hz, (double)signal->offset_hz, (double)signal->rssi_dbfs,
                       (double)signal->snr_db);
    else
        wm_sink_text(sink, ",,,,");
    wm_manufacturer_text(address->manufacturer, text);
    wm_sink_printf(sink, "%s,", wm_grade_name(frame->grade));
    wm_csv_cell(sink, text);
    wm_sink_printf(sink, ",%08X,%u,", (unsigned)address->id, address->version);
    wm_csv_cell(sink, wm_device_type_name(address->type));
    wm_sink_printf(sink, ",%s,", wm_verdict_name(reading->message->verdict));
    wm_sink_hex(sink, (struct wm_span){frame->data, frame->len}, true);
}

void wm_format_csv_write(struct wm_sink *sink, const struct wm_reading *reading)
{
    struct wm_record_reader reader = wm_reading_records(reading);
    struct wm_record record;
    const char *why = NULL;
    char text[WM_VALUE_CHARS];
    unsigned count = 0;

    while (wm_reading_has_records(reading) && wm_record_next(&reader, &record, &why) != WM_END) {
        if (record.idle)
            continue;
        telegram_cells(sink, reading);
        wm_sink_printf(sink, ",%u,%s,%llu,%u,%u,", count++, wm_function_name(record.function), (unsigned long long)record.storage,
                       record.tariff, record.subunit);
        wm_csv_cell(sink, record.quantity);
        wm_sink_char(sink, ',');
        wm_record_text(&record, text);
        wm_csv_cell(sink, text);
        wm_sink_char(sink, ',');
        wm_csv_cell(sink, record.unit);
        wm_sink_char(sink, ',');
        wm_sink_hex(sink, record.raw, true);
        wm_sink_char(sink, '\n');
    }
    if (count == 0) {
        telegram_cells(sink, reading);
        wm_sink_text(sink, ",,,,,,,,,\n");
    }
}
