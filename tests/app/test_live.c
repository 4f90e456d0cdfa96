/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/screen/page.h"
#include "cli.h"
#include "screen.h"
#include "suite.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The live table: its page as text, and the unmodified program on a terminal of its own (screen.h). */

static struct cli cli;
static struct program program;
static int feed = -1; /* lines for `decode` */

static void start(void)
{
    char path[128];

    cli_open(&cli);
    snprintf(path, sizeof path, "%s/lines", cli.dir);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    feed = open(path, O_RDWR | O_CLOEXEC); /* so that neither side waits for the other */
    ck_assert_int_ge(feed, 0);
}

static void stop(void)
{
    if (feed >= 0)
        close(feed);
    cli_close(&cli);
}

static void say(const char *line)
{
    ck_assert_int_eq(write(feed, line, strlen(line)), (ssize_t)strlen(line));
}

/* A water meter's telegram with a volume in litres, and text of `extra` bytes as another record (FD 11, customer). */
static void send_meter(unsigned id, unsigned litres, const char *extra)
{
    const size_t extra_len = strlen(extra);
    char line[400];
    int n = snprintf(line, sizeof line, "%02XEE4D%02u%02u%02u%02u3C077A8F0000000C13%02u%02u%02u%02u", 0, id % 100, id / 100 % 100,
                     id / 10000 % 100, id / 1000000 % 100, litres % 100, litres / 100 % 100, litres / 10000 % 100,
                     litres / 1000000 % 100);

    /* L and C in front: "00EE4D…" becomes "LL44EE4D…" */
    memmove(line + 4, line + 2, (size_t)n - 1);
    n += 2;
    if (extra_len) {
        n += snprintf(line + n, sizeof line - (size_t)n, "0DFD11%02zX", extra_len);
        for (size_t i = extra_len; i-- > 0;) /* last byte first */
            n += snprintf(line + n, sizeof line - (size_t)n, "%02X", (unsigned char)extra[i]);
    }
    n += snprintf(line + n, sizeof line - (size_t)n, "\n");
    line[2] = '4';
    line[3] = '4';
    line[0] = "0123456789ABCDEF"[((n - 1) / 2 - 1) >> 4];
    line[1] = "0123456789ABCDEF"[((n - 1) / 2 - 1) & 15];
    say(line);
}

static void decode(unsigned rows, unsigned cols, const char *options)
{
    char command[256];

    snprintf(command, sizeof command, "exec ./wmsdr decode --live %s <lines", options);
    program_start(&program, rows, cols, "xterm", cli.dir, command);
}

/* The same, and a meter that is shown. */
static void show_one(void)
{
    decode(24, 80, "");
    send_meter(40000001, 1, "");
    program_shows(&program, "40000001");
}

/* The terminal as every other program expects it. */
static void is_restored(void)
{
    ck_assert(!program.screen.alternate);
    ck_assert(program.screen.cursor);
    ck_assert(program.screen.wrap);
    ck_assert(program_echoes(&program));
    ck_assert_msg(program.screen.foreign == 0, "%s", program.screen.last_foreign);
}

static void end_it(int exit_code)
{
    kill(program.pid, SIGINT);
    ck_assert_int_eq(WEXITSTATUS(program_wait(&program)), exit_code);
    is_restored();
}

static unsigned count_rows(const char *text)
{
    unsigned n = 0;

    for (unsigned row = 0; row < program.screen.rows; row++)
        n += strstr(screen_line(&program.screen, row), text) != NULL;
    return n;
}

