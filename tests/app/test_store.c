/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/output.h"
#include "app/store/store.h"
#include "sample_reading.h"
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char dir[64], path[96], acknowledged[96];
static struct sample sample;

static void start(void)
{
    sample_open(&sample);
    strcpy(dir, "/tmp/wmsdr_store_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/readings.db", dir);
    snprintf(acknowledged, sizeof acknowledged, "%s/acknowledged", dir);
}

static void stop(void)
{
    char command[128];

    sample_close(&sample);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static struct wm_outputs *open_output(void)
{
    struct wm_outputs *outputs;
    char spec[256];

    ck_assert_int_eq(wm_outputs_create(&outputs), WM_OK);
    snprintf(spec, sizeof spec, "sqlite:%s?acknowledge=%s", path, acknowledged);
    ck_assert_msg(wm_outputs_add(outputs, spec) == WM_OK, "%s", wm_outputs_why(outputs));
    return outputs;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t value;

    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    ck_assert_msg(sqlite3_step(statement) == SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(db));
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static sqlite3 *open_reader(void)
{
    char why[256] = "";
    sqlite3 *db = wm_store_open_reader(path, why, sizeof why);

    ck_assert_msg(db, "%s", why);
    return db;
}

/* The last line that is whole; 0: none. */
static int64_t last_acknowledged(void)
{
    FILE *file = fopen(acknowledged, "r");
    char line[64];
    int64_t last = 0;

    while (file && fgets(line, sizeof line, file)) {
        if (strchr(line, '\n'))
            last = atoll(line);
    }
    if (file)
        fclose(file);
    return last;
}

START_TEST(what_is_written_is_there)
{
    struct wm_outputs *outputs = open_output();
    sqlite3 *db;

    for (unsigned n = 0; n < 300; n++)
        ck_assert_int_eq(wm_outputs_write(outputs, n % 3 ? sample_number(&sample, n) : sample_of_one_meter(&sample, n)), WM_OK);
    ck_assert_int_eq(wm_outputs_close(outputs), WM_OK);
    wm_outputs_destroy(outputs);
    db = open_reader();
    ck_assert_int_eq(number(db, "SELECT count(*) FROM telegrams"), 300);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM meters"), 201);
    ck_assert_int_eq(number(db, "SELECT telegrams FROM meters WHERE id='12345678'"), 100);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM readings"), 900);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM readings JOIN telegrams USING(telegram) WHERE name='volume_m3' AND "
                                "value=printf('%d.%03d', (telegram-1)/1000, (telegram-1)%1000)"),
                     300);
    ck_assert_int_eq(number(db, "SELECT r.value='0.297' FROM meters m JOIN readings r ON r.telegram=m.last_reading "
                                "WHERE m.id='12345678' AND name='volume_m3'"),
                     1);
    ck_assert_int_eq(number(db, "SELECT heard='2024-05-01T12:00:05.000000Z' AND hex(data) LIKE '1E44EE4D05%' FROM telegrams "
                                "WHERE telegram=6"),
                     1);
    ck_assert_int_eq(last_acknowledged(), 300);
    sqlite3_close(db);
}
END_TEST

static void store_until_killed(void)
{
    struct wm_outputs *outputs = open_output();

    for (unsigned n = 0;; n++) {
        if (wm_outputs_write(outputs, sample_number(&sample, n % 5000)) != WM_OK)
            _exit(1);
    }
}

/* The process is killed at random moments while it stores as fast as it can. What it had acknowledged must be there, whole, and the
 * next process must be able to go on. WMSDR_KILLS=100 in the environment for more of it. */
START_TEST(killed_at_any_moment)
{
    const char *wanted = getenv("WMSDR_KILLS");
    int kills = wanted ? atoi(wanted) : 6;
    int64_t stored_before = 0;

    srand(5);
    /* more of them, and later ones, where the machine is so busy that none has come to store anything */
    for (int i = 0; i < kills || (stored_before == 0 && i < kills + 50); i++) {
        const long late_ms = i < kills ? 0 : 100L * (i - kills + 1);
        int64_t promised, stored;
        sqlite3 *db;
        int status;
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        if (child == 0)
            store_until_killed();
        const long ms = late_ms + rand() % 400; /* what the moment meets is chance */
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended by itself");
        promised = last_acknowledged();
        if (access(path, F_OK) != 0) {
            ck_assert_int_eq(promised, 0);
            continue;
        }
        if (!promised)
            continue; /* perhaps killed before the tables were made; the next one has to cope */
        db = open_reader();
        stored = number(db, "SELECT count(*) FROM telegrams");
        ck_assert_int_ge(stored, promised);
        ck_assert_int_ge(stored, stored_before);
        ck_assert_int_eq(number(db, "SELECT max(telegram) FROM telegrams"), stored); /* none is missing inside */
        ck_assert_int_eq(number(db, "SELECT count(*) FROM readings"), 3 * stored);   /* and each is whole */
        ck_assert_int_eq(number(db, "SELECT sum(telegrams) FROM meters"), stored);
        ck_assert_int_eq(number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'"), 0);
        sqlite3_close(db);
        stored_before = stored;
    }
    if (wanted)
        printf("%d kills, %lld telegrams stored, %lld acknowledged, none missing\n", kills, (long long)stored_before,
               (long long)last_acknowledged());
    ck_assert_int_gt(stored_before, 0);
}
END_TEST

START_TEST(a_file_of_something_else_is_left_alone)
{
    struct wm_store *store = NULL;
    char why[256] = "";
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE accounts(balance)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    ck_assert_int_eq(wm_store_open(path, true, &store, why, sizeof why), WM_INVALID);
    ck_assert_ptr_nonnull(strstr(why, "this is no store of wmsdr"));
    ck_assert_ptr_null(wm_store_open_reader(path, why, sizeof why));
}
END_TEST

START_TEST(a_later_version_is_refused)
{
    struct wm_store *store = NULL;
    char why[256] = "";
    sqlite3 *db;

    ck_assert_int_eq(wm_store_open(path, true, &store, why, sizeof why), WM_OK);
    wm_store_close(store);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    ck_assert_int_eq(wm_store_open(path, true, &store, why, sizeof why), WM_INVALID);
    ck_assert_ptr_nonnull(strstr(why, "made by a later wmsdr"));
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: store");
    TCase *tcase = tcase_create("store");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, what_is_written_is_there);
    tcase_add_test(tcase, killed_at_any_moment);
    tcase_add_test(tcase, a_file_of_something_else_is_left_alone);
    tcase_add_test(tcase, a_later_version_is_refused);
    return suite;
}
