/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/frame.h"
#include "security/mode5.h"
#include "security/open.h"
#include "security/seal.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* What somebody between meter and receiver could try, without the key: nothing of it gets a better verdict than it deserves. */

static struct wm_keystore *keys;
static struct wm_sealer *sealer;
static struct wm_opener *opener;
static struct wm_counters *counters;
static struct wm_message message;
static uint8_t bytes[WM_TELEGRAM_MAX];
static size_t len;
static const struct wm_key key = {.bytes = {0xA5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static const struct wm_address meter = {0x1593, 0x12345678, 0x33, 0x03};
static const uint8_t records[] = {0x0C, 0x13, 0x78, 0x56, 0x34, 0x12, 0x04, 0x6D, 0x32, 0x37, 0x1F, 0x15};

static void set_up(void)
{
    ck_assert_int_eq(wm_keystore_create(&keys), WM_OK);
    ck_assert_int_eq(wm_sealer_create(&sealer), WM_OK);
    ck_assert_int_eq(wm_counters_open(NULL, &counters), WM_OK);
    ck_assert_int_eq(
        wm_opener_create_with(&(struct wm_opener_config){.keys = keys, .counters = counters, .experimental = true}, &opener),
        WM_OK);
}

static void tear_down(void)
{
    wm_opener_destroy(opener);
    wm_counters_close(counters);
    wm_sealer_destroy(sealer);
    wm_keystore_destroy(keys);
}

/* By id alone, or with manufacturer, version and type. */
static void add_key(bool whole, const struct wm_key *added)
{
    struct wm_key_pattern pattern = {
        .has_id = true, .has_manufacturer = whole, .has_version = whole, .has_type = whole, .address = meter};

    ck_assert_int_eq(wm_keystore_add(keys, &pattern, added), WM_OK);
}

static struct wm_seal_spec spec_of(uint8_t mode, bool afl)
{
    return (struct wm_seal_spec){
        .c = 0x44,
        .sender = meter,
        .has_ell = true,
        .ell = {.ci = 0x8C, .cc = 0x20},
        .has_afl = afl,
        .has_mcr = afl,
        .authentication_type = afl ? 5 : 0,
        .tpl = {.ci = 0x7A, .header = WM_TPL_SHORT, .acc = 7},
        .config = {.mode = mode, .kdf = 1, .tag_bytes = 8, .has_counter = mode >= 7 && mode <= 10 && !afl},
        .counter = 1000,
        .apl = {records, sizeof records},
        .experimental = true,
    };
}

static void seal(const struct wm_seal_spec *spec)
{
    struct wm_writer out = wm_writer_of(bytes, sizeof bytes);

    ck_assert_int_eq(wm_seal(sealer, spec, &key), WM_OK);
    ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
    len = out.len;
}

static enum wm_verdict open_bytes(void)
{
    ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes, len}, &message), WM_OK);
    return message.verdict;
}

/* Bytes in at a place, or out of it; L follows. */
static void insert(size_t at, const void *what, size_t n)
{
    memmove(bytes + at + n, bytes + at, len - at);
    memcpy(bytes + at, what, n);
    len += n;
    bytes[0] = (uint8_t)(len - 1);
}

static void cut_out(size_t at, size_t n)
{
    memmove(bytes + at, bytes + at + n, len - at - n);
    len -= n;
    bytes[0] = (uint8_t)(len - 1);
}

/* Where the layers begin: link layer 10 bytes (with L), ELL I 3. */
enum { AT_AFL = 13, AT_FCL = AT_AFL + 2, AT_MCL = AT_FCL + 2 };

