/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/discovery.h"

#include "app/out/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What Home Assistant is told of a quantity. Device classes and the units that go with them:
 * www.home-assistant.io/integrations/sensor; state classes: developers.home-assistant.io/docs/core/entity/sensor. A unit that a
 * class does not have (MJ/h, m³/min, kVA) gets no class: the value then appears with its unit as it is. A temperature difference
 * has none on purpose: as a "temperature" it would be converted from kelvin to degrees, and a class that an installation does not
 * know yet makes it refuse the sensor. */
struct meaning {
    const char *quantity; /* NULL: any */
    const char *unit;     /* ours */
    const char *device_class, *state_class;
    const char *their_unit; /* NULL: ours */
};

static const struct meaning meanings[] = {
    {"energy", "kWh", "energy", "total_increasing", NULL},
    {"energy", "MJ", "energy", "total_increasing", NULL},
    {"energy", "Mcal", "energy", "total_increasing", NULL},
    {"volume", "m³", "volume", "total_increasing", NULL}, /* or water, or gas, by the meter's type */
    {"volume", "ft³", "volume", "total_increasing", NULL},
    {"volume", "gal", "volume", "total_increasing", NULL},
    {"mass", "kg", "weight", "total_increasing", NULL},
    {"reactive energy", "kvarh", "reactive_energy", "total_increasing", NULL},
    {"apparent energy", "kVAh", NULL, "total_increasing", NULL},
    {"heat cost allocation", "HCA", NULL, "total_increasing", NULL},
    {"power", "kW", "power", "measurement", NULL},
    {"power", "MJ/h", NULL, "measurement", NULL},
    {"reactive power", "kvar", "reactive_power", "measurement", NULL},
    {"apparent power", "kVA", NULL, "measurement", NULL},
    {"mass flow", "kg/h", NULL, "measurement", NULL},
    {"volume flow", "m³/h", "volume_flow_rate", "measurement", NULL},
    {"volume flow", "m³/s", "volume_flow_rate", "measurement", NULL},
    {"volume flow", "gal/min", "volume_flow_rate", "measurement", NULL},
    {"volume flow", "m³/min", NULL, "measurement", NULL},
    {"volume flow", "gal/h", NULL, "measurement", NULL},
    {"flow temperature", "°C", "temperature", "measurement", NULL},
    {"return temperature", "°C", "temperature", "measurement", NULL},
    {"external temperature", "°C", "temperature", "measurement", NULL},
    {"temperature difference", "K", NULL, "measurement", NULL},
    {"flow temperature", "°F", "temperature", "measurement", NULL},
    {"return temperature", "°F", "temperature", "measurement", NULL},
    {"external temperature", "°F", "temperature", "measurement", NULL},
    {"pressure", "bar", "pressure", "measurement", NULL},
    {"relative humidity", "%", "humidity", "measurement", NULL},
    {"voltage", "V", "voltage", "measurement", NULL},
    {"current", "A", "current", "measurement", NULL},
    {"frequency", "Hz", "frequency", "measurement", NULL},
    {"reception level", "dBm", "signal_strength", "measurement", NULL},
    {NULL, "seconds", "duration", NULL, "s"},
    {NULL, "minutes", "duration", NULL, "min"},
    {NULL, "hours", "duration", NULL, "h"},
    {NULL, "days", "duration", NULL, "d"},
};

static struct meaning meaning_of(const struct wm_reading *reading, const struct wm_record *record)
{
    struct meaning meaning = {NULL, *record->unit ? record->unit : NULL, NULL, NULL, NULL};
    uint8_t type = reading->message->meter.type;

    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if ((!meanings[i].quantity || strcmp(meanings[i].quantity, record->quantity) == 0) &&
            strcmp(meanings[i].unit, record->unit) == 0) {
            meaning = meanings[i];
            break;
        }
    }
    if (meaning.their_unit)
        meaning.unit = meaning.their_unit;
    if (meaning.device_class && strcmp(meaning.device_class, "volume") == 0) {
        if (type == 0x06 || type == 0x07 || type == 0x15 || type == 0x16) /* EN 13757-7: warm, plain, hot and cold water */
            meaning.device_class = "water";
        else if (type == 0x03 && strcmp(meaning.unit, "gal") != 0)
            meaning.device_class = "gas";
    }
    /* What a meter keeps of a past day does not go on counting; nor does a maximum. A detail ("backward flow") may count down. */
    if (record->storage || record->function != WM_FUNCTION_INSTANTANEOUS || *record->detail)
        meaning.state_class = NULL;
    return meaning;
}

bool wm_discovery_covers(const struct wm_field *field)
{
    if (!field->record)
        return strcmp(field->name, "rssi_dbfs") == 0 || strcmp(field->name, "snr_db") == 0;
    return field->kind == WM_FIELD_NUMBER;
}

/* What a meter is called in identifiers: only letters, digits and _ are allowed in a topic's node id. */
static void meter_id(const struct wm_address *meter, char out[48])
{
    char manufacturer[4];

    wm_manufacturer_text(meter->manufacturer, manufacturer);
    for (char *c = manufacturer; *c; c++) {
        if (!isalnum((unsigned char)*c))
            *c = '_';
    }
    snprintf(out, 48, "wmsdr_%s_%08X_%u_%u", manufacturer, (unsigned)meter->id, meter->version, meter->type);
}

