/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/crc.h"
#include "link/frame.h"
#include "security/mode5.h"
#include "security/open.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OMS Specification Vol. 2 Annex N, N.2.1 (mode 5, short header) and N.5.3 (partial encryption, ELL I, long header). */
#define N21_KEY   "0102030405060708090A0B0C0D0E0F11"
#define N21       "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3"
#define N21_PLAIN "2E4493157856341233037A2A0020252F2F0C1427048502046D32371F1502FD1700002F2F2F2F2F2F2F2F2F2F2F2F2F"
#define N53_KEY   "000102030405060708090A0B0C0D0E0F"
#define N53       "304493444433221155378C00757288776655934455080004100500DFE2A782146D1513581CD2F83F39040CFD1078563412"
#define N53_PLAIN "304493444433221155378C0075728877665593445508000410052F2F0B6E341200426CFE044B6E5634020CFD1078563412"
/* CEN/TR 17167:2018 F.3: mode 7 behind an AFL */
#define F3                                                                                                                         \
    "530824484433221103378E80753A63665544330A31900F002C25B30A0000AF5D74DF73A600D972785634129315330375002007109058475F4BC91DF878B8" \
    "0A1B"                                                                                                                         \
    "0F98B629024AAC727942BFC549233C0140829B93"

static struct wm_keystore *keys;
static struct wm_opener *opener;
static struct wm_message message;

static void set_up(void)
{
    ck_assert_int_eq(wm_keystore_create(&keys), WM_OK);
    ck_assert_int_eq(wm_opener_create(keys, &opener), WM_OK);
}

static void tear_down(void)
{
    wm_opener_destroy(opener);
    wm_keystore_destroy(keys);
}

static void add_key(const char *pattern, const char *hex)
{
    char line[100];
    const char *why;
    int len = snprintf(line, sizeof line, "%s = %s", pattern, hex);

    ck_assert_int_eq(wm_keystore_add_line(keys, line, (size_t)len, &why), WM_OK);
}

static struct wm_span from_hex(const char *hex, uint8_t *bytes, size_t cap)
{
    size_t len = 0;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes, cap, &len, NULL), WM_OK);
    return (struct wm_span){bytes, len};
}

static enum wm_verdict open_hex(const char *hex)
{
    uint8_t bytes[WM_TELEGRAM_MAX];

    ck_assert_int_eq(wm_open(opener, from_hex(hex, bytes, sizeof bytes), &message), WM_OK);
    ck_assert_ptr_nonnull(message.detail);
    return message.verdict;
}

/* L, a link layer header with the id 12345678, and the layers given as hex. */
static enum wm_verdict open_layers(const char *hex)
{
    uint8_t layers[WM_TELEGRAM_MAX], bytes[WM_TELEGRAM_MAX];
    struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
    struct wm_dll dll = {0x44, {0x1593, 0x12345678, 0x33, 0x03}, from_hex(hex, layers, sizeof layers)};

    ck_assert_int_eq(wm_dll_build(&dll, &out), WM_OK);
    ck_assert_int_eq(wm_open(opener, wm_writer_span(&out), &message), WM_OK);
    ck_assert_ptr_nonnull(message.detail);
    return message.verdict;
}

static void assert_plain(const char *hex)
{
    uint8_t bytes[WM_TELEGRAM_MAX];

    ck_assert(wm_span_equal(message.plain, from_hex(hex, bytes, sizeof bytes)));
}

START_TEST(mode_5_short_header)
{
    add_key("12345678", N21_KEY);
    ck_assert_int_eq(open_hex(N21), WM_VERDICT_DECRYPTED);
    ck_assert(message.readable && message.decrypted && message.has_tpl && !message.has_ell && !message.has_afl);
    ck_assert_str_eq(message.detail, "");
    ck_assert_uint_eq(message.meter.id, 0x12345678);
    ck_assert_uint_eq(message.apl.len, 32);
    ck_assert_uint_eq(message.apl.data[2], 0x0C);
    assert_plain(N21_PLAIN);
}
END_TEST

