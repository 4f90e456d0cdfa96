/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/json.h"
#include "app/out/output.h"
#include "app/out/target.h"
#include "app/serve/board.h"
#include "base/clock.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A small HTTP server: /metrics for Prometheus, /api/… for programs. It only tells; nothing can be changed through it. Without a
 * host it is reachable from this machine alone. */

enum { READABLE = 1 }; /* item flags */

struct http {
    struct wm_output_port *port;
    struct wm_board *board;
    struct MHD_Daemon *daemon;
    _Atomic uint64_t by_verdict[WM_VERDICT_COUNT];
};

/* What stands in quotes in Prometheus' text format: backslash, quote and line end are escaped. */
static void put_label(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static char *metrics(struct http *http, size_t *len)
{
    size_t meters_len = 0;
    char *text = NULL, *meters = wm_board_metrics(http->board, &meters_len);
    FILE *out = meters ? open_memstream(&text, len) : NULL;
    static const char *const kinds[] = {"taken", "dropped", "lost"};

    if (!out) {
        free(meters);
        return NULL;
    }
    fputs("# HELP wmsdr_telegrams_total Telegrams by what the security layers say of them.\n# TYPE wmsdr_telegrams_total counter\n",
          out);
    for (enum wm_verdict verdict = 0; verdict < WM_VERDICT_COUNT; verdict++)
        fprintf(out, "wmsdr_telegrams_total{verdict=\"%s\"} %llu\n", wm_verdict_name(verdict),
                (unsigned long long)atomic_load(&http->by_verdict[verdict]));
    for (size_t kind = 0; kind < 3; kind++) {
        fprintf(out,
                "# HELP wmsdr_output_%s_total Telegrams an output was given, had to drop, and lost on the way.\n"
                "# TYPE wmsdr_output_%s_total counter\n",
                kinds[kind], kinds[kind]);
        for (size_t i = 0; i < wm_outputs_count(http->port->outputs); i++) {
            struct wm_output_stats stats;

            wm_outputs_stats(http->port->outputs, i, &stats);
            fprintf(out, "wmsdr_output_%s_total{output=\"", kinds[kind]);
            put_label(out, stats.name);
            fprintf(out, "\"} %llu\n", (unsigned long long)(kind == 0 ? stats.taken : kind == 1 ? stats.dropped : stats.lost));
        }
    }
    fprintf(out, "# HELP wmsdr_meters Meters heard.\n# TYPE wmsdr_meters gauge\nwmsdr_meters %zu\n", wm_board_count(http->board));
    fwrite(meters, 1, meters_len, out);
    free(meters);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static char *status_json(struct http *http, size_t *len)
{
    char *text = malloc(65536);
    struct wm_sink sink = wm_sink_memory(text, text ? 65536 : 0);
    struct wm_json json = wm_json_of(&sink);
    uint64_t telegrams = 0;

    if (!text)
        return NULL;
    for (enum wm_verdict verdict = 0; verdict < WM_VERDICT_COUNT; verdict++)
        telegrams += atomic_load(&http->by_verdict[verdict]);
    wm_json_open(&json, '{');
    WM_JSON_KEY(&json, "telegrams");
    wm_json_uint(&json, telegrams);
    WM_JSON_KEY(&json, "meters");
    wm_json_uint(&json, wm_board_count(http->board));
    WM_JSON_KEY(&json, "outputs");
    wm_json_open(&json, '[');
    for (size_t i = 0; i < wm_outputs_count(http->port->outputs); i++) {
        struct wm_output_stats stats;

        wm_outputs_stats(http->port->outputs, i, &stats);
        wm_json_open(&json, '{');
        WM_JSON_KEY(&json, "output");
        wm_json_string(&json, stats.name);
        WM_JSON_KEY(&json, "taken");
        wm_json_uint(&json, stats.taken);
        WM_JSON_KEY(&json, "dropped");
        wm_json_uint(&json, stats.dropped);
        WM_JSON_KEY(&json, "lost");
        wm_json_uint(&json, stats.lost);
        WM_JSON_KEY(&json, "failed");
        wm_json_bool(&json, stats.failed);
        wm_json_close(&json, '}');
    }
    wm_json_close(&json, ']');
    wm_json_close(&json, '}');
    wm_sink_char(&sink, '\n');
    *len = sink.len;
    return text;
}

static char *answer_to(struct http *http, const char *url, size_t *len, unsigned *code, const char **type)
{
    static const char index[] = "wmsdr\n/metrics           for Prometheus\n/api/meters        the last reading of each meter\n"
                                "/api/meters/ID     of those with this identification number\n/api/status        counters\n";
    char *text = NULL;
    size_t count = 1;

    *code = MHD_HTTP_OK;
    *type = "application/json";
    if (strcmp(url, "/") == 0) {
        *type = "text/plain; charset=utf-8";
        text = strdup(index);
        *len = sizeof index - 1;
    } else if (strcmp(url, "/metrics") == 0) {
        *type = "text/plain; version=0.0.4; charset=utf-8";
        text = metrics(http, len);
    } else if (strcmp(url, "/api/meters") == 0) {
        text = wm_board_json(http->board, NULL, &count, len);
        count = 1; /* none is an answer */
    } else if (strncmp(url, "/api/meters/", 12) == 0 && strlen(url + 12) == 8 && strspn(url + 12, "0123456789ABCDEFabcdef") == 8) {
        char id[9];

        for (size_t i = 0; i < 9; i++)
            id[i] = (char)(url[12 + i] >= 'a' ? url[12 + i] - 32 : url[12 + i]);
        text = wm_board_json(http->board, id, &count, len);
    } else if (strcmp(url, "/api/status") == 0) {
        text = status_json(http, len);
    } else {
        count = 0;
    }
    if (count == 0) {
        free(text);
        *code = MHD_HTTP_NOT_FOUND;
        text = strdup("{\"error\":\"there is nothing here; / lists what there is\"}\n");
        *len = text ? strlen(text) : 0;
    }
    return text;
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_len, void **request)
{
    bool reads = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    unsigned code = MHD_HTTP_METHOD_NOT_ALLOWED;
    const char *type = "application/json";
    struct MHD_Response *response;
    enum MHD_Result result;
    size_t len = 0;
    char *text = NULL;

    (void)version;
    (void)upload;
    (void)request;
    *upload_len = 0;
    if (reads)
        text = answer_to(user, url, &len, &code, &type);
    if (reads && !text)
        return MHD_NO;
    response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum wm_status listen_on(struct http *http)
{
    const struct wm_target *target = http->port->target;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[8];
    int error;

    snprintf(service, sizeof service, "%u", target->port ? target->port : 9868);
    error = getaddrinfo(*target->host ? target->host : "127.0.0.1", service, &hints, &list);
    if (error) {
        snprintf(http->port->why, WM_OUTPUT_WHY, "-F %.200s: %s", target->said, gai_strerror(error));
        return WM_INVALID;
    }
    errno = 0;
    http->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | (list->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0u), 0,
                         NULL, NULL, answer, http, MHD_OPTION_SOCK_ADDR, list->ai_addr, MHD_OPTION_CONNECTION_LIMIT, 64u,
                         MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
    freeaddrinfo(list);
    if (http->daemon)
        return WM_OK;
    snprintf(http->port->why, WM_OUTPUT_WHY, "-F %.200s: cannot listen there: %s", target->said,
             errno ? strerror(errno) : "the server does not start");
    return WM_IO;
}

static enum wm_status open_http(struct wm_output_port *port, void **state)
{
    struct http *http = calloc(1, sizeof *http);
    enum wm_status status = http ? wm_board_create(&http->board) : WM_NO_MEMORY;

    if (status == WM_OK) {
        http->port = port;
        status = listen_on(http);
    }
    if (status != WM_OK) {
        if (http)
            wm_board_destroy(http->board);
        free(http);
        return status;
    }
    *state = http;
    return WM_OK;
}

static void value_line(void *user, const struct wm_field *field)
{
    struct wm_sink *sink = user;

    if (field->kind != WM_FIELD_NUMBER ||
        (!field->record && strcmp(field->name, "rssi_dbfs") != 0 && strcmp(field->name, "snr_db") != 0))
        return;
    wm_sink_printf(sink, "name=\"%s\"} ", field->name);
    wm_sink_text(sink, field->text);
    wm_sink_char(sink, '\n');
}

/* An item: flags, the labels as its key, and JSON line, NUL, values. */
static void compose(void *state, struct wm_sink *sink, const struct wm_reading *reading)
{
    struct http *http = state;
    const struct wm_address *meter = &reading->message->meter;
    const struct wm_signal *signal = &reading->frame->signal;
    bool readable = wm_reading_has_records(reading);
    char manufacturer[4];
    size_t begin, data;
    double heard_s;

    if ((unsigned)reading->message->verdict < WM_VERDICT_COUNT)
        atomic_fetch_add(&http->by_verdict[reading->message->verdict], 1);
    if (http->port->use.what == WM_WHAT_READINGS && !readable)
        return;
    begin = wm_item_begin(sink, readable ? READABLE : 0);
    wm_manufacturer_text(meter->manufacturer, manufacturer);
    for (char *c = manufacturer; *c; c++)
        *c = *c == '\\' ? '_' : *c;
    wm_sink_printf(sink, "manufacturer=\"%s\",id=\"%08X\",version=\"%u\",type=\"%s\"", manufacturer, (unsigned)meter->id,
                   meter->version, wm_device_type_name(meter->type));
    wm_item_key_ends(sink, begin);
    heard_s =
        reading->frame->on_air && signal->time_ns != WM_TIME_UNKNOWN ? (double)signal->time_ns * 1e-9 : (double)wm_real_ns() * 1e-9;
    wm_sink_put(sink, (const char *)&heard_s, sizeof heard_s);
    data = sink->len;
    wm_format_json_write(sink, reading);
    if (!sink->error && sink->len > data)
        sink->buffer[sink->len - 1] = '\0'; /* in the line end's place */
    wm_fields_walk(reading, false, value_line, sink);
    wm_item_end(sink, begin);
}

static enum wm_status write_batch(void *state, struct wm_batch batch)
{
    struct http *http = state;
    struct wm_item item;

    while (wm_batch_next(&batch, &item)) {
        struct wm_board_entry entry = {.labels = item.key, .labels_len = item.key_len, .readable = item.flags & READABLE};

        memcpy(&entry.heard_s, item.data, sizeof entry.heard_s);
        entry.json = item.data + sizeof entry.heard_s;
        entry.json_len = strnlen(entry.json, item.len - sizeof entry.heard_s);
        entry.values = entry.json + entry.json_len + 1;
        entry.values_len = (size_t)(item.data + item.len - entry.values);
        if (wm_board_put(http->board, &entry) != WM_OK)
            atomic_fetch_add(&http->port->lost, 1);
    }
    return WM_OK;
}

static enum wm_status close_http(void *state)
{
    struct http *http = state;

    MHD_stop_daemon(http->daemon);
    wm_board_destroy(http->board);
    free(http);
    return WM_OK;
}

const struct wm_transport wm_transport_http = {
    .name = "http",
    .prefix = "http://",
    .syntax = "[HOST]:PORT",
    .summary = "serve /metrics for Prometheus and /api/meters as JSON; without HOST to this machine only",
    .own_form = true,
    .idle_ms = -1,
    .open = open_http,
    .compose = compose,
    .write = write_batch,
    .close = close_http,
};
