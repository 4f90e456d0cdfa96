/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pipeline/reading.h"
#include "suite.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Published telegrams with the values that others read in them (wmbusmeters and its kin): each numeric value that comes from a
 * standard record must be among our records or in our summary, with the same unit. What wmbusmeters' own analysis of the telegram
 * shows at a record is from a record; what its drivers take out of manufacturers' payloads is not looked for. Skipped without the
 * corpus. */

#define CORPUS      WMSDR_SHARED_DIR "/corpora/"
#define SHARE_FLOOR 0.98

/* Where a value is not to be found, and why that is right. */
static const struct cause {
    const char *meter, *field, *why;
} causes[] = {
    {"c5isf", "max_power_last_month_kw", "VIFE 25 makes it kW/month"},
    {"elvsense", "co2_ppm", "the unit is plain text, and reads CO2"},
    {"fhkvdataiv", "consumption_at_set_date_1_hca", "an increment of a compact profile; here it is added to the value before"},
    {"q400", "battery_pct", "FD 74 is the battery's remaining life in days"},
    {"qwater", "volume_flow_m3h", "VIFE 56 makes it the duration of a limit exceed"},
    {"qwaterv2", "volume_flow_m3h", "VIFE 56 makes it the duration of a limit exceed"},
    {"sharky774", "operating_time_in_error_h", "VIFE 18 is a record error: there is no value"},
    {"supercom587", "total_m3", "the value published beside it is that of another telegram"},
};

/* Suffixes of the published names, and what that unit is here; several per suffix where one unit is a multiple of the other. */
static const struct unit {
    const char *suffix, *ours;
    double factor;
} units[] = {
    {"m3", "m³", 1},        {"kwh", "kWh", 1}, {"kw", "kW", 1},    {"m3h", "m³/h", 1},  {"m3h", "m³/min", 60},
    {"c", "°C", 1},         {"c", "K", 1},     {"hca", "HCA", 1},  {"v", "V", 1},       {"a", "A", 1},
    {"hz", "Hz", 1},        {"bar", "bar", 1}, {"rh", "%", 1},     {"pct", "%", 1},     {"kvarh", "kvarh", 1},
    {"kvah", "kVAh", 1},    {"dbm", "dBm", 1}, {"counter", "", 1}, {"factor", "", 1},   {"flags", "", 1},
    {"location", "", 1},    {"raw", "", 1},    {"h", "hours", 1},  {"s", "seconds", 1}, {"y", "years", 1},
    {"month", "months", 1}, {"ppm", "ppm", 1},
};
/* The same value in another unit; counted apart. */
static const struct unit multiples[] = {
    {"kwh", "MJ", 1 / 3.6},    {"h", "days", 24},          {"h", "minutes", 1.0 / 60}, {"h", "seconds", 1.0 / 3600},
    {"s", "minutes", 60},      {"s", "hours", 3600},       {"s", "days", 86400},       {"y", "days", 1 / 365.2425},
    {"y", "months", 1.0 / 12}, {"s", "months", 2629746.0},
};

static struct wm_formats *formats;
static struct wm_keystore *keys;
static struct wm_opener *opener;

struct tally {
    unsigned telegrams, unreadable, values, found, converted, listed, closed, compact, expanded;
};

static bool close_to(double a, double b, double slack)
{
    return fabs(a - b) <= slack + 1e-6 * fmax(1, fabs(b));
}

static const char *suffix_of(const char *name)
{
    const char *at = strrchr(name, '_');

    return at ? at + 1 : name;
}

/* Is it a row of the analysis "NNN C!: BYTES ("NAME":value)" under a VIF of the standard? *standard tells of which. */
static bool is_from_record(const char *analysis, const char *name, bool *standard)
{
    char needle[128];
    bool manufacturer = false;
    const char *line;
    const char *next;

    snprintf(needle, sizeof needle, "(\"%s\":", name);
    for (line = analysis; line && *line && *line != '{'; line = next) {
        const char *hit = strstr(line, needle);
        next = strchr(line, '\n');
        next = next ? next + 1 : line + strlen(line);
        if (!hit)
            return false;
        if (memmem(line, (size_t)(next - line), " dif (", 6))
            manufacturer = false;
        if (memmem(line, (size_t)(next - line), " vif (Manufacturer specific)", 28))
            manufacturer = true;
        if (hit < next) {
            *standard = !manufacturer && !memmem(line, (size_t)(next - line), ": *** ", 6);
            return line[0] >= '0' && line[0] <= '9';
        }
    }
    return false;
}

