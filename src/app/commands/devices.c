/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/rx/radios.h"

#include <string.h>

/* `wmsdr devices`: which kinds of sources there are, and which radios are attached. */

struct listing {
    unsigned count;
    bool chosen;
};

static void show(void *user, const struct wm_radio_found *found)
{
    struct listing *listing = user;
    const bool first = !listing->chosen && !found->trouble[0];
    char device[WM_RADIO_ADDRESS + 32];

    snprintf(device, sizeof device, "%s%s%s", found->driver->name, found->address[0] ? ":" : "", found->address);
    listing->chosen |= first;
    listing->count++;
    printf("  %-34s %s%s%s%s\n", device, found->label, found->serial[0] ? ", serial " : "", found->serial,
           first ? "  <- taken without -d" : "");
    if (found->trouble[0])
        printf("    cannot be used: %s\n", found->trouble);
}

static void sources(void)
{
    static const char *const fixed[][3] = {
        {"-r FILE", "raw IQ or SigMF recording", "built in"},
        {"-r -", "samples through a pipe", "built in"},
    };
    const struct wm_radio_driver *driver;

    puts("Sources");
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        printf("  %-24s %s; %s\n", fixed[i][0], fixed[i][1], fixed[i][2]);
    for (size_t i = 0; (driver = wm_radio_driver_at(i)); i++) {
        char name[64];

        snprintf(name, sizeof name, "-d %s%s%s", driver->name, driver->address[0] == '[' ? "" : ":", driver->address);
        if (driver->address[0] == '[')
            snprintf(name, sizeof name, "-d %s[:%s", driver->name, driver->address + 1);
        printf("  %-24s %s; %s\n", name, driver->summary, driver->open ? "built in" : driver->options);
    }
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    struct listing listing = {0};
    char *value;
    int option = wm_option_next(&reader, &value);

    if (option == WM_OPTION_HELP) {
        wm_command_help(command, stdout);
        return WM_EXIT_OK;
    }
    if (option != WM_OPTION_END)
        return wm_command_misused(command, option == WM_OPTION_BAD ? reader.why : "devices takes no operands");
    sources();
    puts("\nAttached radios");
    fflush(stdout);
    wm_radios_list(show, &listing);
    if (!listing.count)
        puts("  none");
    return WM_EXIT_OK;
}

const struct wm_command wm_command_devices = {
    .name = "devices",
    .summary = "list the kinds of sources and the radios that are attached",
    .operands = "",
    .options = NULL,
    .option_count = 0,
    .notes = "A radio is taken with wmsdr rx -d, by the name in the first column.\n",
    .run = run,
};
