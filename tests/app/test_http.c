/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/output.h"
#include "sample_reading.h"
#include "suite.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sample sample;
static struct wm_outputs *outputs;
static uint16_t port;
static char answer[1 << 20];

static void start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char spec[64];

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    port = ntohs(address.sin_port);
    close(fd);
    sample_open(&sample);
    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
    snprintf(spec, sizeof spec, "http://:%u", port);
    ck_assert_msg(wm_outputs_add(outputs, spec) == WM_OK, "%s", wm_outputs_why(outputs));
}

static void stop(void)
{
    wm_outputs_destroy(outputs);
    sample_close(&sample);
}

/* The status code; the body is behind *body. */
static int get(const char *request, const char **body)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char text[256];
    size_t len = 0;
    ssize_t n;
    int code = 0;

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    n = snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", request);
    ck_assert_int_eq(write(fd, text, (size_t)n), n);
    while ((n = read(fd, answer + len, sizeof answer - 1 - len)) > 0)
        len += (size_t)n;
    close(fd);
    answer[len] = '\0';
    ck_assert_int_eq(sscanf(answer, "HTTP/1.1 %d", &code), 1);
    *body = strstr(answer, "\r\n\r\n");
    ck_assert_ptr_nonnull(*body);
    *body += 4;
    return code;
}

static void write_some(void)
{
    const char *body;

    for (unsigned n = 1; n <= 3; n++)
        ck_assert_int_eq(wm_outputs_write(outputs, sample_number(&sample, n)), WM_OK);
    ck_assert_int_eq(wm_outputs_write(outputs, sample_of_one_meter(&sample, 7)), WM_OK);
    ck_assert_int_eq(wm_outputs_write(outputs, sample_of_one_meter(&sample, 8)), WM_OK);
    ck_assert_int_eq(wm_outputs_flush(outputs), WM_OK);
    for (int i = 0; i < 1000; i++) { /* until its thread has them */
        ck_assert_int_eq(get("GET /metrics", &body), 200);
        if (strstr(body, "name=\"volume_m3\"} 0.008\n"))
            return;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    ck_abort_msg("%s", body);
}

START_TEST(metrics)
{
    const char *body;

    write_some();
    ck_assert_int_eq(get("GET /metrics", &body), 200);
    ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/plain; version=0.0.4"));
    ck_assert_ptr_nonnull(strstr(body, "\nwmsdr_telegrams_total{verdict=\"plain\"} 5\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nwmsdr_meters 4\n"));
    ck_assert_ptr_nonnull(
        strstr(body, "\nwmsdr_meter_telegrams_total{manufacturer=\"SON\",id=\"12345678\",version=\"60\",type=\"water\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(
        body, "\nwmsdr_value{manufacturer=\"SON\",id=\"12345678\",version=\"60\",type=\"water\",name=\"volume_m3\"} 0.008\n"));
    ck_assert_ptr_nonnull(strstr(body, "type=\"water\"} 1714564808.000\n"));
    ck_assert_ptr_nonnull(strstr(body, "wmsdr_output_taken_total{output=\"http://:"));
    /* the lines of a metric stand together, behind its type */
    for (const char *line = body, *last = ""; *line; line = strchr(line, '\n') + 1) {
        size_t len = strcspn(line, "{ ");

        if (*line == '#') {
            if (strncmp(line, "# TYPE ", 7) == 0)
                last = line + 7;
            continue;
        }
        ck_assert_msg(strncmp(line, last, len) == 0 && last[len] == ' ', "%.60s is no %.40s", line, last);
    }
}
END_TEST

START_TEST(the_api)
{
    const char *body;
    json_t *list;

    ck_assert_int_eq(get("GET /api/meters", &body), 200);
    list = json_loads(body, 0, NULL);
    ck_assert_uint_eq(json_array_size(list), 0);
    json_decref(list);
    write_some();
    ck_assert_int_eq(get("GET /api/meters", &body), 200);
    list = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_uint_eq(json_array_size(list), 4);
    json_decref(list);
    ck_assert_int_eq(get("GET /api/meters/12345678", &body), 200);
    list = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_uint_eq(json_array_size(list), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(list, 0), "sample")), 8);
    json_decref(list);
    ck_assert_int_eq(get("GET /api/status", &body), 200);
    list = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_int_eq(json_integer_value(json_object_get(list, "telegrams")), 5);
    ck_assert_int_eq(json_integer_value(json_object_get(list, "meters")), 4);
    json_decref(list);
}
END_TEST

START_TEST(what_is_not_there)
{
    const char *body;

    ck_assert_int_eq(get("GET /", &body), 200);
    ck_assert_int_eq(get("GET /api/meters/99999999", &body), 404);
    ck_assert_int_eq(get("GET /api/meters/1\"}", &body), 404);
    ck_assert_int_eq(get("GET /../../etc/passwd", &body), 404);
    ck_assert_int_eq(get("DELETE /api/meters", &body), 405);
}
END_TEST

START_TEST(a_taken_port_is_said)
{
    struct wm_outputs *second;
    char spec[64];

    snprintf(spec, sizeof spec, "http://127.0.0.1:%u", port);
    ck_assert_int_eq(wm_outputs_create(&second), WM_OK);
    ck_assert_int_eq(wm_outputs_add(second, spec), WM_IO);
    ck_assert_ptr_nonnull(strstr(wm_outputs_why(second), "cannot listen there"));
    wm_outputs_destroy(second);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: HTTP");
    TCase *tcase = tcase_create("http");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, metrics);
    tcase_add_test(tcase, the_api);
    tcase_add_test(tcase, what_is_not_there);
    tcase_add_test(tcase, a_taken_port_is_said);
    return suite;
}
