/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/keystore.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_TEXT "000102030405060708090A0B0C0D0E0F"

static struct wm_keystore *keys;

static void set_up(void)
{
    ck_assert_int_eq(wm_keystore_create(&keys), WM_OK);
}

static void tear_down(void)
{
    wm_keystore_destroy(keys);
}

static enum wm_status add_line(const char *line, const char **why)
{
    size_t len = strlen(line);
    char *exact = malloc(len + 1); /* not terminated: the address sanitizer sees a read behind the end */
    memcpy(exact, line, len);
    enum wm_status status = wm_keystore_add_line(keys, exact, len, why);
    free(exact);
    return status;
}

static void add(const char *pattern, uint8_t mark)
{
    char line[100];
    const char *why = NULL;

    snprintf(line, sizeof line, "%s = %02X0102030405060708090A0B0C0D0E0F", pattern, mark);
    ck_assert_msg(add_line(line, &why) == WM_OK, "%s: %s", line, why);
}

/* The marks of the keys that fit an address, as text: "3 1 ". */
static const char *found(uint16_t manufacturer, uint32_t id, uint8_t version, uint8_t type)
{
    static char text[200];
    struct wm_address address = {manufacturer, id, version, type};
    struct wm_key key;
    size_t at = 0, i = 0;

    text[0] = '\0';
    while (wm_keystore_find(keys, &address, i, &key) == WM_OK) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%u ", key.bytes[0]);
        ck_assert_uint_eq(key.bytes[15], 0x0F);
        i++;
    }
    return text;
}

#define KAM 0x2C2D
#define ELS 0x1593

START_TEST(most_specific_first)
{
    ck_assert_str_eq(found(KAM, 0x12345678, 0x1B, 0x16), "");
    add("*", 1);
    add("12345678", 2);
    add("KAM-12345678", 3);
    add("KAM.12345678.1B.16", 4);
    add("KAM.*.1b.16", 5);
    add("kam.*.*.*", 6);
    add("12345678", 7); /* a second key for the same meters comes behind the first */
    add("*.*.1B.*", 8);
    ck_assert_uint_eq(wm_keystore_count(keys), 8);
    ck_assert_str_eq(found(KAM, 0x12345678, 0x1B, 0x16), "4 3 2 7 5 6 8 1 ");
    ck_assert_str_eq(found(KAM | 0x8000, 0x12345678, 0x1B, 0x16), "4 3 2 7 5 6 8 1 ");
    ck_assert_str_eq(found(KAM, 0x12345678, 0x1B, 0x17), "3 2 7 6 8 1 ");
    ck_assert_str_eq(found(ELS, 0x12345678, 0x1C, 0x16), "2 7 1 ");
    ck_assert_str_eq(found(ELS, 0x12345679, 0x1C, 0x16), "1 ");
}
END_TEST

/* Beginnings of ids come behind whole ids, longer ones first, and before patterns without an id. */
START_TEST(beginnings_of_ids)
{
    add("12*", 1);
    add("1234567*", 2);
    add("KAM-12*", 3);
    add("KAM.*.*.*", 4);
    add("12345678", 5);
    add("*", 6);
    add("KAM.123*.1B.16", 7);
    ck_assert_str_eq(found(KAM, 0x12345678, 0x1B, 0x16), "5 2 7 3 1 4 6 ");
    ck_assert_str_eq(found(KAM, 0x12345688, 0x1B, 0x16), "7 3 1 4 6 ");
    ck_assert_str_eq(found(ELS, 0x12345670, 0x1B, 0x16), "2 1 6 ");
    ck_assert_str_eq(found(ELS, 0x11999999, 0x1B, 0x16), "6 ");
}
END_TEST

static enum wm_status import(enum wm_key_format format, const char *text, unsigned *line, const char **why)
{
    char path[] = "/tmp/wmsdr_keys_XXXXXX";
    int file = mkstemp(path);
    enum wm_status status;

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    status = wm_keystore_import(keys, path, format, false, line, why);
    unlink(path);
    return status;
}

#define FIRST(mark) #mark "0102030405060708090A0B0C0D0E0F"

