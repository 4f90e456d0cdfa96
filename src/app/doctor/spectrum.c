/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/doctor/spectrum.h"

#include "phy/mode.h"
#include "phy/radio/level.h"

#include <math.h>
#include <string.h>

#define COLUMNS 72
#define WINDOWS 4000 /* more do not make the mean better to the eye */
#define WIDTH   960.0
#define HEIGHT  320.0
#define LEFT    50.0
#define TOP     30.0
#define BOTTOM  40.0
#define GRID_DB 10.0
#define GRID_HZ 200e3
#define PI      3.14159265358979323846

#ifdef WMSDR_FFTW
#include <fftw3.h>

static void accumulate(fftwf_plan plan, const fftwf_complex *out, double *power)
{
    fftwf_execute(plan);
    for (unsigned i = 0; i < WM_SPECTRUM_BINS; i++) {
        const unsigned from = (i + WM_SPECTRUM_BINS / 2) % WM_SPECTRUM_BINS;
        power[i] += (double)out[from][0] * (double)out[from][0] + (double)out[from][1] * (double)out[from][1];
    }
}

enum wm_status wm_spectrum_measure(enum wm_sample_format format, const void *samples, size_t bytes, double rate_hz,
                                   double centre_hz, struct wm_spectrum *spectrum)
{
    const size_t size = wm_sample_format_bytes(format), count = bytes / size;
    const size_t half = WM_SPECTRUM_BINS / 2;
    size_t step = half;
    double power[WM_SPECTRUM_BINS] = {0};
    fftwf_complex *in = fftwf_alloc_complex(WM_SPECTRUM_BINS), *out = fftwf_alloc_complex(WM_SPECTRUM_BINS);
    fftwf_plan plan = in && out ? fftwf_plan_dft_1d(WM_SPECTRUM_BINS, in, out, FFTW_FORWARD, FFTW_ESTIMATE) : NULL;

    memset(spectrum, 0, sizeof *spectrum);
    spectrum->rate_hz = rate_hz;
    spectrum->centre_hz = centre_hz;
    if (count / half > WINDOWS) /* spread over all of it */
        step = count / WINDOWS;
    for (size_t at = 0; plan && at + WM_SPECTRUM_BINS <= count; at += step) {
        for (size_t n = 0; n < WM_SPECTRUM_BINS; n++) {
            const double window = 0.5 - 0.5 * cos(2 * PI * (double)n / WM_SPECTRUM_BINS);
            double i, q;
            (void)wm_level_sample(format, (const unsigned char *)samples + (at + n) * size, &i, &q);
            in[n][0] = (float)(i * window);
            in[n][1] = (float)(q * window);
        }
        accumulate(plan, out, power);
        spectrum->windows++;
    }
    for (size_t i = 0; i < WM_SPECTRUM_BINS && spectrum->windows; i++)
        spectrum->dbfs[i] = (float)(10 * log10(power[i] / spectrum->windows / ((double)half * half) + 1e-20));
    if (plan)
        fftwf_destroy_plan(plan);
    fftwf_free(in);
    fftwf_free(out);
    return plan ? WM_OK : WM_NO_MEMORY;
}
#else
enum wm_status wm_spectrum_measure(enum wm_sample_format format, const void *samples, size_t bytes, double rate_hz,
                                   double centre_hz, struct wm_spectrum *spectrum)
{
    (void)format;
    (void)samples;
    (void)bytes;
    memset(spectrum, 0, sizeof *spectrum);
    spectrum->rate_hz = rate_hz;
    spectrum->centre_hz = centre_hz;
    return WM_UNSUPPORTED;
}
#endif

static void range_of(const struct wm_spectrum *s, float *low, float *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < WM_SPECTRUM_BINS; i++) {
        *low = fminf(*low, s->dbfs[i]);
        *high = fmaxf(*high, s->dbfs[i]);
    }
}

