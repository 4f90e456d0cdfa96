/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/fragment.h"
#include "security/reassembly.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct wm_reassembly *reassembly;
static struct wm_afl message;
static const char *why;
static const struct wm_peer peer_a = {.sender.id = 1}, peer_b = {.sender.id = 2};

static void set_up(void)
{
    struct wm_reassembly_config config = {.peers = 3, .message_bytes = 1000, .time_out_ms = 5000};

    ck_assert_int_eq(wm_reassembly_create(&config, &reassembly), WM_OK);
}

static void tear_down(void)
{
    wm_reassembly_destroy(reassembly);
}

/* A fragment of some bytes; the first has MCL and, when it is not 0, ML. */
static enum wm_reassembly_result push_at(const struct wm_peer *peer, unsigned fid, bool more, const char *bytes, uint16_t ml,
                                         uint64_t now)
{
    struct wm_afl afl = {.fcl = (uint16_t)(fid | (more ? WM_AFL_MF : 0)), .payload = {(const uint8_t *)bytes, strlen(bytes)}};

    if (fid == 1) {
        afl.fcl |= WM_AFL_MCLP | (ml ? WM_AFL_MLP : 0);
        afl.mcl = ml ? WM_AFL_MLMP : 0;
        afl.ml = ml;
    }
    return wm_reassembly_push(reassembly, peer, &afl, now, &message, &why);
}

static enum wm_reassembly_result push(const struct wm_peer *peer, unsigned fid, bool more, const char *bytes, uint16_t ml)
{
    return push_at(peer, fid, more, bytes, ml, 0);
}

static void refused(enum wm_reassembly_result result, const char *expected)
{
    ck_assert_int_eq(result, WM_REASSEMBLY_REFUSED);
    ck_assert_str_eq(why, expected);
}

START_TEST(in_order_with_duplicates)
{
    ck_assert_int_eq(push(&peer_a, 1, true, "one ", 13), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push(&peer_a, 1, true, "one ", 13), WM_REASSEMBLY_DUPLICATE);
    ck_assert_int_eq(push(&peer_a, 2, true, "two ", 0), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push(&peer_a, 2, true, "two ", 0), WM_REASSEMBLY_DUPLICATE);
    ck_assert_int_eq(push(&peer_a, 3, false, "three", 0), WM_REASSEMBLY_COMPLETE);
    ck_assert_uint_eq(message.payload.len, 13);
    ck_assert_mem_eq(message.payload.data, "one two three", 13);
    ck_assert_int_eq(push(&peer_a, 3, false, "three", 0), WM_REASSEMBLY_DUPLICATE); /* the partner repeats its last */
    refused(push(&peer_a, 4, false, "four", 0), "a fragment without its beginning");
    ck_assert_uint_eq(wm_reassembly_stats(reassembly)->complete, 1);
    ck_assert_uint_eq(wm_reassembly_stats(reassembly)->duplicates, 3);
}
END_TEST

START_TEST(what_is_refused)
{
    refused(push(&peer_a, 2, true, "x", 0), "a fragment without its beginning");
    refused(push(&peer_a, 0, true, "x", 0), "a fragment with AFL.FID 0");
    ck_assert_int_eq(push(&peer_a, 1, true, "one", 10), WM_REASSEMBLY_MORE);
    refused(push(&peer_a, 3, true, "x", 0), "a fragment is missing");
    refused(push(&peer_a, 2, true, "x", 0), "a fragment without its beginning"); /* all was dropped */
    ck_assert_int_eq(push(&peer_a, 1, true, "one", 0), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push(&peer_a, 2, true, "two", 0), WM_REASSEMBLY_MORE);
    refused(push(&peer_a, 2, true, "TWO", 0), "a fragment's bytes differ from its first copy");
    refused(push(&peer_a, 1, true, "", 0), "a fragment without content");
    ck_assert_int_eq(push(&peer_a, 1, true, "one", 5), WM_REASSEMBLY_MORE);
    refused(push(&peer_a, 2, false, "two", 0), "the fragments have more bytes than AFL.ML says");
    ck_assert_int_eq(push(&peer_a, 1, true, "one", 8), WM_REASSEMBLY_MORE);
    refused(push(&peer_a, 2, false, "two", 0), "the fragments have fewer bytes than AFL.ML says");
    ck_assert_int_eq(push(&peer_a, 1, true, "one", 6), WM_REASSEMBLY_MORE);
    refused(push(&peer_a, 2, true, "two", 0), "more fragments are announced behind AFL.ML bytes");
    refused(push(&peer_a, 1, true, "one", 1001), "the message is longer than the limit");
    ck_assert_uint_eq(wm_reassembly_stats(reassembly)->refused, 10);
}
END_TEST

