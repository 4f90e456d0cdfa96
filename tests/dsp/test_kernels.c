/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/design.h"
#include "dsp/kernels.h"
#include "dsp/line_3of6.h"
#include "dsp/rng.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Every variant that this machine has against the scalar one, bit for bit, and the scalar one against plain arithmetic. Buffers end
 * where their last value ends, and begin one value beside what the allocator aligned: the sanitizers see any step outside. */

#define COUNT_MAX 70

static struct wm_rng rng;

static void start(void)
{
    wm_rng_seed(&rng, 7);
}

struct buffer {
    void *memory;
    size_t bytes;
};

static void *take(struct buffer *buffer, size_t bytes, size_t beside)
{
    buffer->bytes = bytes;
    buffer->memory = malloc(bytes + beside + (bytes + beside == 0));
    ck_assert_ptr_nonnull(buffer->memory);
    return memset((char *)buffer->memory + beside, 0x5A, bytes);
}

/* Floats of all sizes, now and then a zero or a huge one whose square is still finite. */
static float *floats(struct buffer *buffer, size_t n)
{
    float *x = take(buffer, n * sizeof(float), 4);

    for (size_t i = 0; i < n; i++) {
        double a, b;
        wm_rng_gaussian(&rng, &a, &b);
        uint32_t kind = wm_rng_below(&rng, 40);
        x[i] = (float)(kind == 0 ? 0 : kind == 1 ? a * 1e12 : kind == 2 ? a * 1e-12 : a);
    }
    return x;
}

static float *out_floats(struct buffer *buffer, size_t n)
{
    return take(buffer, n * sizeof(float), 4);
}

#define FREE_ALL(...)                                                                                                              \
    do {                                                                                                                           \
        struct buffer *const all[] = {__VA_ARGS__};                                                                                \
        for (size_t f = 0; f < sizeof all / sizeof *all; f++)                                                                      \
            free(all[f]->memory);                                                                                                  \
    } while (0)

#define same(a, b, bytes, ...) ck_assert_msg(memcmp(a, b, bytes) == 0, __VA_ARGS__)

static const struct wm_kernels *scalar(void)
{
    return wm_kernels_at(0);
}

START_TEST(variants_have_names)
{
    size_t n = 0;

    ck_assert_str_eq(scalar()->name, "scalar");
    for (; wm_kernels_at(n); n++) {
        ck_assert_ptr_eq(wm_kernels_select(wm_kernels_at(n)->name), wm_kernels_at(n));
        for (size_t j = 0; j < n; j++)
            ck_assert_str_ne(wm_kernels_at(j)->name, wm_kernels_at(n)->name);
    }
    ck_assert_ptr_eq(wm_kernels_select(NULL), wm_kernels_at(n - 1));
    ck_assert_ptr_null(wm_kernels_select("abacus"));
    ck_assert_ptr_null(wm_kernels_select(""));
}
END_TEST

/* ---- sample conversion */

START_TEST(integer_samples)
{
    for (size_t n = 0; n <= COUNT_MAX; n++) {
        for (size_t beside = 0; beside < 3; beside++) {
            struct buffer in, out[2];
            uint8_t *x = take(&in, 2 * n, beside);
            for (size_t i = 0; i < 2 * n; i++)
                x[i] = (uint8_t)(i < 4 ? 0x7F + 0x60 * i : wm_rng_below(&rng, 256)); /* 7F DF 3F 9F, any */
            int16_t *want = take(&out[0], 4 * n, 2), *got = take(&out[1], 4 * n, 2);
            for (size_t v = 0; wm_kernels_at(v); v++) {
                const struct wm_kernels *k = wm_kernels_at(v);
                for (size_t i = 0; i < 2 * n; i++)
                    want[i] = (int16_t)(2 * x[i] - 255);
                k->convert_cu8(x, n, got);
                same(got, want, 4 * n, "%s: convert_cu8 of %zu", k->name, n);
                for (size_t i = 0; i < 2 * n; i++)
                    want[i] = (int8_t)x[i];
                k->convert_cs8(x, n, got);
                same(got, want, 4 * n, "%s: convert_cs8 of %zu", k->name, n);
            }
            FREE_ALL(&in, &out[0], &out[1]);
        }
    }
}
END_TEST

