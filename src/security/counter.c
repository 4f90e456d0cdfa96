/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/counter.h"

#include "link/crc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A record: address (8), direction (bit 7) and key id (1), key version (1), print of the key (4), counter (4), CRC of these (2).
 * The first 20 bytes of the file are the magic. A later record of the same key replaces an earlier one. */
#define RECORD_BYTES  20
#define CRC_AT        18
#define TO_METER      0x80
#define FAR_AHEAD     1000000
#define RESERVE       20 /* C' reserved at a time; a crash costs at most so many of the 100 */
#define COMPACT_SLACK 1024

static const uint8_t magic[RECORD_BYTES] = "wmsdr counters 2\n";

struct count {
    struct wm_counter_key key;
    bool used;
    uint32_t last;     /* accepted or given */
    uint32_t reserved; /* own counters: the file says they may have been used up to here */
};

struct wm_counters {
    int file;
    char *path;
    struct count *counts; /* open addressing, at most half full */
    size_t count, slots;
    size_t records; /* in the file */
    size_t dropped;
};

static size_t hash(const struct wm_counter_key *key)
{
    uint64_t h = (uint64_t)key->meter.id << 32 | (uint64_t)(key->meter.manufacturer & 0x7FFF) << 16 |
                 (uint64_t)key->meter.version << 8 | key->meter.type;

    h ^= (uint64_t)key->to_meter << 63 | (uint64_t)key->key_id << 20 | (uint64_t)key->key_version << 52;
    h ^= (uint64_t)key->key_print * 0x9E3779B97F4A7C15;
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53;
    return (size_t)(h ^ h >> 33);
}

static bool same(const struct wm_counter_key *a, const struct wm_counter_key *b)
{
    return a->to_meter == b->to_meter && a->key_id == b->key_id && a->key_version == b->key_version && a->meter.id == b->meter.id &&
           (a->meter.manufacturer & 0x7FFF) == (b->meter.manufacturer & 0x7FFF) && a->meter.version == b->meter.version &&
           a->meter.type == b->meter.type && a->key_print == b->key_print;
}

static struct count *slot_of(struct count *counts, size_t slots, const struct wm_counter_key *key)
{
    size_t at = hash(key) & (slots - 1);

    while (counts[at].used && !same(&counts[at].key, key))
        at = (at + 1) & (slots - 1);
    return &counts[at];
}

static struct count *find(const struct wm_counters *counters, const struct wm_counter_key *key)
{
    struct count *count = counters->slots ? slot_of(counters->counts, counters->slots, key) : NULL;

    return count && count->used ? count : NULL;
}

static struct count *find_or_add(struct wm_counters *counters, const struct wm_counter_key *key)
{
    struct count *count;

    if (counters->count * 2 >= counters->slots) {
        size_t slots = counters->slots ? counters->slots * 2 : 64;
        struct count *grown = calloc(slots, sizeof *grown);
        if (!grown)
            return NULL;
        for (size_t i = 0; i < counters->slots; i++) {
            if (counters->counts[i].used)
                *slot_of(grown, slots, &counters->counts[i].key) = counters->counts[i];
        }
        free(counters->counts);
        counters->counts = grown;
        counters->slots = slots;
    }
    count = slot_of(counters->counts, counters->slots, key);
    if (!count->used) {
        *count = (struct count){.key = *key, .used = true};
        counters->count++;
    }
    return count;
}

static void write_record(const struct wm_counter_key *key, uint32_t counter, uint8_t record[RECORD_BYTES])
{
    struct wm_writer out = wm_writer_of(record, RECORD_BYTES);

    memset(record, 0, RECORD_BYTES);
    wm_address_write(&out, &key->meter);
    wm_writer_u8(&out, (uint8_t)((key->to_meter ? TO_METER : 0) | (key->key_id & 15)));
    wm_writer_u8(&out, key->key_version);
    wm_writer_u32le(&out, key->key_print);
    wm_writer_u32le(&out, counter);
    wm_writer_u16le(&out, wm_crc16((struct wm_span){record, CRC_AT}));
}

static bool read_record(const uint8_t record[RECORD_BYTES], struct wm_counter_key *key, uint32_t *counter)
{
    struct wm_cursor cur = wm_cursor_of((struct wm_span){record, RECORD_BYTES});

    uint8_t first;

    wm_address_read(&cur, &key->meter);
    first = wm_cursor_u8(&cur);
    key->to_meter = first & TO_METER;
    key->key_id = first & 15;
    key->key_version = wm_cursor_u8(&cur);
    key->key_print = wm_cursor_u32le(&cur);
    *counter = wm_cursor_u32le(&cur);
    return wm_cursor_u16le(&cur) == wm_crc16((struct wm_span){record, CRC_AT});
}

