/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/wired.h"
#include "suite.h"

#include <string.h>

/* [libmbus] manual_frame2: fixed data structure of a water meter */
static const uint8_t frame[] = {0x68, 0x13, 0x13, 0x68, 0x08, 0x05, 0x73, 0x78, 0x56, 0x34, 0x12, 0x0A, 0x00,
                                0xE9, 0x7E, 0x01, 0x00, 0x00, 0x00, 0x35, 0x01, 0x00, 0x00, 0x3C, 0x16};

START_TEST(a_frame_is_taken_apart_and_built)
{
    uint8_t bytes[64];
    struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
    struct wm_wired wired;

    ck_assert_int_eq(wm_wired_parse((struct wm_span){frame, sizeof frame}, &wired, NULL), WM_OK);
    ck_assert_uint_eq(wired.c, 0x08);
    ck_assert_uint_eq(wired.a, 0x05);
    ck_assert_uint_eq(wired.layer.len, 17);
    ck_assert_int_eq(wm_wired_build(&wired, &out), WM_OK);
    ck_assert(wm_span_equal(wm_writer_span(&out), (struct wm_span){frame, sizeof frame}));
    out = wm_writer_of(bytes, sizeof frame - 1);
    ck_assert_int_eq(wm_wired_build(&wired, &out), WM_FULL);
    ck_assert_uint_eq(out.len, 0);
    wired.layer.len = 0;
    ck_assert_int_eq(wm_wired_build(&wired, &out), WM_INVALID);
    wired.layer.len = 254;
    ck_assert_int_eq(wm_wired_build(&wired, &out), WM_INVALID);
}
END_TEST

START_TEST(every_cut_and_every_wrong_byte_is_refused)
{
    struct wm_wired wired;
    uint8_t bytes[sizeof frame];

    for (size_t len = 0; len < sizeof frame; len++)
        ck_assert_int_eq(wm_wired_parse((struct wm_span){frame, len}, &wired, NULL), len < 4 ? WM_NOT_MINE : WM_TOO_SHORT);
    for (size_t i = 0; i < sizeof frame; i++) {
        const char *why = NULL;
        memcpy(bytes, frame, sizeof frame);
        bytes[i] ^= 0x20;
        ck_assert_int_ne(wm_wired_parse((struct wm_span){bytes, sizeof bytes}, &wired, &why), WM_OK);
        ck_assert(why && *why);
    }
}
END_TEST

START_TEST(a_frame_without_room_for_its_ci_is_too_short)
{
    static const uint8_t empty[] = {0x68, 0x00, 0x00, 0x68, 0x08, 0x16};
    struct wm_wired wired;

    ck_assert_int_eq(wm_wired_parse((struct wm_span){empty, sizeof empty}, &wired, NULL), WM_TOO_SHORT);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("link: wired frames");
    TCase *tcase = tcase_create("wired");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_frame_is_taken_apart_and_built);
    tcase_add_test(tcase, every_cut_and_every_wrong_byte_is_refused);
    tcase_add_test(tcase, a_frame_without_room_for_its_ci_is_too_short);
    return suite;
}
