/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/fragment.h"

#include "security/reassembly.h"

#define FIXED_BYTES   4 /* CI, AFLL, FCL */
#define FRAGMENTS_MAX 255

static uint16_t message_fields(const struct wm_fragmenter *fragmenter)
{
    uint8_t mcl = fragmenter->message.mcl;

    return (uint16_t)(WM_AFL_MCLP | (mcl & WM_AFL_KIMP ? WM_AFL_KIP : 0) | (mcl & WM_AFL_MCMP ? WM_AFL_MCRP : 0) |
                      (mcl & WM_AFL_MLMP ? WM_AFL_MLP : 0));
}

static size_t header_bytes(uint16_t fcl, size_t mac_bytes)
{
    return FIXED_BYTES + (fcl & WM_AFL_MCLP ? 1u : 0u) + (fcl & WM_AFL_KIP ? 2u : 0u) + (fcl & WM_AFL_MCRP ? 4u : 0u) +
           (fcl & WM_AFL_MLP ? 2u : 0u) + (fcl & WM_AFL_MACP ? mac_bytes : 0);
}

bool wm_fragmenter_splits(const struct wm_fragmenter *fragmenter)
{
    uint16_t fcl = message_fields(fragmenter) & (uint16_t)~WM_AFL_MLP;
    size_t mac = wm_afl_mac_type(fragmenter->message.mcl)->bytes;

    if (mac)
        fcl |= WM_AFL_MACP;
    return header_bytes(fcl, mac) + fragmenter->message.payload.len > fragmenter->fragment_bytes;
}

uint8_t wm_fragmenter_mcl(const struct wm_fragmenter *fragmenter, uint8_t authentication_type, bool counter, bool key_info)
{
    struct wm_fragmenter probe = *fragmenter;

    probe.message.mcl = (uint8_t)((authentication_type & WM_AFL_AT) | (counter ? WM_AFL_MCMP : 0) | (key_info ? WM_AFL_KIMP : 0));
    /* ML: in the first fragment of a fragmented message only, which both editions allow */
    return (uint8_t)(probe.message.mcl | (wm_fragmenter_splits(&probe) ? WM_AFL_MLMP : 0));
}

enum wm_status wm_fragmenter_next(struct wm_fragmenter *fragmenter, struct wm_writer *out)
{
    const struct wm_afl *message = &fragmenter->message;
    bool splits = wm_fragmenter_splits(fragmenter), last;
    size_t left = message->payload.len - fragmenter->sent, overhead, n;
    struct wm_afl afl = *message;
    enum wm_status status;

    if (fragmenter->done)
        return WM_END;
    if (message->payload.len > WM_MESSAGE_MAX || (splits && !(message->mcl & WM_AFL_MLMP)))
        return WM_INVALID;
    afl.ml = (uint16_t)message->payload.len;
    afl.fcl = fragmenter->sent == 0 ? message_fields(fragmenter) : 0;
    overhead = header_bytes(afl.fcl | (message->mac.len ? WM_AFL_MACP : 0), message->mac.len);
    last = overhead + left <= fragmenter->fragment_bytes;
    if (last && message->mac.len) {
        afl.fcl |= WM_AFL_MACP;
    } else if (!last) { /* the MAC stays for the last, which may have nothing but one byte of content */
        overhead = header_bytes(afl.fcl, 0);
        afl.fcl |= WM_AFL_MF;
    }
    if (!last && (fragmenter->fragment_bytes <= overhead || left <= 1))
        return WM_INVALID;
    n = last ? left : fragmenter->fragment_bytes - overhead;
    if (!last && n >= left)
        n = left - 1;
    if (fragmenter->fid == FRAGMENTS_MAX)
        return WM_INVALID;
    afl.fcl |= (uint16_t)(splits ? fragmenter->fid + 1 : fragmenter->edition == WM_AFL_2012 ? 1 : 0);
    afl.payload = wm_span_sub(message->payload, fragmenter->sent, n);
    status = wm_afl_build(&afl, out);
    if (status != WM_OK)
        return status;
    fragmenter->sent += n;
    fragmenter->fid++;
    fragmenter->done = last;
    return WM_OK;
}
