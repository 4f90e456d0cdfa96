/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/screen/meters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 8192
#define NONE    UINT16_MAX

/* In a chain of its bucket, and in a row by when it was heard. */
struct entry {
    struct wm_meter meter;
    uint16_t chain, newer, older;
};

struct wm_meters {
    struct wm_meters_stats stats;
    uint16_t newest, oldest;
    uint16_t bucket[BUCKETS];
    struct entry entry[WM_METERS_MAX];
};

enum wm_status wm_meters_create(struct wm_meters **meters)
{
    *meters = calloc(1, sizeof **meters);
    if (!*meters)
        return WM_NO_MEMORY;
    memset((*meters)->bucket, 0xFF, sizeof(*meters)->bucket);
    (*meters)->newest = (*meters)->oldest = NONE;
    return WM_OK;
}

void wm_meters_destroy(struct wm_meters *meters)
{
    free(meters);
}

static uint16_t *bucket_of(struct wm_meters *meters, const struct wm_address *who)
{
    uint32_t hash = who->id * 2654435761u ^ (who->manufacturer * 40503u + who->version * 257u + who->type);

    hash ^= hash >> 15;
    return &meters->bucket[hash % BUCKETS];
}

static void take_out(struct wm_meters *meters, uint16_t at)
{
    const struct entry *entry = &meters->entry[at];

    *(entry->newer == NONE ? &meters->newest : &meters->entry[entry->newer].older) = entry->older;
    *(entry->older == NONE ? &meters->oldest : &meters->entry[entry->older].newer) = entry->newer;
}

static void put_newest(struct wm_meters *meters, uint16_t at)
{
    struct entry *entry = &meters->entry[at];

    entry->newer = NONE;
    entry->older = meters->newest;
    *(meters->newest == NONE ? &meters->oldest : &meters->entry[meters->newest].newer) = at;
    meters->newest = at;
}

/* A place for one more: unused, or that of the meter that was heard longest ago. */
static uint16_t make_room(struct wm_meters *meters)
{
    uint16_t at = meters->oldest, *link;

    if (meters->stats.meters < WM_METERS_MAX)
        return (uint16_t)meters->stats.meters++;
    for (link = bucket_of(meters, &meters->entry[at].meter.last.meter); *link != at; link = &meters->entry[*link].chain)
        ;
    *link = meters->entry[at].chain;
    take_out(meters, at);
    meters->stats.forgotten++;
    return at;
}

void wm_meters_put(struct wm_meters *meters, const struct wm_meter_news *news, int64_t now_ns)
{
    uint16_t *bucket = bucket_of(meters, &news->meter);
    uint16_t at = *bucket;
    struct wm_meter *meter;
    char values[WM_METER_VALUES];

    while (at != NONE && !wm_address_equal(&meters->entry[at].meter.last.meter, &news->meter))
        at = meters->entry[at].chain;
    if (at != NONE) {
        take_out(meters, at);
    } else {
        at = make_room(meters);
        memset(&meters->entry[at], 0, sizeof meters->entry[at]);
        meters->entry[at].chain = *bucket;
        *bucket = at;
    }
    put_newest(meters, at);
    meter = &meters->entry[at].meter;
    memcpy(values, news->readable ? news->values : meter->last.values, sizeof values);
    meter->last = *news;
    memcpy(meter->last.values, values, sizeof values);
    meter->has_values |= news->readable;
    meter->heard_ns = now_ns;
    meter->telegrams++;
    meters->stats.telegrams++;
    meters->stats.readable += news->readable;
}

void wm_meters_stats(const struct wm_meters *meters, struct wm_meters_stats *stats)
{
    *stats = meters->stats;
}

static int by_address(const void *a, const void *b)
{
    const struct wm_address *x = &(*(const struct wm_meter *const *)a)->last.meter;
    const struct wm_address *y = &(*(const struct wm_meter *const *)b)->last.meter;

    if (x->manufacturer != y->manufacturer)
        return x->manufacturer < y->manufacturer ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    if (x->version != y->version)
        return x->version < y->version ? -1 : 1;
    return (x->type > y->type) - (x->type < y->type);
}

