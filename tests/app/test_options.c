/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/options.h"
#include "suite.h"

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

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: options");
    TCase *tcase = tcase_create("options");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, options_are_read, 0, sizeof lines / sizeof lines[0]);
    tcase_add_test(tcase, help_lists_the_table);
    return suite;
}