/* A message whose MAC has a persistent key and no counter gets one put in, outside the MAC: it would move the meter's counter. */
START_TEST(a_counter_added_on_the_way)
{
    struct wm_seal_spec spec = spec_of(0, true);

    add_key(true, &key);
    spec.has_mcr = false;
    spec.has_key_info = true; /* KDF selection 0: the persistent key */
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_AUTHENTICATED);
    ck_assert(!message.has_counter);
    insert(AT_MCL + 1 + 2, "\xFF\xFF\xFF\xFF", 4); /* behind MCL and KI */
    bytes[AT_AFL + 1] += 4;
    bytes[AT_FCL + 1] |= WM_AFL_MCRP >> 8;
    ck_assert_int_eq(open_bytes(), WM_VERDICT_MALFORMED);
    ck_assert_str_eq(message.detail, "AFL.MCL and AFL.FCL do not name the same fields");
    ck_assert_uint_eq(wm_counters_count(counters), 0);
}
END_TEST

/* Under a short header manufacturer, version and type are outside the MAC: changing them makes no old message new. */
START_TEST(replay_under_another_address)
{
    struct wm_seal_spec spec = spec_of(7, true);

    add_key(false, &key);
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    for (size_t at = 2; at < 10; at++) {
        if (at >= 4 && at < 8)
            continue; /* the identification, which the KDF takes */
        bytes[at] ^= 1;
        ck_assert_int_eq(open_bytes(), WM_VERDICT_REPLAYED_COUNTER);
        ck_assert(!message.readable);
        bytes[at] ^= 1;
    }
    spec.counter++;
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    ck_assert_uint_eq(message.counter_key.meter.id, meter.id);
    ck_assert_uint_eq(message.counter_key.meter.manufacturer, 0);
}
END_TEST

/* The AFL replaced by one without a MAC: decrypts, but an old counter stays old. A new one is read, and moves nothing. */
START_TEST(replay_without_its_mac)
{
    struct wm_seal_spec spec = spec_of(7, true);
    uint8_t bare[] = {0x90, 6, 0x00, WM_AFL_MCRP >> 8, 0xE8, 0x03, 0, 0};

    add_key(true, &key);
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    cut_out(AT_AFL, 2 + bytes[AT_AFL + 1]);
    insert(AT_AFL, bare, sizeof bare);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_REPLAYED_COUNTER);
    ck_assert(!message.readable);
    spec.counter = 999;
    seal(&spec);
    cut_out(AT_AFL, 2 + bytes[AT_AFL + 1]);
    bare[4] = 0xE7;
    insert(AT_AFL, bare, sizeof bare);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_ROLLED_BACK_COUNTER);
    spec.counter = 1001;
    seal(&spec);
    cut_out(AT_AFL, 2 + bytes[AT_AFL + 1]);
    bare[4] = 0xE9;
    insert(AT_AFL, bare, sizeof bare);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED);
    ck_assert(!message.authenticated);
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
}
END_TEST

/* Version and type are in mode 5's IV: changed on the way they change the plain text, and the MAC does not see it. */
START_TEST(plain_text_changed_through_the_iv)
{
    struct wm_seal_spec spec = spec_of(5, true);

    add_key(false, &key);
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED);
    ck_assert(!message.authenticated);
    bytes[8] ^= 0x10; /* the version */
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED);
    ck_assert_uint_eq(message.apl.data[6], records[4] ^ 0x10);
    bytes[8] ^= 0x10;
    tear_down();
    set_up();
    add_key(true, &key); /* who says which version it has needs not believe another */
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    bytes[8] ^= 0x10;
    ck_assert_int_eq(open_bytes(), WM_VERDICT_NO_KEY);
    spec.tpl.ci = 0x72; /* the long header's address is under the MAC */
    spec.tpl.header = WM_TPL_LONG;
    spec.tpl.address = meter;
    spec.counter++;
    add_key(false, &key);
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
}
END_TEST

