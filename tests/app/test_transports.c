/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/output.h"
#include "app/out/queue.h"
#include "sample_reading.h"
#include "suite.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sample sample;
static struct wm_outputs *outputs;
static char dir[64];
static char text[1 << 20];

static void start(void)
{
    sample_open(&sample);
    strcpy(dir, "/tmp/wmsdr_transports_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
}

static void stop(void)
{
    char command[128];

    wm_outputs_destroy(outputs);
    sample_close(&sample);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    char spec[512];
    va_list args;

    va_start(args, format);
    vsnprintf(spec, sizeof spec, format, args);
    va_end(args);
    ck_assert_msg(wm_outputs_add(outputs, spec) == WM_OK, "%s", wm_outputs_why(outputs));
}

static void write_numbers(unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++)
        ck_assert_int_eq(wm_outputs_write(outputs, sample_number(&sample, n)), WM_OK);
}

static const char *slurp(const char *name)
{
    char path[256];
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "r");
    if (!file)
        return NULL;
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

START_TEST(queue_keeps_order_and_boundaries)
{
    struct wm_queue *queue;
    struct wm_batch batch;
    struct wm_item item;
    unsigned next = 0;
    char number[16];

    ck_assert_int_eq(wm_queue_create(0, &queue), WM_OK);
    for (unsigned i = 0; i < 1000; i++) {
        struct wm_sink *sink = wm_queue_begin(queue, false);
        size_t begin;

        ck_assert_ptr_nonnull(sink);
        begin = wm_item_begin(sink, i);
        wm_sink_printf(sink, "k%u", i);
        wm_item_key_ends(sink, begin);
        wm_sink_printf(sink, "%u", i);
        wm_item_end(sink, begin);
        wm_queue_end(queue);
    }
    wm_queue_close(queue);
    while (wm_queue_take(queue, -1, &batch)) {
        while (wm_batch_next(&batch, &item)) {
            snprintf(number, sizeof number, "k%u", next);
            ck_assert_uint_eq(item.flags, next);
            ck_assert_uint_eq(item.key_len, strlen(number));
            ck_assert_mem_eq(item.key, number, item.key_len);
            ck_assert_uint_eq(item.len, strlen(number) - 1);
            ck_assert_mem_eq(item.data, number + 1, item.len);
            next++;
        }
    }
    ck_assert_uint_eq(next, 1000);
    ck_assert_uint_eq(wm_queue_dropped(queue), 0);
    wm_queue_destroy(queue);
}
END_TEST

/* With nobody to take it: bounded, every reading either there or counted. */
START_TEST(a_full_queue_drops_and_counts)
{
    struct wm_queue *queue;
    struct wm_batch batch;
    struct wm_item item;
    uint64_t kept = 0, refused = 0, there = 0;

    ck_assert_int_eq(wm_queue_create(1, &queue), WM_OK);
    for (unsigned i = 0; i < 10000; i++) {
        struct wm_sink *sink = wm_queue_begin(queue, false);

        if (!sink) {
            refused++;
            continue;
        }
        size_t begin = wm_item_begin(sink, 0);
        wm_item_key_ends(sink, begin);
        wm_sink_put(sink, text, 1000);
        wm_item_end(sink, begin);
        wm_queue_end(queue);
        kept++;
    }
    ck_assert_uint_gt(kept, 100);
    ck_assert_uint_gt(refused, 1000);
    ck_assert_uint_eq(wm_queue_dropped(queue), refused);
    wm_queue_close(queue);
    while (wm_queue_take(queue, -1, &batch)) {
        while (wm_batch_next(&batch, &item))
            there++;
    }
    ck_assert_uint_eq(there, kept);
    wm_queue_destroy(queue);
}
END_TEST

static void *slow_reader(void *argument)
{
    struct wm_batch batch;
    struct wm_item item;
    static unsigned seen;

    while (wm_queue_take(argument, 5, &batch)) {
        while (wm_batch_next(&batch, &item))
            seen++;
    }
    return &seen;
}

START_TEST(a_patient_writer_loses_nothing)
{
    struct wm_queue *queue;
    pthread_t thread;
    void *seen;

    ck_assert_int_eq(wm_queue_create(1, &queue), WM_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, slow_reader, queue), 0);
    for (unsigned i = 0; i < 20000; i++) {
        struct wm_sink *sink = wm_queue_begin(queue, true);
        size_t begin;

        ck_assert_ptr_nonnull(sink);
        begin = wm_item_begin(sink, 0);
        wm_item_key_ends(sink, begin);
        wm_sink_put(sink, text, 500);
        wm_item_end(sink, begin);
        wm_queue_end(queue);
    }
    wm_queue_close(queue);
    pthread_join(thread, &seen);
    ck_assert_uint_eq(*(unsigned *)seen, 20000);
    ck_assert_uint_eq(wm_queue_dropped(queue), 0);
    wm_queue_destroy(queue);
}
END_TEST

