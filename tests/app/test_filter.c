/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pipeline/copies.h"
#include "app/pipeline/pipeline.h"
#include "sample_reading.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* What goes on to the outputs: filters, counts, copies. */

static struct sample sample;
static struct wm_copies *copies;

static void start(void)
{
    sample_open(&sample);
    ck_assert_int_eq(wm_copies_create(&copies), WM_OK);
}

static void stop(void)
{
    wm_copies_destroy(copies);
    sample_close(&sample);
}

static const struct {
    const char *rules[3];
    bool passes; /* a clean, plain water meter SON 00001234 in mode T */
} rules[] = {
    {{"id=00001234"}, true},
    {{"id=00001235"}, false},
    {{"id=00001235,00001234"}, true},
    {{"id=0000*"}, true},
    {{"id=0000123*"}, true},
    {{"id!=00001234"}, false},
    {{"manufacturer=son"}, true},
    {{"manufacturer=KAM,S*"}, true},
    {{"type=water"}, true},
    {{"type=7"}, true},
    {{"type=gas,8"}, false},
    {{"type=*water"}, true},
    {{"mode=T"}, true},
    {{"mode=c1"}, false},
    {{"verdict=plain"}, true},
    {{"verdict=decrypted*"}, false},
    {{"type=water", "mode=T", "id=00001234"}, true},
    {{"type=water", "mode=S", "id=00001234"}, false},
};

START_TEST(filters)
{
    struct wm_filter filter = {0};
    char why[WM_FILTER_WHY];

    for (size_t i = 0; i < 3 && rules[_i].rules[i]; i++)
        ck_assert_msg(wm_filter_add(&filter, rules[_i].rules[i], why) == WM_OK, "%s", why);
    ck_assert_msg(wm_filter_passes(&filter, sample_number(&sample, 1234)) == rules[_i].passes, "%s", rules[_i].rules[0]);
}
END_TEST

static const char *const faults[] = {"id=1234",  "id=",         "id=1234567G", "manufacturer=KAMS", "type=watter",
                                     "type=256", "mode=X",      "verdict=yes", "colour=red",        "id",
                                     "",         "id=12345678,"};

START_TEST(filter_faults)
{
    struct wm_filter filter = {0};
    char why[WM_FILTER_WHY] = "";
    bool trailing = strcmp(faults[_i], "id=12345678,") == 0; /* an empty end is no pattern, and does no harm */

    ck_assert_int_eq(wm_filter_add(&filter, faults[_i], why) == WM_OK, trailing);
    ck_assert(trailing || *why);
}
END_TEST

START_TEST(durations)
{
    double s;

    ck_assert(wm_duration_parse("90", &s) == WM_OK && s > 89.9 && s < 90.1);
    ck_assert(wm_duration_parse("15m", &s) == WM_OK && s > 899 && s < 901);
    ck_assert(wm_duration_parse("1.5h", &s) == WM_OK && s > 5399 && s < 5401);
    ck_assert(wm_duration_parse("1d", &s) == WM_OK && s > 86399 && s < 86401);
    ck_assert_int_eq(wm_duration_parse("", &s), WM_INVALID);
    ck_assert_int_eq(wm_duration_parse("-5s", &s), WM_INVALID);
    ck_assert_int_eq(wm_duration_parse("5 parsecs", &s), WM_INVALID);
    ck_assert_int_eq(wm_duration_parse("0", &s), WM_INVALID);
}
END_TEST

static bool seen(const char *hex, double time_s)
{
    uint8_t bytes[256];
    size_t len;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes, sizeof bytes, &len, NULL), WM_OK);
    return wm_copies_seen(copies, (struct wm_span){bytes, len}, time_s);
}

#define DLL                                                                                                                        \
    "44EE4D11000000"                                                                                                               \
    "3C07"
#define TPL_A                                                                                                                      \
    "7A8F000000"                                                                                                                   \
    "0C1301000000"

START_TEST(one_transmission_on_two_channels)
{
    ck_assert(!seen("14" DLL TPL_A, 100.0));
    ck_assert(seen("14" DLL TPL_A, 100.02));
    ck_assert(seen("14" DLL TPL_A, 99.9));   /* another radio's clock */
    ck_assert(!seen("14" DLL TPL_A, 108.0)); /* a true repeat */
    ck_assert(seen("14" DLL TPL_A, 108.1));
    ck_assert(!seen("1444EE4D110000003C077A8F0000000C1302000000", 108.1)); /* another value */
}
END_TEST

