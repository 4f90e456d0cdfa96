/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/parts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MAX 4
#define OBJECTS      (WM_POOL_MAX + 1) /* of each channel: one in each worker's hands, one that stands at the batch's end */
#define PARTS_MAX    256               /* of all channels in one batch; more cuts than that are not made */
#define QUIET_CELLS  12                /* closed before the gate opens: 2 ms */

struct object {
    struct wm_parts *parts;
    struct wm_channel *channel;
    struct part *part; /* in whose hands it is, NULL: free */
    enum wm_status created;
};

struct part {
    unsigned line;
    int64_t from;          /* cell where it begins: a cut, or where the last batch ended */
    struct object *object; /* that stands at the batch's end, or NULL: the part has come to the cut `until` */
    int64_t until;
    bool ran, counts_for_something;
    struct wm_channel_counts counts;
    enum wm_status status;
    int64_t key; /* stream index of the work at hand; it never falls */
    /* results in the order they were made, each behind the key that orders it among the channels */
    unsigned char *results;
    size_t count, room;
};

enum mark { OPEN = 1, CUT = 2 };

struct cells { /* of one batch */
    struct wm_cell *cell;
    uint8_t *mark; /* so that nobody needs to look at cells in which nothing happens */
    int64_t first; /* cell[0], mark[0] */
    size_t count;
};

struct ears {           /* what has been heard of cells before they are listened to in their order */
    struct wm_ear *ear; /* those that say they are of that cell: flags of their own would lie so close together that two threads
                           would wait for each other's cache */
    int64_t first;      /* ear[0] */
};

struct line { /* one channel */
    unsigned modes[2], mode_count;
    struct object object[OBJECTS];
    struct object *owner; /* that stands at the end of the last batch */
    struct cells cells;
    struct ears now, ahead;
    size_t cells_max;
    struct wm_channel_counts counts;
};

struct wm_parts {
    struct wm_parts_config config;
    size_t stride;
    int64_t end; /* of the batch that the parts are of */
    struct wm_channel_config channels[CHANNELS_MAX];
    struct wm_intake *ahead[CHANNELS_MAX];
    struct line line[CHANNELS_MAX];
    struct part part[PARTS_MAX];
    size_t part_count;
    pthread_mutex_t lock; /* of who has which object */
};

/* ---- results */

static enum wm_status on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    const struct object *object = user;
    const struct wm_parts *parts = object->parts;
    struct part *part = object->part;
    struct wm_sync with = *sync;

    if (part->count == part->room) {
        const size_t room = part->room ? 2 * part->room : 4;
        unsigned char *results = realloc(part->results, room * parts->stride);
        if (!results) {
            part->status = WM_NO_MEMORY;
            return WM_NO_MEMORY;
        }
        part->results = results;
        part->room = room;
    }
    unsigned char *result = part->results + part->count * parts->stride;
    memset(result, 0, parts->stride);
    memcpy(result, &part->key, sizeof part->key);
    with.result = result + sizeof(max_align_t);
    enum wm_status status = parts->config.on_sync(parts->config.user, &with, air_bytes);
    if (status != WM_TOO_SHORT) /* it will be called again */
        part->count++;
    return status;
}

/* Where a line's results are being read. */
struct reader {
    size_t part, at;
};

/* The key of a line's next result, INT64_MAX: there is none. Parts of a line follow each other in the list. */
static int64_t next_key(const struct wm_parts *parts, unsigned line, struct reader *reader)
{
    for (; reader->part < parts->part_count; reader->part++, reader->at = 0) {
        const struct part *part = &parts->part[reader->part];
        if (part->line == line && part->counts_for_something && reader->at < part->count) {
            int64_t key;
            memcpy(&key, part->results + reader->at * parts->stride, sizeof key);
            return key;
        }
    }
    return INT64_MAX;
}

