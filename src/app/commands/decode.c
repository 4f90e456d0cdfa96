/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/mqtt/source.h"
#include "app/options/common.h"
#include "app/options/config.h"
#include "app/options/shared.h"
#include "app/process/signals.h"
#include "security/secret_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES 262144 /* longer than any line that is understood */

enum { FROM, EXPLAIN, DATE, DAMAGED, SHARED };

static const struct wm_option options[] = {
    [FROM] = {0, "from", "URL",
              "mqtt://HOST[/TOPIC][?group=NAME]: lines from a broker, by default those of what=telegrams;\n"
              "several that run share them. mqtts:// and the options of the output mqtt too"},
    [EXPLAIN] = {0, "explain", NULL, "walk each telegram layer by layer, byte by byte; as -F explain"},
    [DATE] = {0, "date", "DAY", "the day of sending, which security mode 3 takes into its IV: 2024-05-01"},
    [DAMAGED] = {0, "damaged", NULL, "also decode lines whose receiver says that a CRC failed"},
    WM_SHARED_ROWS(SHARED),
};

struct decode {
    struct wm_shared shared;
    struct wm_pipeline *pipeline;
    struct wm_line_reader lines;
    const char *from;
    bool help;
    char **operands;
    int operand_count;
    uint64_t refused;      /* lines not understood, damaged or cut off */
    enum wm_status failed; /* an output */
};

static bool ended(const struct decode *decode)
{
    return wm_signals_interrupted() || wm_pipeline_satisfied(decode->pipeline);
}

static void take_line(struct decode *decode, const char *text, size_t len)
{
    struct wm_line line;
    enum wm_status status = wm_line_parse(&decode->lines, text, len, &line);
    bool show = status == WM_OK || (status == WM_TOO_SHORT && line.frame.len);

    if (show)
        decode->failed = wm_pipeline_push(decode->pipeline, &line.frame, &line);
    explicit_bzero(&line.key, sizeof line.key);
    if (status == WM_NOT_MINE)
        return;
    decode->refused += status != WM_OK;
    if (status != WM_OK || decode->lines.why[0])
        wm_say("%s %lu: %s", decode->operand_count ? "operand" : "line", line.number, decode->lines.why);
    else if (line.trailing.len)
        wm_say("%s %lu: %zu byte%s behind the telegram %s not part of it", decode->operand_count ? "operand" : "line", line.number,
               line.trailing.len, line.trailing.len == 1 ? "" : "s", line.trailing.len == 1 ? "is" : "are");
}

/* Standard input line by line, in bounded memory: of a line longer than the buffer only its beginning is kept, which is enough to
 * say that it is too long. Outputs are flushed before each read, which may block. */
static enum wm_status take_stdin(struct decode *decode)
{
    char *buffer = wm_secret_alloc(READ_BYTES); /* lines may have keys */
    size_t len = 0;
    bool too_long = false;
    bool end = false;

    if (!buffer)
        return WM_NO_MEMORY;
    while (!end && decode->failed == WM_OK && !ended(decode)) {
        ssize_t n;
        char *start = buffer;
        char *newline;

        decode->failed = wm_outputs_flush(decode->shared.outputs);
        n = read(STDIN_FILENO, buffer + len, READ_BYTES - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            wm_secret_free(buffer, READ_BYTES);
            return WM_IO;
        }
        end = n == 0;
        len += (size_t)n;
        while (decode->failed == WM_OK && (newline = memchr(start, '\n', len))) {
            if (!too_long)
                take_line(decode, start, (size_t)(newline - start));
            too_long = false;
            len -= (size_t)(newline + 1 - start);
            start = newline + 1;
        }
        memmove(buffer, start, len);
        if (len == READ_BYTES) {
            if (!too_long)
                take_line(decode, buffer, len);
            too_long = true;
            len = 0;
        }
    }
    if (len && !too_long && decode->failed == WM_OK && !ended(decode))
        take_line(decode, buffer, len);
    wm_secret_free(buffer, READ_BYTES);
    return WM_OK;
}

static void take_message(void *user, const char *text, size_t len)
{
    struct decode *decode = user;

    if (decode->failed == WM_OK)
        take_line(decode, text, len);
}

/* Lines from a broker, until a signal ends it. */
static enum wm_status take_mqtt(struct decode *decode)
{
    struct wm_mqtt_source_config config = {
        .url = decode->from, .log = wm_common_log(WM_LOG_WARNING), .take = take_message, .user = decode};
    struct wm_mqtt_source *source = NULL;
    char why[WM_OUTPUT_WHY] = "";
    enum wm_status status = wm_mqtt_source_open(&config, &source, why);

    if (status != WM_OK) {
        wm_say("%s%s", strncmp(why, "-F ", 3) == 0 ? "--from " : "", strncmp(why, "-F ", 3) == 0 ? why + 3 : why);
        return status;
    }
    while (decode->failed == WM_OK && !ended(decode)) {
        wm_mqtt_source_work(source, 200);
        decode->failed = wm_outputs_flush(decode->shared.outputs);
    }
    wm_mqtt_source_close(source);
    return WM_OK;
}