START_TEST(memory_is_bounded)
{
    char block[251];

    memset(block, 'x', 250);
    block[250] = '\0';
    ck_assert_int_eq(push(&peer_a, 1, true, block, 0), WM_REASSEMBLY_MORE);
    for (unsigned fid = 2; fid <= 4; fid++)
        ck_assert_int_eq(push(&peer_a, fid, true, block, 0), WM_REASSEMBLY_MORE);
    refused(push(&peer_a, 5, true, block, 0), "the message is longer than the limit");
}
END_TEST

/* Openers that never finish take the place of the one that has waited longest; a sender that goes on is not displaced by them as
 * long as it is the most recent. */
START_TEST(flood_of_openers)
{
    char text[8];

    for (unsigned i = 0; i < 1000; i++) {
        struct wm_peer attacker = {.sender.id = 100 + i};
        ck_assert_int_eq(push_at(&attacker, 1, true, "never", 0, i), WM_REASSEMBLY_MORE);
        if (i >= 500 && i < 504) {
            snprintf(text, sizeof text, "part%u", i - 499);
            ck_assert_int_eq(push_at(&peer_b, i - 499, i < 503, text, 0, i), i < 503 ? WM_REASSEMBLY_MORE : WM_REASSEMBLY_COMPLETE);
        }
    }
    ck_assert_uint_eq(wm_reassembly_stats(reassembly)->complete, 1);
    ck_assert_uint_ge(wm_reassembly_stats(reassembly)->displaced, 990);
}
END_TEST

START_TEST(interleaved_senders_directions_and_receivers)
{
    struct wm_peer back = peer_a, other = peer_a;

    back.to_meter = true;
    other.receiver.id = 9;
    ck_assert_int_eq(push(&peer_a, 1, true, "a1", 0), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push(&back, 1, true, "b1", 0), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push(&other, 1, true, "c1", 0), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push(&other, 2, false, "c2", 0), WM_REASSEMBLY_COMPLETE);
    ck_assert_mem_eq(message.payload.data, "c1c2", 4);
    ck_assert_int_eq(push(&peer_a, 2, false, "a2", 0), WM_REASSEMBLY_COMPLETE);
    ck_assert_mem_eq(message.payload.data, "a1a2", 4);
    ck_assert_int_eq(push(&back, 2, false, "b2", 0), WM_REASSEMBLY_COMPLETE);
    ck_assert_mem_eq(message.payload.data, "b1b2", 4);
}
END_TEST

START_TEST(silence_ends_a_message)
{
    ck_assert_int_eq(push_at(&peer_a, 1, true, "one", 0, 1000), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push_at(&peer_a, 2, true, "two", 0, 6000), WM_REASSEMBLY_MORE); /* 5 s between fragments, not in all */
    refused(push_at(&peer_a, 3, false, "three", 0, 11001), "a fragment without its beginning");
    ck_assert_uint_eq(wm_reassembly_stats(reassembly)->timed_out, 1);
    ck_assert_int_eq(push_at(&peer_a, 1, true, "one", 0, 20000), WM_REASSEMBLY_MORE);
    ck_assert_int_eq(push_at(&peer_a, 1, true, "new", 0, 20001), WM_REASSEMBLY_MORE); /* begins anew */
    ck_assert_uint_eq(wm_reassembly_stats(reassembly)->restarted, 1);
    ck_assert_int_eq(push_at(&peer_a, 2, false, "er", 0, 20002), WM_REASSEMBLY_COMPLETE);
    ck_assert_mem_eq(message.payload.data, "newer", 5);
}
END_TEST

