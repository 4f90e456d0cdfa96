/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/synth/traffic.h"
#include "link/deframe.h"
#include "phy/receiver.h"
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Guards of the receiver's sensitivity: small fixed sets of random frames through the virtual air, 1 dB above where 10 % are lost,
 * or as much above as an impairment costs. `allowed` is how many may be lost: what is lost today and a little, and less than what
 * is lost with the signal 1 dB weaker. Not one frame may come out that was not sent. Measurements with error bars: bench/README.md.
 */

#define SENT_MAX 128

struct guard {
    const char *name;
    enum wm_mode mode;
    enum wm_format format; /* NONE: A */
    double ec_n0_db;
    unsigned frames, allowed;
    size_t bytes_min, bytes_max; /* 0: 30 to 70 */
    double carrier_khz[2], clock_ppm[2], deviation_pct[2];
    double bt;
    bool long_preamble, no_gaps;
    bool also_t; /* a T frame of the same Ec/N0 at the same time on its channel; it counts as well */
    /* the stream */
    double rate_hz;   /* 0: 1.6 MS/s */
    double centre_hz; /* 0: the mode's channel */
    enum wm_sample_format type;
    double noise_lsb; /* 0: 10 */
    double dc_lsb[2], iq_error[2];
};

#define T_DB 7.0
#define A_DB 7.0
#define B_DB 7.6
#define S_DB 6.4
#define T    .mode = WM_MODE_T, .ec_n0_db = T_DB
#define CA   .mode = WM_MODE_C, .ec_n0_db = A_DB
#define CB   .mode = WM_MODE_C, .format = WM_FORMAT_B, .ec_n0_db = B_DB
#define S    .mode = WM_MODE_S, .ec_n0_db = S_DB

