/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/sigmf.h"
#include "phy/radio/source.h"
#include "phy/signal.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/wmsdr-source-XXXXXX";

static void enter_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
    char command[64];

    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
}

static void put_file(const char *name, const void *data, size_t len)
{
    FILE *file = fopen(name, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static size_t read_all(struct wm_source *source, uint8_t *buffer, size_t cap, size_t step)
{
    size_t total = 0, len;
    enum wm_status status;

    while ((status = wm_source_read(source, buffer + total, step < cap - total ? step : cap - total, &len)) == WM_OK)
        total += len;
    ck_assert_int_eq(status, WM_END);
    ck_assert_uint_eq(len, 0);
    return total;
}

static void refused(const char *path, enum wm_status expected, const char *part)
{
    struct wm_source *source;
    struct wm_source_info info;
    const char *why = "";

    ck_assert_msg(wm_source_open(path, NULL, &source, &info, &why) == expected, "%s: %s", path, why);
    ck_assert_ptr_null(source);
    ck_assert_msg(strncmp(why, path, strcspn(path, ".")) == 0 && strstr(why, part), "%s", why);
}

START_TEST(a_raw_file_with_hints)
{
    const struct wm_source_info wanted = {.sample_rate_hz = 2e6, .start_time_ns = WM_TIME_UNKNOWN};
    uint8_t buffer[16];
    struct wm_source *source;
    struct wm_source_info info;
    const char *why = NULL;

    put_file("a_868.95M_1600k.cs16", "ABCDEFGHIJKL", 12);
    ck_assert_int_eq(wm_source_open("a_868.95M_1600k.cs16", &wanted, &source, &info, &why), WM_OK);
    ck_assert(info.has_format && info.format == WM_SAMPLES_CS16);
    ck_assert(info.sample_rate_hz == 2e6 && info.centre_hz == 868.95e6); /* the user wins, the name fills the rest */
    ck_assert_int_eq(info.start_time_ns, WM_TIME_UNKNOWN);
    ck_assert_uint_eq(info.total_samples, 3);
    ck_assert_uint_eq(read_all(source, buffer, sizeof buffer, 5), 12);
    ck_assert_mem_eq(buffer, "ABCDEFGHIJKL", 12);
    ck_assert_ptr_null(wm_source_note(source));
    wm_source_close(source);
    wm_source_close(NULL);
}
END_TEST

START_TEST(half_a_sample_at_the_end_is_told)
{
    uint8_t buffer[16];
    struct wm_source *source;
    struct wm_source_info info;
    const char *why;

    put_file("a.cs16", "ABCDEFGHIJK", 11);
    ck_assert_int_eq(wm_source_open("a.cs16", NULL, &source, &info, &why), WM_OK);
    ck_assert_uint_eq(info.total_samples, 2);
    ck_assert_ptr_null(wm_source_note(source));
    ck_assert_uint_eq(read_all(source, buffer, sizeof buffer, 16), 11);
    ck_assert_msg(strstr(wm_source_note(source), "last 3 of 11 bytes"), "%s", wm_source_note(source));
    wm_source_close(source);
}
END_TEST

START_TEST(what_cannot_be_opened_is_told_why)
{
    put_file("empty.cu8", "", 0);
    put_file("what.ever", "1234", 4);
    put_file("lonely.sigmf-data", "1234", 4);
    put_file("pack.sigmf", "1234", 4);
    put_file("bad.sigmf-meta", "{", 1);
    put_file("be.sigmf-meta", "{\"global\":{\"core:datatype\":\"cf32_be\"}}", 38);
    ck_assert_int_eq(mkdir("dir.cu8", 0700), 0);
    refused("none.cu8", WM_IO, "No such file");
    ck_assert_int_eq(errno, ENOENT);
    refused("empty.cu8", WM_TOO_SHORT, "empty");
    refused("dir.cu8", WM_IO, "directory");
    refused("what.ever", WM_INVALID, "sample format");
    refused("lonely.sigmf-data", WM_IO, "lonely.sigmf-meta");
    refused("pack.sigmf", WM_UNSUPPORTED, "archive");
    refused("bad.sigmf-meta", WM_MALFORMED, "JSON");
    refused("be.sigmf-meta", WM_UNSUPPORTED, "cf32_be");
}
END_TEST

static void put_sigmf(const char *base, const struct wm_sigmf *meta, const char *data_name, const char *data)
{
    char name[64];
    char *text;

    ck_assert_int_eq(wm_sigmf_build(meta, &text), WM_OK);
    snprintf(name, sizeof name, "%s.sigmf-meta", base);
    put_file(name, text, strlen(text));
    free(text);
    put_file(data_name, data, strlen(data));
}

/* Base names with a dot or with hints: metadata is what counts. */
START_TEST(sigmf_by_any_of_its_names)
{
    static const char *const names[] = {"./m_1.5_433M_2M4", "./m_1.5_433M_2M4.sigmf-meta", "./m_1.5_433M_2M4.sigmf-data"};
    struct wm_sigmf meta = {.info = {.has_format = true,
                                     .format = WM_SAMPLES_CS8,
                                     .sample_rate_hz = 1.6e6,
                                     .centre_hz = 868.95e6,
                                     .start_time_ns = 1795315120123456789}};
    uint8_t buffer[16];

    put_sigmf("m_1.5_433M_2M4", &meta, "m_1.5_433M_2M4.sigmf-data", "ABCDEF");
    for (unsigned i = 0; i < 3; i++) {
        struct wm_source *source;
        struct wm_source_info info;
        const char *why = "";

        ck_assert_msg(wm_source_open(names[i], NULL, &source, &info, &why) == WM_OK, "%s", why);
        ck_assert(info.format == WM_SAMPLES_CS8 && info.sample_rate_hz == 1.6e6 && info.centre_hz == 868.95e6);
        ck_assert_int_eq(info.start_time_ns, 1795315120123456789);
        ck_assert_uint_eq(info.total_samples, 3);
        ck_assert_uint_eq(read_all(source, buffer, sizeof buffer, 4), 6);
        wm_source_close(source);
    }
}
END_TEST

START_TEST(sigmf_with_a_foreign_data_set)
{
    struct wm_sigmf meta = {.info = {.has_format = true, .format = WM_SAMPLES_CU8, .start_time_ns = WM_TIME_UNKNOWN},
                            .header_bytes = 3,
                            .trailing_bytes = 2,
                            .dataset = "raw.wav"};
    struct wm_source *source;
    struct wm_source_info info;
    uint8_t buffer[16];
    char path[64];
    const char *why = "";

    put_sigmf("x", &meta, "raw.wav", "RIFabcdIT");
    snprintf(path, sizeof path, "%s/x.sigmf-meta", folder);
    ck_assert_msg(wm_source_open(path, NULL, &source, &info, &why) == WM_OK, "%s", why);
    ck_assert_uint_eq(info.total_samples, 2);
    ck_assert(info.sample_rate_hz == 0 && info.centre_hz == 0);
    ck_assert_uint_eq(read_all(source, buffer, sizeof buffer, 3), 4);
    ck_assert_mem_eq(buffer, "abcd", 4);
    wm_source_close(source);
    put_file("raw.wav", "RIFIT", 5);
    ck_assert_int_eq(wm_source_open(path, NULL, &source, &info, &why), WM_TOO_SHORT);
}
END_TEST

START_TEST(sigmf_with_gaps)
{
    struct wm_sigmf_capture captures[] = {{2, 1002, 2000000000}, {3, 2000, 3000000000}};
    struct wm_sigmf meta = {
        .info = {.has_format = true, .format = WM_SAMPLES_CU8, .sample_rate_hz = 1000, .start_time_ns = 1000000000},
        .capture = captures,
        .captures = 2};
    static const struct {
        struct wm_source_place place, moved; /* as it says, and where the user says that it began at 5 s */
    } expected[] = {{{0, 1000000000, false}, {0, 5000000000, false}},
                    {{1, 1001000000, false}, {1, 5001000000, false}},
                    {{1002, 2000000000, true}, {1002, 6002000000, true}},
                    {{2000, 3000000000, true}, {2000, 7000000000, true}},
                    {{2001, 3001000000, false}, {2001, 7001000000, false}}};
    struct wm_source_info info, wanted = {.start_time_ns = 5000000000};
    struct wm_source *source, *moved;
    uint8_t buffer[16];
    char path[64];
    const char *why = "";
    size_t len;
    uint64_t sample;

    put_sigmf("gaps", &meta, "gaps.sigmf-data", "aAbBcCdDeE");
    snprintf(path, sizeof path, "%s/gaps", folder);
    ck_assert_msg(wm_source_open(path, NULL, &source, &info, &why) == WM_OK, "%s", why);
    ck_assert_msg(wm_source_open(path, &wanted, &moved, &info, &why) == WM_OK, "%s", why);
    ck_assert(wm_source_has_gaps(source));
    for (uint64_t i = 0; i < 5; i++) {
        const struct wm_source_place a = wm_source_place(source, i), b = wm_source_place(moved, i);
        ck_assert(a.index == expected[i].place.index && a.gap == expected[i].place.gap);
        ck_assert_int_eq(a.time_ns, expected[i].place.time_ns);
        ck_assert(b.index == expected[i].moved.index && b.gap == expected[i].moved.gap);
        ck_assert_int_eq(b.time_ns, expected[i].moved.time_ns);
    }
    /* not beyond a gap at once, fetched or read, also where a sample was split before it */
    ck_assert_ptr_eq(wm_source_fetch(source, 1, sizeof buffer, buffer, &len), buffer);
    ck_assert_uint_eq(len, 3);
    ck_assert_ptr_eq(wm_source_fetch(source, 4, sizeof buffer, buffer, &len), buffer);
    ck_assert_uint_eq(len, 0);
    ck_assert(!wm_source_at_gap(source, &sample));
    ck_assert_int_eq(wm_source_read(source, buffer, 3, &len), WM_OK);
    ck_assert_uint_eq(len, 3);
    ck_assert_int_eq(wm_source_read(source, buffer, sizeof buffer, &len), WM_OK);
    ck_assert_uint_eq(len, 1);
    ck_assert(wm_source_at_gap(source, &sample));
    ck_assert_uint_eq(sample, 2);
    ck_assert_int_eq(wm_source_read(source, buffer, sizeof buffer, &len), WM_OK);
    ck_assert_uint_eq(len, 2);
    ck_assert_int_eq(wm_source_read(source, buffer, sizeof buffer, &len), WM_OK);
    ck_assert_uint_eq(len, 4);
    ck_assert_int_eq(wm_source_read(source, buffer, sizeof buffer, &len), WM_END);
    wm_source_close(moved);
    wm_source_close(source);
}
END_TEST

START_TEST(standard_input)
{
    const struct wm_source_info wanted = {.has_format = true, .format = WM_SAMPLES_CU8, .start_time_ns = 5};
    struct wm_source *source;
    struct wm_source_info info;
    uint8_t buffer[16];
    const char *why = "";
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(write(ends[1], "xyz", 3), 3);
    close(ends[1]);
    ck_assert_int_eq(wm_source_open("-", NULL, &source, &info, &why), WM_INVALID);
    ck_assert_msg(strstr(why, "standard input") && strstr(why, "cu8"), "%s", why);
    ck_assert_int_eq(wm_source_open("-", &wanted, &source, &info, &why), WM_OK);
    ck_assert_uint_eq(info.total_samples, 0);
    ck_assert_int_eq(info.start_time_ns, 5);
    ck_assert_uint_eq(read_all(source, buffer, sizeof buffer, 16), 3);
    ck_assert_ptr_nonnull(strstr(wm_source_note(source), "last 1 of 3"));
    wm_source_close(source);
    ck_assert_int_eq(wm_source_open("-", &wanted, &source, &info, &why), WM_OK);
    ck_assert_uint_eq(read_all(source, buffer, sizeof buffer, 16), 0);
    ck_assert_ptr_nonnull(strstr(wm_source_note(source), "before the first sample"));
    wm_source_close(source);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("phy: source");
    TCase *tcase = tcase_create("source");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, enter_folder, leave_folder);
    tcase_add_test(tcase, a_raw_file_with_hints);
    tcase_add_test(tcase, half_a_sample_at_the_end_is_told);
    tcase_add_test(tcase, what_cannot_be_opened_is_told_why);
    tcase_add_test(tcase, sigmf_by_any_of_its_names);
    tcase_add_test(tcase, sigmf_with_a_foreign_data_set);
    tcase_add_test(tcase, sigmf_with_gaps);
    tcase_add_test(tcase, standard_input);
    return suite;
}
