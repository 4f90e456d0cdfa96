/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/target.h"
#include "app/store/store.h"
#include "base/utc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The store as an output. All that waits in the queue becomes one transaction; when it is committed, the number of its last
 * telegram is acknowledged. */

#define TRANSACTION_MAX 10000 /* telegrams: bounds what a crash in the middle loses, and the log's size */

struct storing {
    struct wm_output_port *port;
    struct wm_store *store;
    int acknowledge; /* file descriptor, -1: none */
    bool told;
};

static enum wm_status open_store(struct wm_output_port *port, void **state)
{
    struct storing *s = calloc(1, sizeof *s);
    const char *acknowledge = wm_target_text(port->target, "acknowledge", NULL);
    bool full = true;
    enum wm_status status;

    if (!s)
        return WM_NO_MEMORY;
    s->port = port;
    s->acknowledge = -1;
    status = wm_target_flag(port->target, "sync", true, &full, port->why);
    if (status == WM_OK && acknowledge) {
        s->acknowledge = open(acknowledge, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (s->acknowledge < 0) {
            snprintf(port->why, WM_OUTPUT_WHY, "cannot write %.200s: %s", acknowledge, strerror(errno));
            status = WM_IO;
        }
    }
    if (status == WM_OK)
        status = wm_store_open(port->target->place, full, &s->store, port->why, WM_OUTPUT_WHY);
    if (status != WM_OK) {
        if (s->acknowledge >= 0)
            close(s->acknowledge);
        free(s);
        return status;
    }
    *state = s;
    return WM_OK;
}

static void reading_cells(void *user, const struct wm_field *field)
{
    struct wm_sink *sink = user;
    const struct wm_record *record = field->record;

    if (!record)
        return;
    wm_cell_text(sink, field->name);
    wm_cell_text(sink, wm_function_name(record->function));
    wm_cell_int(sink, (int64_t)record->storage);
    wm_cell_int(sink, record->tariff);
    wm_cell_int(sink, record->subunit);
    wm_cell_text(sink, record->quantity);
    wm_cell_text(sink, record->unit);
    wm_cell_text(sink, wm_value_kind_name(record->kind));
    wm_cell_text(sink, field->kind == WM_FIELD_NULL ? NULL : field->text);
}

static void compose(void *state, struct wm_sink *sink, const struct wm_reading *reading)
{
    const struct storing *s = state;
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    const struct wm_message *message = reading->message;
    const struct wm_address *meter = &message->meter;
    size_t begin = wm_item_begin(sink, 0);
    const char *time = NULL;
    char text[WM_UTC_TEXT];

    if (s->port->use.what == WM_WHAT_READINGS && !wm_reading_has_records(reading)) {
        sink->len = begin;
        return;
    }
    wm_item_key_ends(sink, begin);
    wm_manufacturer_text(meter->manufacturer, text);
    wm_cell_text(sink, text);
    snprintf(text, sizeof text, "%08X", (unsigned)meter->id);
    wm_cell_text(sink, text);
    wm_cell_int(sink, meter->version);
    wm_cell_int(sink, meter->type);
    wm_cell_text(sink, wm_device_type_name(meter->type));
    if (frame->on_air && signal->time_ns != WM_TIME_UNKNOWN) {
        wm_utc_text(signal->time_ns, 'T', 6, text);
        time = text;
    } else if (!frame->on_air && reading->line && *reading->line->time) {
        time = reading->line->time;
    }
    wm_cell_text(sink, time);
    wm_cell_text(sink, wm_reading_has_mode(reading) ? wm_mode_info(frame->mode)->name : NULL);
    wm_cell_text(sink, frame->format != WM_FORMAT_NONE ? wm_format_name(frame->format) : NULL);
    wm_cell_text(sink, wm_grade_name(frame->grade));
    if (frame->on_air) {
        wm_cell_real(sink, (double)signal->rssi_dbfs);
        wm_cell_real(sink, (double)signal->snr_db);
        wm_cell_real(sink, (double)signal->offset_hz);
    } else {
        wm_cell_null(sink);
        wm_cell_null(sink);
        wm_cell_null(sink);
    }
    wm_cell_text(sink, wm_verdict_name(message->verdict));
    wm_cell_text(sink, message->detail && *message->detail ? message->detail : NULL);
    if (message->has_counter)
        wm_cell_int(sink, message->counter);
    else
        wm_cell_null(sink);
    wm_cell_blob(sink, (struct wm_span){frame->data, frame->len});
    wm_fields_walk(reading, false, reading_cells, sink);
    wm_item_end(sink, begin);
}

/* A transaction fails whole. The next one is tried anew: a disk may have room again. */
static void lost(struct storing *s, uint64_t count)
{
    atomic_fetch_add(&s->port->lost, count);
    if (!s->told)
        wm_logf(&s->port->log, WM_LOG_WARNING, "%.200s: %s; %llu telegrams are not stored", s->port->target->place,
                wm_store_why(s->store), (unsigned long long)count);
    s->told = true;
    wm_store_roll_back(s->store);
}

static void acknowledge(const struct storing *s, int64_t number)
{
    char line[32];
    int n = snprintf(line, sizeof line, "%lld\n", (long long)number);

    /* if its reader is gone, nobody waits for it */
    if (s->acknowledge >= 0 && write(s->acknowledge, line, (size_t)n) < 0)
        return;
}

static enum wm_status write_batch(void *state, struct wm_batch batch)
{
    struct storing *s = state;
    struct wm_item item;
    uint64_t count = 0;
    int64_t number = 0;
    bool open = false, failed = false;

    for (;;) {
        bool more = wm_batch_next(&batch, &item);

        if (open && !failed && (!more || count == TRANSACTION_MAX)) {
            failed = wm_store_commit(s->store) != WM_OK;
            if (!failed)
                acknowledge(s, number);
        }
        if (open && (!more || count == TRANSACTION_MAX)) {
            if (failed)
                lost(s, count);
            else
                s->told = false;
            open = failed = false;
            count = 0;
        }
        if (!more)
            return WM_OK;
        if (!open) {
            failed = wm_store_begin(s->store) != WM_OK;
            open = true;
        }
        failed = failed || wm_store_add(s->store, item.data, item.len, &number) != WM_OK;
        count++;
    }
}

static enum wm_status close_store(void *state)
{
    struct storing *s = state;

    wm_store_close(s->store);
    if (s->acknowledge >= 0)
        close(s->acknowledge);
    free(s);
    return WM_OK;
}

static const struct wm_target_option options[] = {
    {"acknowledge", "FILE", "append the number of the last telegram that is safe, a line after each commit"},
    {"sync", "yes|no", "no: faster, but a power failure may cost the last telegrams; default yes"},
    {NULL, NULL, NULL},
};

const struct wm_transport wm_transport_sqlite = {
    .name = "sqlite",
    .prefix = "sqlite:",
    .syntax = "FILE",
    .summary = "an SQLite store of meters, telegrams and readings; see wmsdr query",
    .own_form = true,
    .exclusive = true,
    .options = options,
    .idle_ms = -1,
    .open = open_store,
    .compose = compose,
    .write = write_batch,
    .close = close_store,
};