START_TEST(shows_meters_in_place)
{
    decode(24, 100, "-F json:log.ndjson");
    send_meter(12345678, 1234, "");
    program_shows(&program, "1.234 m3");
    ck_assert(program.screen.alternate);
    ck_assert(!program.screen.cursor);
    ck_assert(!program_echoes(&program));
    ck_assert_ptr_nonnull(strstr(screen_line(&program.screen, 0), "METER"));
    ck_assert_int_eq(screen_find(&program.screen, "12345678"), 1);
    ck_assert_ptr_nonnull(strstr(screen_line(&program.screen, 1), "SON water"));
    ck_assert_ptr_nonnull(strstr(screen_line(&program.screen, 1), "     1")); /* one telegram */
    send_meter(12345678, 1240, "");
    program_shows(&program, "1.240 m3");
    ck_assert_uint_eq(count_rows("12345678"), 1);
    ck_assert_uint_eq(count_rows("1.234 m3"), 0);
    send_meter(11111111, 5, "");
    program_shows(&program, "2 meters  3 telegrams, 3 read");
    /* sorted while all fit */
    ck_assert_int_eq(screen_find(&program.screen, "11111111"), 1);
    ck_assert_int_eq(screen_find(&program.screen, "12345678"), 2);
    ck_assert_int_eq(screen_find(&program.screen, "2 meters"), 23);
    kill(program.pid, SIGTERM);
    ck_assert_int_eq(WEXITSTATUS(program_wait(&program)), 0);
    is_restored();
    /* what it said last stays behind */
    ck_assert_int_ge(screen_find(&program.screen, "1.240 m3"), 0);
    program_close(&program);
    cli_run(&cli, "grep -c total_m3 log.ndjson");
    ck_assert_int_eq(atoi(cli.out), 3);
}
END_TEST

START_TEST(follows_the_window)
{
    decode(30, 120, "");
    for (unsigned i = 1; i <= 20; i++)
        send_meter(20000000 + i, i, "");
    program_shows(&program, "20 meters  20 telegrams");
    ck_assert_ptr_nonnull(strstr(screen_line(&program.screen, 0), "MODE"));
    ck_assert_uint_eq(count_rows("200000"), 20);
    ck_assert_int_eq(screen_find(&program.screen, "more"), -1);
    /* lower and narrower: the last heard, and how many are not there */
    program_resize(&program, 10, 46);
    program_shows(&program, "+13 more");
    ck_assert_uint_eq(count_rows("200000"), 7);
    ck_assert_int_eq(screen_find(&program.screen, "20000020"), 1);
    ck_assert_int_eq(screen_find(&program.screen, "20000014"), 7);
    ck_assert_int_eq(screen_find(&program.screen, "20 meters"), 9);
    ck_assert_ptr_null(strstr(screen_line(&program.screen, 0), "MODE"));
    ck_assert_ptr_nonnull(strstr(screen_line(&program.screen, 0), "VALUE"));
    send_meter(20000001, 777, "");
    program_shows(&program, "0.777 m3");
    ck_assert_int_eq(screen_find(&program.screen, "20000001"), 1);
    /* so small that there is hardly anything, and back */
    program_resize(&program, 2, 12);
    program_shows(&program, "20 meters  2");
    program_resize(&program, 30, 120);
    program_shows(&program, "20 meters  21 telegrams");
    ck_assert_uint_eq(count_rows("200000"), 20);
    ck_assert_int_eq(screen_find(&program.screen, "20000001"), 1);
    ck_assert_int_eq(screen_find(&program.screen, "20000020"), 20);
    end_it(0);
    program_close(&program);
}
END_TEST

START_TEST(nobody_speaks_to_the_terminal)
{
    decode(24, 100, "");
    send_meter(30000001, 1,
               "\033[2J\033[31mred\033]0;title\007\x9b"
               "5n\b\r");
    program_shows(&program, "0.001 m3");
    /* messages may have anything in them that was read */
    say("\033[31mno\007hex \302\233 \360\237\222\247\n");
    program_shows(&program, "line 2");
    send_meter(30000002, 2, "");
    program_shows(&program, "0.002 m3");
    ck_assert_msg(program.screen.foreign == 0, "%s", program.screen.last_foreign);
    /* the message stands below the table, which is whole */
    ck_assert_int_eq(screen_find(&program.screen, "30000001"), 1);
    ck_assert_int_eq(screen_find(&program.screen, "30000002"), 2);
    ck_assert_int_gt(screen_find(&program.screen, "line 2"), 2);
    end_it(3);
    ck_assert_int_ge(screen_find(&program.screen, "line 2"), 0); /* and is not lost at the end */
    program_close(&program);
}
END_TEST

static const int ways_to_die[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGUSR1};

