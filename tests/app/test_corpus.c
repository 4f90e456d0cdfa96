/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "suite.h"

#include <check.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Telegrams that others published, through the built program: `plain` is exactly what an independent decryption gave, and no
 * telegram gets a better verdict than it deserves. Skipped where the collection is not there. */
#define CORPUS WMSDR_SHARED_DIR "/corpora/telegrams.jsonl"

struct totals {
    unsigned telegrams, compared, with_key, good_macs, bad_macs, verified_opened;
};

static const char *text(const json_t *entry, const char *name)
{
    const char *value = json_string_value(json_object_get(entry, name));

    return value ? value : "";
}

static bool is_one_of(const char *word, const char *const words[])
{
    for (; *words; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

/* A key file of the keys that stand there, one or several. */
static unsigned write_keys(const struct cli *cli, const json_t *given)
{
    char file[1024];
    size_t len = 0, i;
    unsigned count = 0;
    const json_t *one;
    json_t *list = json_is_array(given) ? json_incref((json_t *)given) : json_pack("[O]", given ? given : json_null());

    json_array_foreach(list, i, one)
    {
        if (json_is_string(one) && (json_string_length(one) == 32 || json_string_length(one) == 16)) {
            len += (size_t)snprintf(file + len, sizeof file - len, "* = %s\n", json_string_value(one));
            count++;
        }
    }
    json_decref(list);
    cli_file(cli, "k", file, len);
    return count;
}

static void check(const json_t *entry, const json_t *out, bool has_key, struct totals *totals)
{
    static const char *const opened[] = {"decrypted", "decrypted-and-authenticated", NULL};
    static const char *const plain[] = {"plain", "plain-though-declared-encrypted", NULL};
    const char *verdict = text(out, "verdict"), *hex = text(entry, "hex");
    const json_t *verified = json_object_get(entry, "verified"), *mac_ok = json_object_get(entry, "mac_ok");
    bool readable = json_is_true(json_object_get(out, "readable"));

    totals->telegrams++;
    totals->with_key += has_key;
    if (json_is_true(verified)) {
        ck_assert_msg(strcmp(text(out, "plain"), text(entry, "plain_hex")) == 0, "%s: %s\n%s", hex, verdict, text(out, "plain"));
        totals->compared++;
        /* what is cut off, or has a bad MAC, was decrypted, and is no reading */
        ck_assert_msg(is_one_of(verdict, opened) == readable, "%s: %s", hex, verdict);
        ck_assert_msg(readable || strcmp(verdict, "malformed") == 0 || strcmp(verdict, "bad-mac") == 0, "%s: %s", hex, verdict);
        totals->verified_opened += readable;
    } else {
        ck_assert_msg(!is_one_of(verdict, opened), "%s: %s", hex, verdict);
        ck_assert_str_eq(text(out, "plain"), "");
        ck_assert_msg(!readable || is_one_of(verdict, plain), "%s: %s", hex, verdict);
    }
    if (json_is_boolean(mac_ok)) {
        ck_assert_str_eq(verdict, json_is_true(mac_ok) ? opened[1] : "bad-mac");
        totals->good_macs += json_is_true(mac_ok);
        totals->bad_macs += json_is_false(mac_ok);
    }
    if (json_is_false(verified))
        ck_assert_msg(strcmp(verdict, "wrong-key") == 0 || strcmp(verdict, "bad-mac") == 0, "%s: %s", hex, verdict);
    if (json_is_true(json_object_get(entry, "already_plain"))) {
        ck_assert_str_eq(verdict, plain[1]);
        ck_assert(readable == !has_key);
    }
    /* a header that declares encryption is never simply plain */
    if (json_integer_value(json_object_get(json_object_get(out, "tpl"), "mode")) && json_is_null(verified))
        ck_assert_msg(strcmp(verdict, "plain") != 0, "%s", hex);
}

START_TEST(published_telegrams_through_the_program)
{
    FILE *file = fopen(CORPUS, "r");
    struct totals totals = {0};
    struct cli cli;
    json_t *entry;
    char command[2048];

    if (!file)
        return;
    cli_open(&cli);
    while ((entry = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        unsigned keys = write_keys(&cli, json_object_get(entry, "key"));
        snprintf(command, sizeof command, "chmod 600 k; $W decode -q -F json -k k %s", text(entry, "hex"));
        cli_run(&cli, command);
        json_t *out = json_loads(cli.out, JSON_DISABLE_EOF_CHECK, NULL);
        ck_assert_msg(out != NULL, "%s\n%s%s", command, cli.out, cli.err);
        check(entry, out, keys > 0, &totals);
        json_decref(out);
        json_decref(entry);
    }
    fclose(file);
    cli_close(&cli);
    ck_assert_uint_gt(totals.telegrams, 300);
    ck_assert_uint_gt(totals.compared, 50);
    ck_assert_uint_gt(totals.verified_opened, 45);
    ck_assert_uint_ge(totals.good_macs, 3);
    ck_assert_uint_ge(totals.bad_macs, 2);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app/corpus");
    TCase *tests = tcase_create("corpus");

    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, published_telegrams_through_the_program);
    suite_add_tcase(suite, tests);
    return suite;
}
