/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/record.h"

#include "app/records/fixed.h"
#include "app/records/headers.h"
#include "app/records/profile.h"
#include "app/records/value.h"
#include "link/crc.h"

#include <string.h>

/* The DIF, EN 13757-3:2018, 6.3: bit 7 extension, bit 6 lowest bit of the storage number, bits 5-4 function, bits 3-0 data field.
 */
#define EXTENSION    0x80
#define DIFES_MAX    10
#define STORAGE_BITS (1 + 4 * DIFES_MAX)
#define TARIFF_BITS  (2 * DIFES_MAX)
#define SUBUNIT_BITS DIFES_MAX

/* Special functions, Table 6; 3F to 6F are reserved, and so is a special function with the extension bit. */
#define DIF_MANUFACTURER   0x0F
#define DIF_MORE_FOLLOWS   0x1F
#define DIF_IDLE           0x2F
#define DIF_GLOBAL_READOUT 0x7F

struct wm_record_reader wm_record_reader_of(struct wm_span apl)
{
    struct wm_record_reader reader;

    /* The rest of the profile is written when there is one. */
    reader.apl = apl;
    reader.pos = 0;
    reader.fixed = reader.ended = false;
    reader.headers = NULL;
    reader.profile.index = reader.profile.count = 0;
    return reader;
}

struct wm_record_reader wm_record_reader_of_fixed(struct wm_span apl)
{
    struct wm_record_reader reader = wm_record_reader_of(apl);

    reader.fixed = true;
    return reader;
}

void wm_record_clear(struct wm_record *record)
{
    static const struct wm_record empty = {.quantity = "", .unit = "", .detail = ""};

    /* Not the values and the text buffers, which are read only where they were written. */
    memcpy(record, &empty, offsetof(struct wm_record, decimal));
    record->text[0] = '\0';
}

static void finish(struct wm_record_reader *reader, struct wm_record *record, size_t len)
{
    record->raw = wm_span_sub(reader->apl, reader->pos, len);
    reader->pos += len;
}

/* The rest cannot be read as records: it comes out raw, in one piece, and the reader is at its end. */
static enum wm_status give_up(struct wm_record_reader *reader, struct wm_record *record, enum wm_status status)
{
    size_t offset = record->offset;

    wm_record_clear(record);
    record->offset = offset;
    record->kind = WM_VALUE_BYTES;
    finish(reader, record, reader->apl.len - reader->pos);
    record->raw_value = record->raw;
    return status;
}

static enum wm_status read_special(struct wm_record_reader *reader, struct wm_record *record, uint8_t dif, const char **why)
{
    size_t left = reader->apl.len - reader->pos;
    size_t len = 1;

    record->dib = wm_span_sub(reader->apl, reader->pos, 1);
    switch (dif) {
    case DIF_MANUFACTURER:
    case DIF_MORE_FOLLOWS:
        record->manufacturer = true;
        record->more_follows = dif == DIF_MORE_FOLLOWS;
        record->raw_value = wm_span_sub(reader->apl, reader->pos + 1, left);
        record->kind = left > 1 ? WM_VALUE_BYTES : WM_VALUE_NONE;
        len = left;
        break;
    case DIF_IDLE:
        while (len < left && reader->apl.data[reader->pos + len] == DIF_IDLE)
            len++;
        record->idle = record->known = true;
        record->dib = wm_span_sub(reader->apl, reader->pos, len);
        break;
    case DIF_GLOBAL_READOUT:
        record->known = true;
        record->quantity = "global readout request";
        break;
    default:
        *why = "a reserved DIF";
        return give_up(reader, record, WM_MALFORMED);
    }
    finish(reader, record, len);
    return WM_OK;
}

/* DIF and DIFEs, each DIFE with 4 more bits of storage, 2 of tariff, 1 of subunit, lowest first. */
static enum wm_status read_dib(struct wm_cursor *cur, struct wm_record *record, const char **why)
{
    uint8_t byte = wm_cursor_u8(cur);

