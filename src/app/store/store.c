/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VERSION        1
#define APPLICATION_ID 0x574D4442 /* "WMDB": file(1) and we know our own files by it */
#define BUSY_MS        10000

/* Times are text, ISO 8601 in UTC; values are text too, with every digit the meter sent, and SQLite's numeric functions take them.
 * What each meter said last can be found without a search: meters.last_reading. */
static const char schema[] =
    "CREATE TABLE meters("
    " meter INTEGER PRIMARY KEY, manufacturer TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, type INTEGER NOT NULL,"
    " type_name TEXT NOT NULL, telegrams INTEGER NOT NULL DEFAULT 0, last_telegram INTEGER, last_reading INTEGER,"
    " UNIQUE(id, manufacturer, version, type)) STRICT;"
    "CREATE TABLE telegrams("
    " telegram INTEGER PRIMARY KEY AUTOINCREMENT, meter INTEGER NOT NULL REFERENCES meters, stored TEXT NOT NULL, heard TEXT,"
    " mode TEXT, format TEXT, grade TEXT NOT NULL, rssi_dbfs REAL, snr_db REAL, offset_hz REAL, verdict TEXT NOT NULL,"
    " detail TEXT, counter INTEGER, data BLOB NOT NULL) STRICT;"
    "CREATE INDEX telegrams_of_meter ON telegrams(meter);"
    "CREATE TABLE readings("
    " telegram INTEGER NOT NULL REFERENCES telegrams ON DELETE CASCADE, n INTEGER NOT NULL, name TEXT NOT NULL,"
    " function TEXT NOT NULL, storage INTEGER NOT NULL, tariff INTEGER NOT NULL, subunit INTEGER NOT NULL,"
    " quantity TEXT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL, value TEXT, PRIMARY KEY(telegram, n)) STRICT, WITHOUT ROWID;";

enum { FIND_METER, ADD_METER, ADD_TELEGRAM, ADD_READING, NOTE_METER, STATEMENTS };

static const char *const sql[STATEMENTS] = {
    [FIND_METER] = "SELECT meter FROM meters WHERE manufacturer=?1 AND id=?2 AND version=?3 AND type=?4",
    [ADD_METER] = "INSERT INTO meters(manufacturer,id,version,type,type_name) VALUES(?1,?2,?3,?4,?5)",
    [ADD_TELEGRAM] = "INSERT INTO telegrams(heard,mode,format,grade,rssi_dbfs,snr_db,offset_hz,verdict,detail,counter,data,meter,"
                     "stored) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,strftime('%Y-%m-%dT%H:%M:%fZ','now'))",
    [ADD_READING] = "INSERT INTO readings(name,function,storage,tariff,subunit,quantity,unit,kind,value,telegram,n)"
                    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
    [NOTE_METER] = "UPDATE meters SET telegrams=telegrams+1, last_telegram=?1, last_reading=coalesce(?2,last_reading) "
                   "WHERE meter=?3",
};

struct wm_store {
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENTS];
};

const char *wm_store_why(struct wm_store *store)
{
    return sqlite3_errmsg(store->db);
}

static bool run(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
}

static int number_of(sqlite3 *db, const char *pragma)
{
    sqlite3_stmt *statement = NULL;
    int value = -1;

    if (sqlite3_prepare_v2(db, pragma, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* Whether the open file is a store of this version, or, with make, an empty one that has been made into one. */
static enum wm_status check(sqlite3 *db, bool make, const char *path, char *why, size_t why_cap)
{
    int id = number_of(db, "PRAGMA application_id");
    int version = number_of(db, "PRAGMA user_version");
    int tables = number_of(db, "SELECT count(*) FROM sqlite_schema");
    char text[96];

    if (id < 0 || version < 0 || tables < 0) {
        snprintf(why, why_cap, "%.200s: %s", path, sqlite3_errmsg(db));
        return WM_IO;
    }
    if (id == APPLICATION_ID && version == VERSION)
        return WM_OK;
    if (id == APPLICATION_ID && version > VERSION) {
        snprintf(why, why_cap, "%.200s was made by a later wmsdr (tables of version %d, this one knows %d)", path, version,
                 VERSION);
        return WM_INVALID;
    }
    if (tables || !make) {
        snprintf(why, why_cap, "%.200s: this is no store of wmsdr", path);
        return WM_INVALID;
    }
    snprintf(text, sizeof text, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID, VERSION);
    if (run(db, schema) && run(db, text))
        return WM_OK;
    snprintf(why, why_cap, "%.200s: %s", path, sqlite3_errmsg(db));
    return WM_IO;
}

/* Under a write lock, so that of two who make the same store one waits for the other. */
static enum wm_status prepare(sqlite3 *db, bool full_sync, const char *path, char *why, size_t why_cap)
{
    enum wm_status status = WM_IO;

    /* WAL: a reader never waits for the writer, and a killed process leaves a log that the next one replays */
    if (!run(db, "PRAGMA journal_mode=WAL") || !run(db, full_sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL") ||
        !run(db, "PRAGMA foreign_keys=ON") || !run(db, "BEGIN IMMEDIATE")) {
        snprintf(why, why_cap, "%.200s: %s", path, sqlite3_errmsg(db));
        return WM_IO;
    }
    status = check(db, true, path, why, why_cap);
    if (status != WM_OK) {
        run(db, "ROLLBACK");
    } else if (!run(db, "COMMIT")) {
        snprintf(why, why_cap, "%.200s: %s", path, sqlite3_errmsg(db));
        status = WM_IO;
    }
    return status;
}

enum wm_status wm_store_open(const char *path, bool full_sync, struct wm_store **store, char *why, size_t why_cap)
{
    struct wm_store *s = calloc(1, sizeof *s);
    enum wm_status status = WM_NO_MEMORY;

    if (!s)
        return status;
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        snprintf(why, why_cap, "%.200s: %s", path, s->db ? sqlite3_errmsg(s->db) : "no memory");
        status = WM_IO;
    } else {
        sqlite3_busy_timeout(s->db, BUSY_MS);
        status = prepare(s->db, full_sync, path, why, why_cap);
    }
    for (int i = 0; status == WM_OK && i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statement[i], NULL) != SQLITE_OK) {
            snprintf(why, why_cap, "%.200s: %s", path, sqlite3_errmsg(s->db));
            status = WM_IO;
        }
    }
    if (status != WM_OK)
        wm_store_close(s);
    else
        *store = s;
    return status;
}

void wm_store_close(struct wm_store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statement[i]);
    sqlite3_close(store->db);
    free(store);
}

