/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/fields.h"

#include "app/out/format.h"
#include "base/hash.h"
#include "base/utc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX 128

struct walk {
    wm_field_visit *visit;
    void *user;
    uint32_t seen[NAMES_MAX]; /* hashes of the names given: a collision costs a needless _2, the same in each telegram */
    unsigned count;
};

/* How often a name has come in this telegram, this time included. */
static unsigned occurrence(struct walk *walk, const char *name)
{
    const uint32_t hash = wm_hash(WM_HASH_BEGIN, name, strlen(name));
    unsigned times = 1;

    for (unsigned i = 0; i < walk->count; i++)
        times += walk->seen[i] == hash;
    if (walk->count < NAMES_MAX)
        walk->seen[walk->count++] = hash;
    return times;
}

static void give(struct walk *walk, const char *name, enum wm_field_kind kind, const char *text)
{
    (void)occurrence(walk, name);
    walk->visit(walk->user, &(struct wm_field){name, kind, text, NULL});
}

__attribute__((format(printf, 4, 5))) static void givef(struct walk *walk, const char *name, enum wm_field_kind kind,
                                                        const char *format, ...)
{
    char text[64];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    give(walk, name, kind, text);
}

static void heard(struct walk *walk, const struct wm_reading *reading)
{
    const struct wm_frame *frame = reading->frame;
    const struct wm_signal *signal = &frame->signal;
    char time[WM_UTC_TEXT];

    if (frame->on_air && signal->time_ns != WM_TIME_UNKNOWN) {
        wm_utc_text(signal->time_ns, 'T', 6, time);
        give(walk, "time", WM_FIELD_STRING, time);
    } else if (!frame->on_air && reading->line && reading->line->time[0]) {
        give(walk, "time", WM_FIELD_STRING, reading->line->time);
    }
    if (frame->on_air)
        givef(walk, "sample", WM_FIELD_NUMBER, "%llu", (unsigned long long)signal->sample_index);
    if (wm_reading_has_mode(reading))
        give(walk, "mode", WM_FIELD_STRING, wm_mode_info(frame->mode)->name);
    if (frame->format != WM_FORMAT_NONE)
        give(walk, "format", WM_FIELD_STRING, wm_format_name(frame->format));
    if (frame->on_air) {
        givef(walk, "channel_hz", WM_FIELD_NUMBER, "%.0f", signal->channel_hz);
        givef(walk, "offset_hz", WM_FIELD_NUMBER, "%.0f", (double)signal->offset_hz);
        givef(walk, "rssi_dbfs", WM_FIELD_NUMBER, "%.1f", (double)signal->rssi_dbfs);
        givef(walk, "snr_db", WM_FIELD_NUMBER, "%.1f", (double)signal->snr_db);
    }
    give(walk, "grade", WM_FIELD_STRING, wm_grade_name(frame->grade));
}

static void whose(struct walk *walk, const struct wm_message *message)
{
    char manufacturer[4];

    wm_manufacturer_text(message->meter.manufacturer, manufacturer);
    give(walk, "manufacturer", WM_FIELD_STRING, manufacturer);
    givef(walk, "id", WM_FIELD_STRING, "%08X", (unsigned)message->meter.id);
    givef(walk, "version", WM_FIELD_NUMBER, "%u", message->meter.version);
    givef(walk, "type", WM_FIELD_NUMBER, "%u", message->meter.type);
    give(walk, "type_name", WM_FIELD_STRING, wm_device_type_name(message->meter.type));
    if (message->has_tpl && message->tpl.header != WM_TPL_NONE) {
        givef(walk, "acc", WM_FIELD_NUMBER, "%u", message->tpl.acc);
        givef(walk, "status", WM_FIELD_STRING, "%02X", message->tpl.status);
    }
    if (message->has_counter)
        givef(walk, "counter", WM_FIELD_NUMBER, "%lu", (unsigned long)message->counter);
    give(walk, "verdict", WM_FIELD_STRING, wm_verdict_name(message->verdict));
}

/* Appends text as part of a name: letters and digits stay, the exponents of units become digits, a degree sign and a slash vanish,
 * anything else becomes one underscore. */
static void add(char name[WM_FIELD_NAME], const char *text)
{
    size_t len = strlen(name);
    size_t room = WM_FIELD_NAME - 24; /* what is numbered behind it */
    bool gap = len > 0;

    for (const unsigned char *s = (const unsigned char *)text; *s && len < room; s++) {
        char c = 0;

        if (s[0] == 0xC2 && (s[1] == 0xB2 || s[1] == 0xB3)) { /* ² ³ */
            c = s[1] == 0xB2 ? '2' : '3';
            s++;
        } else if (s[0] == 0xC2 && s[1] == 0xB0) { /* ° */
            s++;
            continue;
        } else if (*s == '/') {
            continue;
        } else if (*s == '%') {
            if (gap && len && len < room)
                name[len++] = '_';
            len += (size_t)snprintf(name + len, room - len + 1, "percent");
            gap = false;
            continue;
        } else if (isalnum(*s) && *s < 0x80) {
            c = (char)tolower(*s);
        }
        if (!c) {
            gap = len > 0;
            continue;
        }
        if (gap && len && len < room)
            name[len++] = '_';
        gap = false;
        if (len < room)
            name[len++] = c;
    }
    name[len] = '\0';
}

