/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/fixed.h"

#include "app/records/value.h"

/* Behind the CI: identification (4 bytes), access number, status, medium and units (2), two counters (4 each). */
#define STATUS_AT  5
#define UNITS_AT   6
#define COUNTER_AT 8
#define FIXED_LEN  16

#define STATUS_BINARY 0x80 /* the counters are binary; otherwise BCD */
#define STATUS_STORED 0x40 /* they are of the set day, not of now */
#define UNIT_MASK     0x3F /* the two bits above are the medium's */
#define UNIT_HISTORIC 0x3E /* of the second counter: the unit of the first, stored */

/* Units in runs of nine decades (EN 1434-3:1997, table of physical units). */
static const struct run {
    uint8_t first, count;
    int8_t exponent; /* of the first */
    const char *quantity, *unit;
} runs[] = {
    {0x02, 9, -3, "energy", "kWh"},     {0x0B, 9, -3, "energy", "MJ"},
    {0x14, 9, -3, "power", "kW"},       {0x1D, 9, -3, "power", "MJ/h"},
    {0x26, 9, -6, "volume", "m³"},      {0x2F, 9, -6, "volume flow", "m³/h"},
    {0x38, 1, -3, "temperature", "°C"}, {0x39, 1, 0, "heat cost allocation", "HCA"},
    {0x3F, 1, 0, "dimensionless", ""},
};

enum wm_status wm_fixed_next(struct wm_record_reader *reader, struct wm_record *record, const char **why)
{
    const uint8_t *apl = reader->apl.data;
    struct wm_vib_scale scale = {.coding = WM_VIF_UNSIGNED};
    uint8_t unit;
    bool second;

    if (reader->pos < COUNTER_AT)
        reader->pos = COUNTER_AT;
    record->offset = reader->pos;
    if (reader->apl.len < FIXED_LEN && !reader->ended) {
        record->offset = 0;
        reader->ended = true;
        record->raw = record->raw_value = reader->apl;
        record->kind = WM_VALUE_BYTES;
        *why = "the fixed data structure has 16 bytes";
        return WM_TOO_SHORT;
    }
    if (reader->pos >= FIXED_LEN || reader->ended)
        return WM_END;
    second = reader->pos > COUNTER_AT;
    record->raw = record->raw_value = wm_span_sub(reader->apl, reader->pos, 4);
    reader->pos += 4;
    record->storage = apl[STATUS_AT] & STATUS_STORED ? 1 : 0;
    unit = apl[UNITS_AT + second] & UNIT_MASK;
    if (second && unit == UNIT_HISTORIC) {
        unit = apl[UNITS_AT] & UNIT_MASK;
        record->storage = 1;
    }
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (unit < runs[i].first || unit >= runs[i].first + runs[i].count)
            continue;
        record->quantity = runs[i].quantity;
        record->unit = runs[i].unit;
        record->known = true;
        scale.exponent = runs[i].exponent + unit - runs[i].first;
    }
    wm_value_read(apl[STATUS_AT] & STATUS_BINARY ? WM_DATA_INT32 : WM_DATA_BCD8, 0, &scale, record);
    return WM_OK;
}