START_TEST(a_repeaters_copy)
{
    /* hop counter bits of the configuration field, mode 0 */
    ck_assert(!seen("1444EE4D110000003C077A8F0000000C1301000000", 10));
    ck_assert(seen("1444EE4D110000003C077A8F0001000C1301000000", 13));
    ck_assert(!seen("1444EE4D110000003C077A8F0001000C1301000000", 100)); /* much later: news */
    /* hop bit of the extended link layer; the first to be heard is the repeater's */
    ck_assert(!seen("1744EE4D110000003C078C308F7A8F0000000C1301000000", 200));
    ck_assert(seen("1744EE4D110000003C078C208F7A8F0000000C1301000000", 201));
    /* other bits of CC are no hop bits */
    ck_assert(!seen("1744EE4D110000003C078C218F7A8F0000000C1301000000", 201));
    /* the same bits in mode 7 mean something else */
    ck_assert(!seen("1444EE4D110000003C077A8F0000070C1301000000", 300));
    ck_assert(!seen("1444EE4D110000003C077A8F0001070C1301000000", 301));
    /* cut off inside what is looked at */
    ck_assert(!seen("0B44EE4D110000003C078C30", 400));
    ck_assert(!seen("0A44EE4D110000003C078D", 400));
}
END_TEST

static struct wm_pipeline *pipeline_with(struct wm_outputs **outputs, const struct wm_filter *filter)
{
    struct wm_pipeline *pipeline;

    ck_assert_int_eq(wm_outputs_create(outputs), WM_OK);
    ck_assert_int_eq(wm_pipeline_create(NULL, *outputs, &pipeline), WM_OK);
    ck_assert_int_eq(wm_pipeline_filter(pipeline, filter, 0), WM_OK);
    return pipeline;
}

START_TEST(once_and_count)
{
    struct wm_filter filter = {.once = true};
    struct wm_outputs *outputs;
    struct wm_pipeline *pipeline;
    char why[WM_FILTER_WHY], text[256];

    ck_assert_int_eq(wm_filter_add(&filter, "id=00000001,00000003", why), WM_OK);
    pipeline = pipeline_with(&outputs, &filter);
    for (unsigned n = 0; n < 3; n++)
        ck_assert_int_eq(wm_pipeline_push(pipeline, sample_number(&sample, n)->frame, NULL), WM_OK);
    ck_assert(!wm_pipeline_satisfied(pipeline));
    ck_assert_int_eq(wm_pipeline_push(pipeline, sample_number(&sample, 3)->frame, NULL), WM_OK);
    ck_assert(wm_pipeline_satisfied(pipeline));
    ck_assert_uint_eq(wm_pipeline_stats(pipeline)->filtered, 2);
    wm_pipeline_destroy(pipeline);
    wm_outputs_destroy(outputs);

    filter = (struct wm_filter){.most = 2};
    pipeline = pipeline_with(&outputs, &filter);
    for (unsigned n = 0; n < 4; n++) {
        ck_assert_int_eq(wm_pipeline_satisfied(pipeline), n >= 2);
        ck_assert_int_eq(wm_pipeline_push(pipeline, sample_number(&sample, n)->frame, NULL), WM_OK);
        ck_assert_int_eq(wm_pipeline_push(pipeline, sample_number(&sample, n)->frame, NULL), WM_OK); /* a copy counts for nothing */
    }
    wm_pipeline_summary(pipeline, text, sizeof text);
    ck_assert_str_eq(text, "4 telegrams: 4 plain; 4 copies of repeaters or other channels left out; 2 not asked for");
    wm_pipeline_destroy(pipeline);
    wm_outputs_destroy(outputs);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: filter");
    TCase *tcase = tcase_create("filter");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, filters, 0, sizeof rules / sizeof rules[0]);
    tcase_add_loop_test(tcase, filter_faults, 0, sizeof faults / sizeof faults[0]);
    tcase_add_test(tcase, durations);
    tcase_add_test(tcase, one_transmission_on_two_channels);
    tcase_add_test(tcase, a_repeaters_copy);
    tcase_add_test(tcase, once_and_count);
    return suite;
}
