/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telegrams one after another into one opener with keys of every kind, counters and the experimental modes: each a byte of length,
 * then the bytes. Nothing may come out as authentic that the seeds' key has not made so, and spans stay inside. */
#include "fuzz.h"
#include "security/open.h"

#include <string.h>

static bool inside(struct wm_span inner, struct wm_span outer)
{
    return inner.len == 0 || (inner.data >= outer.data && inner.data + inner.len <= outer.data + outer.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wm_keystore *keys;
    struct wm_cursor cur = wm_cursor_of((struct wm_span){data, size});
    struct wm_counters *counters;
    struct wm_opener_config config = {.experimental = true, .has_date = true, .reassembly = {.peers = 2}};
    struct wm_opener *opener;
    struct wm_message message;

    if (!keys) {
        struct wm_key key = {.bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
        FUZZ_CHECK(wm_keystore_create(&keys) == WM_OK);
        FUZZ_CHECK(wm_keystore_add(keys, &(struct wm_key_pattern){0}, &key) == WM_OK);
        key.des = true;
        FUZZ_CHECK(wm_keystore_add(keys, &(struct wm_key_pattern){0}, &key) == WM_OK);
    }
    FUZZ_CHECK(wm_counters_open(NULL, &counters) == WM_OK);
    config.keys = keys;
    config.counters = counters;
    FUZZ_CHECK(wm_opener_create_with(&config, &opener) == WM_OK);
    for (uint64_t now = 0; wm_cursor_left(&cur); now += 1000) {
        uint8_t len = wm_cursor_u8(&cur);
        struct wm_span telegram = fuzz_copy(wm_cursor_take(&cur, len < wm_cursor_left(&cur) ? len : wm_cursor_left(&cur)));
        wm_opener_time(opener, now);
        FUZZ_CHECK(wm_open(opener, telegram, &message) == WM_OK);
        FUZZ_CHECK((unsigned)message.verdict < WM_VERDICT_COUNT && message.detail);
        FUZZ_CHECK(!message.readable || message.has_tpl);
        FUZZ_CHECK(inside(message.apl, message.assembled ? message.tpdu : message.plain));
        FUZZ_CHECK(!message.has_afl || message.assembled || inside(message.afl, message.plain));
        FUZZ_CHECK(message.tpdu.len <= WM_MESSAGE_MAX);
        free((void *)telegram.data);
    }
    wm_opener_destroy(opener);
    wm_counters_close(counters);
    return 0;
}
