/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/options/options.h"

#include <stdarg.h>
#include <string.h>

static int bad(struct wm_option_reader *reader, const char *format, const char *what, int what_len)
{
    char text[128];

    snprintf(text, sizeof text, "%.*s", what_len < 100 ? what_len : 100, what);
    snprintf(reader->why, sizeof reader->why, "%s %s", text, format);
    return WM_OPTION_BAD;
}

static int with_value(struct wm_option_reader *reader, int option, char *inline_value, const char *written, int written_len,
                      char **value)
{
    if (!reader->command->options[option].value) {
        if (inline_value)
            return bad(reader, "takes no value", written, written_len);
        return option;
    }
    if (inline_value) {
        *value = inline_value;
    } else {
        if (reader->next >= reader->argc)
            return bad(reader, "needs a value", written, written_len);
        *value = reader->argv[reader->next++];
    }
    return option;
}

static int find(const struct wm_command *command, char letter, const char *name, size_t len)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const struct wm_option *option = &command->options[i];

        if (name ? strlen(option->name) == len && memcmp(option->name, name, len) == 0 : option->letter == letter)
            return (int)i;
    }
    return -1;
}

int wm_option_next(struct wm_option_reader *reader, char **value)
{
    char *word;
    size_t len;
    int option;

    *value = NULL;
    if (reader->next == 0)
        reader->next = 1;
    if (reader->next >= reader->argc)
        return WM_OPTION_END;
    word = reader->argv[reader->next++];
    if (!reader->only_operands && strcmp(word, "--") == 0) {
        reader->only_operands = true;
        return wm_option_next(reader, value);
    }
    if (reader->only_operands || word[0] != '-' || word[1] == '\0') {
        *value = word;
        return WM_OPTION_OPERAND;
    }
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return WM_OPTION_HELP;
    if (word[1] == '-') {
        len = strcspn(word + 2, "=");
        option = find(reader->command, 0, word + 2, len);
        if (option < 0)
            return bad(reader, "is no option of this command", word, (int)len + 2);
        return with_value(reader, option, word[2 + len] ? word + 3 + len : NULL, word, (int)len + 2, value);
    }
    option = find(reader->command, word[1], NULL, 0);
    if (option < 0)
        return bad(reader, "is no option of this command", word, 2);
    return with_value(reader, option, word[2] ? word + 2 : NULL, word, 2, value);
}

static void option_help(const struct wm_option *option, FILE *to)
{
    const char *line = option->help;
    char left[48];
    int n = 0;

    if (option->letter)
        n = snprintf(left, sizeof left, "-%c, ", option->letter);
    n += snprintf(left + n, sizeof left - (size_t)n, "--%s", option->name);
    if (option->value && (size_t)n < sizeof left)
        snprintf(left + n, sizeof left - (size_t)n, " %s", option->value);
    for (const char *label = left; *line; label = "") {
        size_t len = strcspn(line, "\n");

        fprintf(to, "  %-28s %.*s\n", label, (int)len, line);
        line += len + (line[len] == '\n');
    }
}

void wm_command_help(const struct wm_command *command, FILE *to)
{
    fprintf(to, "wmsdr %s: %s\n\nUsage: wmsdr %s [OPTION...] %s\n\n", command->name, command->summary, command->name,
            command->operands);
    for (size_t i = 0; i < command->option_count; i++)
        option_help(&command->options[i], to);
    option_help(&(struct wm_option){'h', "help", NULL, "this text"}, to);
    if (command->more_help) {
        fputc('\n', to);
        command->more_help(to);
    }
    fprintf(to,
            "\n%s%sExit status: 0 done; 1 nothing could be done, or an output could not be written; 2 wrong usage;\n"
            "3 done in part (what could be read is printed).\n",
            command->notes, *command->notes ? "\n" : "");
}

int wm_command_misused(const struct wm_command *command, const char *why)
{
    wm_say("%s", why);
    fprintf(stderr, "Try 'wmsdr %s --help'.\n", command->name);
    return WM_EXIT_USAGE;
}

void wm_say(const char *format, ...)
{
    va_list args;

    fputs("wmsdr: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}
