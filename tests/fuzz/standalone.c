/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a harness without libFuzzer: over every file of the directories given, each as it is and then changed a number of times by
 * chance (the same chance each run), so that the harnesses are exercised by every compiler and sanitizer. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define MUTATIONS 400
#define BYTES_MAX 65536

static uint64_t state = 42;

static uint32_t chance(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return below ? (uint32_t)(state >> 33) % below : 0;
}

static size_t mutate(uint8_t *bytes, size_t len)
{
    for (uint32_t n = 1 + chance(4); n > 0 && len > 0; n--) {
        size_t at = chance((uint32_t)len);
        switch (chance(4)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << chance(8));
            break;
        case 1:
            bytes[at] = (uint8_t)chance(256);
            break;
        case 2:
            len = at;
            break;
        default:
            if (len < BYTES_MAX / 2) { /* a part of it twice */
                memmove(bytes + at + (len - at), bytes + at, len - at);
                len += len - at;
            }
        }
    }
    return len;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[BYTES_MAX], changed[BYTES_MAX];
    unsigned long runs = 0, files = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        struct dirent *entry;
        while (dir && (entry = readdir(dir))) {
            char path[4096];
            FILE *file;
            size_t len;
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            file = fopen(path, "rb");
            if (!file)
                return EXIT_FAILURE;
            len = fread(bytes, 1, sizeof bytes, file);
            fclose(file);
            files++;
            LLVMFuzzerTestOneInput(bytes, len);
            for (int n = 0; n < MUTATIONS; n++, runs++) {
                memcpy(changed, bytes, len);
                LLVMFuzzerTestOneInput(changed, mutate(changed, len));
            }
        }
        if (dir)
            closedir(dir);
    }
    printf("%lu files, %lu changed\n", files, runs);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
