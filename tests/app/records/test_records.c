/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/record.h"
#include "suite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One record each. Sources: [TR] CEN/TR 17167:2018 Annex F / EN 13757-3:2003 P.1; [OMS] OMS Vol. 2 Annex N; [C.2] EN 13757-3:2018
 * C.2; [exmbus] tudborg/exmbus tests; [lvogt] lvogt/wireless-mbus-parser tests; [libmbus] its test frames; [13757-3] straight from
 * the coding rules. */
static const struct {
    const char *hex, *quantity, *unit, *value, *detail;
    enum wm_value_kind kind;
    bool known;
} vectors[] = {
    /* water meter of [TR] */
    {"0C1427048502", "volume", "m³", "28504.27", "", WM_VALUE_DECIMAL, true},
    {"046D32371F15", "date and time", "", "2008-05-31T23:50", "", WM_VALUE_DATETIME, true},
    {"02FD170000", "error flags", "", "0", "", WM_VALUE_DECIMAL, true},
    /* [OMS] N.5.3 */
    {"0B6E341200", "heat cost allocation", "HCA", "1234", "", WM_VALUE_DECIMAL, true},
    {"426CFE04", "date", "", "2007-04-30", "", WM_VALUE_DATE, true},
    {"326CFFFF", "date", "", "", "", WM_VALUE_INVALID, true},
    {"0CFD1078563412", "customer location", "", "12345678", "", WM_VALUE_DECIMAL, true},
    /* EN 13757-4 Annex P heat meter */
    {"0C0627048502", "energy", "kWh", "2850427", "", WM_VALUE_DECIMAL, true},
    {"0B3B270100", "volume flow", "m³/h", "0.127", "", WM_VALUE_DECIMAL, true},
    {"0A5A4304", "flow temperature", "°C", "44.3", "", WM_VALUE_DECIMAL, true},
    /* a meter's digits are kept */
    {"0C1350341200", "volume", "m³", "123.450", "", WM_VALUE_DECIMAL, true},
    {"0C7850341200", "fabrication number", "", "123450", "", WM_VALUE_DECIMAL, true},
    {"0400FFFFFFFF", "energy", "kWh", "-0.000001", "", WM_VALUE_DECIMAL, true},
    {"0407FFFFFF7F", "energy", "kWh", "21474836470", "", WM_VALUE_DECIMAL, true},
    {"0A5A43F4", "flow temperature", "°C", "-44.3", "", WM_VALUE_DECIMAL, true}, /* BCD sign nibble */
    {"0A5A4AF4", "flow temperature", "°C", "", "", WM_VALUE_INVALID, true},
    {"0A5A99E9", "flow temperature", "°C", "", "", WM_VALUE_INVALID, true},
    {"0B3B27F100", "volume flow", "m³/h", "", "", WM_VALUE_INVALID, true}, /* F is a sign at the top only */
    {"0D13D223F1", "volume", "m³", "", "", WM_VALUE_INVALID, true},        /* two signs */
    {"0E13563412907856", "volume", "m³", "567890123.456", "", WM_VALUE_DECIMAL, true},
    {"0713FFFFFFFFFFFFFF7F", "volume", "m³", "9223372036854775.807", "", WM_VALUE_DECIMAL, true},
    {"07130000000000000080", "volume", "m³", "-9223372036854775.808", "", WM_VALUE_DECIMAL, true},
    {"0613FFFFFFFFFFFF", "volume", "m³", "-0.001", "", WM_VALUE_DECIMAL, true},
    {"0313FFFFFF", "volume", "m³", "-0.001", "", WM_VALUE_DECIMAL, true},
    {"07FD17FFFFFFFFFFFFFFFF", "error flags", "", "FFFFFFFFFFFFFFFF", "", WM_VALUE_BYTES, true},
    {"02FD1DFFFF", "response delay time", "bit times", "65535", "", WM_VALUE_DECIMAL, true}, /* type C */
    {"055BCDCCAD41", "flow temperature", "°C", "21.725", "", WM_VALUE_REAL, true},
    {"055A9A99D942", "flow temperature", "°C", "10.88", "", WM_VALUE_REAL, true}, /* 108.8 * 10^-1 */
    {"055B0000C07F", "flow temperature", "°C", "", "", WM_VALUE_INVALID, true},   /* NaN */
    {"0022", "on time", "hours", "", "", WM_VALUE_NONE, true},
    {"0813", "volume", "m³", "", "", WM_VALUE_NONE, true},
    {"02271800", "operating time", "days", "24", "", WM_VALUE_DECIMAL, true},
    {"0109FF", "energy", "MJ", "-0.00001", "", WM_VALUE_DECIMAL, true},
    {"0137FF", "power", "MJ/h", "-10", "", WM_VALUE_DECIMAL, true},
    /* dates and times, Annex A */
    {"066D563412563412", "date and time", "", "2026-04-22T18:52:22", "", WM_VALUE_DATETIME, true}, /* type I */
    {"036D3B300B", "date and time", "", "11:48:59", "", WM_VALUE_TIME, true},                      /* [exmbus] type J */
    {"046D0A14A122", "date and time", "", "2021-02-01T20:10", "", WM_VALUE_DATETIME, true},        /* [exmbus] type F */
    {"046D8A14A122", "date and time", "", "", "", WM_VALUE_INVALID, true},                         /* IV */
    {"046D0A54A122", "date and time", "", "2121-02-01T20:10", "", WM_VALUE_DATETIME, true},        /* hundred year 2 */
    {"046D3F1FA122", "date and time", "", "2021-02-01TXX:XX", "", WM_VALUE_DATETIME, true},
    {"426CE1F1", "date", "", "XXXX-01-01", "", WM_VALUE_DATE, true}, /* [exmbus] every year */
    {"426CA02F", "date", "", "2021-XX-XX", "", WM_VALUE_DATE, true},
    {"426CBD22", "date", "", "", "", WM_VALUE_INVALID, true}, /* 29 February 2021 */
    {"426C9D22", "date", "", "2020-02-29", "", WM_VALUE_DATE, true},
    {"046C0A14A122", "date", "", "0A14A122", "", WM_VALUE_BYTES, false}, /* 6C is 16 bits only (6.4.2, Table 10) */
    {"02FD308111", "start of tariff", "", "2012-01-01", "", WM_VALUE_DATE, true},
    /* variable length, Table 5 */
    {"0DFD0C0434474B42", "model version", "", "BKG4", "", WM_VALUE_TEXT, true}, /* [lvogt] */
    {"0DFD0C02B0E4", "model version", "", "ä°", "", WM_VALUE_TEXT, true},
    {"0DFD0C03004131", "model version", "", "1A", "", WM_VALUE_TEXT, true},           /* padded */
    {"0D13C51234567890", "volume", "m³", "9078563.412", "", WM_VALUE_DECIMAL, true},  /* [lvogt] */
    {"0D13D51234567890", "volume", "m³", "-9078563.412", "", WM_VALUE_DECIMAL, true}, /* [lvogt] */
    {"0D13C9999999999999999999", "volume", "m³", "999999999999999.999", "", WM_VALUE_DECIMAL, true},
    {"0D13E20330", "volume", "m³", "12.291", "", WM_VALUE_DECIMAL, true},
    {"0D13E9112233445566778899", "volume", "m³", "112233445566778899", "", WM_VALUE_BYTES, true},
    {"0D13F000112233445566778899AABBCCDDEEFF", "volume", "m³", "00112233445566778899AABBCCDDEEFF", "", WM_VALUE_BYTES, true},
    {"0DFD3B03112233", "wireless M-Bus container", "", "112233", "", WM_VALUE_BYTES, true},
    /* extension tables */
    {"01FB1B36", "relative humidity", "%", "54", "", WM_VALUE_DECIMAL, true}, /* [lvogt] */
    {"02FB000100", "energy", "kWh", "100", "", WM_VALUE_DECIMAL, true},       /* 0.1 MWh */
    {"02FB090100", "energy", "MJ", "1000", "", WM_VALUE_DECIMAL, true},       /* 1 GJ */
    {"02FB190100", "mass", "kg", "1000000", "", WM_VALUE_DECIMAL, true},      /* 10^3 t */
    {"02FB680008", "resulting rating factor K", "HCA", "0.500000000000", "", WM_VALUE_DECIMAL, true},
    {"02FD48FA08", "voltage", "V", "229.8", "", WM_VALUE_DECIMAL, true},
    {"02FD59FA08", "current", "A", "2.298", "", WM_VALUE_DECIMAL, true},
    {"01FD71B5", "reception level", "dBm", "-75", "", WM_VALUE_DECIMAL, true},
    {"02FB230100", "", "", "1", "", WM_VALUE_DECIMAL, false}, /* sources differ: not known */
    {"02FD7F0100", "", "", "1", "", WM_VALUE_DECIMAL, false},
    {"026F0100", "", "", "1", "", WM_VALUE_DECIMAL, false},
    /* combinable VIFEs */
    {"0DFD8E80FC0107302E34322E3142", "firmware version", "", "B1.24.0", "phase L1", WM_VALUE_TEXT, true}, /* [exmbus] */
    {"0AA6180000", "operating time", "hours", "", "error: data error", WM_VALUE_INVALID, true},           /* [exmbus] */
    {"02FD971D0000", "error flags", "", "0", "standard conform data content", WM_VALUE_DECIMAL, true},
    {"0293740100", "volume", "m³", "0.00001", "", WM_VALUE_DECIMAL, true}, /* 10^-3 * 10^-2 */
    {"02937D0100", "volume", "m³", "1", "", WM_VALUE_DECIMAL, true},       /* 10^-3 * 10^3 */
    {"0293010000", "volume", "m³", "", "error: too many DIFEs", WM_VALUE_INVALID, true},
    {"0293A0300500", "volume", "m³/s/kWh", "0.005", "", WM_VALUE_DECIMAL, true},
    {"0493290A000000", "volume", "m³/pulse", "0.010", "input channel 1", WM_VALUE_DECIMAL, true},
    {"0293400500", "volume", "m³", "0.005", "lower limit", WM_VALUE_DECIMAL, true},
    {"0293490500", "volume", "", "5", "number of exceeds of upper limit", WM_VALUE_DECIMAL, true},
    {"0293590500", "volume", "minutes", "5", "duration of first upper limit exceed", WM_VALUE_DECIMAL, true},
    {"0293C859FE04", "volume", "minutes", "1278", "upper limit, duration of first upper limit exceed", WM_VALUE_DECIMAL, true},
    {"04DE6F2B0B6918", "return temperature", "", "2011-08-09T11:43", "end of last", WM_VALUE_DATETIME, true}, /* [libmbus] */
    {"02933B0500", "volume", "m³", "0.005", "forward flow", WM_VALUE_DECIMAL, true},
    {"0293110500", "volume", "", "5", "", WM_VALUE_DECIMAL, false},                                /* reserved VIFE: unscaled */
    {"02933D0500", "volume", "", "5", "non-metric unit", WM_VALUE_DECIMAL, false},                 /* named, not applied */
    {"8D04951F056901030211", "volume", "", "6901030211", "compact profile", WM_VALUE_BYTES, true}, /* [exmbus] */
    {"0293FC110500", "volume", "m³", "0.005", "", WM_VALUE_DECIMAL, true},
    {"0293FC11FFFF", "volume", "m³", "65.535", "", WM_VALUE_DECIMAL, true}, /* type C */
    /* plain text: the standard's order [C.2], and the older one (ELV CMa10, [libmbus]) */
    {"02FCA273046C6167690100", "plain text", "igal/h", "0.001", "", WM_VALUE_DECIMAL, true},
    {"02FC0348522574440D", "plain text", "%RH", "33.96", "", WM_VALUE_DECIMAL, true},
    {"057C096369746568746E79536CB22942", "plain text", "Synthetic", "42.42424", "", WM_VALUE_REAL, true}, /* [lvogt] */
    /* manufacturer */
    {"02FF200001", "", "", "256", "", WM_VALUE_DECIMAL, false},
    {"01E7FF8F2003", "external temperature", "°C", "3", "manufacturer's VIFE 8F20", WM_VALUE_DECIMAL, true}, /* [lvogt] */
};

