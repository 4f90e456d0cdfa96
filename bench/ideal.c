/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What detectors could do that know carrier, timing, deviation and frame length, and have no CRC to repair with: frame error rate
 * over Ec/N0 as CSV. Frames as `wmsdr synth` draws them: 30 to 70 bytes and their format A CRCs.
 *
 *   hard chips    each chip by the stronger tone, no phase: error probability in closed form for two tones of correlation rho
 *                 (Proakis, Digital Communications, noncoherent detection of binary signals); a frame needs every chip
 *   words/bits    whole 3-of-6 words, whole Manchester bits, by the largest correlation: with known phase (the maximum likelihood
 *                 decision for the word) or without; simulated. With known phase this is the sequence detector of T and S too: a
 *                 word has as many chips up as down, whatever it is, so the phase at its end is that at its beginning
 *   sequence      mode C and C downlink (Gaussian, BT 0.5): Viterbi over phase state and neighbouring chips with known carrier,
 *                 maximum likelihood (J. B. Anderson, T. Aulin, C.-E. Sundberg, Digital Phase Modulation, 1986); simulated
 *
 *   bench_ideal [TRIALS]     words a point (100000); sequences are TRIALS / 200 frames */
#include "dsp/rng.h"
#include "link/frame.h"
#include "phy/linecode.h"
#include "phy/mode.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES    8 /* a chip */
#define CHIPS_MAX  6
#define STATES_MAX 80 /* chip sums that a modulation index tells apart: so many times h is an even number */
#define BYTES_LAST 70
#define BYTES_MIN  30

static double complex phasor(double angle)
{
    return cos(angle) + I * sin(angle);
}

/* Mean over the frame lengths of (1 - p)^(units a frame). */
static double frame_error(double p, double units_per_byte)
{
    double sum = 0;

    for (unsigned bytes = BYTES_MIN; bytes <= BYTES_LAST; bytes++)
        sum += 1 - pow(1 - p, units_per_byte * (double)wm_frame_air_len(WM_FORMAT_A, (uint8_t)(bytes - 1)));
    return sum / (BYTES_LAST - BYTES_MIN + 1);
}

/* Modified Bessel functions by their integral: e^-x I_n(x) */
static double bessel_scaled(int n, double x)
{
    const int steps = 400;
    double sum = 0;

    for (int i = 0; i < steps; i++) {
        double t = acos(-1) * (i + 0.5) / steps;
        sum += exp(x * (cos(t) - 1)) * cos(n * t);
    }
    return sum / steps;
}

/* Two equally likely signals of energy Es and correlation rho, phase unknown: Q1(a, b) - 1/2 e^{-(a^2+b^2)/2} I0(ab). */
static double noncoherent_error(double es_n0, double rho)
{
    const double root = sqrt(1 - rho * rho), a = sqrt(es_n0 / 2 * (1 - root)), b = sqrt(es_n0 / 2 * (1 + root));
    double term = 1, q = 0;

    for (int k = 0; k < 60; k++) { /* Marcum's Q as a series of Bessel functions, a < b */
        q += term * bessel_scaled(k, a * b);
        term *= a / b;
    }
    return exp(-(a - b) * (a - b) / 2) * (q - bessel_scaled(0, a * b) / 2);
}

/* Samples of a chip sequence with unit amplitude, phase 0 at its start. */
static void modulate(const uint8_t *chips, unsigned n, double h, double complex *out)
{
    double sum = 0;

    for (unsigned k = 0; k < n; k++) {
        double s = chips[k] ? 1 : -1;
        for (unsigned i = 0; i < SAMPLES; i++)
            out[k * SAMPLES + i] = phasor(acos(-1) * h * (sum + s * (i + 0.5) / SAMPLES));
        sum += s;
    }
}

/* Rates at which the largest correlation is not the sent word's. */
static void word_errors(struct wm_rng *rng, const double complex (*word)[CHIPS_MAX * SAMPLES], unsigned words, unsigned n,
                        double ec_n0, unsigned trials, double *coherent, double *noncoherent)
{
    const double sigma = sqrt(SAMPLES / ec_n0 / 2); /* Ec = SAMPLES, N0 = 2 sigma^2 */
    unsigned wrong_coherent = 0, wrong_noncoherent = 0;

    for (unsigned t = 0; t < trials; t++) {
        double best_re = -INFINITY, best_abs = -1;
        unsigned by_re = 0, by_abs = 0, sent = t % words;
        double complex y[CHIPS_MAX * SAMPLES];
        for (unsigned i = 0; i < n; i++) {
            double a, b;
            wm_rng_gaussian(rng, &a, &b);
            y[i] = word[sent][i] + sigma * (a + I * b);
        }
        for (unsigned w = 0; w < words; w++) {
            double complex z = 0;
            for (unsigned i = 0; i < n; i++)
                z += y[i] * conj(word[w][i]);
            double power = creal(z) * creal(z) + cimag(z) * cimag(z);
            if (creal(z) > best_re) {
                best_re = creal(z);
                by_re = w;
            }
            if (power > best_abs) {
                best_abs = power;
                by_abs = w;
            }
        }
        wrong_coherent += by_re != sent;
        wrong_noncoherent += by_abs != sent;
    }
    *coherent = (double)wrong_coherent / trials;
    *noncoherent = (double)wrong_noncoherent / trials;
}