START_TEST(mode_5_partial_encryption_long_header)
{
    add_key("55667788", N53_KEY);
    ck_assert_int_eq(open_hex(N53), WM_VERDICT_DECRYPTED);
    ck_assert(message.has_ell && message.readable);
    ck_assert_uint_eq(message.ell.ci, 0x8C);
    ck_assert_uint_eq(message.meter.id, 0x55667788);
    ck_assert_uint_eq(message.dll.address.id, 0x11223344);
    ck_assert_uint_eq(message.apl.len, 23);
    assert_plain(N53_PLAIN);
}
END_TEST

START_TEST(no_key_and_wrong_key)
{
    ck_assert_int_eq(open_hex(N21), WM_VERDICT_NO_KEY);
    ck_assert(!message.readable && !message.decrypted);
    assert_plain(N21);
    add_key("12345678", N53_KEY);
    ck_assert_int_eq(open_hex(N21), WM_VERDICT_WRONG_KEY);
    ck_assert(!message.readable && !message.decrypted);
    assert_plain(N21); /* no trace of the wrong decryption */
    add_key("*", N21_KEY);
    ck_assert_int_eq(open_hex(N21), WM_VERDICT_DECRYPTED);
    assert_plain(N21_PLAIN);
    ck_assert_int_eq(open_hex(N53), WM_VERDICT_WRONG_KEY);
}
END_TEST

START_TEST(every_wrong_bit_in_the_key_is_noticed)
{
    uint8_t key[16], bytes[16];
    char hex[33];
    unsigned decrypted = 0;

    from_hex(N21_KEY, key, sizeof key);
    for (unsigned bit = 0; bit < 128; bit++) {
        tear_down();
        set_up();
        memcpy(bytes, key, sizeof key);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        wm_hex_encode((struct wm_span){bytes, sizeof bytes}, hex);
        add_key("*", hex);
        decrypted += open_hex(N21) != WM_VERDICT_WRONG_KEY;
    }
    ck_assert_uint_eq(decrypted, 0);
}
END_TEST