/* Hands the results over as one thread would have made them: by the sample they needed, the first channel first. */
static void deliver(struct wm_parts *parts)
{
    struct reader reader[CHANNELS_MAX] = {{0, 0}};

    for (;;) {
        unsigned first = 0;
        int64_t least = INT64_MAX;
        for (unsigned i = 0; i < parts->config.channel_count; i++) {
            const int64_t key = next_key(parts, i, &reader[i]);
            if (key < least) {
                least = key;
                first = i;
            }
        }
        if (least == INT64_MAX)
            return;
        const struct part *part = &parts->part[reader[first].part];
        parts->config.on_result(parts->config.user, part->results + reader[first].at++ * parts->stride + sizeof(max_align_t));
    }
}

/* ---- parts */

static struct part *add_part(struct wm_parts *parts, unsigned line, int64_t from)
{
    struct part *part = &parts->part[parts->part_count++];

    *part = (struct part){.line = line, .from = from, .results = part->results, .room = part->room};
    return part;
}

static void give_object(struct wm_parts *parts, struct object *object, struct part *part)
{
    pthread_mutex_lock(&parts->lock);
    object->part = part;
    pthread_mutex_unlock(&parts->lock);
}

static void forget_owner(struct wm_parts *parts, struct line *line)
{
    pthread_mutex_lock(&parts->lock);
    line->owner = NULL;
    pthread_mutex_unlock(&parts->lock);
}

/* An object that is nobody's, NULL: there is none. */
static struct object *take_object(struct wm_parts *parts, struct part *part)
{
    struct line *line = &parts->line[part->line];
    struct object *object = NULL;

    pthread_mutex_lock(&parts->lock);
    for (int i = 0; i < OBJECTS && !object; i++)
        if (!line->object[i].part && &line->object[i] != line->owner)
            object = &line->object[i];
    if (object)
        object->part = part;
    pthread_mutex_unlock(&parts->lock);
    return object;
}

/* The next cell with a mark. */
static int64_t next_marked(const struct cells *cells, int64_t cell)
{
    size_t at = (size_t)(cell - cells->first);

    while (at < cells->count && !cells->mark[at])
        at++;
    return cells->first + (int64_t)at;
}

void wm_parts_job(void *user, size_t i)
{
    struct wm_parts *parts = user;
    struct part *part = &parts->part[i];
    struct line *line = &parts->line[part->line];
    const bool goes_on = part->from == line->cells.first && line->owner;
    struct object *object = goes_on ? line->owner : take_object(parts, part);

    if (!object)
        return; /* whoever needs it will run it */
    if (goes_on) {
        give_object(parts, object, part);
        forget_owner(parts, line);
    }
    struct wm_channel *channel = object->channel;
    wm_channel_script(channel, line->cells.cell, line->cells.first);
    if (!goes_on)
        wm_channel_begin_at(channel, part->from);
    part->ran = true;
    for (;;) {
        if (wm_channel_is_idle(channel))
            wm_channel_skip(channel, next_marked(&line->cells, wm_channel_cell(channel)));
        const int64_t cell = wm_channel_cell(channel), at = cell - line->cells.first;
        if (cell > part->from && at < (int64_t)line->cells.count && line->cells.mark[at] & CUT &&
            wm_channel_is_fresh_for(channel, cell)) {
            part->until = cell;
            break;
        }
        const int64_t next = wm_channel_next(channel);
        if (next > parts->end) {
            part->object = object;
            break;
        }
        part->key = next > part->key ? next : part->key;
        wm_channel_run(channel);
    }
    part->counts = wm_channel_take_counts(channel);
    if (!part->object)
        give_object(parts, object, NULL);
}

/* ---- listening */

static void forget_heard(const struct line *line, struct ears *ears)
{
    for (size_t i = 0; i < line->cells_max; i++)
        ears->ear[i].cell = -1;
}

