/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/profile.h"

#include "app/records/layout.h"
#include "app/records/value.h"

#include <string.h>

/* A profile's data: a spacing control byte, a spacing value, then the values one behind the other (Tables F.6, F.7).
 * Control: bits 7-6 increment mode, bits 5-4 unit of the spacing (s, min, h, d), bits 3-0 size of a value, as a data field.
 * The first value is that behind the base value, which is a record of its own with the same storage number, tariff, subunit and
 * VIB; the base time likewise. Storage numbers count up from there. */
enum { MODE_ABSOLUTE, MODE_INCREMENTS, MODE_DECREMENTS, MODE_DIFFERENCES };

#define PROFILE_INVERSE 0x13
#define UNIT_DAYS       3
#define SPACING_NONE    0   /* values are not spaced in time */
#define SPACING_MAX     250 /* of the unit; beyond it: */
#define SPACING_HALF    253 /* with days: half a month */
#define SPACING_MONTHS  254 /* with days one month, with hours three, with minutes six */
#define EXTENSION       0x80
#define NO_RECORD       SIZE_MAX

/* Whether `vib` is the profile's without its VIFE. */
static bool is_base_vib(struct wm_span vib, const struct wm_record *profile)
{
    size_t k = 0;
    bool taken = false;

    if (vib.len + 1 != profile->vib.len)
        return false;
    for (size_t i = 0; i < profile->vib.len; i++) {
        uint8_t byte = profile->vib.data[i] & (uint8_t)~EXTENSION;
        if (!taken && i > 0 && byte == profile->profile) {
            taken = true;
            continue;
        }
        if (k >= vib.len || (vib.data[k++] & ~EXTENSION) != byte)
            return false;
    }
    return taken;
}

/* The base time, or the base value: the first record that can be it; NO_RECORD. */
static size_t find(struct wm_span apl, const struct wm_record *profile, bool time)
{
    struct wm_record_extent extent;

    for (size_t at = 0; at < apl.len;) {
        struct wm_span rest = wm_span_sub(apl, at, apl.len);
        enum wm_status status;
        if (rest.data[0] == 0x2F) {
            at++;
            continue;
        }
        status = wm_record_extent_of(rest, true, &extent);
        if (status != WM_OK)
            break;
        if (extent.storage == profile->storage && at != profile->offset) {
            struct wm_record_reader reader = wm_record_reader_of(wm_span_sub(rest, 0, extent.dib + extent.vib + extent.value));
            struct wm_record record;
            const char *why;
            bool is_date = extent.plain && extent.vib == 1 && (extent.vif == 0x6C || extent.vif == 0x6D);
            if (time ? is_date : is_base_vib(wm_span_sub(rest, extent.dib, extent.vib), profile))
                if (wm_record_parse(&reader, &record, &why) == WM_OK &&
                    (time ? record.kind == WM_VALUE_DATE || record.kind == WM_VALUE_DATETIME
                          : record.kind == WM_VALUE_DECIMAL && record.tariff == profile->tariff &&
                                record.subunit == profile->subunit && record.function == profile->function))
                    return at;
        }
        at += extent.dib + extent.vib + extent.value;
    }
    return NO_RECORD;
}

static bool read_at(struct wm_span apl, size_t at, struct wm_record *record)
{
    struct wm_record_reader reader = wm_record_reader_of(apl);
    const char *why;

    reader.pos = at;
    return at != NO_RECORD && wm_record_parse(&reader, record, &why) == WM_OK;
}

void wm_profile_begin(struct wm_record_reader *reader, const struct wm_record *record)
{
    struct wm_profile *profile = &reader->profile;
    const uint8_t *data = record->raw_value.data;
    struct wm_record base;

    memset(profile, 0, sizeof *profile);
    if (record->raw_value.len < 2)
        return;
    profile->at = record->offset;
    profile->mode = data[0] >> 6;
    profile->unit = data[0] >> 4 & 3;
    profile->spacing = data[1];
    profile->data_field = data[0] & 15;
    profile->element = (uint8_t)wm_data_field_len(profile->data_field);
    if (profile->element == 0) /* no data, variable length, special function: not allowed here */
        return;
    profile->inverse = record->profile == PROFILE_INVERSE;
    profile->time_kind = WM_VALUE_NONE;
    if (read_at(reader->apl, find(reader->apl, record, true), &base)) {
        profile->time = base.datetime;
        profile->time_kind = base.kind;
        if (profile->unit < UNIT_DAYS && profile->spacing <= SPACING_MAX)
            profile->time_kind = WM_VALUE_DATETIME;
    }
    profile->running = read_at(reader->apl, find(reader->apl, record, false), &base);
    if (profile->running)
        profile->sum = base.decimal;
    profile->count = (unsigned)((record->raw_value.len - 2) / profile->element);
}

