/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/sample_clock.h"

#include "phy/signal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_NS       500000000LL
#define POINTS          240 /* two minutes */
#define POINTS_FOR_FIT  16  /* before that the nominal rate is better than the line */
#define LATE_WINDOWS    3
#define MUCH_NS         50e6  /* so late is nobody for long without a loss: a window less */
#define BRIEF_NS        100e6 /* a large loss shows in two of these, one behind the other, longer by so many times the jitter, */
#define BRIEF_TIMES     10
#define BRIEF_ARRIVALS  8      /* with so many arrivals each, */
#define STEADY_NS       2e6    /* equally late: what is merely held up comes faster than it is made, and is less and less late; */
#define USUAL_TIMES     3      /* it is larger than the jitter by so much */
#define USUAL_FORGOTTEN 0.998  /* of the jitter, with each of them */
#define SETTLE_WINDOWS  4      /* the first buffers come in a burst: until then the line may jump */
#define SLEW_NS         10e9   /* a change of the line is caught up within this time ... */
#define SLEW_MAX        500e-6 /* ... but not faster */
#define STEP_MIN_NS     1000000LL
#define BACK_SLOWER     10    /* a clock set back a little: times run slower by the tenth part, and never back */
#define PPM_MAX         500.0 /* more is no oscillator's error; the fit would learn losses */

struct point {
    int64_t index;
    int64_t mono_ns;
    unsigned run; /* between two breaks: only within one the distances are known */
};

struct wm_sample_clock {
    double rate_hz;       /* nominal */
    double ns_per_sample; /* of the line */
    double ppm;

    struct point point[POINTS]; /* earliest arrival of each window, a ring */
    size_t count, next;
    struct point best; /* of the window now */
    double best_late;
    int64_t window_ns; /* its start */
    unsigned windows;
    unsigned late; /* windows in a row */
    double late_ns;
    bool resumed;
    unsigned run;

    struct { /* the same for what shows sooner */
        int64_t start_ns;
        unsigned arrivals;
        double least, before; /* how late the earliest of this one is, and was in the one before */
        double passing;       /* the most since one was on time */
        double usual;         /* how late it is at times without a loss: the jitter */
    } brief;

    struct { /* what times are read from: continuous, catching up with the line */
        int64_t index, mono_ns;
        double ns_per_sample;
    } out;

    struct { /* UTC minus monotonic: `from` before the moment `at`, then on the way to `to` */
        int64_t from_ns, to_ns, at_mono_ns;
    } offset;
    int64_t step_ns; /* seen and not followed */
    int64_t step_since_ns;
    unsigned followed;
};

enum wm_status wm_sample_clock_create(double rate_hz, struct wm_sample_clock **clock)
{
    struct wm_sample_clock *c;

    if (!(rate_hz > 0))
        return WM_INVALID;
    c = calloc(1, sizeof *c);
    if (!c)
        return WM_NO_MEMORY;
    c->rate_hz = rate_hz;
    c->ns_per_sample = c->out.ns_per_sample = 1e9 / rate_hz;
    *clock = c;
    return WM_OK;
}

void wm_sample_clock_destroy(struct wm_sample_clock *clock)
{
    free(clock);
}

static double lateness(const struct wm_sample_clock *c, uint64_t index, int64_t mono_ns)
{
    return (double)(mono_ns - c->out.mono_ns) - (double)((int64_t)index - c->out.index) * c->out.ns_per_sample;
}

/* Least squares through the points, one slope for all runs and an offset for each. Relative to the newest point, so that doubles
 * keep their nanoseconds. */
static void fit(struct wm_sample_clock *c, const struct point *newest, double *at_newest_ns)
{
    double sxx = 0, sxy = 0, x_mean = 0, y_mean = 0, slope, ppm;
    size_t within = 0;

    for (size_t i = 0; i < c->count;) {
        const size_t oldest = c->count < POINTS ? 0 : c->next;
        const unsigned run = c->point[(oldest + i) % POINTS].run;
        double n = 0, x1 = 0, y1 = 0, x2 = 0, xy = 0;

        for (; i < c->count && c->point[(oldest + i) % POINTS].run == run; i++) {
            const struct point *p = &c->point[(oldest + i) % POINTS];
            double x = (double)(p->index - newest->index);
            double y = (double)(p->mono_ns - newest->mono_ns) - x * 1e9 / c->rate_hz;
            n++;
            x1 += x;
            y1 += y;
            x2 += x * x;
            xy += x * y;
        }
        x_mean = x1 / n;
        y_mean = y1 / n;
        sxx += x2 - x1 * x_mean;
        sxy += xy - x1 * y_mean;
        within += (size_t)n - 1;
    }
    slope = within >= POINTS_FOR_FIT ? sxy / sxx : 0;
    ppm = -slope * c->rate_hz * 1e-3; /* a longer period is a lower rate */
    if (fabs(ppm) <= PPM_MAX && within >= POINTS_FOR_FIT)
        c->ppm = ppm;
    slope = -c->ppm / (c->rate_hz * 1e-3);
    c->ns_per_sample = 1e9 / c->rate_hz + slope;
    *at_newest_ns = y_mean - slope * x_mean;
}

