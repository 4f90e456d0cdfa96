/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/options/common.h"
#include "app/options/shared.h"
#include "security/keystore.h"

#include <string.h>

/* `wmsdr keys check`: which keys would be used for a meter, in which order, and why. Never shows a key. */

enum { KEYS, KEY, SHARED };

static const struct wm_option options[] = {
    [KEYS] = WM_OPTION_KEYS,
    [KEY] = WM_OPTION_KEY,
    [SHARED] = WM_OPTION_SHARED_KEYS,
};

static void pattern_text(const struct wm_key_pattern *pattern, char *out, size_t cap)
{
    char manufacturer[4] = "*", id[9] = "*", version[3] = "*", type[3] = "*";

    if (pattern->has_manufacturer)
        wm_manufacturer_text(pattern->address.manufacturer, manufacturer);
    if (pattern->has_id)
        snprintf(id, sizeof id, "%08X", (unsigned)pattern->address.id);
    if (pattern->has_id && pattern->id_digits)
        memcpy(id + pattern->id_digits, "*", 2);
    if (pattern->has_version)
        snprintf(version, sizeof version, "%02X", pattern->address.version);
    if (pattern->has_type)
        snprintf(type, sizeof type, "%02X", pattern->address.type);
    snprintf(out, cap, "%s.%s.%s.%s", manufacturer, id, version, type);
}

static bool check_one(const struct wm_keystore *keys, const char *text)
{
    struct wm_key_search search = {.keys = keys};
    struct wm_key_pattern pattern;
    const struct wm_key *key;
    const char *why = wm_key_pattern_text(text, &pattern);
    unsigned count = 0;

    if (why) {
        wm_say("%s: %s", text, why);
        return false;
    }
    search.address = pattern.address;
    printf("%s\n", text);
    while ((key = wm_key_search_next(&search))) {
        char name[64];
        wm_key_search_pattern(&search, &pattern);
        pattern_text(&pattern, name, sizeof name);
        printf("  %u. %s, filed under %s", ++count, key->des ? "DES (modes 2 and 3)" : "AES-128", name);
        if (!pattern.has_id || pattern.id_digits)
            printf(" (%s)", pattern.has_id || pattern.has_manufacturer || pattern.has_version || pattern.has_type
                                ? "a kind of meter"
                                : "the default");
        if (key->has_id)
            printf(", for key id %u", key->id);
        if (key->has_version)
            printf(", for key version %u", key->version);
        putchar('\n');
    }
    if (!count)
        printf("  no key: encrypted telegrams of this meter come out as no-key\n");
    else
        printf("  A telegram that declares encryption but is plain text is no reading for this meter.\n");
    return true;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    struct wm_keystore *keys = NULL;
    int operands = 0, option, result = WM_EXIT_OK;
    bool shared = false;
    char *value;

    if (wm_keystore_create(&keys) != WM_OK)
        return WM_EXIT_FAILED;
    while (result == WM_EXIT_OK && (option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        switch (option) {
        case WM_OPTION_HELP:
            wm_command_help(command, stdout);
            wm_keystore_destroy(keys);
            return WM_EXIT_OK;
        case WM_OPTION_BAD:
            result = wm_command_misused(command, reader.why);
            break;
        case WM_OPTION_OPERAND:
            argv[operands++] = value;
            break;
        case KEYS:
            if (wm_common_keys(keys, value, shared) != WM_OK)
                result = WM_EXIT_FAILED;
            break;
        case KEY:
            if (wm_common_key(keys, value) != WM_OK)
                result = WM_EXIT_USAGE;
            break;
        default:
            shared = true;
            break;
        }
    }
    if (result == WM_EXIT_OK && (operands == 0 || strcmp(argv[0], "check") != 0))
        result = wm_command_misused(command, operands ? "the only thing keys can do is check" : "say what: keys check [METER...]");
    if (result == WM_EXIT_OK)
        printf("%zu key%s\n", wm_keystore_count(keys), wm_keystore_count(keys) == 1 ? "" : "s");
    for (int i = 1; result != WM_EXIT_FAILED && result != WM_EXIT_USAGE && i < operands; i++) {
        if (!check_one(keys, argv[i]))
            result = WM_EXIT_PARTLY;
    }
    wm_keystore_destroy(keys);
    return result;
}

const struct wm_command wm_command_keys = {
    .name = "keys",
    .summary = "check key files, and tell which keys a meter's telegrams would be tried with",
    .operands = "check [METER...]",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes = "METER is an address as in a key file: 12345678, KAM-12345678 or KAM.12345678.1B.16. Keys are never shown.\n",
    .run = run,
};
