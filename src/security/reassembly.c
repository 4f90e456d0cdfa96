/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/reassembly.h"

#include <stdlib.h>
#include <string.h>

#define PEERS_DEFAULT       8
#define TIME_OUT_MS_DEFAULT 30000 /* FAC time-out: vendor data, see the standard's EN 13757-4 */
#define MAC_BYTES_MAX       16

/* UNFINISHED waits for fragments; DONE only remembers the last fragment, to know it again. */
enum place_state { FREE, UNFINISHED, DONE };

struct place {
    enum place_state state;
    struct wm_peer peer;
    uint64_t last_ms;
    struct wm_afl message;
    uint8_t mac[MAC_BYTES_MAX];
    unsigned fid;         /* of the last fragment taken */
    size_t len, last_len; /* bytes in data; those of the last fragment */
    uint16_t last_fcl;
    uint8_t *data;
};

struct wm_reassembly {
    struct wm_reassembly_config config;
    struct wm_reassembly_stats stats;
    struct place *places;
    uint8_t *memory;
};

enum wm_status wm_reassembly_create(const struct wm_reassembly_config *config, struct wm_reassembly **reassembly)
{
    struct wm_reassembly *made = calloc(1, sizeof *made);

    if (!made)
        return WM_NO_MEMORY;
    if (config)
        made->config = *config;
    if (!made->config.peers)
        made->config.peers = PEERS_DEFAULT;
    if (!made->config.message_bytes || made->config.message_bytes > WM_MESSAGE_MAX)
        made->config.message_bytes = WM_MESSAGE_MAX;
    if (!made->config.time_out_ms)
        made->config.time_out_ms = TIME_OUT_MS_DEFAULT;
    made->places = calloc(made->config.peers, sizeof *made->places);
    made->memory = calloc(made->config.peers, made->config.message_bytes);
    if (!made->places || !made->memory) {
        wm_reassembly_destroy(made);
        return WM_NO_MEMORY;
    }
    for (size_t i = 0; i < made->config.peers; i++)
        made->places[i].data = made->memory + i * made->config.message_bytes;
    *reassembly = made;
    return WM_OK;
}

void wm_reassembly_destroy(struct wm_reassembly *reassembly)
{
    if (!reassembly)
        return;
    free(reassembly->places);
    free(reassembly->memory);
    free(reassembly);
}

static bool same_peer(const struct wm_peer *a, const struct wm_peer *b)
{
    return a->to_meter == b->to_meter && wm_address_equal(&a->sender, &b->sender) && wm_address_equal(&a->receiver, &b->receiver);
}

/* The peer's place, or NULL. Time-outs are looked at on the way. */
static struct place *find(struct wm_reassembly *reassembly, const struct wm_peer *peer, uint64_t now_ms)
{
    struct place *found = NULL;

    for (size_t i = 0; i < reassembly->config.peers; i++) {
        struct place *place = &reassembly->places[i];
        if (place->state != FREE && now_ms - place->last_ms > reassembly->config.time_out_ms) {
            reassembly->stats.timed_out += place->state == UNFINISHED;
            place->state = FREE;
        }
        if (place->state != FREE && same_peer(&place->peer, peer))
            found = place;
    }
    return found;
}

/* A free place, else one that is done, else the one that has waited longest. */
static struct place *make_room(struct wm_reassembly *reassembly)
{
    struct place *best = &reassembly->places[0];

    for (size_t i = 0; i < reassembly->config.peers; i++) {
        struct place *place = &reassembly->places[i];
        if (place->state == FREE)
            return place;
        if ((place->state == DONE && best->state != DONE) || (place->state == best->state && place->last_ms < best->last_ms))
            best = place;
    }
    reassembly->stats.displaced += best->state == UNFINISHED;
    return best;
}

static bool same_as_last(const struct place *place, const struct wm_afl *afl)
{
    return place->fid == (afl->fcl & WM_AFL_FID) && place->last_fcl == afl->fcl && place->last_len == afl->payload.len &&
           memcmp(place->data + place->len - place->last_len, afl->payload.data, place->last_len) == 0 &&
           (!(afl->fcl & WM_AFL_MACP) ||
            (afl->mac.len == place->message.mac.len && !memcmp(afl->mac.data, place->mac, afl->mac.len)));
}

