/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/rounds.h"

#include "phy/fill.h"

#include <stdlib.h>

#define BATCH_S       0.16
#define BATCH_MIN     524288 /* samples: some milliseconds of work, beside which waking a thread is nothing */
#define CHANNELS_MAX  4
#define INTAKES_MAX   4
#define BYTES_AT_ONCE 32768 /* fetched, where there are few or they cannot be shared out */

struct wm_rounds {
    struct wm_rounds_config config;
    struct wm_pool *pool;
    struct wm_parts *parts;
    struct wm_fill *fill;
    struct wm_intake *ahead[INTAKES_MAX];   /* being filled; borrowed */
    struct wm_intake *now[INTAKES_MAX];     /* views of the batch that the parts are of */
    struct wm_intake *filled[CHANNELS_MAX]; /* of each channel: what is ahead */
    unsigned intakes;
    bool pending;          /* this batch has not been worked on */
    enum wm_status failed; /* inside a change of scale */
    unsigned char *bytes;
};

size_t wm_rounds_batch(double sample_rate_hz)
{
    const size_t batch = (size_t)(sample_rate_hz * BATCH_S);

    return batch > BATCH_MIN ? batch : BATCH_MIN;
}

static void carry(void *user, size_t i)
{
    const struct wm_rounds *rounds = user;
    const size_t each = wm_intake_carries(rounds->ahead[0]); /* sub-bands keep step */

    wm_intake_carry(rounds->ahead[i / each], i % each);
}

/* One round, with what fill has begun or without. full: what is ahead then becomes the batch. */
static enum wm_status run(struct wm_rounds *rounds, struct wm_fill *fill, bool full)
{
    struct wm_pool_step steps[5];
    int n = 0;
    enum wm_status status = WM_OK;

    if (rounds->pending) {
        steps[n++] = (struct wm_pool_step){
            .job = wm_parts_listen, .user = rounds->parts, .count = rounds->config.channel_count, .after = -1};
        steps[n] = (struct wm_pool_step){.job = wm_parts_job, .user = rounds->parts, .count_then = wm_parts_make, .after = n - 1};
        n++;
    }
    steps[n++] = (struct wm_pool_step){
        .job = carry, .user = rounds, .count = rounds->intakes * wm_intake_carries(rounds->ahead[0]), .after = -1};
    if (fill) {
        steps[n] = (struct wm_pool_step){.job = wm_fill_job, .user = fill, .count = wm_fill_jobs(fill), .after = n - 1};
        n++;
        steps[n] = (struct wm_pool_step){.job = wm_fill_end, .user = fill, .count = 1, .after = n - 1};
        n++;
    }
    wm_pool_run_steps(rounds->pool, steps, (size_t)n);
    for (unsigned i = 0; i < rounds->intakes; i++)
        wm_intake_carried(rounds->ahead[i]);
    if (rounds->pending)
        status = wm_parts_settle(rounds->parts);
    rounds->pending = full;
    if (full) {
        for (unsigned i = 0; i < rounds->intakes; i++)
            wm_intake_turn(rounds->ahead[i], rounds->now[i]);
        wm_parts_turn(rounds->parts, wm_intake_end(rounds->now[0]));
    }
    return status;
}

/* All that can be done with what there is. */
static enum wm_status drain(struct wm_rounds *rounds)
{
    enum wm_status status = run(rounds, NULL, true);

    return status == WM_OK ? run(rounds, NULL, false) : status;
}

/* Another scale: what has been filled is worked on at the old one. */
static void on_change(void *user)
{
    struct wm_rounds *rounds = user;
    const enum wm_status status = drain(rounds);

    rounds->failed = rounds->failed == WM_OK ? status : rounds->failed;
}

/* Few bytes, or such as must be taken one after the other. */
static enum wm_status push(struct wm_rounds *rounds, const unsigned char *bytes, size_t len, uint64_t *taken)
{
    *taken = wm_intake_push(rounds->config.capture, bytes, len);
    while (wm_subband_run_all(rounds->config.subbands, rounds->config.subband_count))
        ;
    return rounds->failed;
}

/* Room in the intakes, in samples of the capture. */
static size_t room(const struct wm_rounds *rounds)
{
    return (wm_intake_left(rounds->ahead[0]) - 1) * rounds->config.decimation;
}

/* What a push may bring at once, and the rest of a batch that is not worth a fill of its own. */
static bool is_full(const struct wm_rounds *rounds)
{
    return room(rounds) < (size_t)WM_FILL_MIN * rounds->config.decimation;
}

