/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/formats.h"

#include "app/records/formats_known.h"
#include "app/records/headers.h"
#include "app/records/layout.h"
#include "link/crc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAYS 4
#define SETS (WM_FORMATS_MAX / WAYS)

#define DIF_IDLE     0x2F
#define COMPACT_HEAD 4 /* format signature, CRC of the full frame; low byte first */

/* After this many lines in the file it is written anew at the next start, with what is in use only. */
#define FILE_LINES_MAX (2 * WM_FORMATS_MAX)

struct format {
    uint32_t used; /* when, by the store's own clock; 0: a free place */
    uint16_t signature;
    uint8_t len;
    uint8_t bytes[WM_FORMAT_BYTES_MAX];
};

struct wm_formats {
    struct format places[SETS][WAYS];
    struct wm_headers headers;
    uint32_t clock;
    size_t count;
    FILE *file; /* for what is learnt from now on */
    unsigned long lines;
};

static struct format *set_of(struct wm_formats *formats, uint16_t signature)
{
    return formats->places[signature % SETS]; /* a CRC is spread well enough */
}

static struct format *find(struct wm_formats *formats, uint16_t signature, struct wm_span headers)
{
    struct format *set = set_of(formats, signature);

    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].used && set[i].signature == signature && wm_span_equal((struct wm_span){set[i].bytes, set[i].len}, headers))
            return &set[i];
    return NULL;
}

static void touch(struct wm_formats *formats, struct format *format)
{
    if (++formats->clock == 0) /* after 2^32 uses: all are of one age again */
        formats->clock = 1;
    format->used = formats->clock;
}

struct wm_headers *wm_formats_headers(struct wm_formats *formats)
{
    return &formats->headers;
}

bool wm_formats_has(struct wm_formats *formats, uint16_t signature, size_t len)
{
    struct format *set = set_of(formats, signature);

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].used && set[i].signature == signature && set[i].len == len) {
            touch(formats, &set[i]);
            return true;
        }
    }
    return false;
}

/* Headers and nothing else, to the last byte. */
static bool are_headers(struct wm_span headers)
{
    struct wm_record_extent extent;

    if (headers.len == 0)
        return false;
    for (size_t at = 0; at < headers.len; at += extent.dib + extent.vib)
        if (wm_record_extent_of(wm_span_sub(headers, at, headers.len), false, &extent) != WM_OK)
            return false;
    return true;
}

static enum wm_status write_line(struct wm_formats *formats, struct wm_span headers)
{
    char text[2 * WM_FORMAT_BYTES_MAX + 2];
    size_t len;

    if (!formats->file || formats->lines >= FILE_LINES_MAX)
        return WM_OK;
    len = wm_hex_encode(headers, text);
    text[len++] = '\n';
    formats->lines++;
    return fwrite(text, 1, len, formats->file) == len && fflush(formats->file) == 0 ? WM_OK : WM_IO;
}

enum wm_status wm_formats_add(struct wm_formats *formats, struct wm_span headers)
{
    uint16_t signature = wm_crc16(headers);
    struct format *set = set_of(formats, signature);
    struct format *place = find(formats, signature, headers);

    if (headers.len > WM_FORMAT_BYTES_MAX)
        return WM_FULL;
    if (!are_headers(headers))
        return WM_MALFORMED;
    if (place) {
        touch(formats, place);
        return WM_OK;
    }
    place = &set[0];
    for (unsigned i = 1; i < WAYS; i++)
        if (set[i].used < place->used)
            place = &set[i];
    formats->count += place->used == 0;
    place->signature = signature;
    place->len = (uint8_t)headers.len;
    memcpy(place->bytes, headers.data, headers.len);
    touch(formats, place);
    return write_line(formats, headers);
}

/* Headers and values woven into records. What is left of the values must be fillers. */
static bool weave(struct wm_span headers, struct wm_span values, struct wm_writer *full)
{
    struct wm_cursor cur = wm_cursor_of(values);
    struct wm_record_extent extent;

    for (size_t at = 0; at < headers.len; at += extent.dib + extent.vib) {
        struct wm_span rest = wm_span_sub(headers, at, headers.len);
        if (wm_record_extent_of(rest, false, &extent) != WM_OK)
            return false;
        wm_writer_bytes(full, wm_span_sub(rest, 0, extent.dib + extent.vib));
        if (extent.data_field == WM_DATA_VARIABLE) {
            uint8_t lvar = wm_cursor_u8(&cur);
            if (wm_lvar_len(lvar, &extent.value) != WM_OK)
                return false;
            wm_writer_u8(full, lvar);
        }
        wm_writer_bytes(full, wm_cursor_take(&cur, extent.value));
        if (cur.failed)
            return false;
    }
    while (wm_cursor_left(&cur))
        if (wm_cursor_u8(&cur) != DIF_IDLE)
            return false;
    return !full->failed;
}

enum wm_status wm_formats_expand(struct wm_formats *formats, struct wm_span compact, struct wm_writer *full)
{
    struct wm_cursor cur = wm_cursor_of(compact);
    struct wm_writer start = *full;
    struct format *set;
    uint16_t signature;
    uint16_t crc;
    bool seen = false;

