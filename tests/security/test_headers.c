/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/afl.h"
#include "security/tpl.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

START_TEST(tpl_reads_published_headers)
{
    /* OMS Specification Vol. 2 Annex N, N.2.1 (short) and N.5.3 (long) */
    static const uint8_t small[] = {0x7A, 0x2A, 0x00, 0x20, 0x25, 0x59, 0x23};
    static const uint8_t large[] = {0x72, 0x88, 0x77, 0x66, 0x55, 0x93, 0x44, 0x55, 0x08, 0x00, 0x04, 0x10, 0x05, 0x00};
    struct wm_tpl tpl;

    ck_assert_int_eq(wm_tpl_parse((struct wm_span){small, sizeof small}, &tpl), WM_OK);
    ck_assert_int_eq(tpl.header, WM_TPL_SHORT);
    ck_assert_uint_eq(tpl.acc, 0x2A);
    ck_assert_uint_eq(tpl.config, 0x2520);
    ck_assert_uint_eq(tpl.mode, 5);
    ck_assert_uint_eq(tpl.encrypted_blocks, 2);
    ck_assert_uint_eq(tpl.payload.len, 2);
    ck_assert_int_eq(wm_tpl_parse((struct wm_span){large, sizeof large}, &tpl), WM_OK);
    ck_assert_int_eq(tpl.header, WM_TPL_LONG);
    ck_assert_uint_eq(tpl.address.id, 0x55667788);
    ck_assert_uint_eq(tpl.address.manufacturer, 0x4493);
    ck_assert_uint_eq(tpl.address.version, 0x55);
    ck_assert_uint_eq(tpl.address.type, 0x08);
    ck_assert_uint_eq(tpl.status, 0x04);
    ck_assert_uint_eq(tpl.mode, 5);
    ck_assert_uint_eq(tpl.encrypted_blocks, 1);
    ck_assert_uint_eq(tpl.payload.len, 1);
}
END_TEST

START_TEST(mode_is_five_bits)
{
    uint8_t layer[] = {0x7A, 0, 0, 0xF0, 0x75};
    struct wm_tpl tpl;

    ck_assert_int_eq(wm_tpl_parse((struct wm_span){layer, sizeof layer}, &tpl), WM_OK);
    ck_assert_uint_eq(tpl.mode, 21);
    ck_assert_uint_eq(tpl.encrypted_blocks, 0);
    ck_assert_str_eq(wm_security_mode_name(21), "reserved");
    ck_assert_str_eq(wm_security_mode_detail(10), "security mode 10: AES-128-CCM");
    for (unsigned mode = 0; mode < 32; mode++)
        ck_assert_ptr_nonnull(strstr(wm_security_mode_detail(mode), wm_security_mode_name(mode)));
}
END_TEST

START_TEST(tpl_build_then_parse_and_cuts_for_every_ci)
{
    static const size_t header_len[] = {[WM_TPL_NONE] = 1, [WM_TPL_SHORT] = 5, [WM_TPL_LONG] = 13};
    uint8_t payload[20], bytes[40];
    unsigned kinds[3] = {0};

    srand(8);
    for (unsigned ci = 0; ci < 256; ci++) {
        struct wm_tpl tpl, back;
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        bytes[0] = (uint8_t)ci;
        if (wm_tpl_parse((struct wm_span){bytes, sizeof bytes}, &tpl) == WM_NOT_MINE) {
            ck_assert_int_eq(wm_tpl_build(&tpl, &out), WM_INVALID);
            continue;
        }
        for (size_t i = 0; i < sizeof payload; i++)
            payload[i] = (uint8_t)rand();
        tpl.payload = (struct wm_span){payload, (size_t)rand() % sizeof payload};
        tpl.config = tpl.header == WM_TPL_NONE ? 0 : (uint16_t)rand();
        kinds[tpl.header]++;
        ck_assert_int_eq(wm_tpl_build(&tpl, &out), WM_OK);
        ck_assert_uint_eq(out.len, header_len[tpl.header] + tpl.payload.len);
        ck_assert_int_eq(wm_tpl_parse(wm_writer_span(&out), &back), WM_OK);
        ck_assert_uint_eq(back.ci, ci);
        ck_assert_int_eq(back.header, tpl.header);
        ck_assert(wm_address_equal(&back.address, &tpl.address));
        ck_assert_uint_eq(back.acc, tpl.acc);
        ck_assert_uint_eq(back.status, tpl.status);
        ck_assert_uint_eq(back.config, tpl.config);
        ck_assert(wm_span_equal(back.payload, tpl.payload));
        for (size_t len = 0; len < header_len[tpl.header]; len++)
            ck_assert_int_eq(wm_tpl_parse((struct wm_span){bytes, len}, &back), WM_TOO_SHORT);
        struct wm_writer tight = wm_writer_of(bytes, out.len - 1);
        ck_assert_int_eq(wm_tpl_build(&tpl, &tight), WM_FULL);
        tpl.header = (enum wm_tpl_header)((tpl.header + 1) % 3);
        ck_assert_int_eq(wm_tpl_build(&tpl, &out), WM_INVALID);
    }
    ck_assert_uint_gt(kinds[WM_TPL_NONE], 40);
    ck_assert_uint_gt(kinds[WM_TPL_SHORT], 10);
    ck_assert_uint_gt(kinds[WM_TPL_LONG], 20);
    ck_assert_str_eq(wm_tpl_header_name(WM_TPL_LONG), "long");
}
END_TEST