START_TEST(first_fragment_needs_mcl_later_ones_nothing_of_it)
{
    struct wm_afl afl = {.fcl = 1 | WM_AFL_MF, .payload = {(const uint8_t *)"x", 1}};

    refused(wm_reassembly_push(reassembly, &peer_a, &afl, 0, &message, &why), "the first fragment has no AFL.MCL");
    ck_assert_int_eq(push(&peer_a, 1, true, "one", 0), WM_REASSEMBLY_MORE);
    afl.fcl = 2 | WM_AFL_MCRP;
    refused(wm_reassembly_push(reassembly, &peer_a, &afl, 0, &message, &why), "a later fragment has fields of the first");
}
END_TEST

/* What the fragmenter cuts the reassembly joins, whatever the size; sizes that cannot do are refused. */
START_TEST(fragmenter_is_the_twin)
{
    static uint8_t payload[WM_MESSAGE_MAX], mac[16];
    struct wm_reassembly *big;
    unsigned joined = 0;

    srand(3);
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)rand();
    ck_assert_int_eq(wm_reassembly_create(NULL, &big), WM_OK);
    for (unsigned round = 0; round < 3000; round++) {
        struct wm_fragmenter fragmenter = {
            .edition = round % 2 ? WM_AFL_2012 : WM_AFL_2018,
            .fragment_bytes = 1 + (size_t)rand() % 240,
            .message = {.ki = 0x1234, .mcr = round, .payload = {payload, 1 + (size_t)rand() % 3000}}};
        uint8_t at = (uint8_t[]){0, 3, 4, 5, 6, 7}[round % 6], bytes[256];
        enum wm_reassembly_result result = WM_REASSEMBLY_REFUSED;
        enum wm_status status;
        fragmenter.message.mcl = wm_fragmenter_mcl(&fragmenter, at, round % 3, round % 5 == 0);
        fragmenter.message.mac = (struct wm_span){mac, wm_afl_mac_type(at)->bytes};
        for (unsigned count = 0;; count++) {
            struct wm_writer out = wm_writer_of(bytes, sizeof bytes);
            struct wm_afl afl;
            status = wm_fragmenter_next(&fragmenter, &out);
            if (status != WM_OK)
                break;
            ck_assert_uint_le(out.len, fragmenter.fragment_bytes);
            ck_assert_int_eq(wm_afl_parse(wm_writer_span(&out), &afl), WM_OK);
            if (!wm_afl_fragmented(&afl) && !(afl.fcl & WM_AFL_MLP)) {
                ck_assert_uint_eq(count, 0);
                ck_assert_uint_eq(afl.fcl & WM_AFL_FID, fragmenter.edition == WM_AFL_2012);
                ck_assert(wm_span_equal(afl.payload, fragmenter.message.payload));
                result = WM_REASSEMBLY_COMPLETE;
                message = afl;
                continue;
            }
            ck_assert(!(afl.fcl & WM_AFL_MACP) || !(afl.fcl & WM_AFL_MF));
            result = wm_reassembly_push(big, &peer_a, &afl, round, &message, &why);
        }
        if (status == WM_INVALID)
            continue;
        ck_assert_int_eq(status, WM_END);
        ck_assert_int_eq(result, WM_REASSEMBLY_COMPLETE);
        ck_assert(wm_span_equal(message.payload, fragmenter.message.payload));
        ck_assert_uint_eq(message.mac.len, wm_afl_mac_type(at)->bytes);
        ck_assert_uint_eq(message.mcl, fragmenter.message.mcl);
        joined++;
    }
    ck_assert_uint_gt(joined, 2000);
    wm_reassembly_destroy(big);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/reassembly");
    TCase *tests = tcase_create("reassembly");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, in_order_with_duplicates);
    tcase_add_test(tests, what_is_refused);
    tcase_add_test(tests, memory_is_bounded);
    tcase_add_test(tests, flood_of_openers);
    tcase_add_test(tests, interleaved_senders_directions_and_receivers);
    tcase_add_test(tests, silence_ends_a_message);
    tcase_add_test(tests, first_fragment_needs_mcl_later_ones_nothing_of_it);
    tcase_add_test(tests, fragmenter_is_the_twin);
    suite_add_tcase(suite, tests);
    return suite;
}