void wm_spectrum_line(const struct wm_spectrum *s, FILE *to)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    char marks[COLUMNS + 1];
    float low, high;

    range_of(s, &low, &high);
    high = fmaxf(high, low + 6); /* noise alone is flat */
    fputs("  ", to);
    for (size_t c = 0; c < COLUMNS; c++) {
        float top = -INFINITY;
        for (size_t i = c * WM_SPECTRUM_BINS / COLUMNS; i < (c + 1) * WM_SPECTRUM_BINS / COLUMNS; i++)
            top = fmaxf(top, s->dbfs[i]);
        fputs(blocks[(size_t)fminf(7, 8 * (top - low) / (high - low))], to);
    }
    memset(marks, ' ', COLUMNS);
    marks[COLUMNS] = '\0';
    marks[COLUMNS / 2] = '|';
    for (unsigned m = 0; m < WM_MODE_COUNT; m++) {
        const struct wm_mode_info *mode = wm_mode_info((enum wm_mode)m);
        double at = ((mode->centre_hz - s->centre_hz) / s->rate_hz + 0.5) * COLUMNS;
        if (at >= 0 && at < COLUMNS && marks[(size_t)at] != 'T')
            marks[(size_t)at] = m == WM_MODE_C_DOWN ? 'D' : mode->name[0];
    }
    fprintf(to, "\n  %s\n", marks);
}

static double x_of(const struct wm_spectrum *s, double hz)
{
    return LEFT + ((hz - s->centre_hz) / s->rate_hz + 0.5) * WIDTH;
}

void wm_spectrum_svg(const struct wm_spectrum *s, unsigned modes, FILE *to)
{
    float low, high;
    double bottom, top;

    range_of(s, &low, &high);
    bottom = floor((double)low / GRID_DB) * GRID_DB;
    top = fmax(ceil((double)high / GRID_DB) * GRID_DB, bottom + 2 * GRID_DB);
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            LEFT + WIDTH + 20, TOP + HEIGHT + BOTTOM);
    for (unsigned m = 0; m < WM_MODE_COUNT; m++) {
        const struct wm_mode_info *mode = wm_mode_info((enum wm_mode)m);
        const double half = mode->channel_half_width_hz;
        if (!(modes >> m & 1) || fabs(mode->centre_hz - s->centre_hz) + half > s->rate_hz / 2 || m == WM_MODE_C)
            continue;
        fprintf(to,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#cde\"/><text x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                x_of(s, mode->centre_hz - half), TOP, 2 * half / s->rate_hz * WIDTH, HEIGHT, x_of(s, mode->centre_hz - half) + 3,
                TOP - 5, m == WM_MODE_T ? "T, C" : mode->name);
    }
    for (double db = bottom; db <= top + 0.1; db += GRID_DB) {
        const double y = TOP + (top - db) / (top - bottom) * HEIGHT;
        fprintf(to, "<path d=\"M%.1f %.1fh%.1f\" stroke=\"#ccc\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n",
                LEFT, y, WIDTH, LEFT - 4, y + 4, db);
    }
    for (double hz = ceil((s->centre_hz - s->rate_hz / 2) / GRID_HZ) * GRID_HZ; hz <= s->centre_hz + s->rate_hz / 2;
         hz += s->rate_hz > 4e6 ? 5 * GRID_HZ : GRID_HZ)
        fprintf(to, "<path d=\"M%.1f %.1fv%.1f\" stroke=\"#ccc\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.1f</text>\n",
                x_of(s, hz), TOP, HEIGHT, x_of(s, hz), TOP + HEIGHT + 15, hz / 1e6);
    fputs("<path fill=\"none\" stroke=\"#036\" d=\"", to);
    for (size_t i = 0; i < WM_SPECTRUM_BINS; i++)
        fprintf(to, "%c%.1f %.1f", i ? 'L' : 'M', LEFT + ((double)i + 0.5) / WM_SPECTRUM_BINS * WIDTH,
                TOP + (top - (double)s->dbfs[i]) / (top - bottom) * HEIGHT);
    fprintf(to, "\"/>\n<text x=\"%.1f\" y=\"%.1f\">MHz; dBFS in %.0f Hz</text>\n</svg>\n", LEFT, TOP + HEIGHT + 33,
            s->rate_hz / WM_SPECTRUM_BINS);
}
