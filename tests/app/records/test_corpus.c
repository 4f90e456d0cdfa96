/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/record.h"
#include "suite.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Wired M-Bus telegrams of many makers with what libmbus reads in them (its test-frames: NAME.hex and NAME.norm.xml): the records
 * here must say the same. Differences are listed on standard output; the floor below is what is agreed on today. */

#define FRAMES WMSDR_SHARED_DIR "/corpora/records/libmbus/test-frames"

static size_t read_file(const char *folder, const char *name, const char *ending, char *out, size_t cap)
{
    char path[768];
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    file = fopen(path, "rb");
    if (!file)
        return 0;
    len = fread(out, 1, cap - 1, file);
    fclose(file);
    out[len] = '\0';
    return len;
}

/* The text between <tag> and </tag> before `end`; "" when there is none. Entities: only &amp; occurs. */
static void tag_text(const char *from, const char *end, const char *tag, char *out, size_t cap)
{
    char open[40];
    char close[40];
    const char *a;
    const char *b;

    snprintf(open, sizeof open, "<%s>", tag);
    snprintf(close, sizeof close, "</%s>", tag);
    out[0] = '\0';
    a = strstr(from, open);
    if (!a || a >= end)
        return;
    a += strlen(open);
    b = strstr(a, close);
    ck_assert(b && b < end);
    snprintf(out, cap, "%.*s", (int)(b - a), a);
}

/* One unit of ours in libmbus's normal units. */
static const struct {
    const char *ours, *theirs;
    double factor;
} units[] = {
    {"kWh", "Wh", 1e3},
    {"MJ", "J", 1e6},
    {"kW", "W", 1e3},
    {"MJ/h", "J/h", 1e6},
    {"m³", "m^3", 1},
    {"m³/h", "m^3/h", 1},
    {"seconds", "s", 1},
    {"minutes", "s", 60},
    {"hours", "s", 3600},
    {"days", "s", 86400},
    {"HCA", "Units for H.C.A.", 1},
    {"°C", "°C", 1},
    {"K", "K", 1},
    {"V", "V", 1},
    {"A", "A", 1},
    {"", "", 1},
    {"", "-", 1},
};

static bool same_value(const struct wm_record *record, const char *unit, const char *quantity, const char *value)
{
    char text[2048];
    bool plain = strcmp(record->quantity, "plain text") == 0;

    wm_record_value_text(record, text, sizeof text);
    switch (record->kind) {
    case WM_VALUE_DECIMAL:
    case WM_VALUE_REAL:
        if (plain) /* libmbus has the unit of a plain-text VIF in the quantity */
            return strcmp(record->unit, quantity) == 0 && fabs(strtod(text, NULL) - strtod(value, NULL)) < 1e-6;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
            double ours = strtod(text, NULL) * units[i].factor;
            if (strcmp(units[i].ours, record->unit) == 0 && (record->manufacturer || strcmp(units[i].theirs, unit) == 0) &&
                fabs(ours - strtod(value, NULL)) <= 1e-6 + 1e-6 * fabs(ours))
                return true;
        }
        return false;
    case WM_VALUE_DATE:
    case WM_VALUE_DATETIME:
        return strncmp(text, value, strlen(text)) == 0;
    case WM_VALUE_TEXT:
        return strcmp(text, value) == 0;
    case WM_VALUE_BYTES: { /* "03 20 85" */
        char *out = text;
        wm_record_value_text(record, text, sizeof text);
        for (; *value; value++)
            if (*value != ' ' && *out++ != *value)
                return false;
        return !*out;
    }
    default:
        return *value == '\0';
    }
}

