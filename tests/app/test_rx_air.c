/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the air to JSON: `wmsdr synth` sends, `wmsdr rx` receives, and each telegram comes out once, right, in order, and with what
 * was true of its transmission. */

static struct cli cli;

/* All modes and formats, with the errors that transmitters have. Content is the other layers' business. */
static const char telegrams[] = "# mode format telegram settings\n"
                                "T A 1444645E4455223368077A55000000046D1D2C9C2B offset-khz=25 clock-ppm=40000 gap-ms=12\n"
                                "S A 1444645E4455223368077A56000000041389E20100 offset-khz=-12 gap-ms=5\n"
                                "C A 1444645E4455223368077A57000000041389E20100 deviation-pct=15 gap-ms=4\n"
                                "C B 1444645E4455223368077A58000000041389E20101 offset-khz=-20 gap-ms=3\n"
                                "T A 0E44645E4455223368077A59000000 clock-ppm=-90000 gap-ms=0\n"
                                "S A 1444645E4455223368077A5A000000041389E20102 clock-ppm=-9000 deviation-pct=20 gap-ms=2\n"
                                "C A 0A44645E445522336807A0 gap-ms=0.5\n"
                                "T A 1444645E4455223368077A5B000000041389E20103 ec-n0=30 gap-ms=8\n";

#define COUNT 8

static void start(void)
{
    cli_open(&cli);
    cli_file(&cli, "list", telegrams, sizeof telegrams - 1);
}

static void stop(void)
{
    cli_close(&cli);
}

static const struct {
    const char *synth, *rx;
    double rate_hz;
} runs[] = {
    {"--type cu8 -s 1.6M -f 868.625M", "--format cu8 -s 1.6M -f 868.625M", 1.6e6},
    {"--type cs8 -s 2.4M -f 868.7M", "--format cs8 -s 2.4M -f 868.7M", 2.4e6},
    {"--type cs16 -s 1.2M -f 868.625M", "--format cs16 -s 1.2M -f 868.625M", 1.2e6},
    {"--type cf32 -s 3.2M -f 869M", "--format cf32 -s 3.2M -f 869M", 3.2e6},
    {"--type cu8 -s 2.048M -f 868.5M --noise-lsb 3 --iq-error 0.3,2 --dc-lsb 1,-2", "--format cu8 -s 2.048M -f 868.5M", 2.048e6},
    {"--type cu8 -s 1.6M -f 868.625M --bt 0.5", "--format cu8 -s 1.6M -f 868.625M --kernels scalar", 1.6e6},
};

static double number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    ck_assert_msg(json_is_number(value), "no number %s", name);
    return json_number_value(value);
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    ck_assert_msg(value, "no text %s", name);
    return value;
}

/* Lines of JSON objects into an array; order as it comes. */
static size_t objects(char *lines, json_t *out[], size_t cap)
{
    char *save = NULL;
    size_t n = 0;

    for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        ck_assert_uint_lt(n, cap);
        out[n] = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_msg(out[n], "no JSON: %s", line);
        n++;
    }
    return n;
}

START_TEST(what_was_sent_comes_out)
{
    json_t *sent[COUNT + 1], *heard[COUNT + 2];
    char command[512];
    bool taken[COUNT] = {false};

    snprintf(command, sizeof command, "$W synth -t list --ec-n0 17 --truth truth -o air %s && cat truth", runs[_i].synth);
    cli_run(&cli, command);
    ck_assert_msg(cli.exit_code == 0, "%s: %s", command, cli.err);
    ck_assert_uint_eq(objects(cli.out, sent, COUNT + 1), COUNT);
    snprintf(command, sizeof command, "$W rx -F json -r - %s <air", runs[_i].rx); /* a pipe's blocks */
    cli_run(&cli, command);
    ck_assert_msg(cli.exit_code == 0, "%s: %s", command, cli.err);
    size_t count = objects(cli.out, heard, COUNT + 2);
    ck_assert_msg(count == COUNT, "%s: %zu telegrams\n%s", command, count, cli.err);
    for (size_t h = 0; h < count; h++) {
        size_t s = 0;
        for (; s < COUNT; s++)
            if (!taken[s] && strcmp(text(heard[h], "telegram"), text(sent[s], "telegram")) == 0)
                break;
        ck_assert_msg(s < COUNT, "%s was not sent", text(heard[h], "telegram"));
        taken[s] = true;
        ck_assert_str_eq(text(heard[h], "mode"), text(sent[s], "mode"));
        ck_assert_str_eq(text(heard[h], "format"), text(sent[s], "format"));
        ck_assert_str_eq(text(heard[h], "grade"), "clean");
        ck_assert_str_eq(text(heard[h], "manufacturer"), "WSD");
        ck_assert_str_eq(text(heard[h], "id"), "33225544");
        ck_assert_double_eq_tol(number(heard[h], "sample"), number(sent[s], "sample"),
                                2 + runs[_i].rate_hz * (*text(heard[h], "mode") == 'S' ? 7e-6 : 2e-6));
        ck_assert_double_eq_tol(number(heard[h], "offset_hz"), number(sent[s], "offset_hz"), 2500);
        ck_assert_double_gt(number(heard[h], "snr_db"), 11);
        ck_assert_double_eq(number(heard[h], "channel_hz"), *text(heard[h], "mode") == 'S' ? 868.3e6 : 868.95e6);
        json_decref(heard[h]);
    }
    for (size_t s = 0; s < COUNT; s++)
        json_decref(sent[s]);
}
END_TEST

/* Only the modes asked for, and nothing at all in noise. */
START_TEST(modes_and_noise)
{
    cli_run(&cli, "$W synth -t list -s 1.6M -f 868.625M -o air.cu8 && $W rx -q -F hex -r air.cu8 -s 1.6M -f 868.625M -m S | wc -l");
    ck_assert_str_eq(cli.out, "2\n");
    cli_run(&cli, "$W synth -n 0 --duration 1 -s 1.6M -f 868.625M -o noise.cu8 && $W rx -r noise.cu8 -s 1.6M -f 868.625M");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_str_eq(cli.out, "");
    ck_assert_ptr_nonnull(strstr(cli.err, "0 telegrams"));
}
END_TEST

/* Many frames that are weak and random: nothing comes out that was not sent. */
START_TEST(nothing_is_invented)
{
    json_t *sent[40], *heard[40];
    unsigned read = 0;

    cli_run(&cli, "$W synth -n 40 -m C --ec-n0 6.5 --seed 7 --truth truth -o air.cu8; cat truth");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    ck_assert_uint_eq(objects(cli.out, sent, 40), 40);
    cli_run(&cli, "$W rx -F json -q -r air.cu8 -s 1.6M -f 868.95M");
    ck_assert_int_eq(cli.exit_code, 0);
    size_t count = objects(cli.out, heard, 40);
    for (size_t h = 0; h < count; h++) {
        for (size_t s = 0; s < 40; s++)
            read += strcmp(text(heard[h], "telegram"), text(sent[s], "telegram")) == 0;
        json_decref(heard[h]);
    }
    for (size_t s = 0; s < 40; s++)
        json_decref(sent[s]);
    ck_assert_msg(read == count && count >= 15, "%zu heard, %u of them were sent", count, read);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: from the air to JSON");
    TCase *tcase = tcase_create("air");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, what_was_sent_comes_out, 0, sizeof runs / sizeof *runs);
    tcase_add_test(tcase, modes_and_noise);
    tcase_add_test(tcase, nothing_is_invented);
    return suite;
}
