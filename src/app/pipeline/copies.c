/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pipeline/copies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAME_S    0.5  /* clocks of several radios differ; the fastest repeats of EN 13757-4 come after one second */
#define RELAYED_S 60.0 /* a repeater waits for a free channel and for its turn */
#define BUCKETS   2048
#define WAYS      4

struct seen {
    uint64_t hash; /* of the bytes without the hop bits; 0: free */
    double time_s;
    uint8_t hops;
};

struct wm_copies {
    struct seen seen[BUCKETS][WAYS];
};

enum wm_status wm_copies_create(struct wm_copies **copies)
{
    *copies = calloc(1, sizeof **copies);
    return *copies ? WM_OK : WM_NO_MEMORY;
}

void wm_copies_destroy(struct wm_copies *copies)
{
    free(copies);
}

static void mask(uint8_t *bytes, size_t len, size_t at, uint8_t bits, uint8_t *hops)
{
    if (at >= len)
        return;
    *hops |= bytes[at] & bits;
    bytes[at] &= (uint8_t)~bits;
}

/* Takes the hop bits out: H of the extended link layer's CC (EN 13757-4, "Communication control field"), and the two hop counter
 * bits of the configuration field of security modes 0 and 5 (OMS volume 2, 7.2.4). What lies behind an encrypted extended link
 * layer cannot be looked at, and a repeater does not change it. */
static uint8_t mask_hops(uint8_t *bytes, size_t len)
{
    size_t ci = 10; /* behind L, C, M, A */
    uint8_t hops = 0;

    if (ci < len && bytes[ci] >= 0x8C && bytes[ci] <= 0x8F) {
        static const uint8_t ell_len[] = {3, 9, 11, 17}; /* CI 8C, 8D, 8E, 8F, with their CI */
        unsigned kind = bytes[ci] - 0x8Cu;

        mask(bytes, len, ci + 1, 0x10, &hops);
        if (kind & 1)
            return hops;
        ci += ell_len[kind];
    }
    if (ci + 1 < len && bytes[ci] == 0x90)
        ci += 2u + bytes[ci + 1]; /* AFL: CI, AFLL, that many bytes */
    if (ci < len && (bytes[ci] == 0x7A || bytes[ci] == 0x72)) {
        size_t config = ci + (bytes[ci] == 0x7A ? 3 : 11); /* behind access number and status */
        uint8_t mode = config + 1 < len ? bytes[config + 1] & 0x1F : 0xFF;

        if (mode == 0 || mode == 5)
            mask(bytes, len, config, 0x03, &hops);
    }
    return hops;
}

bool wm_copies_seen(struct wm_copies *copies, struct wm_span telegram, double time_s)
{
    uint8_t bytes[256];
    size_t len = telegram.len < sizeof bytes ? telegram.len : sizeof bytes;
    struct seen *bucket, *oldest;
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    uint8_t hops;

    memcpy(bytes, telegram.data, len);
    hops = mask_hops(bytes, len);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    hash |= 1;
    bucket = oldest = copies->seen[(hash >> 32) % BUCKETS];
    for (size_t i = 0; i < WAYS; i++) {
        double apart_s = fabs(time_s - bucket[i].time_s);

        if (bucket[i].hash == hash && apart_s < (bucket[i].hops == hops ? SAME_S : RELAYED_S))
            return true;
        if (!bucket[i].hash || (oldest->hash && bucket[i].time_s < oldest->time_s))
            oldest = &bucket[i];
    }
    *oldest = (struct seen){hash, time_s, hops};
    return false;
}
