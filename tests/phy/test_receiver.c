/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/kernels.h"
#include "phy/air.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE   1.6e6
#define MIDDLE 868.625e6 /* both channels inside 1.6 MHz */
#define NOISE  0.078     /* 10 steps of an 8-bit converter */

/* ---- splitting */

static void same_calls(struct air *air, enum wm_sample_format format, const size_t *steps, size_t count)
{
    struct ear whole, part;
    size_t bytes;
    uint8_t *samples = air_samples(air, format, 1, &bytes);

    ear_open(&whole, air);
    whole.reads_all_tiers = true;
    struct wm_receiver *receiver = ear_receiver(&whole, format, NULL);
    ear_listen(receiver, samples, bytes, 0);
    wm_receiver_destroy(receiver);
    ck_assert_uint_ge(whole.calls, 3);
    for (size_t s = 0; s < count; s++) {
        ear_open(&part, air);
        part.reads_all_tiers = true;
        receiver = ear_receiver(&part, format, NULL);
        ear_listen(receiver, samples, bytes, steps[s]);
        ck_assert_msg(part.log_len == whole.log_len && memcmp(part.log, whole.log, whole.log_len) == 0,
                      "%s in steps of %zu bytes: other calls (%u, whole: %u)", wm_sample_format_name(format), steps[s], part.calls,
                      whole.calls);
        ear_close(&part);
        wm_receiver_destroy(receiver);
    }
    ear_close(&whole);
    free(samples);
}

START_TEST(any_split_gives_the_same_calls)
{
    static const size_t small[] = {1, 2, 3, 7}, large[] = {1000, 12345, 16384, 100000};
    struct air air;

    air_open(&air, RATE, MIDDLE, AIR_MIX_S, NOISE, 11);
    air_send_mix(&air, 9); /* weak enough that the tiers have work to do */
    same_calls(&air, (enum wm_sample_format)_i, large, 4);
    air.samples = (size_t)(0.043 * RATE); /* a frame of each mode */
    same_calls(&air, (enum wm_sample_format)_i, small, 4);
    air_close(&air);
}
END_TEST

/* The same for captures that go through sub-bands, floats and 16 bits at a scale that is found on the way. */
START_TEST(any_split_of_a_wide_capture_gives_the_same_calls)
{
    static const double rates[] = {3.3e6, 8e6, 20e6, 7.654321e6};
    static const size_t large[] = {1000, 12345, 16384, 1000001}, small[] = {3, 8};
    const enum wm_sample_format format = (enum wm_sample_format)_i;
    struct air air;

    air_open(&air, rates[_i], MIDDLE, AIR_MIX_S, format == WM_SAMPLES_CS16 ? 1e-3 : NOISE, 11);
    air_send_mix(&air, 9);
    for (size_t n = 0; n < air.samples / 8; n++) /* a quiet beginning: later the scale changes */
        air.x[n] /= 30;
    same_calls(&air, format, large, 4);
    air.samples /= 2; /* a frame of each mode */
    same_calls(&air, format, small, 2);
    air_close(&air);
}
END_TEST

START_TEST(every_kernel_variant_gives_the_same_calls)
{
    struct air air;
    struct ear scalar, other;

    air_open(&air, _i ? 10e6 : RATE, MIDDLE, AIR_MIX_S, NOISE, 12);
    air_send_mix(&air, 8);
    ear_open(&scalar, &air);
    scalar.reads_all_tiers = true;
    ear_hear(&scalar, WM_SAMPLES_CU8, "scalar");
    ck_assert_uint_ge(scalar.calls, air.count);
    for (size_t i = 1; wm_kernels_at(i); i++) {
        ear_open(&other, &air);
        other.reads_all_tiers = true;
        ear_hear(&other, WM_SAMPLES_CU8, wm_kernels_at(i)->name);
        ck_assert_msg(other.log_len == scalar.log_len && memcmp(other.log, scalar.log, scalar.log_len) == 0, "%s hears otherwise",
                      wm_kernels_at(i)->name);
        ear_close(&other);
    }
    ear_close(&scalar);
    air_close(&air);
}
END_TEST

