/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/hints.h"
#include "suite.h"

START_TEST(frequencies_as_people_write_them)
{
    static const struct {
        const char *text;
        double hz;
    } good[] = {
        {"1.6M", 1.6e6},       {"1600k", 1.6e6},          {"1M6", 1.6e6},
        {"868.95M", 868.95e6}, {"868950000", 868.95e6},   {"868.950MHz", 868.95e6},
        {"250kHz", 250e3},     {"868950000Hz", 868.95e6}, {"0", 0},
        {"1.6", 1.6},          {"2.4G", 2.4e9},           {"868M625", 868.625e6},
        {"32.768k", 32768},    {"1600K", 1.6e6},          {"1m6", 1.6e6},
        {"868.3m", 868.3e6},
    };
    static const char *const bad[] = {"",     "M",   ".5M",  "1.M",  "1.6e",  "-1M", "+1",
                                      " 1M",  "1M ", "1,6M", "1M6k", "1.6M5", "1e6", "12345678901234567890",
                                      "0x10", "nan", "M6"};
    double hz;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(wm_frequency_parse(good[i].text, &hz) == WM_OK, "%s", good[i].text);
        ck_assert_msg(hz == good[i].hz, "%s: %.17g", good[i].text, hz);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(wm_frequency_parse(bad[i], &hz) == WM_MALFORMED, "%s", bad[i]);
}
END_TEST

START_TEST(names_of_recordings)
{
    static const struct {
        const char *path;
        double rate, centre;
        bool has_format;
        enum wm_sample_format format;
    } names[] = {
        {"rtlsdr_868.950M_1M6_samples2.cu8", 1.6e6, 868.95e6, true, WM_SAMPLES_CU8},
        {"/tmp/a_433M_b/g001_868.95M_1600k.cu8", 1.6e6, 868.95e6, true, WM_SAMPLES_CU8}, /* a folder says nothing */
        {"x-868.3MHz-2.4M.CS16", 2.4e6, 868.3e6, true, WM_SAMPLES_CS16},
        {"868.95M.cf32", 0, 868.95e6, true, WM_SAMPLES_CF32},
        {"meter_868.95M_1600k", 1.6e6, 868950000, false, WM_SAMPLES_CU8},
        {"20260131_120000.cs8", 0, 0, true, WM_SAMPLES_CS8},              /* a date is no rate */
        {"868950000_1600000.bin", 0, 0, false, WM_SAMPLES_CU8},           /* no units: not guessed */
        {"a_1.6M_b_2.4M_868.95M.cu8", 0, 868.95e6, true, WM_SAMPLES_CU8}, /* two rates: neither */
        {"1k_99M.cu8", 0, 0, true, WM_SAMPLES_CU8},
        {"", 0, 0, false, WM_SAMPLES_CU8},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct wm_source_info info = {0};

        wm_source_hints(names[i].path, &info);
        ck_assert_msg(info.sample_rate_hz == names[i].rate, "%s: rate %f", names[i].path, info.sample_rate_hz);
        ck_assert_msg(info.centre_hz == names[i].centre, "%s: centre %f", names[i].path, info.centre_hz);
        ck_assert_msg(info.has_format == names[i].has_format, "%s", names[i].path);
        if (names[i].has_format)
            ck_assert_int_eq(info.format, names[i].format);
    }
}
END_TEST

START_TEST(what_is_known_stays)
{
    struct wm_source_info info = {.has_format = true, .format = WM_SAMPLES_CS8, .sample_rate_hz = 1, .centre_hz = 2};

    wm_source_hints("868.95M_1600k.cu8", &info);
    ck_assert_int_eq(info.format, WM_SAMPLES_CS8);
    ck_assert(info.sample_rate_hz == 1 && info.centre_hz == 2);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: hints");
    TCase *tcase = tcase_create("hints");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, frequencies_as_people_write_them);
    tcase_add_test(tcase, names_of_recordings);
    tcase_add_test(tcase, what_is_known_stays);
    return suite;
}