/* All bits but the sign, or all bits: "illegal", which is what values are preset with. */
static bool is_illegal(struct wm_span bytes, bool is_signed)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != (is_signed ? i + 1 == bytes.len ? 0x80 : 0x00 : 0xFF))
            return false;
    return true;
}

/* From increments to values, each on top of the one before. */
static void add_up(struct wm_profile *profile, struct wm_record *record)
{
    int64_t step = record->decimal.mantissa;
    int64_t sum;

    if (!profile->running) { /* no base, or one before it is missing: the difference is all there is */
        record->detail = "difference";
        return;
    }
    if (record->kind != WM_VALUE_DECIMAL || record->decimal.exponent != profile->sum.exponent) {
        profile->running = false;
        return;
    }
    if ((profile->mode == MODE_DECREMENTS) != profile->inverse)
        step = -step;
    if (__builtin_add_overflow(profile->sum.mantissa, step, &sum)) {
        profile->running = false;
        record->kind = WM_VALUE_BYTES;
        return;
    }
    record->decimal.mantissa = profile->sum.mantissa = sum;
}

static bool time_of(const struct wm_profile *profile, unsigned steps, struct wm_datetime *when)
{
    static const int64_t seconds[4] = {1, 60, 3600, 86400};
    static const int months[4] = {0, 6, 3, 1};
    int sign = profile->inverse ? -1 : 1;

    if (profile->spacing == SPACING_NONE || profile->time_kind == WM_VALUE_NONE)
        return false;
    *when = profile->time;
    if (profile->spacing <= SPACING_MAX)
        return wm_datetime_add_seconds(when, sign * (int64_t)steps * profile->spacing * seconds[profile->unit]);
    if (profile->spacing == SPACING_MONTHS && months[profile->unit])
        return wm_datetime_add_months(when, sign * (int)steps * months[profile->unit]);
    /* Which day is half a month away is not said: every second value has a date. */
    return profile->spacing == SPACING_HALF && profile->unit == UNIT_DAYS && steps % 2 == 0 &&
           wm_datetime_add_months(when, sign * (int)(steps / 2));
}

void wm_profile_next(struct wm_record_reader *reader, struct wm_record *record)
{
    struct wm_profile *profile = &reader->profile;
    struct wm_vib_parts vib;
    struct wm_vib_scale scale;
    struct wm_record_reader whole = wm_record_reader_of(reader->apl);
    struct wm_span element;
    const char *why;
    size_t at;
    bool binary = profile->data_field < WM_DATA_SELECTION && profile->data_field != WM_DATA_REAL32;
    bool is_signed = profile->mode == MODE_ABSOLUTE || profile->mode == MODE_DIFFERENCES;

    whole.pos = profile->at;
    if (wm_record_parse(&whole, record, &why) != WM_OK) { /* it was read before: cannot be */
        profile->index = profile->count;
        return;
    }
    at = profile->at + record->raw.len - record->raw_value.len + 2 + (size_t)profile->index * profile->element;
    element = wm_span_sub(reader->apl, at, profile->element);
    profile->index++;
    record->storage += profile->index;
    record->derived = true;
    record->profile = 0;
    record->offset = at;
    record->raw = record->raw_value = element;

    /* The VIB again, now for one value. */
    if (wm_vib_split(record->vib, &vib, &why) != WM_OK)
        return;
    wm_vib_read_value(&vib, record, &scale);
    if (scale.coding != WM_VIF_SIGNED && scale.coding != WM_VIF_UNSIGNED)
        return;
    if (!is_signed)
        scale.coding = WM_VIF_UNSIGNED;
    wm_value_read(profile->data_field, 0, &scale, record);
    if (binary && is_illegal(element, is_signed))
        record->kind = WM_VALUE_INVALID;
    if (profile->mode != MODE_ABSOLUTE)
        add_up(profile, record);
    record->time_kind = time_of(profile, profile->index, &record->time) ? profile->time_kind : WM_VALUE_NONE;
}
