/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/synth/traffic.h"
#include "phy/linecode.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t telegram[] = {0x0E, 0x44, 0x64, 0x5E, 0x78, 0x56, 0x34, 0x12, 0x01, 0x07, 0x7A, 0x2A, 0x00, 0x00, 0x00};

static struct wm_synth *make(double noise_lsb, enum wm_sample_format format, double centre_hz)
{
    struct wm_synth_stream stream = {
        .sample_rate_hz = 1.6e6, .centre_hz = centre_hz, .format = format, .noise_lsb = noise_lsb, .seed = 5};
    struct wm_synth *synth = NULL;

    ck_assert_int_eq(wm_synth_create(&stream, &synth), WM_OK);
    return synth;
}

static void render(struct wm_synth *synth, size_t samples, size_t step, size_t sample_bytes, uint8_t *out)
{
    for (size_t at = 0; at < samples; at += step)
        ck_assert_int_eq(wm_synth_render(synth, at + step > samples ? samples - at : step, out + at * sample_bytes), WM_OK);
}

/* Demodulates by phase differences with known timing: noise-free samples give back the frame from the place that was promised. */
static void check_burst(enum wm_mode mode, enum wm_format format, double centre_hz)
{
    enum { SAMPLES = 60000 };
    const struct wm_mode_info *info = wm_mode_info(mode);
    const double clock_ppm = 70, chip_samples = 1.6e6 / (info->chip_rate_cps * (1 + clock_ppm * 1e-6));
    struct wm_synth *synth = make(0, WM_SAMPLES_CF32, centre_hz);
    float complex *x = malloc(SAMPLES * sizeof *x);
    uint8_t air[64], back[64], chips[16 * 64];
    struct wm_writer out = wm_writer_of(air, sizeof air);
    struct wm_synth_burst burst = {.mode = mode,
                                   .format = format,
                                   .telegram = {telegram, sizeof telegram},
                                   .start_sample = 1000.6,
                                   .amplitude = 0.5,
                                   .offset_hz = 9e3,
                                   .clock_ppm = clock_ppm};
    struct wm_synth_place place;
    size_t len, invalid;

    ck_assert_int_eq(wm_frame_build(format, burst.telegram, &out), WM_OK);
    ck_assert_int_eq(wm_synth_add(synth, &burst, &place), WM_OK);
    ck_assert_uint_eq(wm_synth_last_end(synth), place.end_sample);
    render(synth, SAMPLES, WM_SYNTH_BLOCK, sizeof *x, (uint8_t *)x);
    ck_assert(x[1000] == 0 && cabsf(x[1001]) > 0.49 && cabsf(x[place.end_sample - 1]) > 0.49 && x[place.end_sample] == 0);
    for (size_t i = 0; i < out.len * info->chips_per_byte; i++) {
        /* data_sample is rounded up: half a sample later is surely inside */
        size_t n = (size_t)((double)place.data_sample - 0.5 + ((double)i + 0.5) * chip_samples);
        double hz = carg(x[n + 1] * conjf(x[n])) / (2 * acos(-1)) * 1.6e6;

        chips[i] = hz > info->centre_hz - centre_hz + burst.offset_hz;
    }
    ck_assert_int_eq(wm_linecode_decode(info->code, chips, out.len * info->chips_per_byte, back, sizeof back, &len, &invalid),
                     WM_OK);
    ck_assert_uint_eq(invalid, 0);
    ck_assert(wm_span_equal((struct wm_span){back, len}, wm_writer_span(&out)));
    free(x);
    wm_synth_destroy(synth);
}

START_TEST(bursts_carry_their_frames)
{
    check_burst(WM_MODE_T, WM_FORMAT_A, 868.95e6);
    check_burst(WM_MODE_C, WM_FORMAT_A, 868.95e6);
    check_burst(WM_MODE_C, WM_FORMAT_B, 868.625e6);
    check_burst(WM_MODE_S, WM_FORMAT_A, 868.625e6);
}
END_TEST

