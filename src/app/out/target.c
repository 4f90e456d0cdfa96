/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last has no prefix: what none of the others has is a file. */
static const struct wm_transport *const transports[] = {
    &wm_transport_tcp,   &wm_transport_udp,  &wm_transport_exec, &wm_transport_sqlite, &wm_transport_mqtt,
    &wm_transport_mqtts, &wm_transport_http, &wm_transport_live, &wm_transport_file,
};

const struct wm_transport *wm_transport(size_t i)
{
    return i < sizeof transports / sizeof transports[0] ? transports[i] : NULL;
}

const struct wm_target_option wm_target_common[] = {
    {"fields", "LIST", "only these values"},
    {"what", "all|readings|telegrams", "readings: only telegrams that can be read; telegrams: as received, unopened"},
    {"queue", "SIZE", "memory for what waits, twice; default 4M"},
    {NULL, NULL, NULL},
};

static bool has_option(const struct wm_target_option *options, const char *name)
{
    for (; options && options->name; options++) {
        if (strcmp(options->name, name) == 0)
            return true;
    }
    return false;
}

static int say_formats(char *out, size_t cap)
{
    const struct wm_output_format *format;
    int n = 0;

    for (size_t i = 0; (format = wm_output_format(i)) && (size_t)n < cap; i++)
        n += snprintf(out + n, cap - (size_t)n, " %s", format->name);
    return n;
}

/* %41 to A, in place. A NUL is no character of any option. */
static bool unescape(char *text)
{
    char *out = text;

    for (; *text; text++) {
        if (*text == '%') {
            char digits[3] = {0};

            if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
                return false;
            digits[0] = text[1];
            digits[1] = text[2];
            *out = (char)strtol(digits, NULL, 16);
            if (!*out)
                return false;
            out++;
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
    return true;
}

static enum wm_status split_options(struct wm_target *target, char *list, char why[WM_OUTPUT_WHY])
{
    char *save = NULL;

    for (char *word = strtok_r(list, "&", &save); word; word = strtok_r(NULL, "&", &save)) {
        char *value = strchr(word, '=');

        if (!value || !unescape(value + 1)) {
            snprintf(why, WM_OUTPUT_WHY, "-F %.100s: '%.60s' is no OPTION=VALUE", target->said, word);
            return WM_INVALID;
        }
        *value++ = '\0';
        if (!has_option(wm_target_common, word) && !has_option(target->transport->options, word)) {
            int n = snprintf(why, WM_OUTPUT_WHY, "-F %.100s: '%.40s' is no option of %s; there are", target->said, word,
                             target->transport->name);
            const struct wm_target_option *tables[] = {wm_target_common, target->transport->options};

            for (size_t t = 0; t < 2; t++) {
                for (const struct wm_target_option *o = tables[t]; o && o->name && n < WM_OUTPUT_WHY; o++)
                    n += snprintf(why + n, WM_OUTPUT_WHY - (size_t)n, " %s", o->name);
            }
            return WM_INVALID;
        }
        if (target->option_count == WM_TARGET_OPTIONS) {
            snprintf(why, WM_OUTPUT_WHY, "-F %.100s: more than %d options", target->said, WM_TARGET_OPTIONS);
            return WM_INVALID;
        }
        target->option[target->option_count].name = word;
        target->option[target->option_count++].value = value;
    }
    return WM_OK;
}

/* USER@HOST:PORT/PATH; the host may be [IPv6]. */
static enum wm_status split_url(struct wm_target *target, char *text, char why[WM_OUTPUT_WHY])
{
    char *slash = strchr(text, '/');
    char *at, *end, *port = NULL;
    unsigned long number = 0;

    target->path = "";
    if (slash) {
        *slash = '\0';
        target->path = slash + 1;
    }
    at = strrchr(text, '@');
    if (at) {
        *at = '\0';
        target->user = text;
        text = at + 1;
        if (strchr(target->user, ':')) {
            snprintf(why, WM_OUTPUT_WHY,
                     "a password does not belong on a command line, which others can see: put it alone into a file, "
                     "?password-file=FILE");
            return WM_INVALID;
        }
    }
    if (*text == '[' && (end = strchr(text, ']'))) {
        *end = '\0';
        text++;
        port = end[1] == ':' ? end + 2 : NULL;
    } else if ((end = strrchr(text, ':'))) {
        *end = '\0';
        port = end + 1;
    }
    if (port) {
        number = strtoul(port, &end, 10);
        if (!isdigit((unsigned char)*port) || *end || number == 0 || number > 65535) {
            snprintf(why, WM_OUTPUT_WHY, "-F %.100s: '%.40s' is no port number", target->said, port);
            return WM_INVALID;
        }
    }
    target->host = text;
    target->port = (uint16_t)number;
    return WM_OK;
}

/* whole: text is all that was given, no format stands before it. */
static const struct wm_transport *transport_of(const char *text, bool whole)
{
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        const size_t len = strlen(transports[i]->prefix);

        if (strncmp(text, transports[i]->prefix, len) == 0 &&
            (!transports[i]->alone || (whole && (!text[len] || text[len] == '?'))))
            return transports[i];
    }
    return NULL; /* not reached: the last prefix is empty */
}

static enum wm_status split_format(struct wm_target *target, char **rest, char why[WM_OUTPUT_WHY])
{
    char *text = target->text;
    size_t name = strcspn(text, ":?");

    target->transport = transport_of(text, true);
    if (*target->transport->prefix) { /* TARGET alone */
        *rest = text + strlen(target->transport->prefix);
        if (target->transport->default_format)
            target->format = wm_output_format_named(target->transport->default_format, strlen(target->transport->default_format));
        return WM_OK;
    }
    target->format = wm_output_format_named(text, name);
    if (!target->format) {
        int n = snprintf(why, WM_OUTPUT_WHY, "-F %.*s: no such format; there are", (int)(name < 64 ? name : 64), text);

        say_formats(why + n, WM_OUTPUT_WHY - (size_t)n);
        return WM_INVALID;
    }
    *rest = text[name] == ':' ? text + name + 1 : text + name;
    target->transport = transport_of(*rest, false);
    if (target->transport->own_form) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.100s: %s has a form of its own; write -F %.100s", target->said, target->transport->name,
                 target->said + name + 1);
        return WM_INVALID;
    }
    if (text[name] == ':' && (!**rest || **rest == '?')) {
        snprintf(why, WM_OUTPUT_WHY, "-F %s:: a file name is missing after the colon", target->format->name);
        return WM_INVALID;
    }
    *rest += strlen(target->transport->prefix);
    return WM_OK;
}