void wm_discovery_topic(struct wm_sink *sink, const struct wm_discovery_place *place, const struct wm_reading *reading,
                        const struct wm_field *field)
{
    char id[48];

    meter_id(&reading->message->meter, id);
    wm_sink_text(sink, place->prefix);
    wm_sink_text(sink, "/sensor/");
    wm_sink_text(sink, id);
    wm_sink_char(sink, '/');
    wm_sink_text(sink, field->name);
    wm_sink_text(sink, "/config");
}

static void member(struct wm_json *json, const char *key, const char *text)
{
    if (!text)
        return;
    wm_json_key(json, key);
    wm_json_string(json, text);
}

/* "flow_temperature_c" to "Flow temperature": the name without its unit, as the unit is shown beside it. */
static void friendly(const struct wm_field *field, char out[WM_FIELD_NAME])
{
    const struct wm_record *record = field->record;
    int n;

    if (!record) {
        snprintf(out, WM_FIELD_NAME, "%s", strcmp(field->name, "snr_db") == 0 ? "Signal to noise" : "Signal strength");
        return;
    }
    n = snprintf(out, WM_FIELD_NAME, "%s%s%s%s%s", record->quantity, *record->detail ? ", " : "", record->detail,
                 record->function != WM_FUNCTION_INSTANTANEOUS ? ", " : "",
                 record->function != WM_FUNCTION_INSTANTANEOUS ? wm_function_name(record->function) : "");
    if (record->storage && n < WM_FIELD_NAME)
        n += snprintf(out + n, WM_FIELD_NAME - (size_t)n, ", storage %llu", (unsigned long long)record->storage);
    if (record->tariff && n < WM_FIELD_NAME)
        n += snprintf(out + n, WM_FIELD_NAME - (size_t)n, ", tariff %u", (unsigned)record->tariff);
    if (record->subunit && n < WM_FIELD_NAME)
        snprintf(out + n, WM_FIELD_NAME - (size_t)n, ", subunit %u", (unsigned)record->subunit);
    out[0] = (char)toupper((unsigned char)out[0]);
}

static void device_member(struct wm_json *json, const struct wm_address *meter, const char *id)
{
    char manufacturer[4], text[96];

    wm_manufacturer_text(meter->manufacturer, manufacturer);
    WM_JSON_KEY(json, "device");
    wm_json_open(json, '{');
    WM_JSON_KEY(json, "identifiers");
    wm_json_open(json, '[');
    wm_json_string(json, id);
    wm_json_close(json, ']');
    snprintf(text, sizeof text, "%s %s %08X", wm_device_type_name(meter->type), manufacturer, (unsigned)meter->id);
    text[0] = (char)toupper((unsigned char)text[0]);
    member(json, "name", text);
    member(json, "manufacturer", manufacturer);
    snprintf(text, sizeof text, "%s meter, version %u", wm_device_type_name(meter->type), meter->version);
    member(json, "model", text);
    snprintf(text, sizeof text, "%08X", (unsigned)meter->id);
    member(json, "serial_number", text);
    wm_json_close(json, '}');
}

void wm_discovery_payload(struct wm_sink *sink, const struct wm_discovery_place *place, const struct wm_reading *reading,
                          const struct wm_field *field)
{
    struct wm_json json = wm_json_of(sink);
    struct meaning meaning = {NULL, "dBFS", NULL, "measurement", NULL};
    char id[48], name[WM_FIELD_NAME], text[2 * WM_FIELD_NAME];

    if (field->record)
        meaning = meaning_of(reading, field->record);
    else if (strcmp(field->name, "snr_db") == 0)
        meaning = (struct meaning){NULL, "dB", "signal_strength", "measurement", NULL};
    meter_id(&reading->message->meter, id);
    friendly(field, name);
    wm_json_open(&json, '{');
    member(&json, "name", name);
    snprintf(text, sizeof text, "%s_%s", id, field->name);
    member(&json, "unique_id", text);
    member(&json, "state_topic", place->state_topic);
    /* A telegram that does not have the value leaves it as it is: an empty state is ignored, but only by a sensor that is known to
     * be a number, by its class, its unit or how it is to be shown (www.home-assistant.io/integrations/sensor.mqtt,
     * value_template). */
    snprintf(text, sizeof text, "{{ value_json.%s | default('') }}", field->name);
    member(&json, "value_template", text);
    member(&json, "device_class", meaning.device_class);
    member(&json, "state_class", meaning.state_class);
    member(&json, "unit_of_measurement", meaning.unit);
    if (!meaning.device_class && !meaning.state_class && !meaning.unit) {
        WM_JSON_KEY(&json, "suggested_display_precision");
        wm_json_uint(&json, 0);
    }
    if (!field->record || (field->record->storage && !meaning.state_class))
        member(&json, "entity_category", "diagnostic");
    member(&json, "availability_topic", place->availability_topic);
    device_member(&json, &reading->message->meter, id);
    WM_JSON_KEY(&json, "origin");
    wm_json_open(&json, '{');
    member(&json, "name", "wmsdr");
    wm_json_close(&json, '}');
    wm_json_close(&json, '}');
}