START_TEST(stream_does_not_depend_on_the_cut)
{
    enum { SAMPLES = 40000 };
    static uint8_t whole[2 * SAMPLES], parts[2 * SAMPLES];
    struct wm_synth_burst burst = {
        .mode = WM_MODE_T, .telegram = {telegram, sizeof telegram}, .start_sample = 300.5, .amplitude = 0.3};
    struct wm_synth *synth = make(10, WM_SAMPLES_CU8, 868.95e6);

    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_OK);
    burst.start_sample = 2000; /* over the other one */
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_OK);
    render(synth, SAMPLES, WM_SYNTH_BLOCK, 2, whole);
    ck_assert_uint_eq(wm_synth_position(synth), SAMPLES);
    wm_synth_destroy(synth);
    synth = make(10, WM_SAMPLES_CU8, 868.95e6);
    burst.start_sample = 300.5;
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_OK);
    render(synth, 1500, 7, 2, parts);
    burst.start_sample = 2000;
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_OK);
    render(synth, SAMPLES - 1500, 777, 2, parts + 3000);
    ck_assert_mem_eq(whole, parts, sizeof whole);
    wm_synth_destroy(synth);
}
END_TEST

START_TEST(what_cannot_be_sent_is_refused)
{
    struct wm_synth_burst burst = {
        .mode = WM_MODE_T, .telegram = {telegram, sizeof telegram}, .start_sample = 99, .amplitude = 0.3};
    struct wm_synth *synth = make(10, WM_SAMPLES_CU8, 868.95e6);
    uint8_t out[200];

    render(synth, 100, 100, 2, out);
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_INVALID); /* too late */
    burst.start_sample = 100;
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_OK);
    burst.format = WM_FORMAT_B;
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_INVALID); /* not in T */
    burst.format = WM_FORMAT_A;
    burst.telegram.len--;
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_MALFORMED);
    burst.telegram.len++;
    burst.offset_hz = 760e3;
    ck_assert_int_eq(wm_synth_add(synth, &burst, NULL), WM_INVALID); /* over the band's edge */
    ck_assert_int_eq(wm_synth_render(synth, WM_SYNTH_BLOCK + 1, NULL), WM_INVALID);
    wm_synth_destroy(synth);
}
END_TEST

START_TEST(level_and_noise_are_as_stated)
{
    struct wm_synth *synth = make(10, WM_SAMPLES_CU8, 868.95e6);

    ck_assert_double_eq_tol(wm_synth_noise_variance(synth), pow(10 / 127.5, 2), 1e-12);
    /* Ec/N0 = A^2 / chip rate / (variance / rate) */
    ck_assert_double_eq_tol(pow(wm_synth_amplitude(synth, WM_MODE_T, 10), 2) / 100e3 * 1.6e6 / (pow(10 / 127.5, 2)), 10, 1e-9);
    ck_assert_double_eq_tol(pow(wm_synth_amplitude(synth, WM_MODE_S, 3), 2) / 32768 * 1.6e6 / (pow(10 / 127.5, 2)), pow(10, 0.3),
                            1e-9);
    wm_synth_destroy(synth);
}
END_TEST

START_TEST(random_telegrams_are_valid_and_spread)
{
    unsigned lengths[256] = {0};
    struct wm_rng rng;

    wm_rng_seed(&rng, 1);
    for (unsigned i = 0; i < 4100; i++) {
        struct wm_traffic_item item = {.mode = WM_MODE_C, .format = WM_FORMAT_B};
        struct wm_frame frame;

        wm_traffic_random(&rng, 30, 70, &item);
        lengths[item.len]++;
        ck_assert_int_eq(wm_frame_from_telegram((struct wm_span){item.telegram, item.len}, &frame), WM_OK);
        ck_assert_uint_eq(item.telegram[1], 0x44);
        ck_assert_uint_eq(item.telegram[10], 0x7A);
        for (unsigned k = 4; k < 8; k++)
            ck_assert((item.telegram[k] & 15) < 10 && item.telegram[k] >> 4 < 10);
    }
    for (unsigned len = 0; len < 256; len++)
        ck_assert_msg(len < 30 || len > 70 ? lengths[len] == 0 : lengths[len] > 55, "%u: %u", len, lengths[len]);
}
END_TEST

