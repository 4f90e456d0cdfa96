/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/crypto.h"
#include "security/keyfile_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_DIGITS      8
#define KEY_DIGITS     32
#define DES_DIGITS     16
#define LINE_MAX_BYTES 4096

bool wm_key_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct wm_key_word wm_key_trim(const char *text, size_t len)
{
    while (len && wm_key_blank(text[0])) {
        text++;
        len--;
    }
    while (len && wm_key_blank(text[len - 1]))
        len--;
    return (struct wm_key_word){text, len};
}

static bool is_star(struct wm_key_word word)
{
    return word.len == 1 && word.text[0] == '*';
}

/* A number of exactly `digits` hexadecimal digits. An id is BCD as a rule, but meters with letters in it exist. */
bool wm_key_number(struct wm_key_word word, size_t digits, uint32_t *value)
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

/* Eight digits, or up to seven and a * behind them; a * alone is every id. */
bool wm_key_id(struct wm_key_word word, struct wm_key_pattern *pattern)
{
    char digits[ID_DIGITS];
    bool cut = word.len && word.text[word.len - 1] == '*';
    size_t len = cut ? word.len - 1 : word.len;

    pattern->has_id = len != 0;
    if (cut ? len >= ID_DIGITS : len != ID_DIGITS)
        return false;
    memset(digits, '0', sizeof digits);
    memcpy(digits, word.text, len);
    pattern->id_digits = (uint8_t)(cut ? len : 0);
    return wm_key_number((struct wm_key_word){digits, sizeof digits}, ID_DIGITS, &pattern->address.id);
}

static bool parse_manufacturer(struct wm_key_word word, uint16_t *manufacturer)
{
    char text[4] = {0};

    if (word.len != 3)
        return false;
    memcpy(text, word.text, 3);
    return wm_manufacturer_parse(text, manufacturer) == WM_OK;
}

/* The four fields of the dotted form, each a value or *. NULL, or what is wrong. */
static const char *parse_dotted(struct wm_key_word word, struct wm_key_pattern *pattern)
{
    struct wm_key_word field[4];
    uint32_t number;

    for (size_t i = 0; i < 4; i++) {
        const char *dot = memchr(word.text, '.', word.len);
        if (!dot != (i == 3))
            return "a dotted pattern has four fields: MANUFACTURER.ID.VERSION.TYPE";
        field[i] = (struct wm_key_word){word.text, dot ? (size_t)(dot - word.text) : word.len};
        word.text += field[i].len + (dot != NULL);
        word.len -= field[i].len + (dot != NULL);
    }
    pattern->has_manufacturer = !is_star(field[0]);
    if (pattern->has_manufacturer && !parse_manufacturer(field[0], &pattern->address.manufacturer))
        return "the manufacturer is not three letters or *";
    if (!wm_key_id(field[1], pattern))
        return "the id is not eight digits, or fewer and a *";
    pattern->has_version = !is_star(field[2]);
    if (pattern->has_version) {
        if (!wm_key_number(field[2], 2, &number))
            return "the version is not two hexadecimal digits or *";
        pattern->address.version = (uint8_t)number;
    }
    pattern->has_type = !is_star(field[3]);
    if (pattern->has_type) {
        if (!wm_key_number(field[3], 2, &number))
            return "the device type is not two hexadecimal digits or *";
        pattern->address.type = (uint8_t)number;
    }
    return NULL;
}

const char *wm_key_pattern_parse(struct wm_key_word word, struct wm_key_pattern *pattern)
{
    if (is_star(word))
        return NULL;
    if (memchr(word.text, '.', word.len))
        return parse_dotted(word, pattern);
    if (word.len > 4 && word.text[3] == '-') {
        if (!parse_manufacturer((struct wm_key_word){word.text, 3}, &pattern->address.manufacturer))
            return "the manufacturer before the - is not three letters";
        pattern->has_manufacturer = true;
        word.text += 4;
        word.len -= 4;
    }
    if (!wm_key_id(word, pattern))
        return "the meter is not ID (eight digits), MFR-ID, MFR.ID.VERSION.TYPE or *";
    return NULL;
}

/* KEY, 32 or 16 hexadecimal digits. */
bool wm_key_parse(struct wm_key_word word, struct wm_key *key)
{
    size_t got = 0;

    if (word.len != KEY_DIGITS && word.len != DES_DIGITS)
        return false;
    key->des = word.len == DES_DIGITS;
    return wm_hex_decode(word.text, word.len, key->bytes, sizeof key->bytes, &got, NULL) == WM_OK;
}