/* What meter files of wmbusmeters may have in id=: lists, beginnings, exclusions, parts, addresses of the wired bus. */
START_TEST(lists_of_a_meter_file)
{
    unsigned line;
    const char *why = "";

    ck_assert_int_eq(import(WM_KEYS_WMBUSMETERS,
                            "name=All\ndriver=auto\nkey=" FIRST(01) "\nid=1234*,!12345678,p12, 99999999.M=ELS.V=1b.T=16 \n", &line,
                            &why),
                     WM_OK);
    ck_assert_str_eq(found(KAM, 0x12345679, 1, 2), "1 ");
    ck_assert_str_eq(found(KAM, 0x12345678, 1, 2), "");
    ck_assert_str_eq(found(KAM, 0x12355679, 1, 2), "");
    ck_assert_str_eq(found(ELS, 0x99999999, 0x1B, 0x16), "1 ");
    ck_assert_str_eq(found(ELS, 0x99999999, 0x1B, 0x17), "");
    ck_assert_str_eq(found(KAM, 0x99999999, 0x1B, 0x16), "");
    ck_assert_int_eq(import(WM_KEYS_WMBUSMETERS,
                            "id=ANYID,!*.M=2D2C,!4*.T=07\r\n# a comment\nno equals sign\nkey=" FIRST(02) "\r\n", &line, &why),
                     WM_OK);
    ck_assert_str_eq(found(KAM, 0x50000000, 1, 7), "");
    ck_assert_str_eq(found(ELS, 0x50000000, 1, 7), "2 ");
    ck_assert_str_eq(found(ELS, 0x40000000, 1, 7), "");
    ck_assert_str_eq(found(ELS, 0x40000000, 1, 6), "2 ");
    ck_assert_str_eq(found(ELS, 0x12345679, 1, 6), "1 2 ");
    ck_assert_int_eq(import(WM_KEYS_WMBUSMETERS, "id=100002842D2C011B\nkey=" FIRST(03) "\n", &line, &why), WM_OK);
    ck_assert_str_eq(found(KAM, 0x10000284, 0x01, 0x1B), "3 ");
    ck_assert_uint_eq(wm_keystore_count(keys), 4);
    ck_assert_int_eq(import(WM_KEYS_WMBUSMETERS, "id=p0\nkey=" FIRST(04) "\n", &line, &why), WM_OK); /* a wired meter */
    ck_assert_int_eq(import(WM_KEYS_WMBUSMETERS, "id=87654321\nkey=NOKEY\n", &line, &why), WM_OK);
    ck_assert_int_eq(import(WM_KEYS_WMBUSMETERS, "id=87654321\nkey=\n", &line, &why), WM_OK);
    ck_assert_uint_eq(wm_keystore_count(keys), 4);
    static const char *const wrong[] = {"id=1234567",      "id=12345678*", "id=!!12345678", "id=12345678.X=KAM", "id=12345678.M=KA",
                                        "id=12345678.V=1", "id=1234x*",    "id=p",          "id=12345678.T",     "id=,12345678"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        why = "";
        ck_assert_msg(import(WM_KEYS_WMBUSMETERS, wrong[i], &line, &why) == WM_MALFORMED, "%s", wrong[i]);
        ck_assert_uint_eq(line, 1);
        ck_assert_uint_gt(strlen(why), 5);
    }
    wm_keystore_clear(keys);
    ck_assert_str_eq(found(ELS, 0x40000000, 1, 6), "");
    add("*", 9);
    ck_assert_str_eq(found(ELS, 0x40000000, 1, 6), "9 ");
}
END_TEST

/* The first key of a group with exceptions, others without. */
START_TEST(exceptions_are_one_keys_own)
{
    struct wm_key key = {.bytes = {1, [15] = 0x0F}};
    struct wm_key_pattern any = {0}, one = {.has_id = true, .address.id = 0x12345678};

    ck_assert_int_eq(wm_keystore_add_except(keys, &any, &one, 1, &key), WM_OK);
    key.bytes[0] = 2;
    ck_assert_int_eq(wm_keystore_add(keys, &any, &key), WM_OK);
    key.bytes[0] = 3;
    ck_assert_int_eq(wm_keystore_add_except(keys, &any, &one, 1, &key), WM_OK);
    key.bytes[0] = 4;
    ck_assert_int_eq(wm_keystore_add(keys, &one, &key), WM_OK);
    ck_assert_str_eq(found(KAM, 0x12345678, 1, 2), "4 2 ");
    ck_assert_str_eq(found(KAM, 0x12345679, 1, 2), "1 2 3 ");
}
END_TEST

