/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/crypto.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct wm_crypto *crypto;

static void set_up(void)
{
    ck_assert_int_eq(wm_crypto_create(&crypto), WM_OK);
}

static void tear_down(void)
{
    wm_crypto_destroy(crypto);
}

static struct wm_span from_hex(const char *hex, uint8_t *bytes, size_t cap)
{
    size_t len = 0;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes, cap, &len, NULL), WM_OK);
    return (struct wm_span){bytes, len};
}

#define NIST_KEY "2B7E151628AED2A6ABF7158809CF4F3C"
#define NIST_PLAIN                                                                                                                 \
    "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C" \
    "3710"

/* NIST SP 800-38A F.2.1, F.5.1 */
START_TEST(nist_cbc_and_ctr)
{
    uint8_t key[16], iv[16], plain[64], cbc[64], ctr[64], out[64];

    from_hex(NIST_KEY, key, sizeof key);
    struct wm_span text = from_hex(NIST_PLAIN, plain, sizeof plain);
    from_hex("7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
             "73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7",
             cbc, sizeof cbc);
    from_hex("874D6191B620E3261BEF6864990DB6CE9806F66B7970FDFF8617187BB9FFFDFF"
             "5AE4DF3EDBD5D35E5B4F09020DB03EAB1E031DDA2FBE03D1792170A0F3009CEE",
             ctr, sizeof ctr);
    for (int twice = 0; twice < 2; twice++) { /* a context leaves nothing behind for the next call */
        from_hex("000102030405060708090A0B0C0D0E0F", iv, sizeof iv);
        ck_assert_int_eq(wm_crypto_cbc_encrypt(crypto, key, iv, text, out), WM_OK);
        ck_assert_mem_eq(out, cbc, sizeof cbc);
        ck_assert_int_eq(wm_crypto_cbc_decrypt(crypto, key, iv, (struct wm_span){out, sizeof out}, out), WM_OK);
        ck_assert_mem_eq(out, plain, sizeof plain);
        from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", iv, sizeof iv);
        ck_assert_int_eq(wm_crypto_ctr(crypto, key, iv, text, out), WM_OK);
        ck_assert_mem_eq(out, ctr, sizeof ctr);
        ck_assert_int_eq(wm_crypto_ctr(crypto, key, iv, wm_span_sub(text, 0, 21), out), WM_OK);
        ck_assert_mem_eq(out, ctr, 21);
    }
    ck_assert_int_eq(wm_crypto_cbc_decrypt(crypto, key, iv, wm_span_sub(text, 0, 17), out), WM_INVALID);
    ck_assert_int_eq(wm_crypto_cbc_encrypt(crypto, key, iv, wm_span_sub(text, 0, 15), out), WM_INVALID);
    ck_assert_int_eq(wm_crypto_cbc_decrypt(crypto, key, iv, wm_span_sub(text, 0, 0), out), WM_OK);
}
END_TEST

/* RFC 4493 section 4, the message cut in three in every way */
/* A context keeps its key from one telegram to the next: whatever came before, each is decrypted as if it were the first. */
START_TEST(cbc_after_any_other)
{
    uint8_t keys[3][16], iv[16], plain[64], sealed[64], out[64];

    for (unsigned n = 0; n < 300; n++) {
        const uint8_t *key = keys[n < 100 ? n % 2 : (unsigned)rand() % 3];
        size_t len = 16 * (1 + (size_t)rand() % 4);
        if (n % 50 == 0) {
            for (size_t i = 0; i < sizeof keys; i++)
                keys[i / 16][i % 16] = (uint8_t)rand();
        }
        for (size_t i = 0; i < sizeof plain; i++)
            plain[i] = (uint8_t)rand();
        for (size_t i = 0; i < sizeof iv; i++)
            iv[i] = (uint8_t)rand();
        ck_assert_int_eq(wm_crypto_cbc_encrypt(crypto, key, iv, (struct wm_span){plain, len}, sealed), WM_OK);
        ck_assert_int_eq(wm_crypto_cbc_decrypt(crypto, key, iv, (struct wm_span){sealed, len}, out), WM_OK);
        ck_assert_mem_eq(out, plain, len);
        if (n % 3 == 0) { /* the same once more, in place, and nothing at all in between */
            ck_assert_int_eq(wm_crypto_cbc_decrypt(crypto, keys[2], iv, (struct wm_span){sealed, 0}, out), WM_OK);
            ck_assert_int_eq(wm_crypto_cbc_decrypt(crypto, key, iv, (struct wm_span){sealed, len}, sealed), WM_OK);
            ck_assert_mem_eq(sealed, plain, len);
        }
    }
}
END_TEST

START_TEST(rfc4493_cmac)
{
    static const struct {
        size_t len;
        const char *mac;
    } vectors[] = {{0, "BB1D6929E95937287FA37D129B756746"},
                   {16, "070A16B46B4D4144F79BDD9DD04A287C"},
                   {40, "DFA66747DE9AE63030CA32611497C827"},
                   {64, "51F0BEBF7E3B9D92FC49741779363CFE"}};
    uint8_t key[16], plain[64], mac[16], expected[16];

    from_hex(NIST_KEY, key, sizeof key);
    from_hex(NIST_PLAIN, plain, sizeof plain);
    for (size_t v = 0; v < 4; v++) {
        from_hex(vectors[v].mac, expected, sizeof expected);
        for (size_t a = 0; a <= vectors[v].len; a++) {
            for (size_t b = a; b <= vectors[v].len; b += 3) {
                struct wm_span parts[3] = {{plain, a}, {plain + a, b - a}, {plain + b, vectors[v].len - b}};
                ck_assert_int_eq(wm_crypto_cmac(crypto, key, parts, 3, mac), WM_OK);
                ck_assert_mem_eq(mac, expected, sizeof mac);
            }
        }
    }
}
END_TEST

START_TEST(cleanse_wipes)
{
    uint8_t bytes[3] = {1, 2, 3};

    wm_cleanse(bytes, sizeof bytes);
    ck_assert_uint_eq(bytes[0] | bytes[1] | bytes[2], 0);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/crypto");
    TCase *tests = tcase_create("crypto");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, nist_cbc_and_ctr);
    tcase_add_test(tests, cbc_after_any_other);
    tcase_add_test(tests, rfc4493_cmac);
    tcase_add_test(tests, cleanse_wipes);
    suite_add_tcase(suite, tests);
    return suite;
}