static int16_t rounded(float x, float gain)
{
    x *= gain;
    if (isnan(x))
        return 0;
    return x >= 32767 ? 32767 : x <= -32768 ? -32768 : (int16_t)nearbyintf(x);
}

START_TEST(float_samples)
{
    static const float odd[] = {NAN,           -NAN,           INFINITY, -INFINITY,   0.0f,     -0.0f,     0.5f,         1.5f,
                                2.5f,          -0.5f,          -1.5f,    -2.5f,       32767.0f, 32767.4f,  32767.5f,     32768.0f,
                                -32768.0f,     -32768.5f,      -32769.f, 1e38f,       -1e38f,   3.4e38f,   1e-38f,       1e-45f,
                                2147483648.0f, -2147483648.0f, 65536.0f, 0.49999997f, 32766.5f, -32767.5f, 4294967296.0f};
    static const float gains[] = {1, 0.5f, 64, 0, -1, 1e30f, 1e-30f};
    const size_t n_odd = sizeof odd / sizeof *odd;

    for (size_t g = 0; g < sizeof gains / sizeof *gains; g++) {
        for (size_t n = 0; n <= COUNT_MAX; n++) {
            struct buffer in, out[2];
            size_t beside = 1 + n % 7; /* bytes: not even floats are aligned */
            char *x = take(&in, 8 * n, beside);
            int16_t *want = take(&out[0], 4 * n, 2), *got = take(&out[1], 4 * n, 2);
            for (size_t i = 0; i < 2 * n; i++) {
                float value = i < n_odd ? odd[(i + n) % n_odd] : (float)wm_rng_range(&rng, -40000, 40000);
                memcpy(x + 4 * i, &value, 4);
                want[i] = rounded(value, gains[g]);
            }
            for (size_t v = 0; wm_kernels_at(v); v++) {
                wm_kernels_at(v)->convert_cf32(x, n, gains[g], got);
                for (size_t i = 0; i < 2 * n; i++)
                    ck_assert_msg(got[i] == want[i], "%s: %zu values, gain %g, value %zu: %d, not %d", wm_kernels_at(v)->name, n,
                                  (double)gains[g], i, got[i], want[i]);
            }
            FREE_ALL(&in, &out[0], &out[1]);
        }
    }
}
END_TEST

/* ---- band filter */

static int64_t halves_up(int64_t sum, unsigned shift)
{
    const int64_t y = (int64_t)floor((double)sum / (double)(1 << shift) + 0.5);

    return y > 32767 ? 32767 : y < -32768 ? -32768 : y;
}

static void check_fir(const struct wm_fir *fir, const int16_t *x, size_t n_out)
{
    static const unsigned shifts[] = {1, 8, 15, 16, 23};
    struct buffer out[3];
    float *re = out_floats(&out[0], n_out), *im = out_floats(&out[1], n_out);
    int16_t *narrow = take(&out[2], 4 * n_out, 2);

    for (size_t v = 0; wm_kernels_at(v); v++) {
        const unsigned shift = shifts[(n_out + fir->taps / 8) % 5];
        wm_kernels_at(v)->fir(fir, x, n_out, re, im);
        wm_kernels_at(v)->decimate(fir, x, n_out, shift, narrow);
        for (size_t m = 0; m < n_out; m++) {
            int64_t r = 0, i = 0;
            for (size_t k = 0; k < 2 * (size_t)fir->taps; k++) {
                r += (int64_t)x[2 * m * fir->decimation + k] * fir->for_re[k];
                i += (int64_t)x[2 * m * fir->decimation + k] * fir->for_im[k];
            }
            ck_assert_msg(re[m] == (float)r && im[m] == (float)i, "%s: %u taps, output %zu of %zu: %.0f %+.0fj, not %.0f %+.0fj",
                          wm_kernels_at(v)->name, fir->taps, m, n_out, (double)re[m], (double)im[m], (double)r, (double)i);
            const int64_t low_r = halves_up(r, shift), low_i = halves_up(i, shift);
            ck_assert_msg(narrow[2 * m] == low_r && narrow[2 * m + 1] == low_i,
                          "%s: %u taps, shift %u, output %zu of %zu: %d %+dj, not %lld %+lldj", wm_kernels_at(v)->name, fir->taps,
                          shift, m, n_out, narrow[2 * m], narrow[2 * m + 1], (long long)low_r, (long long)low_i);
        }
    }
    FREE_ALL(&out[0], &out[1], &out[2]);
}

