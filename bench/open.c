/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many telegrams a second wm_open takes on one core: modes 5, 7 with MAC, 10 and ELL, with 1, 1 000 and 1 000 000 keys loaded.
 * The telegrams come from as many meters (at most 4096 of them), in random order, each sealed with its own key; every result is
 * checked.
 * Usage: bench_open [SECONDS]
 *        bench_open -w KEYS TELEGRAMS COUNT   writes COUNT keys (a key file) and 4096 telegrams of mode 5 (hex), for
 * bench/decode.sh */
#include "security/open.h"

#include "link/frame.h"
#include "security/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TELEGRAMS 4096

static const char *const kinds[] = {"mode 5", "mode 7 + MAC", "mode 10", "ELL"};

/* Processor time: what else the machine does is no matter. */
static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A generator of its own, so that every run has the same telegrams. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static void key_of(uint32_t meter, struct wm_key *key)
{
    uint64_t state = meter;

    *key = (struct wm_key){0};
    for (size_t i = 0; i < sizeof key->bytes; i++)
        key->bytes[i] = (uint8_t)next_random(&state);
}

static struct wm_seal_spec spec_of(unsigned kind, uint32_t meter)
{
    static const uint8_t records[] = {0x0C, 0x14, 0x27, 0x04, 0x85, 0x02, 0x04, 0x6D, 0x32, 0x37, 0x1F, 0x15, 0x02, 0xFD,
                                      0x17, 0x00, 0x00, 0x42, 0x6C, 0xBF, 0x2C, 0x44, 0x13, 0x10, 0x20, 0x30, 0x40};
    struct wm_address address = {0x1593, meter, 0x33, 0x03};
    struct wm_seal_spec spec = {.c = 0x44,
                                .sender = address,
                                .tpl = {.ci = 0x7A, .header = WM_TPL_SHORT, .acc = (uint8_t)meter},
                                .config = {.mode = 5},
                                .counter = meter + 1,
                                .apl = {records, sizeof records}};

    spec.has_ell = kind != 0;
    spec.ell = (struct wm_ell){.ci = 0x8C, .cc = 0x20};
    if (kind == 1) {
        spec.has_afl = spec.has_mcr = true;
        spec.authentication_type = 5;
        spec.config = (struct wm_config){.mode = 7, .kdf = 1};
    } else if (kind == 2) {
        spec.config = (struct wm_config){.mode = 10, .kdf = 1, .tag_bytes = 8, .has_counter = true};
    } else if (kind == 3) {
        spec.ell = (struct wm_ell){.ci = 0x8D, .cc = 0x20, .has_session = true, .session = 1u << 29 | (meter & 0xFFFFF)};
        spec.tpl = (struct wm_tpl){.ci = 0x78};
        spec.config = (struct wm_config){0};
    }
    return spec;
}

/* One telegram of a meter among key_count; its length. */
static size_t make(struct wm_sealer *sealer, unsigned kind, uint32_t meter, uint8_t bytes[WM_TELEGRAM_MAX])
{
    struct wm_seal_spec spec = spec_of(kind, meter);
    struct wm_writer out = wm_writer_of(bytes, WM_TELEGRAM_MAX);
    struct wm_key key;

    key_of(meter, &key);
    if (wm_seal(sealer, &spec, &key) != WM_OK || wm_seal_next(sealer, &out) != WM_OK)
        abort();
    return out.len;
}

static int write_files(const char *keys, const char *telegrams, uint32_t key_count)
{
    struct wm_sealer *sealer = NULL;
    uint64_t state = 1;
    uint8_t bytes[WM_TELEGRAM_MAX];
    char hex[2 * WM_TELEGRAM_MAX + 1];
    FILE *file = fopen(keys, "w");

    if (!file || wm_sealer_create(&sealer) != WM_OK)
        return EXIT_FAILURE;
    for (uint32_t meter = 0; meter < key_count; meter++) {
        struct wm_key key;
        key_of(meter, &key);
        wm_hex_encode((struct wm_span){key.bytes, sizeof key.bytes}, hex);
        fprintf(file, "%08X = %s\n", (unsigned)meter, hex);
    }
    if (fclose(file) != 0 || !(file = fopen(telegrams, "w")))
        return EXIT_FAILURE;
    for (size_t i = 0; i < TELEGRAMS; i++) {
        size_t len = make(sealer, 0, next_random(&state) % key_count, bytes);
        wm_hex_encode((struct wm_span){bytes, len}, hex);
        fprintf(file, "%s\n", hex);
    }
    wm_sealer_destroy(sealer);
    return fclose(file) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void run(const struct wm_keystore *keys, unsigned kind, uint32_t key_count, double seconds)
{
    static uint8_t bytes[TELEGRAMS][WM_TELEGRAM_MAX];
    static size_t lens[TELEGRAMS];
    struct wm_sealer *sealer = NULL;
    struct wm_opener *opener = NULL;
    struct wm_message message;
    uint64_t state = 1, opened = 0, wrong = 0;

    if (wm_sealer_create(&sealer) != WM_OK || wm_opener_create(keys, &opener) != WM_OK)
        abort();
    for (size_t i = 0; i < TELEGRAMS; i++)
        lens[i] = make(sealer, kind, next_random(&state) % key_count, bytes[i]);
    double start = now_s(), end;
    do {
        for (size_t i = 0; i < TELEGRAMS; i++) {
            if (wm_open(opener, (struct wm_span){bytes[i], lens[i]}, &message) != WM_OK || !message.readable || !message.decrypted)
                wrong++;
        }
        opened += TELEGRAMS;
        end = now_s();
    } while (end - start < seconds);
    printf("%-14s %9u keys  %3zu bytes  %10.0f telegrams/s%s\n", kinds[kind], key_count, lens[0], (double)opened / (end - start),
           wrong ? "  NOT ALL OPENED" : "");
    wm_sealer_destroy(sealer);
    wm_opener_destroy(opener);
    if (wrong)
        exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    static const uint32_t counts[] = {1, 1000, 1000000};
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1.0;

    if (argc == 5 && strcmp(argv[1], "-w") == 0)
        return write_files(argv[2], argv[3], (uint32_t)strtoul(argv[4], NULL, 10));
    for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++) {
        struct wm_keystore *keys;
        if (wm_keystore_create(&keys) != WM_OK)
            return EXIT_FAILURE;
        for (uint32_t meter = 0; meter < counts[n]; meter++) {
            struct wm_key_pattern pattern = {.has_id = true, .address.id = meter};
            struct wm_key key;
            key_of(meter, &key);
            if (wm_keystore_add(keys, &pattern, &key) != WM_OK)
                return EXIT_FAILURE;
        }
        for (unsigned kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
            run(keys, kind, counts[n], seconds);
        wm_keystore_destroy(keys);
    }
    return EXIT_SUCCESS;
}
