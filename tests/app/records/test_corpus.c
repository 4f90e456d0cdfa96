/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/content.h"
#include "link/wired.h"
#include "suite.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Wired M-Bus telegrams of many makers with what libmbus reads in them (its test-frames: NAME.hex and NAME.norm.xml): the records
 * here must say the same, but for the differences listed here, each with who is right. Its error-frames must be refused with a
 * reason. */

#define FOLDER WMSDR_SHARED_DIR "/corpora/records/libmbus"

/* Where the two differ. A difference that is not here fails, and so does one that is here and is none. */
static const struct difference {
    const char *frame;
    const char *raw; /* the record */
    const char *ours;
    const char *reason;
} differences[] = {
    {"ACW_Itron-BM-plus-m", "426C0000", "", "month 0 does not exist (type G): no date, libmbus prints 2000-00-00"},
    {"itron_bm_+m", "426C0000", "", "month 0 does not exist (type G): no date, libmbus prints 2000-00-00"},
    {"siemens_water", "326C0000", "", "month 0 does not exist (type G): no date, libmbus prints 2000-00-00"},
    {"REL-Relay-Padpuls2", "046DA115E917", "", "the IV bit of type F says that the time is invalid; libmbus prints 1900-01-00"},
    {"landis+gyr_ultraheat_t230", "848F0F6D0000E1F1", "XXXX-01-01T00:00", "year 127 is \"every year\" (type F), not 2027"},
    {"EFE_Engelmann-WaterStar", "04902808000000", "0.000008 m³/pulse", "VIFE 28 is an increment per pulse; libmbus leaves it out"},
    {"ELS_Elster-F96-Plus", "3C2BBDEBDDDD", "", "BCD digits above 9 are an error display (type A), not 13131113 W"},
    {"ELS_Elster-F96-Plus", "3B3BBDEBDD", "", "BCD digits above 9 are an error display (type A)"},
    {"abb_f95", "3C2ADDB4EBDD", "", "BCD digits above 9 are an error display (type A)"},
    {"abb_f95", "3B3ADDB4EB", "", "BCD digits above 9 are an error display (type A)"},
    {"SEN_Pollustat", "04BE5071BBB000", "11582321 seconds", "VIFE 50 makes it a duration, not a volume flow"},
    {"SEN_Pollustat", "04BE58F4020000", "756 seconds", "VIFE 58 makes it a duration, not a volume flow"},
    {"landis+gyr_ultraheat_t230", "9410AD6F00000000", "", "VIFE 6F makes it a date (here none), not a power"},
    {"landis+gyr_ultraheat_t230", "9410BB6F00000000", "", "VIFE 6F makes it a date (here none), not a volume flow"},
    {"landis+gyr_ultraheat_t230", "9410DA6F32147A18", "2011-08-26T20:50", "VIFE 6F makes it a date, not a temperature"},
    {"landis+gyr_ultraheat_t230", "9410DE6F2B0B6918", "2011-08-09T11:43", "VIFE 6F makes it a date, not a temperature"},
    {"example_binary16_lvar", "0D7C025750F096075B2A27A693013DB51AB3DCD13E17", "96075B2A27A693013DB51AB3DCD13E17 PW",
     "the same 16 bytes; here in the order of transmission, libmbus prints the last first"},
    {"sen_pollutherm", "0C7B02030000", "302", "VIF 7B without an extension is reserved: as coded; libmbus gives no value at all"},
    {"siemens_rvd235", "8130FD7C01", "1", "FD 7C is reserved for both; here that is `known` false, there a unit \"Reserved\""},
    {"siemens_rvd235", "8120FD7C00", "0", "FD 7C is reserved for both; here that is `known` false, there a unit \"Reserved\""},
    {"siemens_rvd235", "01FD7C00", "0", "FD 7C is reserved for both; here that is `known` false, there a unit \"Reserved\""},
    {"manual_frame2", "35010000", "0.135 m³", "unit 3E is that of the first counter, stored; libmbus leaves it unnamed"},
};
static bool met[sizeof differences / sizeof *differences];

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
    {"m³", "l", 1e3},
    {"kWh", "kWh", 1},
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
    if (strcmp(function, "Actual value") == 0) /* fixed data structure */
        return same_value(record, unit, quantity, value);
    return strcmp(function, functions[record->function]) == 0 && strtoull(storage, NULL, 10) == record->storage &&
           strtoul(tariff, NULL, 10) == record->tariff && strtoul(device, NULL, 10) == record->subunit &&
           same_value(record, unit, quantity, value);
}

/* What is in the application layer of a wired frame; `why` tells why it, or the rest of its records, is refused, NULL: it is not.
 */
