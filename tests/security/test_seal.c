/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/frame.h"
#include "security/open.h"
#include "security/seal.h"
#include "security/tls_frame.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* What is sealed opens again, for every layer and mode, with random content; and what is changed on the way does not. */

static struct wm_keystore *keys;
static struct wm_sealer *sealer;
static struct wm_key key;
static const struct wm_address meter = {0x1593, 0x12345678, 0x33, 0x03}, gateway = {0x4824, 0x11223344, 0x03, 0x31};

static void set_up(void)
{
    static const struct wm_key_pattern any = {0};

    srand(7);
    for (size_t i = 0; i < sizeof key.bytes; i++)
        key.bytes[i] = (uint8_t)rand();
    ck_assert_int_eq(wm_keystore_create(&keys), WM_OK);
    ck_assert_int_eq(wm_keystore_add(keys, &any, &key), WM_OK);
    struct wm_key des = key;
    des.des = true;
    ck_assert_int_eq(wm_keystore_add(keys, &any, &des), WM_OK);
    ck_assert_int_eq(wm_sealer_create(&sealer), WM_OK);
}

static void tear_down(void)
{
    wm_sealer_destroy(sealer);
    wm_keystore_destroy(keys);
}

static struct wm_opener *new_opener(void)
{
    struct wm_opener *opener;
    struct wm_opener_config config = {.keys = keys, .experimental = true, .has_date = true, .date = 0x2C71};

    ck_assert_int_eq(wm_opener_create_with(&config, &opener), WM_OK);
    return opener;
}

static void fill(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(rand() >> 5);
}

/* A message of some mode: header by direction, everything else by chance. */
static struct wm_seal_spec spec_of(unsigned mode, bool to_meter, bool afl, uint8_t *apl, size_t len)
{
    struct wm_seal_spec spec = {.c = to_meter ? 0x53 : 0x44,
                                .sender = to_meter ? gateway : meter,
                                .to_meter = to_meter,
                                .has_ell = true,
                                .ell = {.ci = 0x8C, .cc = (uint8_t)rand(), .acc = (uint8_t)rand()},
                                .has_afl = afl,
                                .edition = rand() % 2 ? WM_AFL_2012 : WM_AFL_2018,
                                .authentication_type = afl ? 5 : 0,
                                .has_mcr = true,
                                .tpl = {.ci = to_meter     ? 0x5B
                                              : rand() % 2 ? 0x72
                                                           : 0x7A,
                                        .acc = (uint8_t)rand(),
                                        .status = (uint8_t)rand()},
                                .config = {.mode = (uint8_t)mode, .kdf = 1, .tag_bytes = 8, .has_counter = !afl || rand() % 2},
                                .counter = (uint32_t)rand(),
                                .apl = {apl, len},
                                .experimental = true,
                                .date = 0x2C71};

    spec.tpl.header = spec.tpl.ci == 0x7A ? WM_TPL_SHORT : WM_TPL_LONG;
    spec.tpl.address = meter;
    if (mode < 7)
        spec.config.has_counter = false;
    spec.config.has_key_version = mode >= 7 && mode <= 10 && rand() % 2;
    spec.config.key_version = (uint8_t)rand();
    spec.config.content = rand() % 2 ? 2 : 0;
    if (mode == 2 || mode == 3)
        spec.config.content = 0;
    return spec;
}

static const struct wm_key *key_of(unsigned mode)
{
    static struct wm_key des;

    des = key;
    des.des = true;
    return mode == 2 || mode == 3 ? &des : &key;
}

static enum wm_verdict expected_of(unsigned mode, bool afl, enum wm_tpl_header header)
{
    bool tag = mode >= 8 && mode <= 10;