void wm_parts_hear(struct wm_parts *parts, const struct wm_intake *intake, int64_t from, int64_t to)
{
    for (unsigned i = 0; i < parts->config.channel_count; i++) {
        struct line *line = &parts->line[i];
        const struct wm_listener *listener = wm_channel_listener(line->object[0].channel);
        const int64_t cell_samples = wm_listener_cell_samples(listener);
        int64_t at = (from + cell_samples - 1) / cell_samples - line->ahead.first;

        if (parts->config.ahead[i] != intake)
            continue;
        for (at = at < 0 ? 0 : at; at < (int64_t)line->cells_max; at++) {
            int64_t end;
            (void)wm_listener_reach(listener, line->ahead.first + at, &end);
            if (end > to)
                break;
            wm_listener_hear(listener, intake, line->ahead.first + at, &line->ahead.ear[at]);
        }
    }
}

void wm_parts_unhear(struct wm_parts *parts, int64_t from)
{
    for (unsigned i = 0; i < parts->config.channel_count; i++) {
        struct line *line = &parts->line[i];
        for (size_t at = 0; at < line->cells_max; at++) {
            int64_t end;
            (void)wm_listener_reach(wm_channel_listener(line->object[0].channel), line->ahead.first + (int64_t)at, &end);
            line->ahead.ear[at].cell = end <= from ? line->ahead.ear[at].cell : -1;
        }
    }
}

void wm_parts_listen(void *user, size_t i)
{
    struct wm_parts *parts = user;
    struct line *line = &parts->line[i];
    struct wm_listener *listener = wm_channel_listener(line->object[0].channel);
    const struct cells *cells = &line->cells;
    unsigned quiet = 0;

    for (size_t at = 0; at < cells->count; at++) {
        struct wm_cell *cell = &cells->cell[at];
        const struct wm_ear *ear = &line->now.ear[at];
        wm_listener_run(listener, ear->cell == cells->first + (int64_t)at ? ear : NULL, cell);
        cells->mark[at] = !cell->open ? 0 : quiet >= QUIET_CELLS ? OPEN | CUT : OPEN;
        quiet = cell->open ? 0 : quiet + 1;
    }
}

/* ---- batches */

static int by_time(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    return x->from != y->from ? (x->from > y->from ? 1 : -1) : (x->line > y->line) - (x->line < y->line);
}

size_t wm_parts_make(void *user)
{
    struct wm_parts *parts = user;

    parts->part_count = 0;
    for (unsigned i = 0; i < parts->config.channel_count; i++)
        add_part(parts, i, parts->line[i].cells.first);
    for (unsigned i = 0; i < parts->config.channel_count; i++) {
        const struct cells *cells = &parts->line[i].cells;
        for (size_t c = 0; c < cells->count; c++) {
            if (!(cells->mark[c] & CUT))
                continue;
            if (parts->part_count < PARTS_MAX)
                add_part(parts, i, cells->first + (int64_t)c);
            else
                cells->mark[c] = OPEN;
        }
    }
    qsort(parts->part, parts->part_count, sizeof *parts->part, by_time);
    return parts->part_count;
}

/* Runs a part that had no object in its time: those that stand at the batch's end for nobody give theirs. */
static void run_late(struct wm_parts *parts, size_t i)
{
    struct line *line = &parts->line[parts->part[i].line];

    for (size_t p = i + 1; p < parts->part_count; p++) {
        struct part *later = &parts->part[p];
        if (later->object && &parts->line[later->line] == line) {
            later->object->part = NULL;
            later->object = NULL;
            later->ran = false;
        }
    }
    wm_parts_job(parts, i);
}

/* Follows a channel's parts from one to the next that begins where it ended. */
static enum wm_status follow(struct wm_parts *parts, unsigned line_at)
{
    struct line *line = &parts->line[line_at];
    int64_t wanted = line->cells.first;
    struct object *last = NULL;