static const char *open_wired(const char *text, uint8_t *bytes, size_t cap, struct wm_content *content)
{
    const struct wm_ci_info *info;
    enum wm_ci_payload payload;
    struct wm_wired frame;
    struct wm_span apl;
    const char *why = NULL;
    size_t len = 0;
    size_t header = 0;

    for (; *text && len < cap; text++) {
        if (!strchr("0123456789abcdefABCDEF", *text))
            continue;
        ck_assert_int_eq(sscanf(text, "%2hhx", &bytes[len++]), 1);
        text++;
    }
    memset(content, 0, sizeof *content);
    if (wm_wired_parse((struct wm_span){bytes, len}, &frame, &why) != WM_OK)
        return why;
    info = wm_ci_info(frame.layer.data[0]);
    payload = info->payload;
    apl = wm_span_sub(frame.layer, 1, frame.layer.len);
    if (payload == WM_CI_PAYLOAD_COMPACT && apl.len == 16) /* no compact frame is that short behind a long header */
        payload = WM_CI_PAYLOAD_FIXED;
    else
        header = info->layer == WM_CI_TPL_LONG ? 12 : info->layer == WM_CI_TPL_SHORT ? 4 : 0;
    if (apl.len < header)
        return "the transport layer's header is cut off";
    ck_assert_int_eq(wm_content_read(NULL, false, frame.layer.data[0], payload, wm_span_sub(apl, header, apl.len), content), WM_OK);
    if (payload == WM_CI_PAYLOAD_ERROR)
        return content->text;
    if (content->has_records) {
        struct wm_record_reader reader = content->records;
        struct wm_record record;
        enum wm_status status;
        while ((status = wm_record_next(&reader, &record, &why)) == WM_OK)
            ;
        return status == WM_END ? NULL : why;
    }
    return NULL;
}

struct tally {
    unsigned frames, records, agreed, listed;
};

/* Whether a difference is one that is known. */
static bool is_listed(const char *frame, const struct wm_record *record)
{
    char ours[2200];
    char raw[1100];

    wm_hex_encode(wm_span_sub(record->raw, 0, 500), raw);
    wm_record_value_text(record, ours, sizeof ours - 80);
    if (*ours && *record->unit)
        sprintf(ours + strlen(ours), " %s", record->unit);
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
        if (!met[i] && strcmp(differences[i].frame, frame) == 0 && strcmp(differences[i].raw, raw) == 0 &&
            strcmp(differences[i].ours, ours) == 0)
            return met[i] = true;
    return false;
}

static void compare_frame(const char *name, struct tally *tally)
{
    static char hex[4096];
    static char xml[65536];
    static struct wm_content content;
    uint8_t bytes[512];
    struct wm_record_reader reader;
    struct wm_record record;
    const char *why;
    const char *at = xml;

    if (!read_file(FOLDER "/test-frames", name, ".hex", hex, sizeof hex) ||
        !read_file(FOLDER "/test-frames", name, ".norm.xml", xml, sizeof xml))
        return;
    why = open_wired(hex, bytes, sizeof bytes, &content);
    ck_assert_msg(!why, "%s: %s", name, why);
    reader = content.records;
    tally->frames++;
    while ((at = strstr(at, "<DataRecord"))) {
        const char *end = strstr(at, "</DataRecord>");
        enum wm_status status;
        ck_assert(end != NULL);
        do
            status = wm_record_next(&reader, &record, &why);
        while (status == WM_OK && record.idle);
        ck_assert_msg(status == WM_OK, "%s: a record is missing for %.*s", name, (int)(end - at), at);
        tally->records++;
        if (same_record(&record, at, end)) {
            tally->agreed++;
        } else if (is_listed(name, &record)) {
            tally->listed++;
        } else {
            char value[2048];
            char raw[1100];
            wm_record_value_text(&record, value, sizeof value);
            wm_hex_encode(wm_span_sub(record.raw, 0, 500), raw);
            ck_abort_msg("%s: %s: we read \"%s\" %s \"%s\" (%s) for %.*s", name, raw, record.quantity, value, record.unit,
                         record.detail, (int)(end - at), at);
        }
        at = end;
    }
    /* Nothing is left that libmbus did not list, but idle fillers. */
    while (wm_record_next(&reader, &record, &why) == WM_OK)
        ck_assert_msg(record.idle, "%s: one more record", name);
}

/* Calls `each` with the name of each file of the folder, without its ending; false when there is no folder. */
static bool for_each(const char *folder, const char *ending, void (*each)(const char *name, struct tally *tally),
                     struct tally *tally)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);

    if (count < 0) {
        printf("no corpus at %s: skipped\n", folder);
        return false;
    }
    for (int i = 0; i < count; i++) {
        char *at = strstr(names[i]->d_name, ending);
        if (at) {
            *at = '\0';
            each(names[i]->d_name, tally);
        }
        free(names[i]);
    }
    free(names);
    return true;
}

START_TEST(records_agree_with_libmbus)
{
    struct tally tally = {0};

    if (!for_each(FOLDER "/test-frames", ".norm.xml", compare_frame, &tally))
        return;
    printf("libmbus: %u frames, %u records: %u agree, %u differ as listed\n", tally.frames, tally.records, tally.agreed,
           tally.listed);
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
        ck_assert_msg(met[i], "%s: %s is no difference any more", differences[i].frame, differences[i].raw);
    ck_assert_uint_ge(tally.frames, 53);
    ck_assert_uint_ge(tally.records, 640);
}
END_TEST

static void expect_refusal(const char *name, struct tally *tally)
{
    static char hex[4096];
    static struct wm_content content;
    uint8_t bytes[512];
    const char *why;

    ck_assert_uint_gt(read_file(FOLDER "/error-frames", name, ".hex", hex, sizeof hex), 0);
    why = open_wired(hex, bytes, sizeof bytes, &content);
    ck_assert_msg(why && *why, "%s is not refused", name);
    printf("%s: %s\n", name, why);
    tally->frames++;
}

START_TEST(error_frames_are_refused_with_a_reason)
{
    struct tally tally = {0};

    if (for_each(FOLDER "/error-frames", ".hex", expect_refusal, &tally))
        ck_assert_uint_ge(tally.frames, 15);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: records against the corpus");
    TCase *tcase = tcase_create("corpus");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, records_agree_with_libmbus);
    tcase_add_test(tcase, error_frames_are_refused_with_a_reason);
    return suite;
}