static void add_point(struct wm_sample_clock *c, struct point p)
{
    double error_ns;
    int64_t line_ns;

    c->point[c->next] = p;
    c->next = (c->next + 1) % POINTS;
    c->count += c->count < POINTS;
    fit(c, &p, &error_ns);
    line_ns = p.mono_ns + (int64_t)llround(error_ns);
    if (c->windows <= SETTLE_WINDOWS) {
        c->out.index = p.index;
        c->out.mono_ns = line_ns;
        c->out.ns_per_sample = c->ns_per_sample;
        return;
    }
    c->out.mono_ns += llround((double)(p.index - c->out.index) * c->out.ns_per_sample);
    c->out.index = p.index;
    double slew = (double)(line_ns - c->out.mono_ns) / SLEW_NS;
    slew = fmax(-SLEW_MAX, fmin(SLEW_MAX, slew));
    c->out.ns_per_sample = c->ns_per_sample * (1 + slew);
}

/* The distance to what came before is not known exactly. */
static void begin_run(struct wm_sample_clock *c)
{
    c->run++;
    c->late = 0;
    c->brief.arrivals = 0;
    c->brief.before = c->brief.passing = 0;
}

/* A window has ended: its earliest arrival joins the line, or tells of a loss. */
static int64_t end_window(struct wm_sample_clock *c)
{
    int64_t lost = 0;
    const bool settled = c->windows > SETTLE_WINDOWS;

    c->windows++;
    if (c->resumed) {
        c->resumed = false;
        lost = llround(c->best_late / c->ns_per_sample);
    } else if (settled && c->best_late > (double)WM_CLOCK_LATE_NS) {
        if (c->late && c->best_late < c->late_ns - (double)WM_CLOCK_LATE_NS) /* it is catching up */
            c->late = 0;
        if (c->late == 0 || c->best_late < c->late_ns)
            c->late_ns = c->best_late;
        if (++c->late < LATE_WINDOWS - (c->late_ns > MUCH_NS))
            return 0;
        lost = llround(c->late_ns / c->ns_per_sample);
    } else if (settled && c->best_late < -(double)WM_CLOCK_LATE_NS) {
        lost = llround(c->best_late / c->ns_per_sample);
    } else {
        add_point(c, c->best);
    }
    if (lost)
        begin_run(c);
    c->late = 0;
    return lost;
}

/* Lateness that begins from one arrival to the next and stays as it is: a loss, which need not be waited for. 0: none. */
static double sudden_loss_ns(struct wm_sample_clock *c, double late, int64_t mono_ns)
{
    const double bound = fmax(MUCH_NS, USUAL_TIMES * c->brief.usual), before = c->brief.before;
    double least;

    if (c->brief.arrivals++ == 0) {
        c->brief.start_ns = mono_ns;
        c->brief.least = late;
    }
    least = c->brief.least = fmin(c->brief.least, late);
    if (c->brief.arrivals < BRIEF_ARRIVALS || (double)(mono_ns - c->brief.start_ns) < BRIEF_NS + BRIEF_TIMES * c->brief.usual)
        return 0;
    c->brief.arrivals = 0;
    c->brief.before = least;
    c->brief.passing = fmax(c->brief.passing, least);
    if (least <= (double)WM_CLOCK_LATE_NS) { /* what has passed by itself was jitter */
        c->brief.usual = fmax(c->brief.passing, c->brief.usual * USUAL_FORGOTTEN);
        c->brief.passing = 0;
    }
    if (fmin(before, least) <= bound || least <= before - STEADY_NS)
        return 0;
    return fmin(before, least);
}

