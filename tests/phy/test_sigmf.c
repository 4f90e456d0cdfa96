/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/sigmf.h"
#include "phy/signal.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct wm_span span_of(const char *text)
{
    return (struct wm_span){(const uint8_t *)text, strlen(text)};
}

START_TEST(parse_is_the_twin_of_build)
{
    /* the last two begin at one sample: nothing came between two gaps */
    struct wm_sigmf_capture captures[] = {
        {10, 27, 1795315121000000000}, {1600010, 1601000, 1795315122000000000}, {1600010, 4000000000, 1795315123000000001}};

    for (int format = 0; format < WM_SAMPLES_COUNT; format++) {
        for (int full = 0; full < 2; full++) {
            struct wm_sigmf meta, back;
            const char *why;
            char *text;

            memset(&meta, 0, sizeof meta);
            meta.info.has_format = true;
            meta.info.format = (enum wm_sample_format)format;
            meta.info.start_time_ns = WM_TIME_UNKNOWN;
            if (full) {
                meta.info.sample_rate_hz = 1.6e6;
                meta.info.centre_hz = 868.95e6;
                meta.info.start_time_ns = 1795315120123456789;
                meta.header_bytes = 44;
                meta.trailing_bytes = 3;
                strcpy(meta.dataset, "x.bin");
                strcpy(meta.description, "a \"test\"");
                meta.global_index = 7;
                meta.capture = captures;
                meta.captures = 3;
            }
            ck_assert_int_eq(wm_sigmf_build(&meta, &text), WM_OK);
            ck_assert_int_eq(wm_sigmf_parse(span_of(text), &back, &why), WM_OK);
            free(text);
            ck_assert_int_eq(back.info.format, meta.info.format);
            ck_assert(back.info.has_format && back.info.sample_rate_hz == meta.info.sample_rate_hz);
            ck_assert(back.info.centre_hz == meta.info.centre_hz);
            ck_assert_int_eq(back.info.start_time_ns, meta.info.start_time_ns);
            ck_assert(back.header_bytes == meta.header_bytes && back.trailing_bytes == meta.trailing_bytes);
            ck_assert_str_eq(back.dataset, meta.dataset);
            ck_assert_str_eq(back.description, meta.description);
            ck_assert_uint_eq(back.global_index, meta.global_index);
            ck_assert_uint_eq(back.captures, meta.captures);
            for (size_t i = 0; i < back.captures; i++) {
                ck_assert_uint_eq(back.capture[i].sample_start, captures[i].sample_start);
                ck_assert_uint_eq(back.capture[i].global_index, captures[i].global_index);
                ck_assert_int_eq(back.capture[i].time_ns, captures[i].time_ns);
            }
            wm_sigmf_clear(&back);
        }
    }
}
END_TEST

START_TEST(time_belongs_to_sample_start)
{
    struct wm_sigmf meta;
    const char *why;

    ck_assert_int_eq(wm_sigmf_parse(span_of("{\"global\":{\"core:datatype\":\"ci8\",\"core:sample_rate\":1000000},"
                                            "\"captures\":[{\"core:sample_start\":500000,\"core:frequency\":868950000,"
                                            "\"core:datetime\":\"1970-01-01T00:00:02Z\"}]}"),
                                    &meta, &why),
                     WM_OK);
    ck_assert_int_eq(meta.info.start_time_ns, 1500000000);
    ck_assert_int_eq(meta.info.format, WM_SAMPLES_CS8);
}
END_TEST

