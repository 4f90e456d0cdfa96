/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/spool.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 4096
#define MAGIC  "WMSPOOL1"
#define WRAP   UINT32_MAX /* in a record's place: the next record is at the ring's beginning */

/* Positions grow without end; position p is at HEADER + p % bytes. They start anew when the ring is empty, so that a file that is
 * hardly used stays small. In the processor's byte order: the file does not travel. */
struct header {
    char magic[8];
    uint64_t bytes, head, tail, count;
};

struct record {
    uint32_t len, check;
};

struct wm_spool {
    int fd;
    struct header header;
    bool damaged;
    uint8_t *buffer;
    size_t cap;
};

static uint32_t check_of(const uint8_t *data, size_t len)
{
    return wm_hash(WM_HASH_BEGIN ^ (uint32_t)len, data, len);
}

static enum wm_status put(const struct wm_spool *spool, const void *data, size_t len, uint64_t at)
{
    const char *from = data;

    while (len) {
        ssize_t n = pwrite(spool->fd, from, len, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return WM_IO;
        from += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return WM_OK;
}

static enum wm_status get(const struct wm_spool *spool, void *data, size_t len, uint64_t at)
{
    char *to = data;

    while (len) {
        ssize_t n = pread(spool->fd, to, len, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return WM_IO;
        }
        to += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return WM_OK;
}

static enum wm_status put_header(const struct wm_spool *spool)
{
    return put(spool, &spool->header, sizeof spool->header, 0);
}

static uint64_t place(const struct wm_spool *spool, uint64_t position)
{
    return HEADER + position % spool->header.bytes;
}

static size_t padded(size_t len)
{
    return (sizeof(struct record) + len + 7) / 8 * 8;
}

/* From a position to the ring's end. */
static uint64_t straight(const struct wm_spool *spool, uint64_t position)
{
    return spool->header.bytes - position % spool->header.bytes;
}

static enum wm_status room_for(struct wm_spool *spool, size_t len)
{
    uint8_t *buffer;

    if (len <= spool->cap)
        return WM_OK;
    buffer = realloc(spool->buffer, len);
    if (!buffer)
        return WM_NO_MEMORY;
    spool->buffer = buffer;
    spool->cap = len;
    return WM_OK;
}

/* The record at *position, skipping a wrap. WM_INTEGRITY: it cannot be one. */
static enum wm_status record_at(struct wm_spool *spool, uint64_t *position, struct record *record)
{
    enum wm_status status = get(spool, record, sizeof *record, place(spool, *position));

    if (status == WM_OK && record->len == WRAP) {
        *position += straight(spool, *position);
        status = *position < spool->header.tail ? get(spool, record, sizeof *record, place(spool, *position)) : WM_INTEGRITY;
    }
    if (status != WM_OK)
        return status;
    return record->len <= spool->header.bytes / 2 && padded(record->len) <= spool->header.tail - *position ? WM_OK : WM_INTEGRITY;
}

enum wm_status wm_spool_read(struct wm_spool *spool, uint64_t *cursor, struct wm_span *data)
{
    struct record record;
    enum wm_status status;

    if (*cursor >= spool->header.tail)
        return WM_END;
    status = record_at(spool, cursor, &record);
    if (status == WM_OK)
        status = room_for(spool, record.len + 1);
    if (status == WM_OK)
        status = get(spool, spool->buffer, record.len, place(spool, *cursor) + sizeof record);
    if (status != WM_OK)
        return status;
    *data = (struct wm_span){spool->buffer, record.len};
    *cursor += padded(record.len);
    return check_of(data->data, data->len) == record.check ? WM_OK : WM_INTEGRITY;
}

/* Whether all that the header promises is there; what is not is cut off. */
static enum wm_status verify(struct wm_spool *spool)
{
    uint64_t cursor = spool->header.head, good = cursor, count = 0;
    struct wm_span data;
    enum wm_status status;

    while ((status = wm_spool_read(spool, &cursor, &data)) == WM_OK) {
        count++;
        good = cursor;
    }
    spool->damaged = status != WM_END || count != spool->header.count;
    spool->header.tail = good;
    spool->header.count = count;
    return put_header(spool);
}

static enum wm_status load(struct wm_spool *spool, uint64_t bytes)
{
    struct header *header = &spool->header;
    struct stat st;

    if (fstat(spool->fd, &st) != 0)
        return WM_IO;
    if (st.st_size > 0) {
        if (st.st_size < (off_t)sizeof *header || get(spool, header, sizeof *header, 0) != WM_OK ||
            memcmp(header->magic, MAGIC, sizeof header->magic) != 0 || header->bytes < WM_SPOOL_MIN || header->bytes % 8 ||
            header->head > header->tail || header->tail - header->head > header->bytes)
            return WM_INVALID;
        if (header->count > 0)
            return verify(spool);
        if (ftruncate(spool->fd, 0) != 0)
            return WM_IO;
    }
    *header = (struct header){.magic = MAGIC, .bytes = bytes < WM_SPOOL_MIN ? WM_SPOOL_MIN : bytes / 8 * 8};
    return put_header(spool);
}

enum wm_status wm_spool_open(const char *path, uint64_t bytes, struct wm_spool **spool)
{
    struct wm_spool *s = calloc(1, sizeof *s);
    enum wm_status status = WM_OK;

    if (!s)
        return WM_NO_MEMORY;
    s->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : memfd_create("wmsdr spool", MFD_CLOEXEC);
    if (s->fd < 0)
        status = WM_IO;
    else if (flock(s->fd, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK ? WM_FULL : WM_IO;
    if (status == WM_OK)
        status = load(s, bytes);
    if (status != WM_OK)
        wm_spool_close(s);
    else
        *spool = s;
    return status;
}

void wm_spool_close(struct wm_spool *spool)
{
    int error = errno;

    if (!spool)
        return;
    if (spool->fd >= 0)
        close(spool->fd);
    free(spool->buffer);
    free(spool);
    errno = error;
}

uint64_t wm_spool_count(const struct wm_spool *spool)
{
    return spool->header.count;
}

bool wm_spool_was_damaged(const struct wm_spool *spool)
{
    return spool->damaged;
}

uint64_t wm_spool_first(const struct wm_spool *spool)
{
    return spool->header.head;
}

enum wm_status wm_spool_release(struct wm_spool *spool)
{
    struct record record;
    enum wm_status status;

    if (spool->header.count == 0)
        return WM_END;
    status = record_at(spool, &spool->header.head, &record);
    if (status != WM_OK)
        return status;
    spool->header.head += padded(record.len);
    if (--spool->header.count == 0)
        spool->header.head = spool->header.tail = 0;
    return put_header(spool);
}

enum wm_status wm_spool_append(struct wm_spool *spool, struct wm_span data, uint64_t *pushed_out)
{
    struct header *header = &spool->header;
    const struct record wrap = {.len = WRAP};
    struct record record = {(uint32_t)data.len, check_of(data.data, data.len)};
    uint64_t need = padded(data.len);
    enum wm_status status = WM_OK;

    *pushed_out = 0;
    if (data.len > header->bytes / 2 - sizeof record)
        return WM_FULL;
    /* a record lies in one piece: what is left of the ring before its end may have to be passed over, and counts */
    while (status == WM_OK && header->count > 0 &&
           header->tail + need + (straight(spool, header->tail) < need ? straight(spool, header->tail) : 0) - header->head >
               header->bytes) {
        status = wm_spool_release(spool);
        ++*pushed_out;
    }
    if (status == WM_OK && straight(spool, header->tail) < need) {
        status = put(spool, &wrap, sizeof wrap, place(spool, header->tail));
        header->tail += straight(spool, header->tail);
    }
    if (status == WM_OK)
        status = put(spool, &record, sizeof record, place(spool, header->tail));
    if (status == WM_OK)
        status = put(spool, data.data, data.len, place(spool, header->tail) + sizeof record);
    if (status != WM_OK)
        return status;
    /* only now is it part of the ring */
    header->tail += need;
    header->count++;
    return put_header(spool);
}
