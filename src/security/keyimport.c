/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/crypto.h"
#include "security/keyfile_lines.h"

#include <string.h>
#include <strings.h>

/* Keys from the files of other programs. */

static bool equals(struct wm_key_word word, const char *text)
{
    return word.len == strlen(text) && strncasecmp(word.text, text, word.len) == 0;
}

/* Cuts at the first of the characters; the rest is behind it. False when there was nothing more. */
static bool cut(struct wm_key_word *rest, const char *separators, struct wm_key_word *field)
{
    size_t n = 0;

    if (!rest->text)
        return false;
    while (n < rest->len && !strchr(separators, rest->text[n]))
        n++;
    *field = wm_key_trim(rest->text, n);
    *rest = n < rest->len ? (struct wm_key_word){rest->text + n + 1, rest->len - n - 1} : (struct wm_key_word){NULL, 0};
    return true;
}

static enum wm_status add(struct wm_keystore *keys, const struct wm_key_pattern *pattern, const struct wm_key *key,
                          const char **why)
{
    enum wm_status status = wm_keystore_add(keys, pattern, key);

    if (status != WM_OK)
        *why = "no memory for another key";
    return status;
}

#define IDS_MAX 256 /* in one meter file */

/* wmbusmeters: id and key come on lines of their own, in either order; a file describes one meter. */
struct meter_file {
    struct wm_key_pattern patterns[IDS_MAX], excepts[IDS_MAX];
    size_t pattern_count, except_count;
    bool has_id;
    struct wm_key key;
    bool has_key;
};

/* M=KAM or M=2C2D: three letters, or the number. */
static bool meter_manufacturer(struct wm_key_word value, uint16_t *manufacturer)
{
    char letters[4] = {0};
    uint32_t number;

    if (value.len == 3) {
        memcpy(letters, value.text, 3);
        return wm_manufacturer_parse(letters, manufacturer) == WM_OK;
    }
    if (!wm_key_number(value, 4, &number)) /* in the order of transmission */
        return false;
    *manufacturer = (uint16_t)(number >> 8 | (number & 0xFF) << 8);
    return true;
}

/* A part behind the id: M=, V=, T=. NULL, or what is wrong. */
static const char *meter_part(struct wm_key_word part, struct wm_key_pattern *pattern)
{
    struct wm_key_word value = {part.text + 2, part.len > 2 ? part.len - 2 : 0};
    uint32_t number;

    if (part.len < 3 || part.text[1] != '=' || !memchr("MVT", part.text[0], 3))
        return "a part of the id is not M=, V= or T=";
    if (part.text[0] == 'M') {
        pattern->has_manufacturer = true;
        return meter_manufacturer(value, &pattern->address.manufacturer) ? NULL : "the manufacturer in the id is not three letters";
    }
    if (!wm_key_number(value, 2, &number))
        return "the version or type in the id is not two hexadecimal digits";
    if (part.text[0] == 'V') {
        pattern->has_version = true;
        pattern->address.version = (uint8_t)number;
    } else {
        pattern->has_type = true;
        pattern->address.type = (uint8_t)number;
    }
    return NULL;
}

/* 16 digits: id, manufacturer (low byte first), version and type, as a secondary address of the wired bus is written. */
static bool secondary_address(struct wm_key_word word, struct wm_key_pattern *pattern)
{
    uint32_t rest, version_type;

    if (word.len != 16 || !wm_key_number((struct wm_key_word){word.text, 8}, 8, &pattern->address.id) ||
        !wm_key_number((struct wm_key_word){word.text + 8, 4}, 4, &rest) ||
        !wm_key_number((struct wm_key_word){word.text + 12, 4}, 4, &version_type))
        return false;
    pattern->address.manufacturer = (uint16_t)(rest >> 8 | (rest & 0xFF) << 8);
    pattern->address.version = (uint8_t)(version_type >> 8);
    pattern->address.type = (uint8_t)version_type;
    pattern->has_id = pattern->has_manufacturer = pattern->has_version = pattern->has_type = true;
    return true;
}

static bool is_wired(struct wm_key_word word)
{
    size_t digits = 1;

    while (digits < word.len && word.text[digits] >= '0' && word.text[digits] <= '9')
        digits++;
    return word.len > 1 && word.len < 5 && word.text[0] == 'p' && digits == word.len;
}

