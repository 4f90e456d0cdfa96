/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* `wmsdr decode` from end to end. OMS Vol. 2 Annex N.2.1: its telegram, key and plain text. */
#define TELEGRAM "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3"
#define KEY      "0102030405060708090A0B0C0D0E0F11"
#define PLAIN    "2E4493157856341233037A2A0020252F2F0C1427048502046D32371F1502FD1700002F2F2F2F2F2F2F2F2F2F2F2F2F"

static struct cli cli;

static void start(void)
{
    cli_open(&cli);
}

static void stop(void)
{
    cli_close(&cli);
}

static const char *member(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static const char *const key_ways[] = {
    "$W decode -q -F json " TELEGRAM " --key " KEY,
    "$W decode -q -F json " TELEGRAM " --key=12345678=" KEY,
    "echo '12345678 = " KEY " # a comment' >k; chmod 600 k; echo " TELEGRAM " | $W decode -q -F json --keys k",
    "echo '{\"telegram\":\"" TELEGRAM "\",\"key\":\"" KEY "\"}' | $W decode -q -F json",
};

START_TEST(a_key_opens_the_telegram)
{
    json_t *object;

    cli_run(&cli, key_ways[_i]);
    ck_assert_msg(cli.exit_code == 0, "%d: %s", cli.exit_code, cli.err);
    object = json_loads(cli.out, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(object);
    ck_assert_str_eq(member(object, "verdict"), "decrypted");
    ck_assert_str_eq(member(object, "telegram"), TELEGRAM);
    ck_assert_str_eq(member(object, "plain"), PLAIN);
    ck_assert_ptr_nonnull(strstr(cli.out, "\"quantity\":\"volume\",\"unit\":\"m³\",\"kind\":\"decimal\",\"value\":28504.27,"));
    ck_assert_ptr_null(strcasestr(cli.out, KEY));
    ck_assert_ptr_null(strcasestr(cli.err, KEY));
    json_decref(object);
}
END_TEST

START_TEST(a_wrong_key_gives_no_reading)
{
    cli_run(&cli, "$W decode -q -F json " TELEGRAM " --key 00112233445566778899AABBCCDDEEFF");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(cli.out, "\"verdict\":\"wrong-key\",\"readable\":false,\"records\":[]}"));
    ck_assert_ptr_null(strstr(cli.out, "\"plain\""));
}
END_TEST

/* EN 13757-3:2018, G.5.2: a full frame teaches the format, which a compact frame in another run needs. */
#define FULL_FRAME "16442D2C785634120104780202D20402152E16022A3423"
#define COMPACT_FRAME                                                                                                              \
    "14442D2C7856341201047931"                                                                                                     \
    "3B42A6D2042E163423"

START_TEST(formats_outlive_the_run)
{
    cli_run(&cli, "$W decode -q -F json --formats f " COMPACT_FRAME);
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(cli.out, "\"compact\":{\"state\":\"unknown format\",\"signature\":\"3B31\",\"crc\":\"A642\"}"));
    cli_run(&cli, "$W decode -q -F json --formats f " FULL_FRAME " && cat f");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(cli.out, "\n02020215022A\n"));
    cli_run(&cli, "$W decode -q -F json --formats f " COMPACT_FRAME);
    ck_assert_ptr_nonnull(strstr(cli.out, "\"state\":\"expanded\""));
    ck_assert_ptr_nonnull(strstr(cli.out, "\"summary\":{\"total_kwh\":0.1234,\"total_m3\":567.8,\"power_kw\":0.9012}"));
    cli_run(&cli, "echo 'no format' >g; $W decode -q -F json --formats g " COMPACT_FRAME);
    ck_assert_int_eq(cli.exit_code, 1);
    ck_assert_ptr_nonnull(strstr(cli.err, "g: line 1 is no format"));
}
END_TEST

/* The key on the command line is gone from the process's visible arguments once it is read. */
/* What is written of a record header is kept and used again; of type M the value decides the unit, whichever came first. */
#define DURATION "164493157856341233037A2A0000000D6D05103C000000"
#define MOMENT   "164493157856341233037A2A0000000D6D058000000050"
START_TEST(telegrams_before_change_nothing)
{
    cli_run(&cli, "for t in " DURATION " " MOMENT " " TELEGRAM "; do $W decode -q -F json $t --key 12345678=" KEY
                  " | grep -o '\"telegram.*'; done >alone;"
                  "$W decode -q -F json " DURATION " " MOMENT " " TELEGRAM " " MOMENT " " DURATION " --key 12345678=" KEY
                  " | grep -o '\"telegram.*' >together; head -n 3 together | cmp - alone && sort -u together | wc -l; grep -c "
                  "seconds together");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_str_eq(cli.out, "3\n2\n");
}
END_TEST