    if (mode == 0)
        return afl ? WM_VERDICT_AUTHENTICATED : WM_VERDICT_PLAIN;
    if (mode == 5 && header == WM_TPL_SHORT) /* the address in its IV is not under the MAC: test_attacks.c */
        return WM_VERDICT_DECRYPTED;
    return afl || tag ? WM_VERDICT_DECRYPTED_AND_AUTHENTICATED : WM_VERDICT_DECRYPTED;
}

static const unsigned modes[] = {0, 2, 3, 4, 5, 7, 8, 9, 10};

START_TEST(seal_then_open)
{
    struct wm_opener *opener = new_opener();
    uint8_t apl[200], clear[20], bytes[WM_TELEGRAM_MAX];
    struct wm_message message;
    unsigned opened = 0;

    for (unsigned round = 0; round < 4000; round++) {
        unsigned mode = modes[(size_t)_i];
        bool to_meter = rand() % 2, afl = mode != 2 && mode != 3 && rand() % 2;
        struct wm_seal_spec spec = spec_of(mode, to_meter, afl, apl, 1 + (size_t)rand() % 150);
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        fill(apl, sizeof apl);
        fill(clear, sizeof clear);
        if (rand() % 3 == 0)
            spec.clear = (struct wm_span){clear, (size_t)rand() % sizeof clear};
        ck_assert_int_eq(wm_seal(sealer, &spec, key_of(mode)), WM_OK);
        ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
        if (wm_seal_next(sealer, &(struct wm_writer){apl, sizeof apl, 0, false}) != WM_END)
            continue; /* fragments have a test of their own */
        ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
        ck_assert_msg(message.verdict == expected_of(mode, afl, spec.tpl.header), "mode %u: %s %s", mode,
                      wm_verdict_name(message.verdict), message.detail);
        ck_assert(message.readable);
        ck_assert_uint_eq(message.to_meter, to_meter);
        struct wm_span got = message.apl;
        if (mode >= 2 && mode <= 7) {
            ck_assert_uint_eq(got.data[0], 0x2F);
            ck_assert_uint_eq(got.data[1], 0x2F);
            got = wm_span_sub(got, 2, got.len);
        }
        ck_assert_uint_ge(got.len, spec.apl.len + spec.clear.len);
        ck_assert(wm_span_equal(wm_span_sub(got, 0, spec.apl.len), spec.apl));
        ck_assert(wm_span_equal(wm_span_sub(got, got.len - spec.clear.len, SIZE_MAX), spec.clear));
        ck_assert(mode < 2 || mode > 7 || got.len - spec.clear.len - spec.apl.len < 16);
        if (spec.config.has_counter || (afl && mode))
            ck_assert_uint_eq(message.counter, spec.counter);
        opened++;
    }
    ck_assert_uint_gt(opened, 3000);
    wm_opener_destroy(opener);
}
END_TEST