/* One of the list. NULL, or what is wrong. */
static const char *meter_id(struct meter_file *file, struct wm_key_word text)
{
    struct wm_key_pattern pattern = {0};
    bool excludes = text.len > 1 && text.text[0] == '!';
    struct wm_key_word part;
    const char *why = NULL;

    file->has_id = true;
    if (file->pattern_count == IDS_MAX || file->except_count == IDS_MAX)
        return "more than 255 ids in one meter file";
    if (excludes)
        text = (struct wm_key_word){text.text + 1, text.len - 1};
    if (!cut(&text, ".", &part))
        return "an id of the list is empty";
    if (is_wired(part))
        return NULL;
    if (!equals(part, "ANYID") && !secondary_address(part, &pattern) && !wm_key_id(part, &pattern))
        return "the id is not eight digits, or fewer and a *";
    while (!why && cut(&text, ".", &part))
        why = meter_part(part, &pattern);
    if (why)
        return why;
    if (excludes)
        file->excepts[file->except_count++] = pattern;
    else
        file->patterns[file->pattern_count++] = pattern;
    return NULL;
}

static enum wm_status take_meter_line(void *user, const char *line, size_t len, const char **why)
{
    struct meter_file *file = user;
    struct wm_key_word rest = wm_key_trim(line, len), name, id;

    if (rest.len == 0 || rest.text[0] == '#' || !cut(&rest, "=", &name) || !rest.text)
        return WM_OK;
    if (equals(name, "id")) {
        while (cut(&rest, ",", &id)) {
            *why = meter_id(file, id);
            if (*why)
                return WM_MALFORMED;
        }
    } else if (equals(name, "key")) {
        rest = wm_key_trim(rest.text, rest.len);
        if (rest.len == 0 || equals(rest, "NOKEY"))
            return WM_OK;
        file->has_key = wm_key_parse(rest, &file->key);
        if (!file->has_key) {
            *why = "the key is not 32 hexadecimal digits (AES-128), or 16 (DES)";
            return WM_MALFORMED;
        }
    }
    return WM_OK;
}

static enum wm_status import_meter(struct wm_keystore *keys, const char *path, bool allow_shared, unsigned *line, const char **why)
{
    struct meter_file file = {0};
    enum wm_status status = wm_key_file_lines(path, allow_shared, take_meter_line, &file, line, why);

    if (status == WM_OK && file.has_key && !file.has_id) {
        *line = 0;
        *why = "the meter file has a key but no id= line";
        status = WM_MALFORMED;
    }
    for (size_t i = 0; i < file.pattern_count && file.has_key && status == WM_OK; i++)
        status = wm_keystore_add_except(keys, &file.patterns[i], file.excepts, file.except_count, &file.key);
    if (status == WM_NO_MEMORY)
        *why = "no memory for another key";
    wm_cleanse(&file.key, sizeof file.key);
    return status;
}

enum column { ID, KEY, MANUFACTURER, VERSION, TYPE, COLUMNS };

struct csv_file {
    struct wm_keystore *keys;
    bool has_heading;
    char separator[2];
    int at[COLUMNS]; /* -1: there is none */
};

static enum column column_of(struct wm_key_word name)
{
    static const struct {
        const char *name;
        enum column column;
    } names[] = {
        {"id", ID},
        {"meter", ID},
        {"meter_id", ID},
        {"serial", ID},
        {"address", ID},
        {"key", KEY},
        {"aes_key", KEY},
        {"aeskey", KEY},
        {"enc_key", KEY},
        {"encryption_key", KEY},
        {"m", MANUFACTURER},
        {"mfr", MANUFACTURER},
        {"manufacturer", MANUFACTURER},
        {"version", VERSION},
        {"type", TYPE},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (equals(name, names[i].name))
            return names[i].column;
    }
    return COLUMNS;
}

static struct wm_key_word unquote(struct wm_key_word word)
{
    if (word.len >= 2 && word.text[0] == '"' && word.text[word.len - 1] == '"')
        return wm_key_trim(word.text + 1, word.len - 2);
    return word;
}

static enum wm_status take_heading(struct csv_file *file, struct wm_key_word rest, const char **why)
{
    struct wm_key_word field;

