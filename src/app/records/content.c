/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/content.h"

#include "app/records/value.h"

#define DIF_IDLE 0x2F

/* Application errors: the first byte behind CI 6E, 6F, 70 (EN 13757-3, "Report of application errors"). From 10 on recalled -
 * verify. */
static const char *const errors[256] = {
    [0x00] = "unspecified error",
    [0x01] = "CI field not implemented",
    [0x02] = "buffer too long, truncated",
    [0x03] = "too many records",
    [0x04] = "premature end of record",
    [0x05] = "more than 10 DIFEs",
    [0x06] = "more than 10 VIFEs",
    [0x08] = "application too busy",
    [0x09] = "too many readouts",
    [0x10] = "access denied",
    [0x11] = "application or command unknown",
    [0x12] = "parameter missing or wrong",
    [0x13] = "unknown receiver address",
    [0x14] = "decryption failed",
    [0x15] = "encryption method not supported",
    [0x16] = "signature method not supported",
};

/* Application reset and select (CI 50, 53): the upper four bits of the first byte; the lower four are a block number. */
static const char *const resets[16] = {
    "all",
    "user data",
    "simple billing",
    "enhanced billing",
    "multi tariff billing",
    "instantaneous values",
    "load management values",
    NULL,
    "installation and start-up",
    "testing",
    "calibration",
    "manufacturing",
    "development",
    "selftest",
    NULL,
    NULL,
};

/* Clock (CI 6C, 6D): the two lowest bits of the TC field say what is done. That a date and time of type I, or a difference of type
 * J, follows is recalled - verify. */
static const char *const clocks[4] = {"set clock", "advance clock", "put clock back", NULL};

/* The check bytes of what was encrypted are no part of it. */
static struct wm_span without_fillers(struct wm_span apl)
{
    size_t n = 0;

    while (n < apl.len && apl.data[n] == DIF_IDLE)
        n++;
    return wm_span_sub(apl, n, apl.len);
}

static void read_clock(struct wm_span apl, struct wm_content *content)
{
    unsigned action = apl.len ? apl.data[0] & 3u : 3;

    content->code = wm_span_sub(apl, 0, 1);
    content->text = clocks[action];
    if (content->text && !wm_datetime_read(wm_span_sub(apl, 1, action == 0 ? 6 : 3), &content->time, &content->time_kind))
        content->time_kind = WM_VALUE_NONE;
}

static void read_records(struct wm_formats *formats, struct wm_span apl, struct wm_content *content)
{
    content->records = wm_record_reader_of(apl);
    content->records.headers = formats ? wm_formats_headers(formats) : NULL;
    content->has_records = true;
    wm_layout_read(apl, content->records.headers, &content->layout);
}

/* A full frame's format is kept, so that the compact frames that refer to it can be read. */
static enum wm_status learn_from(struct wm_formats *formats, struct wm_span apl, const struct wm_layout *layout)
{
    uint8_t headers[WM_FORMAT_BYTES_MAX];
    struct wm_writer out = wm_writer_of(headers, sizeof headers);

    if (!layout->whole || layout->header_bytes == 0 || layout->header_bytes > sizeof headers ||
        wm_formats_has(formats, layout->signature, layout->header_bytes))
        return WM_OK;
    if (wm_layout_headers(apl, &out) != WM_OK)
        return WM_OK;
    return wm_formats_add(formats, wm_writer_span(&out));
}

static void read_compact(struct wm_formats *formats, struct wm_span apl, struct wm_content *content)
{
    struct wm_span compact = without_fillers(apl);
    struct wm_cursor cur = wm_cursor_of(compact);
    struct wm_writer full = wm_writer_of(content->expanded, sizeof content->expanded);

    content->signature = wm_cursor_u16le(&cur);
    content->full_crc = wm_cursor_u16le(&cur);
    content->has_signature = !cur.failed;
    content->compact = cur.failed ? WM_COMPACT_CUT : WM_COMPACT_UNKNOWN;
    if (cur.failed || !formats)
        return;
    switch (wm_formats_expand(formats, compact, &full)) {
    case WM_OK:
        content->compact = WM_COMPACT_EXPANDED;
        read_records(formats, wm_writer_span(&full), content);
        break;
    case WM_INTEGRITY:
        content->compact = WM_COMPACT_WRONG;
        break;
    default:
        break;
    }
}

static enum wm_status read_format(struct wm_formats *formats, struct wm_span apl, struct wm_content *content)
{
    enum wm_status status = wm_format_frame_parse(apl, &content->signature, &content->headers);

