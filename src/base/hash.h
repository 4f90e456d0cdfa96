/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 32 bits, for tables and to notice damage: whoever wants can make two texts with one value. */
#define WM_HASH_BEGIN 2166136261u

static inline uint32_t wm_hash(uint32_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    while (len--)
        hash = (hash ^ *at++) * 16777619u;
    return hash;
}
