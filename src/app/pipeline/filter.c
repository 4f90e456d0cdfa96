/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pipeline/filter.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[WM_FILTER_KEYS] = {
    [WM_FILTER_ID] = "id",     [WM_FILTER_MANUFACTURER] = "manufacturer", [WM_FILTER_TYPE] = "type",
    [WM_FILTER_MODE] = "mode", [WM_FILTER_VERDICT] = "verdict",
};

/* What cannot match anything is a mistake worth telling. */
static bool possible(enum wm_filter_key key, const char *pattern)
{
    size_t len = strlen(pattern);
    enum wm_mode mode;

    switch (key) {
    case WM_FILTER_ID:
        return len <= 8 && strspn(pattern, "0123456789ABCDEFabcdef*?") == len && (len == 8 || strchr(pattern, '*'));
    case WM_FILTER_MANUFACTURER:
        return len == 3 || strchr(pattern, '*');
    case WM_FILTER_MODE:
        return wm_mode_by_name(pattern, &mode) == WM_OK;
    case WM_FILTER_TYPE:
        for (unsigned type = 0; type < 256; type++) {
            if (fnmatch(pattern, wm_device_type_name((uint8_t)type), FNM_CASEFOLD) == 0)
                return true;
        }
        return len && strspn(pattern, "0123456789") == len && atoi(pattern) < 256;
    case WM_FILTER_VERDICT:
        for (enum wm_verdict verdict = 0; verdict < WM_VERDICT_COUNT; verdict++) {
            if (fnmatch(pattern, wm_verdict_name(verdict), FNM_CASEFOLD) == 0)
                return true;
        }
        return false;
    case WM_FILTER_KEYS:
        break;
    }
    return false;
}

enum wm_status wm_filter_add(struct wm_filter *filter, const char *rule, char why[WM_FILTER_WHY])
{
    static const char *const remedy[WM_FILTER_KEYS] = {
        [WM_FILTER_ID] = "8 digits, or with * and ?",
        [WM_FILTER_MANUFACTURER] = "3 letters, or with *",
        [WM_FILTER_TYPE] = "a device type's name, as water, or number",
        [WM_FILTER_MODE] = "a mode, as T",
        [WM_FILTER_VERDICT] = "a verdict, as decrypted (docs/verdicts.md)",
    };
    size_t name = strcspn(rule, "!=");
    struct wm_filter_rule *r = &filter->rule[filter->count];
    const char *list = rule + name + (rule[name] == '!');
    char *pattern;

    if (filter->count == WM_FILTER_RULES) {
        snprintf(why, WM_FILTER_WHY, "more than %d rules", WM_FILTER_RULES);
        return WM_FULL;
    }
    for (r->key = 0; r->key < WM_FILTER_KEYS && (strlen(keys[r->key]) != name || memcmp(keys[r->key], rule, name) != 0); r->key++)
        ;
    if (r->key == WM_FILTER_KEYS || *list != '=' || strlen(list) + 1 >= sizeof r->list) {
        snprintf(why, WM_FILTER_WHY, "%.60s: KEY=LIST or KEY!=LIST, where KEY is id, manufacturer, type, mode or verdict", rule);
        return WM_INVALID;
    }
    r->not = rule[name] == '!';
    memset(r->list, 0, sizeof r->list);
    strcpy(r->list, list + 1);
    for (pattern = r->list; *pattern; pattern += strlen(pattern) + 1) {
        pattern[strcspn(pattern, ",")] = '\0';
        if (!possible(r->key, pattern))
            break;
    }
    if (*pattern || !*r->list) {
        snprintf(why, WM_FILTER_WHY, "%.60s: '%.40s' is no %s", rule, pattern, remedy[r->key]);
        return WM_INVALID;
    }
    filter->count++;
    return WM_OK;
}

static bool matches(const struct wm_filter_rule *rule, const struct wm_reading *reading)
{
    const struct wm_address *meter = &reading->message->meter;
    char text[16], other[16] = "";
    const char *value = text;
    enum wm_mode mode;

    snprintf(text, sizeof text, "%08X", (unsigned)meter->id);
    if (rule->key == WM_FILTER_MANUFACTURER) {
        wm_manufacturer_text(meter->manufacturer, text);
    } else if (rule->key == WM_FILTER_TYPE) {
        value = wm_device_type_name(meter->type);
        snprintf(other, sizeof other, "%u", meter->type);
    } else if (rule->key == WM_FILTER_VERDICT) {
        value = wm_verdict_name(reading->message->verdict);
    }
    for (const char *pattern = rule->list; *pattern; pattern += strlen(pattern) + 1) {
        if (rule->key == WM_FILTER_MODE) {
            if (wm_reading_has_mode(reading) && wm_mode_by_name(pattern, &mode) == WM_OK && mode == reading->frame->mode)
                return true;
        } else if (fnmatch(pattern, value, FNM_CASEFOLD) == 0 || (*other && strcmp(pattern, other) == 0)) {
            return true;
        }
    }
    return false;
}

bool wm_filter_passes(const struct wm_filter *filter, const struct wm_reading *reading)
{
    for (size_t i = 0; i < filter->count; i++) {
        if (matches(&filter->rule[i], reading) == filter->rule[i].not )
            return false;
    }
    return !filter->once || wm_reading_has_records(reading);
}

size_t wm_filter_named(const struct wm_filter *filter)
{
    size_t count = 0;

    for (size_t i = 0; i < filter->count; i++) {
        if (filter->rule[i].key != WM_FILTER_ID || filter->rule[i].not )
            continue;
        for (const char *pattern = filter->rule[i].list; *pattern; pattern += strlen(pattern) + 1) {
            if (strpbrk(pattern, "*?"))
                return 0;
            count++;
        }
    }
    return count;
}

enum wm_status wm_duration_parse(const char *text, double *seconds)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;

    *seconds = strtod(text, &end);
    for (size_t i = 0; *end && i < sizeof units / sizeof units[0]; i++) {
        if (*end == units[i].unit) {
            *seconds *= units[i].seconds;
            end++;
            break;
        }
    }
    return isdigit((unsigned char)*text) && !*end && *seconds > 0 && *seconds < 1e12 ? WM_OK : WM_INVALID;
}
