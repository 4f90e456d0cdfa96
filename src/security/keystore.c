/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/keystore.h"

#include "security/crypto.h"
#include "security/secret_memory.h"

#include <stdlib.h>
#include <string.h>

/* A pattern is a set of fields (a mask) and their values. Keys with the same pattern form a group; groups are found by a hash over
 * mask and values. A look-up hashes the address once for each of the at most 16 masks that occur, so it costs the same for one key
 * and for a million. */
enum { FIELD_TYPE = 1, FIELD_VERSION = 2, FIELD_MANUFACTURER = 4, FIELD_ID = 8, MASKS = 16 };

/* Most specific first: what has an id names one meter, the rest names kinds; within both more fields before fewer. */
static const uint8_t mask_order[MASKS] = {15, 14, 13, 11, 12, 10, 9, 8, 7, 6, 5, 3, 4, 2, 1, 0};

struct entry {
    struct wm_key key;
    uint32_t next; /* in the group; NO_ENTRY at its end */
    uint32_t last; /* of the group; kept in its first entry only */
};

#define NO_ENTRY UINT32_MAX

struct slot {
    uint64_t values; /* the address's fields under the mask, packed */
    uint32_t first;  /* entry plus one; 0: the slot is free */
    uint32_t mask;
};

struct wm_keystore {
    struct entry *entries; /* secret memory */
    uint32_t entry_count, entry_cap;
    struct slot *slots; /* open addressing, at most half full */
    uint32_t group_count, slot_count;
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
static struct slot *slot_of(struct slot *slots, uint32_t slot_count, uint64_t values, unsigned mask)
{
    uint32_t at = hash(values, mask) & (slot_count - 1);

    while (slots[at].first && (slots[at].values != values || slots[at].mask != mask))
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
        memset(keys->slots, 0, keys->slot_count * sizeof *keys->slots);
    keys->entry_count = keys->group_count = keys->masks_used = 0;
}

void wm_keystore_destroy(struct wm_keystore *keys)
{
    if (!keys)
        return;
    wm_secret_free(keys->entries, keys->entry_cap * sizeof *keys->entries);
    wm_secret_free(keys->slots, keys->slot_count * sizeof *keys->slots);
    free(keys);
}

static bool grow_entries(struct wm_keystore *keys)
{
    uint32_t cap = keys->entry_cap ? keys->entry_cap * 2 : 16;
    struct entry *grown = cap > keys->entry_cap && cap < NO_ENTRY - 1 ? wm_secret_alloc(cap * sizeof *grown) : NULL;

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
        if (keys->slots[i].first)
            *slot_of(slots, count, keys->slots[i].values, keys->slots[i].mask) = keys->slots[i];
    }
    wm_secret_free(keys->slots, keys->slot_count * sizeof *keys->slots);
    keys->slots = slots;
    keys->slot_count = count;
    return true;
}

enum wm_status wm_keystore_add(struct wm_keystore *keys, const struct wm_key_pattern *pattern, const struct wm_key *key)
{
    unsigned mask = (pattern->has_id ? FIELD_ID : 0) | (pattern->has_manufacturer ? FIELD_MANUFACTURER : 0) |
                    (pattern->has_version ? FIELD_VERSION : 0) | (pattern->has_type ? FIELD_TYPE : 0);
    uint64_t values = values_of(&pattern->address, mask);
    uint32_t index = keys->entry_count;
    struct slot *slot;

    if (keys->entry_count == keys->entry_cap && !grow_entries(keys))
        return WM_NO_MEMORY;
    if (keys->group_count * 2 >= keys->slot_count && !grow_slots(keys))
        return WM_NO_MEMORY;
    slot = slot_of(keys->slots, keys->slot_count, values, mask);
    if (slot->first) {
        struct entry *first = &keys->entries[slot->first - 1];
        keys->entries[first->last].next = index;
        first->last = index;
    } else {
        *slot = (struct slot){.values = values, .first = index + 1, .mask = mask};
        keys->group_count++;
        keys->masks_used |= 1U << mask;
    }
    keys->entries[index].key = *key;
    keys->entries[index].next = NO_ENTRY;
    keys->entries[index].last = index;
    keys->entry_count++;
    return WM_OK;
}

size_t wm_keystore_count(const struct wm_keystore *keys)
{
    return keys->entry_count;
}

const struct wm_key *wm_key_search_next(struct wm_key_search *search)
{
    const struct wm_keystore *keys = search->keys;
    const struct entry *entry;

    while (!search->entry) {
        unsigned mask;
        if (!keys || search->step == MASKS)
            return NULL;
        mask = mask_order[search->step++];
        if (keys->masks_used >> mask & 1)
            search->entry = slot_of(keys->slots, keys->slot_count, values_of(&search->address, mask), mask)->first;
    }
    entry = &keys->entries[search->entry - 1];
    search->entry = entry->next + 1; /* NO_ENTRY + 1 is 0 */
    return &entry->key;
}

void wm_key_search_pattern(const struct wm_key_search *search, struct wm_key_pattern *pattern)
{
    unsigned mask = search->step ? mask_order[search->step - 1] : 0;

    *pattern = (struct wm_key_pattern){.has_id = mask & FIELD_ID,
                                       .has_manufacturer = mask & FIELD_MANUFACTURER,
                                       .has_version = mask & FIELD_VERSION,
                                       .has_type = mask & FIELD_TYPE,
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
