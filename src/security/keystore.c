/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/keystore.h"

#include "security/crypto.h"
#include "security/secret_memory.h"

#include <stdlib.h>
#include <string.h>

/* A pattern is a shape (which fields, and how many digits of the id) and the fields' values. Keys with the same pattern form a
 * group; groups are found by a hash over shape and values. A look-up hashes the address once for each of the shapes that occur, as
 * a rule one or two, so it costs the same for one key and for a million. A shape's number is its rank: more digits of the id before
 * fewer, then more of the other fields before fewer. */
enum {
    FIELD_TYPE = 1,
    FIELD_VERSION = 2,
    FIELD_MANUFACTURER = 4,
    FIELD_SETS = 8,
    ID_DIGITS = 8,
    SHAPES = (ID_DIGITS + 1) * FIELD_SETS
};

static const uint8_t field_order[FIELD_SETS] = {7, 6, 5, 3, 4, 2, 1, 0};

/* A group with its first key: half a cache line, so that the look-up of a meter with one key touches memory once. */
struct slot {
    uint64_t values;    /* the address's fields that the shape has, packed */
    uint32_t next;      /* entry plus one; 0: there are no more keys */
    struct wm_key key;  /* not with NO_KEY */
    uint8_t shape_plus; /* shape plus one, maybe with NO_KEY; 0: the slot is free */
};

#define NO_KEY 0x80 /* the first key has exceptions, and is an entry too */

_Static_assert(sizeof(struct slot) == 32 && SHAPES < NO_KEY, "slots are 32 bytes, a shape seven bits");

/* Further keys of a group. */
struct entry {
    struct wm_key key;
    uint32_t next;   /* entry plus one; 0: the last */
    uint32_t last;   /* of the group, plus one; kept in the first entry only */
    uint32_t except; /* plus one: the first of its exceptions; 0: none */
};

/* Meters that a key is not for. */
struct except {
    uint64_t values;
    uint32_t shape;
    bool more; /* the next one belongs to the same key */
};

struct wm_keystore {
    struct entry *entries; /* secret memory */
    uint32_t entry_count, entry_cap;
    struct slot *slots; /* secret memory; open addressing, at most half full */
    uint32_t group_count, slot_count;
    struct except *excepts;
    uint32_t except_count;
    uint8_t shape_count, shapes[SHAPES]; /* those that occur, in their order */
    size_t key_count;
};

static unsigned shape_of(const struct wm_key_pattern *pattern)
{
    unsigned fields = (pattern->has_manufacturer ? FIELD_MANUFACTURER : 0u) | (pattern->has_version ? FIELD_VERSION : 0u) |
                      (pattern->has_type ? FIELD_TYPE : 0u);
    unsigned digits = !pattern->has_id ? 0 : pattern->id_digits ? pattern->id_digits : ID_DIGITS;
    unsigned order = 0;

    while (field_order[order] != fields)
        order++;
    return (ID_DIGITS - digits) * FIELD_SETS + order;
}

static uint64_t values_of(const struct wm_address *address, unsigned shape)
{
    unsigned mask = field_order[shape % FIELD_SETS], left_out = shape / FIELD_SETS;
    uint64_t values = left_out < ID_DIGITS ? (uint64_t)(address->id >> 4 * left_out) << (32 + 4 * left_out) : 0;

    if (mask & FIELD_MANUFACTURER)
        values |= (uint64_t)(address->manufacturer & 0x7FFF) << 16;
    if (mask & FIELD_VERSION)
        values |= (uint64_t)address->version << 8;
    if (mask & FIELD_TYPE)
        values |= address->type;
    return values;
}

/* The finaliser of MurmurHash3 (public domain): every input bit reaches every output bit. */
static uint32_t hash(uint64_t values, unsigned shape)
{
    uint64_t h = values ^ (uint64_t)shape << 57;

    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53;
    return (uint32_t)(h ^ h >> 33);
}