START_TEST(restores_however_it_ends)
{
    const int number = ways_to_die[_i];
    int status;

    show_one();
    kill(program.pid, number);
    status = program_wait(&program);
    if (number == SIGINT || number == SIGTERM)
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    else
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == number);
    is_restored();
    program_close(&program);
}
END_TEST

START_TEST(restores_at_the_end_of_input)
{
    show_one();
    close(feed);
    feed = -1;
    ck_assert_int_eq(WEXITSTATUS(program_wait(&program)), 0);
    is_restored();
    ck_assert_int_ge(screen_find(&program.screen, "1 lines, 1 telegram: 1 plain"), 0);
    program_close(&program);
}
END_TEST

/* While it ends, here because nobody takes what another output has written, a second Ctrl-C ends it at once. */
START_TEST(restores_when_it_is_asked_twice)
{
    struct timespec pause = {.tv_nsec = 300000000};
    char path[128];
    int status = 0, unread;
    unsigned asked = 0;

    snprintf(path, sizeof path, "%s/unread", cli.dir);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    unread = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(unread, 0);
    decode(24, 80, "-F json:unread?queue=1k");
    for (unsigned i = 1; i <= 700; i++) /* into a pipe and a queue of half a megabyte */
        send_meter(40000000 + i, i, "");
    program_shows(&program, "telegrams");
    for (; waitpid(program.pid, &status, WNOHANG) == 0 && asked < 100; asked++) {
        ck_assert_int_eq(write(program.master, "\003", 1), 1);
        nanosleep(&pause, NULL);
    }
    ck_assert_uint_ge(asked, 2);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "%d", status);
    program_drain(&program);
    is_restored();
    program_close(&program);
    close(unread);
}
END_TEST

START_TEST(stops_and_goes_on)
{
    show_one();
    kill(program.pid, SIGTSTP);
    ck_assert(WIFSTOPPED(program_wait(&program)));
    is_restored();
    send_meter(40000002, 2, "");
    kill(program.pid, SIGCONT);
    program_shows(&program, "40000002");
    ck_assert_int_eq(screen_find(&program.screen, "40000001"), 1);
    ck_assert(program.screen.alternate);
    ck_assert(!program_echoes(&program));
    /* stopped from outside, it does not know what happened meanwhile: all is written again */
    kill(program.pid, SIGSTOP);
    ck_assert(WIFSTOPPED(program_wait(&program)));
    screen_init(&program.screen, 24, 80);
    kill(program.pid, SIGCONT);
    program_shows(&program, "40000002");
    ck_assert_int_eq(screen_find(&program.screen, "40000001"), 1);
    ck_assert(program.screen.alternate);
    ck_assert(!program.screen.cursor);
    end_it(0);
    program_close(&program);
}
END_TEST

START_TEST(plain_lines_elsewhere)
{
    send_meter(40000001, 1, "");
    cli_run(&cli, "head -n 1 lines >one; TERM=xterm $W decode -q --live <one");
    ck_assert_msg(cli.exit_code == 0 && cli.out[0] == '{', "%s%s", cli.out, cli.err);
    cli_run(&cli, "TERM=xterm $W decode -q -F live <one");
    ck_assert_int_eq(cli.exit_code, 2);
    ck_assert_ptr_nonnull(strstr(cli.err, "no terminal"));
    program_start(&program, 24, 100, "dumb", cli.dir, "exec ./wmsdr decode -q --live <one");
    ck_assert_int_eq(WEXITSTATUS(program_wait(&program)), 0);
    ck_assert_int_ge(screen_find(&program.screen, "SON 40000001  version 60  water"), 0);
    ck_assert_ptr_null(strchr(program.screen.last_foreign, 0x1B));
    program_close(&program);
    /* one terminal, one owner */
    program_start(&program, 24, 100, "xterm", cli.dir, "exec ./wmsdr decode -q --live -F csv <one");
    ck_assert_int_eq(WEXITSTATUS(program_wait(&program)), 2);
    ck_assert_int_ge(screen_find(&program.screen, "the live table has standard output for itself"), 0);
    is_restored();
    program_close(&program);
}
END_TEST

