/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/records/decimal.h"
#include "base/span.h"

/* M-Bus data records (EN 13757-3): DIF, DIFE, VIF, VIFE, value. Every byte of the input belongs to exactly one record that comes
 * out, but for derived ones, which come in addition. */

enum wm_function { WM_FUNCTION_INSTANTANEOUS, WM_FUNCTION_MAXIMUM, WM_FUNCTION_MINIMUM, WM_FUNCTION_ERROR };

enum wm_value_kind {
    WM_VALUE_NONE,     /* no data (DIF 0, 8), or an idle filler run */
    WM_VALUE_DECIMAL,  /* exact: integer or BCD times a power of ten */
    WM_VALUE_REAL,     /* IEEE 754 single from the wire, with the VIF's power of ten beside it */
    WM_VALUE_DATE,     /* type G */
    WM_VALUE_DATETIME, /* type F, I, M */
    WM_VALUE_TIME,     /* type J */
    WM_VALUE_TEXT,     /* variable length or plain-text: Latin-1 on the wire, UTF-8 here */
    WM_VALUE_BYTES,    /* raw: not decoded, or not known yet; `raw_value` has it */
    WM_VALUE_INVALID, /* present, but not to be used: BCD with a digit above 9, date 0xFFFF or with IV set, NaN, a record error VIFE
                       */
};

struct wm_datetime {
    uint16_t year;                            /* 0: every year */
    uint8_t month, day, hour, minute, second; /* month, day 0: every one, or not specified; so are hour 31, minute 63, second 63 */
    bool has_second;
    bool summer_time;
    bool invalid;        /* the IV bit of type F/I; the kind is then INVALID */
    bool has_offset;     /* type M: the difference to UTC is known */
    int8_t offset_hours; /* local time minus UTC */
    uint8_t second_bits; /* type M: `second_part` counts 2^-second_bits seconds (0, 8, 15) */
    uint16_t second_part;
};

#define WM_RECORD_TEXT_MAX 576 /* 191 Latin-1 characters (the longest text LVAR) as UTF-8, 3 bytes for a NUL inside */

struct wm_header; /* records/headers.h */
struct wm_headers;

/* unit and detail may point into the record itself: hand records on by address, do not copy them. */
struct wm_record {
    size_t offset;            /* of the record's first byte in the parsed span */
    struct wm_span raw;       /* the whole record */
    struct wm_span dib, vib;  /* DIF + DIFEs; VIF + VIFEs (with a plain-text unit) */
    struct wm_span raw_value; /* data bytes, without LVAR */
    enum wm_function function;
    uint64_t storage;
    uint32_t tariff, subunit;
    const char *quantity; /* "volume", "energy" … static, "" when the VIF is not known */
    const char *unit;     /* "m³", "kWh" …; "" when it has none or it is not known */
    const char *detail;   /* what combinable VIFEs add, e.g. "upper limit"; several are joined by ", "; "" otherwise */
    bool known;        /* the VIB is fully understood: quantity, unit and scale are right. If not: a number is as coded, unscaled */
    bool manufacturer; /* manufacturer-specific: VIF 7F/FF, or data behind DIF 0F / 1F; with VIFEs behind a VIFE FF: `known` tells
                        * that quantity, unit and scale are the standard's, and what the VIFEs add is the manufacturer's */
    bool more_follows; /* DIF 1F: the meter has more records in the next telegram */
    bool idle;         /* a run of fillers (DIF 2F) */
    uint8_t profile;   /* compact profile: its VIFE (13, 1E, 1F); the records made of it follow */
    bool derived;      /* one value of the compact profile before it: raw is inside the profile's */
    struct wm_header *header;     /* of the memory that the reader has, as long as no other record is read; NULL: not there */
    enum wm_value_kind time_kind; /* derived: its own time is a DATE or DATETIME, in `time`; NONE */
    enum wm_value_kind kind;
    struct wm_decimal decimal; /* DECIMAL: in `unit` */
    float real;                /* REAL: the value is real * 10^real_exponent in `unit` */
    int real_exponent;
    struct wm_datetime datetime;
    struct wm_datetime time;
    char text[WM_RECORD_TEXT_MAX]; /* TEXT, NUL-terminated UTF-8 */
    char unit_text[64];            /* storage for a plain-text or composed unit */
    char detail_text[192];         /* storage for several details */
};

/* A compact profile that is being taken apart (Annex F). */
struct wm_profile {
    unsigned index, count;    /* values handed out, and in all */
    size_t at;                /* of the profile's record */
    uint8_t data_field, mode; /* of one value; 0 absolute, 1 increments, 2 decrements, 3 differences */
    uint8_t element;          /* bytes of one value */
    uint8_t unit, spacing;    /* spacing control */
    bool inverse;             /* the first value is the youngest */
    bool running;             /* `sum` is the value before */
    struct wm_decimal sum;
    enum wm_value_kind time_kind; /* of the value before the first: NONE, DATE, DATETIME */
    struct wm_datetime time;
};

struct wm_record_reader {
    struct wm_span apl;
    size_t pos;
    bool fixed;                 /* the fixed data structure of old wired meters */
    bool ended;                 /* there are no more */
    struct wm_headers *headers; /* what was read before, to be faster; NULL: nothing is kept */
    struct wm_profile profile;
};

struct wm_record_reader wm_record_reader_of(struct wm_span apl);
/* For the 16 bytes behind CI 73 of old wired meters (identification, access number, status, units, two counters): two records. */
struct wm_record_reader wm_record_reader_of_fixed(struct wm_span apl);

/* The next record. WM_OK; WM_END: no more; WM_TOO_SHORT or WM_MALFORMED: the rest cannot be read as records: *record then holds it
 * raw (kind BYTES, offset and raw set), *why a static phrase, and the next call gives WM_END. */
WM_MUST_USE enum wm_status wm_record_next(struct wm_record_reader *reader, struct wm_record *record, const char **why);

const char *wm_function_name(enum wm_function function); /* "instantaneous", "maximum", "minimum", "error" */

/* The record's value as text, UTF-8, NUL-terminated: exact decimals (a REAL: the shortest that reads back the same), ISO 8601 dates
 * with X for digits left open ("XXXX-12-31"), hex for bytes; "" for NONE and INVALID. Returns its length, or 0 when it does not
 * fit. */
size_t wm_record_value_text(const struct wm_record *record, char *out, size_t cap);

/* The value as an exact decimal in `unit`, of a REAL the shortest that reads back the same; false: it is no number. */
bool wm_record_decimal(const struct wm_record *record, struct wm_decimal *value);

/* The twin of wm_record_next for what a builder needs: DIF/DIFE, VIB as given, value bytes as given. WM_INVALID: a number too large
 * for 10 DIFEs, no VIB, or a value whose length is not that of the data field; WM_FULL: no room, nothing written. */
struct wm_record_spec {
    uint8_t data_field; /* low nibble of the DIF */
    enum wm_function function;
    uint64_t storage;
    uint32_t tariff, subunit;
    struct wm_span vib;   /* VIF and VIFEs */
    struct wm_span value; /* data bytes; for variable length with their LVAR */
};
WM_MUST_USE enum wm_status wm_record_build(const struct wm_record_spec *spec, struct wm_writer *out);
