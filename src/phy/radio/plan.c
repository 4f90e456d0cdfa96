/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/plan.h"

#include "phy/mode.h"
#include "phy/receiver.h"

#include <math.h>

/* Rates that radios are used with, the cheapest first. 1.6 MS/s holds S, T and C with room to spare; an RTL2832 loses samples
 * above 2.4 MS/s on many hosts. */
static const double usual_hz[] = {1.6e6, 2.0e6, 2.048e6, 2.4e6, 2.5e6, 2.56e6, 3.0e6, 3.2e6, 4e6, 5e6, 6e6, 8e6, 10e6, 20e6};

struct choice {
    unsigned modes; /* how many */
    double rate_hz, centre_hz, margin_hz;
};

static bool has_rate(const struct wm_radio_caps *caps, double rate_hz)
{
    for (size_t i = 0; i < caps->rate_count; i++) {
        if (rate_hz >= caps->rate[i].min_hz * (1 - 1e-6) && rate_hz <= caps->rate[i].max_hz * (1 + 1e-6))
            return true;
    }
    return caps->rate_count == 0;
}

/* How far the nearest trouble, DC or the edge of the clean band, is from the channel; negative: inside. */
static double margin_of(const struct wm_mode_info *mode, double rate_hz, double centre_hz, bool dc_matters)
{
    const double away_hz = fabs(mode->centre_hz - centre_hz);
    const double edge_hz = rate_hz / 2 * WM_PLAN_CLEAN - away_hz - mode->channel_half_width_hz;
    const double dc_hz = away_hz - mode->channel_half_width_hz - WM_PLAN_DC_HZ;

    return dc_matters ? fmin(edge_hz, dc_hz) : edge_hz;
}

static void consider(struct choice *best, unsigned modes, double rate_hz, double centre_hz)
{
    struct choice c = {.rate_hz = rate_hz, .centre_hz = centre_hz, .margin_hz = INFINITY};

    for (unsigned m = 0; m < WM_MODE_COUNT; m++) {
        double margin_hz = margin_of(wm_mode_info((enum wm_mode)m), rate_hz, centre_hz, true);
        if (!(modes >> m & 1) || margin_hz < 0)
            continue;
        c.modes++;
        c.margin_hz = fmin(c.margin_hz, margin_hz);
    }
    /* rates are tried from the lowest: a higher one has to bring more modes */
    if (c.modes > best->modes || (c.modes == best->modes && c.modes && rate_hz == best->rate_hz && c.margin_hz > best->margin_hz))
        *best = c;
}

static void consider_rate(struct choice *best, unsigned modes, double rate_hz, double wanted_centre_hz)
{
    double low = INFINITY, high = -INFINITY;

    if (wanted_centre_hz > 0) {
        consider(best, modes, rate_hz, wanted_centre_hz);
        return;
    }
    for (unsigned m = 0; m < WM_MODE_COUNT; m++) {
        if (modes >> m & 1) {
            low = fmin(low, wm_mode_info((enum wm_mode)m)->centre_hz);
            high = fmax(high, wm_mode_info((enum wm_mode)m)->centre_hz);
        }
    }
    for (double f = low - rate_hz / 2; f <= high + rate_hz / 2; f += WM_PLAN_STEP_HZ)
        consider(best, modes, rate_hz, f);
}

enum wm_status wm_plan_choose(const struct wm_radio_caps *caps, unsigned modes, double wanted_rate_hz, double wanted_centre_hz,
                              double *rate_hz, double *centre_hz)
{
    struct choice best = {0};
    double first_hz = 0;

    if (wanted_rate_hz > 0 && wanted_centre_hz > 0) {
        *rate_hz = wanted_rate_hz;
        *centre_hz = wanted_centre_hz;
        return WM_OK;
    }
    if (wanted_rate_hz > 0) {
        consider_rate(&best, modes, first_hz = wanted_rate_hz, wanted_centre_hz);
    } else {
        for (size_t i = 0; i < sizeof usual_hz / sizeof usual_hz[0]; i++) {
            if (!has_rate(caps, usual_hz[i]))
                continue;
            if (!(first_hz > 0))
                first_hz = usual_hz[i];
            consider_rate(&best, modes, usual_hz[i], wanted_centre_hz);
        }
        /* a device with none of the usual rates: each end of what it has */
        for (size_t i = 0; i < 2 * caps->rate_count && !(first_hz > 0); i++) {
            double hz = i % 2 ? caps->rate[i / 2].max_hz : caps->rate[i / 2].min_hz;
            if (hz < WM_SAMPLE_RATE_MIN_HZ || hz > WM_SAMPLE_RATE_MAX_HZ)
                continue;
            first_hz = hz;
            consider_rate(&best, modes, hz, wanted_centre_hz);
        }
    }
    if (!(first_hz > 0))
        return WM_UNSUPPORTED;
    if (!best.modes && !(wanted_centre_hz > 0))
        return WM_UNSUPPORTED; /* no channel fits the band */
    *rate_hz = best.modes ? best.rate_hz : first_hz;
    *centre_hz = wanted_centre_hz > 0 ? wanted_centre_hz : best.centre_hz;
    return WM_OK;
}