size_t wm_meters_pick(const struct wm_meters *meters, const struct wm_meter **picked, size_t cap)
{
    size_t n = 0;

    for (uint16_t at = meters->newest; at != NONE && n < cap; at = meters->entry[at].older)
        picked[n++] = &meters->entry[at].meter;
    if (meters->stats.meters <= cap)
        qsort(picked, n, sizeof *picked, by_address);
    return n;
}

/* How the last part of a summary's name is written for people. */
static const char *unit_of(const char *name)
{
    static const char *const units[][2] = {
        {"kwh", "kWh"}, {"mj", "MJ"},   {"mcal", "Mcal"}, {"kvarh", "kvarh"}, {"kvah", "kVAh"}, {"m3", "m3"},    {"ft3", "ft3"},
        {"kg", "kg"},   {"hca", "HCA"}, {"kw", "kW"},     {"kvar", "kvar"},   {"kva", "kVA"},   {"kgh", "kg/h"}, {"m3h", "m3/h"},
        {"c", "C"},     {"k", "K"},     {"bar", "bar"},   {"rh", "%"},        {"v", "V"},       {"a", "A"},      {"hz", "Hz"},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i][0], name) == 0)
            return units[i][1];
    }
    return NULL;
}

/* Adds it whole or not at all. */
static void add_value(struct wm_meter_news *news, const struct wm_summary_entry *entry, bool totals)
{
    const char *underscore = strrchr(entry->name, '_');
    const char *unit = entry->is_number && underscore ? unit_of(underscore + 1) : NULL;
    const bool total = strncmp(entry->name, "total_", 6) == 0;
    const size_t len = strlen(news->values);
    char text[2 * WM_SUMMARY_NAME], number[32], stem[WM_SUMMARY_NAME];
    const char *label = stem;

    if (!unit || total != totals || strncmp(entry->name, "target_", 7) == 0 ||
        wm_decimal_text(entry->number, number, sizeof number) == 0)
        return;
    snprintf(stem, sizeof stem, "%.*s", (int)(underscore - entry->name), entry->name);
    if (strcmp(stem, "total") == 0)
        label = "";
    else if (total)
        label = stem + 6; /* "backward", "tariff_2" */
    for (char *c = stem; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    snprintf(text, sizeof text, "%s%s%s%s %s", len ? "  " : "", label, *label ? " " : "", number, unit);
    if (len + strlen(text) < sizeof news->values)
        strcpy(news->values + len, text);
}

void wm_meter_news_of(const struct wm_reading *reading, struct wm_meter_news *news)
{
    const struct wm_frame *frame = reading->frame;
    struct wm_summary summary;

    memset(news, 0, sizeof *news);
    news->meter = reading->message->meter;
    news->on_air = frame->on_air;
    news->mode = wm_reading_has_mode(reading) ? frame->mode : WM_MODE_COUNT;
    news->verdict = reading->message->verdict;
    news->rssi_dbfs = frame->signal.rssi_dbfs;
    news->snr_db = frame->signal.snr_db;
    news->readable = wm_reading_has_records(reading);
    if (!news->readable)
        return;
    wm_reading_summary(reading, &summary);
    for (unsigned i = 0; i < summary.count; i++)
        add_value(news, &summary.entry[i], true);
    for (unsigned i = 0; i < summary.count; i++)
        add_value(news, &summary.entry[i], false);
    for (unsigned i = 0; i < summary.count; i++) {
        const struct wm_summary_entry *entry = &summary.entry[i];
        const size_t len = strlen(news->values);

        if (strcmp(entry->name, "status") == 0 && strcmp(entry->text, "OK") != 0 &&
            len + strlen(entry->text) + 3 < sizeof news->values)
            snprintf(news->values + len, sizeof news->values - len, "%s%s", len ? "  " : "", entry->text);
    }
}