START_TEST(statistics_count)
{
    struct air air;
    struct ear ear;
    struct wm_receiver_stats stats;
    size_t bytes;

    air_open(&air, RATE, MIDDLE, AIR_MIX_S, NOISE, 71);
    air_send_mix(&air, 20);
    ear_open(&ear, &air);
    struct wm_receiver *receiver = ear_receiver(&ear, WM_SAMPLES_CS16, NULL);
    uint8_t *samples = air_samples(&air, WM_SAMPLES_CS16, 1, &bytes);
    ck_assert_int_eq(wm_receiver_push(receiver, samples, bytes - 5), WM_OK); /* one sample is cut, one is missing */
    wm_receiver_stats(receiver, &stats);
    ck_assert_uint_eq(stats.samples, air.samples - 2);
    for (int mode = 0; mode <= WM_MODE_C; mode++) /* white noise: what falls into the gate's 240 kHz or so */
        ck_assert_double_eq_tol(stats.mode[mode].noise_dbfs, 10 * log10(air.noise_variance * 240e3 / RATE), 2.5);
    ck_assert_int_eq(wm_receiver_flush(receiver), WM_OK);
    wm_receiver_stats(receiver, &stats);
    ck_assert_double_eq_tol(stats.mode[WM_MODE_S].noise_dbfs, 10 * log10(air.noise_variance * 240e3 / RATE), 2.5);
    ck_assert_uint_eq(stats.samples, air.samples - 2);
    ck_assert_uint_eq(stats.mode[WM_MODE_S].frames, 2);
    ck_assert_uint_eq(stats.mode[WM_MODE_T].frames, 2);
    ck_assert_uint_eq(stats.mode[WM_MODE_C].frames, 2);
    ck_assert(!stats.mode[WM_MODE_C_DOWN].active); /* outside the band */
    for (int mode = 0; mode <= WM_MODE_C; mode++) {
        ck_assert(stats.mode[mode].active);
        ck_assert_uint_ge(stats.mode[mode].syncs, stats.mode[mode].frames);
        ck_assert_uint_ge(stats.mode[mode].bursts, 1);
    }
    free(samples);
    ear_close(&ear);
    wm_receiver_destroy(receiver);
    air_close(&air);
}
END_TEST

/* ---- streams */

/* A band that holds the mode's channel. */
static double middle_for(int mode)
{
    return mode == WM_MODE_C_DOWN ? 869.4e6 : MIDDLE;
}

