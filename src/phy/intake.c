/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/intake.h"

#include "phy/level.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CARRY 65536 /* samples moved at a time */

struct wm_intake {
    const struct wm_kernels *kernels;
    enum wm_sample_format format;
    size_t sample_bytes;
    size_t keep, capacity; /* samples */
    int16_t *memory;       /* 2 * capacity */
    int64_t first;         /* index of memory[0] */
    size_t count;
    /* worked on in batches: memory is then a stretch of `all`, moved by each turn */
    int16_t *all;
    size_t all_samples, batch;
    int64_t begun;             /* where the batch began that the view was given last */
    const int16_t *carry_from; /* what is to be moved to memory's front, `carry` samples; NULL: it is there */
    size_t carry;
    wm_intake_change_fn on_change;
    void *user;
    size_t padded; /* zeros behind the stream's end */
    unsigned char partial[8];
    size_t partial_len;
    double full_scale;
    /* cf32 */
    float gain; /* 0: not known yet */
    unsigned char block[WM_INTAKE_BLOCK * 8];
    size_t block_samples;
    struct wm_level level;
};

enum wm_status wm_intake_create(const struct wm_kernels *kernels, enum wm_sample_format format, size_t keep,
                                struct wm_intake **intake)
{
    return wm_intake_create_for(kernels, format, keep, 0, intake);
}

enum wm_status wm_intake_create_for(const struct wm_kernels *kernels, enum wm_sample_format format, size_t keep, size_t batch,
                                    struct wm_intake **intake_out)
{
    struct wm_intake *intake = calloc(1, sizeof *intake);

    if (!intake)
        return WM_NO_MEMORY;
    intake->kernels = kernels;
    intake->format = format;
    intake->sample_bytes = wm_sample_format_bytes(format);
    intake->keep = keep;
    intake->batch = batch;
    /* so a sample is moved a third of a time; for batches see turn */
    intake->all_samples = batch ? 2 * (keep + batch) : 4 * keep + 2 * WM_INTAKE_BATCH;
    intake->all = calloc(intake->all_samples, 2 * sizeof *intake->all);
    if (!intake->all) {
        free(intake);
        return WM_NO_MEMORY;
    }
    wm_intake_reset(intake);
    *intake_out = intake;
    return WM_OK;
}

enum wm_status wm_intake_create_view(const struct wm_intake *intake, struct wm_intake **view)
{
    *view = calloc(1, sizeof **view);
    if (!*view)
        return WM_NO_MEMORY;
    wm_intake_view(intake, *view);
    return WM_OK;
}

void wm_intake_destroy(struct wm_intake *intake)
{
    if (!intake)
        return;
    free(intake->all);
    free(intake);
}

void wm_intake_reset(struct wm_intake *intake)
{
    intake->memory = intake->all;
    intake->capacity = intake->batch ? intake->batch : intake->all_samples;
    intake->first = 0;
    intake->count = 0;
    intake->begun = 0;
    intake->carry_from = NULL;
    intake->partial_len = 0;
    intake->padded = 0;
    intake->block_samples = 0;
    intake->level.count = 0;
    intake->gain = 0;
    intake->full_scale = intake->format == WM_SAMPLES_CU8    ? 255
                         : intake->format == WM_SAMPLES_CS8  ? 128
                         : intake->format == WM_SAMPLES_CS16 ? 32768
                                                             : 1;
}

/* Drops all but the newest `keep`. */
static void trim(struct wm_intake *intake)
{
    const size_t drop = intake->count > intake->keep ? intake->count - intake->keep : 0;

    if (drop == 0)
        return;
    memmove(intake->memory, intake->memory + 2 * drop, 2 * intake->keep * sizeof *intake->memory);
    intake->first += (int64_t)drop;
    intake->count = intake->keep;
}

int16_t *wm_intake_room(struct wm_intake *intake, size_t n)
{
    if (intake->count + n > intake->capacity)
        trim(intake);
    return intake->memory + 2 * intake->count;
}

/* rms of a block of floats, NaN and infinity left out */
static double block_rms(const unsigned char *bytes, size_t samples)
{
    double sum = 0;

    for (size_t i = 0; i < 2 * samples; i++) {
        float x;
        memcpy(&x, bytes + 4 * i, sizeof x);
        if (isfinite(x))
            sum += (double)x * (double)x;
    }
    return sqrt(sum / (2 * (double)samples));
}

