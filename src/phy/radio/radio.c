/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/radio.h"

#include "base/clock.h"
#include "phy/radio/gain.h"
#include "phy/radio/plan.h"
#include "phy/radio/sample_clock.h"
#include "phy/radio/session.h"
#include "phy/radio/voids.h"
#include "phy/signal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS             1000000LL
#define SECOND         (1000 * MS)
#define STALL_NS       SECOND       /* without samples: the longest buffers of any driver are 0.2 s */
#define CALL_NS        (1500 * MS)  /* a driver's call */
#define OPEN_NS        (5 * SECOND) /* opening: some load firmware */
#define STEP_NS        (1500 * MS)  /* a rung of the ladder has so long to bring samples */
#define HEALTHY_NS     (1500 * MS)  /* of good samples and the trouble is over */
#define RETRY_NS       (500 * MS)   /* between openings that fail at once */
#define END_NS         (300 * MS)   /* for a session to end by itself */
#define LOOK_NS        (100 * MS)
#define SILENT_NS      (300 * MS)  /* longer than the longest buffers: something holds the samples up ... */
#define CATCH_UP_NS    (500 * MS)  /* ... and in this time behind it they come, all at once */
#define SECOND_MAX_NS  (1900 * MS) /* judged by then in any case */
#define FLAT_SHARE_MAX 0.5
#define RATE_SHARE_MIN 0.4
#define BAD_BUFFERS    5 /* odd or stale ones in a second */

enum rung { RUNG_WAIT, RUNG_STREAM, RUNG_REOPEN, RUNG_RESET, RUNG_AGAIN };

struct wm_radio {
    /* configuration */
    struct wm_radio_config config;
    char address[WM_RADIO_ADDRESS];
    char name[WM_RADIO_ADDRESS + 16];
    /* the device */
    struct wm_session *session;
    bool hung; /* a session had to be abandoned */
    bool known;
    struct wm_radio_caps caps;
    struct wm_radio_settings settings;
    struct wm_gain gain;
    struct wm_sample_clock *clock;
    int64_t clock_step_ns; /* of the system clock, told of */
    unsigned followed;     /* likewise */
    struct wm_level_meter meter;
    /* samples */
    bool taken;
    struct wm_radio_block rest; /* of the session's block: what has not been handed out; its gap: something is missing before it */
    bool fresh;                 /* the next block is the session's first */
    uint64_t came;              /* from sessions that have ended */
    int64_t offset;             /* of the radio's indices to the session's */
    uint64_t next_index;        /* where the coming block should begin */
    int64_t lost;               /* samples; a loss may turn out smaller than it was thought to be */
    bool opening;
    struct wm_radio_stats stats;
    /* watchdog */
    int64_t good_ns; /* the last good samples, or the beginning */
    bool trouble;
    int64_t flow_ns; /* since when samples flow again; 0: they do not */
    enum rung rung;
    int64_t step_ns;               /* when the next rung is due */
    int64_t second_ns;             /* the second that is watched now */
    int64_t silent_ns;             /* when nothing had come for SILENT_NS, the last time */
    struct wm_session_view before; /* at its beginning */
    char note[WM_RADIO_WHY + 128];
};

static void say(struct wm_radio *r, enum wm_log_level level, const char *what)
{
    wm_logf(r->config.log, level, "%s: %s", r->name, what);
}

static enum wm_status open_session(struct wm_radio *r, bool reset)
{
    enum wm_status status = wm_session_create(r->config.driver, r->address, reset, &r->session);

    r->fresh = true;
    r->second_ns = 0;
    if (status != WM_OK)
        r->session = NULL;
    return status;
}

static void end_session(struct wm_radio *r)
{
    uint64_t samples;

    if (!r->session)
        return;
    if (r->taken)
        wm_session_release(r->session);
    r->taken = false;
    r->rest.len = 0;
    if (!wm_session_end(r->session, END_NS, &samples))
        r->hung = true;
    r->came += samples;
    r->session = NULL;
}

/* The first time a device is open, what it is set to is chosen; later it gets the same again. */
static enum wm_status choose(struct wm_radio *r, const struct wm_radio_caps *caps, char why[WM_RADIO_WHY])
{
    const struct wm_radio_config *c = &r->config;
    struct wm_radio_settings *s = &r->settings;