static const struct guard guards[] = {
    /* the four curves */
    {"T", T, .frames = 100, .allowed = 4},
    {"C A", CA, .frames = 100, .allowed = 4},
    {"C B", CB, .frames = 100, .allowed = 5},
    {"S", S, .frames = 60, .allowed = 2},
    {"C downlink", .mode = WM_MODE_C_DOWN, .ec_n0_db = 9.3, .frames = 100, .allowed = 5},
    {"S, long preamble", S, .frames = 40, .allowed = 3, .long_preamble = true},
    /* transmitters */
    {"T carrier", T, .frames = 60, .allowed = 1, .carrier_khz = {-60, 60}},
    {"C A carrier", CA, .frames = 60, .allowed = 2, .carrier_khz = {-60, 60}},
    {"C B carrier", CB, .frames = 60, .allowed = 4, .carrier_khz = {-60, 60}},
    {"S carrier", S, .frames = 40, .allowed = 4, .carrier_khz = {-60, 60}},
    {"C downlink carrier - 60 kHz", .mode = WM_MODE_C_DOWN, .ec_n0_db = 9.5, .frames = 60, .allowed = 3, .carrier_khz = {-60, -60}},
    {"C downlink carrier + 60 kHz", .mode = WM_MODE_C_DOWN, .ec_n0_db = 9.5, .frames = 60, .allowed = 3, .carrier_khz = {60, 60}},
    {"S carrier - 60 kHz", S, .frames = 40, .allowed = 3, .carrier_khz = {-60, -60}},
    {"S carrier + 60 kHz", S, .frames = 40, .allowed = 3, .carrier_khz = {60, 60}},
    {"T clock", T, .frames = 60, .allowed = 1, .clock_ppm = {-100, 100}},
    {"C A clock", CA, .frames = 60, .allowed = 1, .clock_ppm = {-100, 100}},
    {"C B clock", CB, .frames = 60, .allowed = 3, .clock_ppm = {-100, 100}},
    {"S clock", S, .frames = 40, .allowed = 2, .clock_ppm = {-100, 100}},
    {"T clock 12 %", .mode = WM_MODE_T, .ec_n0_db = T_DB + 0.5, .frames = 60, .allowed = 1, .clock_ppm = {-120e3, 120e3}},
    {"S clock 2 %", .mode = WM_MODE_S, .ec_n0_db = S_DB + 0.5, .frames = 40, .allowed = 2, .clock_ppm = {-20e3, 20e3}},
    {"T deviation", T, .frames = 60, .allowed = 1, .deviation_pct = {-20, 60}},
    {"S deviation", S, .frames = 40, .allowed = 3, .deviation_pct = {-20, 60}},
    {"C A deviation", .mode = WM_MODE_C, .ec_n0_db = 8.5, .frames = 100, .allowed = 7, .deviation_pct = {-15, 15}},
    {"C B deviation", .mode = WM_MODE_C, .format = WM_FORMAT_B, .ec_n0_db = 9.5, .frames = 100, .allowed = 12,
     .deviation_pct = {-15, 15}},
    {"T deviation 80 kHz", T, .frames = 60, .allowed = 1, .deviation_pct = {60, 60}},
    {"S deviation 80 kHz", S, .frames = 40, .allowed = 5, .deviation_pct = {60, 60}},
    {"T clock + 12 %", .mode = WM_MODE_T, .ec_n0_db = T_DB + 0.5, .frames = 60, .allowed = 2, .clock_ppm = {120e3, 120e3}},
    /* any clock with any deviation, rectangular and Gaussian: what is lost here is no matter of noise */
    {"T clock and deviation", .mode = WM_MODE_T, .ec_n0_db = 18, .frames = 120, .allowed = 0, .clock_ppm = {-120e3, 120e3},
     .deviation_pct = {-20, 60}},
    {"T clock and deviation BT 0.5", .mode = WM_MODE_T, .ec_n0_db = 18, .frames = 120, .allowed = 1, .clock_ppm = {-120e3, 120e3},
     .deviation_pct = {-20, 60}, .bt = 0.5},
    {"S clock and deviation", .mode = WM_MODE_S, .ec_n0_db = 18, .frames = 60, .allowed = 0, .clock_ppm = {-20e3, 20e3},
     .deviation_pct = {-20, 60}},
    {"S clock and deviation BT 0.5", .mode = WM_MODE_S, .ec_n0_db = 18, .frames = 60, .allowed = 0, .clock_ppm = {-20e3, 20e3},
     .deviation_pct = {-20, 60}, .bt = 0.5},
    {"C B deviation 18 dB", .mode = WM_MODE_C, .format = WM_FORMAT_B, .ec_n0_db = 18, .frames = 60, .allowed = 0,
     .clock_ppm = {-100, 100}, .deviation_pct = {-25, 25}},
    {"T BT 0.5", T, .frames = 60, .allowed = 1, .bt = 0.5},
    {"C A BT 0.5", CA, .frames = 60, .allowed = 2, .bt = 0.5},
    {"C B BT 0.5", CB, .frames = 60, .allowed = 2, .bt = 0.5},
    {"S BT 0.5", .mode = WM_MODE_S, .ec_n0_db = S_DB + 0.3, .frames = 40, .allowed = 5, .bt = 0.5},
    /* front ends */
    {"T noise 1.5", T, .frames = 60, .allowed = 5, .noise_lsb = 1.5},
    {"C A noise 1.5", CA, .frames = 60, .allowed = 3, .noise_lsb = 1.5},
    {"S noise 1.5", S, .frames = 40, .allowed = 1, .noise_lsb = 1.5},
    {"T noise 40", T, .frames = 60, .allowed = 2, .noise_lsb = 40},
    {"C A noise 40", CA, .frames = 60, .allowed = 1, .noise_lsb = 40},
    {"S noise 40", S, .frames = 40, .allowed = 1, .noise_lsb = 40},
    {"T DC", T, .frames = 60, .allowed = 2, .dc_lsb = {5, -4}},
    {"C A DC", CA, .frames = 60, .allowed = 1, .dc_lsb = {5, -4}},
    {"S DC", S, .frames = 40, .allowed = 1, .dc_lsb = {5, -4}},
    {"T IQ", T, .frames = 60, .allowed = 2, .iq_error = {1, 5}},
    {"C A IQ", CA, .frames = 60, .allowed = 3, .iq_error = {1, 5}},
    {"S IQ", S, .frames = 40, .allowed = 1, .iq_error = {1, 5}},
    /* rates and sample formats */
    {"T 1.0 MS/s", T, .frames = 60, .allowed = 2, .rate_hz = 1.0e6},
    {"T 1.2 MS/s", T, .frames = 60, .allowed = 1, .rate_hz = 1.2e6},
    {"C A 2.048 MS/s", CA, .frames = 60, .allowed = 1, .rate_hz = 2.048e6},
    {"C A 2.4 MS/s", CA, .frames = 60, .allowed = 3, .rate_hz = 2.4e6},
    {"S 1.0 MS/s", S, .frames = 40, .allowed = 1, .rate_hz = 1.0e6},
    {"S 3.2 MS/s", S, .frames = 40, .allowed = 1, .rate_hz = 3.2e6},
    {"S 2.67 MS/s", S, .frames = 40, .allowed = 2, .rate_hz = 2.667e6},
    /* wide captures */
    {"T 10 MS/s cs8", T, .frames = 24, .allowed = 1, .rate_hz = 10e6, .type = WM_SAMPLES_CS8, .centre_hz = 866e6},
    {"C A 8 MS/s", CA, .frames = 40, .allowed = 2, .rate_hz = 8e6, .centre_hz = 868e6},
    {"S 5 MS/s cs8 noise 1.5", S, .frames = 24, .allowed = 2, .rate_hz = 5e6, .type = WM_SAMPLES_CS8, .centre_hz = 869e6,
     .noise_lsb = 1.5},
    {"T 20 MS/s cs8", T, .frames = 16, .allowed = 1, .rate_hz = 20e6, .type = WM_SAMPLES_CS8, .centre_hz = 862e6},
    {"C A 5.12 MS/s cf32", CA, .frames = 30, .allowed = 1, .rate_hz = 5.12e6, .type = WM_SAMPLES_CF32, .centre_hz = 868e6,
     .noise_lsb = 0.01},
    {"T 3.5 MS/s cs16 noise 1.5", T, .frames = 40, .allowed = 2, .rate_hz = 3.5e6, .type = WM_SAMPLES_CS16, .centre_hz = 868.6e6,
     .noise_lsb = 1.5},
    {"T cs16", T, .frames = 60, .allowed = 2, .type = WM_SAMPLES_CS16, .centre_hz = 868.625e6},
    {"C A cf32 / 1000", CA, .frames = 60, .allowed = 1, .type = WM_SAMPLES_CF32, .noise_lsb = 0.01},
    {"T cf32 * 1000", T, .frames = 60, .allowed = 2, .type = WM_SAMPLES_CF32, .noise_lsb = 10e3},
    /* the air */
    {"T 40 dB", .mode = WM_MODE_T, .ec_n0_db = 40, .frames = 60, .allowed = 0},
    {"C A 40 dB", .mode = WM_MODE_C, .ec_n0_db = 40, .frames = 60, .allowed = 0},
    {"C B 40 dB", .mode = WM_MODE_C, .format = WM_FORMAT_B, .ec_n0_db = 40, .frames = 60, .allowed = 0},
    {"S 40 dB", .mode = WM_MODE_S, .ec_n0_db = 40, .frames = 30, .allowed = 0},
    {"T long", T, .frames = 30, .allowed = 4, .bytes_min = 180, .bytes_max = 250, .clock_ppm = {-100, 100}},
    {"C A long", CA, .frames = 30, .allowed = 2, .bytes_min = 180, .bytes_max = 250, .clock_ppm = {-100, 100}},
    {"C B long", CB, .frames = 30, .allowed = 4, .bytes_min = 180, .bytes_max = 250, .clock_ppm = {-100, 100}},
    {"S long", S, .frames = 15, .allowed = 3, .bytes_min = 180, .bytes_max = 250, .clock_ppm = {-100, 100}},
    {"T short", T, .frames = 100, .allowed = 1, .bytes_min = 10, .bytes_max = 14},
    {"C A short", CA, .frames = 100, .allowed = 2, .bytes_min = 10, .bytes_max = 14},
    {"C B short", CB, .frames = 60, .allowed = 1, .bytes_min = 11, .bytes_max = 14},
    {"S short", .mode = WM_MODE_S, .ec_n0_db = S_DB - 0.4, .frames = 80, .allowed = 1, .bytes_min = 10, .bytes_max = 14},
    {"T no gaps", T, .frames = 60, .allowed = 2, .no_gaps = true},
    {"C A no gaps", CA, .frames = 60, .allowed = 2, .no_gaps = true},
    {"C B no gaps", CB, .frames = 60, .allowed = 5, .no_gaps = true},
    {"S no gaps", S, .frames = 40, .allowed = 3, .no_gaps = true},
    /* where the stretch of baseband is full is not where a candidate is to be acquired; short frames have many of both */
    {"S no gaps 30 dB", .mode = WM_MODE_S, .ec_n0_db = 30, .frames = 128, .allowed = 0, .bytes_min = 10, .bytes_max = 14,
     .no_gaps = true},
    {"S and T at once", .mode = WM_MODE_S, .ec_n0_db = T_DB, .frames = 40, .allowed = 2, .centre_hz = 868.625e6, .also_t = true},
};