void wm_intake_rescale(struct wm_intake *intake, double full_scale)
{
    const float ratio = (float)(full_scale / intake->full_scale);

    if (ratio != 1 && intake->count > 0 && intake->on_change)
        intake->on_change(intake->user);
    for (size_t i = 0; ratio != 1 && i < 2 * intake->count; i++)
        intake->memory[i] = (int16_t)lrintf(fmaxf(-32768, fminf(32767, (float)intake->memory[i] * ratio)));
    intake->full_scale = full_scale;
}

/* The gain after a block of this rms, by the quietest block heard lately. */
static float next_gain(struct wm_level *level, float gain, double rms)
{
    if (!(rms > 0))
        return gain; /* silence says nothing about the scale */
    const float wanted = (float)wm_level_gain(level, rms);
    return gain == 0 || wanted > 4 * gain || wanted < gain / 4 ? wanted : gain;
}

/* Scales what is kept when the gain changes. */
static void watch_gain(struct wm_intake *intake, size_t samples)
{
    const float wanted = next_gain(&intake->level, intake->gain, block_rms(intake->block, samples));

    if (wanted == intake->gain)
        return;
    if (intake->gain == 0)
        intake->full_scale = (double)wanted; /* there was only silence, as good at any scale */
    wm_intake_rescale(intake, (double)wanted);
    intake->gain = wanted;
}

/* Converts the gathered block of floats. Blocks are whole, so that any split of the input gives the same gain. */
static void take_block(struct wm_intake *intake)
{
    if (intake->block_samples == 0)
        return;
    watch_gain(intake, intake->block_samples);
    wm_intake_convert_at(intake, intake->block, intake->block_samples, wm_intake_room(intake, intake->block_samples));
    intake->count += intake->block_samples;
    intake->block_samples = 0;
}

static void convert(struct wm_intake *intake, const unsigned char *bytes, size_t n)
{
    if (intake->format == WM_SAMPLES_CF32) {
        while (n > 0) {
            size_t take = WM_INTAKE_BLOCK - intake->block_samples < n ? WM_INTAKE_BLOCK - intake->block_samples : n;
            memcpy(intake->block + 8 * intake->block_samples, bytes, 8 * take);
            intake->block_samples += take;
            bytes += 8 * take;
            n -= take;
            if (intake->block_samples == WM_INTAKE_BLOCK)
                take_block(intake);
        }
        return;
    }
    wm_intake_convert_at(intake, bytes, n, wm_intake_room(intake, n));
    intake->count += n;
}

size_t wm_intake_push(struct wm_intake *intake, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    size_t used = 0;

    if (intake->partial_len > 0) {
        size_t missing = intake->sample_bytes - intake->partial_len;
        size_t take = missing < len ? missing : len;
        memcpy(intake->partial + intake->partial_len, at, take);
        intake->partial_len += take;
        used = take;
        if (intake->partial_len < intake->sample_bytes)
            return used;
        intake->partial_len = 0;
        convert(intake, intake->partial, 1);
        return used;
    }
    size_t n = len / intake->sample_bytes;
    if (n == 0) {
        memcpy(intake->partial, at, len);
        intake->partial_len = len;
        return len;
    }
    n = n < WM_INTAKE_BATCH ? n : WM_INTAKE_BATCH;
    /* floats to the block's end and no further: whoever reads what came before a change of scale must do so before it */
    if (intake->format == WM_SAMPLES_CF32 && n > WM_INTAKE_BLOCK - intake->block_samples)
        n = WM_INTAKE_BLOCK - intake->block_samples;
    convert(intake, at, n);
    return n * intake->sample_bytes;
}

void wm_intake_pad(struct wm_intake *intake, size_t n)
{
    if (intake->format == WM_SAMPLES_CF32)
        take_block(intake);
    memset(wm_intake_room(intake, n), 0, 2 * n * sizeof *intake->memory);
    wm_intake_fill(intake, n, n);
}

void wm_intake_fill(struct wm_intake *intake, size_t n, size_t padded)
{
    intake->count += n;
    intake->padded += padded;
}

size_t wm_intake_left(const struct wm_intake *intake)
{
    return intake->capacity - intake->count;
}

void wm_intake_jump(struct wm_intake *intake, const void *bytes, size_t n)
{
    intake->first = wm_intake_end(intake) + (int64_t)(n - intake->keep);
    intake->count = intake->keep;
    wm_intake_convert_at(intake, bytes, intake->keep, intake->memory);
}

/* ---- batches */