START_TEST(a_frame_at_the_very_start_is_heard)
{
    struct air air;
    struct ear ear;

    air_open(&air, RATE, middle_for(_i), 0.06, NOISE, 80 + (uint64_t)_i);
    /* nothing but the shortest preamble before it */
    air_send(&air, &(struct air_burst){.mode = (enum wm_mode)_i, .bytes = 30, .at_s = 0.00002, .ec_n0_db = 18});
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    air_heard_once(&air);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

/* Mode T answers within 2 ms: nothing is waited for behind the last chip, neither the filters' reach nor a next block. */
START_TEST(a_strong_frame_is_read_with_its_last_sample)
{
    struct air air;
    struct ear ear;
    struct air_frame *frame;
    size_t bytes;

    for (unsigned i = 0; i < 20; i++) {
        air_open(&air, RATE, middle_for(_i), 0.1, NOISE, 120 + 20 * (uint64_t)_i + i);
        frame = air_send(&air, &(struct air_burst){.mode = (enum wm_mode)_i,
                                                   .bytes = 20 + i,
                                                   .at_s = 0.02 + i * 1e-5,
                                                   .ec_n0_db = 18,
                                                   .clock_ppm = i % 3 * 50.0 - 50,
                                                   .offset_hz = i * 2e3});
        ear_open(&ear, &air);
        struct wm_receiver *receiver = ear_receiver(&ear, WM_SAMPLES_CU8, NULL);
        uint8_t *samples = air_samples(&air, WM_SAMPLES_CU8, 1, &bytes);
        const size_t end = (size_t)ceil(frame->end_sample) + 2; /* its end is known to a sample or so */
        ck_assert_int_eq(wm_receiver_push(receiver, samples, 2 * end), WM_OK);
        ck_assert_msg(frame->heard == 1, "frame %u: heard %u times", i, frame->heard);
        ck_assert_uint_eq(frame->tier, 0);
        ck_assert_int_eq(wm_receiver_push(receiver, samples + 2 * end, bytes - 2 * end), WM_OK);
        ck_assert_uint_eq(frame->heard, 1);
        free(samples);
        wm_receiver_destroy(receiver);
        ear_close(&ear);
        air_close(&air);
    }
}
END_TEST

struct misled {
    size_t pushed, answered; /* samples */
};

/* As a link layer that takes each frame for one of 250 bytes. */
static enum wm_status misled_on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    struct misled *misled = user;
    struct wm_soft soft;
    enum wm_status status = sync->source->read(sync->source->self, 0, 12, &soft);

    *air_bytes = 12;
    if (status == WM_OK)
        status = sync->source->read(sync->source->self, 0, *air_bytes = 250, &soft);
    if (status == WM_OK)
        misled->answered = misled->answered ? misled->answered : misled->pushed;
    return status == WM_OK ? WM_INTEGRITY : status;
}

/* A wrong length keeps nobody waiting: the frame is over when the channel is silent again. */
START_TEST(a_wrong_length_is_not_waited_for)
{
    const size_t step = 1600;
    struct air air;
    struct misled misled = {0, 0};
    struct wm_receiver *receiver = NULL;
    size_t bytes;

    air_open(&air, RATE, middle_for(_i), 0.3, NOISE, 400 + (uint64_t)_i);
    const struct air_frame *frame =
        air_send(&air, &(struct air_burst){.mode = (enum wm_mode)_i, .bytes = 30, .at_s = 0.06, .ec_n0_db = 8});
    const struct wm_receiver_config config = {.sample_rate_hz = RATE,
                                              .centre_hz = middle_for(_i),
                                              .start_time_ns = WM_TIME_UNKNOWN,
                                              .on_sync = misled_on_sync,
                                              .user = &misled};
    ck_assert_int_eq(wm_receiver_create(&config, &receiver), WM_OK);
    uint8_t *samples = air_samples(&air, WM_SAMPLES_CU8, 1, &bytes);
    for (size_t at = 0; at < bytes / 2; at += step) {
        misled.pushed = at + step;
        ck_assert_int_eq(wm_receiver_push(receiver, samples + 2 * at, 2 * step), WM_OK);
    }
    ck_assert_uint_gt(misled.answered, 0);
    ck_assert_double_lt(((double)misled.answered - frame->end_sample) / RATE, 6e-3);
    free(samples);
    wm_receiver_destroy(receiver);
    air_close(&air);
}
END_TEST

/* A frame that ends with the stream's last sample is heard; one that is cut is not, and where much of it is missing the callback is
 * told that no more will come. */