enum wm_status wm_rounds_pull(struct wm_rounds *rounds, wm_fetch_fn fetch, void *user, uint64_t offset, uint64_t most,
                              uint64_t *taken)
{
    const size_t sample_bytes = wm_sample_format_bytes(rounds->config.format);
    size_t samples = room(rounds), got;

    *taken = 0;
    if (is_full(rounds)) {
        const enum wm_status status = run(rounds, NULL, true);
        if (status != WM_OK)
            return status;
        samples = room(rounds);
    }
    const bool fills = most / sample_bytes >= samples;
    samples = fills ? samples : (size_t)(most / sample_bytes);
    if (samples >= WM_FILL_MIN && wm_intake_is_between_blocks(rounds->config.capture) &&
        wm_fill_begin(rounds->fill, fetch, user, offset, samples)) {
        const enum wm_status status = run(rounds, rounds->fill, fills);
        *taken = (uint64_t)wm_fill_taken(rounds->fill) * sample_bytes;
        if (status != WM_OK || rounds->failed != WM_OK || *taken > 0)
            return status != WM_OK ? status : rounds->failed;
    }
    const unsigned char *bytes =
        fetch(user, offset, most < BYTES_AT_ONCE ? (size_t)most : (size_t)BYTES_AT_ONCE, rounds->bytes, &got);
    return got ? push(rounds, bytes, got, taken) : WM_OK;
}

enum wm_status wm_rounds_finish(struct wm_rounds *rounds, size_t zeros)
{
    struct wm_intake *capture = rounds->config.capture;
    enum wm_status status = WM_OK;

    while (zeros > 0 && status == WM_OK) {
        const size_t n = zeros < WM_INTAKE_BATCH ? zeros : WM_INTAKE_BATCH;
        if (is_full(rounds))
            status = run(rounds, NULL, true);
        wm_intake_pad(capture, n);
        while (wm_subband_run_all(rounds->config.subbands, rounds->config.subband_count))
            ;
        zeros -= n;
    }
    status = status == WM_OK ? rounds->failed : status;
    status = status == WM_OK ? drain(rounds) : status;
    return status == WM_OK ? wm_parts_finish(rounds->parts) : status;
}

void wm_rounds_reset(struct wm_rounds *rounds)
{
    wm_parts_reset(rounds->parts);
    rounds->pending = false;
    rounds->failed = WM_OK;
    for (unsigned i = 0; i < rounds->intakes; i++)
        wm_intake_view(rounds->ahead[i], rounds->now[i]);
}

void wm_rounds_stats(const struct wm_rounds *rounds, struct wm_receiver_stats *stats)
{
    wm_parts_stats(rounds->parts, stats);
}

/* Channels read from views of what they listen to. */
static enum wm_status create_views(struct wm_rounds *rounds)
{
    const struct wm_rounds_config *config = &rounds->config;
    enum wm_status status = WM_OK;

    rounds->intakes = config->subband_count ? config->subband_count : 1;
    for (unsigned i = 0; i < rounds->intakes && status == WM_OK; i++) {
        rounds->ahead[i] = config->subband_count ? wm_subband_intake(config->subbands[i]) : config->capture;
        status = wm_intake_create_view(rounds->ahead[i], &rounds->now[i]);
        wm_intake_on_change(rounds->ahead[i], on_change, rounds);
        for (unsigned c = 0; c < config->channel_count && status == WM_OK; c++) {
            if (config->channels[c].intake != rounds->ahead[i])
                continue;
            rounds->filled[c] = rounds->ahead[i];
            config->channels[c].intake = rounds->now[i];
        }
    }
    return status;
}

enum wm_status wm_rounds_create(const struct wm_rounds_config *config, struct wm_rounds **rounds_out)
{
    struct wm_rounds *rounds = calloc(1, sizeof *rounds);
    enum wm_status status;

    if (!rounds)
        return WM_NO_MEMORY;
    rounds->config = *config;
    rounds->bytes = malloc(BYTES_AT_ONCE);
    status = rounds->bytes ? wm_pool_create(config->threads, &rounds->pool) : WM_NO_MEMORY;
    if (status == WM_OK)
        status = create_views(rounds);
    if (status == WM_OK) {
        const struct wm_parts_config parts = {.pool = rounds->pool,
                                              .channels = config->channels,
                                              .ahead = rounds->filled,
                                              .channel_count = config->channel_count,
                                              .batch_samples = config->batch,
                                              .result_bytes = config->result_bytes,
                                              .on_sync = config->on_sync,
                                              .on_result = config->on_result,
                                              .user = config->user};
        status = wm_parts_create(&parts, &rounds->parts);
    }
    if (status == WM_OK) {
        const struct wm_fill_config fill = {.format = config->format,
                                            .capture = config->capture,
                                            .subbands = config->subbands,
                                            .subband_count = config->subband_count,
                                            .decimation = config->decimation,
                                            .parts = rounds->parts,
                                            .batch = config->batch,
                                            .keep = config->capture_keep};
        status = wm_fill_create(&fill, &rounds->fill);
    }
    if (status != WM_OK) {
        wm_rounds_destroy(rounds);
        return status;
    }
    *rounds_out = rounds;
    return WM_OK;
}

void wm_rounds_destroy(struct wm_rounds *rounds)
{
    if (!rounds)
        return;
    wm_pool_destroy(rounds->pool);
    wm_fill_destroy(rounds->fill);
    wm_parts_destroy(rounds->parts);
    for (unsigned i = 0; i < rounds->intakes; i++)
        wm_intake_destroy(rounds->now[i]);
    free(rounds->bytes);
    free(rounds);
}