void wm_intake_on_change(struct wm_intake *intake, wm_intake_change_fn on_change, void *user)
{
    intake->on_change = on_change;
    intake->user = user;
}

void wm_intake_view(const struct wm_intake *intake, struct wm_intake *view)
{
    view->kernels = intake->kernels;
    view->format = intake->format;
    view->memory = intake->memory;
    view->capacity = intake->capacity;
    view->first = intake->first;
    view->count = intake->count;
    view->padded = intake->padded;
    view->full_scale = intake->full_scale;
}

void wm_intake_turn(struct wm_intake *intake, struct wm_intake *view)
{
    const size_t used = (size_t)(intake->memory - intake->all) / 2 + intake->count;
    const size_t keep = intake->count < intake->keep ? intake->count : intake->keep;

    wm_intake_view(intake, view);
    if (intake->all_samples - used >= intake->batch / 2) {
        /* goes on behind it */
        const size_t room = intake->all_samples - used < intake->batch ? intake->all_samples - used : intake->batch;
        intake->memory += 2 * (intake->count - keep);
        intake->capacity = keep + room;
    } else {
        /* begins anew in front of all that a reader of the view may look at */
        const size_t fresh = (size_t)(wm_intake_end(intake) - intake->begun);
        const size_t front = used > fresh + intake->keep ? used - fresh - intake->keep : 0;
        intake->carry_from = view->memory + 2 * (view->count - keep);
        intake->carry = keep;
        intake->memory = intake->all;
        intake->capacity = front < keep + intake->batch ? front : keep + intake->batch;
    }
    intake->first = wm_intake_end(view) - (int64_t)keep;
    intake->count = keep;
    intake->begun = wm_intake_end(view);
}

size_t wm_intake_carries(const struct wm_intake *intake)
{
    return intake->carry_from ? (intake->carry + CARRY - 1) / CARRY : 0;
}

void wm_intake_carry(struct wm_intake *intake, size_t i)
{
    const size_t from = i * CARRY, n = intake->carry - from < CARRY ? intake->carry - from : CARRY;

    memcpy(intake->memory + 2 * from, intake->carry_from + 2 * from, 2 * n * sizeof *intake->memory);
}

void wm_intake_carried(struct wm_intake *intake)
{
    intake->carry_from = NULL;
}

bool wm_intake_is_between_blocks(const struct wm_intake *intake)
{
    return intake->partial_len == 0 && intake->block_samples == 0;
}

void wm_intake_convert_at(const struct wm_intake *intake, const void *bytes, size_t n, int16_t *out)
{
    if (intake->format == WM_SAMPLES_CF32)
        intake->kernels->convert_cf32(bytes, n, intake->gain == 0 ? 1 : intake->gain, out);
    else if (intake->format == WM_SAMPLES_CU8)
        intake->kernels->convert_cu8(bytes, n, out);
    else if (intake->format == WM_SAMPLES_CS8)
        intake->kernels->convert_cs8(bytes, n, out);
    else
        memcpy(out, bytes, 4 * n); /* little-endian hosts only: see docs/receiver.md */
}

const int16_t *wm_intake_held_as(const struct wm_intake *intake, const void *bytes, size_t n, int16_t *room)
{
    if (intake->format == WM_SAMPLES_CS16 && (uintptr_t)bytes % _Alignof(int16_t) == 0)
        return bytes;
    wm_intake_convert_at(intake, bytes, n, room);
    return room;
}

double wm_intake_block_rms(const void *bytes)
{
    return block_rms(bytes, WM_INTAKE_BLOCK);
}

size_t wm_intake_watch_blocks(struct wm_intake *intake, const double *rms, size_t blocks, bool stay)
{
    struct wm_level level = intake->level;
    size_t i = 0;

    while (i < blocks && next_gain(&level, intake->gain, rms[i]) == intake->gain) {
        if (stay)
            intake->level = level;
        i++;
    }
    return i;
}

int64_t wm_intake_first(const struct wm_intake *intake)
{
    return intake->first;
}

int64_t wm_intake_end(const struct wm_intake *intake)
{
    return intake->first + (int64_t)intake->count;
}

int64_t wm_intake_stream_end(const struct wm_intake *intake)
{
    return wm_intake_end(intake) - (int64_t)intake->padded;
}

const int16_t *wm_intake_at(const struct wm_intake *intake, int64_t index)
{
    return intake->memory + 2 * (index - intake->first);
}

double wm_intake_full_scale(const struct wm_intake *intake)
{
    return intake->full_scale;
}
