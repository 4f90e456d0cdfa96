/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/out/output.h"

#include "app/out/target.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct output {
    struct wm_target target;
    struct wm_output_port port;
    struct wm_queue *queue;
    void *state;
    pthread_t thread;
    bool started, closed, told;
    _Atomic bool failed; /* port.why is set, and does not change any more */
    _Atomic uint64_t taken;
};

struct wm_outputs {
    struct output *out[WM_OUTPUTS_MAX];
    size_t count;
    struct wm_log log;
    bool hasty, reopened, dry;
    struct wm_outputs *inherited; /* borrowed; NULL: nothing */
    bool has_fields;
    struct wm_fields fields;
    char why[512];
};

enum wm_status wm_outputs_create(struct wm_outputs **outputs)
{
    *outputs = calloc(1, sizeof **outputs);
    return *outputs ? WM_OK : WM_NO_MEMORY;
}

void wm_outputs_destroy(struct wm_outputs *outputs)
{
    enum wm_status ignored;

    if (!outputs)
        return;
    ignored = wm_outputs_close(outputs); /* who cares has called it */
    (void)ignored;
    for (size_t i = 0; i < outputs->count; i++) {
        wm_queue_destroy(outputs->out[i]->queue);
        free(outputs->out[i]);
    }
    free(outputs);
}

void wm_outputs_log(struct wm_outputs *outputs, const struct wm_log *log)
{
    outputs->log = *log;
}

void wm_outputs_patient(struct wm_outputs *outputs, bool patient)
{
    outputs->hasty = !patient;
}

void wm_outputs_dry(struct wm_outputs *outputs)
{
    outputs->dry = true;
}

void wm_outputs_reopened(struct wm_outputs *outputs)
{
    outputs->reopened = true;
}

static void use_fields(const struct wm_outputs *outputs, struct output *out)
{
    if (outputs->has_fields && !out->target.has_fields && out->target.format && out->target.format->write_fields)
        out->port.use.fields = &outputs->fields;
}

enum wm_status wm_outputs_fields(struct wm_outputs *outputs, const char *list)
{
    const char *why;

    if (wm_fields_parse(list, &outputs->fields, &why) != WM_OK) {
        snprintf(outputs->why, sizeof outputs->why, "--fields: %s", why);
        return WM_INVALID;
    }
    outputs->has_fields = true;
    for (size_t i = 0; i < outputs->count; i++)
        use_fields(outputs, outputs->out[i]);
    return WM_OK;
}

size_t wm_outputs_count(const struct wm_outputs *outputs)
{
    return outputs->count;
}

static bool has_stdout(const struct wm_target *target)
{
    return target->transport == &wm_transport_live || (target->transport == &wm_transport_file && strcmp(target->place, "-") == 0);
}

static bool is_stdout(const struct output *out)
{
    return has_stdout(&out->target);
}

bool wm_outputs_own_terminal(const struct wm_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        if (outputs->out[i]->target.transport == &wm_transport_live)
            return true;
    }
    return false;
}

const char *wm_outputs_why(const struct wm_outputs *outputs)
{
    return outputs->why;
}

/* Two writers on one file would mix their lines. */
static bool taken_already(const struct wm_outputs *outputs, const struct wm_target *target)
{
    for (size_t i = 0; i < outputs->count; i++) {
        if (is_stdout(outputs->out[i]) && has_stdout(target))
            return true;
        if (outputs->out[i]->target.transport == target->transport && target->transport->exclusive &&
            strcmp(outputs->out[i]->target.place, target->place) == 0)
            return true;
    }
    return false;
}

/* Takes the first out that fits: lasts, and is what `said` says (NULL: whatever it is); NULL: there is none. */
static struct output *take_out(struct wm_outputs *outputs, const char *said)
{
    for (size_t i = 0; outputs && i < outputs->count; i++) {
        struct output *out = outputs->out[i];

        if (!out->target.transport->lasting || (said && strcmp(out->target.said, said) != 0))
            continue;
        outputs->count--;
        memmove(&outputs->out[i], &outputs->out[i + 1], (outputs->count - i) * sizeof outputs->out[0]);
        return out;
    }
    return NULL;
}

enum wm_status wm_outputs_lasting(struct wm_outputs *outputs, struct wm_outputs **lasting)
{
    enum wm_status status = wm_outputs_create(lasting);
    struct output *out;

    while (status == WM_OK && (out = take_out(outputs, NULL)))
        (*lasting)->out[(*lasting)->count++] = out;
    return status;
}

void wm_outputs_inherit(struct wm_outputs *outputs, struct wm_outputs *lasting)
{
    outputs->inherited = lasting;
}