/* MATCH_MANUFACTURER: a number of a manufacturer's VIF. Of compact frames the analysis does not tell which those are. */
enum match { MATCH_NONE, MATCH_MANUFACTURER, MATCH_CONVERTED, MATCH_SAME };

static bool is_unit(const struct unit *unit, const char *suffix, const char *ours)
{
    return strcmp(unit->suffix, suffix) == 0 && strcmp(unit->ours, ours) == 0;
}

static enum match match_record(const struct wm_record *record, const char *suffix, double expected)
{
    char text[640];
    double value;

    if (record->kind != WM_VALUE_DECIMAL && record->kind != WM_VALUE_REAL)
        return MATCH_NONE;
    wm_record_value_text(record, text, sizeof text);
    value = strtod(text, NULL);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (is_unit(&units[i], suffix, record->unit) && close_to(value * units[i].factor, expected, 0))
            return MATCH_SAME;
    for (size_t i = 0; i < sizeof multiples / sizeof *multiples; i++)
        if (is_unit(&multiples[i], suffix, record->unit) && close_to(value * multiples[i].factor, expected, 0))
            return MATCH_CONVERTED;
    return record->manufacturer && value == expected ? MATCH_MANUFACTURER : MATCH_NONE;
}

static enum match look_for(const struct wm_reading *reading, const char *suffix, double expected)
{
    struct wm_record_reader reader = wm_reading_records(reading);
    enum match best = MATCH_NONE;
    struct wm_record record;
    struct wm_summary summary;
    const char *why;

    while (wm_record_next(&reader, &record, &why) == WM_OK) {
        enum match match = match_record(&record, suffix, expected);
        best = match > best ? match : best;
    }
    wm_reading_summary(reading, &summary);
    for (unsigned i = 0; i < summary.count && best != MATCH_SAME; i++) {
        const struct wm_summary_entry *entry = &summary.entry[i];
        double value = (double)entry->number.mantissa * pow(10, entry->number.exponent);
        if (entry->is_number && strcmp(suffix_of(entry->name), suffix) == 0 &&
            close_to(value, expected, 0.5 * pow(10, entry->number.exponent)))
            best = MATCH_SAME;
    }
    return best;
}

static bool is_cause(const char *meter, const char *field)
{
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (strcmp(causes[i].meter, meter) == 0 && strcmp(causes[i].field, field) == 0)
            return true;
    return false;
}

/* Opens with each of the keys until one does. */
static void open_with(json_t *key, struct wm_span telegram, struct wm_message *message)
{
    static const struct wm_key_pattern any = {0};
    json_t *one;
    size_t i;

    ck_assert_int_eq(wm_open(opener, telegram, message), WM_OK);
    if (json_is_string(key)) {
        json_t *list = json_pack("[O]", key);
        open_with(list, telegram, message);
        json_decref(list);
        return;
    }
    json_array_foreach(key, i, one)
    {
        struct wm_key bytes = {0};
        size_t len;
        const char *text = json_string_value(one);
        if (!text || wm_hex_decode(text, strlen(text), bytes.bytes, sizeof bytes.bytes, &len, NULL) != WM_OK ||
            (len != 16 && len != 8))
            continue;
        bytes.des = len == 8;
        wm_keystore_clear(keys);
        ck_assert_int_eq(wm_keystore_add(keys, &any, &bytes), WM_OK);
        ck_assert_int_eq(wm_open(opener, telegram, message), WM_OK);
        if (message->readable)
            return;
    }
}