static bool same_record(const struct wm_record *record, const char *from, const char *end)
{
    char function[64];
    char storage[32];
    char tariff[32];
    char device[32];
    char unit[64];
    char quantity[64];
    char value[2048];
    static const char *const functions[] = {"Instantaneous value", "Maximum value", "Minimum value", "Value during error state"};

    tag_text(from, end, "Function", function, sizeof function);
    tag_text(from, end, "StorageNumber", storage, sizeof storage);
    tag_text(from, end, "Tariff", tariff, sizeof tariff);
    tag_text(from, end, "Device", device, sizeof device);
    tag_text(from, end, "Unit", unit, sizeof unit);
    tag_text(from, end, "Quantity", quantity, sizeof quantity);
    tag_text(from, end, "Value", value, sizeof value);
    if (strcmp(function, "Manufacturer specific") == 0)
        return record->manufacturer && !record->more_follows && same_value(record, unit, quantity, value);
    if (strcmp(function, "More records follow") == 0)
        return record->more_follows;
    return strcmp(function, functions[record->function]) == 0 && strtoull(storage, NULL, 10) == record->storage &&
           strtoul(tariff, NULL, 10) == record->tariff && strtoul(device, NULL, 10) == record->subunit &&
           same_value(record, unit, quantity, value);
}

/* The application layer of a wired long frame 68 L L 68 C A CI … CS 16 whose CI is 72 with its header of 12 bytes; empty if
 * another. */
static struct wm_span wired_records(const char *text, uint8_t *bytes, size_t cap)
{
    size_t len = 0;
    struct wm_span none = {0};

    for (; *text && len < cap; text++) {
        if (!strchr("0123456789abcdefABCDEF", *text))
            continue;
        ck_assert_int_eq(sscanf(text, "%2hhx", &bytes[len++]), 1);
        text++;
    }
    if (len < 21 || bytes[0] != 0x68 || bytes[6] != 0x72 || len < (size_t)bytes[1] + 6)
        return none;
    return (struct wm_span){bytes + 19, (size_t)bytes[1] + 4 - 19};
}

struct tally {
    unsigned frames, records, agreed;
};

static void compare_frame(const char *name, struct tally *tally)
{
    static char hex[4096];
    static char xml[65536];
    uint8_t bytes[512];
    struct wm_record_reader reader;
    struct wm_record record;
    const char *why;
    const char *at = xml;

    if (!read_file(FRAMES, name, ".hex", hex, sizeof hex) || !read_file(FRAMES, name, ".norm.xml", xml, sizeof xml))
        return;
    reader = wm_record_reader_of(wired_records(hex, bytes, sizeof bytes));
    if (!reader.apl.len)
        return;
    tally->frames++;
    while ((at = strstr(at, "<DataRecord"))) {
        const char *end = strstr(at, "</DataRecord>");
        enum wm_status status;
        ck_assert(end != NULL);
        do
            status = wm_record_next(&reader, &record, &why);
        while (status == WM_OK && record.idle);
        tally->records++;
        if (status == WM_OK && same_record(&record, at, end)) {
            tally->agreed++;
        } else {
            char value[2048];
            char raw[1100];
            value[0] = raw[0] = '\0';
            if (status != WM_END) {
                wm_record_value_text(&record, value, sizeof value);
                wm_hex_encode(wm_span_sub(record.raw, 0, 500), raw);
            }
            printf("%s: %s: we read \"%s\" %s \"%s\" (%s) for %.*s\n", name, status == WM_END ? "missing" : raw, record.quantity,
                   value, record.unit, record.detail, (int)(end - at), at);
        }
        at = end;
    }
    /* Nothing is left that libmbus did not list, but idle fillers. */
    while (wm_record_next(&reader, &record, &why) == WM_OK)
        if (!record.idle)
            printf("%s: one more record\n", name);
}

START_TEST(records_agree_with_libmbus)
{
    struct tally tally = {0};
    struct dirent **names;
    int count = scandir(FRAMES, &names, NULL, alphasort);

    if (count < 0) {
        printf("no corpus at %s: skipped\n", FRAMES);
        return;
    }
    for (int i = 0; i < count; i++) {
        char *ending = strstr(names[i]->d_name, ".norm.xml");
        if (ending) {
            *ending = '\0';
            compare_frame(names[i]->d_name, &tally);
        }
        free(names[i]);
    }
    free(names);
    printf("libmbus: %u frames, %u records, %u agreed\n", tally.frames, tally.records, tally.agreed);
    ck_assert_uint_ge(tally.frames, 45);
    ck_assert_uint_ge(tally.agreed * 1000, tally.records * 950);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: records against the corpus");
    TCase *tcase = tcase_create("corpus");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, records_agree_with_libmbus);
    return suite;
}
