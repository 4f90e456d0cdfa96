/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/manual.h"

#include <string.h>

/* Text for groff: what it would take for its own is escaped, a line's first dot and quote too. */
static void escaped(const char *text, FILE *to)
{
    bool begins = true;

    for (const char *t = text; *t; t++) {
        if (begins && (*t == '.' || *t == '\''))
            fputs("\\&", to);
        begins = *t == '\n';
        if (*t == '-')
            fputs("\\-", to);
        else if (*t == '\\')
            fputs("\\e", to);
        else
            fputc(*t, to);
    }
}

static void option_man(const struct wm_option *option, FILE *to)
{
    fputs(".TP\n", to);
    if (option->letter)
        fprintf(to, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", to);
    escaped(option->name, to);
    fputs("\\fR", to);
    if (option->value) {
        fputs(" \\fI", to);
        escaped(option->value, to);
        fputs("\\fR", to);
    }
    fputc('\n', to);
    escaped(option->help, to);
    fputc('\n', to);
}

void wm_manual_man(const struct wm_command *const *commands, size_t count, const char *version, FILE *to)
{
    fprintf(to,
            ".TH WMSDR 1 \"\" \"wmsdr %s\" \"User Commands\"\n.SH NAME\nwmsdr \\- software radio for smart meters (wireless "
            "M\\-Bus, EN "
            "13757\\-4)\n.SH SYNOPSIS\n.B wmsdr\n.I COMMAND\n[\\fIOPTION\\fR...]\n.SH DESCRIPTION\nReceives wireless M\\-Bus "
            "telegrams from a radio "
            "or from recordings, opens them with their keys, and writes the readings.\n.SH COMMANDS\n",
            version);
    for (size_t c = 0; c < count; c++) {
        const struct wm_command *command = commands[c];

        fprintf(to, ".SS wmsdr %s ", command->name);
        escaped(command->operands, to);
        fputc('\n', to);
        escaped(command->summary, to);
        fputs(".\n", to);
        for (size_t i = 0; i < command->option_count; i++)
            option_man(&command->options[i], to);
        option_man(&(struct wm_option){'h', "help", NULL, "explains the command"}, to);
        fputs(".PP\n", to);
        escaped(command->notes, to);
    }
    fputs(".SH EXIT STATUS\n0 done; 1 nothing could be done, or an output could not be written; 2 wrong usage; 3 done in part.\n",
          to);
}

void wm_manual_bash(const struct wm_command *const *commands, size_t count, FILE *to)
{
    fputs("# bash completion for wmsdr; generated from its option tables\n_wmsdr()\n{\n    local words=\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]}\n    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"",
          to);
    for (size_t c = 0; c < count; c++)
        fprintf(to, "%s ", commands[c]->name);
    fputs("--help --version\"\n    elif [[ $cur == -* ]]; then\n        case ${COMP_WORDS[1]} in\n", to);
    for (size_t c = 0; c < count; c++) {
        fprintf(to, "        %s) words=\"", commands[c]->name);
        for (size_t i = 0; i < commands[c]->option_count; i++)
            fprintf(to, "--%s ", commands[c]->options[i].name);
        fputs("--help\" ;;\n", to);
    }
    fputs("        esac\n    else\n        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n        return\n    fi\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\ncomplete -o filenames -F _wmsdr wmsdr\n",
          to);
}