/* What a capture does not say follows from the one in front of it. */
START_TEST(captures_are_completed)
{
    struct wm_sigmf meta;
    const char *why;

    ck_assert_int_eq(wm_sigmf_parse(span_of("{\"global\":{\"core:datatype\":\"ci8\",\"core:sample_rate\":1000000},"
                                            "\"captures\":[{\"core:sample_start\":5,\"core:global_index\":1005,"
                                            "\"core:datetime\":\"1970-01-01T00:00:02Z\"},"
                                            "{\"core:sample_start\":100,\"core:global_index\":501005},"
                                            "{\"core:sample_start\":200,\"core:datetime\":\"1970-01-01T00:00:03Z\"},"
                                            "{\"core:sample_start\":300}]}"),
                                    &meta, &why),
                     WM_OK);
    ck_assert_uint_eq(meta.global_index, 1000);
    ck_assert_int_eq(meta.info.start_time_ns, 1999995000);
    ck_assert_uint_eq(meta.captures, 3);
    ck_assert_int_eq(meta.capture[0].time_ns, 2500000000);
    ck_assert_uint_eq(meta.capture[1].global_index, 1001005);
    ck_assert_uint_eq(meta.capture[2].global_index, 1001105);
    ck_assert_int_eq(meta.capture[2].time_ns, 3000100000);
    wm_sigmf_clear(&meta);
    /* numbers that no time can hold */
    ck_assert_int_eq(wm_sigmf_parse(span_of("{\"global\":{\"core:datatype\":\"ci8\",\"core:sample_rate\":1e300},"
                                            "\"captures\":[{\"core:datetime\":\"1970-01-01T00:00:02Z\"},"
                                            "{\"core:datetime\":\"2261-01-01T00:00:03Z\"},"
                                            "{\"core:sample_start\":9223372036854775807}]}"),
                                    &meta, &why),
                     WM_OK);
    wm_sigmf_clear(&meta);
    ck_assert_int_eq(wm_sigmf_time_after(5, UINT64_MAX, 1), WM_TIME_UNKNOWN);
    ck_assert_int_eq(wm_sigmf_time_after(INT64_MAX, 2, 1), WM_TIME_UNKNOWN);
    ck_assert_int_eq(wm_sigmf_time_after(INT64_MAX, 0, 0), INT64_MAX);
}
END_TEST

START_TEST(faults_are_named)
{
    static const struct {
        const char *text;
        enum wm_status status;
        const char *part;
    } bad[] = {
        {"", WM_MALFORMED, "JSON"},
        {"{\"global\":\n{,", WM_MALFORMED, "line 2"},
        {"[]", WM_MALFORMED, "global"},
        {"{\"global\":{}}", WM_MALFORMED, "core:datatype"},
        {"{\"global\":{\"core:datatype\":\"ci16_be\"}}", WM_UNSUPPORTED, "ci16_be"},
        {"{\"global\":{\"core:datatype\":\"cu8\",\"core:sample_rate\":-1}}", WM_MALFORMED, "core:sample_rate"},
        {"{\"global\":{\"core:datatype\":\"cu8\",\"core:sample_rate\":\"fast\"}}", WM_MALFORMED, "core:sample_rate"},
        {"{\"global\":{\"core:datatype\":\"cu8\",\"core:num_channels\":2}}", WM_UNSUPPORTED, "2 channels"},
        {"{\"global\":{\"core:datatype\":\"cu8\",\"core:dataset\":\"../x\"}}", WM_MALFORMED, "core:dataset"},
        {"{\"global\":{\"core:datatype\":\"cu8\"},\"captures\":1}", WM_MALFORMED, "captures"},
        {"{\"global\":{\"core:datatype\":\"cu8\"},\"captures\":[{\"core:datetime\":\"now\"}]}", WM_MALFORMED, "now"},
        {"{\"global\":{\"core:datatype\":\"cu8\"},\"captures\":[{\"core:datetime\":\"2026-11-22T02:38:40+01:00\"}]}", WM_MALFORMED,
         "+01:00"},
        {"{\"global\":{\"core:datatype\":\"cu8\"},\"captures\":[{\"core:datetime\":\"2026-11-22 02:38:40Z\"}]}", WM_MALFORMED,
         "UTC"},
        {"{\"global\":{\"core:datatype\":\"cu8\"},\"captures\":[{\"core:header_bytes\":-1}]}", WM_MALFORMED, "captures[0]"},
        {"{\"global\":{\"core:datatype\":\"cu8\"},\"captures\":[{\"core:frequency\":8e8},{\"core:frequency\":9e8}]}",
         WM_UNSUPPORTED, "captures[1]"},
        {"{\"global\":{\"core:datatype\":\"cu8\"},\"captures\":[{\"core:sample_start\":2},{\"core:sample_start\":1}]}",
         WM_MALFORMED, "captures[1]"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wm_sigmf meta;
        const char *why = "";

        ck_assert_msg(wm_sigmf_parse(span_of(bad[i].text), &meta, &why) == bad[i].status, "%s: %s", bad[i].text, why);
        ck_assert_msg(strstr(why, bad[i].part), "%s: %s", bad[i].text, why);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: sigmf");
    TCase *tcase = tcase_create("sigmf");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, parse_is_the_twin_of_build);
    tcase_add_test(tcase, time_belongs_to_sample_start);
    tcase_add_test(tcase, captures_are_completed);
    tcase_add_test(tcase, faults_are_named);
    return suite;
}