    r->caps = *caps;
    if (wm_plan_choose(caps, c->modes, c->rate_hz, c->centre_hz, &s->rate_hz, &s->centre_hz) != WM_OK) {
        snprintf(why, WM_RADIO_WHY, "none of its sample rates holds a channel of these modes; say -s and -f");
        return WM_UNSUPPORTED;
    }
    s->ppm = c->ppm;
    s->device_agc = c->gain == WM_RADIO_GAIN_DEVICE && caps->device_agc;
    if (caps->gain_count) {
        r->gain = wm_gain_of(caps);
        s->gain_step = c->gain == WM_RADIO_GAIN_FIXED ? wm_gain_nearest(caps, c->gain_db) : r->gain.step;
    }
    r->meter = wm_level_meter_of(caps->format);
    r->known = true;
    return WM_OK;
}

/* ---- the samples ---- */

static void control_gain(struct wm_radio *r, double seconds)
{
    if (!wm_level_read(&r->meter, &r->stats.level))
        return;
    r->stats.has_level = true;
    if (r->config.gain != WM_RADIO_GAIN_OWN || !r->caps.gain_count || !wm_gain_update(&r->gain, &r->stats.level, seconds))
        return;
    r->settings.gain_step = r->gain.step;
    wm_session_gain(r->session, r->gain.step);
    wm_logf(r->config.log, WM_LOG_INFO, "%s: gain %.1f dB (noise %.1f dBFS, %.2f %% clipped)", r->name,
            (double)r->caps.gain_db[r->gain.step], r->stats.level.noise_dbfs, 100 * r->stats.level.clip_share);
}

/* Somebody has set the system clock: what becomes of the telegrams' times. */
static void tell_step(struct wm_radio *r)
{
    const int64_t step_ns = wm_sample_clock_step_ns(r->clock);
    const unsigned followed = wm_sample_clock_followed(r->clock);
    const bool back = r->clock_step_ns < 0 && r->clock_step_ns >= -WM_CLOCK_BACK_MAX_NS;

    if (step_ns == r->clock_step_ns && followed == r->followed)
        return;
    if (step_ns)
        wm_logf(r->config.log, WM_LOG_NOTICE,
                "%s: the system clock was set by %+.3f s; times stay, and follow when that has stood for %d minutes", r->name,
                (double)step_ns * 1e-9, (int)(WM_CLOCK_STEP_HOLD_NS / (60 * SECOND)));
    else if (followed != r->followed)
        wm_logf(r->config.log, r->clock_step_ns < -WM_CLOCK_BACK_MAX_NS ? WM_LOG_WARNING : WM_LOG_NOTICE,
                "%s: times follow the system clock by %+.3f s%s", r->name, (double)r->clock_step_ns * 1e-9,
                back                   ? ", a tenth slower until then"
                : r->clock_step_ns < 0 ? ": they go back"
                                       : "");
    else
        wm_logf(r->config.log, WM_LOG_NOTICE, "%s: the system clock was set back to what it was", r->name);
    r->clock_step_ns = step_ns;
    r->followed = followed;
}

static void take(struct wm_radio *r, const struct wm_session_block *in)
{
    const size_t samples = in->len / wm_sample_format_bytes(r->caps.format);
    const bool first = r->stats.received == 0 && r->lost == 0;
    const bool gap = !first && (r->fresh || in->unknown || in->lost);
    struct wm_radio_block *out = &r->rest;
    int64_t lost;

    if (!first && (r->fresh || in->unknown)) {
        /* how long the break was is told by the time */
        r->offset = (int64_t)(wm_sample_clock_index(r->clock, in->mono_ns) - in->end_index);
        wm_sample_clock_resume(r->clock);
    }
    r->offset += wm_sample_clock_update(r->clock, (uint64_t)((int64_t)in->end_index + r->offset), in->mono_ns, in->real_ns);
    tell_step(r);
    out->gap |= gap;
    out->bytes = in->bytes;
    out->len = in->len;
    out->index = (uint64_t)((int64_t)(in->end_index - samples) + r->offset);
    lost = first ? 0 : (int64_t)(out->index - r->next_index);
    r->lost += lost;
    r->stats.gaps += gap || lost > 0;
    r->stats.received += samples;
    r->next_index = out->index + samples;
    r->fresh = false;
    const uint64_t flat = r->meter.flat;
    wm_level_push(&r->meter, in->bytes, in->len);
    r->stats.flat += r->meter.flat - flat;
}

