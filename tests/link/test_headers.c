/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/ci.h"
#include "link/dll.h"
#include "link/ell.h"
#include "link/frame.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct wm_address random_address(void)
{
    return (struct wm_address){(uint16_t)rand(), (uint32_t)rand() << 8 ^ (uint32_t)rand(), (uint8_t)rand(), (uint8_t)rand()};
}

START_TEST(dll_reads_a_published_header)
{
    /* OMS Specification Vol. 2 Annex N, N.2.1: ELS, 12345678, version 33, type 03 */
    static const uint8_t telegram[] = {0x0B, 0x44, 0x93, 0x15, 0x78, 0x56, 0x34, 0x12, 0x33, 0x03, 0x7A, 0x2A, 0xEE};
    struct wm_dll dll;
    char text[4];

    ck_assert_int_eq(wm_dll_parse((struct wm_span){telegram, sizeof telegram}, &dll), WM_OK);
    ck_assert_str_eq(wm_c_name(dll.c), "SND_NR");
    ck_assert_uint_eq(dll.address.id, 0x12345678);
    ck_assert_uint_eq(dll.address.version, 0x33);
    ck_assert_uint_eq(dll.address.type, 0x03);
    wm_manufacturer_text(dll.address.manufacturer, text);
    ck_assert_str_eq(text, "ELS");
    ck_assert_uint_eq(dll.payload.len, 2); /* the byte behind L is not part of it */
    ck_assert_ptr_eq(dll.payload.data, telegram + 10);
}
END_TEST

START_TEST(dll_build_then_parse_and_cuts)
{
    uint8_t payload[246], bytes[300];
    struct wm_dll dll, back;

    srand(5);
    for (size_t len = 0; len <= sizeof payload; len++) {
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            payload[i] = (uint8_t)rand();
        dll = (struct wm_dll){(uint8_t)rand(), random_address(), {payload, len}};
        ck_assert_int_eq(wm_dll_build(&dll, &out), WM_OK);
        ck_assert_int_eq(wm_dll_parse(wm_writer_span(&out), &back), WM_OK);
        ck_assert_uint_eq(back.c, dll.c);
        ck_assert(wm_address_equal(&back.address, &dll.address));
        ck_assert(wm_span_equal(back.payload, dll.payload));
    }
    for (size_t len = 0; len < 256; len++) {
        back.payload.len = 999;
        ck_assert_int_eq(wm_dll_parse((struct wm_span){bytes, len}, &back), WM_TOO_SHORT);
        if (len > 0)
            ck_assert_uint_eq(back.payload.len, len < 10 ? 0 : len - 10);
    }
    struct wm_writer full = wm_writer_of(bytes, 255);
    ck_assert_int_eq(wm_dll_build(&dll, &full), WM_FULL);
    full = wm_writer_of(bytes, sizeof bytes);
    dll.payload.len = 247;
    ck_assert_int_eq(wm_dll_build(&dll, &full), WM_FULL);
    bytes[0] = 8;
    ck_assert_int_eq(wm_dll_parse((struct wm_span){bytes, sizeof bytes}, &back), WM_MALFORMED);
}
END_TEST

START_TEST(addresses_differ_in_every_field)
{
    struct wm_address a = {1, 2, 3, 4};
    struct wm_address others[] = {{9, 2, 3, 4}, {1, 9, 3, 4}, {1, 2, 9, 4}, {1, 2, 3, 9}};

    ck_assert(wm_address_equal(&a, &a));
    for (size_t i = 0; i < 4; i++)
        ck_assert(!wm_address_equal(&a, &others[i]));
}
END_TEST