static void check_telegram(json_t *entry, const char *analysis, bool count, struct tally *tally)
{
    static struct wm_content content;
    const char *hex = json_string_value(json_object_get(entry, "hex_no_crc"));
    const char *meter = json_string_value(json_object_get(entry, "meter_driver"));
    json_t *compact = json_object_get(entry, "compact");
    json_t *expected = json_object_get(entry, "expected");
    uint8_t bytes[600];
    struct wm_message message;
    struct wm_reading reading = {.message = &message, .content = &content};
    const char *field;
    json_t *value;
    size_t len;

    if (!hex)
        hex = json_string_value(json_object_get(entry, "hex"));
    if (wm_hex_decode(hex, strlen(hex), bytes, sizeof bytes, &len, NULL) != WM_OK || len > WM_TELEGRAM_MAX)
        return;
    wm_keystore_clear(keys);
    open_with(json_object_get(entry, "key"), (struct wm_span){bytes, len}, &message);
    ck_assert_int_eq(wm_reading_content(formats, &message, &content), WM_OK);
    if (!count)
        return;
    tally->telegrams += json_object_size(expected) > 0;
    if (compact && message.readable) {
        bool ok = json_is_true(json_object_get(compact, "full_frame_crc_ok"));
        const char *apl = json_string_value(json_object_get(compact, "expanded_apl"));
        char full[2 * WM_CONTENT_BYTES + 1];
        tally->compact++;
        tally->expanded += content.compact == WM_COMPACT_EXPANDED;
        ck_assert_msg((content.compact == WM_COMPACT_EXPANDED) == ok, "%s: compact: %s", hex,
                      wm_compact_state_name(content.compact));
        wm_hex_encode(content.records.apl, full);
        ck_assert_msg(!ok || strcmp(full, apl) == 0, "%s: %s, not %s", hex, full, apl);
    }
    json_object_foreach(expected, field, value)
    {
        bool standard = false;
        if (!json_is_number(value) || !analysis || !is_from_record(analysis, field, &standard) || !standard)
            continue;
        if (!content.has_records) {
            tally->closed++;
            printf("not opened: %s %s: %s %s\n", meter, field, wm_verdict_name(message.verdict), message.detail);
            continue;
        }
        tally->values++;
        switch (look_for(&reading, suffix_of(field), json_number_value(value))) {
        case MATCH_SAME:
            tally->found++;
            break;
        case MATCH_CONVERTED:
            tally->found++;
            tally->converted++;
            break;
        case MATCH_MANUFACTURER:
            tally->values--;
            break;
        case MATCH_NONE:
            tally->listed += is_cause(meter ? meter : "", field);
            printf("%s: %s %s %g\n", is_cause(meter ? meter : "", field) ? "listed" : "MISSING", meter, field,
                   json_number_value(value));
            break;
        }
    }
}

static json_t *lines_of(const char *path)
{
    FILE *file = fopen(path, "r");
    json_t *list = json_array();
    json_t *one;

    while (file && (one = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)))
        json_array_append_new(list, one);
    if (file)
        fclose(file);
    return list;
}

START_TEST(published_values_are_found)
{
    json_t *telegrams = lines_of(CORPUS "telegrams.jsonl");
    json_t *analyses = lines_of(CORPUS "wmbusmeters_analyze.jsonl");
    json_t *by_hex = json_object();
    struct tally tally = {0};
    json_t *entry;
    size_t i;
    double share;

    json_array_foreach(analyses, i, entry)
    {
        json_object_set(by_hex, json_string_value(json_object_get(entry, "hex")), json_object_get(entry, "analyze"));
    }
    ck_assert_int_eq(wm_formats_create(true, &formats), WM_OK);
    ck_assert_int_eq(wm_keystore_create(&keys), WM_OK);
    ck_assert_int_eq(wm_opener_create(keys, &opener), WM_OK);
    /* Twice: the full frames that teach a format may stand behind the compact frames that need it. */
    for (int round = 0; round < 2; round++) {
        json_array_foreach(telegrams, i, entry)
        {
            const char *hex = json_string_value(json_object_get(entry, "hex"));
            check_telegram(entry, json_string_value(json_object_get(by_hex, hex)), round == 1, &tally);
        }
    }
    wm_opener_destroy(opener);
    wm_keystore_destroy(keys);
    wm_formats_destroy(formats);
    json_decref(by_hex);
    json_decref(analyses);
    json_decref(telegrams);
    if (tally.telegrams == 0) {
        printf("no corpus at %s: skipped\n", CORPUS);
        return;
    }
    share = (double)tally.found / tally.values;
    printf("%u telegrams: %u values of standard records, %u found (%.2f %%; %u of them in another unit), %u missing by a "
           "listed "
           "cause, %u for another; %u in telegrams that were not opened; %u of %u compact frames expanded\n",
           tally.telegrams, tally.values, tally.found, 100 * share, tally.converted, tally.listed,
           tally.values - tally.found - tally.listed, tally.closed, tally.expanded, tally.compact);
    fflush(stdout); /* what is missing is of use when the test fails, too */
    ck_assert_uint_gt(tally.values, 900);
    ck_assert_double_ge(share, SHARE_FLOOR);
    ck_assert_uint_eq(tally.values - tally.found, tally.listed);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: published values");
    TCase *tcase = tcase_create("values");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_values_are_found);
    return suite;
}