/* Samples up to the next void; what is void is lost, and a gap. False: nothing is left. */
static bool hand_out(struct wm_radio *r, struct wm_radio_block *block)
{
    const size_t size = wm_sample_format_bytes(r->caps.format);
    const double noise_dbfs = r->stats.has_level ? r->stats.level.noise_dbfs : -INFINITY;
    struct wm_radio_block *rest = &r->rest;

    while (rest->len > 0) {
        size_t from = 0, to = rest->len;
        const bool is_void = wm_void_next(r->caps.format, noise_dbfs, rest->bytes, rest->len, &from, &to);

        *block = *rest;
        block->len = is_void ? from : rest->len;
        rest->bytes = (const unsigned char *)rest->bytes + to;
        rest->len -= to;
        rest->index += to / size;
        rest->gap = is_void || (rest->gap && block->len == 0);
        if (is_void) {
            r->stats.received -= (to - from) / size;
            r->lost += (int64_t)((to - from) / size);
            r->stats.voids++;
            r->stats.gaps++;
        }
        if (block->len > 0)
            return true;
    }
    return false;
}

/* ---- the watchdog ---- */

/* What a second of samples shows. Returns a fault or NULL. */
static const char *watch_second(struct wm_radio *r, const struct wm_session_view *now, int64_t now_ns, char text[128])
{
    const double seconds = (double)(now_ns - r->second_ns) * 1e-9;

    if (!r->flow_ns)
        return NULL;
    if (r->second_ns == 0) {
        r->second_ns = now_ns;
        r->before = *now;
        r->meter = wm_level_meter_of(r->caps.format);
        return NULL;
    }
    if (now_ns - now->last_samples_ns > SILENT_NS)
        r->silent_ns = now_ns;
    if (seconds < 1 || (now_ns - r->silent_ns < CATCH_UP_NS && now_ns - r->second_ns < SECOND_MAX_NS))
        return NULL;
    control_gain(r, seconds);
    const double share = (double)(now->samples - r->before.samples) / (r->settings.rate_hz * seconds);
    if (r->stats.has_level && r->stats.level.flat_share > FLAT_SHARE_MAX)
        snprintf(text, 128, "garbage: %.0f %% of the samples are one value over and over", 100 * r->stats.level.flat_share);
    else if (now->odd - r->before.odd >= BAD_BUFFERS)
        snprintf(text, 128, "garbage: %" PRIu64 " buffers in a second ended inside a sample", now->odd - r->before.odd);
    else if (now->stale - r->before.stale >= BAD_BUFFERS)
        snprintf(text, 128, "garbage: %" PRIu64 " buffers in a second repeat the one before", now->stale - r->before.stale);
    else if (share < RATE_SHARE_MIN)
        snprintf(text, 128, "only %.0f %% of the samples arrive", 100 * share);
    else
        text = NULL;
    r->second_ns = now_ns;
    r->before = *now;
    return text;
}

static const char *find_fault(struct wm_radio *r, const struct wm_session_view *view, int64_t now_ns, char text[WM_RADIO_WHY])
{
    if (view->state == WM_SESSION_ENDED && view->waiting)
        return NULL; /* what came before the end is heard first */
    if (view->state == WM_SESSION_ENDED)
        return view->why[0] ? view->why : "the stream ended";
    if (view->call && now_ns - view->call_since_ns > (view->state == WM_SESSION_OPENING ? OPEN_NS : CALL_NS)) {
        snprintf(text, WM_RADIO_WHY, "%s has not returned for %.1f s", view->call, (double)(now_ns - view->call_since_ns) * 1e-9);
        return text;
    }
    if (view->state != WM_SESSION_STREAMING)
        return NULL;
    if (now_ns - view->last_samples_ns > STALL_NS) {
        snprintf(text, WM_RADIO_WHY, "no samples for %.1f s", (double)(now_ns - view->last_samples_ns) * 1e-9);
        return text;
    }
    return watch_second(r, view, now_ns, text);
}