static enum wm_status write_all(int file, const uint8_t *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(file, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return WM_IO;
        bytes += n;
        len -= (size_t)n;
    }
    return WM_OK;
}

/* The directory's entry of a new or renamed file. */
static enum wm_status sync_directory(const char *path)
{
    char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
    enum wm_status status = WM_IO;
    int dir;

    if (!copy)
        return WM_NO_MEMORY;
    if (slash)
        slash[slash == copy ? 1 : 0] = '\0';
    dir = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        if (fsync(dir) == 0)
            status = WM_OK;
        close(dir);
    }
    free(copy);
    return status;
}

static enum wm_status write_alive(struct wm_counters *counters, int file)
{
    uint8_t record[RECORD_BYTES];
    enum wm_status status = write_all(file, magic, sizeof magic);

    for (size_t i = 0; i < counters->slots && status == WM_OK; i++) {
        const struct count *count = &counters->counts[i];
        if (!count->used)
            continue;
        write_record(&count->key, count->reserved > count->last ? count->reserved : count->last, record);
        status = write_all(file, record, sizeof record);
    }
    return status == WM_OK && fsync(file) != 0 ? WM_IO : status;
}

/* The log anew, with one record for each counter. The new file is locked before it takes the old one's name. */
static enum wm_status compact(struct wm_counters *counters)
{
    size_t len = strlen(counters->path) + sizeof ".new";
    char *path = malloc(len);
    enum wm_status status;
    int file;

    if (!path)
        return WM_NO_MEMORY;
    snprintf(path, len, "%s.new", counters->path);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    status = file < 0 || flock(file, LOCK_EX | LOCK_NB) != 0 ? WM_IO : write_alive(counters, file);
    if (status == WM_OK && rename(path, counters->path) != 0)
        status = WM_IO;
    if (status == WM_OK)
        status = sync_directory(counters->path);
    free(path);
    if (status != WM_OK) {
        if (file >= 0)
            close(file);
        return status;
    }
    close(counters->file);
    counters->file = file;
    counters->records = counters->count;
    return WM_OK;
}

static enum wm_status store(struct wm_counters *counters, const struct wm_counter_key *key, uint32_t counter)
{
    uint8_t record[RECORD_BYTES];

    if (counters->file < 0)
        return WM_OK;
    if (counters->records > 2 * counters->count + COMPACT_SLACK) {
        enum wm_status status = compact(counters);
        if (status != WM_OK)
            return status;
    }
    write_record(key, counter, record);
    if (write_all(counters->file, record, sizeof record) != WM_OK || fdatasync(counters->file) != 0) {
        int saved = errno;
        /* half a record would put all that follow out of step; should this fail too, the next start drops them */
        if (ftruncate(counters->file, (off_t)((counters->records + 1) * RECORD_BYTES)) != 0)
            saved = errno;
        errno = saved;
        return WM_IO;
    }
    counters->records++;
    return WM_OK;
}

/* Records to the last whole and sound one; what follows it was cut short and is cut off. */
static enum wm_status load(struct wm_counters *counters)
{
    uint8_t record[RECORD_BYTES];
    off_t good = 0;
    ssize_t n = pread(counters->file, record, sizeof record, 0);
    struct stat info;

    if (n < 0 || fstat(counters->file, &info) != 0)
        return WM_IO;
    if (n < (ssize_t)sizeof record && (n == 0 || memcmp(record, magic, (size_t)n) == 0)) { /* new, or crashed when it was */
        if (ftruncate(counters->file, 0) != 0 || write_all(counters->file, magic, sizeof magic) != WM_OK ||
            fsync(counters->file) != 0)
            return WM_IO;
        return sync_directory(counters->path);
    }
    if (n < (ssize_t)sizeof record || memcmp(record, magic, sizeof magic) != 0)
        return WM_INVALID;
    for (good = sizeof magic; pread(counters->file, record, sizeof record, good) == (ssize_t)sizeof record; good += RECORD_BYTES) {
        struct wm_counter_key key = {0};
        struct count *count;
        uint32_t counter;
        if (!read_record(record, &key, &counter))
            break;
        count = find_or_add(counters, &key);
        if (!count)
            return WM_NO_MEMORY;
        if (counter > count->last)
            count->last = count->reserved = counter;
        counters->records++;
    }
    counters->dropped = (size_t)((info.st_size - good + RECORD_BYTES - 1) / RECORD_BYTES);
    return counters->dropped && (ftruncate(counters->file, good) != 0 || fsync(counters->file) != 0) ? WM_IO : WM_OK;
}