    for (size_t i = 0; i < parts->part_count && !last; i++) {
        struct part *part = &parts->part[i];
        if (part->line != line_at || part->from != wanted)
            continue;
        if (!part->ran)
            run_late(parts, i);
        if (!part->ran || part->status != WM_OK)
            return WM_NO_MEMORY;
        part->counts_for_something = true;
        line->counts.bursts += part->counts.bursts;
        line->counts.acquisitions += part->counts.acquisitions;
        for (int m = 0; m < 2; m++) {
            line->counts.syncs[m] += part->counts.syncs[m];
            line->counts.frames[m] += part->counts.frames[m];
        }
        wanted = part->until;
        last = part->object;
    }
    for (int i = 0; i < OBJECTS; i++)
        line->object[i].part = NULL;
    line->owner = last;
    return WM_OK;
}

void wm_parts_turn(struct wm_parts *parts, int64_t end)
{
    parts->end = end;
    for (unsigned i = 0; i < parts->config.channel_count; i++) {
        struct line *line = &parts->line[i];
        const struct ears heard = line->ahead;
        line->ahead = line->now;
        line->now = heard;
        const int64_t count = wm_channel_cells_until(line->object[0].channel, end) - heard.first;
        line->cells.first = heard.first;
        line->cells.count = count < 0 ? 0 : (size_t)count < line->cells_max ? (size_t)count : line->cells_max;
        line->ahead.first = heard.first + (int64_t)line->cells.count;
        if (line->cells.count == 0) { /* the same cells again, perhaps at another scale */
            forget_heard(line, &line->now);
            forget_heard(line, &line->ahead);
        }
    }
}

enum wm_status wm_parts_settle(struct wm_parts *parts)
{
    enum wm_status status = WM_OK;

    for (unsigned i = 0; i < parts->config.channel_count && status == WM_OK; i++)
        status = follow(parts, i);
    if (status == WM_OK)
        deliver(parts);
    parts->part_count = 0;
    return status;
}

enum wm_status wm_parts_finish(struct wm_parts *parts)
{
    enum wm_status status = WM_OK;

    parts->part_count = 0;
    for (unsigned i = 0; i < parts->config.channel_count; i++) {
        struct line *line = &parts->line[i];
        struct part *part = add_part(parts, i, 0);
        part->counts_for_something = true;
        part->key = i; /* one channel after the other */
        line->owner->part = part;
        wm_channel_finish(line->owner->channel);
        line->owner->part = NULL;
        const struct wm_channel_counts counts = wm_channel_take_counts(line->owner->channel);
        for (int m = 0; m < 2; m++)
            line->counts.frames[m] += counts.frames[m];
        status = part->status != WM_OK ? part->status : status;
    }
    deliver(parts);
    return status;
}

void wm_parts_stats(const struct wm_parts *parts, struct wm_receiver_stats *stats)
{
    for (unsigned i = 0; i < parts->config.channel_count; i++) {
        const struct line *line = &parts->line[i];
        wm_channel_stats(line->owner->channel, stats);
        for (unsigned m = 0; m < line->mode_count; m++) {
            stats->mode[line->modes[m]].bursts = line->counts.bursts;
            stats->mode[line->modes[m]].acquisitions = line->counts.acquisitions;
            stats->mode[line->modes[m]].syncs = line->counts.syncs[m];
            stats->mode[line->modes[m]].frames = line->counts.frames[m];
        }
    }
}

/* ---- life */

static enum wm_status create_cells(struct line *line, size_t batch_samples)
{
    const int64_t cell_samples = wm_listener_cell_samples(wm_channel_listener(line->object[0].channel));

    line->cells_max = batch_samples / (size_t)cell_samples + 16;
    line->now.ear = malloc(line->cells_max * sizeof *line->now.ear);
    line->ahead.ear = malloc(line->cells_max * sizeof *line->ahead.ear);
    line->cells.cell = calloc(line->cells_max, sizeof *line->cells.cell);
    line->cells.mark = calloc(line->cells_max, sizeof *line->cells.mark);
    if (!line->now.ear || !line->ahead.ear || !line->cells.cell || !line->cells.mark)
        return WM_NO_MEMORY;
    forget_heard(line, &line->now);
    forget_heard(line, &line->ahead);
    return WM_OK;
}

