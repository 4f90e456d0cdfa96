/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/crc.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct wm_span text(const char *s)
{
    return (struct wm_span){(const uint8_t *)s, strlen(s)};
}

/* Bit by bit, as the standard words it: the oracle for the tables. */
static uint16_t crc_by_division(struct wm_span bytes)
{
    uint16_t reg = 0;

    for (size_t i = 0; i < bytes.len * 8; i++) {
        bool out = reg >> 15 ^ (bytes.data[i / 8] >> (7 - i % 8) & 1);
        reg = (uint16_t)(reg << 1 ^ (out ? 0x3D65 : 0));
    }
    return reg ^ 0xFFFF;
}

START_TEST(published_values)
{
    static const uint8_t signature[] = {0x02, 0x02, 0x02, 0x15, 0x02, 0x2A}; /* EN 13757-3 G.5 */

    ck_assert_uint_eq(wm_crc16(text("123456789")), 0xC2B7);
    ck_assert_uint_eq(wm_crc16(text("")), 0xFFFF);
    ck_assert_uint_eq(wm_crc16((struct wm_span){signature, sizeof signature}), 0x3B31);
}
END_TEST

START_TEST(tables_equal_division_at_every_length)
{
    uint8_t bytes[300];

    srand(1);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)rand();
        struct wm_span span = {bytes, len};
        ck_assert_uint_eq(wm_crc16(span), crc_by_division(span));
        uint16_t first = wm_crc16_update(0, wm_span_sub(span, 0, len / 3));
        ck_assert_uint_eq(wm_crc16_update(first, wm_span_sub(span, len / 3, len)) ^ 0xFFFF, wm_crc16(span));
    }
}
END_TEST

START_TEST(syndrome_of_every_single_bit)
{
    uint8_t block[300];
    struct wm_span span = {block, sizeof block};

    for (size_t i = 0; i < sizeof block - 2; i++)
        block[i] = (uint8_t)(i * 7);
    uint16_t crc = wm_crc16(wm_span_sub(span, 0, sizeof block - 2));
    block[298] = (uint8_t)(crc >> 8);
    block[299] = (uint8_t)crc;
    ck_assert_uint_eq(wm_crc16_syndrome(span), 0);
    for (unsigned distance = 0; distance < 8 * sizeof block; distance++) {
        uint8_t *byte = &block[sizeof block - 1 - distance / 8];
        *byte ^= (uint8_t)(1 << distance % 8);
        ck_assert_uint_eq(wm_crc16_syndrome(span), wm_crc16_bit_syndrome(distance));
        *byte ^= (uint8_t)(1 << distance % 8);
    }
}
END_TEST

START_TEST(mask_syndrome_is_the_sum_of_its_bits)
{
    srand(2);
    for (int round = 0; round < 2000; round++) {
        uint32_t mask = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        unsigned distance = (unsigned)rand() % 2368;
        uint16_t sum = 0;
        for (unsigned i = 0; i < 32; i++) {
            if (mask >> i & 1)
                sum ^= wm_crc16_bit_syndrome(distance + i);
        }
        ck_assert_uint_eq(wm_crc16_mask_syndrome(mask, distance), sum);
    }
}
END_TEST

START_TEST(too_short_for_a_crc_never_fits)
{
    static const uint8_t one[] = {0xFF};

    ck_assert_uint_ne(wm_crc16_syndrome((struct wm_span){one, 0}), 0);
    ck_assert_uint_ne(wm_crc16_syndrome((struct wm_span){one, 1}), 0);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("link/crc");
    TCase *tests = tcase_create("crc");

    tcase_add_test(tests, published_values);
    tcase_add_test(tests, tables_equal_division_at_every_length);
    tcase_add_test(tests, syndrome_of_every_single_bit);
    tcase_add_test(tests, mask_syndrome_is_the_sum_of_its_bits);
    tcase_add_test(tests, too_short_for_a_crc_never_fits);
    suite_add_tcase(suite, tests);
    return suite;
}