START_TEST(the_end_of_the_stream)
{
    static const double kept[] = {1, 0.99, 0.95, 0.5, 0.25, 0.001};
    struct air air;
    struct ear ear;
    struct air_frame *frame;

    air_open(&air, RATE, middle_for(_i), 0.2, NOISE, 90 + (uint64_t)_i);
    frame = air_send(&air, &(struct air_burst){.mode = (enum wm_mode)_i, .bytes = 250, .at_s = 0.02, .ec_n0_db = 18});
    for (size_t cut = 0; cut < sizeof kept / sizeof *kept; cut++) {
        double length = kept[cut] * (frame->end_sample - frame->data_sample);
        air.samples = (size_t)ceil(frame->data_sample + length);
        ear_open(&ear, &air);
        ear_hear(&ear, WM_SAMPLES_CS16, NULL);
        ck_assert_msg(frame->heard == (cut == 0), "%g of it: heard %u times", kept[cut], frame->heard);
        if (kept[cut] < 0.4) /* more than the zeros that the receiver puts behind a stream would hold */
            ck_assert_msg(frame->told_of_end == 1, "%g of it: told %u times", kept[cut], frame->told_of_end);
        ear_close(&ear);
    }
    air_close(&air);
}
END_TEST

START_TEST(flush_begins_anew)
{
    struct air air;
    struct ear first, second;
    size_t bytes;

    air_open(&air, RATE, MIDDLE, AIR_MIX_S, NOISE, 100 + (uint64_t)_i);
    air_send_mix(&air, 12);
    uint8_t *samples = air_samples(&air, (enum wm_sample_format)_i, 1, &bytes);
    ear_open(&first, &air);
    struct wm_receiver *receiver = ear_receiver(&first, (enum wm_sample_format)_i, NULL);
    ear_listen(receiver, samples, bytes, 0);
    ear_open(&second, &air);
    size_t len = first.log_len;
    char *log = first.log;
    first.log = NULL;
    first.log_len = first.log_cap = 0;
    ear_listen(receiver, samples, bytes / 2 + 1, 0); /* one cut inside a frame and inside a sample */
    first.log_len = 0;
    ear_listen(receiver, samples, bytes, 777);
    ck_assert_uint_eq(first.log_len, len);
    ck_assert_mem_eq(first.log, log, len);
    free(log);
    ear_close(&first);
    ear_close(&second);
    free(samples);
    wm_receiver_destroy(receiver);
    air_close(&air);
}
END_TEST

START_TEST(only_the_modes_asked_for)
{
    struct air air;
    struct ear ear;
    struct wm_receiver *receiver = NULL;
    struct wm_receiver_stats stats;
    size_t bytes;

    air_open(&air, RATE, MIDDLE, AIR_MIX_S, NOISE, 160);
    air_send_mix(&air, 20);
    uint8_t *samples = air_samples(&air, WM_SAMPLES_CU8, 1, &bytes);
    for (unsigned modes = 1; modes < 8; modes++) {
        struct wm_receiver_config config = {.format = WM_SAMPLES_CU8,
                                            .sample_rate_hz = RATE,
                                            .centre_hz = MIDDLE,
                                            .modes = modes,
                                            .start_time_ns = WM_TIME_UNKNOWN,
                                            .on_sync = ear_on_sync,
                                            .user = &ear};
        ear_open(&ear, &air);
        ck_assert_int_eq(wm_receiver_create(&config, &receiver), WM_OK);
        ear_listen(receiver, samples, bytes, 0);
        wm_receiver_stats(receiver, &stats);
        for (size_t i = 0; i < air.count; i++)
            ck_assert_uint_eq(air.frame[i].heard, modes >> air.frame[i].burst.mode & 1);
        for (unsigned mode = 0; mode < WM_MODE_COUNT; mode++)
            ck_assert_int_eq(stats.mode[mode].active, modes >> mode & 1);
        wm_receiver_destroy(receiver);
        ear_close(&ear);
    }
    free(samples);
    air_close(&air);
}
END_TEST

static enum wm_status refuse(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    (void)sync;
    (void)air_bytes;
    ++*(unsigned *)user;
    return WM_INTEGRITY;
}