/* Share of its phase turn that a chip that began x chips ago has made: a rectangle of a chip, smoothed by a Gaussian of the
 * given standard deviation in chips (0: not). */
static double turned(double x, double sigma)
{
    double made = 0;

    if (sigma <= 0)
        return fmin(fmax(x, 0), 1);
    for (int end = 0; end < 2; end++) {
        const double z = (x - end) / sigma,
                     ramp = (x - end) * erfc(-z / sqrt(2)) / 2 + sigma * exp(-z * z / 2) / sqrt(2 * acos(-1));
        made += end ? -ramp : ramp;
    }
    return made;
}

/* Unit-amplitude samples of the middle one of three chips, from the phase behind all that came before them. Bit 2 of `three` is the
 * chip before, bit 1 the chip itself, bit 0 the next; a Gaussian of BT 0.5 reaches no farther. */
static void shape(unsigned three, double h, double sigma, double complex out[SAMPLES])
{
    for (unsigned i = 0; i < SAMPLES; i++) {
        double turns = 0;
        for (int k = 0; k < 3; k++)
            turns += (three >> (2 - k) & 1 ? 1 : -1) * turned((i + 0.5) / SAMPLES + 1 - k, sigma);
        out[i] = phasor(acos(-1) * h * turns);
    }
}

/* One random frame through the Viterbi with known phase, a known chip on either side; whether it came out wrong. A state is the sum
 * of the chips up to the last but two, times four, and the last two. */
static bool sequence_wrong(struct wm_rng *rng, unsigned chips, double h, int states, double sigma, double ec_n0)
{
    static uint8_t sent[8 * WM_AIR_MAX + 3];
    static uint8_t choice[8 * WM_AIR_MAX + 2][4 * STATES_MAX];
    const double noise = sqrt(SAMPLES / ec_n0 / 2);
    double complex known[8][SAMPLES], back[STATES_MAX];
    double metric[4 * STATES_MAX], next[4 * STATES_MAX];
    int sum = 0;

    for (unsigned three = 0; three < 8; three++)
        shape(three, h, sigma, known[three]);
    for (int s = 0; s < states; s++)
        back[s] = phasor(-acos(-1) * h * s);
    for (unsigned k = 0; k < chips + 2; k++)
        sent[k] = k > 0 && k <= chips ? (uint8_t)wm_rng_below(rng, 2) : 1;
    for (int s = 0; s < 4 * states; s++)
        metric[s] = s == (2 | sent[1]) || s == (2 | !sent[1]) ? 0 : -1e9; /* chip 0 is known */
    for (unsigned k = 1; k <= chips; k++) {
        double complex z[8] = {0};
        const unsigned true_three = 4U * sent[k - 1] + 2U * sent[k] + sent[k + 1];
        for (unsigned i = 0; i < SAMPLES; i++) {
            double a, b;
            wm_rng_gaussian(rng, &a, &b);
            const double complex y = known[true_three][i] * phasor(acos(-1) * h * sum) + noise * (a + I * b);
            for (unsigned three = 0; three < 8; three++)
                z[three] += y * conj(known[three][i]);
        }
        for (int t = 0; t < 4 * states; t++) { /* from (sum, before, chip) to (sum + before, chip, behind) */
            double best = -INFINITY;
            for (unsigned before = 0; before < 2; before++) {
                const int from_sum = (t / 4 + (before ? states - 1 : 1)) % states;
                const double total =
                    metric[4 * from_sum + 2 * (int)before + t % 4 / 2] + creal(z[4 * before + (unsigned)t % 4] * back[from_sum]);
                if (total > best) {
                    best = total;
                    choice[k][t] = (uint8_t)before;
                }
            }
            next[t] = k == chips && !(t & 1) ? -1e9 : best; /* the chip behind the last is known */
        }
        memcpy(metric, next, sizeof metric);
        sum += sent[k - 1] ? 1 : -1;
    }
    int t = 0;
    for (int i = 1; i < 4 * states; i++)
        t = metric[i] > metric[t] ? i : t;
    for (unsigned k = chips; k > 0; k--) {
        if ((t % 4 >= 2) != sent[k])
            return true;
        const unsigned before = choice[k][t];
        t = 4 * ((t / 4 + (before ? states - 1 : 1)) % states) + 2 * (int)before + t % 4 / 2;
    }
    return false;
}

/* A mode as the standard has it, or with another deviation or shape, as in impairments.txt. */
struct series {
    enum wm_mode mode;
    const char *what; /* behind the mode's name */
    double deviation; /* times the nominal one */
    double bt;        /* 0: the mode's own */
};