struct sent {
    uint8_t telegram[WM_TELEGRAM_MAX];
    size_t len;
    bool heard;
};

struct run {
    const struct guard *guard;
    struct wm_synth *synth;
    struct wm_receiver *receiver;
    struct wm_rng rng;
    struct wm_traffic traffic;
    struct sent sent[SENT_MAX];
    unsigned sent_count, heard, strange;
    uint8_t block[WM_SYNTH_BLOCK * 8];
};

static enum wm_status on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes)
{
    struct run *run = user;
    struct wm_frame frame;
    enum wm_status status = wm_deframe(sync->source, sync->format, &wm_repair_default, &frame, air_bytes, NULL);

    if (status != WM_OK)
        return status;
    for (unsigned i = 0; i < run->sent_count; i++) {
        struct sent *sent = &run->sent[i];
        if (!sent->heard && sent->len == frame.len && memcmp(sent->telegram, frame.data, frame.len) == 0) {
            sent->heard = true;
            run->heard++;
            return WM_OK;
        }
    }
    run->strange++;
    return WM_OK;
}

/* A telegram too short for wm_traffic_random: header, a CI of the manufacturer's, and what is left. */
static void short_telegram(struct run *run, struct wm_traffic_item *item)
{
    const struct guard *g = run->guard;

    wm_traffic_random(&run->rng, 15, 15, item);
    item->len = g->bytes_min + wm_rng_below(&run->rng, (uint32_t)(g->bytes_max - g->bytes_min) + 1);
    item->telegram[0] = (uint8_t)(item->len - 1);
    item->telegram[10] = 0xA0;
}

