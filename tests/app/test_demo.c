/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The bundled recording: what it gives, that its script still makes it, that an installed program plays its own copy, and that the
 * set-ups of flowgraphs/ bring it to the program. */

static struct cli cli;

static void start(void)
{
    cli_open(&cli);
}

static void stop(void)
{
    cli_close(&cli);
}

/* In the order of data/demo.txt. */
static const struct {
    const char *mode, *format, *telegram, *verdict;
    const char *plain;       /* NULL: nothing is encrypted */
    const char *readings[4]; /* as the line has them, digit for digit */
} expected[] = {
    {"T",
     "A",
     "23443A630100001001077A2A0000000C1356341200426C3F3C4C130289110002FD170000",
     "plain",
     NULL,
     {"\"quantity\":\"volume\",\"unit\":\"m³\",\"kind\":\"decimal\",\"value\":123.456,", "\"value\":\"2025-12-31\"",
      "\"value\":118.902,", "\"quantity\":\"error flags\""}},
    {"C",
     "A",
     "34443A6302000020013772420000203A631004170000000C06817402000C14590307000B2D5200000B3B2801000A5A84060A5E3103",
     "plain",
     NULL,
     {"\"unit\":\"kWh\",\"kind\":\"decimal\",\"value\":27481,", "\"value\":703.59,", "\"value\":5.2,",
      "\"unit\":\"°C\",\"kind\":\"decimal\",\"value\":33.1,"}},
    {"S",
     "A",
     "2E443A630300003002027A050000000E035634120800008E10032301000500008E2003333312030000042BA2FAFFFF",
     "plain",
     NULL,
     {"\"value\":8123.456,",
      "\"tariff\":1,\"subunit\":0,\"quantity\":\"energy\",\"unit\":\"kWh\",\"kind\":\"decimal\",\"value\":5000.123,",
      "\"value\":3123.333,", "\"unit\":\"kW\",\"kind\":\"decimal\",\"value\":-1.374,"}},
    {"C",
     "B",
     "2E443A630400004003037A610020055A0194BAEC4B65A191753E4616BD62394BCD64EF00D801A0B2796DBBAA1C6E5B",
     "decrypted",
     "2E443A630400004003037A610020052F2F0C1342107104426C3F3C4C1317083904046D1E074F312F2F2F2F2F2F2F2F",
     {"\"value\":4711.042,", "\"value\":4390.817,", "\"value\":\"2026-01-15T07:30\"", "\"type_name\":\"gas\""}},
    {"T",
     "A",
     "20443A630500005001087A110400000B6E341200426C3F3C4B6E78110002655708",
     "plain",
     NULL,
     {"\"value\":1234,", "\"value\":1178,", "\"value\":21.35,", "\"status\":\"04\""}},
};

