/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utc.h"
#include "suite.h"

static const struct {
    const char *text;
    int64_t ns;
    const char *back; /* NULL: malformed */
} times[] = {
    {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000Z"},
    {"2024-02-29 23:59:59.123456789Z", 1709251199123456789, "2024-02-29T23:59:59.123456Z"},
    {"2024-05-01T14:00:00.5+02:00", 1714564800500000000, "2024-05-01T12:00:00.500000Z"},
    {"2024-05-01T12:00:00", 0, NULL},
    {"2024-13-01T12:00:00Z", 0, NULL},
    {"2024-05-01T12:00:00Zx", 0, NULL},
    {"2024-05-01T12:00:00+99:00", 0, NULL},
    {"now", 0, NULL},
    {"", 0, NULL},
};

START_TEST(times_both_ways)
{
    int64_t ns = -1;
    char text[WM_UTC_TEXT];

    if (!times[_i].back) {
        ck_assert_int_eq(wm_utc_parse(times[_i].text, &ns), WM_MALFORMED);
        return;
    }
    ck_assert_int_eq(wm_utc_parse(times[_i].text, &ns), WM_OK);
    ck_assert_int_eq(ns, times[_i].ns);
    wm_utc_text(ns, 'T', 6, text);
    ck_assert_str_eq(text, times[_i].back);
}
END_TEST

START_TEST(times_before_1970_round_down)
{
    char text[WM_UTC_TEXT];

    wm_utc_text(-1, ' ', 6, text);
    ck_assert_str_eq(text, "1969-12-31 23:59:59.999999");
    wm_utc_text(INT64_MIN + 1, 'T', 6, text);
    ck_assert_str_eq(text, "1677-09-21T00:12:43.145224Z");
}
END_TEST

START_TEST(with_nine_decimals)
{
    static const struct {
        const char *text;
        int64_t ns;
    } exact[] = {
        {"1970-01-01T00:00:00.000000000Z", 0},
        {"2026-11-22T02:38:40.123456789Z", 1795315120123456789},
        {"2000-02-29T23:59:59.999999999Z", 951868799999999999},
        {"2100-03-01T00:00:00.000000000Z", 4107542400000000000},
        {"2261-12-31T23:59:59.000000000Z", 9214646399000000000},
    };
    static const char *const bad[] = {"",
                                      "2026-11-22",
                                      "2026-11-22T02:38:40",
                                      "2026-02-29T00:00:00Z",
                                      "2100-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-04-31T00:00:00Z",
                                      "2026-11-22T24:00:00Z",
                                      "2026-11-22T02:38:40.Z",
                                      "2026-11-22T02:38:40Zx",
                                      "1969-12-31T23:59:59Z",
                                      "2262-01-01T00:00:00Z",
                                      "2026-11-22_02:38:40Z"};
    char text[WM_UTC_TEXT];
    int64_t ns;

    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        ck_assert_int_eq(wm_utc_parse(exact[i].text, &ns), WM_OK);
        ck_assert_int_eq(ns, exact[i].ns);
        wm_utc_text(ns, 'T', 9, text);
        ck_assert_str_eq(text, exact[i].text);
    }
    ck_assert_int_eq(wm_utc_parse("2026-11-22t02:38:40.5z", &ns), WM_OK);
    ck_assert_int_eq(ns, 1795315120500000000);
    ck_assert_int_eq(wm_utc_parse("2026-11-22T02:38:40.1234567899Z", &ns), WM_OK);
    ck_assert_int_eq(ns, 1795315120123456789);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(wm_utc_parse(bad[i], &ns) == WM_MALFORMED, "%s", bad[i]);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("base: UTC");
    TCase *tcase = tcase_create("all");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, times_both_ways, 0, sizeof times / sizeof times[0]);
    tcase_add_test(tcase, times_before_1970_round_down);
    tcase_add_test(tcase, with_nine_decimals);
    return suite;
}
