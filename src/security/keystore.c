/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/keystore.h"

#include "security/crypto.h"

#include <stdlib.h>
#include <string.h>

/* A pattern is a set of fields (a mask) and their values. Keys with the same pattern form a group; groups are found by a hash over
 * mask and values. A look-up hashes the address once for each of the at most 16 masks that occur, so it costs the same for one key
 * and for a million. */
enum { FIELD_TYPE = 1, FIELD_VERSION = 2, FIELD_MANUFACTURER = 4, FIELD_ID = 8, MASKS = 16 };

/* Most specific first: what has an id names one meter, the rest names kinds; within both more fields before fewer. */
static const uint8_t mask_order[MASKS] = {15, 14, 13, 11, 12, 10, 9, 8, 7, 6, 5, 3, 4, 2, 1, 0};

struct group {
    uint64_t values; /* the address's fields under the mask, packed */
    uint8_t mask;
    uint32_t first, last; /* entries */
};

struct entry {
    struct wm_key key;
    uint32_t next; /* in the group; NO_ENTRY at its end */
};

#define NO_ENTRY UINT32_MAX

struct wm_keystore {
    struct entry *entries;
    uint32_t entry_count, entry_cap;
    struct group *groups;
    uint32_t group_count, group_cap;
    uint32_t *slots;     /* open addressing over group_cap * 2 slots: index of a group plus one, 0 is free */
    uint32_t masks_used; /* bit set over masks */
};

static uint64_t values_of(const struct wm_address *address, unsigned mask)
{
    uint64_t values = 0;

    if (mask & FIELD_ID)
        values |= (uint64_t)address->id << 32;
    if (mask & FIELD_MANUFACTURER)
        values |= (uint64_t)(address->manufacturer & 0x7FFF) << 16;
    if (mask & FIELD_VERSION)
        values |= (uint64_t)address->version << 8;
    if (mask & FIELD_TYPE)
        values |= address->type;
    return values;
}

/* The finaliser of MurmurHash3 (public domain): every input bit reaches every output bit. */
static uint32_t hash(uint64_t values, unsigned mask)
{
    uint64_t h = values ^ (uint64_t)mask << 60;

    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53;
    return (uint32_t)(h ^ h >> 33);
}

/* The slot of a group, or the free slot where it would go. */
static uint32_t slot_of(const struct wm_keystore *keys, uint64_t values, unsigned mask)
{
    uint32_t last = keys->group_cap * 2 - 1;
    uint32_t at = hash(values, mask) & last;

    while (keys->slots[at]) {
        const struct group *group = &keys->groups[keys->slots[at] - 1];
        if (group->values == values && group->mask == mask)
            break;
        at = (at + 1) & last;
    }
    return at;
}

enum wm_status wm_keystore_create(struct wm_keystore **keys)
{
    *keys = calloc(1, sizeof **keys);
    return *keys ? WM_OK : WM_NO_MEMORY;
}

static void free_entries(struct wm_keystore *keys)
{
    if (keys->entries)
        wm_cleanse(keys->entries, keys->entry_cap * sizeof *keys->entries);
    free(keys->entries);
}

void wm_keystore_destroy(struct wm_keystore *keys)
{
    if (!keys)
        return;
    free_entries(keys);
    free(keys->groups);
    free(keys->slots);
    free(keys);
}

/* Not realloc: it would leave keys behind in the memory it gives up. */
static bool grow_entries(struct wm_keystore *keys)
{
    uint32_t cap = keys->entry_cap ? keys->entry_cap * 2 : 16;
    struct entry *grown = cap > keys->entry_cap && cap < NO_ENTRY ? calloc(cap, sizeof *grown) : NULL;

    if (!grown)
        return false;
    if (keys->entry_count)
        memcpy(grown, keys->entries, keys->entry_count * sizeof *grown);
    free_entries(keys);
    keys->entries = grown;
    keys->entry_cap = cap;
    return true;
}

static bool grow_groups(struct wm_keystore *keys)
{
    uint32_t cap = keys->group_cap ? keys->group_cap * 2 : 16;
    uint32_t *slots = cap <= UINT32_MAX / 4 ? calloc((size_t)cap * 2, sizeof *slots) : NULL;
    struct group *groups = slots ? realloc(keys->groups, cap * sizeof *groups) : NULL;

    if (!groups) {
        free(slots);
        return false;
    }
    free(keys->slots);
    keys->groups = groups;
    keys->slots = slots;
    keys->group_cap = cap;
    for (uint32_t i = 0; i < keys->group_count; i++)
        slots[slot_of(keys, groups[i].values, groups[i].mask)] = i + 1;
    return true;
}

enum wm_status wm_keystore_add(struct wm_keystore *keys, const struct wm_key_pattern *pattern, const struct wm_key *key)
{
    unsigned mask = (pattern->has_id ? FIELD_ID : 0) | (pattern->has_manufacturer ? FIELD_MANUFACTURER : 0) |
                    (pattern->has_version ? FIELD_VERSION : 0) | (pattern->has_type ? FIELD_TYPE : 0);
    uint64_t values = values_of(&pattern->address, mask);
    uint32_t at, index = keys->entry_count;
    struct group *group;

    if (keys->entry_count == keys->entry_cap && !grow_entries(keys))
        return WM_NO_MEMORY;
    if (keys->group_count == keys->group_cap && !grow_groups(keys))
        return WM_NO_MEMORY;
    at = slot_of(keys, values, mask);
    if (keys->slots[at]) {
        group = &keys->groups[keys->slots[at] - 1];
        keys->entries[group->last].next = index;
        group->last = index;
    } else {
        keys->groups[keys->group_count] = (struct group){.values = values, .mask = (uint8_t)mask, .first = index, .last = index};
        keys->slots[at] = ++keys->group_count;
        keys->masks_used |= 1U << mask;
    }
    keys->entries[index] = (struct entry){.key = *key, .next = NO_ENTRY};
    keys->entry_count++;
    return WM_OK;
}

size_t wm_keystore_count(const struct wm_keystore *keys)
{
    return keys->entry_count;
}

enum wm_status wm_keystore_find(const struct wm_keystore *keys, const struct wm_address *address, size_t i, struct wm_key *key)
{
    for (unsigned n = 0; n < MASKS; n++) {
        unsigned mask = mask_order[n];
        if (!(keys->masks_used >> mask & 1))
            continue;
        uint32_t slot = keys->slots[slot_of(keys, values_of(address, mask), mask)];
        if (!slot)
            continue;
        for (uint32_t at = keys->groups[slot - 1].first; at != NO_ENTRY; at = keys->entries[at].next) {
            if (i-- == 0) {
                *key = keys->entries[at].key;
                return WM_OK;
            }
        }
    }
    return WM_END;
}