static void create_object(struct wm_parts *parts, size_t line, size_t object)
{
    struct object *made = &parts->line[line].object[object];
    struct wm_channel_config config = parts->channels[line];

    config.on_sync = on_sync;
    config.user = made;
    made->parts = parts;
    if (object > 0 && parts->line[line].object[0].created != WM_OK) {
        made->created = WM_NO_MEMORY;
        return;
    }
    config.listener = object > 0 ? wm_channel_listener(parts->line[line].object[0].channel) : NULL;
    made->created = wm_channel_create(&config, &made->channel);
}

static void create_first(void *parts, size_t i)
{
    create_object(parts, i, 0);
}

static void create_other(void *parts, size_t i)
{
    create_object(parts, i / (OBJECTS - 1), 1 + i % (OBJECTS - 1));
}

enum wm_status wm_parts_create(const struct wm_parts_config *config, struct wm_parts **parts_out)
{
    struct wm_parts *parts;
    enum wm_status status = WM_OK;

    if (config->channel_count > CHANNELS_MAX)
        return WM_INVALID;
    parts = calloc(1, sizeof *parts);
    if (!parts)
        return WM_NO_MEMORY;
    parts->config = *config;
    parts->stride =
        sizeof(max_align_t) + (config->result_bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    for (unsigned i = 0; i < config->channel_count; i++) {
        parts->channels[i] = config->channels[i];
        parts->ahead[i] = config->ahead[i];
    }
    parts->config.channels = parts->channels;
    parts->config.ahead = parts->ahead;
    pthread_mutex_init(&parts->lock, NULL);
    for (unsigned i = 0; i < config->channel_count; i++) {
        struct line *line = &parts->line[i];
        line->mode_count = config->channels[i].mode_count;
        for (unsigned m = 0; m < line->mode_count; m++)
            line->modes[m] = config->channels[i].modes[m];
        line->owner = &line->object[0];
    }
    /* designing filters takes long enough to be shared out; the first of each channel has the listener */
    const struct wm_pool_step steps[] = {
        {.job = create_first, .user = parts, .count = config->channel_count, .after = -1},
        {.job = create_other, .user = parts, .count = config->channel_count * (OBJECTS - 1), .after = 0}};
    wm_pool_run_steps(config->pool, steps, 2);
    for (unsigned i = 0; i < config->channel_count && status == WM_OK; i++) {
        for (int o = 0; o < OBJECTS && status == WM_OK; o++)
            status = parts->line[i].object[o].created;
        if (status == WM_OK)
            status = create_cells(&parts->line[i], config->batch_samples);
    }
    if (status != WM_OK) {
        wm_parts_destroy(parts);
        return status;
    }
    *parts_out = parts;
    return WM_OK;
}

void wm_parts_destroy(struct wm_parts *parts)
{
    if (!parts)
        return;
    for (unsigned i = 0; i < CHANNELS_MAX; i++) {
        for (int o = OBJECTS; o-- > 0;) /* the first one's listener last */
            wm_channel_destroy(parts->line[i].object[o].channel);
        free(parts->line[i].now.ear);
        free(parts->line[i].ahead.ear);
        free(parts->line[i].cells.cell);
        free(parts->line[i].cells.mark);
    }
    for (size_t i = 0; i < PARTS_MAX; i++)
        free(parts->part[i].results);
    pthread_mutex_destroy(&parts->lock);
    free(parts);
}

void wm_parts_reset(struct wm_parts *parts)
{
    for (unsigned i = 0; i < parts->config.channel_count; i++) {
        struct line *line = &parts->line[i];
        for (int o = 0; o < OBJECTS; o++)
            wm_channel_reset(line->object[o].channel);
        line->owner = &line->object[0];
        line->cells.first = line->now.first = line->ahead.first = 0;
        line->cells.count = 0;
        forget_heard(line, &line->now);
        forget_heard(line, &line->ahead);
    }
    parts->part_count = 0;
}
