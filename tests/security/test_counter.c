/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/frame.h"
#include "security/counter.h"
#include "security/open.h"
#include "security/seal.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64], dir[32];
static struct wm_counters *counters;
static const struct wm_counter_key meter = {.meter = {0x1593, 0x12345678, 0x33, 0x03}};

static void set_up(void)
{
    strcpy(dir, "/tmp/wmsdr_count_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/counters", dir);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(dir);
}

static void open_file(void)
{
    ck_assert_int_eq(wm_counters_open(path, &counters), WM_OK);
}

static enum wm_counter_verdict accept(uint32_t counter)
{
    enum wm_counter_verdict verdict;

    ck_assert_int_eq(wm_counters_accept(counters, &meter, counter, &verdict, NULL), WM_OK);
    return verdict;
}

START_TEST(strictly_increasing_and_kept)
{
    struct wm_counter_key other = meter;
    enum wm_counter_verdict verdict;
    bool far_ahead;

    open_file();
    ck_assert_int_eq(accept(7), WM_COUNTER_FRESH);
    ck_assert_int_eq(accept(7), WM_COUNTER_REPLAYED);
    ck_assert_int_eq(accept(6), WM_COUNTER_ROLLED_BACK);
    ck_assert_int_eq(accept(9), WM_COUNTER_FRESH);
    /* another direction, key or meter counts by itself */
    other.to_meter = true;
    ck_assert_int_eq(wm_counters_accept(counters, &other, 3, &verdict, NULL), WM_OK);
    ck_assert_int_eq(verdict, WM_COUNTER_FRESH);
    other = meter;
    other.key_version = 1;
    ck_assert_int_eq(wm_counters_accept(counters, &other, 3, &verdict, NULL), WM_OK);
    ck_assert_int_eq(verdict, WM_COUNTER_FRESH);
    wm_counters_close(counters);
    open_file();
    ck_assert_int_eq(accept(9), WM_COUNTER_REPLAYED);
    ck_assert_int_eq(accept(8), WM_COUNTER_ROLLED_BACK);
    ck_assert_int_eq(wm_counters_accept(counters, &meter, 2000000, &verdict, &far_ahead), WM_OK);
    ck_assert_int_eq(verdict, WM_COUNTER_FRESH);
    ck_assert(far_ahead);
    ck_assert_int_eq(accept(UINT32_MAX), WM_COUNTER_FRESH);
    ck_assert_int_eq(accept(UINT32_MAX), WM_COUNTER_REPLAYED);
    ck_assert_int_eq(accept(0), WM_COUNTER_ROLLED_BACK); /* no wrap */
    wm_counters_close(counters);
}
END_TEST

/* Another process has it; it is no counter file; it cannot be made. */
START_TEST(what_cannot_be_opened)
{
    struct wm_counters *second;
    FILE *file;

    open_file();
    ck_assert_int_eq(wm_counters_open(path, &second), WM_FULL);
    wm_counters_close(counters);
    file = fopen(path, "w");
    fputs("something else that is longer than a record", file);
    fclose(file);
    ck_assert_int_eq(wm_counters_open(path, &second), WM_INVALID);
    ck_assert_int_eq(wm_counters_open("/nowhere/counters", &second), WM_IO);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* Cut at any byte, or with a bit changed in the last record: what is before it is kept, and it goes on. */
START_TEST(a_crash_in_the_middle_of_a_record)
{
    struct stat info;

    for (long cut = 1; cut <= 20; cut++) {
        unlink(path);
        open_file();
        for (uint32_t counter = 1; counter <= 5; counter++)
            accept(counter);
        wm_counters_close(counters);
        ck_assert_int_eq(stat(path, &info), 0);
        ck_assert_int_eq(truncate(path, info.st_size - cut), 0);
        open_file();
        ck_assert_uint_eq(wm_counters_dropped(counters), cut < 20);
        ck_assert_int_eq(accept(4), WM_COUNTER_REPLAYED);
        ck_assert_int_eq(accept(5), WM_COUNTER_FRESH);
        wm_counters_close(counters);
        open_file();
        ck_assert_uint_eq(wm_counters_dropped(counters), 0);
        ck_assert_int_eq(accept(5), WM_COUNTER_REPLAYED);
        wm_counters_close(counters);
    }
    for (int bit = 0; bit < 18 * 8; bit++) {
        uint8_t byte;
        int file = open(path, O_RDWR);
        off_t at = lseek(file, 0, SEEK_END) - 20 + bit / 8;
        ck_assert_int_eq(pread(file, &byte, 1, at), 1);
        byte ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_eq(pwrite(file, &byte, 1, at), 1);
        close(file);
        open_file();
        ck_assert_uint_eq(wm_counters_dropped(counters), 1);
        ck_assert_int_eq(accept(5), WM_COUNTER_FRESH);
        wm_counters_close(counters);
    }
}
END_TEST

START_TEST(partner_stays_within_a_hundred)
{
    uint32_t counter, last = 500;

    open_file();
    ck_assert_int_eq(accept(500), WM_COUNTER_FRESH);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(wm_counters_next_partner(counters, &meter, &counter), WM_OK);
        ck_assert_uint_eq(counter, ++last);
    }
    ck_assert_int_eq(wm_counters_next_partner(counters, &meter, &counter), WM_FULL);
    ck_assert_int_eq(accept(601), WM_COUNTER_FRESH);
    ck_assert_int_eq(wm_counters_next_partner(counters, &meter, &counter), WM_OK);
    ck_assert_uint_eq(counter, 602);
    wm_counters_close(counters);
}
END_TEST

