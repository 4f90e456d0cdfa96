/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program as a user of libwmsdr writes it: keys, seal, open, JSON. It includes the public header alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wmsdr/wmsdr.h>

#define CHECK(condition)                                                                                                           \
    do {                                                                                                                           \
        if (!(condition)) {                                                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                        \
            exit(EXIT_FAILURE);                                                                                                    \
        }                                                                                                                          \
    } while (0)

static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t volume[] = {0x0C, 0x13, 0x27, 0x04, 0x85, 0x02};

static void one(wmsdr_sealer *sealer, wmsdr_opener *opener, int mode, int authenticate, const char *verdict)
{
    wmsdr_message message = {.c = 0x44,
                             .sender = {"KAM", "12345678", 0x1B, 0x16},
                             .ci = 0x7A,
                             .access = 7,
                             .mode = mode,
                             .authenticate = authenticate,
                             .counter = 42,
                             .application = volume,
                             .application_len = sizeof volume};
    uint8_t telegram[256];
    const uint8_t *bytes;
    char json[8192];
    size_t len;
    wmsdr_meter meter;

    CHECK(wmsdr_seal(sealer, &message, key) == WMSDR_OK);
    CHECK(wmsdr_seal_next(sealer, telegram, sizeof telegram, &len) == WMSDR_OK);
    CHECK(wmsdr_open(opener, telegram, len) == WMSDR_OK);
    CHECK(wmsdr_seal_next(sealer, telegram, sizeof telegram, &len) == WMSDR_END);
    CHECK(strcmp(wmsdr_verdict(opener), verdict) == 0);
    CHECK(wmsdr_readable(opener));
    bytes = wmsdr_application(opener, &len);
    CHECK(len >= sizeof volume && memcmp(bytes + (mode == 5 || mode == 7 ? 2 : 0), volume, sizeof volume) == 0);
    wmsdr_opened_meter(opener, &meter);
    CHECK(strcmp(meter.manufacturer, "KAM") == 0 && strcmp(meter.id, "12345678") == 0 && meter.type == 0x16);
    CHECK(wmsdr_json(opener, json, sizeof json, &len) == WMSDR_OK && strlen(json) == len);
    CHECK(strstr(json, "\"value\":2850.427") && strstr(json, verdict) && json[len - 1] == '}');
    CHECK(wmsdr_json(opener, json, 10, &len) == WMSDR_FULL);
}

int main(void)
{
    wmsdr_keys *keys;
    wmsdr_opener *opener;
    wmsdr_sealer *sealer;

    CHECK(wmsdr_version()[0] == '0');
    CHECK(wmsdr_keys_create(&keys) == WMSDR_OK);
    CHECK(wmsdr_keys_add(keys, "KAM-12345678 = 000102030405060708090A0B0C0D0E0F") == WMSDR_OK);
    CHECK(wmsdr_keys_add(keys, "nonsense") == WMSDR_MALFORMED);
    CHECK(wmsdr_keys_load(keys, "/nowhere", 0, NULL) == WMSDR_IO);
    CHECK(wmsdr_keys_count(keys) == 1);
    CHECK(wmsdr_opener_create(keys, NULL, &opener) == WMSDR_OK);
    CHECK(wmsdr_sealer_create(&sealer) == WMSDR_OK);
    one(sealer, opener, 0, 0, "plain");
    one(sealer, opener, 5, 0, "decrypted");
    one(sealer, opener, 10, 0, "decrypted-and-authenticated");
    one(sealer, opener, 7, 1, "decrypted-and-authenticated");
    one(sealer, opener, 0, 1, "authenticated");
    wmsdr_sealer_destroy(sealer);
    wmsdr_opener_destroy(opener);
    wmsdr_keys_destroy(keys);
    puts("libwmsdr: ok");
    return 0;
}