/* Clear text behind the encrypted part: under the tag as sealed here; a tag that leaves it out proves less. */
START_TEST(clear_text_behind_a_tag)
{
    static const uint8_t clear[] = {0x0C, 0xFD, 0x10, 0x78, 0x56, 0x34, 0x12};

    add_key(false, &key);
    for (uint8_t mode = 8; mode <= 10; mode++) {
        struct wm_seal_spec spec = spec_of(mode, false);
        spec.clear = (struct wm_span){clear, sizeof clear};
        spec.counter = 1000u + mode;
        seal(&spec);
        ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
        ck_assert_uint_eq(message.apl.len, sizeof records + sizeof clear);
        for (size_t i = 0; i < sizeof clear; i++) {
            bytes[len - 8 - sizeof clear + i] ^= 1;
            ck_assert_int_eq(open_bytes(), WM_VERDICT_BAD_MAC);
            bytes[len - 8 - sizeof clear + i] ^= 1;
        }
        /* the same message without clear text, and then some put in: N says that it does not belong to the cipher text */
        spec.clear.len = 0;
        spec.counter += 100;
        seal(&spec);
        insert(len - 8, clear, sizeof clear);
        ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED);
        ck_assert(!message.authenticated);
        ck_assert_str_eq(message.detail, "the tag does not cover the clear text behind the encrypted part");
    }
    ck_assert_uint_eq(wm_counters_count(counters), 1);
}
END_TEST

/* N = 0: no loophole for plain text where there is a key. */
START_TEST(nothing_encrypted_it_says)
{
    static const struct {
        const char *header;
        size_t n;
    } headers[] = {
        {"\x7A\x01\x00\x00\x05", 5}, {"\x7A\x01\x00\x00\x04", 5}, {"\x7A\x01\x00\x00\x02", 5}, {"\x7A\x01\x00\x00\x07\x00", 6}};
    struct wm_dll dll = {.c = 0x44, .address = meter};

    for (size_t i = 0; i < 2 * sizeof headers / sizeof headers[0]; i++) {
        struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
        uint8_t layers[64];
        size_t n = headers[i / 2].n;
        if (i % 2)
            add_key(false, &key);
        memcpy(layers, headers[i / 2].header, n);
        memcpy(layers + n, records, sizeof records);
        dll.payload = (struct wm_span){layers, n + sizeof records};
        ck_assert_int_eq(wm_dll_build(&dll, &out), WM_OK);
        len = out.len;
        ck_assert_int_eq(open_bytes(), WM_VERDICT_PLAIN_THOUGH_DECLARED);
        ck_assert(message.readable == (i % 2 == 0));
        ck_assert_uint_eq(message.apl.len, sizeof records);
        dll.payload.len = n; /* nothing at all is nothing to doubt */
        out = wm_writer_of(bytes, sizeof bytes);
        ck_assert_int_eq(wm_dll_build(&dll, &out), WM_OK);
        len = out.len;
        ck_assert_int_eq(open_bytes(), WM_VERDICT_PLAIN);
        if (i % 2) {
            tear_down();
            set_up();
        }
    }
    /* a meter that encrypts and says N = 0 */
    struct wm_seal_spec spec = spec_of(5, false);
    add_key(false, &key);
    seal(&spec);
    bytes[AT_AFL + 3] = 0;
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED);
    ck_assert_str_eq(message.detail, "N is 0, and yet it is encrypted");
    ck_assert(message.readable && memcmp(message.apl.data + 2, records, sizeof records) == 0);
}
END_TEST

/* Mode 8 takes two keys, and has one only where they are derived. */
START_TEST(mode_8_needs_derived_keys)
{
    struct wm_seal_spec spec = spec_of(8, false);

    add_key(false, &key);
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    bytes[AT_AFL + 5] &= 0xCF; /* KDF selection 0 */
    ck_assert_int_eq(open_bytes(), WM_VERDICT_NOT_SUPPORTED);
    spec.config.kdf = 0;
    ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_UNSUPPORTED);
}
END_TEST

/* A key that fits the check bytes by chance does not hide the right one behind it. */
START_TEST(a_near_miss_is_not_the_end)
{
    struct wm_seal_spec spec = spec_of(5, true);
    struct wm_crypto *crypto;
    struct wm_key chance = key;
    uint8_t iv[16], plain[16];
    struct wm_writer out = wm_writer_of(iv, sizeof iv);

    seal(&spec);
    wm_address_write(&out, &meter);
    memset(iv + 8, 7, 8);
    ck_assert_int_eq(wm_crypto_create(&crypto), WM_OK);
    srand(3);
    do {
        uint32_t r = (uint32_t)rand();
        memcpy(chance.bytes, &r, sizeof r);
        ck_assert_int_eq(wm_crypto_cbc_decrypt(crypto, chance.bytes, iv, (struct wm_span){bytes + len - 16, 16}, plain), WM_OK);
    } while (!wm_has_check_bytes((struct wm_span){plain, 16}));
    wm_crypto_destroy(crypto);
    add_key(true, &chance);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_BAD_MAC);
    ck_assert(message.decrypted && !message.readable && !message.authenticated);
    add_key(true, &key);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    ck_assert(memcmp(message.apl.data + 2, records, sizeof records) == 0);
}
END_TEST