static void add_number(char name[WM_FIELD_NAME], const char *what, unsigned long long number)
{
    char text[40];

    snprintf(text, sizeof text, "%s %llu", what, number);
    add(name, text);
}

static bool name_of(const struct wm_record *record, char name[WM_FIELD_NAME])
{
    name[0] = '\0';
    if (!record->known || record->manufacturer || !*record->quantity)
        return false;
    add(name, record->quantity);
    if (*record->detail)
        add(name, record->detail);
    if (record->function != WM_FUNCTION_INSTANTANEOUS)
        add(name, wm_function_name(record->function));
    if (record->storage)
        add_number(name, "storage", record->storage);
    if (record->tariff)
        add_number(name, "tariff", record->tariff);
    if (record->subunit)
        add_number(name, "subunit", record->subunit);
    if (*record->unit)
        add(name, record->unit);
    return name[0] != '\0';
}

static void records(struct walk *walk, const struct wm_reading *reading)
{
    struct wm_record_reader reader = wm_reading_records(reading);
    struct wm_record record;
    const char *why = NULL;

    if (!wm_reading_has_records(reading))
        return;
    while (wm_record_next(&reader, &record, &why) == WM_OK) {
        char name[WM_FIELD_NAME];
        char text[WM_VALUE_CHARS] = "";
        struct wm_field field = {name, WM_FIELD_STRING, text, &record};
        unsigned times;

        if (record.idle || record.kind == WM_VALUE_NONE || record.kind == WM_VALUE_BYTES || !name_of(&record, name))
            continue;
        times = occurrence(walk, name);
        if (times > 1)
            snprintf(name + strlen(name), 16, "_%u", times);
        wm_record_text(&record, text);
        if (record.kind == WM_VALUE_DECIMAL || record.kind == WM_VALUE_REAL)
            field.kind = WM_FIELD_NUMBER;
        else if (record.kind == WM_VALUE_INVALID)
            field.kind = WM_FIELD_NULL;
        walk->visit(walk->user, &field);
    }
}

/* The common values under their common names; a name that was given already means the same there. */
static void summary_fields(struct walk *walk, const struct wm_reading *reading)
{
    struct wm_summary summary;

    if (!wm_reading_has_records(reading))
        return;
    wm_reading_summary(reading, &summary);
    for (unsigned i = 0; i < summary.count; i++) {
        const struct wm_summary_entry *entry = &summary.entry[i];
        enum wm_field_kind kind = entry->is_number ? WM_FIELD_NUMBER : WM_FIELD_STRING;

        if (occurrence(walk, entry->name) == 1)
            walk->visit(walk->user, &(struct wm_field){entry->name, kind, entry->text, NULL});
    }
}

void wm_fields_walk(const struct wm_reading *reading, bool extra, wm_field_visit *visit, void *user)
{
    struct walk walk = {.visit = visit, .user = user};

    heard(&walk, reading);
    whose(&walk, reading->message);
    if (extra) {
        char hex[2 * WM_TELEGRAM_MAX + 1];

        wm_hex_encode((struct wm_span){reading->frame->data, reading->frame->len}, hex);
        give(&walk, "telegram", WM_FIELD_STRING, hex);
        if (reading->message->decrypted && !reading->message->assembled && reading->message->plain.len <= WM_TELEGRAM_MAX) {
            wm_hex_encode(reading->message->plain, hex);
            give(&walk, "plain", WM_FIELD_STRING, hex);
        }
    }
    records(&walk, reading);
    summary_fields(&walk, reading);
}

enum wm_status wm_fields_parse(const char *list, struct wm_fields *fields, const char **why)
{
    size_t len = strlen(list);

    fields->count = 0;
    *why = "too long; at most 64 names, 1000 characters";
    if (len >= sizeof fields->text)
        return WM_FULL;
    memcpy(fields->text, list, len + 1);
    for (char *s = fields->text; s;) {
        char *comma = strchr(s, ',');

        if (comma)
            *comma = '\0';
        if (!*s || s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")]) {
            *why = "names have small letters, digits and underscores, with commas between: time,id,volume_m3";
            return WM_INVALID;
        }
        if (fields->count == WM_FIELDS_MAX)
            return WM_FULL;
        fields->at[fields->count++] = (uint16_t)(s - fields->text);
        s = comma ? comma + 1 : NULL;
    }
    return WM_OK;
}