/* One bit anywhere behind the link layer's first bytes: never a better verdict than "not proven". */
START_TEST(every_bit_matters)
{
    static const struct {
        unsigned mode;
        bool afl;
    } cases[] = {{0, true}, {7, true}, {8, false}, {9, false}, {10, false}, {5, true}};
    struct wm_opener *opener = new_opener();
    uint8_t apl[40], bytes[WM_TELEGRAM_MAX], changed[WM_TELEGRAM_MAX];
    struct wm_message message;

    fill(apl, sizeof apl);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wm_seal_spec spec = spec_of(cases[i].mode, false, cases[i].afl, apl, sizeof apl);
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        spec.edition = WM_AFL_2018;
        spec.tpl.ci = 0x72;
        spec.tpl.header = WM_TPL_LONG;
        spec.has_ell = cases[i].afl;
        ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
        ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
        /* ELL and link layer are outside the MAC; L, and the AFL's length and FCL change what is read as what */
        size_t from = 10 + (cases[i].afl ? 3 + 4 : 0);
        for (size_t bit = from * 8; bit < out.len * 8; bit++) {
            memcpy(changed, bytes, out.len);
            changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert_int_eq(wm_open(opener, (struct wm_span){changed, out.len}, &message), WM_OK);
            ck_assert_msg(!message.authenticated && message.verdict != WM_VERDICT_DECRYPTED_AND_AUTHENTICATED &&
                              message.verdict != WM_VERDICT_AUTHENTICATED,
                          "case %zu, byte %zu: %s", i, bit / 8, wm_verdict_name(message.verdict));
        }
        for (size_t len = 0; len < out.len; len++) {
            memcpy(changed, bytes, out.len);
            changed[0] = (uint8_t)(len ? len - 1 : 0);
            ck_assert_int_eq(wm_open(opener, (struct wm_span){changed, len}, &message), WM_OK);
            ck_assert_msg(!message.authenticated, "case %zu cut at %zu: %s", i, len, wm_verdict_name(message.verdict));
            ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes, len}, &message), WM_OK);
            ck_assert_int_eq(message.verdict, WM_VERDICT_MALFORMED);
        }
        /* one bit in the key */
        for (size_t bit = 0; bit < 128; bit += 5) {
            struct wm_keystore *wrong;
            struct wm_opener *with_wrong;
            struct wm_key other = key;
            other.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert_int_eq(wm_keystore_create(&wrong), WM_OK);
            ck_assert_int_eq(wm_keystore_add(wrong, &(struct wm_key_pattern){0}, &other), WM_OK);
            ck_assert_int_eq(wm_opener_create_with(&(struct wm_opener_config){.keys = wrong, .experimental = true}, &with_wrong),
                             WM_OK);
            ck_assert_int_eq(wm_open(with_wrong, wm_writer_span(&out), &message), WM_OK);
            ck_assert(message.verdict == WM_VERDICT_WRONG_KEY || message.verdict == WM_VERDICT_BAD_MAC);
            ck_assert(!message.readable);
            wm_opener_destroy(with_wrong);
            wm_keystore_destroy(wrong);
        }
    }
    wm_opener_destroy(opener);
}
END_TEST

