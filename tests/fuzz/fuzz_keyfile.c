/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key file: the first byte chooses the format, the rest is the file. What is added is found again. */
#include "fuzz.h"
#include "security/keystore.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wm_keystore *keys;
    char path[64];
    const char *why = NULL;
    unsigned line = 0;
    enum wm_status status;
    int file;

    if (size == 0)
        return 0;
    FUZZ_CHECK(wm_keystore_create(&keys) == WM_OK);
    file = memfd_create("keys", MFD_CLOEXEC);
    FUZZ_CHECK(file >= 0 && write(file, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    status = wm_keystore_import(keys, path, (enum wm_key_format)(data[0] % 3), true, &line, &why);
    FUZZ_CHECK(status == WM_OK || status == WM_MALFORMED);
    FUZZ_CHECK(status == WM_OK || (why && *why));
    for (size_t i = 1; i + 8 <= size; i += 8) {
        struct wm_key_search search = {.keys = keys};
        const struct wm_key *key;
        size_t found = 0;
        memcpy(&search.address.id, data + i, 4);
        while ((key = wm_key_search_next(&search)))
            found++;
        FUZZ_CHECK(found <= wm_keystore_count(keys));
    }
    close(file);
    wm_keystore_destroy(keys);
    return 0;
}