static uint64_t put_on_air(struct run *run, enum wm_mode mode, enum wm_format format, uint64_t after)
{
    const struct guard *g = run->guard;
    struct wm_traffic_item item = {.mode = mode, .format = format == WM_FORMAT_NONE ? WM_FORMAT_A : format};
    struct wm_synth_burst burst;
    struct wm_synth_place place;
    struct sent *sent = &run->sent[run->sent_count++];

    ck_assert_uint_le(run->sent_count, SENT_MAX);
    if (g->bytes_min > 0 && g->bytes_min < 15)
        short_telegram(run, &item);
    else
        wm_traffic_random(&run->rng, g->bytes_min ? g->bytes_min : 30, g->bytes_max ? g->bytes_max : 70, &item);
    wm_traffic_draw(&run->traffic, run->synth, g->rate_hz ? g->rate_hz : 1.6e6, after, &run->rng, &item, &burst);
    ck_assert_int_eq(wm_synth_add(run->synth, &burst, &place), WM_OK);
    memcpy(sent->telegram, item.telegram, item.len);
    sent->len = item.len;
    return place.end_sample;
}

static void listen_until(struct run *run, enum wm_sample_format type, uint64_t end)
{
    while (wm_synth_position(run->synth) < end) {
        uint64_t left = end - wm_synth_position(run->synth);
        size_t n = left < WM_SYNTH_BLOCK ? (size_t)left : WM_SYNTH_BLOCK;
        if (wm_synth_render(run->synth, n, run->block) != WM_OK ||
            wm_receiver_push(run->receiver, run->block, n * wm_sample_format_bytes(type)) != WM_OK)
            ck_abort_msg("at sample %llu", (unsigned long long)wm_synth_position(run->synth));
    }
}

/* Half the width of a range, and its middle. */
static double half(const double range[2])
{
    return (range[1] - range[0]) / 2;
}

