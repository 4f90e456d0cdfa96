/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canary_search KEY... -- FILE...: looks for each key (hex) in each file, as bytes and as hex of either case, whole and each half.
 * Fails when one is found, naming it by number only. It first shows that it can find. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned look(const char *what, unsigned number, const char *file, const uint8_t *bytes, size_t len, const void *needle,
                     size_t needle_len)
{
    const uint8_t *at = memmem(bytes, len, needle, needle_len);

    if (!at)
        return 0;
    printf("key %u is in %s at byte %zu, as %s\n", number, file, (size_t)(at - bytes), what);
    return 1;
}

static bool counts_up(const uint8_t *key, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (key[i] != (uint8_t)(key[i - 1] + 1))
            return false;
    return true;
}

static unsigned search(unsigned number, const char *hex, const char *file, const uint8_t *bytes, size_t len)
{
    size_t digits = strlen(hex), half = digits / 4;
    char lower[65] = {0};
    uint8_t key[32];
    unsigned found = 0;

    for (size_t i = 0; i < digits && i < 64; i++)
        lower[i] = (char)(hex[i] >= 'A' ? hex[i] + 32 : hex[i]);
    for (size_t i = 0; i < digits / 2; i++)
        key[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], 0}, NULL, 16);
    found += look("bytes", number, file, bytes, len, key, digits / 2);
    found += look("hex", number, file, bytes, len, hex, digits);
    found += look("lower-case hex", number, file, bytes, len, lower, digits);
    if (half >= 8) {
        /* 01 02 03 … is in every table that maps bytes to themselves */
        if (!counts_up(key, half))
            found += look("half its bytes", number, file, bytes, len, key, half);
        if (!counts_up(key + half, half))
            found += look("half its bytes", number, file, bytes, len, key + half, half);
        found += look("half its hex", number, file, bytes, len, hex + digits / 2, digits / 2);
    }
    return found;
}

int main(int argc, char **argv)
{
    int keys = 1;
    unsigned found = 0;

    if (search(0, "00112233445566778899AABBCCDDEEFF", "its own sample", (const uint8_t *)"x00112233445566778899AABBCCDDEEFF", 33) ==
        0)
        return EXIT_FAILURE;
    while (keys < argc && strcmp(argv[keys], "--") != 0)
        keys++;
    for (int i = keys + 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        uint8_t *bytes;
        long size;
        if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || !(bytes = malloc((size_t)size + 1))) {
            printf("%s cannot be read\n", argv[i]);
            return EXIT_FAILURE;
        }
        rewind(file);
        if (fread(bytes, 1, (size_t)size, file) != (size_t)size)
            return EXIT_FAILURE;
        for (int k = 1; k < keys; k++)
            found += search((unsigned)k, argv[k], argv[i], bytes, (size_t)size);
        printf("%s: %ld bytes searched\n", argv[i], size);
        free(bytes);
        fclose(file);
    }
    return found || keys + 1 >= argc ? EXIT_FAILURE : EXIT_SUCCESS;
}