static void make_pairs(const struct wm_fir *fir, const int *tap_re, const int *tap_im, int16_t *for_re, int16_t *for_im)
{
    for (unsigned n = 0; n < fir->taps; n++) {
        for_re[2 * n] = for_im[2 * n + 1] = (int16_t)tap_re[n];
        for_re[2 * n + 1] = (int16_t)-tap_im[n];
        for_im[2 * n] = (int16_t)tap_im[n];
    }
}

START_TEST(fir_is_exact)
{
    static const unsigned taps[] = {8, 16, 24, 32, 64, 128}, decimations[] = {1, 2, 3, 4, 8, 16};

    for (size_t t = 0; t < sizeof taps / sizeof *taps; t++) {
        for (size_t n_out = 0; n_out <= 19; n_out++) {
            unsigned decimation = decimations[(t + n_out) % 6];
            struct buffer in, pairs[2];
            int tap_re[128], tap_im[128];
            size_t samples = n_out ? (n_out - 1) * decimation + taps[t] : 0;
            int16_t *x = take(&in, 4 * samples, 2), *for_re = take(&pairs[0], 4 * taps[t], 2),
                    *for_im = take(&pairs[1], 4 * taps[t], 2);
            const struct wm_fir fir = {.taps = taps[t], .decimation = decimation, .for_re = for_re, .for_im = for_im};
            const int limit = (int)(65535 / 2 / taps[t]);
            for (size_t i = 0; i < 2 * samples; i++)
                x[i] = (int16_t)((int)wm_rng_below(&rng, 65536) - 32768);
            for (unsigned k = 0; k < taps[t]; k++) {
                tap_re[k] = (int)wm_rng_below(&rng, (uint32_t)(2 * limit + 1)) - limit;
                tap_im[k] = (int)wm_rng_below(&rng, (uint32_t)(2 * limit + 1)) - limit;
            }
            make_pairs(&fir, tap_re, tap_im, for_re, for_im);
            check_fir(&fir, x, n_out);
            FREE_ALL(&in, &pairs[0], &pairs[1]);
        }
    }
}
END_TEST

/* Input at the rails with the sign of each tap, taps whose absolute values sum to 65535: the largest sums there can be. */
START_TEST(fir_cannot_overflow)
{
    enum { TAPS = 16, OUT = 9 };
    int16_t for_re[2 * TAPS], for_im[2 * TAPS], x[2 * (TAPS + OUT - 1)];
    const struct wm_fir fir = {.taps = TAPS, .decimation = 1, .for_re = for_re, .for_im = for_im};

    for (int kind = 0; kind < 6; kind++) {
        int tap_re[TAPS] = {0}, tap_im[TAPS] = {0};
        if (kind < 2) { /* all of it in two products of one pair */
            tap_re[5] = kind ? -32767 : 32767;
            tap_im[5] = 32767;
            tap_re[9] = 1;
        } else {
            for (int n = 0; n < TAPS; n++) {
                tap_re[n] = (kind & 1 && n & 1 ? -1 : 1) * 2047;
                tap_im[n] = (kind & 2 && n & 2 ? -1 : 1) * 2048;
            }
        }
        make_pairs(&fir, tap_re, tap_im, for_re, for_im);
        for (int sign = -1; sign <= 1; sign += 2) {
            for (int part = 0; part < 2; part++) { /* in line with the real or the imaginary taps */
                const int16_t *pairs = part ? for_im : for_re;
                for (size_t i = 0; i < sizeof x / sizeof *x; i++)
                    x[i] = sign * pairs[i % (2 * TAPS)] >= 0 ? 32767 : -32768;
                check_fir(&fir, x, OUT);
            }
            for (size_t i = 0; i < sizeof x / sizeof *x; i++)
                x[i] = sign > 0 ? 32767 : -32768;
            check_fir(&fir, x, OUT);
        }
    }
}
END_TEST