static struct wm_span span_of(const char *hex, uint8_t *bytes, size_t cap)
{
    size_t len = 0;

    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), bytes, cap, &len, NULL), WM_OK);
    return (struct wm_span){bytes, len};
}

START_TEST(one_record)
{
    uint8_t bytes[600];
    struct wm_record record;
    struct wm_record_reader reader = wm_record_reader_of(span_of(vectors[_i].hex, bytes, sizeof bytes));
    const char *why = NULL;
    char value[1200];

    ck_assert_msg(wm_record_next(&reader, &record, &why) == WM_OK, "%s: %s", vectors[_i].hex, why);
    wm_record_value_text(&record, value, sizeof value);
    ck_assert_msg(strcmp(value, vectors[_i].value) == 0, "%s: value %s", vectors[_i].hex, value);
    ck_assert_msg(strcmp(record.unit, vectors[_i].unit) == 0, "%s: unit %s", vectors[_i].hex, record.unit);
    ck_assert_msg(strcmp(record.quantity, vectors[_i].quantity) == 0, "%s: quantity %s", vectors[_i].hex, record.quantity);
    ck_assert_msg(strcmp(record.detail, vectors[_i].detail) == 0, "%s: detail %s", vectors[_i].hex, record.detail);
    ck_assert_msg(record.kind == vectors[_i].kind && record.known == vectors[_i].known, "%s: kind %d known %d", vectors[_i].hex,
                  (int)record.kind, record.known);
    ck_assert(wm_span_equal(record.raw, reader.apl));
    while (wm_record_next(&reader, &record, &why) != WM_END)
        ck_assert(record.derived);
}
END_TEST

