/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/air.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two cores do what one does: the same results in the same order, to the last bit, whatever is on the air. */

#define NOISE      0.078
#define CENTRE_HZ  868.7e6
#define CARRIER_HZ 330e3 /* from there */

struct heard {
    int mode, format, told;
    uint64_t sample;
    float signal[5];
    uint32_t soft; /* of everything that was read */
    bool ok;
};

struct log {
    struct air *air;
    struct heard *heard;
    size_t count, room;
};

static uint32_t mix(uint32_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 16777619u;
    return hash;
}

/* Reads 24 bytes in three tiers, says yes to what was sent. Writes to nothing but its result. */
static enum wm_status on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    const struct log *log = user;
    struct heard *heard = sync->result;
    struct wm_soft *soft = malloc(sizeof *soft);
    enum wm_status status = WM_OK;

    ck_assert_ptr_nonnull(heard);
    ck_assert_ptr_nonnull(soft);
    heard->mode = (int)sync->mode;
    heard->format = (int)sync->format;
    heard->soft = 2166136261u;
    for (unsigned tier = 0; tier < 3 && status == WM_OK && !heard->ok; tier++) {
        status = sync->source->read(sync->source->self, tier, 24, soft);
        if (status != WM_OK)
            break;
        heard->soft = mix(heard->soft, soft->bytes, soft->len);
        for (size_t i = 0; i < soft->event_count; i++)
            heard->soft = mix(heard->soft, &soft->events[i].cost, sizeof soft->events[i].cost);
        for (size_t i = 0; i < log->air->count && !heard->ok; i++)
            heard->ok = memcmp(soft->bytes, log->air->frame[i].bytes, 24) == 0;
    }
    free(soft);
    heard->told = (int)status;
    heard->sample = sync->signal->sample_index;
    memcpy(heard->signal, &sync->signal->offset_hz, sizeof heard->signal);
    *air_bytes = 24;
    return status == WM_TOO_SHORT ? status : heard->ok ? WM_OK : WM_INTEGRITY;
}

static void on_result(void *user, const void *result)
{
    struct log *log = user;

    if (log->count == log->room) {
        log->room = 2 * log->room + 64;
        log->heard = realloc(log->heard, log->room * sizeof *log->heard);
        ck_assert_ptr_nonnull(log->heard);
    }
    memcpy(&log->heard[log->count++], result, sizeof *log->heard);
}

/* What is pulled: bytes of the file in hand, which ends now and then before it was asked for, as one does that is still written. */
struct file {
    const uint8_t *bytes;
    size_t at, len, seen;
};

static const void *fetch(void *user, uint64_t offset, size_t len, void *room, size_t *got)
{
    const struct file *file = user;
    const size_t left = file->at + offset < file->seen ? file->seen - file->at - (size_t)offset : 0;

    *got = len < left ? len : left;
    memcpy(room, file->bytes + file->at + offset, *got);
    return room;
}

static void pull_all(struct wm_receiver *receiver, const uint8_t *samples, size_t bytes)
{
    struct file file = {.bytes = samples, .len = bytes, .seen = bytes / 3};
    uint64_t taken = 0;

    ck_assert(wm_receiver_pulls(receiver));
    do {
        ck_assert_int_eq(wm_receiver_pull(receiver, fetch, &file, &taken), WM_OK);
        file.at += taken;
        if (taken == 0 && file.seen < file.len) {
            file.seen = file.len - file.seen < file.len / 3 ? file.len : file.seen + file.len / 3;
            taken = 1;
        }
    } while (taken > 0);
    ck_assert_uint_eq(file.at, bytes);
}

static struct wm_receiver_stats listen_with(struct log *log, unsigned threads, enum wm_sample_format format, const uint8_t *samples,
                                            size_t bytes, size_t step)
{
    const struct wm_receiver_config config = {.format = format,
                                              .sample_rate_hz = log->air->sample_rate_hz,
                                              .centre_hz = log->air->centre_hz,
                                              .start_time_ns = WM_TIME_UNKNOWN,
                                              .on_sync = on_sync,
                                              .user = log,
                                              .threads = threads,
                                              .result_bytes = sizeof(struct heard),
                                              .on_result = on_result};
    struct wm_receiver *receiver = NULL;
    struct wm_receiver_stats stats;

    log->heard = NULL;
    log->count = log->room = 0;
    ck_assert_int_eq(wm_receiver_create(&config, &receiver), WM_OK);
    for (int stream = 0; stream < 2; stream++) { /* the second time from the beginning */
        if (step == 0)
            pull_all(receiver, samples, bytes);
        for (size_t at = 0; step > 0 && at < bytes; at += step)
            ck_assert_int_eq(wm_receiver_push(receiver, samples + at, bytes - at < step ? bytes - at : step), WM_OK);
        ck_assert_int_eq(wm_receiver_flush(receiver), WM_OK);
        bytes /= 2;
    }
    wm_receiver_stats(receiver, &stats);
    wm_receiver_destroy(receiver);
    return stats;
}