/* What was given before the process ended is never given again; a few are lost instead. */
START_TEST(partner_after_a_restart)
{
    uint32_t counter, last;

    open_file();
    ck_assert_int_eq(accept(500), WM_COUNTER_FRESH);
    ck_assert_int_eq(wm_counters_next_partner(counters, &meter, &last), WM_OK);
    wm_counters_close(counters);
    for (int i = 0; i < 4; i++) {
        open_file();
        for (int n = 0; n < 3; n++) {
            ck_assert_int_eq(wm_counters_next_partner(counters, &meter, &counter), WM_OK);
            ck_assert_uint_gt(counter, last);
            last = counter;
        }
        wm_counters_close(counters);
    }
    ck_assert_uint_le(last, 600);
}
END_TEST

/* The meter's own C: above everything of its own and of its partner. */
START_TEST(meter_counts_above_both)
{
    struct wm_counter_key from_partner = meter;
    enum wm_counter_verdict verdict;
    uint32_t counter;

    open_file();
    ck_assert_int_eq(wm_counters_next_meter(counters, &meter, &counter), WM_OK);
    ck_assert_uint_eq(counter, 1);
    from_partner.to_meter = true;
    ck_assert_int_eq(wm_counters_accept(counters, &from_partner, 50, &verdict, NULL), WM_OK);
    ck_assert_int_eq(wm_counters_next_meter(counters, &meter, &counter), WM_OK);
    ck_assert_uint_eq(counter, 51);
    wm_counters_close(counters);
    open_file();
    ck_assert_int_eq(wm_counters_next_meter(counters, &meter, &counter), WM_OK);
    ck_assert_uint_eq(counter, 52);
    ck_assert_int_eq(wm_counters_accept(counters, &from_partner, UINT32_MAX, &verdict, NULL), WM_OK);
    ck_assert_int_eq(wm_counters_next_meter(counters, &meter, &counter), WM_END);
    ck_assert_int_eq(wm_counters_next_partner(counters, &meter, &counter), WM_END);
    wm_counters_close(counters);
}
END_TEST

/* A gateway that is killed at any moment never gives the same C' twice: the child writes each C' into a pipe after it got it, and
 * is killed; the next must begin above all of them. */
START_TEST(killed_gateway_never_reuses)
{
    uint32_t highest = 0;

    for (int round = 0; round < 25; round++) {
        int pipes[2];
        uint32_t counter;
        ck_assert_int_eq(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            close(pipes[0]);
            if (wm_counters_open(path, &counters) != WM_OK)
                _exit(1);
            for (;;) {
                enum wm_counter_verdict verdict;
                uint32_t last = 0;
                enum wm_status status = wm_counters_next_partner(counters, &meter, &counter);
                if (status == WM_FULL) {
                    struct wm_counter_key to = meter;
                    to.to_meter = true;
                    if (wm_counters_last(counters, &to, &last) != WM_OK ||
                        wm_counters_accept(counters, &meter, last + 1, &verdict, NULL) != WM_OK)
                        _exit(2);
                    continue;
                }
                if (status != WM_OK || write(pipes[1], &counter, sizeof counter) != (ssize_t)sizeof counter)
                    _exit(3);
            }
        }
        close(pipes[1]);
        usleep(1000 + (useconds_t)rand() % 8000);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        while (read(pipes[0], &counter, sizeof counter) == (ssize_t)sizeof counter) {
            ck_assert_uint_gt(counter, highest);
            highest = counter;
        }
        close(pipes[0]);
    }
    ck_assert_uint_gt(highest, 0);
}
END_TEST

