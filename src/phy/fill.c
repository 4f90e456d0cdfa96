/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/fill.h"

#include <stdlib.h>
#include <string.h>

#define RAW          32768 /* bytes fetched at a time: these and what is made of them stay in the nearest cache */
#define PIECE        16384 /* samples of one job without sub-bands */
#define STEP         256   /* a sub-band's outputs made of one conversion */
#define TAPS_MAX     1024
#define RATIO_MAX    8
#define SUBBANDS_MAX 4
#define SAMPLE_MAX   8 /* bytes */

struct wm_fill {
    struct wm_fill_config config;
    size_t sample_bytes;
    unsigned char *newest; /* bytes of the samples that the capture keeps */
    double *rms;           /* of blocks of floats */
    double *power[SUBBANDS_MAX];
    int64_t *ends; /* of each job: where it found the bytes to end, INT64_MAX: nowhere */
    /* the work at hand */
    wm_fetch_fn fetch;
    void *user;
    uint64_t offset;     /* of the byte where sample `begin` begins */
    int64_t begin, end;  /* samples of the capture */
    int64_t first, last; /* outputs of the sub-bands */
    size_t pieces, blocks, jobs;
    int16_t *out[SUBBANDS_MAX];
    size_t head; /* samples pushed before */
    size_t taken;
};

static bool has_blocks(const struct wm_fill *fill)
{
    return fill->config.format == WM_SAMPLES_CF32;
}

enum wm_status wm_fill_create(const struct wm_fill_config *config, struct wm_fill **fill_out)
{
    const size_t samples = config->batch * config->decimation;
    const size_t jobs = 2 * samples / WM_INTAKE_BLOCK + config->batch / WM_SUBBAND_BLOCK + 6;
    struct wm_fill *fill = calloc(1, sizeof *fill);
    bool complete;

    if (!fill)
        return WM_NO_MEMORY;
    fill->config = *config;
    fill->sample_bytes = wm_sample_format_bytes(config->format);
    fill->newest = malloc(config->keep * fill->sample_bytes);
    fill->ends = calloc(jobs, sizeof *fill->ends);
    fill->rms = calloc(samples / WM_INTAKE_BLOCK + 4, sizeof *fill->rms);
    complete = fill->newest && fill->ends && fill->rms;
    for (unsigned s = 0; s < config->subband_count; s++) {
        fill->power[s] = calloc(config->batch / WM_SUBBAND_BLOCK + 4, sizeof *fill->power[s]);
        complete = complete && fill->power[s];
    }
    if (!complete || config->decimation > RATIO_MAX || config->subband_count > SUBBANDS_MAX ||
        (config->subband_count && wm_subband_taps(config->subbands[0]) > TAPS_MAX)) {
        wm_fill_destroy(fill);
        return complete ? WM_INVALID : WM_NO_MEMORY;
    }
    *fill_out = fill;
    return WM_OK;
}

void wm_fill_destroy(struct wm_fill *fill)
{
    if (!fill)
        return;
    free(fill->newest);
    free(fill->ends);
    free(fill->rms);
    for (unsigned s = 0; s < SUBBANDS_MAX; s++)
        free(fill->power[s]);
    free(fill);
}

/* Bytes of n samples of the capture from one on; *got may be fewer. */
static const unsigned char *bytes_of(const struct wm_fill *fill, int64_t sample, size_t n, void *room, size_t *got)
{
    const uint64_t at = fill->offset + (uint64_t)(sample - fill->begin) * fill->sample_bytes;
    const unsigned char *bytes = fill->fetch(fill->user, at, n * fill->sample_bytes, room, got);

    *got /= fill->sample_bytes;
    return bytes;
}

/* A filter begins in samples that were pushed before: outputs that do are made as usual. False: the bytes end before. */
static bool push_head(struct wm_fill *fill)
{
    const struct wm_fill_config *config = &fill->config;
    const size_t reach = wm_subband_taps(config->subbands[0]) + config->decimation;

    fill->head = has_blocks(fill) ? WM_INTAKE_BLOCK : reach;
    size_t got, at = 0, len = fill->head * fill->sample_bytes;
    const unsigned char *bytes = bytes_of(fill, fill->begin, fill->head, fill->newest, &got);
    if (got < fill->head)
        return false;
    while (at < len)
        at += wm_intake_push(config->capture, bytes + at, len - at);
    while (wm_subband_run_all(config->subbands, config->subband_count))
        ;
    return true;
}

