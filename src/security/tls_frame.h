/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* Security mode 13: what lies behind the TPL header, BSI TR-03109-1 Annex III b as in OMS TR-01 clause 7. TLS numbers are
 * big-endian inside an otherwise little-endian protocol. */

enum wm_tls_protocol { WM_TLSCONN, WM_TLSHS, WM_TLSALERT, WM_TLSAPP };

#define WM_TLS_RECORD_HEADER  5
#define WM_TLS_RECORD_MAX     (16384 + 2048) /* RFC 5246 clause 6.2.3 */
#define WM_CONNECTION_REQUEST 5

struct wm_tls_record {
    uint8_t type;     /* 14 change cipher spec, 15 alert, 16 handshake, 17 application data */
    uint16_t version; /* 0303: TLS 1.2, and what TLS 1.3 writes there */
    struct wm_span body, raw;
};

/* The next record of a run of them; moves behind it. WM_END: nothing left; WM_NOT_MINE: no record begins here (clear application
 * data may follow the records: clause 7.3.6.1); WM_TOO_SHORT: it is cut off; WM_MALFORMED: its length is over the limit. */
WM_MUST_USE enum wm_status wm_tls_record_next(struct wm_cursor *cur, struct wm_tls_record *record);
WM_MUST_USE enum wm_status wm_tls_record_build(const struct wm_tls_record *record, struct wm_writer *out);
/* "handshake", "alert" …; NULL for a type that TLS does not have. */
const char *wm_tls_record_name(uint8_t type);

/* The payload of a ConnectionRequest: type 0, two reserved bytes, length 0, in the shape of a TLS record header (clause 7.3.3).
 * WM_TOO_SHORT; WM_MALFORMED: another type, or a length. Reserved bytes are not looked at. */
WM_MUST_USE enum wm_status wm_connection_request_parse(struct wm_span payload);
WM_MUST_USE enum wm_status wm_connection_request_build(struct wm_writer *out);