static int64_t offset_at(const struct wm_sample_clock *c, int64_t mono_ns)
{
    const int64_t step_ns = c->offset.to_ns - c->offset.from_ns, since_ns = mono_ns - c->offset.at_mono_ns;

    if (since_ns < 0)
        return c->offset.from_ns;
    if (step_ns >= 0 || step_ns < -WM_CLOCK_BACK_MAX_NS || since_ns / BACK_SLOWER >= -step_ns)
        return c->offset.to_ns;
    return c->offset.from_ns - since_ns / BACK_SLOWER;
}

/* The system clock against the monotonic one: they run alike, so a difference is a step that somebody made. */
static void watch_system_clock(struct wm_sample_clock *c, int64_t mono_ns, int64_t real_ns)
{
    const int64_t step_ns = real_ns - mono_ns - c->offset.to_ns;

    if (llabs(step_ns) < STEP_MIN_NS) {
        c->step_ns = 0;
    } else if (llabs(step_ns - c->step_ns) >= STEP_MIN_NS) {
        c->step_ns = step_ns;
        c->step_since_ns = mono_ns;
    } else if (mono_ns - c->step_since_ns >= WM_CLOCK_STEP_HOLD_NS) {
        c->offset.from_ns = offset_at(c, mono_ns);
        c->offset.to_ns += c->step_ns;
        c->offset.at_mono_ns = mono_ns;
        c->step_ns = 0;
        c->followed++;
    }
}

int64_t wm_sample_clock_update(struct wm_sample_clock *c, uint64_t end_index, int64_t mono_ns, int64_t real_ns)
{
    int64_t lost = 0;
    double late;

    if (c->window_ns == 0) {
        c->window_ns = mono_ns;
        c->offset.from_ns = c->offset.to_ns = real_ns - mono_ns;
        c->out.index = (int64_t)end_index;
        c->out.mono_ns = mono_ns;
        c->best_late = INFINITY;
    }
    watch_system_clock(c, mono_ns, real_ns);
    if (!isfinite(c->best_late) && mono_ns - c->window_ns >= WINDOW_NS)
        c->window_ns = mono_ns; /* there was a pause */
    if (mono_ns - c->window_ns >= WINDOW_NS) {
        lost = end_window(c);
        c->best_late = INFINITY;
        c->window_ns = mono_ns;
        end_index = (uint64_t)((int64_t)end_index + lost);
    }
    late = lateness(c, end_index, mono_ns);
    if (c->windows > SETTLE_WINDOWS && !c->resumed) {
        const int64_t sudden = llround(sudden_loss_ns(c, late, mono_ns) / c->ns_per_sample);
        if (sudden) {
            wm_sample_clock_resume(c);
            c->window_ns = mono_ns;
            lost += sudden;
            end_index += (uint64_t)sudden;
            late = lateness(c, end_index, mono_ns);
        }
    }
    if (c->resumed && late < 0) { /* the guess was too high by this at least */
        const int64_t too_many = llround(late / c->ns_per_sample);
        lost += too_many;
        end_index = (uint64_t)((int64_t)end_index + too_many);
        late = lateness(c, end_index, mono_ns);
    }
    if (late < c->best_late) {
        c->best_late = late;
        c->best = (struct point){(int64_t)end_index, mono_ns, c->run};
        if (c->windows == 0) { /* nothing is known yet but the earliest arrival */
            c->out.index = c->best.index;
            c->out.mono_ns = mono_ns;
            c->best_late = 0;
        }
    }
    return lost;
}

void wm_sample_clock_resume(struct wm_sample_clock *c)
{
    c->resumed = c->window_ns != 0;
    c->best_late = INFINITY;
    begin_run(c);
}

int64_t wm_sample_clock_time(const struct wm_sample_clock *c, uint64_t index)
{
    int64_t mono_ns;

    if (c->window_ns == 0)
        return WM_TIME_UNKNOWN;
    mono_ns = c->out.mono_ns + llround((double)((int64_t)index - c->out.index) * c->out.ns_per_sample);
    return mono_ns + offset_at(c, mono_ns);
}

uint64_t wm_sample_clock_index(const struct wm_sample_clock *c, int64_t mono_ns)
{
    double index = (double)(mono_ns - c->out.mono_ns) / c->out.ns_per_sample + (double)c->out.index;

    return index > 0 ? (uint64_t)llround(index) : 0;
}

double wm_sample_clock_ppm(const struct wm_sample_clock *c)
{
    return c->ppm;
}

int64_t wm_sample_clock_step_ns(const struct wm_sample_clock *c)
{
    return c->step_ns;
}

unsigned wm_sample_clock_followed(const struct wm_sample_clock *c)
{
    return c->followed;
}
