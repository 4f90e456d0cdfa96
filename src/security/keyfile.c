/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/crypto.h"
#include "security/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_DIGITS      8
#define KEY_DIGITS     (2 * sizeof(struct wm_key))
#define LINE_MAX_BYTES 1024

/* A run of characters in a line. */
struct word {
    const char *text;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct word trim(const char *text, size_t len)
{
    while (len && is_blank(text[0])) {
        text++;
        len--;
    }
    while (len && is_blank(text[len - 1]))
        len--;
    return (struct word){text, len};
}

static bool is_star(struct word word)
{
    return word.len == 1 && word.text[0] == '*';
}

/* A number of exactly `digits` hexadecimal digits. An id is BCD as a rule, but meters with letters in it exist. */
static bool parse_number(struct word word, size_t digits, uint32_t *value)
{
    uint8_t bytes[4];
    size_t len = 0;

    if (word.len != digits || wm_hex_decode(word.text, word.len, bytes, sizeof bytes, &len, NULL) != WM_OK)
        return false;
    *value = 0;
    for (size_t i = 0; i < len; i++)
        *value = *value << 8 | bytes[i];
    return true;
}

static bool parse_manufacturer(struct word word, uint16_t *manufacturer)
{
    char text[4] = {0};

    if (word.len != 3)
        return false;
    memcpy(text, word.text, 3);
    return wm_manufacturer_parse(text, manufacturer) == WM_OK;
}

/* The four fields of the dotted form, each a value or *. NULL, or what is wrong. */
static const char *parse_dotted(struct word word, struct wm_key_pattern *pattern)
{
    struct word field[4];
    uint32_t number;

    for (size_t i = 0; i < 4; i++) {
        const char *dot = memchr(word.text, '.', word.len);
        if (!dot != (i == 3))
            return "a dotted pattern has four fields: MANUFACTURER.ID.VERSION.TYPE";
        field[i] = (struct word){word.text, dot ? (size_t)(dot - word.text) : word.len};
        word.text += field[i].len + (dot != NULL);
        word.len -= field[i].len + (dot != NULL);
    }
    pattern->has_manufacturer = !is_star(field[0]);
    if (pattern->has_manufacturer && !parse_manufacturer(field[0], &pattern->address.manufacturer))
        return "the manufacturer is not three letters or *";
    pattern->has_id = !is_star(field[1]);
    if (pattern->has_id && !parse_number(field[1], ID_DIGITS, &pattern->address.id))
        return "the id is not eight digits or *";
    pattern->has_version = !is_star(field[2]);
    if (pattern->has_version) {
        if (!parse_number(field[2], 2, &number))
            return "the version is not two hexadecimal digits or *";
        pattern->address.version = (uint8_t)number;
    }
    pattern->has_type = !is_star(field[3]);
    if (pattern->has_type) {
        if (!parse_number(field[3], 2, &number))
            return "the device type is not two hexadecimal digits or *";
        pattern->address.type = (uint8_t)number;
    }
    return NULL;
}

static const char *parse_pattern(struct word word, struct wm_key_pattern *pattern)
{
    if (is_star(word))
        return NULL;
    if (memchr(word.text, '.', word.len))
        return parse_dotted(word, pattern);
    if (word.len > 4 && word.text[3] == '-') {
        if (!parse_manufacturer((struct word){word.text, 3}, &pattern->address.manufacturer))
            return "the manufacturer before the - is not three letters";
        pattern->has_manufacturer = true;
        word.text += 4;
        word.len -= 4;
    }
    pattern->has_id = true;
    if (!parse_number(word, ID_DIGITS, &pattern->address.id))
        return "the meter is not ID (eight digits), MFR-ID, MFR.ID.VERSION.TYPE or *";
    return NULL;
}

enum wm_status wm_keystore_add_line(struct wm_keystore *keys, const char *line, size_t len, const char **why)
{
    const char *hash = memchr(line, '#', len);
    struct word all = trim(line, hash ? (size_t)(hash - line) : len), left, right;
    struct wm_key_pattern pattern = {0};
    struct wm_key key;
    enum wm_status status;
    size_t split = 0, got = 0;

    if (all.len == 0)
        return WM_OK;
    while (split < all.len && all.text[split] != '=' && !is_blank(all.text[split]))
        split++;
    left = (struct word){all.text, split};
    right = trim(all.text + split, all.len - split);
    if (right.len && right.text[0] == '=')
        right = trim(right.text + 1, right.len - 1);
    if (left.len == 0 || right.len == 0) {
        *why = "not of the form METER = KEY";
        return WM_MALFORMED;
    }
    *why = parse_pattern(left, &pattern);
    if (*why)
        return WM_MALFORMED;
    if (right.len != KEY_DIGITS || wm_hex_decode(right.text, right.len, key.bytes, sizeof key.bytes, &got, NULL) != WM_OK) {
        wm_cleanse(&key, sizeof key);
        *why = "the key is not 32 hexadecimal digits (AES-128)";
        return WM_MALFORMED;
    }
    status = wm_keystore_add(keys, &pattern, &key);
    wm_cleanse(&key, sizeof key);
    if (status != WM_OK)
        *why = "no memory for another key";
    return status;
}

/* All lines from an open file. `buffer` is the caller's, who wipes it. */
static enum wm_status load_lines(struct wm_keystore *keys, int file, char buffer[LINE_MAX_BYTES], unsigned *line, const char **why)
{
    size_t have = 0;
    ssize_t got;

    do {
        if (have == LINE_MAX_BYTES) {
            *why = "the line is longer than 1023 characters: is this a key file?";
            ++*line;
            return WM_MALFORMED;
        }
        got = read(file, buffer + have, LINE_MAX_BYTES - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *line = 0;
            *why = "the key file cannot be read";
            return WM_IO;
        }
        have += (size_t)got;
        size_t start = 0;
        while (start < have) {
            const char *end = memchr(buffer + start, '\n', have - start);
            if (!end && got > 0)
                break;
            size_t len = end ? (size_t)(end - buffer) - start : have - start;
            ++*line;
            enum wm_status status = wm_keystore_add_line(keys, buffer + start, len, why);
            if (status != WM_OK)
                return status;
            start += len + (end != NULL);
        }
        have -= start;
        memmove(buffer, buffer + start, have);
    } while (got != 0);
    return WM_OK;
}

enum wm_status wm_keystore_load(struct wm_keystore *keys, const char *path, bool allow_shared, unsigned *line, const char **why)
{
    char buffer[LINE_MAX_BYTES];
    struct stat info;
    enum wm_status status;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    *line = 0;
    if (file < 0 || fstat(file, &info) != 0) {
        int saved = errno;
        if (file >= 0)
            close(file);
        errno = saved;
        *why = "the key file cannot be opened";
        return WM_IO;
    }
    if (!allow_shared && info.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) {
        close(file);
        *why = "group or others may read or write the key file: chmod 600 it";
        return WM_INVALID;
    }
    status = load_lines(keys, file, buffer, line, why);
    wm_cleanse(buffer, sizeof buffer);
    int saved = errno;
    close(file);
    errno = saved;
    return status;
}
