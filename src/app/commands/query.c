/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/options/common.h"
#include "app/out/format.h"
#include "app/out/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `wmsdr query`: what a store has: the last values of each meter, the history of one. */

enum { STORE, OUTPUT, SINCE, UNTIL, LIMIT, FIELDS };

static const struct wm_option options[] = {
    [STORE] = {'S', "store", "FILE", "the store, as --store of rx and decode writes it"},
    [OUTPUT] = {'F', "output", "FORMAT", "text, json (an object a line) or csv; default: text"},
    [SINCE] = {0, "since", "TIME", "only what was heard from then on: 2024-05-01, 2024-05-01T12:00:00Z"},
    [UNTIL] = {0, "until", "TIME", "only what was heard before"},
    [LIMIT] = {'n', "limit", "N", "history: at most the last N telegrams"},
    [FIELDS] = {0, "fields", "LIST", "only these values: volume_m3,date_storage_1"},
};

#ifdef WMSDR_SQLITE
#include "app/process/signals.h"
#include "app/store/store.h"

struct query {
    const char *path, *since, *until, *meter;
    enum { TEXT, JSON, CSV } format;
    long limit;
    bool history, has_fields, help;
    struct wm_fields fields;
    sqlite3 *db;
    struct wm_sink sink;
};

/* One row a value. The two queries have the same columns, and come in the order of what belongs to one telegram. */
#define COLUMNS                                                                                                                    \
    "m.manufacturer, m.id, m.version, m.type, m.type_name, m.telegrams, t.telegram, coalesce(t.heard,t.stored), t.verdict, "       \
    "r.name, r.kind, r.value, r.unit"
#define TIMES "(?1 IS NULL OR coalesce(t.heard,t.stored)>=?1) AND (?2 IS NULL OR coalesce(t.heard,t.stored)<?2)"

static const char last_sql[] =
    "SELECT " COLUMNS " FROM meters m JOIN telegrams t ON t.telegram=m.last_reading "
    "JOIN readings r ON r.telegram=t.telegram WHERE " TIMES " AND (?3 IS NULL OR m.id=?3) AND (?4 IS NULL OR m.manufacturer=?4)"
    " ORDER BY m.manufacturer, m.id, m.version, m.type, r.n";
static const char history_sql[] = "SELECT " COLUMNS " FROM meters m JOIN (SELECT * FROM telegrams t WHERE t.meter IN"
                                  "  (SELECT meter FROM meters m WHERE m.id=?3 AND (?4 IS NULL OR m.manufacturer=?4)) AND " TIMES
                                  "  ORDER BY t.telegram DESC LIMIT ?5) t ON m.meter=t.meter "
                                  "JOIN readings r ON r.telegram=t.telegram ORDER BY t.telegram, r.n";

enum { MANUFACTURER, ID, VERSION, TYPE, TYPE_NAME, TELEGRAMS, TELEGRAM, HEARD, VERDICT, NAME, KIND, VALUE, UNIT };

static const char *text_of(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);

    return text ? (const char *)text : "";
}

static bool wanted(const struct query *query, const char *name)
{
    for (size_t i = 0; query->has_fields && i < query->fields.count; i++) {
        if (strcmp(wm_fields_name(&query->fields, i), name) == 0)
            return true;
    }
    return !query->has_fields;
}

static void json_row(struct wm_json *json, sqlite3_stmt *row, bool begins)
{
    if (begins) {
        *json = wm_json_of(json->sink);
        wm_json_open(json, '{');
        WM_JSON_KEY(json, "time");
        wm_json_string(json, text_of(row, HEARD));
        WM_JSON_KEY(json, "manufacturer");
        wm_json_string(json, text_of(row, MANUFACTURER));
        WM_JSON_KEY(json, "id");
        wm_json_string(json, text_of(row, ID));
        WM_JSON_KEY(json, "version");
        wm_json_int(json, sqlite3_column_int64(row, VERSION));
        WM_JSON_KEY(json, "type");
        wm_json_int(json, sqlite3_column_int64(row, TYPE));
        WM_JSON_KEY(json, "type_name");
        wm_json_string(json, text_of(row, TYPE_NAME));
        WM_JSON_KEY(json, "telegrams");
        wm_json_int(json, sqlite3_column_int64(row, TELEGRAMS));
        WM_JSON_KEY(json, "verdict");
        wm_json_string(json, text_of(row, VERDICT));
        WM_JSON_KEY(json, "values");
        wm_json_open(json, '{');
    }
    wm_json_key(json, text_of(row, NAME));
    if (sqlite3_column_type(row, VALUE) == SQLITE_NULL)
        wm_json_null(json);
    else if (strcmp(text_of(row, KIND), "decimal") == 0 || strcmp(text_of(row, KIND), "real") == 0)
        wm_json_number_text(json, text_of(row, VALUE));
    else
        wm_json_string(json, text_of(row, VALUE));
}

