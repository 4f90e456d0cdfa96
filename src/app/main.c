/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/input/lines.h"
#include "app/options/manual.h"
#include "security/crypto.h"

#include <stdlib.h>
#include <string.h>

/* `wmsdr COMMAND`: the table of what there is. */
static const struct wm_command *const commands[] = {
    &wm_command_rx,   &wm_command_devices, &wm_command_record, &wm_command_doctor, &wm_command_decode,
    &wm_command_keys, &wm_command_query,   &wm_command_config, &wm_command_synth,  &wm_command_bench,
};

static void help(FILE *to)
{
    fputs("wmsdr: software radio for smart meters (wireless M-Bus, EN 13757-4)\n\nUsage: wmsdr COMMAND [OPTION...]\n\n", to);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'wmsdr COMMAND --help' explains a command; 'wmsdr --version' tells the version.\n"
          "'wmsdr --man' and 'wmsdr --bash-completion' print a man page and a completion for bash.\n",
          to);
}

int main(int argc, char **argv)
{
    /* UHD, a driver that SoapySDR loads, greets on standard error unless it is told not to; here, as there are no threads yet. */
    (void)setenv("UHD_LOG_CONSOLE_LEVEL", "warning", 0);
    /* Before anything uses OpenSSL: its contexts hold key schedules, which do not belong in a core dump. */
    if (wm_crypto_keep_out_of_dumps() != WM_OK)
        wm_say("OpenSSL's memory cannot be kept out of core dumps");
    wm_lines_keep_out_of_dumps();
    if (argc < 2) {
        help(stderr);
        return WM_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return WM_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("wmsdr " WMSDR_VERSION);
        return WM_EXIT_OK;
    }
    if (strcmp(argv[1], "--man") == 0) {
        wm_manual_man(commands, sizeof commands / sizeof commands[0], WMSDR_VERSION, stdout);
        return WM_EXIT_OK;
    }
    if (strcmp(argv[1], "--bash-completion") == 0) {
        wm_manual_bash(commands, sizeof commands / sizeof commands[0], stdout);
        return WM_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(commands[i], argc - 1, argv + 1);
    }
    wm_say("%.80s is no command", argv[1]);
    help(stderr);
    return WM_EXIT_USAGE;
}
