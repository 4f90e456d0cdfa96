/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/options.h"
#include "app/time_text.h"
#include "suite.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { READ, OUTPUT, QUIET };

static const struct wm_option options[] = {
    [READ] = {'r', "read", "FILE", "a file"},
    [OUTPUT] = {'F', "output", "FORMAT", "first line\nsecond line"},
    [QUIET] = {'q', "quiet", NULL, "no words"},
};
static const struct wm_command command = {"try", "a command", "[X]", options, 3, "Notes.\n", NULL, NULL};

/* Options as text: "r=a q +operand", and what stopped it. */
static void read_all(int argc, const char *const *words, char out[256])
{
    char *argv[16];
    struct wm_option_reader reader = {.command = &command, .argc = argc, .argv = argv};
    char *value;
    int option;

    for (int i = 0; i < argc; i++)
        argv[i] = strdup(words[i]);
    out[0] = '\0';
    while ((option = wm_option_next(&reader, &value)) >= 0 || option == WM_OPTION_OPERAND) {
        if (option == WM_OPTION_OPERAND)
            snprintf(out + strlen(out), 256 - strlen(out), "+%s ", value);
        else
            snprintf(out + strlen(out), 256 - strlen(out), "%s=%s ", options[option].name, value ? value : "");
    }
    if (option == WM_OPTION_BAD)
        snprintf(out + strlen(out), 256 - strlen(out), "bad: %s", reader.why);
    else if (option == WM_OPTION_HELP)
        strcat(out, "help");
    for (int i = 0; i < argc; i++)
        free(argv[i]);
}

static const struct {
    const char *words[8];
    const char *result;
} lines[] = {
    {{"try"}, ""},
    {{"try", "-r", "a", "-q"}, "read=a quiet= "},
    {{"try", "-ra", "--read=b", "--read", "c"}, "read=a read=b read=c "},
    {{"try", "--read=", "x"}, "read= +x "},
    {{"try", "-r", "-", "-"}, "read=- +- "},
    {{"try", "-q", "--", "-q", "--"}, "quiet= +-q +-- "},
    {{"try", "x", "-F", "json:a=b"}, "+x output=json:a=b "},
    {{"try", "-q", "--help"}, "quiet= help"},
    {{"try", "-h"}, "help"},
    {{"try", "-r"}, "bad: -r needs a value"},
    {{"try", "--output"}, "bad: --output needs a value"},
    {{"try", "--quiet=1"}, "bad: --quiet takes no value"},
    {{"try", "-q1"}, "bad: -q takes no value"},
    {{"try", "-z"}, "bad: -z is no option of this command"},
    {{"try", "--rea=secret"}, "bad: --rea is no option of this command"},
};

START_TEST(options_are_read)
{
    char out[256];
    int argc = 0;

    while (argc < 8 && lines[_i].words[argc])
        argc++;
    read_all(argc, lines[_i].words, out);
    ck_assert_str_eq(out, lines[_i].result);
}
END_TEST

START_TEST(help_lists_the_table)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);

    wm_command_help(&command, memory);
    fclose(memory);
    ck_assert_ptr_nonnull(strstr(text, "Usage: wmsdr try [OPTION...] [X]\n"));
    ck_assert_ptr_nonnull(strstr(text, "  -r, --read FILE              a file\n"));
    ck_assert_ptr_nonnull(strstr(text, "                               second line\n"));
    ck_assert_ptr_nonnull(strstr(text, "Notes.\n\nExit status: 0"));
    free(text);
}
END_TEST

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
    char text[WM_TIME_TEXT];

    if (!times[_i].back) {
        ck_assert_int_eq(wm_time_parse(times[_i].text, &ns), WM_MALFORMED);
        return;
    }
    ck_assert_int_eq(wm_time_parse(times[_i].text, &ns), WM_OK);
    ck_assert_int_eq(ns, times[_i].ns);
    wm_time_text(ns, 'T', text);
    ck_assert_str_eq(text, times[_i].back);
}
END_TEST

START_TEST(times_before_1970_round_down)
{
    char text[WM_TIME_TEXT];

    wm_time_text(-1, ' ', text);
    ck_assert_str_eq(text, "1969-12-31 23:59:59.999999");
    wm_time_text(INT64_MIN + 1, 'T', text);
    ck_assert_str_eq(text, "1677-09-21T00:12:43.145224Z");
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: options and times");
    TCase *tcase = tcase_create("options");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, options_are_read, 0, sizeof lines / sizeof lines[0]);
    tcase_add_test(tcase, help_lists_the_table);
    tcase_add_loop_test(tcase, times_both_ways, 0, sizeof times / sizeof times[0]);
    tcase_add_test(tcase, times_before_1970_round_down);
    return suite;
}