START_TEST(every_cmac_length)
{
    static const uint8_t types[] = {3, 4, 5, 6, 7};
    struct wm_opener *opener = new_opener();
    uint8_t apl[30], bytes[WM_TELEGRAM_MAX];
    struct wm_message message;

    for (size_t i = 0; i < sizeof types; i++) {
        struct wm_seal_spec spec = spec_of(7, true, true, apl, sizeof apl);
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        fill(apl, sizeof apl);
        spec.authentication_type = types[i];
        spec.has_key_info = i % 2;
        spec.key_info = (uint16_t)(i / 2 % 2 << 4);
        ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
        ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
        ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
        ck_assert_int_eq(message.verdict, WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
        ck_assert_uint_eq(message.afl_fields.mac.len, wm_afl_mac_type(types[i])->bytes);
    }
    wm_opener_destroy(opener);
}
END_TEST

START_TEST(ell_sealed_and_opened)
{
    static const uint8_t cis[] = {0x8D, 0x8F};
    struct wm_opener *opener = new_opener();
    uint8_t apl[100], bytes[WM_TELEGRAM_MAX];
    struct wm_message message;

    for (unsigned round = 0; round < 500; round++) {
        struct wm_seal_spec spec = spec_of(0, false, false, apl, 1 + (size_t)rand() % sizeof apl);
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        fill(apl, sizeof apl);
        spec.tpl.ci = 0x78;
        spec.tpl.header = WM_TPL_NONE;
        spec.ell = (struct wm_ell){.ci = cis[round % 2],
                                   .cc = (uint8_t)rand(),
                                   .has_session = true,
                                   .has_receiver = round % 2,
                                   .receiver = gateway,
                                   .session = (uint32_t)rand() >> 3 | (round % 5 ? 1u << 29 : 0)};
        ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
        ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
        ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
        ck_assert_int_eq(message.verdict, round % 5 ? WM_VERDICT_DECRYPTED : WM_VERDICT_PLAIN);
        ck_assert(message.readable);
        ck_assert(wm_span_equal(message.apl, spec.apl));
        for (size_t bit = (round % 2 ? 27 : 19) * 8; round < 10 && bit < out.len * 8; bit++) { /* CRC 16: finds every single bit */
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
            ck_assert(!message.readable);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    wm_opener_destroy(opener);
}
END_TEST

/* Messages of any length up to the maximum, in fragments of any size that takes at most 255 of them. */
START_TEST(fragments_up_to_the_maximum)
{
    static uint8_t apl[16402];
    static const size_t lengths[] = {60, 300, 1000, 4096, 12000, 16402 - 13};
    struct wm_opener *opener = new_opener();
    uint8_t bytes[WM_TELEGRAM_MAX];
    struct wm_message message;

    fill(apl, sizeof apl);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct wm_seal_spec spec = spec_of(0, true, true, apl, lengths[i]);
        size_t fragments = 0;
        enum wm_status status;
        spec.ell = (struct wm_ell){.ci = 0x8E, .has_receiver = true, .receiver = meter};
        spec.fragment_bytes = lengths[i] < 4000 ? 40 : 230;
        ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
        for (;;) {
            struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
            status = wm_seal_next(sealer, &out);
            if (status != WM_OK)
                break;
            fragments++;
            ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
            if (message.verdict == WM_VERDICT_FRAGMENT) {
                ck_assert(!message.readable);
                ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK); /* once more: a copy */
                ck_assert_int_eq(message.verdict, WM_VERDICT_FRAGMENT);
                ck_assert_str_eq(message.detail, "a copy of the last fragment");
            }
        }
        ck_assert_int_eq(status, WM_END);
        ck_assert_uint_gt(fragments, 1);
        ck_assert_int_eq(message.verdict, WM_VERDICT_AUTHENTICATED);
        ck_assert(message.assembled && message.readable);
        ck_assert_uint_eq(message.tpdu.len, lengths[i] + 13);
        ck_assert(wm_span_equal(message.apl, spec.apl));
    }
    wm_opener_destroy(opener);
}
END_TEST

START_TEST(fragmented_and_encrypted)
{
    static uint8_t apl[2000];
    struct wm_opener *opener = new_opener();
    uint8_t bytes[64][WM_TELEGRAM_MAX];
    size_t lens[64], count;
    struct wm_message message;

    for (unsigned round = 0; round < 60; round++) {
        unsigned mode = round % 2 ? 7 : 10;
        struct wm_seal_spec spec = spec_of(mode, round % 3 == 0, true, apl, 200 + (size_t)rand() % 1800);
        fill(apl, sizeof apl);
        spec.fragment_bytes = 60 + (size_t)rand() % 150;
        ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
        for (count = 0;; count++) {
            struct wm_writer out = wm_writer_of(bytes[count], WM_TELEGRAM_MAX);
            if (wm_seal_next(sealer, &out) != WM_OK)
                break;
            lens[count] = out.len;
        }
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes[i], lens[i]}, &message), WM_OK);
        ck_assert_int_eq(message.verdict, WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
        ck_assert(wm_span_equal(wm_span_sub(message.apl, mode == 7 ? 2 : 0, spec.apl.len), spec.apl));
        /* two fragments change places: never a message */
        size_t a = (size_t)rand() % (count - 1);
        for (size_t i = 0; i < count; i++) {
            size_t at = i == a ? a + 1 : i == a + 1 ? a : i;
            ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes[at], lens[at]}, &message), WM_OK);
            ck_assert(!message.readable);
        }
    }
    wm_opener_destroy(opener);
}
END_TEST