START_TEST(files_rotate)
{
    unsigned lines = 0;
    struct stat st;

    add("csv:%s/log?rotate=2k&keep=50&fields=id,volume_m3", dir);
    write_numbers(0, 500);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    for (int i = 50; i >= 0; i--) {
        char name[32], path[128];
        const char *content;

        snprintf(name, sizeof name, i ? "log.%d" : "log", i);
        content = slurp(name);
        if (!content)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, name);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_le(st.st_size, 2048);
        ck_assert_int_eq(strncmp(content, "id,volume_m3\n", 13), 0); /* each with its heading */
        for (content += 13; *content; content = strchr(content, '\n') + 1) {
            char expected[64];

            snprintf(expected, sizeof expected, "%08u,%u.%03u\n", lines, lines / 1000, lines % 1000);
            ck_assert_msg(strncmp(content, expected, strlen(expected)) == 0, "%s: %.40s instead of %s", name, content, expected);
            lines++;
        }
    }
    ck_assert_uint_eq(lines, 500);
}
END_TEST

START_TEST(rotation_keeps_so_many)
{
    add("hex:%s/log?rotate=1k&keep=2", dir);
    write_numbers(0, 500);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    ck_assert_ptr_nonnull(slurp("log.2"));
    ck_assert_ptr_null(slurp("log.3"));
}
END_TEST

START_TEST(append_keeps_what_is_there)
{
    for (unsigned run = 0; run < 2; run++) {
        add("csv:%s/log?append=yes&fields=id", dir);
        write_numbers(run, run + 1);
        wm_outputs_destroy(outputs);
        ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
    }
    ck_assert_str_eq(slurp("log"), "id\n00000000\n00000001\n");
}
END_TEST

static const struct {
    const char *format, *expected;
} formatted[] = {
    {"text?fields=time,id,volume_m3,power_kw", "2024-05-01T12:00:07.000000Z\t00000007\t0.007\t-\n"},
    {"json?fields=id,volume_m3,nothing", "{\"id\":\"00000007\",\"volume_m3\":0.007,\"nothing\":null}\n"},
    {"csv?fields=id,volume_m3,nothing", "id,volume_m3,nothing\n00000007,0.007,\n"},
    {"json?what=telegrams",
     "{\"time\":\"2024-05-01T12:00:07.000000Z\",\"sample\":7,\"mode\":\"T\",\"format\":\"A\",\"channel_hz\":868950000,"
     "\"offset_hz\":0,\"rssi_dbfs\":-31.0,\"snr_db\":14.0,\"deviation_hz\":0,\"clock_ppm\":0,\"grade\":\"clean\","
     "\"telegram\":\"1E44EE4D070000003C077A8F0000000C130700000002FD170000426CE1F12F\"}\n"},
    {"influx", "wmbus,mode=T,format=A,grade=clean,manufacturer=SON,id=00000007,version=60,type_name=water,verdict=plain "
               "sample=7,channel_hz=868950000,offset_hz=0,rssi_dbfs=-31.0,snr_db=14.0,type=7,acc=143,status=\"00\","
               "volume_m3=0.007,error_flags=0,date_storage_1=\"XXXX-01-01\",total_m3=0.007,target_date=\"XXXX-01-01\" 1714564807000000000\n"},
    {"flat", "{\"time\":\"2024-05-01T12:00:07.000000Z\",\"sample\":7,\"mode\":\"T\",\"format\":\"A\",\"channel_hz\":868950000,"
             "\"offset_hz\":0,\"rssi_dbfs\":-31.0,\"snr_db\":14.0,\"grade\":\"clean\",\"manufacturer\":\"SON\",\"id\":\"00000007\","
             "\"version\":60,\"type\":7,\"type_name\":\"water\",\"acc\":143,\"status\":\"00\",\"verdict\":\"plain\","
             "\"volume_m3\":0.007,\"error_flags\":0,\"date_storage_1\":\"XXXX-01-01\",\"total_m3\":0.007,\"target_date\":\"XXXX-01-01\"}\n"},
};

START_TEST(formats)
{
    size_t name = strcspn(formatted[_i].format, "?");

    add("%.*s:%s/out%s", (int)name, formatted[_i].format, dir, formatted[_i].format + name);
    write_numbers(7, 8);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    ck_assert_str_eq(slurp("out"), formatted[_i].expected);
}
END_TEST

START_TEST(fields_for_all_that_name_none)
{
    add("csv:%s/a", dir);
    add("json:%s/b?fields=volume_m3", dir);
    add("hex:%s/c", dir);
    ck_assert_int_eq(wm_outputs_fields(outputs, "id"), WM_OK);
    write_numbers(3, 4);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    ck_assert_str_eq(slurp("a"), "id\n00000003\n");
    ck_assert_str_eq(slurp("b"), "{\"volume_m3\":0.003}\n");
    ck_assert_int_eq(strncmp(slurp("c"), "1E44", 4), 0);
}
END_TEST

