/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

#include <stdlib.h>

/* What a harness offers: libFuzzer's entry, also called by standalone.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold. */
#define FUZZ_CHECK(condition)                                                                                                      \
    do {                                                                                                                           \
        if (!(condition))                                                                                                          \
            abort();                                                                                                               \
    } while (0)

/* A span in memory of its own, so that a read past its end is seen; NULL data for none. free() its data. */
static inline struct wm_span fuzz_copy(struct wm_span bytes)
{
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);

    FUZZ_CHECK(copy);
    for (size_t i = 0; i < bytes.len; i++)
        copy[i] = bytes.data[i];
    return (struct wm_span){copy, bytes.len};
}