START_TEST(plain_though_declared)
{
    ck_assert_int_eq(open_hex(N21_PLAIN), WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert(message.readable && !message.decrypted);
    ck_assert_uint_eq(message.apl.len, 32);
    assert_plain(N21_PLAIN);
    add_key("12345678", N21_KEY); /* this meter can encrypt: who sent that? */
    ck_assert_int_eq(open_hex(N21_PLAIN), WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert(!message.readable);
    ck_assert_int_eq(open_hex(N53_PLAIN), WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert(message.readable);
    add_key("11223344", N21_KEY); /* a key for the sender counts as well as one for the meter */
    ck_assert_int_eq(open_hex(N53_PLAIN), WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert(!message.readable);
    tear_down();
    set_up();
    add_key("55667788", N21_KEY);
    ck_assert_int_eq(open_hex(N53_PLAIN), WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert(!message.readable);
    /* fewer bytes than N blocks, published without their filler */
    ck_assert_int_eq(open_layers("722143658715934455002000202F2F0C13"), WM_VERDICT_PLAIN);
    ck_assert_int_eq(open_layers("72214365871593445500002025"
                                 "2F2F0C13"),
                     WM_VERDICT_PLAIN_THOUGH_DECLARED);
}
END_TEST

START_TEST(plain_messages)
{
    ck_assert_int_eq(open_layers("7A010000000C1378563412"), WM_VERDICT_PLAIN);
    ck_assert(message.readable && message.has_tpl);
    ck_assert_uint_eq(message.apl.len, 6);
    ck_assert_int_eq(open_layers("780C1378563412"), WM_VERDICT_PLAIN);
    ck_assert_uint_eq(message.apl.len, 6);
    ck_assert_int_eq(open_layers("7A010000050C1378563412"), WM_VERDICT_PLAIN_THOUGH_DECLARED); /* mode 5, N = 0 */
    ck_assert(message.readable);
    ck_assert_int_eq(open_layers("8C2001780C13"), WM_VERDICT_PLAIN);
    ck_assert(message.readable);
    /* no transport layer at all */
    ck_assert_int_eq(open_layers(""), WM_VERDICT_PLAIN);
    ck_assert(!message.has_tpl && !message.readable);
    ck_assert_int_eq(open_layers("8C2001"), WM_VERDICT_PLAIN);
    ck_assert(message.has_ell && !message.readable);
}
END_TEST

START_TEST(named_but_not_opened)
{
    static const struct {
        const char *layers, *detail;
    } cases[] = {
        {"7A0100000130", "security mode 1: manufacturer specific"},
        {"7A01000001BBD1", "security mode 1: manufacturer specific"},
        {"7A0100080300112233445566770C13", "security mode 3: its IV takes the day of sending, which is not known"},
        {"7A01001006BBD1", "security mode 6: reserved"},
        {"7A010010080001BBD1112233445566", "security mode 8: AES-128-CTR with CMAC"},
        {"7A010010090001BBD1112233445566", "security mode 9: AES-128-GCM"},
        {"9E0100000D011403030001011503030002022F", "security mode 13: TLS"},
        {"7A0100000FBBD1", "security mode 15: DSMR, AES-128-GCM"},
        {"7A010010150BD1", "security mode 21: reserved"},
        {"8D20E9603A10400000780C13", "a reserved extended link layer encryption"},
        {"8600000000", "extended link layer V (CI 86)"},
        {"A0112233", "manufacturer-specific CI (A0 to B7)"},
        {"81112233", "network layer (CI 81)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(open_layers(cases[i].layers) == WM_VERDICT_NOT_SUPPORTED, "%s: %s", cases[i].layers, message.detail);
        ck_assert_str_eq(message.detail, cases[i].detail);
        ck_assert(!message.readable);
    }
    ck_assert_int_eq(open_hex(F3), WM_VERDICT_NO_KEY);
    ck_assert_str_eq(message.detail, "");
    ck_assert(message.has_ell && message.has_afl && message.has_tpl);
    ck_assert_uint_eq(message.afl.len, 17);
    ck_assert_uint_eq(message.meter.id, 0x12345678);
}
END_TEST

START_TEST(malformed_says_where)
{
    static const struct {
        const char *layers, *detail;
    } cases[] = {
        {"7A0100", "the transport layer header is cut off"},
        {"72010203040506", "the transport layer header is cut off"},
        {"8C", "the extended link layer is cut off"},
        {"8D20E9603A1020", "the extended link layer is cut off"},
        {"90", "the authentication and fragmentation layer is cut off"},
        {"900F002C25", "the authentication and fragmentation layer is cut off"},
        {"90020024781234", "AFL.AFLL leaves no room for the fields that AFL.FCL announces"},
        {"9003002005780C13", "AFL.MCL announces a MAC, and there is none"},
        {"900800240500112233780C13", "the AFL MAC has not the length that AFL.MCL says"},
        {"900800242500112233780C13", "AFL.MCL and AFL.FCL do not name the same fields"},
        {"8C200190020200780C13", "a fragment without its beginning"},
        {"8C200190020140780C13", "the first fragment has no AFL.MCL"},
        {"7A01001007", "the configuration field's extension is cut off"},
        {"7A01001002BBD1", "the encrypted blocks reach past the telegram's end"},
        {"7A01001004BBD1", "the encrypted blocks reach past the telegram's end"},
        {"7A0100100710BBD1", "there is no message counter to derive the keys from"},
        {"7A0100FF2A10010100000011223344556677", "there is no room for the tag"},
        {"9E0100000D00", "the ConnectionRequest is cut off, or of another type or length"},
        {"9E0100000D0122", "no TLS record follows the transport layer header"},
        {"9E0100000D0116030300050102", "a TLS record is cut off"},
        {"90020000", "nothing follows the authentication and fragmentation layer"},
        {"8D20E9000000000000780C13", "the extended link layer's payload CRC is wrong"},
        {"22112233", "the CI is reserved"},
        {"8C20018C2001780C13", "the layers are not in the order link, ELL, AFL, TPL"},
        {"90020000900200007813", "the layers are not in the order link, ELL, AFL, TPL"},
        {"7A010020055923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EB",
         "the encrypted blocks reach past the telegram's end"},
        {"7A0100F0055923C95AAA26D1B2E7493B01", "the encrypted blocks reach past the telegram's end"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(open_layers(cases[i].layers) == WM_VERDICT_MALFORMED, "%s: %s", cases[i].layers, message.detail);
        ck_assert_str_eq(message.detail, cases[i].detail);
        ck_assert(!message.readable);
    }
    ck_assert_int_eq(open_hex(""), WM_VERDICT_MALFORMED);
    ck_assert_int_eq(open_hex("0844931578563412337A"), WM_VERDICT_MALFORMED);
    ck_assert_str_eq(message.detail, "the L field is below its minimum");
}
END_TEST

START_TEST(ell_payload_crc_decides)
{
    char hex[80], inner[] = "780C1378563412";
    uint8_t bytes[20];
    uint16_t crc = wm_crc16(from_hex(inner, bytes, sizeof bytes));

    for (unsigned encryption = 0; encryption < 2; encryption++) {
        snprintf(hex, sizeof hex, "8D20E9000000%02X%02X%02X%s", encryption << 5, crc & 0xFF, crc >> 8, inner);
        ck_assert_int_eq(open_layers(hex), encryption ? WM_VERDICT_PLAIN_THOUGH_DECLARED : WM_VERDICT_PLAIN);
        ck_assert(message.readable);
        ck_assert_uint_eq(message.apl.len, 6);
    }
    add_key("12345678", N21_KEY);
    ck_assert_int_eq(open_layers(hex), WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert(!message.readable);
}
END_TEST

START_TEST(afl_mac_without_a_key)
{
    ck_assert_int_eq(open_layers("8C2001900F002C25B30A0000AF5D74DF73A600D9780C13"), WM_VERDICT_PLAIN);
    ck_assert(message.has_afl && message.readable);
    ck_assert_str_eq(message.detail, "there is a MAC, and no key to verify it");
    ck_assert_int_eq(open_layers("8C200190020100780C13"), WM_VERDICT_PLAIN); /* FID 1, the text of 2012 */
    ck_assert_str_eq(message.detail, "");
}
END_TEST

START_TEST(mode_7_already_plain)
{
    ck_assert_int_eq(open_layers("7A01001007102F2F0C13"), WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert_uint_eq(message.apl.len, 4);
    ck_assert(message.readable);
    ck_assert_int_eq(open_layers("7A0100102750B30A0000012F2F0C13"), WM_VERDICT_PLAIN_THOUGH_DECLARED); /* counter and key version */
    ck_assert_uint_eq(message.apl.len, 4);
    ck_assert_int_eq(open_layers("7A01001002"
                                 "2F2F0C13"),
                     WM_VERDICT_PLAIN_THOUGH_DECLARED);
    ck_assert_uint_eq(message.apl.len, 4);
}
END_TEST

START_TEST(every_cut_of_real_telegrams)
{
    static const char *const telegrams[] = {N21, N53, F3, N53_PLAIN};
    uint8_t bytes[WM_TELEGRAM_MAX];

    add_key("*", N53_KEY);
    for (size_t t = 0; t < 4; t++) {
        struct wm_span telegram = from_hex(telegrams[t], bytes, sizeof bytes);
        for (size_t len = 0; len < telegram.len; len++) {
            uint8_t *exact = malloc(len + 1);
            memcpy(exact, bytes, len);
            /* with L as it was, and with L set right for the length */
            ck_assert_int_eq(wm_open(opener, (struct wm_span){exact, len}, &message), WM_OK);
            ck_assert_int_eq(message.verdict, WM_VERDICT_MALFORMED);
            ck_assert(!message.readable);
            if (len > 0) {
                exact[0] = (uint8_t)(len - 1);
                ck_assert_int_eq(wm_open(opener, (struct wm_span){exact, len}, &message), WM_OK);
                ck_assert_uint_eq(message.plain.len, len);
                ck_assert(len > 10 || message.verdict == (len == 10 ? WM_VERDICT_PLAIN : WM_VERDICT_MALFORMED));
            }
            free(exact);
        }
    }
}
END_TEST

START_TEST(cut_telegram_is_opened_as_far_as_it_goes)
{
    char hex[100];

    add_key("55667788", N53_KEY);
    snprintf(hex, sizeof hex, "%.*s", (int)strlen(N53) - 4, N53);
    ck_assert_int_eq(open_hex(hex), WM_VERDICT_MALFORMED);
    ck_assert_str_eq(message.detail, "the telegram is shorter than its L field says");
    ck_assert(message.decrypted && !message.readable);
    /* the same where L agrees but N does not: four blocks declared, one and a half there */
    add_key("12345678", N21_KEY);
    ck_assert_int_eq(open_layers("7A2A0040255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA"), WM_VERDICT_MALFORMED);
    ck_assert_str_eq(message.detail, "the encrypted blocks reach past the telegram's end");
    ck_assert(message.decrypted && !message.readable);
    ck_assert_uint_eq(message.apl.data[2], 0x0C);
    ck_assert_uint_eq(message.apl.data[16], 0xD3);
}
END_TEST

START_TEST(trailing_bytes_are_ignored)
{
    char hex[200];

    add_key("12345678", N21_KEY);
    snprintf(hex, sizeof hex, "%s%s", N21, "8E1234");
    ck_assert_int_eq(open_hex(hex), WM_VERDICT_DECRYPTED);
    assert_plain(N21_PLAIN);
}
END_TEST

START_TEST(random_bytes_never_harm)
{
    static const uint8_t cis[] = {0x7A, 0x72, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x78, 0x79, 0x9E};
    unsigned verdicts[WM_VERDICT_COUNT] = {0};

    add_key("*", N21_KEY);
    srand(9);
    for (int round = 0; round < 60000; round++) {
        size_t len = (size_t)rand() % 257;
        uint8_t *bytes = malloc(len + 1);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(rand() >> 4);
        for (size_t i = 10; i < len && i < 60; i++) {
            if (rand() % 4 == 0)
                bytes[i] = cis[(unsigned)rand() % sizeof cis];
        }
        if (len && rand() % 8)
            bytes[0] = (uint8_t)(len - 1);
        ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes, len}, &message), WM_OK);
        verdicts[message.verdict]++;
        ck_assert(message.plain.len == len || bytes[0] + (size_t)1 < len);
        ck_assert(message.apl.len == 0 || message.apl.data + message.apl.len <= message.plain.data + message.plain.len);
        free(bytes);
    }
    ck_assert_uint_gt(verdicts[WM_VERDICT_PLAIN], 100);
    ck_assert_uint_gt(verdicts[WM_VERDICT_NOT_SUPPORTED], 100);
    ck_assert_uint_gt(verdicts[WM_VERDICT_MALFORMED], 100);
    ck_assert_uint_gt(verdicts[WM_VERDICT_WRONG_KEY], 100);
}
END_TEST

START_TEST(bad_arguments)
{
    uint8_t bytes[257] = {255};
    struct wm_opener *keyless;

    ck_assert_int_eq(wm_open(opener, (struct wm_span){NULL, 0}, &message), WM_INVALID);
    ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes, 257}, &message), WM_INVALID);
    ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes, 256}, &message), WM_OK);
    ck_assert_int_eq(wm_opener_create(NULL, &keyless), WM_OK);
    ck_assert_int_eq(wm_open(keyless, from_hex(N21, bytes, sizeof bytes), &message), WM_OK);
    ck_assert_int_eq(message.verdict, WM_VERDICT_NO_KEY);
    wm_opener_destroy(keyless);
    wm_opener_destroy(NULL);
    wm_keystore_destroy(NULL);
}
END_TEST