enum wm_status wm_store_begin(struct wm_store *store)
{
    return run(store->db, "BEGIN IMMEDIATE") ? WM_OK : WM_IO;
}

enum wm_status wm_store_commit(struct wm_store *store)
{
    return run(store->db, "COMMIT") ? WM_OK : WM_IO;
}

void wm_store_roll_back(struct wm_store *store)
{
    run(store->db, "ROLLBACK");
}

static void bind(sqlite3_stmt *statement, int i, const struct wm_cell *cell)
{
    switch (cell->type) {
    case WM_CELL_NULL:
        sqlite3_bind_null(statement, i);
        break;
    case WM_CELL_INT:
        sqlite3_bind_int64(statement, i, cell->integer);
        break;
    case WM_CELL_REAL:
        sqlite3_bind_double(statement, i, cell->real);
        break;
    case WM_CELL_TEXT:
        sqlite3_bind_text(statement, i, cell->data, (int)cell->len, SQLITE_STATIC);
        break;
    case WM_CELL_BLOB:
        sqlite3_bind_blob(statement, i, cell->data, (int)cell->len, SQLITE_STATIC);
        break;
    }
}

/* Binds the next `count` cells from the first parameter on. */
static bool bind_row(sqlite3_stmt *statement, const char **pos, const char *end, int count)
{
    struct wm_cell cell;

    for (int i = 1; i <= count; i++) {
        if (!wm_cell_next(pos, end, &cell))
            return false;
        bind(statement, i, &cell);
    }
    return true;
}

static bool step(sqlite3_stmt *statement)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE;

    return sqlite3_reset(statement) == SQLITE_OK && done;
}

/* 0: failed */
static int64_t meter_of(struct wm_store *store, const char **pos, const char *end)
{
    sqlite3_stmt *find = store->statement[FIND_METER], *add = store->statement[ADD_METER];
    const char *begin = *pos;
    struct wm_cell name;
    int64_t meter = 0;
    int result;

    if (!bind_row(find, pos, end, 4) || !wm_cell_next(pos, end, &name))
        return 0;
    result = sqlite3_step(find);
    if (result == SQLITE_ROW)
        meter = sqlite3_column_int64(find, 0);
    sqlite3_reset(find);
    if (meter || result != SQLITE_DONE)
        return meter;
    return bind_row(add, &begin, end, 5) && step(add) ? sqlite3_last_insert_rowid(store->db) : 0;
}

enum wm_status wm_store_add(struct wm_store *store, const char *cells, size_t len, int64_t *number)
{
    sqlite3_stmt *telegram = store->statement[ADD_TELEGRAM], *reading = store->statement[ADD_READING],
                 *note = store->statement[NOTE_METER];
    const char *pos = cells, *end = cells + len;
    int64_t meter = meter_of(store, &pos, end);
    int n = 0;

    if (!meter || !bind_row(telegram, &pos, end, 11))
        return WM_IO;
    sqlite3_bind_int64(telegram, 12, meter);
    if (!step(telegram))
        return WM_IO;
    *number = sqlite3_last_insert_rowid(store->db);
    for (; pos < end; n++) {
        if (!bind_row(reading, &pos, end, 9))
            return WM_IO;
        sqlite3_bind_int64(reading, 10, *number);
        sqlite3_bind_int(reading, 11, n);
        if (!step(reading))
            return WM_IO;
    }
    sqlite3_bind_int64(note, 1, *number);
    if (n)
        sqlite3_bind_int64(note, 2, *number);
    else
        sqlite3_bind_null(note, 2);
    sqlite3_bind_int64(note, 3, meter);
    return step(note) ? WM_OK : WM_IO;
}

sqlite3 *wm_store_open_reader(const char *path, char *why, size_t why_cap)
{
    sqlite3 *db = NULL;

    if (access(path, R_OK) != 0) {
        snprintf(why, why_cap, "%.200s: there is no such file, or it may not be read", path);
        return NULL;
    }
    /* not read-only for SQLite: the log of a process that was killed may have to be replayed */
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        snprintf(why, why_cap, "%.200s: %s", path, db ? sqlite3_errmsg(db) : "no memory");
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_busy_timeout(db, BUSY_MS);
    if (check(db, false, path, why, why_cap) != WM_OK) {
        sqlite3_close(db);
        return NULL;
    }
    run(db, "PRAGMA query_only=ON");
    return db;
}