START_TEST(draws_stay_in_their_ranges)
{
    const struct wm_traffic traffic = {.ec_n0_db = 10,
                                       .carrier_hz = 30e3,
                                       .clock_ppm = 50,
                                       .deviation_pct = 15,
                                       .gap_min_s = 1e-3,
                                       .gap_max_s = 2e-3,
                                       .tail_chips = 8,
                                       .long_preamble = true};
    struct wm_traffic_item item = {.mode = WM_MODE_S, .format = WM_FORMAT_A, .len = sizeof telegram};
    struct wm_synth *synth = make(10, WM_SAMPLES_CU8, 868.3e6);
    double low_hz = 1e9, high_hz = -1e9;
    struct wm_rng rng;

    memcpy(item.telegram, telegram, sizeof telegram);
    wm_rng_seed(&rng, 2);
    for (unsigned i = 0; i < 1000; i++) {
        struct wm_synth_burst burst;

        wm_traffic_draw(&traffic, synth, 1.6e6, 5000, &rng, &item, &burst);
        ck_assert(burst.start_sample >= 6600 && burst.start_sample <= 8201);
        ck_assert(fabs(burst.offset_hz) <= 30e3 && fabs(burst.clock_ppm) <= 50);
        ck_assert(burst.deviation_hz >= 42.5e3 && burst.deviation_hz <= 57.5e3);
        ck_assert_uint_eq(burst.preamble_pairs, 279);
        ck_assert_uint_eq(burst.tail_chips, 8);
        low_hz = fmin(low_hz, burst.offset_hz);
        high_hz = fmax(high_hz, burst.offset_hz);
    }
    ck_assert(low_hz < -29e3 && high_hz > 29e3);
    wm_synth_destroy(synth);
}
END_TEST