enum { COUNT = sizeof expected / sizeof expected[0] };

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static void check_lines(void)
{
    char *save = NULL;
    unsigned n = 0;

    for (char *line = strtok_r(cli.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        ck_assert_ptr_nonnull(object);
        ck_assert_msg(n < COUNT, "one more: %s", line);
        ck_assert_str_eq(text(object, "telegram"), expected[n].telegram);
        ck_assert_str_eq(text(object, "mode"), expected[n].mode);
        ck_assert_str_eq(text(object, "format"), expected[n].format);
        ck_assert_str_eq(text(object, "verdict"), expected[n].verdict);
        ck_assert_str_eq(text(object, "plain"), expected[n].plain ? expected[n].plain : "");
        ck_assert_str_ne(text(object, "grade"), "unchecked");
        ck_assert_msg(strncmp(text(object, "time"), "2026-01-15T06:30:00.", 20) == 0, "%s", line);
        for (size_t i = 0; i < sizeof expected[n].readings / sizeof expected[n].readings[0]; i++)
            ck_assert_msg(strstr(line, expected[n].readings[i]), "%s is not in %s", expected[n].readings[i], line);
        json_decref(object);
    }
    ck_assert_msg(n == COUNT, "%u telegrams of %d: %s", n, COUNT, cli.err);
}

START_TEST(every_meter_is_read)
{
    cli_run(&cli, "$W rx -F json");
    ck_assert_msg(cli.exit_code == 0, "exit code %d: %s", cli.exit_code, cli.err);
    ck_assert_ptr_nonnull(strstr(cli.err, "playing the bundled synthetic recording"));
    check_lines();
}
END_TEST

START_TEST(every_kernel_variant_reads_them)
{
    cli_run(&cli, "$W rx --kernels scalar -F json");
    ck_assert_msg(cli.exit_code == 0, "exit code %d: %s", cli.exit_code, cli.err);
    check_lines();
}
END_TEST

START_TEST(the_metadata_say_that_it_is_synthetic)
{
    json_t *meta = json_load_file(WMSDR_SOURCE_DIR "/data/demo.sigmf-meta", JSON_REJECT_DUPLICATES, NULL);
    const json_t *global = json_object_get(meta, "global");

    ck_assert(strncmp(text(global, "core:description"), "Synthetic", 9) == 0);
    ck_assert_ptr_nonnull(strstr(text(global, "core:license"), "GPL-3.0-or-later"));
    ck_assert_uint_eq(json_array_size(json_object_get(meta, "annotations")), COUNT);
    cli_run(&cli, "sha512sum <'" WMSDR_SOURCE_DIR "/data/demo.sigmf-data' | cut -d ' ' -f 1 | tr -d '\\n'");
    ck_assert_str_eq(cli.out, text(global, "core:sha512"));
    json_decref(meta);
}
END_TEST

/* Sine and logarithm may differ in their last bit between C libraries and CPUs, so a sample here and there may be one step off. */
START_TEST(the_script_makes_the_same_recording)
{
    size_t len, different = 0;
    unsigned char *committed;

    cli_run(&cli, "cat '" WMSDR_SOURCE_DIR "/data/demo.sigmf-data'");
    len = cli.out_len;
    committed = malloc(len);
    ck_assert_ptr_nonnull(committed);
    memcpy(committed, cli.out, len);
    cli_run(&cli, "WMSDR=\"$W\" '" WMSDR_SOURCE_DIR "/scripts/make-demo' . && cat demo.sigmf-data");
    ck_assert_msg(cli.exit_code == 0, "exit code %d: %s", cli.exit_code, cli.err);
    ck_assert_uint_eq(cli.out_len, len);
    for (size_t i = 0; i < len; i++) {
        int step = abs((unsigned char)cli.out[i] - committed[i]);

        ck_assert_msg(step <= 1, "byte %zu differs by %d", i, step);
        different += step != 0;
    }
    ck_assert_msg(different <= len / 1000, "%zu of %zu bytes differ", different, len);
    free(committed);
    cli_run(&cli, "grep -v sha512 demo.sigmf-meta >a; grep -v sha512 '" WMSDR_SOURCE_DIR "/data/demo.sigmf-meta' | cmp - a");
    ck_assert_msg(cli.exit_code == 0, "the metadata differ: %s", cli.out);
}
END_TEST

/* `make install`: the program plays the copy beside it, which this test shows by taking its keys away. */
START_TEST(the_installed_program_finds_its_own_copy)
{
    cli_run(&cli, "cmake --install '" WMSDR_BINARY_DIR "' --prefix \"$PWD/a prefix\" >&2 && 'a prefix/bin/wmsdr' rx -q -F json");
    ck_assert_msg(cli.exit_code == 0, "exit code %d: %s", cli.exit_code, cli.err);
    check_lines();
    cli_run(&cli, ": >'a prefix/share/wmsdr/demo.keys'; 'a prefix/bin/wmsdr' rx -q -F json | grep -c no-key");
    ck_assert_str_eq(cli.out, "1\n");
}
END_TEST

/* flowgraphs/: stand-ins for the other programs play the recording (in the sample format of the radio), tell how they were called,
 * and take the lines. Each set-up brings all telegrams. */
static const struct {
    const char *command, *called;
} setups[] = {
    {"RATE=1.2M GAIN=30 WMSDR=$W RTL_SDR=./rtl '" WMSDR_SOURCE_DIR "/flowgraphs/rtl-sdr' -q -F hex",
     "-d 0 -p 0 -g 30 -f 868.625M -s 1.2M -\n"},
    {"RATE=1200000 WMSDR=$W HACKRF_TRANSFER=./hackrf '" WMSDR_SOURCE_DIR "/flowgraphs/hackrf' -q -F hex",
     "-r - -f 868625000 -s 1200000 -l 32 -g 30\n"},
    {"RATE=1200000 WMSDR=$W RTL_SDR=./rtl '" WMSDR_SOURCE_DIR "/flowgraphs/record' 2 heard_868.625M_1200k.cu8 >live &&"
     " $W rx -q -F hex -r heard_868.625M_1200k.cu8",
     "-d 0 -p 0 -f 868625000 -s 1200000 -n 2400000 -\n"},
    {"WMSDR=$W WMBUSMETERS=./decoder '" WMSDR_SOURCE_DIR "/flowgraphs/wmbusmeters' '" WMSDR_SOURCE_DIR
     "/data/demo.sigmf-meta' Gas auto 40000004 NOKEY",
     "--format=json stdin:rtlwmbus Gas auto 40000004 NOKEY\n"},
};

START_TEST(the_setups_feed_the_program)
{
    static const char rtl[] = "#!/bin/sh\necho \"$*\" >called\ncat '" WMSDR_SOURCE_DIR "/data/demo.sigmf-data'\n";
    static const char hackrf[] = "#!/bin/sh\necho \"$*\" >called\nexport LC_ALL=C\ntr '\\000-\\377' '\\200-\\377\\000-\\177' <'" //
        WMSDR_SOURCE_DIR "/data/demo.sigmf-data'\n";
    static const char decoder[] = "#!/bin/sh\necho \"$*\" >called\nsed 's/.*;0x//' | tr a-f A-F\n";
    char expected_lines[1024] = "";

    cli_file(&cli, "rtl", rtl, sizeof rtl - 1);
    cli_file(&cli, "hackrf", hackrf, sizeof hackrf - 1);
    cli_file(&cli, "decoder", decoder, sizeof decoder - 1);
    for (size_t i = 0; i < COUNT; i++)
        strcat(strcat(expected_lines, expected[i].telegram), "\n");
    cli_run(&cli, "chmod +x rtl hackrf decoder");
    cli_run(&cli, setups[_i].command);
    ck_assert_msg(cli.exit_code == 0, "%s: exit code %d: %s", setups[_i].command, cli.exit_code, cli.err);
    ck_assert_str_eq(cli.out, expected_lines);
    cli_run(&cli, "cat called");
    ck_assert_str_eq(cli.out, setups[_i].called);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: the bundled recording");
    TCase *tcase = tcase_create("demo");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, every_meter_is_read);
    tcase_add_test(tcase, every_kernel_variant_reads_them);
    tcase_add_test(tcase, the_metadata_say_that_it_is_synthetic);
    tcase_add_test(tcase, the_script_makes_the_same_recording);
    tcase_add_test(tcase, the_installed_program_finds_its_own_copy);
    tcase_add_loop_test(tcase, the_setups_feed_the_program, 0, sizeof setups / sizeof setups[0]);
    return suite;
}
