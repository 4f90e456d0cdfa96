/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pipeline/reading.h"

enum wm_status wm_reading_content(struct wm_formats *formats, const struct wm_message *message, struct wm_content *content)
{
    bool readable = message->readable && message->has_tpl;
    enum wm_ci_payload payload = readable ? wm_ci_info(message->tpl.ci)->payload : WM_CI_PAYLOAD_NONE;

    return wm_content_read(formats, !message->to_meter, message->tpl.ci, payload, message->apl, content);
}

bool wm_reading_has_records(const struct wm_reading *reading)
{
    return reading->content->has_records;
}

struct wm_record_reader wm_reading_records(const struct wm_reading *reading)
{
    return reading->content->records;
}

void wm_reading_summary_begin(const struct wm_reading *reading, struct wm_summary *summary)
{
    const struct wm_message *message = reading->message;
    char words[WM_STATUS_CHARS];

    wm_summary_begin(summary);
    if (!wm_reading_has_records(reading) || message->to_meter || message->tpl.header == WM_TPL_NONE)
        return;
    if (message->tpl.status == 0)
        wm_summary_text(summary, "status", "OK");
    else if (wm_status_words(message->tpl.status, false, words))
        wm_summary_text(summary, "status", words);
}

void wm_reading_summary(const struct wm_reading *reading, struct wm_summary *summary)
{
    struct wm_record_reader reader = wm_reading_records(reading);
    struct wm_record record;
    const char *why;

    wm_reading_summary_begin(reading, summary);
    while (wm_record_next(&reader, &record, &why) == WM_OK)
        wm_summary_add(summary, &record, (struct wm_text){0});
}

bool wm_reading_has_mode(const struct wm_reading *reading)
{
    return reading->frame->on_air || (reading->line && reading->line->has_mode);
}

const char *wm_payload_name(enum wm_ci_payload payload)
{
    switch (payload) {
    case WM_CI_PAYLOAD_NONE:
        return "none";
    case WM_CI_PAYLOAD_MBUS:
        return "mbus";
    case WM_CI_PAYLOAD_COMPACT:
        return "compact";
    case WM_CI_PAYLOAD_FORMAT:
        return "format";
    case WM_CI_PAYLOAD_FIXED:
        return "fixed";
    case WM_CI_PAYLOAD_ERROR:
        return "error";
    case WM_CI_PAYLOAD_ALARM:
        return "alarm";
    case WM_CI_PAYLOAD_CLOCK:
        return "clock";
    case WM_CI_PAYLOAD_TLS:
        return "tls";
    case WM_CI_PAYLOAD_DLMS:
        return "dlms";
    case WM_CI_PAYLOAD_OBIS:
        return "obis";
    case WM_CI_PAYLOAD_OTHER:
        break;
    }
    return "other";
}
