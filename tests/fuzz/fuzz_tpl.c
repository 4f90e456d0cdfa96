/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A transport layer: header and configuration field parsed and built again, the status in words, TLS records behind them. */
#include "fuzz.h"
#include "security/cipher_mode.h"
#include "security/tls_frame.h"
#include "security/tpl.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wm_span layer = fuzz_copy((struct wm_span){data, size < 4096 ? size : 4096});
    uint8_t built[4096 + 32], fields[32];
    struct wm_writer out = wm_writer_of(built, sizeof built), config_out = wm_writer_of(fields, sizeof fields);
    struct wm_config config, back;
    struct wm_extent extent;
    char words[WM_STATUS_CHARS];
    struct wm_tpl tpl;

    if (wm_tpl_parse(layer, &tpl) == WM_OK) {
        FUZZ_CHECK(wm_tpl_build(&tpl, &out) == WM_OK);
        FUZZ_CHECK(wm_span_equal(wm_writer_span(&out), layer));
        FUZZ_CHECK(wm_status_words(tpl.status, tpl.acc & 1, words) == strlen(words));
        if (tpl.header != WM_TPL_NONE && wm_config_parse(tpl.config, tpl.payload, &config) == WM_OK) {
            struct wm_span body = wm_span_sub(tpl.payload, config.header_bytes, SIZE_MAX);
            struct wm_cursor cur = wm_cursor_of(body);
            struct wm_tls_record record;
            (void)!wm_mode_extent(&config, body.len, &extent);
            FUZZ_CHECK(extent.cipher + extent.clear + extent.tag <= body.len);
            if (wm_config_build(&config, &config_out) == WM_OK) { /* reserved bits are not kept, all else is */
                FUZZ_CHECK(wm_config_parse((uint16_t)(fields[0] | fields[1] << 8), (struct wm_span){fields + 2, config_out.len - 2},
                                           &back) == WM_OK);
                FUZZ_CHECK(back.mode == config.mode && back.counter == config.counter && back.encrypted == config.encrypted &&
                           back.key_id == config.key_id && back.kdf == config.kdf && back.tag_bytes == config.tag_bytes &&
                           back.header_bytes == config.header_bytes && back.protocol == config.protocol);
            }
            while (wm_tls_record_next(&cur, &record) == WM_OK) {
                out = wm_writer_of(built, sizeof built);
                FUZZ_CHECK(wm_tls_record_build(&record, &out) == WM_OK && wm_span_equal(wm_writer_span(&out), record.raw));
            }
            (void)!wm_connection_request_parse(body);
        }
    }
    free((void *)layer.data);
    return 0;
}