    record->function = (enum wm_function)(byte >> 4 & 3);
    record->storage = byte >> 6 & 1;
    for (unsigned n = 0; byte & EXTENSION; n++) {
        if (n == DIFES_MAX) {
            *why = "more than 10 DIFEs";
            return WM_MALFORMED;
        }
        byte = wm_cursor_u8(cur);
        if (cur->failed) {
            *why = "the DIFEs are cut off";
            return WM_TOO_SHORT;
        }
        record->storage |= (uint64_t)(byte & 15) << (1 + 4 * n);
        record->tariff |= (uint32_t)(byte >> 4 & 3) << (2 * n);
        record->subunit |= (uint32_t)(byte >> 6 & 1) << n;
    }
    record->dib = wm_span_sub(cur->span, 0, cur->pos);
    return WM_OK;
}

/* DIB and VIB of the record that the cursor is at, into the cleared record. */
static enum wm_status read_header(struct wm_cursor *cur, struct wm_record *record, struct wm_vib_scale *scale, const char **why)
{
    struct wm_vib_parts vib;
    enum wm_status status = read_dib(cur, record, why);

    if (status == WM_OK)
        status = wm_vib_split(wm_span_sub(cur->span, cur->pos, cur->span.len), &vib, why);
    if (status != WM_OK)
        return status;
    record->vib = wm_cursor_take(cur, vib.len);
    wm_vib_read(&vib, record, scale);
    return WM_OK;
}

static void keep_header(struct wm_header *header, uint64_t key, struct wm_record *record, const struct wm_vib_scale *scale)
{
    struct wm_span bytes = {record->dib.data, record->dib.len + record->vib.len};

    /* A plain-text unit goes on behind what the key is made of, an empty one by its length byte. */
    if (bytes.len != key >> 56 || !wm_header_is_lasting(record, scale) ||
        wm_record_extent_of(bytes, false, &header->extent) != WM_OK)
        return;
    record->header = header;
    header->key = key;
    header->scale = *scale;
    header->crc_before = 0;
    header->crc_behind = wm_crc16_update(0, bytes);
    header->has_plan = false;
    header->text_len = 0;
    memcpy(header->head, (const uint8_t *)record + WM_RECORD_HEAD, sizeof header->head);
}

/* The same as read_header for a header that is known. */
static void recall_header(const struct wm_header *header, struct wm_cursor *cur, struct wm_record *record)
{
    size_t dib = header->extent.dib, vib = header->extent.vib;

    memcpy((uint8_t *)record + WM_RECORD_HEAD, header->head, sizeof header->head);
    record->text[0] = '\0';
    record->dib = (struct wm_span){cur->span.data, dib};
    record->vib = (struct wm_span){cur->span.data + dib, vib};
    cur->pos = dib + vib; /* the key is of bytes that are all there */
}

enum wm_status wm_record_parse(struct wm_record_reader *reader, struct wm_record *record, const char **why)
{
    struct wm_span rest = wm_span_sub(reader->apl, reader->pos, reader->apl.len);
    struct wm_cursor cur = {.span = rest};
    struct wm_vib_scale scale;
    struct wm_header *header = NULL;
    uint64_t key = 0;
    uint8_t data_field;
    uint8_t lvar = 0;
    size_t len;