static int decode_all(struct decode *decode)
{
    enum wm_status status = WM_OK;
    char text[256];

    if (wm_shared_pipeline(&decode->shared, 0, &decode->pipeline) != WM_OK)
        return WM_EXIT_FAILED;
    if (decode->shared.filter.for_s > 0)
        wm_signals_interrupt_after(decode->shared.filter.for_s);
    if (decode->from && take_mqtt(decode) != WM_OK)
        return WM_EXIT_FAILED;
    if (!decode->operand_count && !decode->from)
        status = take_stdin(decode);
    for (int i = 0; status == WM_OK && decode->failed == WM_OK && i < decode->operand_count; i++)
        take_line(decode, decode->operands[i], strlen(decode->operands[i]));
    if (status != WM_OK) {
        wm_say("standard input: %s", status == WM_IO ? strerror(errno) : wm_status_text(status));
        return WM_EXIT_FAILED;
    }
    if (decode->failed == WM_OK)
        decode->failed = wm_outputs_drain(decode->shared.outputs);
    if (decode->failed != WM_OK) {
        if (decode->failed != WM_IO || wm_pipeline_why(decode->pipeline)) /* of outputs their end tells */
            wm_say("%s", decode->failed == WM_IO ? wm_pipeline_why(decode->pipeline) : wm_status_text(decode->failed));
        return WM_EXIT_FAILED;
    }
    wm_pipeline_summary(decode->pipeline, text, sizeof text);
    if (!decode->shared.quiet && !decode->operand_count)
        wm_say("%lu lines, %s%s", decode->lines.number, text, decode->refused ? "; some lines were refused, see above" : "");
    if (wm_pipeline_stats(decode->pipeline)->telegrams == 0 && !decode->from) {
        if (!decode->refused)
            wm_say("no telegram was given; 'wmsdr decode --help' lists the forms");
        return WM_EXIT_FAILED;
    }
    return decode->refused ? WM_EXIT_PARTLY : WM_EXIT_OK;
}

/* As a date of type G (EN 13757-3), which has years from 1981 to 2080. */
static bool parse_date(struct decode *decode, const char *text)
{
    struct tm day = {0};
    const char *end = strptime(text, "%Y-%m-%d", &day);
    unsigned year = (unsigned)(day.tm_year + 1900) % 100;

    if (!end || *end || day.tm_year < 81 || day.tm_year > 180)
        return false;
    decode->shared.opener.has_date = true;
    decode->shared.opener.date =
        (uint16_t)((unsigned)day.tm_mday | (year & 7) << 5 | (unsigned)(day.tm_mon + 1) << 8 | (year >> 3) << 12);
    return true;
}

static int parse(struct decode *decode, const struct wm_command *command, int argc, char **argv)
{
    struct wm_option_reader reader = {.command = command, .argc = argc, .argv = argv};
    enum wm_status status;
    char *value;
    int option, result;

    while ((option = wm_option_next(&reader, &value)) != WM_OPTION_END) {
        switch (option) {
        case WM_OPTION_HELP:
            wm_command_help(command, stdout);
            decode->help = true;
            return WM_EXIT_OK;
        case WM_OPTION_BAD:
            return wm_command_misused(command, reader.why);
        case WM_OPTION_OPERAND:
            /* operands are gathered at the beginning of argv, which the reader has passed */
            decode->operands = argv;
            argv[decode->operand_count++] = value;
            break;
        case FROM:
            decode->from = value;
            break;
        case EXPLAIN:
            status = wm_common_output(decode->shared.outputs, "explain");
            if (status != WM_OK)
                return status == WM_IO ? WM_EXIT_FAILED : WM_EXIT_USAGE;
            break;
        case DATE:
            if (!parse_date(decode, value))
                return wm_command_misused(command, "--date: not a day; write 2024-05-01");
            break;
        case DAMAGED:
            decode->lines.accept_damaged = true;
            break;
        default:
            result = wm_shared_set(&decode->shared, (enum wm_shared_option)(option - SHARED), value);
            if (result != WM_EXIT_OK)
                return result;
            break;
        }
    }
    return WM_EXIT_OK;
}

static int run(const struct wm_command *command, int argc, char **argv)
{
    struct decode *decode = calloc(1, sizeof *decode);
    struct wm_config_args args;
    char why[WM_CONFIG_WHY];
    int result = WM_EXIT_FAILED;

    if (!decode)
        return WM_EXIT_FAILED;
    if (wm_config_merge(command, argc, argv, &args, why) != WM_OK) {
        wm_say("%s", why);
        free(decode);
        return WM_EXIT_USAGE;
    }
    if (wm_shared_create(&decode->shared) == WM_OK)
        result = parse(decode, command, args.argc, args.argv);
    if (result == WM_EXIT_OK && !decode->help && !decode->shared.check) {
        wm_signals_catch();
        result = wm_common_default_output(decode->shared.outputs) == WM_OK ? decode_all(decode) : WM_EXIT_FAILED;
        if (wm_common_close_outputs(decode->shared.outputs) != WM_OK)
            result = WM_EXIT_FAILED;
    }
    wm_pipeline_destroy(decode->pipeline);
    wm_shared_destroy(&decode->shared);
    wm_config_free(&args);
    free(decode);
    return result;
}

const struct wm_command wm_command_decode = {
    .name = "decode",
    .summary = "decode telegrams given as hex, as operands or one a line on standard input",
    .operands = "[TELEGRAM...]",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes = "Forms of lines: hex with or without the CRCs of format A or B; rtl_wmbus; rtl_433 (CSV, JSON);\n"
             "culfw (b..., bY...); iM871A, iU891A and Amber messages in hex; {\"telegram\": HEX, \"key\": HEX} (the key\n"
             "is used for this telegram only); wmbusmeters' telegram=|...|; wmsdr's own json. # begins a comment.\n",
    .more_help = wm_outputs_help,
    .run = run,
};