START_TEST(tells_of_the_reception)
{
    cli_run(&cli, "printf 'T A 1E44EE4D010000503C077A8F0000000C137700000002FD170000426CE1F12F gap-ms=100\\n' >list;"
                  "$W synth -t list -s 1.6M -f 868.95M --duration 3 --noise-lsb 6 -o air.cu8");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    program_start(&program, 24, 120, "xterm", cli.dir, "exec ./wmsdr rx --live -r air.cu8 -s 1.6M -f 868.95M --speed realtime");
    program_shows(&program, "0.077 m3");
    program_shows(&program, "air.cu8  868.950 MHz  1.600 MS/s  noise -");
    ck_assert_ptr_nonnull(strstr(screen_line(&program.screen, 22), " of 3.0 s  lost 0"));
    ck_assert_ptr_nonnull(strstr(screen_line(&program.screen, 1), "50000001 SON water         T "));
    ck_assert_int_eq(WEXITSTATUS(program_wait(&program)), 0);
    is_restored();
    ck_assert_int_ge(screen_find(&program.screen, "times real time"), 0); /* the report at the end */
    program_close(&program);
}
END_TEST

/* The table outlives the configuration that asks for it, other outputs are opened anew. */
START_TEST(stays_when_the_configuration_is_read_again)
{
    static const char before[] = "[rx]\nlive = yes\noutput = json:first.ndjson\n",
                      after[] = "[rx]\nlive = yes\noutput = json:second.ndjson\n", without[] = "[rx]\noutput = json:third.ndjson\n";

    cli_run(&cli, "printf 'T A 1E44EE4D010000503C077A8F0000000C137700000002FD170000426CE1F12F gap-ms=100\\n' >list;"
                  "$W synth -t list -s 1M -f 868.95M --duration 30 --noise-lsb 6 -o air.cu8");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    cli_file(&cli, "conf", before, sizeof before - 1);
    program_start(&program, 24, 120, "xterm", cli.dir,
                  "exec ./wmsdr rx --config conf -r air.cu8 -s 1M -f 868.95M --speed realtime");
    program_shows(&program, "0.077 m3");
    cli_file(&cli, "conf", after, sizeof after - 1);
    kill(program.pid, SIGHUP);
    program_shows(&program, "has been read again");
    ck_assert(program.screen.alternate);
    program_shows(&program, " 0:00:0"); /* how long it runs */
    ck_assert_int_eq(screen_find(&program.screen, "50000001 SON water"), 1);
    ck_assert_int_eq(screen_find(&program.screen, "1 meter  1 telegram, 1 read"), 23);
    cli_run(&cli, "ls first.ndjson second.ndjson");
    ck_assert_int_eq(cli.exit_code, 0);
    /* and ends with it */
    cli_file(&cli, "conf", without, sizeof without - 1);
    kill(program.pid, SIGHUP);
    program_shows_not(&program, " MS/s");
    ck_assert(!program.screen.alternate);
    end_it(0);
    program_close(&program);
}
END_TEST

START_TEST(tells_of_a_radio)
{
    cli_run(&cli, "printf 'T A 1E44EE4D010000503C077A8F0000000C137700000002FD170000426CE1F12F gap-ms=100\\n' >list;"
                  "$W synth -t list -s 1.6M -f 868.625M --duration 0.5 --noise-lsb 6 -o air.cu8");
    ck_assert_msg(cli.exit_code == 0, "%s", cli.err);
    program_start(&program, 24, 120, "xterm", cli.dir,
                  FAKE_SERVER " port file=air.cu8 & until [ -s port ]; do sleep 0.05; done;"
                              "./wmsdr rx --live -d rtltcp:127.0.0.1:$(cat port) -m T -f 868.625M -s 1.6M -g 30");
    program_shows(&program, "0.077 m3");
    program_shows(&program, "gain 29.7 dB");
    ck_assert_int_eq(screen_find(&program.screen, "rtltcp:127.0.0.1:"), 22);
    ck_assert_int_eq(screen_find(&program.screen, "868.625 MHz  1.600 MS/s  noise -"), 22);
    ck_assert_int_eq(write(program.master, "\003", 1), 1); /* Ctrl-C */
    program_wait(&program);
    is_restored();
    program_close(&program);
}
END_TEST