/* ---- float kernels over one row */

START_TEST(rows)
{
    for (size_t n = 0; n <= COUNT_MAX; n++) {
        const size_t lag = n % 9, n_taps = n % 23;
        const size_t held = n + (lag > n_taps ? lag : n_taps);
        struct buffer b[4], out[4];
        float *re = floats(&b[0], held), *im = floats(&b[1], held), *c = floats(&b[2], n + n_taps), *s = floats(&b[3], n + n_taps);
        float *want_re = out_floats(&out[0], n), *want_im = out_floats(&out[1], n);
        float *got_re = out_floats(&out[2], n), *got_im = out_floats(&out[3], n);
        for (size_t v = 1; wm_kernels_at(v); v++) {
            const struct wm_kernels *k = wm_kernels_at(v);
            float want[3], got[3];
            scalar()->moments(re, im, n, want);
            k->moments(re, im, n, got);
            same(got, want, sizeof got, "%s: moments of %zu", k->name, n);

            scalar()->lag_product(re, im, lag, n, want_re, want_im);
            k->lag_product(re, im, lag, n, got_re, got_im);
            same(got_re, want_re, 4 * n, "%s: lag_product of %zu, real", k->name, n);
            same(got_im, want_im, 4 * n, "%s: lag_product of %zu, imaginary", k->name, n);

            /* count outputs look at count + taps - 1 inputs; the last of `held` belongs to nobody */
            scalar()->correlate(re, im, c, n_taps, n, want_re, want_im);
            k->correlate(re, im, c, n_taps, n, got_re, got_im);
            same(got_re, want_re, 4 * n, "%s: correlate of %zu with %zu taps, real", k->name, n, n_taps);
            same(got_im, want_im, 4 * n, "%s: correlate of %zu with %zu taps, imaginary", k->name, n, n_taps);

            const struct wm_rotation rotation = {c, s, 0.6F, -0.8F, 0.3F, -0.01F};
            scalar()->rotate(re, im, &rotation, n, want_re, want_im);
            k->rotate(re, im, &rotation, n, got_re, got_im);
            same(got_re, want_re, 4 * n, "%s: rotate of %zu, real", k->name, n);
            same(got_im, want_im, 4 * n, "%s: rotate of %zu, imaginary", k->name, n);
            if (n) { /* in place */
                memcpy(got_re, re, 4 * n);
                memcpy(got_im, im, 4 * n);
            }
            k->rotate(got_re, got_im, &rotation, n, got_re, got_im);
            same(got_re, want_re, 4 * n, "%s: rotate of %zu in place, real", k->name, n);
            same(got_im, want_im, 4 * n, "%s: rotate of %zu in place, imaginary", k->name, n);
        }
        FREE_ALL(&b[0], &b[1], &b[2], &b[3], &out[0], &out[1], &out[2], &out[3]);
    }
}
END_TEST