START_TEST(wrong_arguments)
{
    unsigned calls = 0;
    const struct wm_receiver_config right = {
        .format = WM_SAMPLES_CU8, .sample_rate_hz = RATE, .centre_hz = MIDDLE, .on_sync = refuse, .user = &calls};
    struct wm_receiver_config wrong[12];
    struct wm_receiver *receiver = NULL;
    size_t n = 0;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        wrong[i] = right;
    wrong[n++].sample_rate_hz = 0.79e6;
    wrong[n++].sample_rate_hz = 20.1e6;
    wrong[n++].sample_rate_hz = NAN;
    wrong[n++].sample_rate_hz = -1.6e6;
    wrong[n++].centre_hz = NAN;
    wrong[n++].centre_hz = INFINITY;
    wrong[n++].centre_hz = 433.92e6;
    wrong[n++].format = WM_SAMPLES_COUNT;
    wrong[n++].kernels = "abacus";
    wrong[n++].on_sync = NULL;
    wrong[n].centre_hz = 868.95e6; /* S's channel is outside */
    wrong[n].sample_rate_hz = 1e6;
    wrong[n++].modes = 1u << WM_MODE_S;
    wrong[n++].modes = 8; /* no such mode */
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(wm_receiver_create(&wrong[i], &receiver) == WM_INVALID, "case %zu", i);
    ck_assert_int_eq(wm_receiver_create(&right, &receiver), WM_OK);
    ck_assert_ptr_nonnull(wm_kernels_select(wm_receiver_kernels(receiver)));
    ck_assert_int_eq(wm_receiver_push(receiver, "", 0), WM_OK);
    ck_assert_int_eq(wm_receiver_flush(receiver), WM_OK); /* a stream of nothing */
    ck_assert_int_eq(wm_receiver_push(receiver, "x", 1), WM_OK);
    ck_assert_int_eq(wm_receiver_flush(receiver), WM_OK); /* of half a sample */
    ck_assert_int_eq(wm_receiver_flush(receiver), WM_OK);
    ck_assert_uint_eq(calls, 0);
    wm_receiver_destroy(receiver);
    wm_receiver_destroy(NULL);
}
END_TEST

/* ---- what is no signal */

struct listener {
    struct wm_soft soft;
    unsigned calls, longest;
};

/* Reads as the link layer does, up to the longest frame, and takes nothing. */
static enum wm_status read_and_refuse(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    struct listener *listener = user;

    listener->calls++;
    for (unsigned tier = 0;; tier++) {
        enum wm_status status = sync->source->read(sync->source->self, tier, AIR_BYTES_MAX, &listener->soft);
        if (status == WM_TOO_SHORT) {
            *air_bytes = AIR_BYTES_MAX;
            return status;
        }
        if (status != WM_OK)
            return WM_INTEGRITY;
        listener->longest++;
    }
}

enum { ZERO, MID_LOW, MID_HIGH, LARGEST, SMALLEST, RANDOM_BITS, DC, NYQUIST, LOUD_NOISE, CARRIER, STEP, KINDS };

static void fill(int kind, uint8_t *bytes, size_t len, struct wm_rng *rng)
{
    for (size_t i = 0; i < len; i++) {
        switch (kind) {
        case ZERO:
            bytes[i] = 0;
            break;
        case MID_LOW:
            bytes[i] = 0x7F;
            break;
        case MID_HIGH:
            bytes[i] = 0x80;
            break;
        case LARGEST:
            bytes[i] = 0xFF;
            break;
        case SMALLEST:
            bytes[i] = i & 1 ? 0 : 0xFF;
            break;
        case RANDOM_BITS:
            bytes[i] = (uint8_t)wm_rng_below(rng, 256);
            break;
        case DC:
            bytes[i] = (uint8_t)(i & 1 ? 100 : 180 + wm_rng_below(rng, 3));
            break;
        case NYQUIST:
            bytes[i] = i >> 1 & 1 ? 0 : 0xFF;
            break;
        case LOUD_NOISE:
            bytes[i] = wm_rng_below(rng, 2) ? 0xFF : 0;
            break;
        case CARRIER: /* at a fifth of the rate: inside the T channel below */
            bytes[i] = (uint8_t)(127.5 + 100 * cos(2 * M_PI * (0.2 * (double)(i / 2) - (i & 1 ? 0.25 : 0))));
            break;
        default: /* nothing, then everything */
            bytes[i] = i < len / 2 ? 0x80 : (uint8_t)wm_rng_below(rng, 256);
        }
    }
}