START_TEST(storage_tariff_subunit_function)
{
    uint8_t bytes[40];
    struct wm_record record;
    const char *why;
    struct wm_record_reader reader = wm_record_reader_of(span_of("84804013000000008BC0800115123456", bytes, sizeof bytes));

    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert_uint_eq(record.subunit, 2);
    ck_assert_uint_eq(record.storage, 0);
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert_uint_eq(record.storage, 1u << 9);
    ck_assert_uint_eq(record.subunit, 1);
    ck_assert_uint_eq(record.offset, 8);
    reader = wm_record_reader_of(span_of("F4FFFFFFFFFFFFFFFFFF7F1301000000", bytes, sizeof bytes));
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert_uint_eq(record.storage, (1ull << 41) - 1);
    ck_assert_uint_eq(record.tariff, (1u << 20) - 1);
    ck_assert_uint_eq(record.subunit, (1u << 10) - 1);
    ck_assert_int_eq(record.function, WM_FUNCTION_ERROR);
    ck_assert_uint_eq(record.dib.len, 11);
    ck_assert_uint_eq(record.vib.len, 1);
}
END_TEST

START_TEST(special_functions)
{
    uint8_t bytes[40];
    struct wm_record record;
    const char *why;
    struct wm_record_reader reader = wm_record_reader_of(span_of("2F2F0C14270485022F7F1F112233", bytes, sizeof bytes));

    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert(record.idle && record.raw.len == 2 && record.kind == WM_VALUE_NONE);
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert(!record.idle && record.offset == 2);
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert(record.idle && record.raw.len == 1);
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert_str_eq(record.quantity, "global readout request");
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert(record.manufacturer && record.more_follows && record.raw_value.len == 3 && record.kind == WM_VALUE_BYTES);
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_END);
    reader = wm_record_reader_of(span_of("2F2F2F", bytes, sizeof bytes));
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
    ck_assert(record.idle && record.raw.len == 3);
}
END_TEST