START_TEST(the_key_is_wiped_from_the_command_line)
{
    cli_run(&cli,
            "mkfifo p; $W decode --key " KEY " <p >o 2>&1 & pid=$!; exec 9>p; echo " TELEGRAM " >&9; "
            "for i in 1 2 3 4 5 6 7 8 9 10; do tr '\\0' ' ' </proc/$pid/cmdline; grep -q telegram o && break; sleep 0.2; done >c; "
            "tr '\\0' ' ' </proc/$pid/cmdline; exec 9>&-; wait $pid");
    ck_assert_ptr_null(strstr(cli.out, KEY));
    ck_assert_ptr_nonnull(strstr(cli.out, "--key ****"));
}
END_TEST

static const struct {
    const char *command;
    int exit_code;
    const char *said; /* on stderr */
} faults[] = {
    {"$W", 2, "Usage: wmsdr COMMAND"},
    {"$W what", 2, "what is no command"},
    {"$W decode --what", 2, "--what is no option of this command\nTry 'wmsdr decode --help'."},
    {"$W decode -F", 2, "-F needs a value"},
    {"$W decode -F xml " TELEGRAM, 2, "no such format; there are text json flat csv influx hex explain rtlwmbus"},
    {"$W decode -F json -F csv " TELEGRAM, 2, "two outputs on standard output would mix"},
    {"$W decode -F json:/no/such/x " TELEGRAM, 1, "cannot write /no/such/x: No such file or directory"},
    {"$W decode --key 0102 " TELEGRAM, 2, "--key: "},
    {"$W decode --keys nowhere " TELEGRAM, 1, "nowhere: "},
    {"$W decode </dev/null", 1, "no telegram was given"},
    {"$W decode </", 1, "standard input: Is a directory"},
    {"$W decode xyz", 1, "operand 1: not understood: character 1 of the hex is no hex digit"},
    {"$W decode " TELEGRAM "0", 1, "operand 1: an odd number of hex digits (95): a digit is missing"},
    {"printf '# c\\n" TELEGRAM "\\nhello\\n' | $W decode", 3, "line 3: not understood"},
    {"printf '" TELEGRAM "AA\\n' | $W decode", 0, "line 1: 1 byte behind the telegram is not part of it"},
    {"printf '2E4493157856341233037A2A\\n' | $W decode", 3, "line 1: cut off: the L field 2E announces 47 bytes, 12 are there"},
    {"printf 'T1;0;0;t;1;1;12345678;0x" TELEGRAM "\\n' | $W decode", 1, "line 1: damaged: its receiver says that a CRC failed"},
    {"head -c 300000 /dev/zero | tr '\\0' A | $W decode", 1, "line 1: the line is longer than 16384 characters"},
    {"$W decode -F json " TELEGRAM " >/dev/full", 1, "standard output: No space left on device"},
    {"$W decode -F hex:o -F json:/dev/full " TELEGRAM, 1, "/dev/full: No space left on device"},
    {"{ yes " TELEGRAM " | head -n 2000 | $W decode -F json; echo $? >rc; } | head -c 1 >/dev/null; exit $(cat rc)", 1,
     "standard output: Broken pipe"},
    {"$W decode --help", 0, ""},
    {"$W --version", 0, ""},
};

START_TEST(faults_are_said)
{
    cli_run(&cli, faults[_i].command);
    ck_assert_msg(cli.exit_code == faults[_i].exit_code, "%s: exit code %d: %s", faults[_i].command, cli.exit_code, cli.err);
    ck_assert_msg(strstr(cli.err, faults[_i].said), "%s: %s", faults[_i].command, cli.err);
}
END_TEST

/* The lines behind a fault are still read. */
START_TEST(nothing_is_lost_behind_a_fault)
{
    cli_run(&cli,
            "{ echo zz; head -c 70000 /dev/zero | tr '\\0' A; echo; echo " TELEGRAM "; printf " TELEGRAM "; } | $W decode -F hex");
    ck_assert_int_eq(cli.exit_code, 3);
    ck_assert_str_eq(cli.out, TELEGRAM "\n" TELEGRAM "\n");
    ck_assert_ptr_nonnull(strstr(cli.err, "4 lines, 2 telegrams: 2 no-key"));
}
END_TEST

START_TEST(several_outputs_each_in_its_file)
{
    cli_run(&cli, "$W decode -F hex -F json:a.ndjson -Fcsv:b.csv --output=rtlwmbus:c.txt " TELEGRAM
                  " && wc -l <a.ndjson && wc -l <b.csv && "
                  "cat c.txt");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_str_eq(cli.out,
                     TELEGRAM "\n1\n2\nT1;1;1;1970-01-01 00:00:00.000000;0;0;12345678;0x"
                              "2e4493157856341233037a2a0020255923c95aaa26d1b2e7493b013ec4a6f6d3529b520edff0ea6defc99d6d69ebf3\n");
}
END_TEST