static double middle(const double range[2])
{
    return (range[1] + range[0]) / 2;
}

static void hear(struct run *run, const struct guard *g, double shift_db)
{
    const double rate = g->rate_hz ? g->rate_hz : 1.6e6, centre = g->centre_hz ? g->centre_hz : wm_mode_info(g->mode)->centre_hz;
    const double lsb = 1 / wm_channel_full_scale(WM_SAMPLES_CU8);
    const struct wm_synth_stream stream = {
        .sample_rate_hz = rate,
        .centre_hz = centre,
        .format = g->type,
        .noise_lsb = g->noise_lsb ? g->noise_lsb : 10,
        .seed = 11,
        .front_end = {
            .dc_i = g->dc_lsb[0] * lsb, .dc_q = g->dc_lsb[1] * lsb, .iq_gain_db = g->iq_error[0], .iq_phase_deg = g->iq_error[1]}};
    const struct wm_receiver_config config = {.format = g->type,
                                              .sample_rate_hz = rate,
                                              .centre_hz = centre,
                                              .start_time_ns = WM_TIME_UNKNOWN,
                                              .on_sync = on_sync,
                                              .user = run};

    run->guard = g;
    run->traffic = (struct wm_traffic){.ec_n0_db = g->ec_n0_db + shift_db,
                                       .carrier_hz = 1e3 * half(g->carrier_khz),
                                       .carrier_middle_hz = 1e3 * middle(g->carrier_khz),
                                       .clock_ppm = half(g->clock_ppm),
                                       .clock_middle_ppm = middle(g->clock_ppm),
                                       .deviation_pct = half(g->deviation_pct),
                                       .deviation_middle_pct = middle(g->deviation_pct),
                                       .bt = g->bt,
                                       .gap_min_s = g->no_gaps ? 0 : 3e-3,
                                       .gap_max_s = g->no_gaps ? 0 : 6e-3,
                                       .long_preamble = g->long_preamble,
                                       .tail_chips = 4};
    wm_rng_seed(&run->rng, 5);
    ck_assert_int_eq(wm_synth_create(&stream, &run->synth), WM_OK);
    ck_assert_int_eq(wm_receiver_create(&config, &run->receiver), WM_OK);
    /* a receiver that runs knows the noise and the converter's offset */
    uint64_t end = (uint64_t)(0.2 * rate);
    for (unsigned i = 0; i < g->frames; i++) {
        uint64_t begin = end;
        end = put_on_air(run, g->mode, g->format, begin);
        if (g->also_t) {
            uint64_t other = put_on_air(run, WM_MODE_T, WM_FORMAT_A, begin + (uint64_t)(0.004 * rate));
            end = other > end ? other : end;
        }
        /* the air must not have been rendered where the next one begins */
        listen_until(run, g->type, end - (uint64_t)(0.001 * rate));
    }
    listen_until(run, g->type, end + (uint64_t)(0.02 * rate));
    ck_assert_int_eq(wm_receiver_flush(run->receiver), WM_OK);
    wm_receiver_destroy(run->receiver);
    wm_synth_destroy(run->synth);
}

START_TEST(is_as_good_as_it_was)
{
    static struct run run;
    const struct guard *g = &guards[_i];

    memset(&run, 0, sizeof run);
    hear(&run, g, 0);
    ck_assert_msg(run.strange == 0, "%s: %u frames came out that were not sent", g->name, run.strange);
    ck_assert_msg(run.sent_count - run.heard <= g->allowed, "%s at %.1f dB: %u of %u lost, %u allowed", g->name, g->ec_n0_db,
                  run.sent_count - run.heard, run.sent_count, g->allowed);
#ifdef GUARD_TABLE /* what `allowed` was chosen by */
    unsigned now = run.sent_count - run.heard;
    memset(&run, 0, sizeof run);
    hear(&run, g, -1);
    printf("%-28s %d %.1f dB: %u of %u, 1 dB weaker %u, allowed %u\n", g->name, g->mode, g->ec_n0_db, now, run.sent_count,
           run.sent_count - run.heard, g->allowed);
#endif
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: sensitivity guards");
    TCase *tcase = tcase_create("guards");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, is_as_good_as_it_was, 0, sizeof guards / sizeof *guards);
    return suite;
}