static const struct {
    const char *hex;
    enum wm_status status;
} broken[] = {
    {"0C", WM_TOO_SHORT},
    {"8C", WM_TOO_SHORT},
    {"0CFD", WM_TOO_SHORT},
    {"0C14270485", WM_TOO_SHORT},
    {"0D13", WM_TOO_SHORT},
    {"0D1303AABB", WM_TOO_SHORT},
    {"0D13CA", WM_MALFORMED},
    {"0D13F8", WM_MALFORMED},
    {"3F", WM_MALFORMED},
    {"8F00", WM_MALFORMED},
    {"84808080808080808080800013AABBCCDD", WM_MALFORMED}, /* 11 DIFEs */
    {"0493AAAAAAAAAAAAAAAAAAAA2AAABBCCDD", WM_MALFORMED}, /* 11 VIFEs */
    {"027C05414243", WM_MALFORMED},
    {"02FCA0A0A0A0A0A0A0A0A0A020014100", WM_MALFORMED}, /* 11 VIFEs before a plain-text unit */
    {"02FCA0A0", WM_MALFORMED},
};

START_TEST(broken_rest_comes_out_raw)
{
    uint8_t bytes[40];
    struct wm_record record;
    const char *why = NULL;
    struct wm_span apl = span_of(broken[_i].hex, bytes, sizeof bytes);
    struct wm_record_reader reader = wm_record_reader_of(apl);

    ck_assert_int_eq(wm_record_next(&reader, &record, &why), broken[_i].status);
    ck_assert(why != NULL);
    ck_assert_int_eq(record.kind, WM_VALUE_BYTES);
    ck_assert(!record.known);
    ck_assert(wm_span_equal(record.raw, apl) && wm_span_equal(record.raw_value, apl));
    ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_END);
}
END_TEST