static enum wm_status open_output(struct wm_outputs *outputs, struct output *out)
{
    const struct wm_transport *transport = out->target.transport;
    enum wm_status status;

    out->port = (struct wm_output_port){
        .target = &out->target,
        .use = {out->target.format, out->target.has_fields ? &out->target.fields : NULL, out->target.what},
        .outputs = outputs,
        .log = outputs->log,
        .reopened = outputs->reopened,
    };
    status = wm_queue_create(out->target.queue_bytes, &out->queue);
    if (status == WM_OK && !outputs->dry)
        status = transport->open(&out->port, &out->state);
    if (status != WM_OK)
        snprintf(outputs->why, sizeof outputs->why, "%s", *out->port.why ? out->port.why : wm_status_text(status));
    return status;
}

enum wm_status wm_outputs_add(struct wm_outputs *outputs, const char *spec)
{
    struct output *out, *inherited;
    enum wm_status status;
    char why[WM_OUTPUT_WHY] = "";

    if (outputs->count == WM_OUTPUTS_MAX) {
        snprintf(outputs->why, sizeof outputs->why, "more than %d outputs", WM_OUTPUTS_MAX);
        return WM_FULL;
    }
    out = calloc(1, sizeof *out);
    if (!out) {
        snprintf(outputs->why, sizeof outputs->why, "%s", wm_status_text(WM_NO_MEMORY));
        return WM_NO_MEMORY;
    }
    status = wm_target_parse(spec, &out->target, why);
    if (status == WM_OK && taken_already(outputs, &out->target)) {
        if (out->target.transport == &wm_transport_live || (is_stdout(out) && wm_outputs_own_terminal(outputs)))
            snprintf(why, sizeof why, "the live table has standard output for itself; give the other output a file: -F json:FILE");
        else
            snprintf(why, sizeof why, "two outputs on %s would mix; give each its own file: -F %s:FILE",
                     is_stdout(out) ? "standard output" : out->target.place,
                     out->target.format ? out->target.format->name : out->target.transport->name);
        status = WM_INVALID;
    }
    inherited = status == WM_OK ? take_out(outputs->inherited, spec) : NULL;
    if (inherited) {
        free(out);
        out = inherited;
        out->port.outputs = outputs;
    } else if (status == WM_OK) {
        status = open_output(outputs, out);
    } else {
        snprintf(outputs->why, sizeof outputs->why, "%s", why);
    }
    if (status != WM_OK) {
        wm_queue_destroy(out->queue);
        free(out);
        return status;
    }
    use_fields(outputs, out);
    outputs->out[outputs->count++] = out;
    return WM_OK;
}

static void *run(void *argument)
{
    struct output *out = argument;
    const struct wm_transport *transport = out->target.transport;
    struct wm_batch batch;
    enum wm_status status = WM_OK;

    while (status == WM_OK && wm_queue_take(out->queue, transport->idle_ms, &batch)) {
        if (batch.pos != batch.end)
            status = transport->write(out->state, batch);
        if (status == WM_OK && transport->idle)
            status = transport->idle(out->state);
    }
    if (status != WM_OK) {
        atomic_store(&out->failed, true);
        wm_queue_abandon(out->queue);
    }
    if (transport->close(out->state) != WM_OK)
        atomic_store(&out->failed, true);
    return NULL;
}

/* The threads begin with the first write: until then fields may be set, and a command that ends before it has none. Signals are
 * the main thread's business. */
static enum wm_status start(struct output *out)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
    sigset_t all, before;
    int error;

    sigfillset(&all);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        sigdelset(&all, crashes[i]); /* a blocked one would end the process without its handlers */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&out->thread, NULL, run, out);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        snprintf(out->port.why, sizeof out->port.why, "no thread for %.100s: %s", out->target.said, strerror(error));
        atomic_store(&out->failed, true);
        wm_queue_abandon(out->queue);
    }
    out->started = true;
    return error ? WM_IO : WM_OK;
}

static void start_all(struct wm_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        if (!outputs->out[i]->started && start(outputs->out[i]) != WM_OK)
            outputs->out[i]->closed = true; /* there is nothing to join; the state is left to the process's end */
    }
}

/* Notes failures; WM_IO when there was one (any), or when none works any more. Standard output is what its reader waits for: with
 * it gone (head has enough) the run is over. */
static enum wm_status look(struct wm_outputs *outputs, bool any)
{
    size_t working = 0;
    bool failed = false, over = false;

