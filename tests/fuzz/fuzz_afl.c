/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AFL fragments of several peers into the reassembly: each a byte with peer and direction, one with the time that has passed, one
 * with the length, then the layer. Each layer is also built again. */
#include "fuzz.h"
#include "security/reassembly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wm_cursor cur = wm_cursor_of((struct wm_span){data, size});
    uint8_t limits = wm_cursor_u8(&cur);
    struct wm_reassembly_config config = {.peers = 1 + (limits & 3), .message_bytes = limits & 4 ? 300 : 0, .time_out_ms = 100};
    struct wm_reassembly *reassembly;
    uint64_t now = 0;

    FUZZ_CHECK(wm_reassembly_create(&config, &reassembly) == WM_OK);
    while (wm_cursor_left(&cur)) {
        uint8_t who = wm_cursor_u8(&cur), passed = wm_cursor_u8(&cur), len = wm_cursor_u8(&cur);
        struct wm_span layer = fuzz_copy(wm_cursor_take(&cur, len));
        struct wm_peer peer = {.sender.id = who & 7, .receiver.id = who >> 3 & 1, .to_meter = who & 16};
        struct wm_afl afl, message, back;
        const char *why = NULL;
        uint8_t built[520];
        struct wm_writer out = wm_writer_of(built, sizeof built);
        now += passed;
        if (wm_afl_parse(layer, &afl) == WM_OK) {
            FUZZ_CHECK(wm_afl_build(&afl, &out) == WM_OK);
            FUZZ_CHECK(wm_afl_parse(wm_writer_span(&out), &back) == WM_OK && back.fcl == afl.fcl && back.ml == afl.ml);
            FUZZ_CHECK(wm_span_equal(back.payload, afl.payload) && wm_span_equal(back.mac, afl.mac));
            switch (wm_reassembly_push(reassembly, &peer, &afl, now, &message, &why)) {
            case WM_REASSEMBLY_COMPLETE:
                FUZZ_CHECK(message.payload.len && message.payload.len <= (limits & 4 ? 300 : WM_MESSAGE_MAX));
                FUZZ_CHECK(!(message.fcl & WM_AFL_MLP) || message.ml == message.payload.len);
                break;
            case WM_REASSEMBLY_REFUSED:
                FUZZ_CHECK(why && *why);
                break;
            default:
                break;
            }
        }
        free((void *)layer.data);
    }
    wm_reassembly_destroy(reassembly);
    return 0;
}