START_TEST(scalar_rows_are_what_they_say)
{
    enum { N = 40, TAPS = 7, LAG = 3 };
    float re[N + TAPS], im[N + TAPS], tap[TAPS], a[N], b[N], c[N], s[N];
    float sums[3];
    double complex sum = 0;
    double power = 0;

    for (int i = 0; i < N + TAPS; i++) {
        re[i] = (float)wm_rng_range(&rng, -1, 1);
        im[i] = (float)wm_rng_range(&rng, -1, 1);
        if (i < N) {
            c[i] = (float)wm_rng_range(&rng, -1, 1);
            s[i] = (float)wm_rng_range(&rng, -1, 1);
            const double complex d = re[i] - re[0] + I * (im[i] - im[0]);
            power += creal(d * conj(d));
            sum += d;
        }
        if (i < TAPS)
            tap[i] = (float)wm_rng_range(&rng, -1, 1);
    }
    scalar()->moments(re, im, N, sums);
    ck_assert_double_eq_tol(sums[0], power, 1e-4);
    ck_assert_double_lt(cabs(sums[1] + I * sums[2] - sum), 1e-4);
    scalar()->lag_product(re, im, LAG, N, a, b);
    for (int i = 0; i < N; i++) {
        double complex want = (re[i + LAG] + I * im[i + LAG]) * (re[i] - I * im[i]);
        ck_assert_double_lt(cabs(a[i] + I * b[i] - want), 1e-6);
    }
    scalar()->correlate(re, im, tap, TAPS, N, a, b);
    for (int i = 0; i < N; i++) {
        double complex want = 0;
        for (int k = 0; k < TAPS; k++)
            want += (re[i + k] + I * im[i + k]) * (double)tap[k];
        ck_assert_double_lt(cabs(a[i] + I * b[i] - want), 1e-5);
    }
    scalar()->rotate(re, im, &(struct wm_rotation){c, s, 0.6F, -0.8F, 0.25F, -0.5F}, N, a, b);
    for (int i = 0; i < N; i++) {
        const double complex in = re[i] - 0.25 + I * (im[i] + 0.5), by = (c[i] + I * s[i]) * (0.6 - 0.8 * I);
        ck_assert_double_lt(cabs(a[i] + I * b[i] - in * by), 1e-6);
    }
}
END_TEST

START_TEST(interpolation)
{
    static const double steps[] = {0.25, 0.5, 0.977, 1, 1.0625, 3.3, 24.0};
    const unsigned phases = 128;
    float *bank = wm_design_interpolator(phases);

    ck_assert_ptr_nonnull(bank);
    for (size_t n = 0; n <= COUNT_MAX; n++) {
        for (size_t st = 0; st < sizeof steps / sizeof *steps; st++) {
            const double begin = 3 + (double)n / 71;
            const size_t held = n ? (size_t)(begin + (double)(n - 1) * steps[st]) + 5 : 0; /* the last position's last tap */
            struct buffer b[2], out[4];
            float *re = floats(&b[0], held), *im = floats(&b[1], held);
            float *want_re = out_floats(&out[0], n), *want_im = out_floats(&out[1], n);
            float *got_re = out_floats(&out[2], n), *got_im = out_floats(&out[3], n);
            scalar()->interpolate(re, im, bank, phases, begin, steps[st], n, want_re, want_im);
            for (size_t i = 0; i < n; i++) {
                double at = (double)llrint(ldexp(begin, 32)) + (double)i * (double)llrint(ldexp(steps[st], 32)); /* exact */
                size_t whole = (size_t)ldexp(at, -32), row = (size_t)(ldexp(fmod(at, 4294967296.0), -32) * phases + 0.5);
                double sum = 0, size = 0;
                for (size_t k = 0; k < WM_INTERPOLATOR_TAPS; k++) {
                    double product = (double)re[whole - 3 + k] * (double)bank[row * WM_INTERPOLATOR_TAPS + k];
                    sum += product;
                    size += fabs(product);
                }
                ck_assert_double_le(fabs((double)want_re[i] - sum), 1e-6 * size);
            }
            for (size_t v = 1; wm_kernels_at(v); v++) {
                wm_kernels_at(v)->interpolate(re, im, bank, phases, begin, steps[st], n, got_re, got_im);
                same(got_re, want_re, 4 * n, "%s: interpolate %zu in steps of %g, real", wm_kernels_at(v)->name, n, steps[st]);
                same(got_im, want_im, 4 * n, "%s: interpolate %zu in steps of %g, imaginary", wm_kernels_at(v)->name, n, steps[st]);
            }
            FREE_ALL(&b[0], &b[1], &out[0], &out[1], &out[2], &out[3]);
        }
    }
    free(bank);
}
END_TEST