    for (size_t i = 0; i < outputs->count; i++) {
        struct output *out = outputs->out[i];

        if (!atomic_load(&out->failed)) {
            working++;
            continue;
        }
        failed = true;
        over |= is_stdout(out);
        snprintf(outputs->why, sizeof outputs->why, "%s", out->port.why);
        if (!out->told && outputs->count > 1)
            wm_logf(&outputs->log, WM_LOG_ERROR, "%s", out->port.why);
        out->told = true;
    }
    errno = EIO;
    return failed && (any || over || !working) ? WM_IO : WM_OK;
}

void wm_compose_plain(const struct wm_format_use *use, struct wm_sink *sink, const struct wm_reading *reading)
{
    size_t begin = wm_item_begin(sink, 0);
    size_t before = sink->len;

    wm_item_key_ends(sink, begin);
    wm_format_write(use, sink, reading);
    if (sink->len == before && !sink->error)
        sink->len = begin;
    else
        wm_item_end(sink, begin);
}

enum wm_status wm_outputs_write(struct wm_outputs *outputs, const struct wm_reading *reading)
{
    start_all(outputs);
    for (size_t i = 0; i < outputs->count; i++) {
        struct output *out = outputs->out[i];
        struct wm_sink *sink = wm_queue_begin(out->queue, !outputs->hasty);

        atomic_fetch_add(&out->taken, 1);
        if (!sink)
            continue;
        if (out->target.transport->compose)
            out->target.transport->compose(out->state, sink, reading);
        else
            wm_compose_plain(&out->port.use, sink, reading);
        wm_queue_end(out->queue);
    }
    return look(outputs, false);
}

bool wm_outputs_listen(const struct wm_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        if (outputs->out[i]->target.transport->tell)
            return true;
    }
    return false;
}

void wm_outputs_tell(struct wm_outputs *outputs, const struct wm_air *air)
{
    start_all(outputs);
    for (size_t i = 0; i < outputs->count; i++) {
        struct output *out = outputs->out[i];

        if (out->target.transport->tell && !out->closed && !atomic_load(&out->failed))
            out->target.transport->tell(out->state, air);
    }
}

enum wm_status wm_outputs_flush(struct wm_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++)
        wm_queue_kick(outputs->out[i]->queue);
    return look(outputs, false);
}

enum wm_status wm_outputs_drain(struct wm_outputs *outputs)
{
    start_all(outputs);
    for (size_t i = 0; i < outputs->count; i++) {
        if (outputs->out[i]->target.transport == &wm_transport_file)
            wm_queue_drain(outputs->out[i]->queue, -1);
    }
    return look(outputs, true);
}

enum wm_status wm_outputs_close(struct wm_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        atomic_store(&outputs->out[i]->port.closing, true);
        wm_queue_close(outputs->out[i]->queue);
    }
    for (size_t i = 0; i < outputs->count; i++) {
        struct output *out = outputs->out[i];

        if (out->closed)
            continue;
        if (out->started)
            pthread_join(out->thread, NULL);
        else if (!outputs->dry && out->target.transport->close(out->state) != WM_OK) /* nothing was written */
            atomic_store(&out->failed, true);
        out->closed = true;
    }
    return look(outputs, true);
}

void wm_outputs_stats(const struct wm_outputs *outputs, size_t i, struct wm_output_stats *stats)
{
    const struct output *out = outputs->out[i];

    stats->name = out->target.said;
    stats->taken = atomic_load(&out->taken);
    stats->dropped = wm_queue_dropped(out->queue);
    stats->lost = atomic_load(&out->port.lost);
    stats->failed = atomic_load(&out->failed);
}

static void options_help(const struct wm_target_option *option, FILE *to)
{
    for (; option && option->name; option++) {
        char left[64];

        snprintf(left, sizeof left, "%s=%s", option->name, option->value);
        fprintf(to, "        %-24s %s\n", left, option->help);
    }
}

void wm_outputs_help(FILE *to)
{
    const struct wm_output_format *format;
    const struct wm_transport *transport;

    fputs("Outputs: FORMAT[:TARGET][?OPTION=VALUE&...], or TARGET alone where it has a format of its own.\nFormats:\n", to);
    for (size_t i = 0; (format = wm_output_format(i)); i++)
        fprintf(to, "  %-10s %s\n", format->name, format->summary);
    fputs("Targets:\n", to);
    for (size_t i = 0; (transport = wm_transport(i)); i++) {
        fprintf(to, "  %s%s\n      %s\n", transport->prefix, transport->syntax, transport->summary);
        options_help(transport->options, to);
    }
    fputs("  all of them\n", to);
    options_help(wm_target_common, to);
}