static void csv_row(struct wm_sink *sink, sqlite3_stmt *row)
{
    static const int columns[] = {HEARD, MANUFACTURER, ID, VERSION, TYPE_NAME, NAME, VALUE, UNIT};

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (i)
            wm_sink_char(sink, ',');
        wm_csv_cell(sink, text_of(row, columns[i]));
    }
    wm_sink_char(sink, '\n');
}

static void text_row(struct wm_sink *sink, sqlite3_stmt *row, bool begins)
{
    if (begins)
        wm_sink_printf(sink, "%.19s  %s %s  version %lld  %s  %s\n", text_of(row, HEARD), text_of(row, MANUFACTURER),
                       text_of(row, ID), (long long)sqlite3_column_int64(row, VERSION), text_of(row, TYPE_NAME),
                       text_of(row, VERDICT));
    wm_sink_printf(sink, "    %-42.200s %s%s%s\n", text_of(row, NAME), text_of(row, VALUE), *text_of(row, UNIT) ? " " : "",
                   text_of(row, UNIT));
}

/* The number of values, -1: failed. */
static long print_rows(struct query *query, sqlite3_stmt *rows)
{
    struct wm_json json = {.sink = &query->sink};
    int64_t telegram = -1;
    long count = 0;
    int result;

    if (query->format == CSV)
        wm_sink_text(&query->sink, "time,manufacturer,id,version,type_name,name,value,unit\n");
    while ((result = sqlite3_step(rows)) == SQLITE_ROW && !query->sink.error) {
        bool begins = sqlite3_column_int64(rows, TELEGRAM) != telegram;

        if (!wanted(query, text_of(rows, NAME)))
            continue;
        if (begins && query->format == JSON && telegram >= 0)
            wm_sink_text(&query->sink, "}}\n");
        telegram = sqlite3_column_int64(rows, TELEGRAM);
        count++;
        if (query->format == JSON)
            json_row(&json, rows, begins);
        else if (query->format == CSV)
            csv_row(&query->sink, rows);
        else
            text_row(&query->sink, rows, begins);
    }
    if (query->format == JSON && telegram >= 0)
        wm_sink_text(&query->sink, "}}\n");
    if (result != SQLITE_DONE && !query->sink.error) {
        wm_say("%s: %s", query->path, sqlite3_errmsg(query->db));
        return -1;
    }
    return count;
}

static void bind_text(sqlite3_stmt *rows, int i, const char *text)
{
    if (text)
        sqlite3_bind_text(rows, i, text, -1, SQLITE_STATIC);
}

static int print_all(struct query *query)
{
    sqlite3_stmt *rows = NULL;
    char meter[16] = "", manufacturer[4] = "";
    const char *id = query->meter;
    long count;

    /* 12345678, or with its manufacturer, KAM-12345678 */
    if (id && strlen(id) == 12 && id[3] == '-') {
        memcpy(manufacturer, id, 3);
        id += 4;
    }
    if (id && (strlen(id) != 8 || id[strspn(id, "0123456789ABCDEFabcdef")])) {
        wm_say("%s: a meter is its identification number, 12345678, or KAM-12345678", query->meter);
        return WM_EXIT_USAGE;
    }
    for (size_t i = 0; id && i < 8; i++)
        meter[i] = (char)(id[i] >= 'a' ? id[i] - 32 : id[i]);
    if (sqlite3_prepare_v2(query->db, query->history ? history_sql : last_sql, -1, &rows, NULL) != SQLITE_OK) {
        wm_say("%s: %s", query->path, sqlite3_errmsg(query->db));
        return WM_EXIT_FAILED;
    }
    bind_text(rows, 1, query->since);
    bind_text(rows, 2, query->until);
    bind_text(rows, 3, id ? meter : NULL);
    bind_text(rows, 4, *manufacturer ? manufacturer : NULL);
    if (query->history)
        sqlite3_bind_int64(rows, 5, query->limit ? query->limit : -1);
    count = print_rows(query, rows);
    sqlite3_finalize(rows);
    if (wm_sink_flush(&query->sink) != WM_OK) {
        wm_say("standard output: %s", strerror(query->sink.error));
        return WM_EXIT_FAILED;
    }
    if (count == 0)
        wm_say("%s has no such reading", query->path);
    return count > 0 ? WM_EXIT_OK : WM_EXIT_FAILED;
}