    if (rest.len == 0)
        return WM_END;
    data_field = rest.data[0] & 15;
    if (data_field == WM_DATA_SPECIAL) {
        wm_record_clear(record);
        record->offset = reader->pos;
        return read_special(reader, record, rest.data[0], why);
    }
    if (reader->headers && (key = wm_header_key(rest)))
        header = wm_header_place(reader->headers, key);
    if (header && header->key == key) {
        recall_header(header, &cur, record);
        scale = header->scale;
    } else {
        enum wm_status status;
        wm_record_clear(record);
        record->offset = reader->pos;
        status = read_header(&cur, record, &scale, why);
        if (status != WM_OK)
            return give_up(reader, record, status);
        if (header)
            keep_header(header, key, record, &scale);
    }
    record->offset = reader->pos;
    len = wm_data_field_len(data_field);
    if (data_field == WM_DATA_VARIABLE) {
        lvar = wm_cursor_u8(&cur);
        if (!cur.failed && wm_lvar_len(lvar, &len) != WM_OK) {
            *why = "a reserved LVAR: the record's length is not known";
            return give_up(reader, record, WM_MALFORMED);
        }
    }
    if (len <= rest.len - cur.pos) {
        record->raw_value = (struct wm_span){len ? rest.data + cur.pos : NULL, len};
        cur.pos += len;
    } else {
        cur.failed = true;
    }
    if (cur.failed) {
        *why = "the value is cut off";
        return give_up(reader, record, WM_TOO_SHORT);
    }
    wm_value_read(data_field, lvar, &scale, record);
    record->raw = (struct wm_span){rest.data, cur.pos};
    reader->pos += cur.pos;
    return WM_OK;
}

/* What is rare; kept out of the way of what is common, which would save registers for it each time. */
static __attribute__((noinline)) enum wm_status next_of_another_kind(struct wm_record_reader *reader, struct wm_record *record,
                                                                     const char **why)
{
    if (reader->profile.index < reader->profile.count) {
        wm_profile_next(reader, record);
        return WM_OK;
    }
    wm_record_clear(record);
    return wm_fixed_next(reader, record, why);
}

enum wm_status wm_record_next(struct wm_record_reader *reader, struct wm_record *record, const char **why)
{
    enum wm_status status;

    if (reader->profile.index < reader->profile.count || reader->fixed)
        return next_of_another_kind(reader, record, why);
    status = wm_record_parse(reader, record, why);
    if (status == WM_OK && record->profile)
        wm_profile_begin(reader, record);
    return status;
}

const char *wm_function_name(enum wm_function function)
{
    switch (function) {
    case WM_FUNCTION_INSTANTANEOUS:
        return "instantaneous";
    case WM_FUNCTION_MAXIMUM:
        return "maximum";
    case WM_FUNCTION_MINIMUM:
        return "minimum";
    case WM_FUNCTION_ERROR:
        return "error";
    }
    return "";
}

/* Is the value as long as its data field says? */
static bool value_fits(const struct wm_record_spec *spec)
{
    size_t len = wm_data_field_len(spec->data_field);

    if (spec->data_field != WM_DATA_VARIABLE)
        return spec->value.len == len;
    return spec->value.len > 0 && wm_lvar_len(spec->value.data[0], &len) == WM_OK && spec->value.len == 1 + len;
}

enum wm_status wm_record_build(const struct wm_record_spec *spec, struct wm_writer *out)
{
    uint64_t storage = spec->storage >> 1;
    uint32_t tariff = spec->tariff;
    uint32_t subunit = spec->subunit;
    struct wm_writer start = *out;

    if (spec->data_field >= WM_DATA_SPECIAL || (unsigned)spec->function > WM_FUNCTION_ERROR || spec->storage >> STORAGE_BITS ||
        tariff >> TARIFF_BITS || subunit >> SUBUNIT_BITS || spec->vib.len == 0 || !value_fits(spec))
        return WM_INVALID;
    wm_writer_u8(out, (uint8_t)((storage || tariff || subunit ? EXTENSION : 0) | (spec->storage & 1) << 6 |
                                (unsigned)spec->function << 4 | spec->data_field));
    while (storage || tariff || subunit) {
        uint8_t dife = (uint8_t)((subunit & 1) << 6 | (tariff & 3) << 4 | (storage & 15));
        storage >>= 4;
        tariff >>= 2;
        subunit >>= 1;
        wm_writer_u8(out, (uint8_t)(dife | (storage || tariff || subunit ? EXTENSION : 0)));
    }
    wm_writer_bytes(out, spec->vib);
    wm_writer_bytes(out, spec->value);
    if (out->failed) {
        *out = start;
        return WM_FULL;
    }
    return WM_OK;
}