enum wm_status wm_counters_open(const char *path, struct wm_counters **counters)
{
    struct wm_counters *made = calloc(1, sizeof *made);
    enum wm_status status = WM_OK;

    if (!made)
        return WM_NO_MEMORY;
    made->file = -1;
    if (path) {
        made->path = strdup(path);
        made->file = made->path ? open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
        if (!made->path)
            status = WM_NO_MEMORY;
        else if (made->file < 0)
            status = WM_IO;
        else if (flock(made->file, LOCK_EX | LOCK_NB) != 0)
            status = errno == EWOULDBLOCK ? WM_FULL : WM_IO;
        else
            status = load(made);
    }
    if (status != WM_OK) {
        int saved = errno;
        wm_counters_close(made);
        errno = saved;
        return status;
    }
    *counters = made;
    return WM_OK;
}

void wm_counters_close(struct wm_counters *counters)
{
    if (!counters)
        return;
    if (counters->file >= 0)
        close(counters->file);
    free(counters->path);
    free(counters->counts);
    free(counters);
}

enum wm_status wm_counters_accept(struct wm_counters *counters, const struct wm_counter_key *key, uint32_t counter,
                                  enum wm_counter_verdict *verdict, bool *far_ahead)
{
    struct count *count = find(counters, key);
    enum wm_status status;

    if (far_ahead)
        *far_ahead = count && counter > count->last && counter - count->last > FAR_AHEAD;
    if (count && counter <= count->last) {
        *verdict = counter == count->last ? WM_COUNTER_REPLAYED : WM_COUNTER_ROLLED_BACK;
        return WM_OK;
    }
    *verdict = WM_COUNTER_FRESH;
    status = store(counters, key, counter);
    if (status != WM_OK)
        return status;
    count = find_or_add(counters, key);
    if (!count)
        return WM_NO_MEMORY;
    count->last = count->reserved = counter;
    return WM_OK;
}

static uint32_t last_of(const struct wm_counters *counters, const struct wm_counter_key *key)
{
    const struct count *count = find(counters, key);

    return count ? count->last : 0;
}

/* Gives `next` out, after the file says that it may have been. */
static enum wm_status give(struct wm_counters *counters, const struct wm_counter_key *key, uint32_t next, uint32_t reserve,
                           uint32_t *counter)
{
    struct count *count = find_or_add(counters, key);

    if (!count)
        return WM_NO_MEMORY;
    if (next > count->reserved) {
        enum wm_status status = store(counters, key, reserve);
        if (status != WM_OK)
            return status;
        count->reserved = reserve;
    }
    count->last = *counter = next;
    return WM_OK;
}

static struct wm_counter_key other_direction(const struct wm_counter_key *key, bool to_meter)
{
    struct wm_counter_key other = *key;

    other.to_meter = to_meter;
    return other;
}

enum wm_status wm_counters_next_partner(struct wm_counters *counters, const struct wm_counter_key *key, uint32_t *counter)
{
    struct wm_counter_key from = other_direction(key, false), to = other_direction(key, true);
    uint32_t received = last_of(counters, &from), given = last_of(counters, &to);
    uint32_t last = received > given ? received : given, limit, reserve;

    if (last == UINT32_MAX)
        return WM_END;
    limit = received > UINT32_MAX - WM_COUNTER_STEP_MAX ? UINT32_MAX : received + WM_COUNTER_STEP_MAX;
    if (last + 1 > limit)
        return WM_FULL;
    reserve = limit - last > RESERVE ? last + RESERVE : limit;
    return give(counters, &to, last + 1, reserve, counter);
}

enum wm_status wm_counters_next_meter(struct wm_counters *counters, const struct wm_counter_key *key, uint32_t *counter)
{
    struct wm_counter_key from = other_direction(key, false), to = other_direction(key, true);
    uint32_t own = last_of(counters, &from), partner = last_of(counters, &to);
    uint32_t last = own > partner ? own : partner;

    if (last == UINT32_MAX)
        return WM_END;
    return give(counters, &from, last + 1, last + 1, counter);
}

enum wm_status wm_counters_last(const struct wm_counters *counters, const struct wm_counter_key *key, uint32_t *counter)
{
    const struct count *count = find(counters, key);

    if (!count)
        return WM_END;
    *counter = count->last;
    return WM_OK;
}

size_t wm_counters_count(const struct wm_counters *counters)
{
    return counters->count;
}

size_t wm_counters_dropped(const struct wm_counters *counters)
{
    return counters->dropped;
}
