/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/frame.h"
#include "security/open.h"
#include "suite.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Telegrams that others published, one JSON object a line; skipped where the file is not there. */
#define CORPUS WMSDR_SHARED_DIR "/corpora/telegrams.jsonl"

static const char *text(const json_t *entry, const char *name)
{
    const char *value = json_string_value(json_object_get(entry, name));

    return value ? value : "";
}

static struct wm_span hex_bytes(const char *hex, uint8_t *bytes, size_t cap)
{
    size_t len = 0;

    ck_assert_msg(wm_hex_decode(hex, strlen(hex), bytes, cap, &len, NULL) == WM_OK, "%s", hex);
    return (struct wm_span){bytes, len};
}

struct totals {
    unsigned telegrams, stripped, compared, macs, verdicts[WM_VERDICT_COUNT];
};

/* Where the corpus has the frame with its CRCs: strip them as the receiver would. */
static void check_crcs(const json_t *entry, struct wm_span telegram, struct totals *totals)
{
    const char *format = text(entry, "format");
    enum wm_format expected = strcmp(format, "formatA-crc") == 0 ? WM_FORMAT_A : WM_FORMAT_B;
    uint8_t air_bytes[512], built[WM_AIR_MAX];
    struct wm_span air = hex_bytes(text(entry, "hex"), air_bytes, sizeof air_bytes);
    struct wm_writer out = wm_writer_of(built, sizeof built);
    struct wm_frame frame;

    if (strcmp(format, "no-crc") == 0)
        return;
    ck_assert_int_eq(wm_frame_strip(expected, air, &frame, NULL), WM_OK);
    ck_assert(wm_span_equal((struct wm_span){frame.data, frame.len}, telegram));
    ck_assert_int_eq(wm_frame_build(expected, telegram, &out), WM_OK);
    ck_assert(wm_span_equal(wm_writer_span(&out), wm_span_sub(air, 0, out.len)));
    totals->stripped++;
}

static void check_verdict(const json_t *entry, bool has_key, const struct wm_message *message, struct totals *totals)
{
    uint8_t bytes[512];
    json_int_t mode =
        json_is_integer(json_object_get(entry, "security_mode")) ? json_integer_value(json_object_get(entry, "security_mode")) : -1;
    json_t *verified = json_object_get(entry, "verified");
    const char *hex = text(entry, "hex");

    json_t *mac_ok = json_object_get(entry, "mac_ok");
    if (json_is_true(verified)) {
        struct wm_span plain = hex_bytes(text(entry, "plain_hex"), bytes, sizeof bytes);
        ck_assert_msg(wm_span_equal(message->plain, plain), "%s: %s %s", hex, wm_verdict_name(message->verdict), message->detail);
        ck_assert(message->verdict == WM_VERDICT_DECRYPTED || message->verdict == WM_VERDICT_DECRYPTED_AND_AUTHENTICATED ||
                  message->verdict == WM_VERDICT_MALFORMED || (json_is_false(mac_ok) && message->verdict == WM_VERDICT_BAD_MAC));
        totals->compared++;
    }
    if (json_is_boolean(mac_ok)) {
        ck_assert_int_eq(message->verdict, json_is_true(mac_ok) ? WM_VERDICT_DECRYPTED_AND_AUTHENTICATED : WM_VERDICT_BAD_MAC);
        ck_assert(message->authenticated == json_is_true(mac_ok));
        ck_assert(message->readable == json_is_true(mac_ok));
        totals->macs++;
    }
    if (json_is_false(verified))
        ck_assert_msg(message->verdict == (mode == 10 ? WM_VERDICT_BAD_MAC : WM_VERDICT_WRONG_KEY), "%s: %s", hex,
                      wm_verdict_name(message->verdict));
    if (json_is_true(json_object_get(entry, "already_plain"))) {
        ck_assert_msg(message->verdict == WM_VERDICT_PLAIN_THOUGH_DECLARED, "%s: %s %s", hex, wm_verdict_name(message->verdict),
                      message->detail);
        ck_assert(message->readable == !has_key);
    }
    if (mode == 0 && !json_is_true(json_object_get(entry, "already_plain")))
        ck_assert_msg(message->verdict == WM_VERDICT_PLAIN, "%s: %s %s", hex, wm_verdict_name(message->verdict), message->detail);
}

/* Other things than keys that stand there are passed over. */
static void add_key(struct wm_keystore *keys, const json_t *hex)
{
    char line[64];
    const char *why;

    if (!json_is_string(hex) || (json_string_length(hex) != 32 && json_string_length(hex) != 16))
        return;
    int len = snprintf(line, sizeof line, "* = %s", json_string_value(hex));
    ck_assert_int_eq(wm_keystore_add_line(keys, line, (size_t)len, &why), WM_OK);
}

static void check_entry(const json_t *entry, struct totals *totals)
{
    const char *hex = json_is_string(json_object_get(entry, "hex_no_crc")) ? text(entry, "hex_no_crc") : text(entry, "hex");
    struct wm_keystore *keys;
    struct wm_opener *opener;
    struct wm_message message;
    uint8_t bytes[512];
    struct wm_span telegram = hex_bytes(hex, bytes, sizeof bytes);
    const json_t *given = json_object_get(entry, "key"), *one;
    size_t i;

    ck_assert_int_eq(wm_keystore_create(&keys), WM_OK);
    add_key(keys, given);
    json_array_foreach(given, i, one) add_key(keys, one);
    bool has_key = wm_keystore_count(keys) > 0;
    check_crcs(entry, telegram, totals);
    ck_assert_int_eq(wm_opener_create(keys, &opener), WM_OK);
    ck_assert_int_eq(wm_open(opener, telegram, &message), WM_OK);
    check_verdict(entry, has_key, &message, totals);
    totals->verdicts[message.verdict]++;
    totals->telegrams++;
    wm_opener_destroy(opener);
    wm_keystore_destroy(keys);
}

START_TEST(published_telegrams)
{
    FILE *file = fopen(CORPUS, "r");
    struct totals totals = {0};
    json_t *entry;

    if (!file)
        return;
    while ((entry = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        check_entry(entry, &totals);
        json_decref(entry);
    }
    fclose(file);
    ck_assert_uint_gt(totals.telegrams, 300);
    ck_assert_uint_gt(totals.stripped, 10);
    ck_assert_uint_gt(totals.compared, 50);
    ck_assert_uint_ge(totals.macs, 5);
    for (enum wm_verdict verdict = 0; verdict < WM_VERDICT_COUNT; verdict++)
        printf("%-32s %u\n", wm_verdict_name(verdict), totals.verdicts[verdict]);
    ck_assert_uint_gt(totals.verdicts[WM_VERDICT_PLAIN], 80);
    ck_assert_uint_gt(totals.verdicts[WM_VERDICT_DECRYPTED], 40);
    ck_assert_uint_gt(totals.verdicts[WM_VERDICT_DECRYPTED_AND_AUTHENTICATED], 4);
    ck_assert_uint_gt(totals.verdicts[WM_VERDICT_PLAIN_THOUGH_DECLARED], 100);
    ck_assert_uint_gt(totals.verdicts[WM_VERDICT_NO_KEY], 5);
    ck_assert_uint_gt(totals.verdicts[WM_VERDICT_WRONG_KEY], 2);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/corpus");
    TCase *tests = tcase_create("corpus");

    tcase_add_test(tests, published_telegrams);
    suite_add_tcase(suite, tests);
    return suite;
}