static int set_option(struct query *query, const struct wm_command *command, int option, char *value)
{
    const char *why;
    char *end;

    switch (option) {
    case STORE:
        query->path = value;
        return WM_EXIT_OK;
    case OUTPUT:
        query->format = strcmp(value, "json") == 0 ? JSON : strcmp(value, "csv") == 0 ? CSV : TEXT;
        return query->format != TEXT || strcmp(value, "text") == 0
                   ? WM_EXIT_OK
                   : wm_command_misused(command, "-F: there are text, json and csv");
    case SINCE:
        query->since = value;
        return WM_EXIT_OK;
    case UNTIL:
        query->until = value;
        return WM_EXIT_OK;
    case LIMIT:
        query->limit = strtol(value, &end, 10);
        return query->limit > 0 && !*end ? WM_EXIT_OK : wm_command_misused(command, "-n: a number from 1 on");
    case FIELDS:
        query->has_fields = true;
        return wm_fields_parse(value, &query->fields, &why) == WM_OK ? WM_EXIT_OK : wm_command_misused(command, why);
    default: /* an operand */
        if (!query->history && !query->meter && strcmp(value, "last") == 0)
            return WM_EXIT_OK;
        if (!query->history && !query->meter && strcmp(value, "history") == 0) {
            query->history = true;
            return WM_EXIT_OK;
        }
        if (query->meter)
            return wm_command_misused(command, "one meter at a time");
        query->meter = value;
        return WM_EXIT_OK;
    }
}

static int parse(struct query *query, const struct wm_command *command, int argc, char **argv)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    char *value;
    int option;
    int result = WM_EXIT_OK;

    while (result == WM_EXIT_OK && (option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        if (option == WM_OPTION_HELP) {
            wm_command_help(command, stdout);
            query->help = true;
            return WM_EXIT_OK;
        }
        result = option == WM_OPTION_BAD ? wm_command_misused(command, reader.why) : set_option(query, command, option, value);
    }
    if (result != WM_EXIT_OK)
        return result;
    if (!query->path)
        return wm_command_misused(command, "name the store: wmsdr query --store readings.db last");
    if (query->history && !query->meter)
        return wm_command_misused(command, "history of which meter? wmsdr query --store FILE history 12345678");
    return WM_EXIT_OK;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct query *query = calloc(1, sizeof *query);
    char why[512];
    int result = WM_EXIT_FAILED;

    if (!query)
        return result;
    result = parse(query, command, argc, argv);
    if (result == WM_EXIT_OK && !query->help) {
        query->db = wm_store_open_reader(query->path, why, sizeof why);
        if (!query->db) {
            wm_say("%s", why);
            result = WM_EXIT_FAILED;
        } else if (wm_sink_open("-", &query->sink) != WM_OK) {
            result = WM_EXIT_FAILED;
        } else {
            wm_signals_catch();
            result = print_all(query);
            if (wm_sink_close(&query->sink) != WM_OK)
                result = WM_EXIT_FAILED;
        }
        sqlite3_close(query->db);
    }
    free(query);
    return result;
}
#else
static int run(const struct wm_command *command, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    wm_say("%s is not built in: install libsqlite3-dev and build again", command->name);
    return WM_EXIT_FAILED;
}
#endif

const struct wm_command wm_command_query = {
    .name = "query",
    .summary = "look into a store: the last values of each meter, the history of one",
    .operands = "[last [METER] | history METER]",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes = "METER is an identification number, 12345678, or with its manufacturer, KAM-12345678. The store may be\n"
             "written at the same time. Times are UTC.\n",
    .run = run,
};