/* Bytes and MAC of one more fragment. NULL, or what is wrong. */
static const char *append(struct wm_reassembly *reassembly, struct place *place, const struct wm_afl *afl, uint64_t now_ms)
{
    size_t limit = reassembly->config.message_bytes;
    size_t total;

    if (place->message.fcl & WM_AFL_MLP && place->message.ml < limit)
        limit = place->message.ml;
    if (afl->payload.len == 0)
        return "a fragment without content";
    if (afl->payload.len > limit - place->len)
        return place->message.fcl & WM_AFL_MLP && place->message.ml <= reassembly->config.message_bytes
                   ? "the fragments have more bytes than AFL.ML says"
                   : "the message is longer than the limit";
    total = place->len + afl->payload.len;
    if (afl->fcl & WM_AFL_MF && place->message.fcl & WM_AFL_MLP && total == place->message.ml)
        return "more fragments are announced behind AFL.ML bytes";
    if (!(afl->fcl & WM_AFL_MF) && place->message.fcl & WM_AFL_MLP && total != place->message.ml)
        return "the fragments have fewer bytes than AFL.ML says";
    memcpy(place->data + place->len, afl->payload.data, afl->payload.len);
    if (afl->fcl & WM_AFL_MACP) { /* the last fragment's counts */
        if (afl->mac.len > MAC_BYTES_MAX)
            return "the AFL MAC is longer than 16 bytes";
        memcpy(place->mac, afl->mac.data, afl->mac.len);
        place->message.mac = (struct wm_span){place->mac, afl->mac.len};
        place->message.fcl |= WM_AFL_MACP;
    }
    place->len = total;
    place->last_len = afl->payload.len;
    place->last_fcl = afl->fcl;
    place->fid = afl->fcl & WM_AFL_FID;
    place->last_ms = now_ms;
    return NULL;
}

static const char *begin(struct wm_reassembly *reassembly, struct place *place, const struct wm_peer *peer,
                         const struct wm_afl *afl, uint64_t now_ms)
{
    if (!(afl->fcl & WM_AFL_MCLP))
        return "the first fragment has no AFL.MCL"; /* clause 6.3.3 */
    if (afl->fcl & WM_AFL_MLP && afl->ml > reassembly->config.message_bytes)
        return "the message is longer than the limit";
    place->state = UNFINISHED;
    place->peer = *peer;
    place->message = *afl;
    place->message.fcl &= (uint16_t) ~(WM_AFL_MACP | WM_AFL_MF);
    place->message.mac = (struct wm_span){0};
    place->len = 0;
    return append(reassembly, place, afl, now_ms);
}

static const char *push(struct wm_reassembly *reassembly, struct place **at, const struct wm_peer *peer, const struct wm_afl *afl,
                        uint64_t now_ms)
{
    unsigned fid = afl->fcl & WM_AFL_FID;
    struct place *place = *at;

    if (fid == 1) {
        if (place)
            reassembly->stats.restarted += place->state == UNFINISHED;
        else
            *at = place = make_room(reassembly);
        return begin(reassembly, place, peer, afl, now_ms);
    }
    if (fid == 0)
        return "a fragment with AFL.FID 0";
    if (!place || place->state == DONE)
        return "a fragment without its beginning";
    if (fid == place->fid)
        return "a fragment's bytes differ from its first copy";
    if (fid != place->fid + 1)
        return fid > place->fid ? "a fragment is missing" : "an earlier fragment comes again";
    if (afl->fcl & (WM_AFL_MCLP | WM_AFL_MLP | WM_AFL_MCRP | WM_AFL_KIP))
        return "a later fragment has fields of the first"; /* TR-01 clause 5.2.3 to 5.2.5 */
    return append(reassembly, place, afl, now_ms);
}

enum wm_reassembly_result wm_reassembly_push(struct wm_reassembly *reassembly, const struct wm_peer *peer, const struct wm_afl *afl,
                                             uint64_t now_ms, struct wm_afl *message, const char **why)
{
    struct place *place = find(reassembly, peer, now_ms);

    if (place && same_as_last(place, afl)) {
        reassembly->stats.duplicates++;
        return WM_REASSEMBLY_DUPLICATE;
    }
    *why = push(reassembly, &place, peer, afl, now_ms);
    if (*why) {
        reassembly->stats.refused++;
        if (place)
            place->state = FREE;
        return WM_REASSEMBLY_REFUSED;
    }
    if (afl->fcl & WM_AFL_MF)
        return WM_REASSEMBLY_MORE;
    reassembly->stats.complete++;
    place->state = DONE;
    *message = place->message;
    message->raw = afl->raw;
    message->payload = (struct wm_span){place->data, place->len};
    return WM_REASSEMBLY_COMPLETE;
}

const struct wm_reassembly_stats *wm_reassembly_stats(const struct wm_reassembly *reassembly)
{
    return &reassembly->stats;
}