static struct wm_meter_news news_of(unsigned id)
{
    return (struct wm_meter_news){.meter = {.manufacturer = 0x4DEE, .id = id, .version = 1, .type = 7},
                                  .readable = true,
                                  .mode = WM_MODE_T,
                                  .values = "1 m3"};
}

START_TEST(memory_is_bounded)
{
    const struct wm_meter *picked[WM_METERS_MAX];
    struct wm_meters_stats stats;
    struct wm_meters *meters;
    struct wm_meter_news news;

    ck_assert_int_eq(wm_meters_create(&meters), WM_OK);
    for (unsigned i = 0; i < 3 * WM_METERS_MAX; i++) {
        news = news_of(i);
        wm_meters_put(meters, &news, i);
        news = news_of(7); /* one that is real, and is heard again and again */
        wm_meters_put(meters, &news, i);
    }
    wm_meters_stats(meters, &stats);
    ck_assert_uint_eq(stats.meters, WM_METERS_MAX);
    ck_assert_uint_eq(stats.forgotten, 2 * WM_METERS_MAX);
    ck_assert_uint_eq(stats.telegrams, 6 * WM_METERS_MAX);
    ck_assert_uint_eq(wm_meters_pick(meters, picked, 10), 10);
    ck_assert_uint_eq(picked[0]->last.meter.id, 7);
    ck_assert_uint_ge(picked[0]->telegrams, 3 * WM_METERS_MAX - 7);
    for (unsigned i = 1; i < 10; i++)
        ck_assert_uint_eq(picked[i]->last.meter.id, 3 * WM_METERS_MAX - i);
    ck_assert_uint_eq(wm_meters_pick(meters, picked, WM_METERS_MAX), WM_METERS_MAX);
    for (unsigned i = 1; i < WM_METERS_MAX; i++)
        ck_assert_uint_lt(picked[i - 1]->last.meter.id, picked[i]->last.meter.id);
    wm_meters_destroy(meters);
}
END_TEST

START_TEST(what_cannot_be_read_keeps_the_last_value)
{
    const struct wm_meter *picked[1];
    struct wm_meters *meters;
    struct wm_meter_news news = news_of(1);

    ck_assert_int_eq(wm_meters_create(&meters), WM_OK);
    wm_meters_put(meters, &news, 0);
    news.readable = false;
    strcpy(news.values, "x");
    wm_meters_put(meters, &news, 0);
    ck_assert_uint_eq(wm_meters_pick(meters, picked, 1), 1);
    ck_assert_str_eq(picked[0]->last.values, "1 m3");
    ck_assert(picked[0]->has_values);
    ck_assert_uint_eq(picked[0]->telegrams, 2);
    wm_meters_destroy(meters);
}
END_TEST

START_TEST(numbers_are_not_cut_apart)
{
    static struct wm_page page;
    struct wm_air air = {.count = 0};
    struct wm_meters *meters;
    struct wm_meter_news news = news_of(1);
    struct wm_page_view view = {.air = &air, .log = ""};

    ck_assert_int_eq(wm_meters_create(&meters), WM_OK);
    strcpy(news.values, "8123.456 kWh  tariff 1 5000.123 kWh  tariff 2 3123.333 kWh");
    wm_meters_put(meters, &news, 0);
    view.meters = meters;
    wm_page_make(&page, 10, 110, &view);
    ck_assert_ptr_nonnull(strstr(page.line[1], "8123.456 kWh  tariff 1 5000.123 kWh   "));
    ck_assert_ptr_null(strstr(page.line[1], "tariff 2"));
    wm_page_make(&page, 10, 40, &view);
    ck_assert_ptr_nonnull(strstr(page.line[1], "8123.456 kWh  "));
    ck_assert_ptr_null(strstr(page.line[1], "tariff"));
    strcpy(news.values, "123456789012345678901234567890123 m3");
    wm_meters_put(meters, &news, 0);
    wm_page_make(&page, 10, 40, &view);
    ck_assert_ptr_nonnull(strstr(page.line[1], "123456789"));
    ck_assert_ptr_nonnull(strchr(page.line[1], '~'));
    wm_meters_destroy(meters);
}
END_TEST