START_TEST(mode_5_seal_then_open)
{
    struct wm_crypto *crypto;
    uint8_t plain[240], cipher[240], back[240];

    srand(10);
    ck_assert_int_eq(wm_crypto_create(&crypto), WM_OK);
    for (unsigned blocks = 1; blocks <= 15; blocks++) {
        struct wm_key key;
        struct wm_address address = {(uint16_t)rand(), (uint32_t)rand(), (uint8_t)rand(), (uint8_t)rand()};
        struct wm_span text = {plain, blocks * 16};
        for (size_t i = 0; i < sizeof plain; i++)
            plain[i] = (uint8_t)rand();
        memset(key.bytes, rand(), sizeof key.bytes);
        plain[0] = plain[1] = 0x2F;
        ck_assert_int_eq(wm_mode5_seal(crypto, &key, &address, 77, text, cipher), WM_OK);
        ck_assert_int_eq(wm_mode5_open(crypto, &key, &address, 77, (struct wm_span){cipher, text.len}, back), WM_OK);
        ck_assert_mem_eq(back, plain, text.len);
        ck_assert_int_eq(wm_mode5_open(crypto, &key, &address, 78, (struct wm_span){cipher, text.len}, back), WM_OK);
        ck_assert_mem_ne(back, plain, 16); /* the access number is in the IV, behind the check bytes */
        address.manufacturer ^= 1;
        ck_assert_int_eq(wm_mode5_open(crypto, &key, &address, 77, (struct wm_span){cipher, text.len}, back), WM_INTEGRITY);
        if (blocks > 1) {
            size_t len = 0;
            ck_assert_int_eq(wm_mode5_extent(blocks, text.len, &len), WM_OK);
            ck_assert_uint_eq(len, text.len);
            if (blocks < 15)
                ck_assert_int_eq(wm_mode5_extent(blocks, text.len - 1, &len), WM_TOO_SHORT);
        }
    }
    size_t len = 0;
    ck_assert_int_eq(wm_mode5_extent(15, 47, &len), WM_OK);
    ck_assert_uint_eq(len, 32);
    wm_crypto_destroy(crypto);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/open");
    TCase *tests = tcase_create("open");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, mode_5_short_header);
    tcase_add_test(tests, mode_5_partial_encryption_long_header);
    tcase_add_test(tests, no_key_and_wrong_key);
    tcase_add_test(tests, every_wrong_bit_in_the_key_is_noticed);
    tcase_add_test(tests, plain_though_declared);
    tcase_add_test(tests, plain_messages);
    tcase_add_test(tests, named_but_not_opened);
    tcase_add_test(tests, malformed_says_where);
    tcase_add_test(tests, ell_payload_crc_decides);
    tcase_add_test(tests, afl_mac_without_a_key);
    tcase_add_test(tests, mode_7_already_plain);
    tcase_add_test(tests, every_cut_of_real_telegrams);
    tcase_add_test(tests, cut_telegram_is_opened_as_far_as_it_goes);
    tcase_add_test(tests, trailing_bytes_are_ignored);
    tcase_add_test(tests, random_bytes_never_harm);
    tcase_add_test(tests, bad_arguments);
    tcase_add_test(tests, mode_5_seal_then_open);
    suite_add_tcase(suite, tests);
    return suite;
}