static bool parse_small(struct wm_key_word word, unsigned max, uint8_t *value)
{
    unsigned number = 0;

    if (word.len == 0 || word.len > 3)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.text[i] < '0' || word.text[i] > '9')
            return false;
        number = number * 10 + (unsigned)(word.text[i] - '0');
    }
    *value = (uint8_t)number;
    return number <= max;
}

/* The next word of *rest, which moves behind it. */
static struct wm_key_word next_word(struct wm_key_word *rest)
{
    struct wm_key_word word = {rest->text, 0};

    while (word.len < rest->len && !wm_key_blank(word.text[word.len]))
        word.len++;
    *rest = wm_key_trim(rest->text + word.len, rest->len - word.len);
    return word;
}

static const char *parse_options(struct wm_key_word rest, struct wm_key *key)
{
    while (rest.len) {
        struct wm_key_word option = next_word(&rest);
        if (option.len > 3 && memcmp(option.text, "id=", 3) == 0) {
            key->has_id = true;
            if (!parse_small((struct wm_key_word){option.text + 3, option.len - 3}, 15, &key->id))
                return "the key id is not a number from 0 to 15";
        } else if (option.len > 8 && memcmp(option.text, "version=", 8) == 0) {
            key->has_version = true;
            if (!parse_small((struct wm_key_word){option.text + 8, option.len - 8}, 255, &key->version))
                return "the key version is not a number from 0 to 255";
        } else {
            return "behind a key of 32 hexadecimal digits (AES-128) or 16 (DES) may stand id=N and version=N only";
        }
    }
    return NULL;
}

enum wm_status wm_keystore_add_line(struct wm_keystore *keys, const char *line, size_t len, const char **why)
{
    const char *hash = memchr(line, '#', len);
    struct wm_key_word all = wm_key_trim(line, hash ? (size_t)(hash - line) : len), left, right;
    struct wm_key_pattern pattern = {0};
    struct wm_key key = {0};
    enum wm_status status;
    size_t split = 0;

    if (all.len == 0)
        return WM_OK;
    while (split < all.len && all.text[split] != '=' && !wm_key_blank(all.text[split]))
        split++;
    left = (struct wm_key_word){all.text, split};
    right = wm_key_trim(all.text + split, all.len - split);
    if (right.len && right.text[0] == '=')
        right = wm_key_trim(right.text + 1, right.len - 1);
    if (left.len == 0 || right.len == 0) {
        *why = "not of the form METER = KEY";
        return WM_MALFORMED;
    }
    *why = wm_key_pattern_parse(left, &pattern);
    if (*why)
        return WM_MALFORMED;
    if (!wm_key_parse(next_word(&right), &key)) {
        wm_cleanse(&key, sizeof key);
        *why = "the key is not 32 hexadecimal digits (AES-128), or 16 (DES)";
        return WM_MALFORMED;
    }
    *why = parse_options(right, &key);
    status = *why ? WM_MALFORMED : wm_keystore_add(keys, &pattern, &key);
    wm_cleanse(&key, sizeof key);
    if (status == WM_NO_MEMORY)
        *why = "no memory for another key";
    return status;
}

/* All lines from an open file. `buffer` is the caller's, who wipes it. */
static enum wm_status load_lines(int file, char buffer[LINE_MAX_BYTES], wm_key_take_line take, void *user, unsigned *line,
                                 const char **why)
{
    size_t have = 0;
    ssize_t got;

    do {
        if (have == LINE_MAX_BYTES) {
            *why = "the line is longer than 4095 characters: is this a key file?";
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
            enum wm_status status = take(user, buffer + start, len, why);
            if (status != WM_OK)
                return status;
            start += len + (end != NULL);
        }
        have -= start;
        memmove(buffer, buffer + start, have);
    } while (got != 0);
    return WM_OK;
}

enum wm_status wm_key_file_lines(const char *path, bool allow_shared, wm_key_take_line take, void *user, unsigned *line,
                                 const char **why)
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
    status = load_lines(file, buffer, take, user, line, why);
    wm_cleanse(buffer, sizeof buffer);
    int saved = errno;
    close(file);
    errno = saved;
    return status;
}

static enum wm_status take_own(void *user, const char *line, size_t len, const char **why)
{
    return wm_keystore_add_line(user, line, len, why);
}

enum wm_status wm_keystore_load(struct wm_keystore *keys, const char *path, bool allow_shared, unsigned *line, const char **why)
{
    return wm_key_file_lines(path, allow_shared, take_own, keys, line, why);
}

const char *wm_key_pattern_text(const char *text, struct wm_key_pattern *pattern)
{
    *pattern = (struct wm_key_pattern){0};
    return wm_key_pattern_parse((struct wm_key_word){text, strlen(text)}, pattern);
}