START_TEST(lists_of_telegrams)
{
    static const struct {
        const char *line;
        enum wm_status status;
        const char *part;
    } lines[] = {
        {"T A 0E44645E7856341201077A2A000000", WM_OK, ""},
        {"  c1\tb 0e44645e7856341201077a2a000000 \r\n", WM_OK, ""},
        {"", WM_END, ""},
        {" # a comment", WM_END, ""},
        {"N A 00", WM_MALFORMED, "first"},
        {"transmission A 00", WM_MALFORMED, "first"},
        {"T", WM_MALFORMED, "second"},
        {"T AB 00", WM_MALFORMED, "second"},
        {"T B 0E44645E7856341201077A2A000000", WM_MALFORMED, "format B"},
        {"T A", WM_MALFORMED, "third"},
        {"T A 0E446", WM_MALFORMED, "third"},
        {"T A 0F44645E7856341201077A2A000000", WM_MALFORMED, "L field"},
        {"T A 0E44645E7856341201077A2A000000 00", WM_MALFORMED, "setting"},
        {"T A 0E44645E7856341201077A2A000000 gap-ms=1 offset-khz=-3.5", WM_OK, ""},
        {"T A 0E44645E7856341201077A2A000000 gap-ms=-1", WM_MALFORMED, "range"},
        {"T A 0E44645E7856341201077A2A000000 gap-ms=", WM_MALFORMED, "setting"},
        {"T A 0E44645E7856341201077A2A000000 gap-ms=1ms", WM_MALFORMED, "setting"},
        {"T A 0E44645E7856341201077A2A000000 ec-n0=nan", WM_MALFORMED, "range"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct wm_traffic_item item;
        const char *why = "";

        ck_assert_msg(wm_traffic_line(lines[i].line, &item, &why) == lines[i].status, "%s: %s", lines[i].line, why);
        ck_assert_msg(strstr(why, lines[i].part), "%s: %s", lines[i].line, why);
        if (lines[i].status == WM_OK)
            ck_assert(item.len == sizeof telegram && memcmp(item.telegram, telegram, sizeof telegram) == 0);
    }
}
END_TEST

START_TEST(a_line_may_fix_what_is_drawn)
{
    static const char line[] = "C B 0E44645E7856341201077A2A000000 ec-n0=12 offset-khz=-8 clock-ppm=20 deviation-pct=-10 gap-ms=3";
    const struct wm_traffic traffic = {
        .ec_n0_db = 30, .carrier_hz = 30e3, .clock_ppm = 50, .deviation_pct = 15, .gap_min_s = 9, .gap_max_s = 9};
    struct wm_synth *synth = make(10, WM_SAMPLES_CU8, 868.95e6);
    struct wm_traffic_item item;
    struct wm_synth_burst burst;
    struct wm_rng rng, same;
    const char *why;

    ck_assert_int_eq(wm_traffic_line(line, &item, &why), WM_OK);
    wm_rng_seed(&rng, 3);
    same = rng;
    wm_traffic_draw(&traffic, synth, 1.6e6, 1000, &rng, &item, &burst);
    ck_assert_double_eq(burst.amplitude, wm_synth_amplitude(synth, WM_MODE_C, 12));
    ck_assert_double_eq(burst.offset_hz, -8e3);
    ck_assert_double_eq(burst.clock_ppm, 20);
    ck_assert_double_eq_tol(burst.deviation_hz, 40.5e3, 1e-6);
    ck_assert_double_eq(burst.start_sample, 5800);
    /* the next transmission is drawn as if nothing had been fixed */
    item.own = 0;
    wm_traffic_draw(&traffic, synth, 1.6e6, 1000, &same, &item, &burst);
    ck_assert(burst.start_sample > 14e6 && burst.deviation_hz != 40.5e3);
    ck_assert_uint_eq(wm_rng_next(&rng), wm_rng_next(&same));
    wm_synth_destroy(synth);
}
END_TEST

START_TEST(truth_is_a_json_line)
{
    const struct wm_synth_burst burst = {.mode = WM_MODE_C,
                                         .format = WM_FORMAT_B,
                                         .telegram = {telegram, sizeof telegram},
                                         .offset_hz = -1234.56,
                                         .clock_ppm = 50,
                                         .deviation_hz = 45e3};
    const struct wm_synth_place place = {.data_sample = 12345678901};
    char text[WM_TRUTH_MAX];

    ck_assert_uint_eq(wm_traffic_truth(&burst, &place, text), strlen(text));
    ck_assert_str_eq(text,
                     "{\"telegram\":\"0E44645E7856341201077A2A000000\",\"mode\":\"C\",\"format\":\"B\",\"sample\":12345678901,"
                     "\"offset_hz\":-1234.6,\"clock_ppm\":50.0,\"deviation_hz\":45000.0}");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: synth");
    TCase *tcase = tcase_create("synth");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, bursts_carry_their_frames);
    tcase_add_test(tcase, stream_does_not_depend_on_the_cut);
    tcase_add_test(tcase, what_cannot_be_sent_is_refused);
    tcase_add_test(tcase, level_and_noise_are_as_stated);
    tcase_add_test(tcase, random_telegrams_are_valid_and_spread);
    tcase_add_test(tcase, draws_stay_in_their_ranges);
    tcase_add_test(tcase, lists_of_telegrams);
    tcase_add_test(tcase, a_line_may_fix_what_is_drawn);
    tcase_add_test(tcase, truth_is_a_json_line);
    return suite;
}
