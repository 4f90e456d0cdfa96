/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/frame.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

struct vector {
    enum wm_format format;
    const char *air, *telegram;
};

/* Published frames with their CRCs. */
static const struct vector vectors[] = {
    /* OMS Specification Vol. 2 Annex N, N.2.1 */
    {WM_FORMAT_A, "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B29D6D69EBF3EC8A",
     "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3"},
    /* The examples of the rmja/wmbus and lvogt/wireless-mbus-parser tests. */
    {WM_FORMAT_A, "0F442D2C7856341201326FCFA000010203047678", "0F442D2C785634120132A00001020304"},
    {WM_FORMAT_B, "15442D2C785634120132A0000102030405060708AF95", "13442D2C785634120132A0000102030405060708"},
    {WM_FORMAT_B, "1444AE0C7856341201078C2027780B134365877AC5", "1244AE0C7856341201078C2027780B13436587"},
};

static struct wm_span from_hex(const char *hex, uint8_t *bytes, size_t cap)
{
    size_t len = 0;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes, cap, &len, NULL), WM_OK);
    return (struct wm_span){bytes, len};
}

static struct wm_span random_telegram(size_t len, uint8_t bytes[WM_TELEGRAM_MAX])
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)rand();
    bytes[0] = (uint8_t)(len - 1);
    return (struct wm_span){bytes, len};
}

START_TEST(published_frames_both_ways)
{
    const struct vector *vector = &vectors[_i];
    uint8_t air_bytes[WM_AIR_MAX], telegram_bytes[WM_TELEGRAM_MAX], built[WM_AIR_MAX];
    struct wm_span air = from_hex(vector->air, air_bytes, sizeof air_bytes);
    struct wm_span telegram = from_hex(vector->telegram, telegram_bytes, sizeof telegram_bytes);
    struct wm_writer out = wm_writer_of(built, sizeof built);
    struct wm_frame frame;

    ck_assert_int_eq(wm_frame_strip(vector->format, air, &frame, NULL), WM_OK);
    ck_assert(wm_span_equal((struct wm_span){frame.data, frame.len}, telegram));
    ck_assert_int_eq(frame.grade, WM_GRADE_CLEAN);
    ck_assert_int_eq(frame.format, vector->format);
    ck_assert_int_eq(wm_frame_build(vector->format, telegram, &out), WM_OK);
    ck_assert(wm_span_equal(wm_writer_span(&out), air));
}
END_TEST

/* Lengths as public decoders tabulate them (rtl-wmbus, full telegram length from L). */
START_TEST(lengths_on_air)
{
    static const struct {
        uint8_t l;
        size_t air;
    } a[] = {{9, 12}, {10, 15}, {25, 30}, {26, 33}, {41, 48}, {78, 91}, {206, 235}, {255, 290}};

    for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
        ck_assert_uint_eq(wm_frame_air_len(WM_FORMAT_A, a[i].l), a[i].air);
    ck_assert_uint_eq(wm_frame_air_len(WM_FORMAT_A, 8), 0);
    for (unsigned l = 0; l < 256; l++) {
        bool possible = l >= 12 && l != 128 && l != 129;
        ck_assert_uint_eq(wm_frame_air_len(WM_FORMAT_B, (uint8_t)l), possible ? l + 1 : 0);
    }
    ck_assert_uint_eq(wm_frame_air_len(WM_FORMAT_NONE, 50), 0);
}
END_TEST

START_TEST(build_then_strip_is_identity_at_every_length)
{
    enum wm_format format = _i ? WM_FORMAT_B : WM_FORMAT_A;
    uint8_t bytes[WM_TELEGRAM_MAX], air[WM_AIR_MAX];
    size_t built = 0;
    struct wm_frame frame;

    srand(3);
    for (size_t len = 1; len <= WM_TELEGRAM_MAX; len++) {
        struct wm_span telegram = random_telegram(len, bytes);
        struct wm_writer out = wm_writer_of(air, sizeof air);
        enum wm_status status = wm_frame_build(format, telegram, &out);
        bool possible = format == WM_FORMAT_A ? len >= 10 : len >= 11 && len <= 252;
        ck_assert_int_eq(status, possible ? WM_OK : WM_MALFORMED);
        if (!possible)
            continue;
        built++;
        ck_assert_uint_eq(out.len, wm_frame_air_len(format, air[0]));
        ck_assert_int_eq(wm_frame_strip(format, wm_writer_span(&out), &frame, NULL), WM_OK);
        ck_assert(wm_span_equal((struct wm_span){frame.data, frame.len}, telegram));
        /* one byte of room less is refused and nothing written outside */
        struct wm_writer tight = wm_writer_of(air, out.len - 1);
        ck_assert_int_eq(wm_frame_build(format, telegram, &tight), WM_FULL);
    }
    ck_assert_uint_eq(built, format == WM_FORMAT_A ? 247 : 242);
}
END_TEST

