/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/summary.h"

#include "app/records/headers.h"
#include "app/records/value.h"

#include <string.h>

/* One rule for each quantity and unit; the names are those that wmbusmeters' users know. */
enum shape {
    SHAPE_COUNTER, /* total_UNIT now, target_UNIT with storage number 1 */
    SHAPE_VALUE,   /* STEM_UNIT now, max_… and min_… */
    SHAPE_PLAIN,   /* STEM as it is */
    SHAPE_CLOCK,   /* meter_STEM now, target_STEM with storage number 1 */
};

/* What a number is multiplied by to be in a rule's unit: times / by * 10^exponent. */
enum factor { TIMES_1, TIMES_24, TIMES_60, TIMES_3600, PER_3_6, PER_60, PER_3600, PER_12, PER_YEAR };
static const struct {
    uint32_t times, by;
    int exponent;
} factors[] = {
    [TIMES_1] = {1, 1, 0}, [TIMES_24] = {24, 1, 0},   [TIMES_60] = {6, 1, 1}, [TIMES_3600] = {36, 1, 2},     [PER_3_6] = {5, 18, 0},
    [PER_60] = {1, 60, 0}, [PER_3600] = {1, 3600, 0}, [PER_12] = {1, 12, 0},  [PER_YEAR] = {400, 146097, 0}, /* days of a mean
                                                                                                                Gregorian year */
};

enum item {
    NOTHING,
    ENERGY_KWH,
    ENERGY_MJ,
    ENERGY_MCAL,
    REACTIVE_ENERGY,
    APPARENT_ENERGY,
    VOLUME,
    VOLUME_FT3,
    MASS,
    HCA,
    POWER,
    POWER_MJH,
    REACTIVE_POWER,
    APPARENT_POWER,
    FLOW,
    FLOW_PER_MINUTE,
    FLOW_PER_SECOND,
    MASS_FLOW,
    FLOW_TEMPERATURE,
    RETURN_TEMPERATURE,
    TEMPERATURE_DIFFERENCE,
    EXTERNAL_TEMPERATURE,
    PRESSURE,
    HUMIDITY,
    VOLTAGE,
    CURRENT,
    FREQUENCY,
    RECEPTION_LEVEL,
    DATE,
    DATE_TIME,
    ERROR_FLAGS,
    FABRICATION_NUMBER,
    ENHANCED_ID,
    MODEL_VERSION,
    HARDWARE_VERSION,
    FIRMWARE_VERSION,
    SOFTWARE_VERSION,
    PARAMETER_SET,
    CUSTOMER_LOCATION,
    CUSTOMER,
    DIGITAL_INPUT,
    DIGITAL_OUTPUT,
    ON_TIME,                            /* and three more, by unit */
    OPERATING_TIME = ON_TIME + 4,       /* likewise */
    ACTUALITY_DURATION = ON_TIME + 8,   /* likewise */
    TRANSMISSION_PERIOD = ON_TIME + 12, /* likewise */
    BATTERY_DAYS = ON_TIME + 16,
    BATTERY_MONTHS,
    BATTERY_YEARS,
    ITEMS
};

/* Parts of names, in arrays of one length, so that copying one costs two stores. */
#define PART_MAX 24
struct part {
    char text[PART_MAX];
    uint8_t len;
};
#define S(text)                                                                                                                    \
    {                                                                                                                              \
        text, sizeof text - 1                                                                                                      \
    }

