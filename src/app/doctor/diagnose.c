/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/doctor/diagnose.h"

#include "base/select.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FLAT_MAX       0.3
#define CLIP_MAX       0.005   /* of all samples; a meter beside the antenna sends for less */
#define WEAK_8BIT_DBFS (-39.1) /* noise of one converter step rms a component */
#define WEAK_DBFS      (-75.0)
#define PPM_MAX        20.0
#define RATE_PPM_MAX   500.0
#define METERS_MIN     3
#define DC_OVER_DB     10.0

static uint64_t sum(const uint64_t *of)
{
    uint64_t all = 0;

    for (unsigned m = 0; m < WM_MODE_COUNT; m++)
        all += of[m];
    return all;
}

bool wm_doctor_ppm(const struct wm_doctor_facts *f, double *ppm)
{
    float copy[WM_DOCTOR_OFFSETS];

    if (f->heard.offsets < METERS_MIN)
        return false;
    memcpy(copy, f->heard.offset_hz, f->heard.offsets * sizeof *copy);
    /* a carrier that appears too high: the radio's oscillator is too low */
    *ppm = -(double)wm_select(copy, f->heard.offsets, f->heard.offsets / 2) / f->centre_hz * 1e6;
    return true;
}

static bool dead(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    if (f->level.flat_share <= FLAT_MAX)
        return false;
    snprintf(out->text, sizeof out->text, "%.0f %% of the samples are one value over and over: no signal comes from the converter",
             100 * f->level.flat_share);
    snprintf(out->remedy, sizeof out->remedy, "plug the radio in directly, without a hub, and try another cable or stick");
    return true;
}

static bool overloaded(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    if (f->level.clip_share <= CLIP_MAX)
        return false;
    snprintf(out->text, sizeof out->text, "overloaded: %.1f %% of the samples are clipped", 100 * f->level.clip_share);
    snprintf(out->remedy, sizeof out->remedy,
             "lower the gain (-g 20, or -g auto), move the antenna away from other transmitters, or put a filter before it");
    return true;
}

static bool wrong_rate(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    if (f->other_rate_hz > 0) {
        snprintf(out->text, sizeof out->text, "wrong sample rate: telegrams are heard at %.3f MS/s, and none at %.3f",
                 f->other_rate_hz / 1e6, f->rate_hz / 1e6);
        snprintf(out->remedy, sizeof out->remedy, "say -s %.0f", f->other_rate_hz);
        return true;
    }
    if (f->live && fabs(f->rate_ppm) > RATE_PPM_MAX) {
        snprintf(out->text, sizeof out->text, "wrong sample rate: the radio sends %+.0f ppm more or less than it was told",
                 f->rate_ppm);
        snprintf(out->remedy, sizeof out->remedy, "choose a rate that it can keep: -s 1.6M");
        return true;
    }
    return false;
}

static bool mistuned(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    const double ppm = -f->other_tune_hz / f->centre_hz * 1e6;

    if (f->other_tune_hz == 0)
        return false;
    snprintf(out->text, sizeof out->text,
             "mistuned: telegrams are heard %+.0f kHz beside their channels (%+.0f ppm), and none in them", f->other_tune_hz / 1e3,
             ppm);
    snprintf(out->remedy, sizeof out->remedy, "a recording: say -f %.4fM; a radio: -p %.0f",
             (f->centre_hz - f->other_tune_hz) / 1e6, ppm);
    return true;
}

/* Beside what else there is: telegrams are heard all the same. */
static bool off(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    double ppm;

    if (!wm_doctor_ppm(f, &ppm) || fabs(ppm) < PPM_MAX || f->other_tune_hz != 0)
        return false;
    snprintf(out->text, sizeof out->text, "the radio's oscillator is off by %+.0f ppm, by the meters heard", ppm);
    snprintf(out->remedy, sizeof out->remedy, "a radio: say -p %.0f", ppm);
    return true;
}

static bool losing(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    if ((double)f->lost < 1e-3 * f->seconds * f->rate_hz)
        return false;
    snprintf(out->text, sizeof out->text, "%.1f %% of the samples are lost on their way",
             100.0 * (double)f->lost / (f->seconds * f->rate_hz));
    if (f->voids)
        snprintf(out->text + strlen(out->text), sizeof out->text - strlen(out->text),
                 "; the driver fills up with zeros, %" PRIu64 " times", f->voids);
    snprintf(out->remedy, sizeof out->remedy, "a lower rate (-s 1.6M), another USB port, no hub");
    return true;
}

static bool weak(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    if (sum(f->heard.frames) || f->level.noise_dbfs >= (f->bits8 ? WEAK_8BIT_DBFS : WEAK_DBFS))
        return false;
    snprintf(out->text, sizeof out->text, "deaf: the noise is at %.1f dBFS, below what the converter resolves",
             f->level.noise_dbfs);
    snprintf(out->remedy, sizeof out->remedy, "more gain (-g auto), and see that the antenna is connected");
    return true;
}

static bool silent(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    if (sum(f->heard.syncs))
        return false;
    if (sum(f->heard.bursts)) {
        snprintf(out->text, sizeof out->text, "deaf: %" PRIu64 " bursts, and no sync word of a meter among them",
                 sum(f->heard.bursts));
        snprintf(out->remedy, sizeof out->remedy,
                 "listen longer (-t 120: some meters send each 15 minutes only); see whether the antenna is for 868 MHz");
    } else {
        snprintf(out->text, sizeof out->text, "deaf: nothing was sent in the channels within %.0f s", f->seconds);
        snprintf(out->remedy, sizeof out->remedy,
                 "connect the antenna, or listen longer (-t 120) or elsewhere: some meters send each 15 minutes only");
    }
    return true;
}

static bool failing(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    if (sum(f->heard.frames))
        return false;
    snprintf(out->text, sizeof out->text, "%" PRIu64 " sync words, and no telegram passed its CRC", sum(f->heard.syncs));
    snprintf(out->remedy, sizeof out->remedy,
             "the meters are weak or disturbed: move the antenna; rx --grab-failed keeps such bursts");
    return true;
}

static bool good(const struct wm_doctor_facts *f, struct wm_finding *out)
{
    snprintf(out->text, sizeof out->text, "good: %" PRIu64 " telegrams in %.1f s", sum(f->heard.frames), f->seconds);
    return sum(f->heard.frames) > 0;
}

/* What spoils everything comes before what would follow from it. */
static const struct {
    const char *name;
    bool (*fits)(const struct wm_doctor_facts *facts, struct wm_finding *out);
} rules[] = {
    {"dead", dead}, {"overloaded", overloaded}, {"rate", wrong_rate}, {"mistuned", mistuned}, {"losing", losing},
    {"weak", weak}, {"silent", silent},         {"failing", failing}, {"good", good},         {"off", off},
};

size_t wm_doctor_diagnose(const struct wm_doctor_facts *facts, struct wm_finding *findings, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && n < cap; i++) {
        struct wm_finding f = {.name = rules[i].name, .good = rules[i].fits == good};

        /* what a wrong rate or centre explains is not said again */
        if (n && (rules[i].fits == silent || rules[i].fits == failing || f.good))
            continue;
        if (rules[i].fits(facts, &f))
            findings[n++] = f;
    }
    return n;
}