/* The slot of a group, or the free slot where it would go. */
static struct slot *slot_of(struct slot *slots, uint32_t slot_count, uint64_t values, unsigned shape)
{
    uint32_t at = hash(values, shape) & (slot_count - 1);

    while (slots[at].shape_plus && (slots[at].values != values || (slots[at].shape_plus & ~NO_KEY) != (int)shape + 1))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

enum wm_status wm_keystore_create(struct wm_keystore **keys)
{
    *keys = calloc(1, sizeof **keys);
    return *keys ? WM_OK : WM_NO_MEMORY;
}

void wm_keystore_clear(struct wm_keystore *keys)
{
    if (keys->entries)
        wm_cleanse(keys->entries, keys->entry_count * sizeof *keys->entries);
    if (keys->slots)
        wm_cleanse(keys->slots, keys->slot_count * sizeof *keys->slots);
    keys->entry_count = keys->group_count = keys->except_count = 0;
    keys->shape_count = 0;
    keys->key_count = 0;
}

void wm_keystore_destroy(struct wm_keystore *keys)
{
    if (!keys)
        return;
    wm_secret_free(keys->entries, keys->entry_cap * sizeof *keys->entries);
    wm_secret_free(keys->slots, keys->slot_count * sizeof *keys->slots);
    free(keys->excepts);
    free(keys);
}

static bool grow_entries(struct wm_keystore *keys)
{
    uint32_t cap = keys->entry_cap ? keys->entry_cap * 2 : 16;
    struct entry *grown = cap > keys->entry_cap ? wm_secret_alloc(cap * sizeof *grown) : NULL;

    if (!grown)
        return false;
    if (keys->entry_count)
        memcpy(grown, keys->entries, keys->entry_count * sizeof *grown);
    wm_secret_free(keys->entries, keys->entry_cap * sizeof *keys->entries);
    keys->entries = grown;
    keys->entry_cap = cap;
    return true;
}

static bool grow_slots(struct wm_keystore *keys)
{
    uint32_t count = keys->slot_count ? keys->slot_count * 2 : 32;
    struct slot *slots = count ? wm_secret_alloc(count * sizeof *slots) : NULL;

    if (!slots)
        return false;
    for (uint32_t i = 0; i < keys->slot_count; i++) {
        const struct slot *slot = &keys->slots[i];
        if (slot->shape_plus)
            *slot_of(slots, count, slot->values, (slot->shape_plus & ~NO_KEY) - 1u) = *slot;
    }
    wm_secret_free(keys->slots, keys->slot_count * sizeof *keys->slots);
    keys->slots = slots;
    keys->slot_count = count;
    return true;
}

/* The shape among those that occur, in its place. */
static void use_shape(struct wm_keystore *keys, unsigned shape)
{
    size_t at = 0;

    while (at < keys->shape_count && keys->shapes[at] < shape)
        at++;
    if (at < keys->shape_count && keys->shapes[at] == shape)
        return;
    memmove(keys->shapes + at + 1, keys->shapes + at, keys->shape_count - at);
    keys->shapes[at] = (uint8_t)shape;
    keys->shape_count++;
}

static bool add_excepts(struct wm_keystore *keys, const struct wm_key_pattern *except, size_t count)
{
    struct except *grown;

    if (count > UINT32_MAX / 2 - keys->except_count)
        return false;
    grown = realloc(keys->excepts, (keys->except_count + count) * sizeof *grown);
    if (!grown)
        return false;
    keys->excepts = grown;
    for (size_t i = 0; i < count; i++) {
        unsigned shape = shape_of(&except[i]);
        grown[keys->except_count++] = (struct except){values_of(&except[i].address, shape), shape, i + 1 < count};
    }
    return true;
}

enum wm_status wm_keystore_add_except(struct wm_keystore *keys, const struct wm_key_pattern *pattern,
                                      const struct wm_key_pattern *except, size_t except_count, const struct wm_key *key)
{
    unsigned shape = shape_of(pattern);
    uint64_t values = values_of(&pattern->address, shape);
    uint32_t index = keys->entry_count, first_except = except_count ? keys->except_count + 1 : 0;
    struct slot *slot;

    if (keys->entry_count == keys->entry_cap && !grow_entries(keys))
        return WM_NO_MEMORY;
    if (keys->group_count * 2 >= keys->slot_count && !grow_slots(keys))
        return WM_NO_MEMORY;
    if (except_count && !add_excepts(keys, except, except_count))
        return WM_NO_MEMORY;
    slot = slot_of(keys->slots, keys->slot_count, values, shape);
    keys->key_count++;
    if (!slot->shape_plus) {
        *slot = (struct slot){.values = values, .shape_plus = (uint8_t)(shape + 1)};
        keys->group_count++;
        use_shape(keys, shape);
        if (!except_count) {
            slot->key = *key;
            return WM_OK;
        }
        slot->shape_plus |= NO_KEY;
    }
    keys->entries[index] = (struct entry){.key = *key, .last = index + 1, .except = first_except};
    keys->entry_count++;
    if (slot->next) {
        struct entry *first = &keys->entries[slot->next - 1];
        keys->entries[first->last - 1].next = index + 1;
        first->last = index + 1;
    } else {
        slot->next = index + 1;
    }
    return WM_OK;
}

enum wm_status wm_keystore_add(struct wm_keystore *keys, const struct wm_key_pattern *pattern, const struct wm_key *key)
{
    return wm_keystore_add_except(keys, pattern, NULL, 0, key);
}

size_t wm_keystore_count(const struct wm_keystore *keys)
{
    return keys->key_count;
}

void wm_keystore_prefetch(const struct wm_keystore *keys, const struct wm_address *address)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->shape_count && i < 2; i++)
        __builtin_prefetch(&keys->slots[hash(values_of(address, keys->shapes[i]), keys->shapes[i]) & (keys->slot_count - 1)]);
}