/* Bytes of any meaning in any format: neither crash nor sanitizer's word, next to no syncs, and a frame afterwards is heard. */
START_TEST(garbage_is_survived)
{
    const enum wm_sample_format format = (enum wm_sample_format)(_i / KINDS);
    const int kind = _i % KINDS;
    const size_t len = 400000 / 8 * 8; /* bytes; at least 50000 samples */
    struct listener *listener = calloc(1, sizeof *listener);
    struct wm_receiver *receiver = NULL;
    struct wm_receiver_config config = {.format = format,
                                        .sample_rate_hz = RATE,
                                        .centre_hz = MIDDLE,
                                        .start_time_ns = WM_TIME_UNKNOWN,
                                        .on_sync = read_and_refuse,
                                        .user = listener};
    uint8_t *bytes = malloc(len);
    struct wm_rng rng;

    ck_assert(listener && bytes);
    wm_rng_seed(&rng, 200 + (uint64_t)_i);
    fill(kind, bytes, len, &rng);
    ck_assert_int_eq(wm_receiver_create(&config, &receiver), WM_OK);
    ear_listen(receiver, bytes, len, 50001);
    /* a tenth of a second or so: syncs are rare in noise; without any noise there are none at all */
    ck_assert_msg(listener->calls <= (kind <= SMALLEST || kind == NYQUIST ? 0 : 6), "%s, kind %d: %u syncs",
                  wm_sample_format_name(format), kind, listener->calls);
    wm_receiver_destroy(receiver);
    free(bytes);
    free(listener);
}
END_TEST

/* Seconds of noise: how often the callback is bothered. Each call costs the link layer a look at all tiers. */
START_TEST(noise_gives_next_to_no_syncs)
{
    struct air air;
    struct ear ear;

    air_open(&air, RATE, MIDDLE, 2, NOISE, 210);
    ear_open(&ear, &air);
    ear_hear(&ear, WM_SAMPLES_CU8, NULL);
    ck_assert_msg(ear.calls <= 4, "%u syncs in 2 s of noise", ear.calls);
    ear_close(&ear);
    air_close(&air);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: receiver");
    TCase *streams = tcase_create("streams");
    TCase *garbage = tcase_create("garbage");

    suite_add_tcase(suite, streams);
    tcase_add_loop_test(streams, any_split_gives_the_same_calls, 0, WM_SAMPLES_COUNT);
    tcase_add_loop_test(streams, any_split_of_a_wide_capture_gives_the_same_calls, 0, WM_SAMPLES_COUNT);
    tcase_add_loop_test(streams, every_kernel_variant_gives_the_same_calls, 0, 2);
    tcase_add_loop_test(streams, flush_begins_anew, 0, WM_SAMPLES_COUNT);
    tcase_add_loop_test(streams, a_frame_at_the_very_start_is_heard, 0, WM_MODE_COUNT);
    tcase_add_loop_test(streams, a_strong_frame_is_read_with_its_last_sample, 0, WM_MODE_COUNT);
    tcase_add_loop_test(streams, a_wrong_length_is_not_waited_for, 0, WM_MODE_COUNT);
    tcase_add_loop_test(streams, the_end_of_the_stream, 0, WM_MODE_COUNT);
    tcase_add_test(streams, statistics_count);
    tcase_add_test(streams, only_the_modes_asked_for);
    suite_add_tcase(suite, garbage);
    tcase_add_test(garbage, wrong_arguments);
    tcase_add_loop_test(garbage, garbage_is_survived, 0, KINDS * WM_SAMPLES_COUNT);
    tcase_add_test(garbage, noise_gives_next_to_no_syncs);
    return suite;
}
