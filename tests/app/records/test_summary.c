/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/summary.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct wm_summary summary;

static void summarise(const char *hex)
{
    static uint8_t bytes[600];
    size_t len;
    struct wm_record_reader reader;
    struct wm_record record;
    const char *why;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes, sizeof bytes, &len, NULL), WM_OK);
    reader = wm_record_reader_of((struct wm_span){bytes, len});
    wm_summary_begin(&summary);
    while (wm_record_next(&reader, &record, &why) == WM_OK)
        wm_summary_add(&summary, &record, (struct wm_text){0});
}

/* "name=value;" for each entry. */
static const char *text_of(void)
{
    static char out[8192];
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < summary.count; i++) {
        const struct wm_summary_entry *entry = &summary.entry[i];
        char value[80] = "";
        ck_assert_uint_eq(strlen(entry->name), entry->name_len);
        ck_assert_uint_eq(strlen(entry->text), entry->text_len);
        if (entry->is_number && wm_decimal_text(entry->number, value, sizeof value))
            ck_assert_str_eq(entry->text, value);
        len += (size_t)snprintf(out + len, sizeof out - len, "%s=%s;", entry->name, entry->text);
    }
    return out;
}

static const struct {
    const char *apl, *summary;
} rules[] = {
    /* OMS Vol. 2 Annex N.2.1 */
    {"2F2F0C1427048502046D32371F1502FD170000", "total_m3=28504.27;meter_datetime=2008-05-31T23:50;error_flags=0;"},
    /* now, at the set day with its date, and what no rule is for: storage 2 */
    {"0413E80300004413E7030000426C1F3184011301000000", "total_m3=1.000;target_m3=0.999;target_date=2024-01-31;"},
    {"0406010000004406020000008410060300000084400604000000",
     "total_kwh=1;target_kwh=2;total_tariff_1_kwh=3;total_subunit_1_kwh=4;"},
    /* forward and backward, phases, a decade by VIFE; other VIFEs are for no rule */
    {"04933B0100000004933C020000000493690300000004937604000000", "total_forward_m3=0.001;total_backward_m3=0.002;total_m3=0.004;"},
    {"02FDC8FC01D10802FDC8FC02D20802FDC8FC05D308", "voltage_at_phase_1_v=225.7;voltage_at_phase_2_v=225.8;"},
    {"04A93B01000000", "power_forward_kw=0.00001;"},
    /* flows in one unit, exactly */
    {"023B0100", "flow_m3h=0.001;"},
    {"02430100", "flow_m3h=0.006;"},
    {"024B0100", "flow_m3h=0.0036;"},
    /* maximum and minimum of what is measured, but not of counters */
    {"125B6400325B0A00225B0100", "max_flow_temperature_c=100;min_flow_temperature_c=1;"},
    {"14130A000000", ""},
    /* GJ: as sent, and in kWh with as many digits as were sent */
    {"040F39300000", "total_mj=123450;total_kwh=34292;"},
    {"040E01000000", "total_mj=1;total_kwh=0.3;"},
    {"040E64000000", "total_mj=100;total_kwh=27.8;"},
    {"040E9CFFFFFF", "total_mj=-100;total_kwh=-27.8;"},
    {"040E00000000", "total_mj=0;total_kwh=0;"},
    /* the first of two stays; an error has no value */
    {"0413010000000413020000000C13FFFFFFFF", "total_m3=0.001;"},
    {"0C13AAAAAAAA", ""},
    {"04941801000000", ""},
    /* the manufacturer's is not the standard's */
    {"0493FF0101000000", ""},
    {"02FF200001", ""},
    /* text, durations, batteries */
    {"0DFD0E0342413102742C010226050002FD746400", "firmware_version=1AB;actuality_duration_s=300;operating_time_h=5;"
                                                 "remaining_battery_life_d=100;remaining_battery_life_y=0.274;"},
    {"036E010000436E020000", "total_hca=1;target_hca=2;"},
    {"01FDFD0203", "remaining_battery_life_month=3;remaining_battery_life_y=0.3;"},
    {"01FDFD0206", "remaining_battery_life_month=6;remaining_battery_life_y=0.5;"},
    {"0424201C0000", "operating_time_s=7200;operating_time_h=2;"},
    {"04205081A200", "on_time_s=10649936;on_time_h=2958.3156;"},
    {"04210D000000", "on_time_min=13;on_time_h=0.22;"},
    {"02230500", "on_time_d=5;on_time_h=120;"},
};

START_TEST(rules_by_quantity)
{
    summarise(rules[_i].apl);
    ck_assert_str_eq(text_of(), rules[_i].summary);
}
END_TEST

START_TEST(the_summary_is_bounded)
{
    char hex[4 * 128 * 7] = "";

    for (unsigned i = 0; i < 64; i++)
        snprintf(hex + strlen(hex), sizeof hex - strlen(hex), "84%02X%02X%02X1300000000", 0x80 | (i & 3) << 4 | (i >> 6 & 1) << 6,
                 0x80 | (i >> 2 & 3) << 4, (i >> 4 & 3) << 4);
    summarise(hex);
    ck_assert_uint_eq(summary.count, WM_SUMMARY_MAX);
    wm_summary_text(&summary, "status", "OK");
    ck_assert_uint_eq(summary.count, WM_SUMMARY_MAX);
}
END_TEST

/* The longest name there can be fits. */
START_TEST(long_names_fit)
{
    summarise("A4F0F0F0F07094BC0100000000"); /* large numbers: no rule, as tariff and subunit are above 255 */
    ck_assert_uint_eq(summary.count, 0);
    summarise("94F0F0F0F040DFFC0301000000");
    ck_assert_str_eq(text_of(), "max_return_temperature_at_phase_3_tariff_255_subunit_31_c=1;");
}
END_TEST

START_TEST(texts_that_are_too_long_are_left_out)
{
    char text[WM_SUMMARY_TEXT + 1];

    wm_summary_begin(&summary);
    memset(text, 'x', sizeof text);
    text[WM_SUMMARY_TEXT] = '\0';
    wm_summary_text(&summary, "status", text);
    ck_assert_uint_eq(summary.count, 0);
    wm_summary_text(&summary, "status", text + 1);
    ck_assert_uint_eq(summary.count, 1);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: summary");
    TCase *tcase = tcase_create("summary");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, rules_by_quantity, 0, sizeof rules / sizeof *rules);
    tcase_add_test(tcase, the_summary_is_bounded);
    tcase_add_test(tcase, long_names_fit);
    tcase_add_test(tcase, texts_that_are_too_long_are_left_out);
    return suite;
}