START_TEST(connection_request_and_records)
{
    struct wm_opener *opener = new_opener();
    uint8_t payload[80], bytes[WM_TELEGRAM_MAX];
    struct wm_writer apl = wm_writer_of(payload, sizeof payload), out = wm_writer_of(bytes, sizeof bytes);
    struct wm_seal_spec spec = spec_of(13, true, true, payload, 0);
    struct wm_tls_record record, back;
    struct wm_message message;

    ck_assert_int_eq(wm_connection_request_build(&apl), WM_OK);
    spec.tpl.ci = 0x5F;
    spec.config = (struct wm_config){.mode = 13, .protocol = WM_TLSCONN};
    spec.apl = wm_writer_span(&apl);
    ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
    ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
    ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
    ck_assert_int_eq(message.verdict, WM_VERDICT_AUTHENTICATED);
    ck_assert_uint_eq(message.config.protocol, WM_TLSCONN);
    ck_assert_uint_eq(message.config.encrypted, 5);
    bytes[out.len - 1] ^= 1;
    ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
    ck_assert_int_eq(message.verdict, WM_VERDICT_BAD_MAC);

    apl = wm_writer_of(payload, sizeof payload);
    record = (struct wm_tls_record){.type = 0x16, .version = 0x0303, .body = {bytes, 20}};
    ck_assert_int_eq(wm_tls_record_build(&record, &apl), WM_OK);
    record.type = 0x14;
    record.body.len = 1;
    ck_assert_int_eq(wm_tls_record_build(&record, &apl), WM_OK);
    wm_writer_u8(&apl, 0x2F);
    struct wm_cursor cur = wm_cursor_of(wm_writer_span(&apl));
    ck_assert_int_eq(wm_tls_record_next(&cur, &back), WM_OK);
    ck_assert_uint_eq(back.type, 0x16);
    ck_assert_uint_eq(back.body.len, 20);
    ck_assert_int_eq(wm_tls_record_next(&cur, &back), WM_OK);
    ck_assert_str_eq(wm_tls_record_name(back.type), "change cipher spec");
    ck_assert_int_eq(wm_tls_record_next(&cur, &back), WM_NOT_MINE);
    for (size_t len = 1; len < 25; len++) {
        cur = wm_cursor_of((struct wm_span){payload, len});
        ck_assert_int_eq(wm_tls_record_next(&cur, &back), WM_TOO_SHORT);
    }
    wm_opener_destroy(opener);
}
END_TEST

START_TEST(what_cannot_be_sealed)
{
    uint8_t apl[300] = {0}, bytes[WM_TELEGRAM_MAX];
    struct wm_seal_spec spec = spec_of(5, false, false, apl, 30);
    struct wm_writer out = wm_writer_of(bytes, sizeof bytes);

    ck_assert_int_eq(wm_seal(sealer, &spec, NULL), WM_NO_KEY);
    ck_assert_int_eq(wm_seal_next(sealer, &out), WM_END);
    spec.clear = (struct wm_span){apl, 4};
    spec.apl.len = 230; /* more than 14 blocks, and clear text behind */
    ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_INVALID);
    spec = spec_of(9, false, false, apl, 30);
    spec.experimental = false;
    ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_UNSUPPORTED);
    spec = spec_of(2, false, false, apl, 30);
    ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_INVALID); /* an AES key for DES */
    spec = spec_of(0, false, false, apl, 260);
    ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
    ck_assert_int_eq(wm_seal_next(sealer, &out), WM_FULL);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/seal");
    TCase *tests = tcase_create("seal");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, seal_then_open, 0, (int)(sizeof modes / sizeof modes[0]));
    tcase_add_test(tests, every_bit_matters);
    tcase_add_test(tests, every_cmac_length);
    tcase_add_test(tests, ell_sealed_and_opened);
    tcase_add_test(tests, fragments_up_to_the_maximum);
    tcase_add_test(tests, fragmented_and_encrypted);
    tcase_add_test(tests, connection_request_and_records);
    tcase_add_test(tests, what_cannot_be_sealed);
    suite_add_tcase(suite, tests);
    return suite;
}