/* Every size of window, with whatever bytes in it: lines of printable ASCII within the window. */
START_TEST(page_is_plain_at_every_size)
{
    static struct wm_page page;
    struct wm_air air = {.count = 2};
    struct wm_meters *meters;
    char log[600];
    unsigned faults = 0;
    struct wm_page_view view = {.air = &air, .log = log, .now_ns = 5000000000, .started_ns = 0};

    ck_assert_int_eq(wm_meters_create(&meters), WM_OK);
    view.meters = meters;
    for (unsigned i = 0; i < 40; i++) {
        struct wm_meter_news news = news_of(i);

        news.on_air = true;
        news.rssi_dbfs = i ? -31.5F : NAN;
        news.snr_db = i ? 12.0F : INFINITY;
        memset(news.values, (int)(i * 7 + 1), sizeof news.values - 1); /* all kinds of bytes */
        wm_meters_put(meters, &news, 0);
    }
    memset(air.source[0].name, 0x9B, sizeof air.source[0].name - 1);
    air.source[0].noise_dbfs = air.source[0].gain_db = air.source[0].ppm = NAN;
    air.source[1] = (struct wm_air_source){.name = "rtlsdr:1",
                                           .centre_hz = 868.6e6,
                                           .rate_hz = 1.6e6,
                                           .gain_db = 32.8,
                                           .ppm = -1.25,
                                           .noise_dbfs = -50.04,
                                           .samples = 10,
                                           .lost = 160,
                                           .gaps = 2};
    for (size_t i = 0; i < sizeof log; i++)
        log[i] = (char)(i % 50 == 49 ? '\n' : i % 256);
    view.log_len = sizeof log;
    for (unsigned rows = 0; rows < WM_PAGE_ROWS + 20; rows += rows < 60 ? 1 : 37) {
        for (unsigned cols = 1; cols < WM_PAGE_COLS + 20; cols += cols < 90 ? 3 : 41) {
            wm_page_make(&page, rows, cols, &view);
            faults += page.rows > rows || page.table > page.rows;
            for (unsigned row = 0; row < page.rows; row++) {
                faults += strlen(page.line[row]) > cols;
                for (const char *c = page.line[row]; *c; c++)
                    faults += *c < 0x20 || *c >= 0x7F;
            }
        }
    }
    ck_assert_uint_eq(faults, 0); /* once: each assertion is a message to the test's parent */
    wm_page_make(&page, 60, 100, &view);
    ck_assert_ptr_nonnull(
        strstr(page.line[58], "rtlsdr:1  868.600 MHz  1.600 MS/s  noise -50.0 dBFS  gain 32.8 dB  lost 160 in 2 gaps  -1.2 ppm"));
    ck_assert_ptr_nonnull(strstr(page.line[59], "40 meters  40 telegrams, 40 read  up 0:00:05"));
    wm_meters_destroy(meters);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("live table");
    TCase *on_terminal = tcase_create("on a terminal");
    TCase *parts = tcase_create("parts");

    tcase_add_checked_fixture(on_terminal, start, stop);
    tcase_add_test(on_terminal, shows_meters_in_place);
    tcase_add_test(on_terminal, follows_the_window);
    tcase_add_test(on_terminal, nobody_speaks_to_the_terminal);
    tcase_add_loop_test(on_terminal, restores_however_it_ends, 0, sizeof ways_to_die / sizeof ways_to_die[0]);
    tcase_add_test(on_terminal, restores_at_the_end_of_input);
    tcase_add_test(on_terminal, restores_when_it_is_asked_twice);
    tcase_add_test(on_terminal, stops_and_goes_on);
    tcase_add_test(on_terminal, plain_lines_elsewhere);
    tcase_add_test(on_terminal, tells_of_the_reception);
    tcase_add_test(on_terminal, stays_when_the_configuration_is_read_again);
    tcase_add_test(on_terminal, tells_of_a_radio);
    tcase_add_test(parts, memory_is_bounded);
    tcase_add_test(parts, what_cannot_be_read_keeps_the_last_value);
    tcase_add_test(parts, numbers_are_not_cut_apart);
    tcase_add_test(parts, page_is_plain_at_every_size);
    suite_add_tcase(suite, on_terminal);
    suite_add_tcase(suite, parts);
    return suite;
}