/* Every byte belongs to exactly one record, in order; no text is too long for its room; returns the number of records. */
static size_t check_cover(struct wm_span apl)
{
    /* A copy of exactly this size, so that the address sanitizer sees a read past the end. */
    uint8_t *copy = malloc(apl.len ? apl.len : 1);
    struct wm_record_reader reader;
    struct wm_record record;
    const char *why;
    size_t at = 0;
    size_t count = 0;
    char value[2 * 600 + 1];
    enum wm_status status;

    ck_assert_ptr_nonnull(copy);
    if (apl.len)
        memcpy(copy, apl.data, apl.len);
    reader = wm_record_reader_of((struct wm_span){copy, apl.len});
    while ((status = wm_record_next(&reader, &record, &why)) != WM_END) {
        if (record.derived) {
            ck_assert(record.raw.len > 0 && record.raw.data == copy + record.offset && record.offset + record.raw.len <= at);
            continue;
        }
        ck_assert(record.raw.data == copy + at && record.offset == at && record.raw.len > 0);
        ck_assert_uint_le(record.dib.len + record.vib.len + record.raw_value.len, record.raw.len);
        at += record.raw.len;
        count++;
        ck_assert_uint_lt(strlen(record.quantity) + strlen(record.unit) + strlen(record.detail), 400);
        if (record.raw_value.len < 600)
            ck_assert_uint_eq(wm_record_value_text(&record, value, sizeof value), strlen(value));
        if (status != WM_OK)
            ck_assert_uint_eq(at, apl.len);
    }
    ck_assert_uint_eq(at, apl.len);
    free(copy);
    return count;
}

START_TEST(every_byte_in_one_record_random)
{
    uint64_t state = 88172645463325252ull + (unsigned)_i;
    uint8_t bytes[300];
    size_t records = 0;

    for (int round = 0; round < 6000; round++) {
        size_t len;
        for (size_t i = 0; i < sizeof bytes; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[i] = (uint8_t)(state >> 32);
            if (_i == 1 && i % 8) /* few extension bits: longer runs of records */
                bytes[i] &= 0x7F;
            if (_i == 2 && state >> 62) /* many extension and text codes */
                bytes[i] = (uint8_t[]){0xFC, 0xFD, 0xFB, 0xFF, 0x0D, 0x7C, 0x93, 0xA0}[state >> 59 & 7];
        }
        len = state % sizeof bytes;
        records += check_cover((struct wm_span){bytes, len});
    }
    ck_assert_uint_gt(records, 12000);
}
END_TEST

/* Application layers collected from the tests of other projects, whole and cut at each byte. */
START_TEST(every_byte_in_one_record_corpus)
{
    json_t *list = json_load_file(WMSDR_SHARED_DIR "/corpora/records/apl_snippets.json", 0, NULL);
    json_t *entry;
    json_t *hex;
    size_t i;
    size_t k;
    uint8_t bytes[600];

    json_array_foreach(list, i, entry)
    {
        json_array_foreach(json_object_get(entry, "apl_hex"), k, hex)
        {
            struct wm_span apl = span_of(json_string_value(hex), bytes, sizeof bytes);
            for (size_t len = 0; len <= apl.len; len++)
                check_cover(wm_span_sub(apl, 0, len));
        }
    }
    json_decref(list);
}
END_TEST

START_TEST(truncation_at_each_byte)
{
    uint8_t bytes[600];

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct wm_span whole = span_of(vectors[i].hex, bytes, sizeof bytes);
        for (size_t len = 0; len <= whole.len; len++)
            check_cover(wm_span_sub(whole, 0, len));
    }
}
END_TEST