static bool is_excepted(const struct wm_keystore *keys, const struct entry *entry, const struct wm_address *address)
{
    const struct except *except = keys->excepts + entry->except - 1;

    for (;; except++) {
        if (values_of(address, except->shape) == except->values)
            return true;
        if (!except->more)
            return false;
    }
}

const struct wm_key *wm_key_search_next(struct wm_key_search *search)
{
    const struct wm_keystore *keys = search->keys;
    const struct entry *entry;

    do {
        while (!search->entry) {
            const struct slot *slot;
            unsigned shape;
            if (!keys || search->step == keys->shape_count)
                return NULL;
            shape = keys->shapes[search->step++];
            slot = slot_of(keys->slots, keys->slot_count, values_of(&search->address, shape), shape);
            search->entry = slot->next; /* of a free slot 0 */
            if (slot->shape_plus && !(slot->shape_plus & NO_KEY))
                return &slot->key;
        }
        entry = &keys->entries[search->entry - 1];
        search->entry = entry->next;
    } while (entry->except && is_excepted(keys, entry, &search->address));
    return &entry->key;
}

void wm_key_search_pattern(const struct wm_key_search *search, struct wm_key_pattern *pattern)
{
    unsigned shape = search->step ? search->keys->shapes[search->step - 1] : SHAPES - 1;
    unsigned fields = field_order[shape % FIELD_SETS], digits = ID_DIGITS - shape / FIELD_SETS;

    *pattern = (struct wm_key_pattern){.has_id = digits != 0,
                                       .id_digits = digits < ID_DIGITS ? (uint8_t)digits : 0,
                                       .has_manufacturer = fields & FIELD_MANUFACTURER,
                                       .has_version = fields & FIELD_VERSION,
                                       .has_type = fields & FIELD_TYPE,
                                       .address = search->address};
}

enum wm_status wm_keystore_find(const struct wm_keystore *keys, const struct wm_address *address, size_t i, struct wm_key *key)
{
    struct wm_key_search search = {.keys = keys, .address = *address};
    const struct wm_key *found = wm_key_search_next(&search);

    while (found && i--)
        found = wm_key_search_next(&search);
    if (!found)
        return WM_END;
    *key = *found;
    return WM_OK;
}