static int listen_on(int type, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, type, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    if (type == SOCK_STREAM)
        ck_assert_int_eq(listen(fd, 4), 0);
    return fd;
}

static size_t read_to_end(int fd)
{
    size_t len = 0;
    ssize_t n;

    while ((n = read(fd, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    return len;
}

START_TEST(tcp_brings_lines)
{
    uint16_t port;
    int fd = listen_on(SOCK_STREAM, &port);
    struct wm_output_stats stats;
    int peer;

    add("json:tcp://127.0.0.1:%u?fields=id", port);
    write_numbers(0, 2000);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    peer = accept(fd, NULL, NULL);
    read_to_end(peer);
    for (unsigned i = 0; i < 2000; i++) {
        char line[32];
        size_t len = (size_t)snprintf(line, sizeof line, "{\"id\":\"%08u\"}\n", i);

        ck_assert_mem_eq(text + i * len, line, len);
    }
    wm_outputs_stats(outputs, 0, &stats);
    ck_assert_uint_eq(stats.taken, 2000);
    ck_assert_uint_eq(stats.lost, 0);
    close(peer);
    close(fd);
}
END_TEST

START_TEST(tcp_without_a_peer_is_counted)
{
    uint16_t port;
    int fd = listen_on(SOCK_STREAM, &port);
    struct wm_output_stats stats;

    close(fd);
    add("json:tcp://127.0.0.1:%u", port);
    write_numbers(0, 10);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK); /* an absent peer is no failure of the run */
    wm_outputs_stats(outputs, 0, &stats);
    ck_assert_uint_eq(stats.lost, 10);
}
END_TEST

START_TEST(udp_brings_a_line_a_datagram)
{
    uint16_t port;
    int fd = listen_on(SOCK_DGRAM, &port);

    add("influx:udp://127.0.0.1:%u", port);
    write_numbers(0, 20);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    for (unsigned i = 0; i < 20; i++) {
        ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
        char id[32];

        ck_assert_int_gt(n, 0);
        text[n] = '\0';
        snprintf(id, sizeof id, ",id=%08u,", i);
        ck_assert_ptr_nonnull(strstr(text, id));
        ck_assert_ptr_eq(strchr(text, '\n'), text + n - 1);
    }
    close(fd);
}
END_TEST

START_TEST(a_hook_gets_its_reading_in_the_environment)
{
    struct wm_output_stats stats;
    char path[128];
    FILE *script;

    snprintf(path, sizeof path, "%s/hook", dir);
    script = fopen(path, "w");
    fprintf(script, "#!/bin/sh\necho \"$# $WMSDR_ID $WMSDR_VOLUME_M3 $WMSDR_JSON\" >>'%s/out'\n[ $WMSDR_ID != 00000002 ]\n", dir);
    fclose(script);
    chmod(path, 0755);
    add("exec:%s", path);
    write_numbers(0, 4);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    ck_assert_int_eq(strncmp(slurp("out"), "0 00000000 0.000 {\"time\":\"2024-05-01T12:00:00.000000Z\",", 54), 0);
    ck_assert_ptr_nonnull(strstr(text, "\n0 00000003 0.003 {"));
    wm_outputs_stats(outputs, 0, &stats);
    ck_assert_uint_eq(stats.lost, 1); /* the one whose run said that it failed */
}
END_TEST

START_TEST(a_hook_that_hangs_is_ended)
{
    struct wm_output_stats stats;
    char path[128];
    FILE *script;

    snprintf(path, sizeof path, "%s/hook", dir);
    script = fopen(path, "w");
    fputs("#!/bin/sh\nexec sleep 1000\n", script);
    fclose(script);
    chmod(path, 0755);
    add("exec:%s?timeout=1", path);
    write_numbers(0, 1);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    wm_outputs_stats(outputs, 0, &stats);
    ck_assert_uint_eq(stats.lost, 1);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: transports");
    TCase *tcase = tcase_create("transports");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, queue_keeps_order_and_boundaries);
    tcase_add_test(tcase, a_full_queue_drops_and_counts);
    tcase_add_test(tcase, a_patient_writer_loses_nothing);
    tcase_add_test(tcase, files_rotate);
    tcase_add_test(tcase, rotation_keeps_so_many);
    tcase_add_test(tcase, append_keeps_what_is_there);
    tcase_add_loop_test(tcase, formats, 0, sizeof formatted / sizeof formatted[0]);
    tcase_add_test(tcase, fields_for_all_that_name_none);
    tcase_add_test(tcase, tcp_brings_lines);
    tcase_add_test(tcase, tcp_without_a_peer_is_counted);
    tcase_add_test(tcase, udp_brings_a_line_a_datagram);
    tcase_add_test(tcase, a_hook_gets_its_reading_in_the_environment);
    tcase_add_test(tcase, a_hook_that_hangs_is_ended);
    return suite;
}