START_TEST(gmac_of_the_afl)
{
    struct wm_opener *public_only;

    add_key(true, &key);
    ck_assert_int_eq(wm_opener_create(keys, &public_only), WM_OK);
    for (uint8_t type = 8; type <= 9; type++) {
        struct wm_seal_spec spec = spec_of(7, true);
        spec.authentication_type = type;
        spec.counter += type;
        seal(&spec);
        ck_assert_int_eq(wm_open(public_only, (struct wm_span){bytes, len}, &message), WM_OK);
        ck_assert_int_eq(message.verdict, WM_VERDICT_NOT_SUPPORTED);
        for (size_t bit = (AT_MCL + 1) * 8; bit < len * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            open_bytes();
            ck_assert_msg(!message.authenticated, "type %u, byte %zu", type, bit / 8);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
        ck_assert_uint_eq(message.afl_fields.mac.len, type == 8 ? 12 : 16);
        spec.experimental = false;
        ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_UNSUPPORTED);
    }
    wm_opener_destroy(public_only);
}
END_TEST

/* A new key begins a new count, whatever its number; the old one stays where it was. */
START_TEST(a_new_key_counts_anew)
{
    struct wm_seal_spec spec = spec_of(10, false);
    uint8_t old[WM_TELEGRAM_MAX];
    size_t old_len;
    struct wm_key other = key;
    struct wm_writer out = wm_writer_of(bytes, sizeof bytes);

    add_key(false, &key);
    seal(&spec);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    memcpy(old, bytes, len);
    old_len = len;
    other.bytes[0] ^= 0x80;
    add_key(false, &other);
    spec.counter = 1;
    ck_assert_int_eq(wm_seal(sealer, &spec, &other), WM_OK);
    ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
    len = out.len;
    ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
    ck_assert_int_eq(open_bytes(), WM_VERDICT_REPLAYED_COUNTER);
    memcpy(bytes, old, old_len);
    len = old_len;
    ck_assert_int_eq(open_bytes(), WM_VERDICT_REPLAYED_COUNTER);
    ck_assert_uint_eq(wm_counters_count(counters), 2);
}
END_TEST

START_TEST(short_macs_are_marked)
{
    add_key(true, &key);
    for (uint8_t type = 3; type <= 7; type++) {
        struct wm_seal_spec spec = spec_of(7, true);
        spec.authentication_type = type;
        spec.counter += type;
        seal(&spec);
        ck_assert_int_eq(open_bytes(), WM_VERDICT_DECRYPTED_AND_AUTHENTICATED);
        ck_assert_str_eq(message.detail, type < 5 ? "the MAC is shorter than 8 bytes: it proves little" : "");
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/attacks");
    TCase *tests = tcase_create("attacks");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_counter_added_on_the_way);
    tcase_add_test(tests, replay_under_another_address);
    tcase_add_test(tests, replay_without_its_mac);
    tcase_add_test(tests, plain_text_changed_through_the_iv);
    tcase_add_test(tests, clear_text_behind_a_tag);
    tcase_add_test(tests, nothing_encrypted_it_says);
    tcase_add_test(tests, mode_8_needs_derived_keys);
    tcase_add_test(tests, a_near_miss_is_not_the_end);
    tcase_add_test(tests, gmac_of_the_afl);
    tcase_add_test(tests, a_new_key_counts_anew);
    tcase_add_test(tests, short_macs_are_marked);
    suite_add_tcase(suite, tests);
    return suite;
}