START_TEST(build_is_the_twin)
{
    static const uint64_t storages[] = {0, 1, 2, 31, 32, 510, (1ull << 41) - 1};
    static const uint32_t tariffs[] = {0, 1, 4, (1u << 20) - 1};
    static const uint32_t subunits[] = {0, 1, 2, (1u << 10) - 1};
    uint8_t vib[] = {0x93, 0x3B};
    uint8_t value[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t lens[15] = {0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 2, 6};
    const char *why;

    for (unsigned i = 0; i < 7 * 4 * 4 * 15 * 4; i++) {
        uint8_t memory[64];
        struct wm_writer out = wm_writer_of(memory, sizeof memory);
        struct wm_record record;
        struct wm_record_reader reader;
        uint8_t data_field = i / 112 % 15;
        struct wm_record_spec spec = {.data_field = data_field,
                                      .function = (enum wm_function)(i / 1680),
                                      .storage = storages[i % 7],
                                      .tariff = tariffs[i / 7 % 4],
                                      .subunit = subunits[i / 28 % 4],
                                      .vib = {vib, sizeof vib},
                                      .value = {value, lens[data_field]}};

        ck_assert_int_eq(wm_record_build(&spec, &out), WM_OK);
        reader = wm_record_reader_of(wm_writer_span(&out));
        ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
        ck_assert(record.storage == spec.storage && record.tariff == spec.tariff && record.subunit == spec.subunit);
        ck_assert(record.function == spec.function && wm_span_equal(record.vib, spec.vib) && (memory[0] & 15) == data_field);
        if (data_field != 0xD)
            ck_assert(wm_span_equal(record.raw_value, spec.value));
        ck_assert(wm_span_equal(record.raw, wm_writer_span(&out)));
        ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_END);
    }
}
END_TEST

START_TEST(build_refuses_what_cannot_be_read_back)
{
    uint8_t memory[5];
    uint8_t vib[] = {0x13};
    uint8_t value[] = {1, 2, 3, 4};
    struct wm_writer out = wm_writer_of(memory, sizeof memory);
    struct wm_record_spec good = {.data_field = 2, .vib = {vib, 1}, .value = {value, 2}};
    struct wm_record_spec bad = good;

    bad.storage = 1ull << 41;
    ck_assert_int_eq(wm_record_build(&bad, &out), WM_INVALID);
    bad = good;
    bad.data_field = 15;
    ck_assert_int_eq(wm_record_build(&bad, &out), WM_INVALID);
    bad = good;
    bad.value.len = 3;
    ck_assert_int_eq(wm_record_build(&bad, &out), WM_INVALID);
    bad = good;
    bad.vib.len = 0;
    ck_assert_int_eq(wm_record_build(&bad, &out), WM_INVALID);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_int_eq(wm_record_build(&good, &out), WM_OK);
    ck_assert_int_eq(wm_record_build(&good, &out), WM_FULL);
    ck_assert(out.len == 4 && !out.failed);
}
END_TEST

START_TEST(value_text_never_longer_than_its_room)
{
    uint8_t bytes[600];
    char value[1200];

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct wm_record_reader reader = wm_record_reader_of(span_of(vectors[i].hex, bytes, sizeof bytes));
        struct wm_record record;
        const char *why;
        size_t len;

        ck_assert_int_eq(wm_record_next(&reader, &record, &why), WM_OK);
        len = wm_record_value_text(&record, value, sizeof value);
        for (size_t cap = 0; cap <= len + 1; cap++) {
            char *room = malloc(cap ? cap : 1);
            ck_assert_ptr_nonnull(room);
            ck_assert_uint_eq(wm_record_value_text(&record, room, cap), cap > len ? len : 0);
            free(room);
        }
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("app: records");
    TCase *tcase = tcase_create("records");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, one_record, 0, sizeof vectors / sizeof *vectors);
    tcase_add_test(tcase, storage_tariff_subunit_function);
    tcase_add_test(tcase, special_functions);
    tcase_add_loop_test(tcase, broken_rest_comes_out_raw, 0, sizeof broken / sizeof *broken);
    tcase_add_loop_test(tcase, every_byte_in_one_record_random, 0, 3);
    tcase_add_test(tcase, every_byte_in_one_record_corpus);
    tcase_add_test(tcase, truncation_at_each_byte);
    tcase_add_test(tcase, build_is_the_twin);
    tcase_add_test(tcase, build_refuses_what_cannot_be_read_back);
    tcase_add_test(tcase, value_text_never_longer_than_its_room);
    return suite;
}