START_TEST(many_keys_are_all_found)
{
    enum { COUNT = 20000 };
    struct wm_key key;

    for (uint32_t i = 0; i < COUNT; i++) {
        struct wm_key_pattern pattern = {.has_id = true, .address.id = i * 7};
        memset(&key, 0, sizeof key);
        memcpy(key.bytes, &i, sizeof i);
        ck_assert_int_eq(wm_keystore_add(keys, &pattern, &key), WM_OK);
    }
    ck_assert_uint_eq(wm_keystore_count(keys), COUNT);
    for (uint32_t i = 0; i < COUNT * 7; i++) {
        struct wm_address address = {KAM, i, 1, 2};
        uint32_t number;
        ck_assert_int_eq(wm_keystore_find(keys, &address, 0, &key), i % 7 ? WM_END : WM_OK);
        memcpy(&number, key.bytes, sizeof number);
        if (i % 7 == 0)
            ck_assert_uint_eq(number, i / 7);
    }
}
END_TEST

START_TEST(lines_that_are_right)
{
    static const char *const lines[] = {
        "12345678=" KEY_TEXT,
        "  12345678 \t = \t" KEY_TEXT "\r",
        "12345678 " KEY_TEXT " # the flat upstairs",
        "* = " KEY_TEXT,
        "1234567A = 000102030405060708090a0b0c0d0e0f",
        "KAM-12345678 = " KEY_TEXT,
        "*.*.*.* = " KEY_TEXT,
    };
    static const char *const nothing[] = {"", "   ", "# 12345678 = 00", "\t#", "\r"};
    const char *why;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        ck_assert_msg(add_line(lines[i], &why) == WM_OK, "%s", lines[i]);
        ck_assert_uint_eq(wm_keystore_count(keys), i + 1);
    }
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        ck_assert_int_eq(add_line(nothing[i], &why), WM_OK);
    ck_assert_uint_eq(wm_keystore_count(keys), sizeof lines / sizeof lines[0]);
}
END_TEST

START_TEST(lines_that_are_wrong)
{
    static const struct {
        const char *line, *why;
    } wrong[] = {
        {"12345678", "METER = KEY"},
        {"12345678 =", "METER = KEY"},
        {"= " KEY_TEXT, "METER = KEY"},
        {"12345678 = # " KEY_TEXT, "METER = KEY"},
        {"1234567 = " KEY_TEXT, "eight digits"},
        {"123456789 = " KEY_TEXT, "eight digits"},
        {"1234567G = " KEY_TEXT, "eight digits"},
        {"** = " KEY_TEXT, "eight digits"},
        {"KAM-1234567 = " KEY_TEXT, "eight digits"},
        {"K1M-12345678 = " KEY_TEXT, "three letters"},
        {"KAM.12345678 = " KEY_TEXT, "four fields"},
        {"KAM.12345678.1B.16.00 = " KEY_TEXT, "four fields"},
        {"KAMS.12345678.1B.16 = " KEY_TEXT, "manufacturer"},
        {".12345678.1B.16 = " KEY_TEXT, "manufacturer"},
        {"KAM.1234.1B.16 = " KEY_TEXT, "id"},
        {"KAM.12345678.1.16 = " KEY_TEXT, "version"},
        {"KAM.12345678.1B. = " KEY_TEXT, "type"},
        {"12345678 = " KEY_TEXT "0", "32 hexadecimal"},
        {"12345678 = 0001020304050607080900010203040506070809000102030405060708", "32 hexadecimal"},
        {"12345678 = 000102030405060708090A0B0C0D0E0", "32 hexadecimal"},
        {"12345678 = 000102030405060708090A0B0C0D0E0X", "32 hexadecimal"},
        {"12345678 = 0001020304050607 08090A0B0C0D0E0F", "32 hexadecimal"},
        {"12345678 == " KEY_TEXT, "32 hexadecimal"},
    };
    const char *why;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        why = NULL;
        ck_assert_msg(add_line(wrong[i].line, &why) == WM_MALFORMED, "%s", wrong[i].line);
        ck_assert_msg(why && strstr(why, wrong[i].why), "%s: %s", wrong[i].line, why);
    }
    ck_assert_uint_eq(wm_keystore_count(keys), 0);
}
END_TEST

static char path[] = "/tmp/wmsdr-keys-XXXXXX";