START_TEST(afl_reads_a_published_layer)
{
    /* CEN/TR 17167:2018 F.3 */
    static const uint8_t layer[] = {0x90, 0x0F, 0x00, 0x2C, 0x25, 0xB3, 0x0A, 0x00, 0x00, 0xAF,
                                    0x5D, 0x74, 0xDF, 0x73, 0xA6, 0x00, 0xD9, 0x72, 0x78};
    struct wm_afl afl;

    ck_assert_int_eq(wm_afl_parse((struct wm_span){layer, sizeof layer}, &afl), WM_OK);
    ck_assert_uint_eq(afl.fcl, WM_AFL_MCLP | WM_AFL_MCRP | WM_AFL_MACP);
    ck_assert_uint_eq(afl.mcl, 0x25);
    ck_assert_uint_eq(afl.mcr, 0x0AB3);
    ck_assert_uint_eq(afl.mac.len, 8);
    ck_assert_uint_eq(afl.mac.data[0], 0xAF);
    ck_assert_uint_eq(afl.raw.len, 17);
    ck_assert_uint_eq(afl.payload.data[0], 0x72);
    ck_assert(!wm_afl_fragmented(&afl));
    for (size_t len = 0; len < 17; len++)
        ck_assert_int_eq(wm_afl_parse((struct wm_span){layer, len}, &afl), WM_TOO_SHORT);
    ck_assert_int_eq(wm_afl_parse((struct wm_span){layer + 1, 10}, &afl), WM_NOT_MINE);
    static const uint8_t no_fcl[] = {0x90, 0x01, 0x00, 0x00, 0x00};
    ck_assert_int_eq(wm_afl_parse((struct wm_span){no_fcl, sizeof no_fcl}, &afl), WM_MALFORMED);
}
END_TEST

START_TEST(afl_build_then_parse)
{
    uint8_t mac[16], payload[30], bytes[300];
    struct wm_afl afl, back;

    srand(4);
    for (unsigned round = 0; round < 2000; round++) {
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        memset(mac, (int)round, sizeof mac);
        memset(payload, (int)round + 1, sizeof payload);
        afl = (struct wm_afl){.fcl = (uint16_t)rand(),
                              .mcl = (uint8_t)rand(),
                              .ki = (uint16_t)rand(),
                              .mcr = (uint32_t)rand(),
                              .ml = (uint16_t)rand(),
                              .mac = {mac, 1 + round % 16},
                              .payload = {payload, round % sizeof payload}};
        ck_assert_int_eq(wm_afl_build(&afl, &out), WM_OK);
        ck_assert_int_eq(wm_afl_parse(wm_writer_span(&out), &back), WM_OK);
        ck_assert_uint_eq(back.fcl, afl.fcl);
        ck_assert(!(afl.fcl & WM_AFL_MCLP) || back.mcl == afl.mcl);
        ck_assert(!(afl.fcl & WM_AFL_KIP) || back.ki == afl.ki);
        ck_assert(!(afl.fcl & WM_AFL_MCRP) || back.mcr == afl.mcr);
        ck_assert(!(afl.fcl & WM_AFL_MLP) || back.ml == afl.ml);
        ck_assert(!(afl.fcl & WM_AFL_MACP) || wm_span_equal(back.mac, afl.mac));
        ck_assert(wm_span_equal(back.payload, afl.payload));
        struct wm_writer tight = wm_writer_of(bytes, out.len - 1);
        ck_assert_int_eq(wm_afl_build(&afl, &tight), WM_FULL);
    }
    ck_assert(wm_afl_fragmented(&(struct wm_afl){.fcl = WM_AFL_MF | 1}));
    ck_assert(wm_afl_fragmented(&(struct wm_afl){.fcl = 2}));
    ck_assert(!wm_afl_fragmented(&(struct wm_afl){.fcl = WM_AFL_MACP | 1}));
    /* AFLL with no room for what FCL announces, then with room for all but the MAC */
    static const uint8_t no_room[] = {0x90, 0x02, 0x00, 0x20, 0x25}, no_mac[] = {0x90, 0x03, 0x00, 0x24, 0x25};
    ck_assert_int_eq(wm_afl_parse((struct wm_span){no_room, sizeof no_room}, &afl), WM_MALFORMED);
    ck_assert_int_eq(wm_afl_parse((struct wm_span){no_mac, sizeof no_mac}, &afl), WM_MALFORMED);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/headers");
    TCase *tests = tcase_create("headers");

    tcase_add_test(tests, tpl_reads_published_headers);
    tcase_add_test(tests, mode_is_five_bits);
    tcase_add_test(tests, tpl_build_then_parse_and_cuts_for_every_ci);
    tcase_add_test(tests, afl_reads_a_published_layer);
    tcase_add_test(tests, afl_build_then_parse);
    suite_add_tcase(suite, tests);
    return suite;
}