/* ---- planes: whole vectors may be touched, so a stride is a multiple of the lanes; only `count` columns are defined */

static void same_columns(const float *got, const float *want, size_t planes, size_t stride, size_t count, const char *name,
                         const char *what)
{
    for (size_t p = 0; p < planes; p++)
        same(got + p * stride, want + p * stride, count * sizeof(float), "%s: %s, %zu columns, plane %zu", name, what, count, p);
}

static size_t stride_of(size_t count)
{
    return (count + 2 * WM_LANES - 1) / WM_LANES * WM_LANES;
}

START_TEST(chip_tones)
{
    for (size_t n = 0; n <= COUNT_MAX; n++) {
        const unsigned samples = (unsigned)(1 + n % 8);
        const size_t stride = stride_of(n);
        struct buffer b[4], out[8];
        float *re = floats(&b[0], stride * samples), *im = floats(&b[1], stride * samples);
        float *cos_a = floats(&b[2], samples), *sin_a = floats(&b[3], samples);
        float *y[8];
        for (int i = 0; i < 8; i++)
            y[i] = out_floats(&out[i], stride);
        scalar()->chip_tones(re, im, stride, samples, cos_a, sin_a, n, y[0], y[1], y[2], y[3]);
        for (size_t k = 0; k < n; k++) {
            double complex c1 = 0, c0 = 0;
            double size = 0;
            for (unsigned i = 0; i < samples; i++) {
                double complex z = re[i * stride + k] + I * im[i * stride + k];
                double complex a = cos_a[i] + I * sin_a[i];
                c1 += z * conj(a);
                c0 += z * a;
                size += cabs(z) * cabs(a);
            }
            ck_assert_double_le(cabs(y[0][k] + I * y[1][k] - c1), 1e-6 * size);
            ck_assert_double_le(cabs(y[2][k] + I * y[3][k] - c0), 1e-6 * size);
        }
        for (size_t v = 1; wm_kernels_at(v); v++) {
            wm_kernels_at(v)->chip_tones(re, im, stride, samples, cos_a, sin_a, n, y[4], y[5], y[6], y[7]);
            for (int i = 0; i < 4; i++)
                same_columns(y[4 + i], y[i], 1, stride, n, wm_kernels_at(v)->name, "chip_tones");
        }
        FREE_ALL(&b[0], &b[1], &b[2], &b[3]);
        FREE_ALL(&out[0], &out[1], &out[2], &out[3], &out[4], &out[5], &out[6], &out[7]);
    }
}
END_TEST

/* A word's correlation: chip i turned back by pi h times the chip sum before it. */
static double complex word_by_hand(const float *c1_re, const float *c1_im, const float *c0_re, const float *c0_im, size_t stride,
                                   size_t w, unsigned code, double h, double *size)
{
    double complex z = 0;
    int sum = 0;

    *size = 0;
    for (size_t j = 0; j < 6; j++) {
        bool one = code >> (5 - j) & 1;
        size_t k = j * stride + w;
        double complex tone = one ? c1_re[k] + I * c1_im[k] : c0_re[k] + I * c0_im[k];
        z += tone * cexp(-I * M_PI * h * sum);
        *size += cabs(tone);
        sum += one ? 1 : -1;
    }
    return z;
}

