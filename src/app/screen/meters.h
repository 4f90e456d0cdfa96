/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pipeline/reading.h"

/* The last of each meter, for the table on a terminal. Of bounded size: anybody can send any number of identifications, so when it
 * is full the meter that was not heard for the longest time makes room, and is counted. */
struct wm_meters;

#define WM_METERS_MAX   4096
#define WM_METER_VALUES 112

/* What one telegram adds. Plain bytes: it goes through a queue. */
struct wm_meter_news {
    struct wm_address meter;
    bool on_air, readable;
    enum wm_mode mode; /* WM_MODE_COUNT: not known */
    enum wm_verdict verdict;
    float rssi_dbfs, snr_db;
    char values[WM_METER_VALUES]; /* ASCII; "" unless readable */
};

struct wm_meter {
    struct wm_meter_news last; /* its values: of the last telegram that could be read */
    bool has_values;
    int64_t heard_ns; /* CLOCK_MONOTONIC */
    uint64_t telegrams;
};

/* The main values of a reading: "12.345 m3  flow 0.120 m3/h", counters first, then what is measured, and a status that is not OK.
 * As many as have room. */
void wm_meter_news_of(const struct wm_reading *reading, struct wm_meter_news *news);

WM_MUST_USE enum wm_status wm_meters_create(struct wm_meters **meters);
void wm_meters_destroy(struct wm_meters *meters);
void wm_meters_put(struct wm_meters *meters, const struct wm_meter_news *news, int64_t now_ns);

struct wm_meters_stats {
    size_t meters;
    uint64_t telegrams, readable;
    uint64_t forgotten; /* meters that made room */
};
void wm_meters_stats(const struct wm_meters *meters, struct wm_meters_stats *stats);

/* At most `cap` of them, how many there are: all sorted by manufacturer and number when they fit, otherwise those that were heard
 * last, the last first. The pointers are good until the next put. */
size_t wm_meters_pick(const struct wm_meters *meters, const struct wm_meter **picked, size_t cap);
