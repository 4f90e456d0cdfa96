/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Soft bytes with error events to a frame: the first byte chooses format and tiers, then events of six bytes, then the bytes. */
#include "fuzz.h"
#include "link/deframe.h"

#include <string.h>

struct source {
    struct wm_span bytes;
    struct wm_error_event events[16];
    size_t event_count;
    unsigned tiers;
};

static enum wm_status read_soft(void *self, unsigned tier, size_t bytes, struct wm_soft *soft)
{
    struct source *source = self;

    if (tier >= source->tiers)
        return WM_END;
    if (bytes > source->bytes.len)
        return tier % 2 ? WM_END : WM_TOO_SHORT;
    memset(soft, 0, sizeof *soft);
    memcpy(soft->bytes, source->bytes.data, bytes);
    soft->len = bytes;
    soft->events = source->events;
    soft->event_count = source->event_count;
    return WM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wm_cursor cur = wm_cursor_of((struct wm_span){data, size});
    struct source source = {0};
    struct wm_frame frame, again;
    struct wm_deframe_stats stats = {0};
    uint8_t choice = wm_cursor_u8(&cur);
    enum wm_format format = choice & 1 ? WM_FORMAT_A : WM_FORMAT_B;
    uint8_t air[WM_AIR_MAX];
    size_t air_bytes = 0;
    uint32_t last = 0;

    source.tiers = 1 + (choice >> 1 & 3);
    source.event_count = choice >> 4;
    for (size_t i = 0; i < source.event_count; i++) {
        last += wm_cursor_u8(&cur);
        const uint32_t mask = wm_cursor_u32le(&cur) | 1;
        const uint8_t cost = wm_cursor_u8(&cur);
        /* every third has a bit farther off */
        source.events[i] = (struct wm_error_event){
            .last_bit = last, .mask = mask, .apart = cost % 3 == 0 ? 32 + 2 * (uint32_t)cost : 0, .cost = (float)cost / 16};
    }
    source.bytes = wm_cursor_rest(&cur);
    if (source.bytes.len > WM_SOFT_BYTES_MAX)
        source.bytes.len = WM_SOFT_BYTES_MAX;
    struct wm_soft_source soft = {read_soft, &source};
    if (wm_deframe(&soft, format, &wm_repair_default, &frame, &air_bytes, &stats) == WM_OK) {
        struct wm_writer out = wm_writer_of(air, sizeof air);
        FUZZ_CHECK(frame.len && frame.data[0] + 1u == frame.len);
        FUZZ_CHECK(wm_frame_build(format, (struct wm_span){frame.data, frame.len}, &out) == WM_OK);
        FUZZ_CHECK(wm_frame_strip(format, wm_writer_span(&out), &again, NULL) == WM_OK);
        FUZZ_CHECK(again.len == frame.len && memcmp(again.data, frame.data, frame.len) == 0);
    }
    struct wm_span copy = fuzz_copy(source.bytes);
    (void)!wm_frame_strip(format, copy, &frame, NULL);
    (void)!wm_frame_from_telegram(copy, &frame);
    free((void *)copy.data);
    return 0;
}
