/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Application data behind any CI: records, compact and format frames, profiles, the fixed data structure, and what is made of them.
 * The first byte is the CI, the rest the data; the store of formats lives on from input to input. */
#include "app/records/content.h"
#include "app/records/summary.h"
#include "fuzz.h"

#include <string.h>

static struct wm_formats *formats;

/* Every byte of the records is in one of them, and no text is longer than its room. */
static void walk(const struct wm_content *content)
{
    struct wm_record_reader reader = content->records;
    struct wm_record record;
    struct wm_summary summary;
    const char *why = NULL;
    enum wm_status status;
    size_t at = reader.fixed && reader.apl.len >= 16 ? 8 : 0;
    char text[1400];
    char time[WM_DATETIME_CHARS];
    size_t len;

    wm_summary_begin(&summary);
    while ((status = wm_record_next(&reader, &record, &why)) != WM_END) {
        const char *taken = wm_content_time(content, &record, time, &len);
        FUZZ_CHECK(status == WM_OK || why);
        FUZZ_CHECK(!taken || strlen(taken) == len);
        FUZZ_CHECK(wm_record_value_text(&record, text, sizeof text) < sizeof text);
        wm_summary_add(&summary, &record, (struct wm_text){0});
        if (record.derived) {
            FUZZ_CHECK(record.offset + record.raw.len <= at);
            continue;
        }
        FUZZ_CHECK(record.offset == at && record.raw.len > 0);
        at += record.raw.len;
    }
    FUZZ_CHECK(at == content->records.apl.len || content->records.fixed);
    FUZZ_CHECK(summary.count <= WM_SUMMARY_MAX);
    for (unsigned i = 0; i < summary.count; i++) {
        FUZZ_CHECK(strlen(summary.entry[i].name) == summary.entry[i].name_len && summary.entry[i].name_len < 70);
        FUZZ_CHECK(strlen(summary.entry[i].text) == summary.entry[i].text_len);
        FUZZ_CHECK(!summary.entry[i].is_number || wm_decimal_text(summary.entry[i].number, text, sizeof text) > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wm_content content;
    struct wm_span apl;
    enum wm_ci_payload payload;

    if (!formats)
        FUZZ_CHECK(wm_formats_create(true, &formats) == WM_OK);
    if (size < 1)
        return 0;
    apl = fuzz_copy((struct wm_span){data + 1, size - 1 < 4096 ? size - 1 : 4096});
    payload = wm_ci_info(data[0])->payload;
    if (data[0] == 0x73 && apl.len == 16)
        payload = WM_CI_PAYLOAD_FIXED;
    FUZZ_CHECK(wm_content_read(formats, true, data[0], payload, apl, &content) == WM_OK);
    FUZZ_CHECK(!content.has_records || content.compact == WM_COMPACT_NONE || content.compact == WM_COMPACT_EXPANDED);
    walk(&content);
    FUZZ_CHECK(wm_formats_count(formats) <= WM_FORMATS_MAX);
    free((void *)apl.data);
    return 0;
}