START_TEST(words_3of6)
{
    for (size_t n = 0; n <= COUNT_MAX; n++) {
        const size_t stride = stride_of(n);
        const double h = 0.8 + 0.013 * (double)n;
        const float rot_re = (float)cos(M_PI * h), rot_im = (float)-sin(M_PI * h);
        struct buffer b[4], out[4];
        float *c[4], *z[4];
        for (int i = 0; i < 4; i++) {
            c[i] = floats(&b[i], 6 * stride);
            z[i] = out_floats(&out[i], 16 * stride);
        }
        scalar()->words_3of6(c[0], c[1], c[2], c[3], stride, rot_re, rot_im, n, z[0], z[1]);
        for (size_t w = 0; w < n; w++) {
            for (unsigned nibble = 0; nibble < 16; nibble++) {
                double size;
                double complex want = word_by_hand(c[0], c[1], c[2], c[3], stride, w, wm_code_3of6[nibble], h, &size);
                ck_assert_double_le(cabs(z[0][nibble * stride + w] + I * z[1][nibble * stride + w] - want), 2e-6 * size);
            }
        }
        for (size_t v = 1; wm_kernels_at(v); v++) {
            wm_kernels_at(v)->words_3of6(c[0], c[1], c[2], c[3], stride, rot_re, rot_im, n, z[2], z[3]);
            same_columns(z[2], z[0], 16, stride, n, wm_kernels_at(v)->name, "words_3of6, real");
            same_columns(z[3], z[1], 16, stride, n, wm_kernels_at(v)->name, "words_3of6, imaginary");
        }
        FREE_ALL(&b[0], &b[1], &b[2], &b[3], &out[0], &out[1], &out[2], &out[3]);
    }
}
END_TEST

START_TEST(decisions)
{
    for (size_t n = 0; n <= COUNT_MAX; n++) {
        const size_t stride = stride_of(n);
        const unsigned codes = n & 1 ? 16 : (unsigned)(1 + n % 16);
        struct buffer b[4], out[4];
        float *re = floats(&b[0], codes * stride), *im = floats(&b[1], codes * stride), *s_re = floats(&b[2], stride),
              *s_im = floats(&b[3], stride);
        float *want = out_floats(&out[0], codes * stride), *got = out_floats(&out[1], codes * stride);
        uint8_t *want_best = take(&out[2], n, 1), *got_best = take(&out[3], n, 1);
        if (n > 3) { /* equals: the first of them; all zero: code 0 */
            for (unsigned code = 0; code < codes; code++) {
                re[code * stride + 1] = im[code * stride + 1] = 0;
                re[code * stride + 2] = code == 3 || code == 5 ? -2e3f : 1;
                im[code * stride + 2] = 0;
            }
            s_re[3] = s_im[3] = 0;
        }
        scalar()->best_energy(re, im, stride, codes, n, want_best);
        scalar()->coherent_metric(re, im, s_re, s_im, stride, codes, n, want);
        for (size_t w = 0; w < n; w++) {
            float top = -1;
            unsigned best = 0;
            for (unsigned code = 0; code < codes; code++) {
                float e = re[code * stride + w] * re[code * stride + w] + im[code * stride + w] * im[code * stride + w];
                double complex s = s_re[w] + I * s_im[w], z = re[code * stride + w] + I * im[code * stride + w];
                best = e > top ? code : best;
                top = e > top ? e : top;
                ck_assert_double_le(fabs((double)want[code * stride + w] - (cabs(s + z) - cabs(s))), 1e-6 * (cabs(s) + cabs(z)));
            }
            ck_assert_uint_eq(want_best[w], best);
        }
        for (size_t v = 1; wm_kernels_at(v); v++) {
            const struct wm_kernels *k = wm_kernels_at(v);
            k->best_energy(re, im, stride, codes, n, got_best);
            same(got_best, want_best, n, "%s: best_energy of %zu, %u codes", k->name, n, codes);
            k->coherent_metric(re, im, s_re, s_im, stride, codes, n, got);
            same_columns(got, want, codes, stride, n, k->name, "coherent_metric");
        }
        FREE_ALL(&b[0], &b[1], &b[2], &b[3], &out[0], &out[1], &out[2], &out[3]);
    }
}
END_TEST