bool wm_fill_begin(struct wm_fill *fill, wm_fetch_fn fetch, void *user, uint64_t offset, size_t samples)
{
    const struct wm_fill_config *config = &fill->config;

    fill->fetch = fetch;
    fill->user = user;
    fill->offset = offset;
    fill->begin = wm_intake_end(config->capture);
    fill->head = fill->taken = 0;
    if (has_blocks(fill))
        samples -= samples % WM_INTAKE_BLOCK;
    fill->end = fill->begin + (int64_t)samples;
    fill->blocks = 0;
    if (config->subband_count == 0) {
        fill->pieces = (samples + PIECE - 1) / PIECE;
        fill->out[0] = wm_intake_room(config->capture, samples);
        fill->jobs = fill->pieces;
        return true;
    }
    if (!push_head(fill))
        return false;
    const int64_t taps = wm_subband_taps(config->subbands[0]), decimation = config->decimation;
    fill->first = wm_subband_next(config->subbands[0]);
    /* what was pushed may have changed the room */
    const int64_t room = fill->first + (int64_t)wm_intake_left(wm_subband_intake(config->subbands[0])) - 1;
    const int64_t arrived = (fill->end - taps) / decimation + 1;
    fill->last = arrived < room ? arrived : room;
    if (arrived > room) {
        fill->end = (fill->last - 1) * decimation + taps;
        if (has_blocks(fill))
            fill->end -= (fill->end - fill->begin) % WM_INTAKE_BLOCK;
    }
    for (unsigned s = 0; s < config->subband_count; s++)
        fill->out[s] = wm_intake_room(wm_subband_intake(config->subbands[s]), (size_t)(fill->last - fill->first));
    fill->pieces = (size_t)((fill->last - 1) / WM_SUBBAND_BLOCK - fill->first / WM_SUBBAND_BLOCK + 1);
    if (has_blocks(fill))
        fill->blocks = (size_t)(fill->end - fill->begin) / WM_INTAKE_BLOCK - 1; /* behind the head */
    fill->jobs = fill->pieces + fill->blocks;
    return true;
}

size_t wm_fill_jobs(const struct wm_fill *fill)
{
    return fill->jobs;
}

/* Samples as they are, into the capture's intake. */
static int64_t convert_piece(struct wm_fill *fill, size_t piece)
{
    const struct wm_fill_config *config = &fill->config;
    const size_t at_once = RAW / fill->sample_bytes;
    const int64_t from = fill->begin + (int64_t)(piece * PIECE);
    const int64_t to = from + PIECE < fill->end ? from + PIECE : fill->end;
    unsigned char raw[RAW];
    int64_t at = from;

    while (at < to) {
        const size_t n = to - at < (int64_t)at_once ? (size_t)(to - at) : at_once;
        size_t got;
        const unsigned char *bytes = bytes_of(fill, at, n, raw, &got);
        if (has_blocks(fill) && got == WM_INTAKE_BLOCK)
            fill->rms[(at - fill->begin) / WM_INTAKE_BLOCK] = wm_intake_block_rms(bytes);
        wm_intake_convert_at(config->capture, bytes, got, fill->out[0] + 2 * (at - fill->begin));
        at += (int64_t)got;
        if (got < n)
            break;
    }
    wm_parts_hear(config->parts, config->capture, from, at);
    return at < to ? at : INT64_MAX;
}

/* Outputs of one block of all sub-bands, which keep step: what is fetched and converted serves each of them. */
static int64_t filter_piece(struct wm_fill *fill, size_t piece)
{
    const struct wm_fill_config *config = &fill->config;
    const size_t decimation = config->decimation, taps = wm_subband_taps(config->subbands[0]);
    const size_t at_once = RAW / fill->sample_bytes / decimation / STEP * STEP;
    const int64_t block = fill->first / WM_SUBBAND_BLOCK + (int64_t)piece;
    const int64_t from = piece ? block * WM_SUBBAND_BLOCK : fill->first;
    const int64_t to = (block + 1) * WM_SUBBAND_BLOCK < fill->last ? (block + 1) * WM_SUBBAND_BLOCK : fill->last;
    int16_t raw[(RAW + TAPS_MAX * SAMPLE_MAX) / 2], room[2 * (STEP * RATIO_MAX + TAPS_MAX)];
    int64_t end = INT64_MAX, m = from;

    while (m < to && end == INT64_MAX) {
        const size_t n = to - m < (int64_t)at_once ? (size_t)(to - m) : at_once;
        const size_t wanted = (n - 1) * decimation + taps;
        size_t got;
        const unsigned char *bytes = bytes_of(fill, m * (int64_t)decimation, wanted, raw, &got);
        if (got < wanted)
            end = m * (int64_t)decimation + (int64_t)got;
        const size_t made = got < wanted ? (got < taps ? 0 : (got - taps) / decimation + 1) : n;
        for (size_t k = 0; k < made; k += STEP) {
            const size_t count = made - k < STEP ? made - k : STEP;
            const int16_t *x = wm_intake_held_as(config->capture, bytes + k * decimation * fill->sample_bytes,
                                                 (count - 1) * decimation + taps, room);
            for (unsigned s = 0; s < config->subband_count; s++)
                wm_subband_make(config->subbands[s], x, count, fill->out[s] + 2 * (m - fill->first + (int64_t)k));
        }
        m += (int64_t)made;
    }
    for (unsigned s = 0; s < config->subband_count; s++) {
        const struct wm_subband *subband = config->subbands[s];
        fill->power[s][piece] = wm_subband_power(subband, fill->out[s] + 2 * (from - fill->first), (size_t)(m - from));
        wm_parts_hear(config->parts, wm_subband_intake(subband), from, m);
    }
    return end;
}