/* Climbs one rung, from `lowest` up. */
static void mend(struct wm_radio *r, const char *fault, enum rung lowest, int64_t now_ns)
{
    static const char *const deeds[] = {"waiting", "starting the stream again", "opening it again",
                                        "resetting and opening it again", "opening it again"};
    const char *deed;
    char text[WM_RADIO_WHY + 64];
    bool stuck;

    if (!r->trouble) {
        r->trouble = true;
        r->stats.faults++;
        r->rung = lowest;
    }
    if (r->rung < lowest)
        r->rung = lowest;
    if (r->rung == RUNG_RESET && !r->config.driver->reset)
        r->rung = RUNG_AGAIN;
    stuck = r->rung >= RUNG_REOPEN && r->config.driver->one_object && r->session && !wm_session_stop(r->session, END_NS);
    deed = stuck ? "waiting for the driver's call to return, which keeps the device" : deeds[r->rung];
    snprintf(text, sizeof text, "%s; %s", fault, deed);
    if (strcmp(text, r->note) != 0) /* not the same line twice a second */
        say(r, WM_LOG_WARNING, text);
    snprintf(r->note, sizeof r->note, "%s", text);
    r->flow_ns = 0;
    r->second_ns = 0;
    r->step_ns = now_ns + STEP_NS;
    if (stuck)
        return;
    if (r->rung == RUNG_STREAM) {
        wm_session_restart(r->session);
    } else if (r->rung >= RUNG_REOPEN) {
        end_session(r);
        if (open_session(r, r->rung == RUNG_RESET) != WM_OK)
            say(r, WM_LOG_ERROR, "no memory for another attempt");
    }
    r->rung = r->rung < RUNG_REOPEN ? RUNG_REOPEN : r->rung < RUNG_AGAIN ? r->rung + 1 : RUNG_AGAIN;
}

static uint64_t told_lost(const struct wm_radio *r)
{
    return r->lost > 0 ? (uint64_t)r->lost : 0;
}

static void recovered(struct wm_radio *r)
{
    r->trouble = false;
    r->note[0] = '\0';
    r->stats.recoveries++;
    wm_logf(r->config.log, WM_LOG_NOTICE, "%s: receiving again; %" PRIu64 " samples are missing since the beginning", r->name,
            told_lost(r));
}

static enum rung lowest_rung(const struct wm_radio *r, const struct wm_session_view *view, int64_t now_ns)
{
    if (view->state != WM_SESSION_STREAMING || view->call)
        return RUNG_REOPEN;
    if (!r->config.driver->flows_on)
        return RUNG_STREAM;
    return now_ns - view->last_samples_ns > STALL_NS ? RUNG_WAIT : RUNG_REOPEN;
}

/* WM_OK, or WM_IO: given up. */
static enum wm_status supervise(struct wm_radio *r)
{
    const int64_t now_ns = wm_mono_ns();
    struct wm_session_view view = {.state = WM_SESSION_ENDED};
    char text[WM_RADIO_WHY] = "", why[WM_RADIO_WHY] = "";
    const char *fault;

    if (r->session)
        wm_session_look(r->session, &view);
    if (view.state == WM_SESSION_OPENED && !view.call && !view.settings.rate_hz) {
        if (!r->known && choose(r, &view.caps, why) != WM_OK) {
            snprintf(r->note, sizeof r->note, "%s", why);
            return WM_IO;
        }
        wm_session_start(r->session, &r->settings);
    }
    if (view.state == WM_SESSION_STREAMING)
        r->settings.rate_hz = view.settings.rate_hz;
    fault = find_fault(r, &view, now_ns, text);
    if (!fault && r->trouble && r->flow_ns && now_ns - r->flow_ns > HEALTHY_NS)
        recovered(r);
    if (!fault && !r->trouble && r->second_ns) /* the second under way has not been judged yet */
        r->good_ns = r->second_ns;
    if (fault && r->opening) {
        snprintf(r->note, sizeof r->note, "%s", fault);
        return WM_IO;
    }
    if (r->trouble && now_ns - r->good_ns > WM_RADIO_GIVE_UP_NS && !(r->flow_ns && !fault)) {
        snprintf(r->note, sizeof r->note, "%s; given up after %.1f s", fault ? fault : "no samples",
                 (double)(now_ns - r->good_ns) * 1e-9);
        return WM_IO;
    }
    if (fault && (!r->trouble || r->flow_ns || now_ns >= r->step_ns))
        mend(r, fault, lowest_rung(r, &view, now_ns), now_ns);
    else if (fault && view.state == WM_SESSION_ENDED && now_ns >= r->step_ns - STEP_NS + RETRY_NS)
        mend(r, fault, RUNG_REOPEN, now_ns);
    return WM_OK;
}

