/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Those of the command line are instead of those of the file. */
static bool is_output(const char *option)
{
    static const char *const names[] = {"output", "store", "live", "explain"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], option) == 0)
            return true;
    }
    return false;
}

#ifdef WMSDR_INIH
#include <ini.h>

struct reading {
    const struct wm_command *command;
    bool skip_outputs;
    bool found; /* the command's own section */
    char **argv;
    int argc, cap;
    bool no_memory;
    char why[160];
};

static bool is_section(const char *name)
{
    static const char *const names[] = {"all", "rx", "decode"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static const struct wm_option *option_named(const struct wm_command *command, const char *name)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (strcmp(command->options[i].name, name) == 0)
            return &command->options[i];
    }
    return NULL;
}

static int add(struct reading *reading, const char *name, const char *value)
{
    size_t len = strlen(name) + (value ? strlen(value) : 0) + 4;
    char *word = malloc(len);

    if (reading->argc + 2 > reading->cap) {
        int cap = reading->cap ? 2 * reading->cap : 64;
        char **argv = realloc(reading->argv, (size_t)cap * sizeof *argv);

        if (argv) {
            reading->argv = argv;
            reading->cap = cap;
        }
    }
    if (!word || reading->argc + 2 > reading->cap) {
        free(word);
        reading->no_memory = true;
        return 0;
    }
    snprintf(word, len, value ? "--%s=%s" : "--%s", name, value);
    reading->argv[reading->argc++] = word;
    return 1;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    const struct wm_option *option = option_named(reading->command, name);
    bool own = strcmp(section, reading->command->name) == 0;

    if (*reading->why)
        return 0; /* the first fault counts */
    if (!is_section(section)) {
        snprintf(reading->why, sizeof reading->why, "[%.40s] is no section; there are [rx], [decode] and [all]", section);
        return 0;
    }
    reading->found |= own;
    if (!own && strcmp(section, "all") != 0)
        return 1;
    if (!option && !own)
        return 1; /* for another command */
    if (!option || strcmp(name, "config") == 0) {
        snprintf(reading->why, sizeof reading->why, "'%.60s' is no option of %s; see wmsdr %s --help", name, reading->command->name,
                 reading->command->name);
        return 0;
    }
    if (reading->skip_outputs && is_output(name))
        return 1;
    if (option->value)
        return add(reading, name, value);
    if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
        return *value == 'n' ? 1 : add(reading, name, NULL);
    snprintf(reading->why, sizeof reading->why, "%.60s: yes or no", name);
    return 0;
}

static void free_words(char **argv, int argc)
{
    for (int i = 0; i < argc; i++) {
        explicit_bzero(argv[i], strlen(argv[i])); /* it may be a key */
        free(argv[i]);
    }
    free(argv);
}

static enum wm_status read_file(const char *path, struct reading *reading, char why[WM_CONFIG_WHY])
{
    FILE *file = fopen(path, "re");
    int line;

    if (!file) {
        snprintf(why, WM_CONFIG_WHY, "%.200s: %s", path, strerror(errno));
        return WM_IO;
    }
    line = ini_parse_file(file, take, reading);
    fclose(file);
    if (line == 0)
        return WM_OK;
    snprintf(why, WM_CONFIG_WHY, "%.200s, line %d: %s", path, line,
             reading->no_memory ? "no memory"
             : *reading->why    ? reading->why
                                : "NAME = VALUE is expected, behind a [section], in at most 198 characters");
    free_words(reading->argv, reading->argc);
    reading->argv = NULL;
    reading->argc = 0;
    return WM_INVALID;
}
#else
struct reading {
    const struct wm_command *command;
    bool skip_outputs, found;
    char **argv;
    int argc;
};

static enum wm_status read_file(const char *path, struct reading *reading, char why[WM_CONFIG_WHY])
{
    (void)reading;
    snprintf(why, WM_CONFIG_WHY, "%.200s: configuration files are not built in: install libinih-dev and build again", path);
    return WM_UNSUPPORTED;
}

static void free_words(char **argv, int argc)
{
    (void)argv;
    (void)argc;
}
#endif

/* What the command line says about it. */
static void look(const struct wm_command *command, int argc, char **argv, char **path, bool *outputs)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    char *value;
    int option;

    *path = NULL;
    *outputs = false;
    while ((option = wm_option_next(&reader, &value)) >= 0 || option == WM_OPTION_OPERAND) {
        const char *name = option >= 0 ? command->options[option].name : "";

        if (strcmp(name, "config") == 0)
            *path = value;
        *outputs |= is_output(name);
    }
}

enum wm_status wm_config_merge(const struct wm_command *command, int argc, char **argv, struct wm_config_args *args,
                               char why[WM_CONFIG_WHY])
{
    struct reading reading = {.command = command};
    enum wm_status status = WM_OK;

    memset(args, 0, sizeof *args);
    look(command, argc, argv, &args->path, &reading.skip_outputs);
    if (args->path)
        status = read_file(args->path, &reading, why);
    if (status != WM_OK)
        return status;
    args->argv = calloc((size_t)(reading.argc + argc + 1), sizeof *args->argv);
    if (!args->argv) {
        free_words(reading.argv, reading.argc);
        snprintf(why, WM_CONFIG_WHY, "no memory");
        return WM_NO_MEMORY;
    }
    args->argv[args->argc++] = argv[0];
    if (argc > 1 && strcmp(argv[1], "--check") == 0) { /* is to be known before the file's options */
        args->argv[args->argc++] = argv[1];
        argv++;
        argc--;
    }
    for (int i = 0; i < reading.argc; i++)
        args->argv[args->argc++] = reading.argv[i];
    for (int i = 1; i < argc; i++)
        args->argv[args->argc++] = argv[i];
    /* a command may reorder argv: the words that are ours are remembered apart */
    args->words = reading.argv;
    args->owned = reading.argc;
    return WM_OK;
}

void wm_config_free(struct wm_config_args *args)
{
    free_words(args->words, args->owned);
    free(args->argv);
    memset(args, 0, sizeof *args);
}

enum wm_status wm_config_has(const char *path, const struct wm_command *command, bool *has, char why[WM_CONFIG_WHY])
{
    struct reading reading = {.command = command};
    enum wm_status status = read_file(path, &reading, why);

    *has = reading.found;
    free_words(reading.argv, reading.argc);
    return status;
}
