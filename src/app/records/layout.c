/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/layout.h"

#include "app/records/headers.h"
#include "app/records/value.h"
#include "app/records/vib.h"
#include "link/crc.h"

#include <string.h>

#define EXTENSION        0x80
#define BLOCKS_MAX       10 /* DIFEs, VIFEs: EN 13757-3:2018, 6.3 and 6.4.1 */
#define DIF_IDLE         0x2F
#define VIF_PLAIN_TEXT   0x7C
#define VIF_DATE         0x6C
#define VIF_DATE_TIME    0x6D
#define DIF_FUNCTION     0x30
#define DIFE_NOT_STORAGE 0x70

/* The value behind a header whose extent is known: its length where an LVAR byte says it, and whether it is all there. */
static enum wm_status value_extent(struct wm_span bytes, struct wm_record_extent *extent)
{
    size_t at = extent->dib + extent->vib;

    if (extent->data_field == WM_DATA_VARIABLE) {
        if (at >= bytes.len)
            return WM_TOO_SHORT;
        if (wm_lvar_len(bytes.data[at], &extent->value) != WM_OK)
            return WM_MALFORMED;
        extent->value++;
    }
    return extent->value > bytes.len - at ? WM_TOO_SHORT : WM_OK;
}

enum wm_status wm_record_extent_of(struct wm_span bytes, bool with_value, struct wm_record_extent *extent)
{
    const uint8_t *data = bytes.data;
    size_t left = bytes.len;
    size_t at = 1;
    uint8_t byte;

    if (left == 0)
        return WM_TOO_SHORT;
    byte = data[0];
    extent->data_field = byte & 15;
    if (extent->data_field == WM_DATA_SPECIAL)
        return WM_END;
    extent->storage = byte >> 6 & 1;
    extent->plain = !(byte & DIF_FUNCTION);
    for (; byte & EXTENSION; at++) {
        if (at >= left)
            return WM_TOO_SHORT;
        if (at > BLOCKS_MAX)
            return WM_MALFORMED;
        byte = data[at];
        extent->storage |= (uint64_t)(byte & 15) << (4 * at - 3);
        extent->plain = extent->plain && !(byte & DIFE_NOT_STORAGE);
    }
    extent->dib = at;
    if (at >= left)
        return WM_TOO_SHORT;
    extent->vif = byte = data[at];
    if ((byte & ~EXTENSION) == VIF_PLAIN_TEXT) {
        struct wm_vib_parts parts;
        const char *why;
        enum wm_status status = wm_vib_split(wm_span_sub(bytes, at, left), &parts, &why);
        if (status != WM_OK)
            return status;
        extent->vib = parts.len;
    } else {
        for (at++; byte & EXTENSION; at++) {
            if (at >= left)
                return WM_TOO_SHORT;
            if (at > extent->dib + BLOCKS_MAX)
                return WM_MALFORMED;
            byte = data[at];
        }
        extent->vib = at - extent->dib;
    }
    extent->value = wm_data_field_len(extent->data_field);
    return with_value ? value_extent(bytes, extent) : WM_OK;
}

/* The same, and the signature's register over the header, for the record at the start of `rest`; what is kept of the header is
 * taken from there. The register's last step is kept with it: in telegrams of one meter a header stands behind the same others. */
static enum wm_status next_extent(struct wm_headers *headers, struct wm_span rest, struct wm_record_extent *extent, uint16_t *crc)
{
    struct wm_header *header = headers ? wm_header_find(headers, wm_header_key(rest)) : NULL;
    enum wm_status status;

    if (header)
        *extent = header->extent;
    status = header ? value_extent(rest, extent) : wm_record_extent_of(rest, true, extent);
    if (status != WM_OK)
        return status;
    if (header && header->crc_before == *crc) {
        *crc = header->crc_behind;
        return WM_OK;
    }
    if (header)
        header->crc_before = *crc;
    *crc = wm_crc16_update(*crc, (struct wm_span){rest.data, extent->dib + extent->vib});
    if (header)
        header->crc_behind = *crc;
    return WM_OK;
}

static void take_date(struct wm_span value, const struct wm_record_extent *extent, size_t offset, struct wm_layout *layout)
{
    struct wm_layout_date *date = &layout->date[layout->dates];
    struct wm_datetime when = {0};
    enum wm_value_kind kind;

    /* Binary data of 2 bytes (type G), with VIF 6D also 4 (F) or 6 (I). */
    if (extent->data_field == WM_DATA_REAL32 || extent->data_field > WM_DATA_SELECTION || value.len == 3 ||
        (extent->vif == VIF_DATE && value.len != 2) || !wm_datetime_read(value, &when, &kind) || kind == WM_VALUE_INVALID ||
        wm_datetime_is_open(&when)) /* "every year" is a due date, not the time of a value */
        return;
    date->storage = extent->storage;
    date->offset = offset;
    date->len = (uint8_t)wm_datetime_text(kind, &when, date->text);
    layout->dates++;
}

void wm_layout_read(struct wm_span apl, struct wm_headers *headers, struct wm_layout *layout)
{
    struct wm_record_extent extent;
    enum wm_status status = WM_OK;
    uint16_t crc = 0;
    size_t at = 0;

    memset(layout, 0, offsetof(struct wm_layout, date));
    while (at < apl.len && status == WM_OK) {
        struct wm_span rest = {apl.data + at, apl.len - at};
        if (rest.data[0] == DIF_IDLE) {
            at++;
            continue;
        }
        status = next_extent(headers, rest, &extent, &crc);
        if (status != WM_OK)
            break;
        layout->header_bytes += extent.dib + extent.vib;
        if ((extent.vif == VIF_DATE || extent.vif == VIF_DATE_TIME) && extent.plain && layout->dates < WM_LAYOUT_DATES)
            take_date(wm_span_sub(rest, extent.dib + extent.vib, extent.value), &extent, at, layout);
        at += extent.dib + extent.vib + extent.value;
        layout->end = at;
    }
    layout->whole = status == WM_OK || status == WM_END;
    layout->signature = crc ^ 0xFFFF;
}

enum wm_status wm_layout_headers(struct wm_span apl, struct wm_writer *out)
{
    struct wm_record_extent extent;

    for (size_t at = 0; at < apl.len;) {
        struct wm_span rest = wm_span_sub(apl, at, apl.len);
        enum wm_status status;
        if (rest.data[0] == DIF_IDLE) {
            at++;
            continue;
        }
        status = wm_record_extent_of(rest, true, &extent);
        if (status == WM_END)
            break;
        if (status != WM_OK)
            return WM_MALFORMED;
        wm_writer_bytes(out, wm_span_sub(rest, 0, extent.dib + extent.vib));
        at += extent.dib + extent.vib + extent.value;
    }
    return out->failed ? WM_FULL : WM_OK;
}