enum wm_status wm_radio_read(struct wm_radio *r, int64_t timeout_ns, struct wm_radio_block *block)
{
    const int64_t until_ns = wm_mono_ns() + timeout_ns;

    while (!hand_out(r, block)) {
        struct wm_session_block in;
        int64_t wait_ns;
        enum wm_status status;

        if (r->taken)
            wm_session_release(r->session);
        r->taken = false;
        status = supervise(r);
        if (status != WM_OK)
            return status;
        wait_ns = until_ns - wm_mono_ns();
        wait_ns = wait_ns < 0 ? 0 : wait_ns < LOOK_NS ? wait_ns : LOOK_NS;
        if (r->session && wm_session_take(r->session, wait_ns, &in)) {
            r->taken = true;
            if (!r->flow_ns)
                r->flow_ns = wm_mono_ns();
            take(r, &in);
        } else if (wm_mono_ns() >= until_ns) {
            return WM_TOO_SHORT;
        }
    }
    return WM_OK;
}

enum wm_status wm_radio_open(const struct wm_radio_config *config, struct wm_radio **radio, const char **why)
{
    static _Thread_local char text[800];
    struct wm_radio *r = calloc(1, sizeof *r);
    enum wm_status status = r ? WM_OK : WM_NO_MEMORY;
    struct wm_session_view view = {0};

    *why = wm_status_text(WM_NO_MEMORY);
    if (!r)
        return status;
    r->config = *config;
    snprintf(r->address, sizeof r->address, "%s", config->address);
    r->config.address = r->address;
    snprintf(r->name, sizeof r->name, "%s%s%s", config->driver->name, *r->address ? ":" : "", r->address);
    r->good_ns = wm_mono_ns();
    r->opening = true; /* a device that is not there now is the user's mistake: no ladder */
    status = open_session(r, false);
    while (status == WM_OK && view.state != WM_SESSION_STREAMING) {
        struct wm_session_block none;

        wm_session_look(r->session, &view);
        status = supervise(r);
        if (status == WM_OK && view.state != WM_SESSION_STREAMING)
            (void)wm_session_take(r->session, 5 * MS, &none);
    }
    r->opening = false;
    if (status == WM_OK)
        status = wm_sample_clock_create(r->settings.rate_hz, &r->clock);
    if (status != WM_OK) {
        snprintf(text, sizeof text, "%.270s: %.500s", r->name, r->note[0] ? r->note : wm_status_text(status));
        *why = text;
        wm_radio_close(r);
        return status;
    }
    *radio = r;
    return WM_OK;
}

const char *wm_radio_name(const struct wm_radio *r)
{
    return r->name;
}

const struct wm_radio_caps *wm_radio_caps(const struct wm_radio *r)
{
    return &r->caps;
}

const struct wm_radio_settings *wm_radio_settings(const struct wm_radio *r)
{
    return &r->settings;
}

int64_t wm_radio_time(const struct wm_radio *r, uint64_t index)
{
    return wm_sample_clock_time(r->clock, index);
}

void wm_radio_stats(const struct wm_radio *r, struct wm_radio_stats *stats)
{
    struct wm_session_view view = {0};

    *stats = r->stats;
    stats->lost = told_lost(r);
    if (r->session)
        wm_session_look(r->session, &view);
    stats->unprocessed = r->came + view.samples - r->stats.received;
    stats->ppm = wm_sample_clock_ppm(r->clock);
    stats->gain_db = r->settings.device_agc || !r->caps.gain_count ? (double)NAN : (double)r->caps.gain_db[r->settings.gain_step];
}

const char *wm_radio_note(const struct wm_radio *r)
{
    return r->note;
}

bool wm_radio_close(struct wm_radio *r)
{
    bool hung;

    if (!r)
        return true;
    end_session(r);
    hung = r->hung;
    wm_sample_clock_destroy(r->clock);
    free(r);
    return !hung;
}
