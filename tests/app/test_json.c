/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/json.h"
#include "suite.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static char memory[4096];

static const char *written(const struct wm_sink *sink)
{
    ck_assert_int_eq(sink->error, 0);
    ck_assert_uint_lt(sink->len, sizeof memory);
    memory[sink->len] = '\0';
    return memory;
}

START_TEST(commas_and_nesting)
{
    struct wm_sink sink = wm_sink_memory(memory, sizeof memory);
    struct wm_json json = wm_json_of(&sink);

    wm_json_open(&json, '{');
    wm_json_key(&json, "a");
    wm_json_open(&json, '[');
    wm_json_close(&json, ']');
    wm_json_key(&json, "b");
    wm_json_open(&json, '[');
    wm_json_int(&json, -1);
    wm_json_uint(&json, UINT64_MAX);
    wm_json_int(&json, INT64_MIN);
    wm_json_bool(&json, true);
    wm_json_null(&json);
    wm_json_open(&json, '{');
    wm_json_close(&json, '}');
    wm_json_close(&json, ']');
    wm_json_key(&json, "c");
    wm_json_hex(&json, (struct wm_span){(const uint8_t *)"\x01\xAB", 2});
    wm_json_close(&json, '}');
    ck_assert_str_eq(written(&sink), "{\"a\":[],\"b\":[-1,18446744073709551615,-9223372036854775808,true,null,{}],\"c\":\"01AB\"}");
}
END_TEST

static const struct {
    const char *text;
    size_t len;
    const char *json;
} strings[] = {
    {"plain", 5, "\"plain\""},
    {"m\xC2\xB3/h", 5, "\"m\xC2\xB3/h\""},
    {"\"\\/", 3, "\"\\\"\\\\/\""},
    {"\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\""},
    {"\x00\x01\x1F\x7F", 4, "\"\\u0000\\u0001\\u001F\\u007F\""},
    {"\xE2\x82\xAC\xF0\x9F\x98\x80", 7, "\"\xE2\x82\xAC\xF0\x9F\x98\x80\""},
    /* what is not UTF-8: lone byte, over-long form, surrogate, cut off, above U+10FFFF */
    {"a\xFF"
     "b",
     3,
     "\"a\xEF\xBF\xBD"
     "b\""},
    {"\xC0\x80", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xF4\x90\x80\x80", 4, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
};

START_TEST(strings_are_escaped)
{
    struct wm_sink sink = wm_sink_memory(memory, sizeof memory);
    struct wm_json json = wm_json_of(&sink);

    wm_json_string_n(&json, strings[_i].text, strings[_i].len);
    ck_assert_str_eq(written(&sink), strings[_i].json);
}
END_TEST

START_TEST(every_byte_pair_parses_back)
{
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char text[2] = {(char)(pair >> 8), (char)pair};
        struct wm_sink sink = wm_sink_memory(memory, sizeof memory);
        struct wm_json json = wm_json_of(&sink);
        json_t *back;

        wm_json_string_n(&json, text, 2);
        back = json_loadb(memory, sink.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        ck_assert_msg(back, "pair %04X", pair);
        if (pair >> 8 < 0x80 && (pair & 0xFF) < 0x80) {
            ck_assert_uint_eq(json_string_length(back), 2);
            ck_assert_mem_eq(json_string_value(back), text, 2);
        }
        json_decref(back);
    }
}
END_TEST

START_TEST(numbers_keep_their_digits)
{
    struct wm_sink sink = wm_sink_memory(memory, sizeof memory);
    struct wm_json json = wm_json_of(&sink);

    wm_json_open(&json, '[');
    wm_json_number_text(&json, "1.50");
    wm_json_number_text(&json, "-0.000");
    wm_json_number_text(&json, "12345678901234567890.1");
    wm_json_number_text(&json, "1e-7");
    wm_json_number_text(&json, "nan");
    wm_json_number_text(&json, "007");
    wm_json_fixed(&json, -12.345, 1);
    wm_json_fixed(&json, NAN, 1);
    wm_json_fixed(&json, -INFINITY, 1);
    wm_json_fixed(&json, 1e300, 9);
    sink.len -= 300;
    ck_assert_str_eq(strtok((char *)(uintptr_t)written(&sink), "!"),
                     "[1.50,-0.000,12345678901234567890.1,1e-7,\"nan\",\"007\",-12.3,null,null,10000000000");
}
END_TEST

static const char *const no_numbers[] = {"", "-", "+1", ".5", "1.", "01", "1e", "1e+", "0x1", "1 ", "Infinity", "--1", "1.2.3"};
static const char *const numbers[] = {"0", "-0", "10", "0.5", "1e5", "1E-05", "-12.75e+3"};

START_TEST(number_grammar)
{
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++)
        ck_assert_msg(!wm_json_is_number(no_numbers[i]), "%s", no_numbers[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        ck_assert_msg(wm_json_is_number(numbers[i]), "%s", numbers[i]);
}
END_TEST

START_TEST(a_full_sink_fails_and_stays_inside)
{
    char small[8] = "~~~~~~~";
    struct wm_sink sink = wm_sink_memory(small, 4);

    wm_sink_text(&sink, "abcdefgh");
    wm_sink_char(&sink, 'i');
    ck_assert_int_ne(sink.error, 0);
    ck_assert_str_eq(small, "abcd~~~");
    ck_assert_int_eq(wm_sink_flush(&sink), WM_IO);
}
END_TEST

START_TEST(a_full_disk_is_reported)
{
    struct wm_sink sink;

    ck_assert_int_eq(wm_sink_open("/dev/full", &sink), WM_OK);
    wm_sink_text(&sink, "x");
    ck_assert_int_eq(wm_sink_close(&sink), WM_IO);
    ck_assert_int_eq(wm_sink_open("/no/such/directory/file", &sink), WM_IO);
}
END_TEST

START_TEST(a_sink_writes_more_than_its_buffer)
{
    char path[] = "/tmp/wmsdr_sink_XXXXXX";
    struct wm_sink sink;
    FILE *file;
    char line[32];
    unsigned count = 0;

    ck_assert_int_ge(mkstemp(path), 0);
    ck_assert_int_eq(wm_sink_open(path, &sink), WM_OK);
    for (unsigned i = 0; i < 20000; i++)
        wm_sink_printf(&sink, "line %u\n", i);
    ck_assert_int_eq(wm_sink_close(&sink), WM_OK);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file)) {
        char expected[32];

        snprintf(expected, sizeof expected, "line %u\n", count++);
        ck_assert_str_eq(line, expected);
    }
    ck_assert_uint_eq(count, 20000);
    fclose(file);
    remove(path);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: JSON writer and sink");
    TCase *tcase = tcase_create("json");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, commas_and_nesting);
    tcase_add_loop_test(tcase, strings_are_escaped, 0, sizeof strings / sizeof strings[0]);
    tcase_add_test(tcase, every_byte_pair_parses_back);
    tcase_add_test(tcase, numbers_keep_their_digits);
    tcase_add_test(tcase, number_grammar);
    tcase_add_test(tcase, a_full_sink_fails_and_stays_inside);
    tcase_add_test(tcase, a_full_disk_is_reported);
    tcase_add_test(tcase, a_sink_writes_more_than_its_buffer);
    return suite;
}