static const struct scene {
    double rate, seconds, level_db, gap_s;
    enum wm_sample_format format;
    double jump;    /* by so much the last two thirds come in larger */
    double carrier; /* amplitude of one that stands in T's and C's channel */
} scenes[] = {
    {1.6e6, 2.5, 14, 0.012, WM_SAMPLES_CU8, 0, 0},  /* clear pauses: most cuts hold */
    {1.6e6, 2.0, 7.5, 0.006, WM_SAMPLES_CU8, 0, 0}, /* weak: the gate flickers, tiers have work */
    {1.6e6, 2.0, 12, 0.0, WM_SAMPLES_CS8, 0, 0},    /* one behind the other and over each other: cuts that do not hold */
    {1.6e6, 1.5, 10, 0.004, WM_SAMPLES_CS16, 0, 0},
    {1.6e6, 0.6, 10, 0.004, WM_SAMPLES_CF32, 0, 0},
    {8e6, 1.0, 9, 0.008, WM_SAMPLES_CS8, 0, 0},
    {1.6e6, 1.5, 0, 1, WM_SAMPLES_CU8, 0, 0},          /* nobody sends */
    {1.6e6, 2.5, 14, 0.012, WM_SAMPLES_CU8, 0, 0.155}, /* known after half a second, and then taken out */
    /* the scale is found on the way, and changes */
    {1.6e6, 1.5, 10, 0.004, WM_SAMPLES_CF32, 0.01, 0},
    {1.6e6, 1.2, 10, 0.004, WM_SAMPLES_CF32, 300, 0},
    {8e6, 0.8, 9, 0.008, WM_SAMPLES_CS16, 0, 0},
    {8e6, 0.8, 9, 0.008, WM_SAMPLES_CS16, 1.0 / 30, 0},
    {8e6, 0.8, 9, 0.008, WM_SAMPLES_CF32, 0, 0},
    {8e6, 0.8, 9, 0.008, WM_SAMPLES_CF32, 200, 0},
    {6.5e6, 0.8, 9, 0.008, WM_SAMPLES_CF32, 0.02, 0},
};

/* Frames of all modes, T and C and S by turns or at once, gap_s apart. */
static void fill(struct air *air, const struct scene *scene)
{
    double at = 0.01;

    for (unsigned i = 0; at + 0.05 < scene->seconds && air->count < AIR_FRAMES_MAX; i++) {
        const enum wm_mode mode = (enum wm_mode)(i * 7 % 5 % 3);
        const struct air_burst burst = {.mode = mode,
                                        .format = mode == WM_MODE_C && i % 2 ? WM_FORMAT_B : WM_FORMAT_A,
                                        .bytes = 24,
                                        .at_s = at,
                                        .ec_n0_db = scene->level_db + i % 3,
                                        .offset_hz = 1e3 * ((int)(i * 13 % 40) - 20),
                                        .clock_ppm = 30};
        const struct air_frame *frame = air_send(air, &burst);
        at = scene->gap_s > 0 || i % 4 ? frame->end_sample / scene->rate + scene->gap_s * (1 + i % 3) : at + 0.003;
    }
}

static void jump(uint8_t *samples, size_t bytes, const struct scene *scene)
{
    for (size_t at = bytes / 3 / 4 * 4; scene->jump > 0 && at < bytes; at += 4) {
        if (scene->format == WM_SAMPLES_CF32) {
            float x;
            memcpy(&x, samples + at, sizeof x);
            x *= (float)scene->jump;
            memcpy(samples + at, &x, sizeof x);
        } else {
            int16_t x[2];
            memcpy(x, samples + at, sizeof x);
            x[0] = (int16_t)(x[0] * scene->jump);
            x[1] = (int16_t)(x[1] * scene->jump);
            memcpy(samples + at, x, sizeof x);
        }
    }
}

START_TEST(two_cores_say_what_one_says)
{
    const struct scene *scene = &scenes[_i];
    static const size_t steps[] = {65536, 100003, 4000000, 0};
    struct air air;
    size_t bytes;

    air_open(&air, scene->rate, CENTRE_HZ, scene->seconds, NOISE, 300 + (uint64_t)_i);
    if (scene->level_db > 0)
        fill(&air, scene);
    for (size_t n = 0; n < air.samples && scene->carrier > 0; n++)
        air.x[n] += (float complex)(scene->carrier * cexp(2 * M_PI * I * CARRIER_HZ / scene->rate * (double)n));
    uint8_t *samples = air_samples(&air, scene->format, 1, &bytes);
    jump(samples, bytes, scene);
    struct log one = {.air = &air}, two = {.air = &air};
    const struct wm_receiver_stats first = listen_with(&one, 1, scene->format, samples, bytes, 65536);
    size_t ok = 0;
    for (size_t i = 0; i < one.count; i++)
        ok += one.heard[i].ok;
    ck_assert_uint_ge(ok, air.count * 2 / 3); /* there was something to say */
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        const struct wm_receiver_stats stats = listen_with(&two, 2, scene->format, samples, bytes, steps[s]);
        ck_assert_uint_eq(two.count, one.count);
        for (size_t i = 0; i < one.count; i++)
            ck_assert_msg(memcmp(&one.heard[i], &two.heard[i], sizeof one.heard[i]) == 0,
                          "result %zu of %zu: mode %d at %llu instead of mode %d at %llu", i, one.count, two.heard[i].mode,
                          (unsigned long long)two.heard[i].sample, one.heard[i].mode, (unsigned long long)one.heard[i].sample);
        ck_assert_uint_eq(stats.samples, first.samples);
        for (int mode = 0; mode < WM_MODE_COUNT; mode++) {
            ck_assert_int_eq(stats.mode[mode].active, first.mode[mode].active);
            ck_assert_uint_eq(stats.mode[mode].bursts, first.mode[mode].bursts);
            ck_assert_uint_eq(stats.mode[mode].syncs, first.mode[mode].syncs);
            ck_assert_uint_eq(stats.mode[mode].frames, first.mode[mode].frames);
        }
        free(two.heard);
    }
    free(one.heard);
    free(samples);
    air_close(&air);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: parts");
    TCase *tcase = tcase_create("parts");

    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, two_cores_say_what_one_says, 0, sizeof scenes / sizeof *scenes);
    return suite;
}