    content->has_signature = status != WM_TOO_SHORT;
    content->text = status == WM_OK          ? "format"
                    : status == WM_INTEGRITY ? "the signature is not that of these headers"
                                             : "the headers are cut off or malformed";
    if (status != WM_OK)
        content->headers = (struct wm_span){0};
    return status == WM_OK && formats ? wm_formats_add(formats, content->headers) : WM_OK;
}

enum wm_status wm_content_read(struct wm_formats *formats, bool learn, uint8_t ci, enum wm_ci_payload payload, struct wm_span apl,
                               struct wm_content *content)
{
    enum wm_status status = WM_OK;

    /* All but what is read only where it was written. */
    content->payload = payload;
    content->records = wm_record_reader_of((struct wm_span){0});
    content->has_records = content->has_signature = false;
    content->compact = WM_COMPACT_NONE;
    content->headers = content->code = (struct wm_span){0};
    content->text = NULL;
    content->time_kind = WM_VALUE_NONE;
    content->layout.dates = 0;
    switch (payload) {
    case WM_CI_PAYLOAD_MBUS:
        read_records(formats, apl, content);
        if (learn && formats)
            status = learn_from(formats, apl, &content->layout);
        break;
    case WM_CI_PAYLOAD_COMPACT:
        read_compact(formats, apl, content);
        break;
    case WM_CI_PAYLOAD_FORMAT:
        status = read_format(formats, apl, content);
        break;
    case WM_CI_PAYLOAD_FIXED:
        content->records = wm_record_reader_of_fixed(apl);
        content->has_records = true;
        break;
    case WM_CI_PAYLOAD_ERROR:
        content->code = wm_span_sub(without_fillers(apl), 0, 1);
        content->text = content->code.len ? errors[content->code.data[0]] : errors[0]; /* none is sent: unspecified */
        break;
    case WM_CI_PAYLOAD_ALARM: /* what its bits mean is the manufacturer's */
        content->code = wm_span_sub(without_fillers(apl), 0, 1);
        break;
    case WM_CI_PAYLOAD_CLOCK:
        read_clock(without_fillers(apl), content);
        break;
    case WM_CI_PAYLOAD_OTHER:
        if (ci == 0x50 || ci == 0x53) {
            content->code = wm_span_sub(without_fillers(apl), 0, 1);
            content->text = resets[content->code.len ? content->code.data[0] >> 4 : 0]; /* none is sent: all */
        }
        break;
    default:
        break;
    }
    return status == WM_FULL || status == WM_MALFORMED ? WM_OK : status; /* what is no format is not learnt, that is all */
}

const char *wm_content_kind_name(const struct wm_content *content)
{
    switch (content->payload) {
    case WM_CI_PAYLOAD_ERROR:
        return "error";
    case WM_CI_PAYLOAD_ALARM:
        return "alarm";
    case WM_CI_PAYLOAD_CLOCK:
        return "clock";
    case WM_CI_PAYLOAD_OTHER:
        return content->code.len || content->text ? "reset" : "";
    default:
        return "";
    }
}

const char *wm_compact_state_name(enum wm_compact_state state)
{
    switch (state) {
    case WM_COMPACT_NONE:
        break;
    case WM_COMPACT_EXPANDED:
        return "expanded";
    case WM_COMPACT_UNKNOWN:
        return "unknown format";
    case WM_COMPACT_WRONG:
        return "wrong crc";
    case WM_COMPACT_CUT:
        return "cut off";
    }
    return "";
}

const char *wm_content_time(const struct wm_content *content, const struct wm_record *record, char scratch[WM_DATETIME_CHARS],
                            size_t *len)
{
    *len = 0;
    if (record->derived) {
        if (record->time_kind != WM_VALUE_NONE)
            *len = wm_datetime_text(record->time_kind, &record->time, scratch);
        return *len ? scratch : NULL;
    }
    for (unsigned i = 0; i < content->layout.dates; i++) {
        const struct wm_layout_date *date = &content->layout.date[i];
        if (date->storage == record->storage && date->offset != record->offset) {
            *len = date->len;
            return date->text;
        }
    }
    return NULL;
}

const char *wm_content_date(const struct wm_content *content, const struct wm_record *record, size_t *len)
{
    for (unsigned i = 0; i < content->layout.dates && !record->derived; i++) {
        const struct wm_layout_date *date = &content->layout.date[i];
        if (date->offset == record->offset) {
            *len = date->len;
            return date->text;
        }
    }
    return NULL;
}