static int64_t level_block(struct wm_fill *fill, size_t block)
{
    const int64_t at = fill->begin + (int64_t)((block + 1) * WM_INTAKE_BLOCK);
    unsigned char raw[WM_INTAKE_BLOCK * SAMPLE_MAX];
    size_t got;
    const unsigned char *bytes = bytes_of(fill, at, WM_INTAKE_BLOCK, raw, &got);

    if (got == WM_INTAKE_BLOCK)
        fill->rms[block] = wm_intake_block_rms(bytes);
    return got < WM_INTAKE_BLOCK ? at + (int64_t)got : INT64_MAX;
}

void wm_fill_job(void *user, size_t i)
{
    struct wm_fill *fill = user;

    if (fill->config.subband_count == 0)
        fill->ends[i] = convert_piece(fill, i);
    else if (i < fill->pieces)
        fill->ends[i] = filter_piece(fill, i);
    else
        fill->ends[i] = level_block(fill, i - fill->pieces);
}

static int64_t to_block(const struct wm_fill *fill, int64_t end)
{
    return has_blocks(fill) ? end - (end - fill->begin) % WM_INTAKE_BLOCK : end;
}

/* The sub-bands' outputs up to a sample of the capture; below it what must be read again. Returns the samples taken. */
static size_t end_subbands(struct wm_fill *fill, int64_t end)
{
    const struct wm_fill_config *config = &fill->config;
    const int64_t taps = wm_subband_taps(config->subbands[0]), decimation = config->decimation;
    int64_t last = end >= fill->first * decimation + taps ? (end - taps) / decimation + 1 : fill->first;
    size_t got;

    for (unsigned s = 0; s < config->subband_count; s++) {
        const int64_t stays = wm_subband_stays(config->subbands[s], fill->power[s], last);
        if (stays < last) {
            last = stays;
            end = to_block(fill, (last - 1) * decimation + taps);
            last = (end - taps) / decimation + 1;
        }
    }
    /* the capture goes on behind them with its newest samples, none of which were there before */
    if (end - fill->begin < (int64_t)(fill->head + config->keep) || last <= fill->first)
        return fill->head;
    const unsigned char *newest = bytes_of(fill, end - (int64_t)config->keep, config->keep, fill->newest, &got);
    if (got < config->keep)
        return fill->head;
    for (unsigned s = 0; s < config->subband_count; s++)
        wm_subband_made(config->subbands[s], fill->out[s], fill->power[s], last);
    if (has_blocks(fill))
        (void)wm_intake_watch_blocks(config->capture, fill->rms, (size_t)(end - fill->begin) / WM_INTAKE_BLOCK - 1, true);
    wm_intake_jump(config->capture, newest, (size_t)(end - fill->begin) - fill->head);
    return (size_t)(end - fill->begin);
}

void wm_fill_end(void *user, size_t nothing)
{
    struct wm_fill *fill = user;
    const struct wm_fill_config *config = &fill->config;
    int64_t end = fill->end;

    (void)nothing;
    for (size_t i = 0; i < fill->jobs; i++)
        end = fill->ends[i] < end ? fill->ends[i] : end;
    end = to_block(fill, end);
    if (has_blocks(fill)) {
        const int64_t watched_from = fill->begin + (config->subband_count ? WM_INTAKE_BLOCK : 0);
        const size_t blocks = end > watched_from ? (size_t)(end - watched_from) / WM_INTAKE_BLOCK : 0;
        const size_t stay = wm_intake_watch_blocks(config->capture, fill->rms, blocks, config->subband_count == 0);
        end = watched_from + (int64_t)(stay * WM_INTAKE_BLOCK);
    }
    if (config->subband_count) {
        fill->taken = end_subbands(fill, end);
        if (fill->taken < (size_t)(fill->end - fill->begin))
            wm_parts_unhear(config->parts, wm_intake_end(wm_subband_intake(config->subbands[0])));
    } else {
        fill->taken = (size_t)(end - fill->begin);
        wm_intake_fill(config->capture, fill->taken, 0);
        if (end < fill->end)
            wm_parts_unhear(config->parts, end);
    }
}

size_t wm_fill_taken(const struct wm_fill *fill)
{
    return fill->taken;
}