START_TEST(the_log_is_written_anew)
{
    struct stat info;

    open_file();
    for (uint32_t counter = 1; counter <= 1300; counter++)
        ck_assert_int_eq(accept(counter), WM_COUNTER_FRESH);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_lt(info.st_size, 1100 * 20);
    wm_counters_close(counters);
    open_file();
    ck_assert_int_eq(accept(1300), WM_COUNTER_REPLAYED);
    wm_counters_close(counters);
}
END_TEST

/* Through the opener: authentic messages only; a replay is no reading. */
START_TEST(opener_refuses_replays)
{
    struct wm_keystore *keys;
    struct wm_sealer *sealer;
    struct wm_opener *opener;
    struct wm_key key = {.bytes = {1, 2, 3}};
    uint8_t bytes[4][WM_TELEGRAM_MAX];
    size_t lens[4];
    struct wm_message message;

    ck_assert_int_eq(wm_counters_open(NULL, &counters), WM_OK);
    ck_assert_int_eq(wm_keystore_create(&keys), WM_OK);
    ck_assert_int_eq(wm_keystore_add(keys, &(struct wm_key_pattern){0}, &key), WM_OK);
    ck_assert_int_eq(wm_sealer_create(&sealer), WM_OK);
    ck_assert_int_eq(wm_opener_create_with(&(struct wm_opener_config){.keys = keys, .counters = counters}, &opener), WM_OK);
    for (uint32_t i = 0; i < 4; i++) {
        struct wm_seal_spec spec = {.c = 0x44,
                                    .sender = meter.meter,
                                    .has_ell = true,
                                    .ell = {.ci = 0x8C},
                                    .tpl = {.ci = 0x7A, .header = WM_TPL_SHORT},
                                    .config = {.mode = 10, .kdf = 1, .has_counter = true, .tag_bytes = 8},
                                    .counter = 100 + i,
                                    .apl = {(const uint8_t *)"\x0C\x13\x01\x00\x00\x00", 6}};
        struct wm_writer out = wm_writer_of(bytes[i], sizeof bytes[i]);
        ck_assert_int_eq(wm_seal(sealer, &spec, &key), WM_OK);
        ck_assert_int_eq(wm_seal_next(sealer, &out), WM_OK);
        lens[i] = out.len;
    }
    static const struct {
        unsigned telegram;
        enum wm_verdict verdict;
    } steps[] = {{1, WM_VERDICT_DECRYPTED_AND_AUTHENTICATED},
                 {1, WM_VERDICT_REPLAYED_COUNTER},
                 {0, WM_VERDICT_ROLLED_BACK_COUNTER},
                 {2, WM_VERDICT_DECRYPTED_AND_AUTHENTICATED},
                 {1, WM_VERDICT_ROLLED_BACK_COUNTER}};
    bytes[3][lens[3] - 1] ^= 1; /* not authentic: moves nothing */
    ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes[3], lens[3]}, &message), WM_OK);
    ck_assert_int_eq(message.verdict, WM_VERDICT_BAD_MAC);
    ck_assert_uint_eq(wm_counters_count(counters), 0);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        ck_assert_int_eq(wm_open(opener, (struct wm_span){bytes[steps[i].telegram], lens[steps[i].telegram]}, &message), WM_OK);
        ck_assert_int_eq(message.verdict, steps[i].verdict);
        ck_assert(message.readable == (steps[i].verdict == WM_VERDICT_DECRYPTED_AND_AUTHENTICATED));
    }
    wm_opener_destroy(opener);
    wm_sealer_destroy(sealer);
    wm_keystore_destroy(keys);
    wm_counters_close(counters);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("security/counter");
    TCase *tests = tcase_create("counter");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, strictly_increasing_and_kept);
    tcase_add_test(tests, what_cannot_be_opened);
    tcase_add_test(tests, a_crash_in_the_middle_of_a_record);
    tcase_add_test(tests, partner_stays_within_a_hundred);
    tcase_add_test(tests, partner_after_a_restart);
    tcase_add_test(tests, meter_counts_above_both);
    tcase_add_test(tests, killed_gateway_never_reuses);
    tcase_add_test(tests, the_log_is_written_anew);
    tcase_add_test(tests, opener_refuses_replays);
    suite_add_tcase(suite, tests);
    return suite;
}