    while (wm_cursor_left(&cur) && compact.data[cur.pos] == DIF_IDLE) /* the check bytes of a decrypted one */
        cur.pos++;
    signature = wm_cursor_u16le(&cur);
    crc = wm_cursor_u16le(&cur);
    if (cur.failed)
        return WM_TOO_SHORT;
    set = set_of(formats, signature);
    for (unsigned i = 0; i < WAYS; i++) {
        if (!set[i].used || set[i].signature != signature)
            continue;
        seen = true;
        *full = start;
        if (weave((struct wm_span){set[i].bytes, set[i].len}, wm_cursor_rest(&(struct wm_cursor){compact, cur.pos, false}), full) &&
            wm_crc16((struct wm_span){full->data + start.len, full->len - start.len}) == crc) {
            touch(formats, &set[i]);
            return WM_OK;
        }
    }
    *full = start;
    return seen ? WM_INTEGRITY : WM_NOT_MINE;
}

enum wm_status wm_format_frame_parse(struct wm_span apl, uint16_t *signature, struct wm_span *headers)
{
    struct wm_cursor cur = wm_cursor_of(apl);
    uint8_t len;

    while (wm_cursor_left(&cur) && apl.data[cur.pos] == DIF_IDLE)
        cur.pos++;
    len = wm_cursor_u8(&cur); /* of signature and headers */
    *signature = wm_cursor_u16le(&cur);
    if (cur.failed || len < 2)
        return WM_TOO_SHORT;
    *headers = wm_cursor_take(&cur, len - 2u);
    if (cur.failed)
        return WM_TOO_SHORT;
    if (!are_headers(*headers))
        return WM_MALFORMED;
    return wm_crc16(*headers) == *signature ? WM_OK : WM_INTEGRITY;
}

enum wm_status wm_formats_create(bool known, struct wm_formats **formats)
{
    struct wm_formats *f = calloc(1, sizeof *f);

    if (!f)
        return WM_NO_MEMORY;
    for (size_t i = 0; known && wm_formats_known[i]; i++) {
        uint8_t bytes[WM_FORMAT_BYTES_MAX];
        size_t len;
        enum wm_status status = wm_hex_decode(wm_formats_known[i], strlen(wm_formats_known[i]), bytes, sizeof bytes, &len, NULL);
        if (status == WM_OK)
            status = wm_formats_add(f, (struct wm_span){bytes, len});
        if (status != WM_OK) {
            free(f);
            return status;
        }
    }
    *formats = f;
    return WM_OK;
}

void wm_formats_destroy(struct wm_formats *formats)
{
    if (formats && formats->file)
        fclose(formats->file);
    free(formats);
}

size_t wm_formats_count(const struct wm_formats *formats)
{
    return formats->count;
}

/* A line: hex, a comment, or blank. */
static enum wm_status take_line(struct wm_formats *formats, const char *text)
{
    uint8_t bytes[WM_FORMAT_BYTES_MAX];
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    size_t len;

    if (strchr("#\r\n", text[0]) || !text[0])
        return WM_OK;
    if (strspn(text + digits, " \t\r\n") != strcspn(text + digits, "#"))
        return WM_MALFORMED;
    if (wm_hex_decode(text, digits, bytes, sizeof bytes, &len, NULL) != WM_OK ||
        wm_formats_add(formats, (struct wm_span){bytes, len}) != WM_OK)
        return WM_MALFORMED;
    return WM_OK;
}

/* The file again, with each format once, the oldest first; the old file stays until the new one is whole. */
static enum wm_status rewrite(struct wm_formats *formats, const char *path)
{
    char *other = malloc(strlen(path) + 5);
    enum wm_status status = WM_NO_MEMORY;

    if (!other)
        return WM_NO_MEMORY;
    strcpy(other, path);
    strcat(other, ".new");
    formats->file = fopen(other, "w");
    formats->lines = 0;
    status = formats->file ? WM_OK : WM_IO;
    for (size_t i = 0; status == WM_OK && i < SETS; i++)
        for (unsigned k = 0; status == WM_OK && k < WAYS; k++)
            if (formats->places[i][k].used)
                status = write_line(formats, (struct wm_span){formats->places[i][k].bytes, formats->places[i][k].len});
    if (status == WM_OK && (fsync(fileno(formats->file)) != 0 || rename(other, path) != 0))
        status = WM_IO;
    free(other);
    return status;
}

enum wm_status wm_formats_file(struct wm_formats *formats, const char *path, unsigned long *line)
{
    char text[2 * WM_FORMAT_BYTES_MAX + 256];
    FILE *file = fopen(path, "r");
    enum wm_status status = WM_OK;

    *line = 0;
    if (!file && errno != ENOENT)
        return WM_IO;
    while (file && status == WM_OK && fgets(text, sizeof text, file)) {
        ++*line;
        status = take_line(formats, text);
        /* A last line without its end may have been cut off while it was written: it does not have to make sense. */
        if (!strchr(text, '\n') && feof(file))
            status = WM_OK;
    }
    if (file && ferror(file))
        status = WM_IO;
    if (file)
        fclose(file);
    if (status != WM_OK)
        return status;
    formats->lines = *line;
    if (file && (*line >= FILE_LINES_MAX / 2 || !strchr(text, '\n')))
        return rewrite(formats, path);
    formats->file = fopen(path, "a");
    return formats->file ? WM_OK : WM_IO;
}