START_TEST(trellis)
{
    for (size_t n = 0; n <= COUNT_MAX; n++) {
        const size_t n_known = n % 13 < n ? n % 13 : n;
        struct buffer b[4], k_buffer;
        float *x[4], h[WM_LANES], want[WM_LANES], got[WM_LANES];
        uint8_t *known = take(&k_buffer, n_known, 1);
        const float alpha = n & 1 ? 0.94f : 0.975f;
        for (int i = 0; i < 4; i++)
            x[i] = floats(&b[i], n);
        const struct wm_complex_plane c1 = {x[0], x[1]}, c0 = {x[2], x[3]};
        for (size_t i = 0; i < n_known; i++)
            known[i] = (uint8_t)wm_rng_below(&rng, 2);
        for (int i = 0; i < WM_LANES; i++)
            h[i] = (float)wm_rng_range(&rng, 0.6, 1.7);
        uint8_t want_last[WM_LANES], got_last[WM_LANES];
        struct buffer choice[2];
        uint8_t *want_choice = take(&choice[0], 4 * n, 1), *got_choice = take(&choice[1], 4 * n, 1);
        scalar()->trellis(&c1, &c0, n, known, n_known, h, 0.9f, alpha, want, want_last, want_choice);
        for (size_t v = 1; wm_kernels_at(v); v++) {
            const char *name = wm_kernels_at(v)->name;
            wm_kernels_at(v)->trellis(&c1, &c0, n, known, n_known, h, 0.9f, alpha, got, got_last, got_choice);
            for (int i = 0; i < WM_LANES; i++)
                ck_assert_msg(memcmp(&got[i], &want[i], sizeof(float)) == 0, "%s: trellis of %zu, lane %d: %a, not %a", name, n, i,
                              (double)got[i], (double)want[i]);
            same(got_last, want_last, WM_LANES, "%s: last states of %zu", name, n);
            same(got_choice, want_choice, 4 * n, "%s: choices of %zu", name, n);
        }
        FREE_ALL(&choice[0], &choice[1]);
        FREE_ALL(&b[0], &b[1], &b[2], &b[3], &k_buffer);
    }
}
END_TEST

START_TEST(alternatives)
{
    for (size_t n = 1; n <= COUNT_MAX; n++) {
        const size_t from = n % 5, padded = n + 2 * WM_LANES + 2 * WM_ALTERNATIVE_REACH, stride = n + 2 * WM_LANES;
        const size_t row_count = WM_ALTERNATIVE_ROWS + 1;
        struct buffer b[7];
        float *x[5];
        for (int i = 0; i < 5; i++)
            x[i] = floats(&b[i], padded) + WM_ALTERNATIVE_REACH;
        for (size_t k = 0; k < padded; k++) /* a sign is -1, 0 or 1 */
            (x[4] - WM_ALTERNATIVE_REACH)[k] = (float)wm_rng_below(&rng, 3) - 1;
        float *want = floats(&b[5], row_count * stride), *got = floats(&b[6], row_count * stride);
        const struct wm_alternative_planes planes = {{x[0], x[1]}, {x[2], x[3]}, x[4], 0.8f, 0.6f};
        scalar()->alternatives(&planes, from, n, want, stride);
        for (size_t v = 1; wm_kernels_at(v); v++) {
            wm_kernels_at(v)->alternatives(&planes, from, n, got, stride);
            for (size_t row = 0; row < row_count && from < n; row++)
                same(got + row * stride + from, want + row * stride + from, (n - from) * sizeof(float),
                     "%s: alternatives of %zu, row %zu", wm_kernels_at(v)->name, n, row);
        }
        FREE_ALL(&b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &b[6]);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: kernels");
    TCase *tcase = tcase_create("kernels");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_test(tcase, variants_have_names);
    tcase_add_test(tcase, integer_samples);
    tcase_add_test(tcase, float_samples);
    tcase_add_test(tcase, fir_is_exact);
    tcase_add_test(tcase, fir_cannot_overflow);
    tcase_add_test(tcase, rows);
    tcase_add_test(tcase, scalar_rows_are_what_they_say);
    tcase_add_test(tcase, interpolation);
    tcase_add_test(tcase, chip_tones);
    tcase_add_test(tcase, words_3of6);
    tcase_add_test(tcase, decisions);
    tcase_add_test(tcase, trellis);
    tcase_add_test(tcase, alternatives);
    return suite;
}