    file->separator[0] = memchr(rest.text, ';', rest.len) ? ';' : memchr(rest.text, '\t', rest.len) ? '\t' : ',';
    for (int i = 0; i < COLUMNS; i++)
        file->at[i] = -1;
    for (int i = 0; cut(&rest, file->separator, &field); i++) {
        enum column column = column_of(unquote(field));
        if (column != COLUMNS)
            file->at[column] = i;
    }
    file->has_heading = true;
    if (file->at[ID] >= 0 && file->at[KEY] >= 0)
        return WM_OK;
    *why = "the heading names no column id and key";
    return WM_MALFORMED;
}

static enum wm_status take_csv_line(void *user, const char *line, size_t len, const char **why)
{
    struct csv_file *file = user;
    struct wm_key_word rest = wm_key_trim(line, len), field, fields[COLUMNS] = {{NULL, 0}};
    struct wm_key_pattern pattern = {0};
    struct wm_key key = {0};
    char text[32];
    enum wm_status status;
    size_t n = 0;

    if (rest.len == 0 || rest.text[0] == '#')
        return WM_OK;
    if (!file->has_heading)
        return take_heading(file, rest, why);
    for (int i = 0; cut(&rest, file->separator, &field); i++) {
        for (int column = 0; column < COLUMNS; column++) {
            if (file->at[column] == i)
                fields[column] = unquote(field);
        }
    }
    if (fields[KEY].len == 0)
        return WM_OK;
    /* MFR.ID.VERSION.TYPE, put together from the columns there are; an id column may have any pattern when it stands alone */
    if (fields[MANUFACTURER].len || fields[VERSION].len || fields[TYPE].len) {
        static const enum column order[] = {MANUFACTURER, ID, VERSION, TYPE};
        for (size_t i = 0; i < 4; i++) {
            field = fields[order[i]].len ? fields[order[i]] : (struct wm_key_word){"*", 1};
            if (n + field.len + 2 > sizeof text) {
                *why = "a field of the address is too long";
                return WM_MALFORMED;
            }
            memcpy(text + n, field.text, field.len);
            n += field.len;
            text[n++] = '.';
        }
        *why = wm_key_pattern_parse((struct wm_key_word){text, n - 1}, &pattern);
    } else {
        *why = fields[ID].len ? wm_key_pattern_parse(fields[ID], &pattern) : "the id is missing";
    }
    if (*why)
        return WM_MALFORMED;
    if (!wm_key_parse(fields[KEY], &key)) {
        wm_cleanse(&key, sizeof key);
        *why = "the key is not 32 hexadecimal digits (AES-128), or 16 (DES)";
        return WM_MALFORMED;
    }
    status = add(file->keys, &pattern, &key, why);
    wm_cleanse(&key, sizeof key);
    return status;
}

static enum wm_status take_first_line(void *user, const char *line, size_t len, const char **why)
{
    static const char *const names[] = {"name", "driver", "type", "id", "key"};
    struct wm_key_word rest = wm_key_trim(line, len), name;

    (void)why;
    if (rest.len == 0 || rest.text[0] == '#')
        return WM_OK;
    if (cut(&rest, "=", &name) && rest.text) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (equals(name, names[i]))
                *(enum wm_key_format *)user = WM_KEYS_WMBUSMETERS;
        }
    }
    return WM_END; /* one is enough */
}

enum wm_status wm_key_format_of(const char *path, enum wm_key_format *format)
{
    size_t len = strlen(path);
    const char *why = "";
    unsigned line;
    enum wm_status status;

    *format = len > 4 && strcasecmp(path + len - 4, ".csv") == 0 ? WM_KEYS_CSV : WM_KEYS_OWN;
    if (*format == WM_KEYS_CSV)
        return WM_OK;
    status = wm_key_file_lines(path, true, take_first_line, format, &line, &why);
    return status == WM_IO ? WM_IO : WM_OK; /* a line that is too long: importing will tell */
}

enum wm_status wm_keystore_import(struct wm_keystore *keys, const char *path, enum wm_key_format format, bool allow_shared,
                                  unsigned *line, const char **why)
{
    struct csv_file csv = {.keys = keys};

    switch (format) {
    case WM_KEYS_WMBUSMETERS:
        return import_meter(keys, path, allow_shared, line, why);
    case WM_KEYS_CSV:
        return wm_key_file_lines(path, allow_shared, take_csv_line, &csv, line, why);
    case WM_KEYS_OWN:
        break;
    }
    return wm_keystore_load(keys, path, allow_shared, line, why);
}