static enum wm_status read_common(struct wm_target *target, char why[WM_OUTPUT_WHY])
{
    static const char *const whats[] = {[WM_WHAT_ALL] = "all", [WM_WHAT_READINGS] = "readings", [WM_WHAT_TELEGRAMS] = "telegrams"};
    const char *list = wm_target_text(target, "fields", NULL);
    const char *what = wm_target_text(target, "what", "all");
    const char *fault = "";
    uint64_t bytes;

    for (target->what = WM_WHAT_ALL; target->what <= WM_WHAT_TELEGRAMS && strcmp(whats[target->what], what) != 0; target->what++)
        ;
    if (target->what > WM_WHAT_TELEGRAMS) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.100s: what=%.40s: there are all, readings and telegrams", target->said, what);
        return WM_INVALID;
    }
    if (target->what == WM_WHAT_TELEGRAMS && (!target->format || !target->format->write_raw)) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.100s: what=telegrams needs a format that has them unopened: json, hex or rtlwmbus",
                 target->said);
        return WM_INVALID;
    }
    if (list) {
        if (!target->format || !target->format->write_fields) {
            snprintf(why, WM_OUTPUT_WHY, "-F %.100s: fields= goes with text, json, flat and csv", target->said);
            return WM_INVALID;
        }
        if (wm_fields_parse(list, &target->fields, &fault) != WM_OK) {
            snprintf(why, WM_OUTPUT_WHY, "-F %.100s: fields: %s", target->said, fault);
            return WM_INVALID;
        }
        target->has_fields = true;
    }
    if (wm_target_number(target, "queue", WM_QUEUE_BYTES, 1, 1u << 30, &bytes, why) != WM_OK)
        return WM_INVALID;
    target->queue_bytes = (size_t)bytes;
    return WM_OK;
}

static enum wm_status take_text(const char *spec, struct wm_target *target, char why[WM_OUTPUT_WHY])
{
    memset(target, 0, sizeof *target);
    if (strlen(spec) >= sizeof target->text) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.60s…: longer than %zu characters", spec, sizeof target->text - 1);
        return WM_INVALID;
    }
    strcpy(target->text, spec);
    strcpy(target->said, spec);
    return WM_OK;
}