START_TEST(every_cut_is_too_short)
{
    enum wm_format format = _i ? WM_FORMAT_B : WM_FORMAT_A;
    uint8_t bytes[WM_TELEGRAM_MAX], air[WM_AIR_MAX];
    struct wm_writer out = wm_writer_of(air, sizeof air);
    struct wm_frame frame;

    ck_assert_int_eq(wm_frame_build(format, random_telegram(200, bytes), &out), WM_OK);
    for (size_t len = 0; len < out.len; len++) {
        uint8_t *exact = malloc(len + 1); /* so that the address sanitizer sees a read behind the end */
        memcpy(exact, air, len);
        ck_assert_int_eq(wm_frame_strip(format, (struct wm_span){exact, len}, &frame, NULL), WM_TOO_SHORT);
        free(exact);
    }
    ck_assert_int_eq(wm_frame_strip(format, (struct wm_span){air, sizeof air}, &frame, NULL), WM_OK);
    ck_assert_uint_eq(frame.len, 200);
}
END_TEST

START_TEST(every_single_bit_flip_is_refused)
{
    enum wm_format format = _i ? WM_FORMAT_B : WM_FORMAT_A;
    uint8_t bytes[WM_TELEGRAM_MAX], air[WM_AIR_MAX + 1];
    static const size_t lengths[] = {11, 26, 60, 126, 127, 252};
    struct wm_frame frame;
    unsigned bad;

    srand(4);
    for (size_t n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
        memset(air, 0x5A, sizeof air);
        struct wm_writer out = wm_writer_of(air, sizeof air);
        ck_assert_int_eq(wm_frame_build(format, random_telegram(lengths[n], bytes), &out), WM_OK);
        for (size_t bit = 0; bit < out.len * 8; bit++) {
            air[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            bad = 99;
            enum wm_status status = wm_frame_strip(format, (struct wm_span){air, sizeof air}, &frame, &bad);
            ck_assert_int_ne(status, WM_OK);
            if (bit >= 8) {
                size_t block = format == WM_FORMAT_B ? bit / 8 >= 128 : bit / 8 < 12 ? 0 : 1 + (bit / 8 - 12) / 18;
                ck_assert_int_eq(status, WM_INTEGRITY);
                ck_assert_uint_eq(bad, block);
            }
            air[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        }
    }
}
END_TEST

START_TEST(telegram_without_crcs)
{
    uint8_t bytes[WM_TELEGRAM_MAX];
    struct wm_frame frame = {.repaired = 7};
    struct wm_span telegram = random_telegram(40, bytes);

    ck_assert_int_eq(wm_frame_from_telegram(telegram, &frame), WM_OK);
    ck_assert(wm_span_equal((struct wm_span){frame.data, frame.len}, telegram));
    ck_assert_int_eq(frame.grade, WM_GRADE_UNCHECKED);
    ck_assert_int_eq(frame.format, WM_FORMAT_NONE);
    ck_assert_uint_eq(frame.repaired, 0);
    for (size_t len = 0; len < 40; len++)
        ck_assert_int_eq(wm_frame_from_telegram(wm_span_sub(telegram, 0, len), &frame), WM_TOO_SHORT);
    ck_assert_int_eq(wm_frame_from_telegram((struct wm_span){bytes, 41}, &frame), WM_MALFORMED);
    bytes[0] = 8;
    ck_assert_int_eq(wm_frame_from_telegram((struct wm_span){bytes, 9}, &frame), WM_MALFORMED);
    ck_assert_int_eq(wm_frame_from_telegram(random_telegram(256, bytes), &frame), WM_OK);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("link/frame");
    TCase *tests = tcase_create("frame");

    tcase_add_loop_test(tests, published_frames_both_ways, 0, (int)(sizeof vectors / sizeof vectors[0]));
    tcase_add_test(tests, lengths_on_air);
    tcase_add_loop_test(tests, build_then_strip_is_identity_at_every_length, 0, 2);
    tcase_add_loop_test(tests, every_cut_is_too_short, 0, 2);
    tcase_add_loop_test(tests, every_single_bit_flip_is_refused, 0, 2);
    tcase_add_test(tests, telegram_without_crcs);
    suite_add_tcase(suite, tests);
    return suite;
}