static double index_of(const struct series *s)
{
    const struct wm_mode_info *info = wm_mode_info(s->mode);

    return 2 * s->deviation * info->deviation_hz / info->chip_rate_cps;
}

static void sequence_curve(struct wm_rng *rng, const struct series *s, unsigned frames, double db)
{
    const struct wm_mode_info *info = wm_mode_info(s->mode);
    const double h = index_of(s), bt = s->bt > 0 ? s->bt : info->gaussian_bt;
    const double sigma = bt > 0 ? sqrt(log(2)) / (2 * acos(-1) * bt) : 0;
    int states = 1;
    unsigned wrong = 0;

    while (states < STATES_MAX && fabs(remainder(states * h, 2)) > 1e-9)
        states++;
    for (unsigned i = 0; i < frames; i++) {
        unsigned bytes = BYTES_MIN + wm_rng_below(rng, BYTES_LAST - BYTES_MIN + 1);
        unsigned chips = 8 * (unsigned)wm_frame_air_len(WM_FORMAT_A, (uint8_t)(bytes - 1));
        wrong += sequence_wrong(rng, chips, h, states, sigma, pow(10, db / 10));
    }
    printf("ideal %s sequence%s,%.2f,%.6f\n", info->name, s->what, db, (double)wrong / frames);
}

static void words_curve(struct wm_rng *rng, const struct series *s, unsigned trials, double db)
{
    const struct wm_mode_info *info = wm_mode_info(s->mode);
    const bool t = info->code == WM_CODE_3OF6;
    const unsigned words = t ? 16 : 2, chips = t ? 6 : 2;
    const double h = index_of(s), ec_n0 = pow(10, db / 10);
    double complex word[16][CHIPS_MAX * SAMPLES];
    double coherent, noncoherent;

    for (unsigned w = 0; w < words; w++) {
        uint8_t chip[CHIPS_MAX];
        for (unsigned i = 0; i < chips; i++)
            chip[i] = t ? wm_3of6_encode(w) >> (5 - i) & 1 : (i ^ w) & 1;
        modulate(chip, chips, h, word[w]);
    }
    word_errors(rng, (const double complex(*)[CHIPS_MAX * SAMPLES]) word, words, chips * SAMPLES, ec_n0, trials, &coherent,
                &noncoherent);
    printf("ideal %s %s coherent%s,%.2f,%.6f\n", info->name, t ? "words" : "bits", s->what, db, frame_error(coherent, t ? 2 : 8));
    if (s->deviation == 1)
        printf("ideal %s %s no phase,%.2f,%.6f\n", info->name, t ? "words" : "bits", db, frame_error(noncoherent, t ? 2 : 8));
}

static void chips_curve(enum wm_mode mode, double db)
{
    const struct wm_mode_info *info = wm_mode_info(mode);
    const double h = 2 * info->deviation_hz / info->chip_rate_cps;
    const double error = noncoherent_error(pow(10, db / 10), sin(acos(-1) * h) / (acos(-1) * h));

    printf("ideal %s hard chips,%.2f,%.6f\n", info->name, db, frame_error(error, info->chips_per_byte));
}

int main(int argc, char **argv)
{
    static const struct series series[] = {
        {WM_MODE_T, "", 1, 0},
        {WM_MODE_T, ": deviation -20 %", 0.8, 0},
        {WM_MODE_T, ": deviation +60 %", 1.6, 0},
        {WM_MODE_S, "", 1, 0},
        {WM_MODE_S, ": deviation -20 %", 0.8, 0},
        {WM_MODE_S, ": deviation +60 %", 1.6, 0},
        {WM_MODE_C, "", 1, 0},
        {WM_MODE_C, ": deviation -25 %", 0.75, 0},
        {WM_MODE_C, ": deviation +25 %", 1.25, 0},
        {WM_MODE_C, ": Gaussian BT 0.5", 1, 0.5},
        {WM_MODE_C_DOWN, "", 1, 0},
        {WM_MODE_C_DOWN, ": deviation -25 %", 0.75, 0},
        {WM_MODE_C_DOWN, ": deviation +25 %", 1.25, 0},
    };
    const unsigned trials = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    struct wm_rng rng;

    wm_rng_seed(&rng, 1);
    puts("series,ec_n0_db,fer");
    for (double db = 5; db < 13.1; db += 0.5) {
        chips_curve(WM_MODE_T, db);
        chips_curve(WM_MODE_S, db);
        chips_curve(WM_MODE_C, db);
        for (unsigned i = 0; i < sizeof series / sizeof *series; i++) {
            const bool sequence = series[i].mode == WM_MODE_C || series[i].mode == WM_MODE_C_DOWN;
            if (sequence && db < 11.6) /* beyond, too rare to be seen */
                sequence_curve(&rng, &series[i], trials / 200 + 1, db);
            else if (!sequence)
                words_curve(&rng, &series[i], trials, db);
        }
    }
    return EXIT_SUCCESS;
}