START_TEST(manufacturer_letters)
{
    uint16_t number = 0;
    char text[4], again[4];

    ck_assert_int_eq(wm_manufacturer_parse("kam", &number), WM_OK);
    ck_assert_uint_eq(number, 0x2C2D);
    wm_manufacturer_text(0x8000 | number, text);
    ck_assert_str_eq(text, "KAM");
    wm_manufacturer_text(0x001B, text);
    ck_assert_str_eq(text, "@@[");
    for (unsigned n = 0; n < 26 * 26 * 26; n++) {
        text[0] = (char)('A' + n / 676);
        text[1] = (char)('A' + n / 26 % 26);
        text[2] = (char)('A' + n % 26);
        ck_assert_int_eq(wm_manufacturer_parse(text, &number), WM_OK);
        wm_manufacturer_text(number, again);
        ck_assert_str_eq(again, text);
    }
    static const char *const wrong[] = {"", "K", "KA", "KAMS", "K1M", "@AB", "AB[", "\xC4@B"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(wm_manufacturer_parse(wrong[i], &number), WM_INVALID);
}
END_TEST

START_TEST(c_field_names)
{
    static const struct {
        uint8_t c;
        const char *name;
    } named[] = {{0x40, "SND_NKE"}, {0x53, "SND_UD"}, {0x73, "SND_UD"},  {0x43, "SND_UD2"}, {0x45, "SND_UD3"}, {0x44, "SND_NR"},
                 {0x46, "SND_IR"},  {0x47, "ACC_NR"}, {0x48, "ACC_DMD"}, {0x5A, "REQ_UD1"}, {0x7A, "REQ_UD1"}, {0x5B, "REQ_UD2"},
                 {0x7B, "REQ_UD2"}, {0x00, "ACK"},    {0x01, "NACK"},    {0x06, "CNF_IR"},  {0x08, "RSP_UD"},  {0x38, "RSP_UD"}};
    static const uint8_t unnamed[] = {0xC4, 0x80, 0x64, 0x54, 0x4A, 0x4B, 0x41, 0x4F, 0x02, 0x0F, 0xFF};
    unsigned count = 0;

    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        ck_assert_str_eq(wm_c_name(named[i].c), named[i].name);
    for (size_t i = 0; i < sizeof unnamed; i++)
        ck_assert_ptr_null(wm_c_name(unnamed[i]));
    for (unsigned c = 0; c < 256; c++)
        count += wm_c_name((uint8_t)c) != NULL;
    ck_assert_uint_eq(count, 30);
}
END_TEST

START_TEST(device_types)
{
    ck_assert_str_eq(wm_device_type_name(0x07), "water");
    ck_assert_str_eq(wm_device_type_name(0x38), "wired adapter");
    for (unsigned type = 0; type < 256; type++)
        ck_assert_ptr_nonnull(wm_device_type_name((uint8_t)type));
    ck_assert_str_eq(wm_device_type_name(0x10), "reserved");
    ck_assert_str_eq(wm_device_type_name(0xFF), "reserved");
}
END_TEST

/* EN 13757-7:2018 Table 2 as one character for each CI: n none, s short, l long, E ELL, A AFL, W network, M manufacturer, .
 * reserved. */
START_TEST(every_ci_is_routed)
{
    static const char routes[] = "nnnnnnnnnnnnnnnn"
                                 "nnnnnnnnnnnnnnnn"
                                 "................"
                                 "................"
                                 "................"
                                 "nn.lnl....sln..l"
                                 "ls..lsnslnslllsl"
                                 "nnllsl..nnsslsls"
                                 "lWlnllElsnslEEEE"
                                 "A.............sl"
                                 "MMMMMMMMMMMMMMMM"
                                 "MMMMMMMMnnnnnnnn"
                                 "lsllsl.........."
                                 "................"
                                 "................"
                                 "................";
    static const char of_layer[] = "nslEAWM.";

    for (unsigned ci = 0; ci < 256; ci++) {
        const struct wm_ci_info *info = wm_ci_info((uint8_t)ci);
        ck_assert_ptr_nonnull(info->name);
        ck_assert_msg(of_layer[info->layer] == routes[ci], "CI %02X", ci);
    }
    ck_assert_int_eq(wm_ci_info(0x7A)->payload, WM_CI_PAYLOAD_MBUS);
    ck_assert_int_eq(wm_ci_info(0x79)->payload, WM_CI_PAYLOAD_COMPACT);
    ck_assert_int_eq(wm_ci_info(0x69)->payload, WM_CI_PAYLOAD_FORMAT);
    ck_assert_int_eq(wm_ci_info(0x9E)->payload, WM_CI_PAYLOAD_TLS);
    ck_assert_int_eq(wm_ci_info(0x8A)->payload, WM_CI_PAYLOAD_NONE);
    ck_assert_int_eq(wm_ci_info(0x5A)->direction, WM_CI_TO_METER);
    ck_assert_int_eq(wm_ci_info(0x72)->direction, WM_CI_FROM_METER);
}
END_TEST

START_TEST(ell_reads_published_headers)
{
    /* a Kamstrup frame's ELL II, and the ELL III of CEN/TR 17167:2018 F.3 */
    static const uint8_t two[] = {0x8D, 0x20, 0xE9, 0x60, 0x3A, 0x10, 0x20, 0x08, 0xC6, 0x7C};
    static const uint8_t three[] = {0x8E, 0x80, 0x75, 0x3A, 0x63, 0x66, 0x55, 0x44, 0x33, 0x0A, 0x31, 0x90};
    struct wm_ell ell;

    ck_assert_int_eq(wm_ell_parse((struct wm_span){two, sizeof two}, &ell), WM_OK);
    ck_assert_uint_eq(wm_ell_encryption(&ell), WM_ELL_ENC_AES_CTR);
    ck_assert_uint_eq(ell.session >> 4 & 0x1FFFFFF, 66470);
    ck_assert_uint_eq(ell.payload_crc, 0xC608);
    ck_assert_uint_eq(ell.payload.len, 1);
    ck_assert_int_eq(wm_ell_parse((struct wm_span){three, sizeof three}, &ell), WM_OK);
    ck_assert_uint_eq(ell.receiver.id, 0x33445566);
    ck_assert_uint_eq(ell.receiver.type, 0x31);
    ck_assert_uint_eq(wm_ell_encryption(&ell), WM_ELL_ENC_NONE);
    ck_assert_uint_eq(ell.payload.data[0], 0x90);
}
END_TEST

START_TEST(ell_build_then_parse_and_cuts)
{
    static const uint8_t header_len[] = {3, 9, 11, 17};
    uint8_t payload[40], bytes[80];
    struct wm_ell ell = {0}, back;

    srand(6);
    for (int round = 0; round < 400; round++) {
        unsigned kind = (unsigned)round & 3;
        size_t len = (size_t)rand() % sizeof payload;
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            payload[i] = (uint8_t)rand();
        ell =
            (struct wm_ell){.ci = (uint8_t)(0x8C + kind), .cc = (uint8_t)rand(), .acc = (uint8_t)rand(), .payload = {payload, len}};
        ell.has_receiver = kind >= 2;
        ell.has_session = kind & 1;
        if (ell.has_receiver)
            ell.receiver = random_address();
        if (ell.has_session) {
            ell.session = (uint32_t)rand() << 3;
            ell.payload_crc = (uint16_t)rand();
        }
        ck_assert_int_eq(wm_ell_build(&ell, &out), WM_OK);
        ck_assert_uint_eq(out.len, header_len[kind] + len);
        ck_assert_int_eq(wm_ell_parse(wm_writer_span(&out), &back), WM_OK);
        ck_assert_uint_eq(back.ci, ell.ci);
        ck_assert_uint_eq(back.cc, ell.cc);
        ck_assert_uint_eq(back.acc, ell.acc);
        ck_assert_int_eq(back.has_receiver, ell.has_receiver);
        ck_assert(wm_address_equal(&back.receiver, &ell.receiver));
        ck_assert_int_eq(back.has_session, ell.has_session);
        ck_assert_uint_eq(back.session, ell.session);
        ck_assert_uint_eq(back.payload_crc, ell.payload_crc);
        ck_assert(wm_span_equal(back.payload, ell.payload));
        for (size_t cut = 0; cut < header_len[kind]; cut++)
            ck_assert_int_eq(wm_ell_parse((struct wm_span){bytes, cut}, &back), WM_TOO_SHORT);
        struct wm_writer tight = wm_writer_of(bytes, out.len - 1);
        ck_assert_int_eq(wm_ell_build(&ell, &tight), WM_FULL);
        ell.has_session = !ell.has_session;
        ck_assert_int_eq(wm_ell_build(&ell, &out), WM_INVALID);
    }
}
END_TEST

START_TEST(ell_knows_what_is_not_its_own)
{
    uint8_t bytes[20] = {0};
    struct wm_ell ell;

    for (unsigned ci = 0; ci < 256; ci++) {
        bytes[0] = (uint8_t)ci;
        enum wm_status expected = ci >= 0x8C && ci <= 0x8F ? WM_OK : ci == 0x86 ? WM_UNSUPPORTED : WM_NOT_MINE;
        ck_assert_int_eq(wm_ell_parse((struct wm_span){bytes, sizeof bytes}, &ell), expected);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("link/headers");
    TCase *tests = tcase_create("headers");

    tcase_add_test(tests, dll_reads_a_published_header);
    tcase_add_test(tests, dll_build_then_parse_and_cuts);
    tcase_add_test(tests, addresses_differ_in_every_field);
    tcase_add_test(tests, manufacturer_letters);
    tcase_add_test(tests, c_field_names);
    tcase_add_test(tests, device_types);
    tcase_add_test(tests, every_ci_is_routed);
    tcase_add_test(tests, ell_reads_published_headers);
    tcase_add_test(tests, ell_build_then_parse_and_cuts);
    tcase_add_test(tests, ell_knows_what_is_not_its_own);
    suite_add_tcase(suite, tests);
    return suite;
}