static void write_file(const char *text, size_t len, mode_t mode)
{
    memcpy(path, "/tmp/wmsdr-keys-XXXXXX", sizeof path);
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, len), (ssize_t)len);
    ck_assert_int_eq(fchmod(file, mode), 0);
    close(file);
}

START_TEST(file_of_keys)
{
    static const char text[] =
        "# my meters\n12345678 = " KEY_TEXT "\r\n\nKAM-00000001 " KEY_TEXT "\n* = " KEY_TEXT; /* no line end */
    const char *why = NULL;
    unsigned line = 99;

    write_file(text, sizeof text - 1, 0600);
    ck_assert_int_eq(wm_keystore_load(keys, path, false, &line, &why), WM_OK);
    unlink(path);
    ck_assert_uint_eq(wm_keystore_count(keys), 3);
}
END_TEST

START_TEST(file_longer_than_the_buffer)
{
    enum { LINES = 5000 };
    char *text = malloc(LINES * 48 + 1);
    const char *why = NULL;
    unsigned line;
    size_t at = 0;

    for (unsigned i = 0; i < LINES; i++)
        at += (size_t)sprintf(text + at, "%08u%*s = " KEY_TEXT "\n", i, (int)(i % 4), "");
    write_file(text, at, 0400);
    ck_assert_int_eq(wm_keystore_load(keys, path, false, &line, &why), WM_OK);
    unlink(path);
    ck_assert_uint_eq(wm_keystore_count(keys), LINES);
    free(text);
}
END_TEST

START_TEST(file_errors_name_line_and_fault)
{
    static const char bad_third[] = "12345678 = " KEY_TEXT "\n\n12345678 = 00\n";
    const char *why = NULL;
    char *noise = malloc(5000);
    unsigned line = 99;

    write_file(bad_third, sizeof bad_third - 1, 0600);
    ck_assert_int_eq(wm_keystore_load(keys, path, false, &line, &why), WM_MALFORMED);
    unlink(path);
    ck_assert_uint_eq(line, 3);
    ck_assert_ptr_nonnull(strstr(why, "32 hexadecimal"));

    memset(noise, 'x', 5000);
    noise[5] = '\n';
    noise[0] = '#';
    write_file(noise, 5000, 0600);
    free(noise);
    ck_assert_int_eq(wm_keystore_load(keys, path, false, &line, &why), WM_MALFORMED);
    unlink(path);
    ck_assert_uint_eq(line, 2);
    ck_assert_ptr_nonnull(strstr(why, "longer"));

    ck_assert_int_eq(wm_keystore_load(keys, path, false, &line, &why), WM_IO);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_uint_eq(line, 0);
    ck_assert_int_eq(wm_keystore_load(keys, "/", true, &line, &why), WM_IO);
    ck_assert_int_eq(errno, EISDIR);
    ck_assert_ptr_nonnull(strstr(why, "read"));
}
END_TEST

START_TEST(file_that_others_may_read_is_refused)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0666};
    static const char text[] = "12345678 = " KEY_TEXT "\n";
    const char *why;
    unsigned line;

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file(text, sizeof text - 1, modes[i]);
        why = NULL;
        ck_assert_int_eq(wm_keystore_load(keys, path, false, &line, &why), WM_INVALID);
        ck_assert_uint_eq(line, 0);
        ck_assert_ptr_nonnull(strstr(why, "chmod 600"));
        ck_assert_uint_eq(wm_keystore_count(keys), i);
        ck_assert_int_eq(wm_keystore_load(keys, path, true, &line, &why), WM_OK);
        ck_assert_uint_eq(wm_keystore_count(keys), i + 1);
        unlink(path);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/keystore");
    TCase *tests = tcase_create("keystore");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, most_specific_first);
    tcase_add_test(tests, beginnings_of_ids);
    tcase_add_test(tests, lists_of_a_meter_file);
    tcase_add_test(tests, exceptions_are_one_keys_own);
    tcase_add_test(tests, many_keys_are_all_found);
    tcase_add_test(tests, lines_that_are_right);
    tcase_add_test(tests, lines_that_are_wrong);
    tcase_add_test(tests, file_of_keys);
    tcase_add_test(tests, file_longer_than_the_buffer);
    tcase_add_test(tests, file_errors_name_line_and_fault);
    tcase_add_test(tests, file_that_others_may_read_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
