/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/deframe.h"

#include "link/ci.h"
#include "link/crc.h"
#include "link/dll.h"
#include "link/repair.h"

/* What must be heard before the length is known: block 1 of format A, whose CRC covers L, and as much for format B, whose L has no
 * check of its own (EN 13757-4, frame formats). */
#define HEAD_BYTES 12

struct attempt {
    const struct wm_soft_source *source;
    const struct wm_repair *repair;
    enum wm_format format;
    unsigned tier;
    size_t needed;    /* bytes that a WM_TOO_SHORT asks for */
    size_t air_len;   /* the frame's, 0 while no tier has found it */
    uint8_t l;        /* the L field it follows from */
    bool implausible; /* a tier was refused after repair */
    struct wm_soft soft;
};

static enum wm_status read_bytes(struct attempt *attempt, size_t bytes)
{
    enum wm_status status;

    attempt->needed = bytes;
    status = attempt->source->read(attempt->source->self, attempt->tier, bytes, &attempt->soft);
    return status == WM_OK && attempt->soft.len < bytes ? WM_END : status;
}

/* A frame that only a repair made pass must also make sense: 2^-16 for each candidate is not small on a busy channel. */
static bool plausible(const struct wm_frame *frame)
{
    if (!wm_c_name(frame->data[1]))
        return false;
    return frame->len == WM_L_MIN_A + 1 || wm_ci_info(frame->data[WM_L_MIN_A + 1])->layer != WM_CI_RESERVED;
}

/* Takes the L field as just read. WM_MALFORMED: L is impossible. */
static enum wm_status take_length(struct attempt *attempt)
{
    attempt->l = attempt->soft.bytes[0];
    attempt->air_len = wm_frame_air_len(attempt->format, attempt->l);
    return attempt->air_len ? WM_OK : WM_MALFORMED;
}

/* Learns the frame's length on air. */
static enum wm_status read_head(struct attempt *attempt)
{
    struct wm_repaired repaired = {0};
    enum wm_status status = read_bytes(attempt, HEAD_BYTES);

    if (status == WM_OK && attempt->format == WM_FORMAT_A)
        status = wm_repair_block(attempt->repair, &attempt->soft, 0, HEAD_BYTES, 0, attempt->repair->log_odds_a, &repaired);
    return status == WM_OK ? take_length(attempt) : status;
}

/* The length is known, from this tier's head or from an earlier tier's, which failed behind it: each tier goes on where the last
 * one stopped, so that nothing is demodulated twice. */
static enum wm_status read_whole(struct attempt *attempt, struct wm_frame *frame)
{
    const bool b = attempt->format == WM_FORMAT_B;
    struct wm_repaired repaired = {0};
    size_t len;
    enum wm_status status = read_bytes(attempt, attempt->air_len);

    if (status == WM_OK && attempt->soft.bytes[0] != attempt->l &&
        (b || wm_crc16_syndrome((struct wm_span){attempt->soft.bytes, HEAD_BYTES}) == 0)) {
        /* A better reading's L is taken, in format A with its CRC; in format B nothing but the whole frame's CRC speaks for it. */
        status = take_length(attempt);
        if (status == WM_OK)
            status = read_bytes(attempt, attempt->air_len);
    }
    if (status != WM_OK)
        return status;
    const uint8_t l = attempt->l;
    const struct wm_span air = {attempt->soft.bytes, attempt->air_len};
    /* The longer stretch is demodulated anew and may differ in the head too: the CRCs decide again, with L as the head had it. */
    if (!b && attempt->soft.bytes[0] == l && wm_frame_strip(attempt->format, air, frame, NULL) == WM_OK)
        return WM_OK;
    /* Format B: the frame's extent rests on L, so no event may touch it. */
    if (attempt->format == WM_FORMAT_B && attempt->soft.bytes[0] != l)
        return WM_INTEGRITY;
    for (size_t at = 0; wm_frame_block(attempt->format, attempt->air_len, at, &len); at += len) {
        status = wm_repair_block(attempt->repair, &attempt->soft, at, len, b ? 8 : 0,
                                 b ? attempt->repair->log_odds_b : attempt->repair->log_odds_a, &repaired);
        if (status != WM_OK || attempt->soft.bytes[0] != l)
            return WM_INTEGRITY;
    }
    status = wm_frame_strip(attempt->format, air, frame, NULL);
    if (status != WM_OK)
        return status;
    if (repaired.events == 0)
        return WM_OK;
    if (!plausible(frame)) {
        attempt->implausible = true;
        return WM_INTEGRITY;
    }
    frame->grade = WM_GRADE_REPAIRED;
    frame->repaired = repaired.events;
    return WM_OK;
}

enum wm_status wm_deframe(const struct wm_soft_source *source, enum wm_format format, const struct wm_repair *repair,
                          struct wm_frame *frame, size_t *air_bytes, struct wm_deframe_stats *stats)
{
    struct wm_deframe_stats unused = {0};
    struct attempt attempt = {.source = source, .repair = repair, .format = format};
    bool crc_failed = false, bad_length = false;
    enum wm_status status;

    if (format != WM_FORMAT_A && format != WM_FORMAT_B)
        return WM_INVALID;
    if (!stats)
        stats = &unused;
    for (;; attempt.tier++) {
        status = attempt.air_len ? WM_OK : read_head(&attempt);
        if (status == WM_OK)
            status = read_whole(&attempt, frame);
        if (status != WM_INTEGRITY && status != WM_MALFORMED)
            break;
        crc_failed = crc_failed || status == WM_INTEGRITY;
        bad_length = bad_length || status == WM_MALFORMED;
    }
    *air_bytes = status == WM_OK ? attempt.air_len : attempt.needed;
    if (status == WM_TOO_SHORT)
        return status;
    if (status == WM_OK) {
        stats->frames[frame->grade == WM_GRADE_REPAIRED]++;
        return status;
    }
    if (attempt.implausible || crc_failed) {
        *(attempt.implausible ? &stats->implausible : &stats->crc_failed) += 1;
        return WM_INTEGRITY;
    }
    /* An end at a later tier's head only says that there is no such tier, or no budget for it. */
    if (bad_length && attempt.air_len == 0) {
        stats->bad_length++;
        return WM_MALFORMED;
    }
    stats->cut++;
    return status;
}