/* A telegram is printed as soon as its line is there, not when the input ends. */
START_TEST(a_pipe_is_answered_line_by_line)
{
    cli_run(&cli, "mkfifo p; $W decode -q -F hex <p >o & exec 9>p; echo " TELEGRAM " >&9; "
                  "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -s o ] && break; sleep 0.1; done; cat o; exec "
                  "9>&-; wait");
    ck_assert_str_eq(cli.out, TELEGRAM "\n");
}
END_TEST

START_TEST(own_output_goes_back_in)
{
    cli_run(&cli, "$W decode -F json " TELEGRAM " >a; $W decode -q -F json --key " KEY " <a");
    ck_assert_int_eq(cli.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(cli.out, "\"form\":\"wmsdr\""));
    ck_assert_ptr_nonnull(strstr(cli.out, "\"verdict\":\"decrypted\""));
}
END_TEST

/* Feeds each telegram of the corpus as a JSON line, with its key where it is an AES-128 key. */
static size_t write_corpus(json_t **rows, size_t cap)
{
    FILE *in = fopen(WMSDR_SHARED_DIR "/corpora/telegrams.jsonl", "r");
    char path[128];
    char *text = NULL;
    size_t text_cap = 0;
    size_t count = 0;
    FILE *out;

    if (!in)
        return 0;
    snprintf(path, sizeof path, "%s/in", cli.dir);
    out = fopen(path, "w");
    while (count < cap && getline(&text, &text_cap, in) >= 0) {
        json_t *row = json_loads(text, 0, NULL);

        ck_assert_ptr_nonnull(row);
        fprintf(out, "{\"telegram\":\"%s\"", member(row, "hex"));
        if (strlen(member(row, "key")) == 32)
            fprintf(out, ",\"key\":\"%s\"", member(row, "key"));
        fputs("}\n", out);
        rows[count++] = row;
    }
    free(text);
    fclose(in);
    fclose(out);
    return count;
}

/* Every telegram of the corpus gives one JSON line that parses, and never its key; decrypted ones agree with what the corpus says.
 */
START_TEST(the_corpus_goes_through)
{
    static json_t *rows[1000];
    size_t count = write_corpus(rows, 1000);
    size_t lines = 0;
    unsigned agree = 0;
    char *save = NULL;

    if (!count)
        return;
    cli_run(&cli, "$W decode -F json <in");
    ck_assert_int_ne(cli.exit_code, 1);
    ck_assert_ptr_null(strstr(cli.err, "Sanitizer"));
    for (char *line = strtok_r(cli.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        json_error_t error;
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        json_t *row = rows[lines];
        const char *expected = *member(row, "hex_no_crc") ? member(row, "hex_no_crc") : member(row, "hex");

        ck_assert_msg(object, "line %zu: %s", lines + 1, error.text);
        ck_assert_uint_eq((size_t)json_integer_value(json_object_get(json_object_get(object, "source"), "line")), lines + 1);
        ck_assert_msg(strcasecmp(member(object, "telegram"), expected) == 0, "line %zu: %s", lines + 1, member(object, "telegram"));
        ck_assert(*member(object, "verdict"));
        ck_assert(strlen(member(row, "key")) != 32 || !strcasestr(line, member(row, "key")));
        if (json_object_get(object, "plain") && json_is_true(json_object_get(row, "verified"))) {
            ck_assert_msg(strcasecmp(member(object, "plain"), member(row, "plain_hex")) == 0, "line %zu: %s", lines + 1, line);
            agree++;
        } else {
            ck_assert_ptr_null(json_object_get(object, "plain"));
        }
        json_decref(object);
        lines++;
    }
    ck_assert_uint_eq(lines, count);
    ck_assert_uint_ge(agree, 31);
    for (size_t i = 0; i < count; i++)
        json_decref(rows[i]);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: wmsdr decode");
    TCase *tcase = tcase_create("decode");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, a_key_opens_the_telegram, 0, sizeof key_ways / sizeof key_ways[0]);
    tcase_add_test(tcase, a_wrong_key_gives_no_reading);
    tcase_add_test(tcase, formats_outlive_the_run);
    tcase_add_test(tcase, telegrams_before_change_nothing);
    tcase_add_test(tcase, the_key_is_wiped_from_the_command_line);
    tcase_add_loop_test(tcase, faults_are_said, 0, sizeof faults / sizeof faults[0]);
    tcase_add_test(tcase, nothing_is_lost_behind_a_fault);
    tcase_add_test(tcase, several_outputs_each_in_its_file);
    tcase_add_test(tcase, a_pipe_is_answered_line_by_line);
    tcase_add_test(tcase, own_output_goes_back_in);
    tcase_add_test(tcase, the_corpus_goes_through);
    return suite;
}
