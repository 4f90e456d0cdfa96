/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/config.h"

#include "app/commands/commands.h"

#include <string.h>

/* `wmsdr config check FILE`: whether a configuration file would be accepted, without opening radios, outputs or brokers. */

static int check_section(const struct wm_command *command, char *path, bool *any)
{
    char check[] = "--check", config[] = "--config", name[32];
    char *argv[] = {name, check, config, path, NULL};
    char why[WM_CONFIG_WHY];
    bool has = false;

    snprintf(name, sizeof name, "%s", command->name);
    if (wm_config_has(path, command, &has, why) != WM_OK) {
        wm_say("%s", why);
        return WM_EXIT_USAGE;
    }
    *any |= has;
    return has ? command->run(command, 4, argv) : WM_EXIT_OK;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    const struct wm_command *const commands[] = {&wm_command_rx, &wm_command_decode};
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    char *value, *words[2] = {NULL, NULL};
    int option, count = 0, result = WM_EXIT_OK;
    bool any = false;

    while ((option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        if (option == WM_OPTION_HELP) {
            wm_command_help(command, stdout);
            return WM_EXIT_OK;
        }
        if (option != WM_OPTION_OPERAND)
            return wm_command_misused(command, reader.why);
        if (count < 2)
            words[count] = value;
        count++;
    }
    if (count != 2 || strcmp(words[0], "check") != 0)
        return wm_command_misused(command, "write: wmsdr config check FILE");
    for (size_t i = 0; result == WM_EXIT_OK && i < sizeof commands / sizeof commands[0]; i++)
        result = check_section(commands[i], words[1], &any);
    if (result == WM_EXIT_OK && !any) {
        wm_say("%s: there is neither a section [rx] nor [decode] in it", words[1]);
        return WM_EXIT_USAGE;
    }
    if (result == WM_EXIT_OK)
        printf("%s: good\n", words[1]);
    return result;
}

const struct wm_command wm_command_config = {
    .name = "config",
    .summary = "check a configuration file",
    .operands = "check FILE",
    .options = NULL,
    .option_count = 0,
    .notes = "FILE has sections [rx], [decode] and [all], in them NAME = VALUE with the long names of the options.\n"
             "Keys are read; outputs, radios and brokers are not opened.\n",
    .run = run,
};