enum wm_status wm_target_parse_as(const char *spec, const struct wm_transport *const *kinds, struct wm_target *target,
                                  char why[WM_OUTPUT_WHY])
{
    enum wm_status status = take_text(spec, target, why);
    int n;

    for (size_t i = 0; status == WM_OK && kinds[i]; i++) {
        char *rest = target->text + strlen(kinds[i]->prefix), *options;

        if (strncmp(spec, kinds[i]->prefix, strlen(kinds[i]->prefix)) != 0)
            continue;
        target->transport = kinds[i];
        options = strchr(rest, '?');
        if (options)
            *options++ = '\0';
        target->place = rest;
        if (options)
            status = split_options(target, options, why);
        return status == WM_OK ? split_url(target, rest, why) : status;
    }
    if (status != WM_OK)
        return status;
    n = snprintf(why, WM_OUTPUT_WHY, "-F %.100s: there are", spec);
    for (size_t i = 0; kinds[i] && n < WM_OUTPUT_WHY; i++)
        n += snprintf(why + n, WM_OUTPUT_WHY - (size_t)n, " %s%s", kinds[i]->prefix, kinds[i]->syntax);
    return WM_INVALID;
}

enum wm_status wm_target_parse(const char *spec, struct wm_target *target, char why[WM_OUTPUT_WHY])
{
    char *rest, *options;
    enum wm_status status = take_text(spec, target, why);

    if (status == WM_OK)
        status = split_format(target, &rest, why);
    if (status != WM_OK)
        return status;
    options = strchr(rest, '?');
    if (options)
        *options++ = '\0';
    target->place = *rest ? rest : "-";
    if (!*rest && *target->transport->prefix && !target->transport->alone) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.100s: %s%s is what it looks like", target->said, target->transport->prefix,
                 target->transport->syntax);
        return WM_INVALID;
    }
    if (options)
        status = split_options(target, options, why);
    if (status == WM_OK && strstr(target->transport->prefix, "://"))
        status = split_url(target, rest, why);
    if (status == WM_OK && target->transport->one_line && target->format && !wm_target_text(target, "fields", NULL) &&
        (strcmp(target->format->name, "text") == 0 || strcmp(target->format->name, "explain") == 0)) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.100s: %s takes formats of one line: json, flat, csv, influx, hex, rtlwmbus",
                 target->said, target->transport->name);
        status = WM_INVALID;
    }
    return status == WM_OK ? read_common(target, why) : status;
}

const char *wm_target_text(const struct wm_target *target, const char *name, const char *otherwise)
{
    for (size_t i = target->option_count; i-- > 0;) {
        if (strcmp(target->option[i].name, name) == 0)
            return target->option[i].value;
    }
    return otherwise;
}

enum wm_status wm_target_number(const struct wm_target *target, const char *name, uint64_t otherwise, uint64_t min, uint64_t max,
                                uint64_t *value, char why[WM_OUTPUT_WHY])
{
    const char *text = wm_target_text(target, name, NULL);
    unsigned long long number;
    char *end;

    *value = otherwise;
    if (!text)
        return WM_OK;
    number = strtoull(text, &end, 10);
    if (*end && strchr("kMG", *end)) {
        unsigned shift = *end == 'k' ? 10 : *end == 'M' ? 20 : 30;

        number = number > UINT64_MAX >> shift ? UINT64_MAX : number << shift;
        end++;
    }
    if (!isdigit((unsigned char)*text) || *end || number < min || number > max) {
        snprintf(why, WM_OUTPUT_WHY, "-F %.100s: %s=%.40s: a number from %llu to %llu (k, M, G may follow)", target->said, name,
                 text, (unsigned long long)min, (unsigned long long)max);
        return WM_INVALID;
    }
    *value = number;
    return WM_OK;
}

enum wm_status wm_target_flag(const struct wm_target *target, const char *name, bool otherwise, bool *value,
                              char why[WM_OUTPUT_WHY])
{
    const char *text = wm_target_text(target, name, otherwise ? "yes" : "no");

    *value = strcmp(text, "yes") == 0 || strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    if (*value || strcmp(text, "no") == 0 || strcmp(text, "0") == 0 || strcmp(text, "false") == 0)
        return WM_OK;
    snprintf(why, WM_OUTPUT_WHY, "-F %.100s: %s=%.40s: yes or no", target->said, name, text);
    return WM_INVALID;
}