static const struct rule {
    struct part stem, unit; /* unit: "" when the stem is the whole name */
    uint8_t shape, factor;
    uint8_t also, also_factor; /* another item made of the same record */
} rules[ITEMS] = {
    [ENERGY_KWH] = {S(""), S("kwh"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [ENERGY_MJ] = {S(""), S("mj"), SHAPE_COUNTER, TIMES_1, ENERGY_KWH, PER_3_6},
    [ENERGY_MCAL] = {S(""), S("mcal"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [REACTIVE_ENERGY] = {S(""), S("kvarh"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [APPARENT_ENERGY] = {S(""), S("kvah"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [VOLUME] = {S(""), S("m3"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [VOLUME_FT3] = {S(""), S("ft3"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [MASS] = {S(""), S("kg"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [HCA] = {S(""), S("hca"), SHAPE_COUNTER, TIMES_1, 0, 0},
    [POWER] = {S("power"), S("kw"), SHAPE_VALUE, TIMES_1, 0, 0},
    [POWER_MJH] = {S("power"), S("kw"), SHAPE_VALUE, PER_3_6, 0, 0},
    [REACTIVE_POWER] = {S("reactive_power"), S("kvar"), SHAPE_VALUE, TIMES_1, 0, 0},
    [APPARENT_POWER] = {S("apparent_power"), S("kva"), SHAPE_VALUE, TIMES_1, 0, 0},
    [FLOW] = {S("flow"), S("m3h"), SHAPE_VALUE, TIMES_1, 0, 0},
    [FLOW_PER_MINUTE] = {S("flow"), S("m3h"), SHAPE_VALUE, TIMES_60, 0, 0},
    [FLOW_PER_SECOND] = {S("flow"), S("m3h"), SHAPE_VALUE, TIMES_3600, 0, 0},
    [MASS_FLOW] = {S("flow"), S("kgh"), SHAPE_VALUE, TIMES_1, 0, 0},
    [FLOW_TEMPERATURE] = {S("flow_temperature"), S("c"), SHAPE_VALUE, TIMES_1, 0, 0},
    [RETURN_TEMPERATURE] = {S("return_temperature"), S("c"), SHAPE_VALUE, TIMES_1, 0, 0},
    [TEMPERATURE_DIFFERENCE] = {S("temperature_difference"), S("k"), SHAPE_VALUE, TIMES_1, 0, 0},
    [EXTERNAL_TEMPERATURE] = {S("external_temperature"), S("c"), SHAPE_VALUE, TIMES_1, 0, 0},
    [PRESSURE] = {S("pressure"), S("bar"), SHAPE_VALUE, TIMES_1, 0, 0},
    [HUMIDITY] = {S("relative_humidity"), S("rh"), SHAPE_VALUE, TIMES_1, 0, 0},
    [VOLTAGE] = {S("voltage"), S("v"), SHAPE_VALUE, TIMES_1, 0, 0},
    [CURRENT] = {S("current"), S("a"), SHAPE_VALUE, TIMES_1, 0, 0},
    [FREQUENCY] = {S("frequency"), S("hz"), SHAPE_VALUE, TIMES_1, 0, 0},
    [RECEPTION_LEVEL] = {S("reception_level"), S("dbm"), SHAPE_VALUE, TIMES_1, 0, 0},
    [DATE] = {S("date"), S(""), SHAPE_CLOCK, TIMES_1, 0, 0},
    [DATE_TIME] = {S("datetime"), S(""), SHAPE_CLOCK, TIMES_1, 0, 0},
    [ERROR_FLAGS] = {S("error_flags"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [FABRICATION_NUMBER] = {S("fabrication_number"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [ENHANCED_ID] = {S("enhanced_id"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [MODEL_VERSION] = {S("model_version"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [HARDWARE_VERSION] = {S("hardware_version"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [FIRMWARE_VERSION] = {S("firmware_version"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [SOFTWARE_VERSION] = {S("software_version"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [PARAMETER_SET] = {S("parameter_set"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [CUSTOMER_LOCATION] = {S("customer_location"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [CUSTOMER] = {S("customer"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [DIGITAL_INPUT] = {S("digital_input"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
    [DIGITAL_OUTPUT] = {S("digital_output"), S(""), SHAPE_PLAIN, TIMES_1, 0, 0},
#define TIMES(item, stem, hours)                                                                                                   \
    [(item)] = {S(stem), S("s"), SHAPE_VALUE, TIMES_1, hours, PER_3600},                                                           \
    [(item) + 1] = {S(stem), S("min"), SHAPE_VALUE, TIMES_1, hours, PER_60},                                                       \
    [(item) + 2] = {S(stem), S("h"), SHAPE_VALUE, TIMES_1, 0, 0},                                                                  \
    [(item) + 3] = {S(stem), S("d"), SHAPE_VALUE, TIMES_1, hours, TIMES_24}
    TIMES(ON_TIME, "on_time", ON_TIME + 2),
    TIMES(OPERATING_TIME, "operating_time", OPERATING_TIME + 2),
    TIMES(ACTUALITY_DURATION, "actuality_duration", 0),
    TIMES(TRANSMISSION_PERIOD, "transmission_period", 0),
    [BATTERY_DAYS] = {S("remaining_battery_life"), S("d"), SHAPE_VALUE, TIMES_1, BATTERY_YEARS, PER_YEAR},
    [BATTERY_MONTHS] = {S("remaining_battery_life"), S("month"), SHAPE_VALUE, TIMES_1, BATTERY_YEARS, PER_12},
    [BATTERY_YEARS] = {S("remaining_battery_life"), S("y"), SHAPE_VALUE, TIMES_1, 0, 0},
};

#define R2(code, item)    [code] = (item), [(code) + 1] = (item)
#define R4(code, item)    R2(code, item), R2((code) + 2, item)
#define R8(code, item)    R4(code, item), R4((code) + 4, item)
#define R16(code, item)   R8(code, item), R8((code) + 8, item)
#define RTIME(code, item) [code] = (item), [(code) + 1] = (item) + 1, [(code) + 2] = (item) + 2, [(code) + 3] = (item) + 3

/* Which rule a VIF has: primary, after FB, after FD (the tables of vif.c). */
static const uint8_t primary[128] = {
    R8(0x00, ENERGY_KWH),
    R8(0x08, ENERGY_MJ),
    R8(0x10, VOLUME),
    R8(0x18, MASS),
    RTIME(0x20, ON_TIME),
    RTIME(0x24, OPERATING_TIME),
    R8(0x28, POWER),
    R8(0x30, POWER_MJH),
    R8(0x38, FLOW),
    R8(0x40, FLOW_PER_MINUTE),
    R8(0x48, FLOW_PER_SECOND),
    R8(0x50, MASS_FLOW),
    R4(0x58, FLOW_TEMPERATURE),
    R4(0x5C, RETURN_TEMPERATURE),
    R4(0x60, TEMPERATURE_DIFFERENCE),
    R4(0x64, EXTERNAL_TEMPERATURE),
    R4(0x68, PRESSURE),
    [0x6C] = DATE,
    [0x6D] = DATE_TIME,
    [0x6E] = HCA,
    RTIME(0x74, ACTUALITY_DURATION),
    [0x78] = FABRICATION_NUMBER,
    [0x79] = ENHANCED_ID,
};
static const uint8_t after_fb[128] = {
    R2(0x00, ENERGY_KWH),  R2(0x02, REACTIVE_ENERGY), R2(0x04, APPARENT_ENERGY), R2(0x08, ENERGY_MJ),
    R4(0x0C, ENERGY_MCAL), R2(0x10, VOLUME),          R4(0x14, REACTIVE_POWER),  R2(0x18, MASS),
    R2(0x1A, HUMIDITY),    R2(0x20, VOLUME_FT3),      R2(0x28, POWER),           R4(0x2C, FREQUENCY),
    R2(0x30, POWER_MJH),   R4(0x34, APPARENT_POWER),
};
static const uint8_t after_fd[128] = {
    [0x0B] = PARAMETER_SET,
    [0x0C] = MODEL_VERSION,
    [0x0D] = HARDWARE_VERSION,
    [0x0E] = FIRMWARE_VERSION,
    [0x0F] = SOFTWARE_VERSION,
    [0x10] = CUSTOMER_LOCATION,
    [0x11] = CUSTOMER,
    [0x17] = ERROR_FLAGS,
    [0x1A] = DIGITAL_OUTPUT,
    [0x1B] = DIGITAL_INPUT,
    RTIME(0x3C, TRANSMISSION_PERIOD),
    R16(0x40, VOLTAGE),
    R16(0x50, CURRENT),
    [0x71] = RECEPTION_LEVEL,
    [0x74] = BATTERY_DAYS,
};

/* What VIFEs add to a name; a record with any other VIFE is for no rule. */
enum addition { ADD_NONE, ADD_FORWARD, ADD_BACKWARD, ADD_PHASE_1, ADD_PHASE_2, ADD_PHASE_3 };
static const struct part additions[] = {S(""), S("_forward"), S("_backward"), S("_at_phase_1"), S("_at_phase_2"), S("_at_phase_3")};

#define EXTENSION 0x80

/* The rule for a VIB and its addition; NOTHING. */
static enum item item_of(struct wm_span vib, enum addition *addition)
{
    uint8_t vif = vib.data[0];
    enum item item;
    size_t i = 1;

    *addition = ADD_NONE;
    if (vif == 0xFD && vib.data[1] == 0xFD) /* vib is a whole one: another byte is there */
        return vib.len == 3 ? vib.data[2] == 0x02 ? BATTERY_MONTHS : vib.data[2] == 0x03 ? BATTERY_YEARS : NOTHING : NOTHING;
    if (vif == 0xFB || vif == 0xFD) {
        item = (vif == 0xFB ? after_fb : after_fd)[vib.data[1] & ~EXTENSION];
        i = 2;
    } else {
        item = primary[vif & ~EXTENSION];
    }
    for (; i < vib.len; i++) {
        uint8_t vife = vib.data[i] & (uint8_t)~EXTENSION;
        if (vife == 0x00 || (vife >= 0x70 && vife <= 0x77) || vife == 0x7D) /* no error, a factor that is in the value already */
            continue;
        if (*addition != ADD_NONE)
            return NOTHING;
        if (vife == 0x3B)
            *addition = ADD_FORWARD;
        else if (vife == 0x3C)
            *addition = ADD_BACKWARD;
        else if (vife == 0x7C && i + 1 < vib.len && (vib.data[i + 1] & ~EXTENSION) >= 1 && (vib.data[i + 1] & ~EXTENSION) <= 3)
            *addition = (enum addition)(ADD_PHASE_1 + (vib.data[++i] & ~EXTENSION) - 1);
        else
            return NOTHING;
    }
    return item;
}

/* The name has room for a whole part behind the longest there can be. */
static char *put(char *out, const struct part *part)
{
    memcpy(out, part->text, PART_MAX);
    return out + part->len;
}

static char *put_number(char *out, const struct part *before, unsigned value)
{
    char digits[4];
    size_t n = 0;

    if (value == 0)
        return out;
    out = put(out, before);
    for (; value; value /= 10)
        digits[n++] = (char)('0' + value % 10);
    while (n)
        *out++ = digits[--n];
    return out;
}

static unsigned digits_of(uint64_t value)
{
    unsigned n = 1;

    for (; value > 9; value /= 10)
        n++;
    return n;
}

/* In the rule's unit. What does not divide without a rest is rounded to as many digits as were sent, so that no accuracy is made
 * up. */
static bool scale(struct wm_decimal *value, enum factor factor)
{
    uint64_t by = factors[factor].by;
    uint64_t sent = value->mantissa < 0 ? 0 - (uint64_t)value->mantissa : (uint64_t)value->mantissa;
    unsigned digits;

    if (factor == TIMES_1 || sent == 0)
        return true;
    value->exponent += factors[factor].exponent;
    if (by == 1)
        return wm_decimal_mul(*value, factors[factor].times, value) == WM_OK;
    if (sent > UINT64_MAX / 100000000000) /* room for the times, and for eight more digits: every value of 8 digits has it */
        return false;
    digits = digits_of(sent);
    sent *= factors[factor].times;
    while (sent % by && digits_of((10 * sent + by / 2) / by) <= digits && sent <= UINT64_MAX / 100) {
        sent *= 10;
        value->exponent--;
    }
    sent = (sent + by / 2) / by;
    value->mantissa = value->mantissa < 0 ? -(int64_t)sent : (int64_t)sent;
    return true;
}

/* What stands before the stem: NULL, when the rule does not cover this storage number and function. */
static const struct part *prefix_of(const struct rule *rule, const struct wm_record *record)
{
    static const struct part none = S(""), total = S("total"), target = S("target"), max = S("max_"), min = S("min_"),
                             of_meter = S("meter_"), of_target = S("target_");
    bool now = record->function == WM_FUNCTION_INSTANTANEOUS;

    if (record->storage > 1 || record->function == WM_FUNCTION_ERROR)
        return NULL;
    switch ((enum shape)rule->shape) {
    case SHAPE_COUNTER:
        return !now ? NULL : record->storage ? &target : &total;
    case SHAPE_VALUE:
        return record->storage ? NULL : now ? &none : record->function == WM_FUNCTION_MAXIMUM ? &max : &min;
    case SHAPE_PLAIN:
        return record->storage || !now ? NULL : &none;
    case SHAPE_CLOCK:
        return !now ? NULL : record->storage ? &of_target : &of_meter;
    }
    return NULL;
}

/* A free entry, NULL when there is none or the key is there already. */
static struct wm_summary_entry *entry_for(struct wm_summary *summary, uint32_t key)
{
    if (summary->count == WM_SUMMARY_MAX)
        return NULL;
    for (unsigned i = 0; i < summary->count; i++)
        if (summary->entry[i].key == key)
            return NULL;
    summary->entry[summary->count].key = key;
    return &summary->entry[summary->count];
}

/* Sets the value; false when the record has none that can be shown here. */
static bool set_value(struct wm_summary_entry *entry, const struct wm_summary_line *line, const struct wm_record *record,
                      struct wm_text text)
{
    entry->is_number = wm_record_decimal(record, &entry->number);
    entry->is_free_text = record->kind == WM_VALUE_TEXT;
    if (!entry->is_number && !line->takes_text)
        return false;
    if (entry->is_number && line->factor != TIMES_1) {
        if (!scale(&entry->number, (enum factor)line->factor))
            return false;
        text.s = NULL;
    }
    if (text.s && text.len < sizeof entry->text) {
        *wm_text_put(entry->text, text.s, text.len) = '\0';
    } else {
        text.len = entry->is_number ? wm_decimal_text(entry->number, entry->text, sizeof entry->text)
                                    : wm_record_value_text(record, entry->text, sizeof entry->text);
    }
    entry->text_len = (uint8_t)text.len;
    return text.len > 0;
}

static void plan_line(const struct wm_record *record, enum item item, enum factor factor, enum addition addition,
                      struct wm_summary_plan *plan)
{
    static const struct part of_tariff = S("_tariff_"), of_subunit = S("_subunit_");
    const struct rule *rule = &rules[item];
    const struct part *prefix = prefix_of(rule, record);
    struct wm_summary_line *line = &plan->line[plan->count];
    char *out;

    if (!prefix)
        return;
    line->key = (uint32_t)item | (uint32_t)addition << 8 | record->tariff << 12 | record->subunit << 20 |
                (uint32_t)record->function << 28 | (uint32_t)record->storage << 30;
    line->factor = (uint8_t)factor;
    line->takes_text = rule->shape == SHAPE_PLAIN || rule->shape == SHAPE_CLOCK;
    out = put(put(line->name, prefix), &rule->stem);
    if (addition != ADD_NONE)
        out = put(out, &additions[addition]);
    out = put_number(out, &of_tariff, record->tariff);
    out = put_number(out, &of_subunit, record->subunit);
    if (rule->unit.len) {
        *out++ = '_';
        out = put(out, &rule->unit);
    }
    *out = '\0';
    line->name_len = (uint8_t)(out - line->name);
    plan->count++;
}

static void make_plan(const struct wm_record *record, struct wm_summary_plan *plan)
{
    enum addition addition;
    enum item item;

    plan->count = 0;
    if (record->manufacturer || record->derived || record->vib.len == 0 || record->tariff > 0xFF || record->subunit > 0xFF)
        return;
    item = item_of(record->vib, &addition);
    if (item == NOTHING)
        return;
    plan_line(record, item, (enum factor)rules[item].factor, addition, plan);
    if (rules[item].also)
        plan_line(record, (enum item)rules[item].also, (enum factor)rules[item].also_factor, addition, plan);
}

void wm_summary_begin(struct wm_summary *summary)
{
    summary->count = 0;
}

void wm_summary_add(struct wm_summary *summary, const struct wm_record *record, struct wm_text text)
{
    struct wm_header *header = record->header;
    struct wm_summary_plan own, *plan = header ? &header->plan : &own;

    if (!record->known || record->kind == WM_VALUE_NONE || record->kind == WM_VALUE_INVALID)
        return;
    if (!header || !header->has_plan)
        make_plan(record, plan);
    if (header)
        header->has_plan = true;
    for (unsigned i = 0; i < plan->count; i++) {
        const struct wm_summary_line *line = &plan->line[i];
        struct wm_summary_entry *entry = entry_for(summary, line->key);
        if (!entry || !set_value(entry, line, record, text))
            continue;
        *wm_text_put(entry->name, line->name, line->name_len) = '\0';
        entry->name_len = line->name_len;
        summary->count++;
    }
}

void wm_summary_text(struct wm_summary *summary, const char *name, const char *text)
{
    struct wm_summary_entry *entry = entry_for(summary, UINT32_MAX);
    size_t len = strlen(text);
    size_t name_len = strlen(name);

    if (!entry || len >= sizeof entry->text || name_len >= sizeof entry->name)
        return;
    memcpy(entry->text, text, len + 1);
    memcpy(entry->name, name, name_len + 1);
    entry->name_len = (uint8_t)name_len;
    entry->text_len = (uint8_t)len;
    entry->is_number = entry->is_free_text = false;
    summary->count++;
}
