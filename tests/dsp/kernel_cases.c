/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N KERNEL_STRIDE

static float *out(struct kernel_scene *scene, size_t plane)
{
    return (float *)(void *)scene->out + plane * N;
}

static void convert_cu8(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->convert_cu8(s->raw + 1, n, (int16_t *)(void *)s->out);
}

static void convert_cs8(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->convert_cs8(s->raw + 1, n, (int16_t *)(void *)s->out);
}

static void convert_cf32(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->convert_cf32(s->cf32 + 1, n, 1000.0f, (int16_t *)(void *)s->out);
}

static void fir(const struct wm_kernels *k, struct kernel_scene *s, size_t n, unsigned taps, unsigned decimation)
{
    const struct wm_fir filter = {taps, decimation, s->tap_re, s->tap_im};

    k->fir(&filter, s->x, n, out(s, 0), out(s, 1));
}

/* the gate's filter and the band filter at 1.6 MS/s, and the shortest */
static void fir_gate(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    fir(k, s, n, 24, 8);
}

static void fir_band(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    fir(k, s, n, 64, 4);
}

static void fir_short(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    fir(k, s, n, 8, 3);
}

/* a wide capture's sub-band at 20 MS/s, and the shortest; the shifts: for 8-bit samples, and one that saturates */
static void decimate_wide(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    const struct wm_fir filter = {64, 7, s->tap_re, s->tap_im};

    k->decimate(&filter, s->x, n, 16, (int16_t *)(void *)s->out);
}

static void decimate_short(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    const struct wm_fir filter = {8, 2, s->tap_re, s->tap_im};

    k->decimate(&filter, s->x, n, 8, (int16_t *)(void *)s->out);
}

static void moments(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    float sums[3];

    k->moments(s->plane, s->plane_im, n, sums);
    for (size_t i = 0; i < 3; i++)
        *out(s, i) = sums[i];
}

static void lag_product(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->lag_product(s->plane, s->plane_im, 5, n, out(s, 0), out(s, 1));
}

static void correlate(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->correlate(s->plane, s->plane_im, s->tap, 97, n, out(s, 0), out(s, 1));
}

static void rotate(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    const struct wm_rotation rotation = {s->second, s->second_im, 0.6F, -0.8F, 0.1F, -0.2F};

    k->rotate(s->plane, s->plane_im, &rotation, n, out(s, 0), out(s, 1));
}

static void interpolate(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->interpolate(s->plane, s->plane_im, s->bank, 128, 3.0 + s->known[0] / 57.0, 23.977, n, out(s, 0), out(s, 1));
}

static void interpolate_dense(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->interpolate(s->plane, s->plane_im, s->bank, 128, 3.0 + s->known[0] / 57.0, 0.977, n, out(s, 0), out(s, 1));
}

static void chip_tones(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->chip_tones(s->plane, s->plane_im, N, 4, s->tap, s->tap2, n, out(s, 0), out(s, 1), out(s, 2), out(s, 3));
}

static void chip_tones_s(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->chip_tones(s->plane, s->plane_im, N, 8, s->tap, s->tap2, n, out(s, 0), out(s, 1), out(s, 2), out(s, 3));
}

static void chip_tones_most(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->chip_tones(s->plane, s->plane_im, N, 12, s->tap, s->tap2, n, out(s, 0), out(s, 1), out(s, 2), out(s, 3));
}

static void chip_tones_odd(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->chip_tones(s->plane, s->plane_im, N, 3, s->tap, s->tap2, n, out(s, 0), out(s, 1), out(s, 2), out(s, 3));
}

static void words_3of6(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->words_3of6(s->plane, s->plane_im, s->second, s->second_im, N, -0.95f, 0.3122f, n, out(s, 0), out(s, 16));
}

static void best_energy(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->best_energy(s->plane, s->plane_im, N, 16, n, s->out);
}

static void coherent_metric(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    k->coherent_metric(s->plane, s->plane_im, s->second, s->second_im, N, 16, n, out(s, 0));
}

/* Metrics, last states and choices, one behind the other. */
static void trellis(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    static const float h[WM_LANES] = {0.7f, 0.8f, 0.85f, 0.9f, 0.95f, 1.0f, 1.1f, 1.2f};
    const struct wm_complex_plane c1 = {s->plane, s->plane_im}, c0 = {s->second, s->second_im};
    uint8_t *last = (uint8_t *)(out(s, 0) + WM_LANES);

    memset(out(s, 0), 0, n * sizeof(float));
    k->trellis(&c1, &c0, n, s->known, n < 32 ? n : 32, h, 0.9f, 0.95f, out(s, 0), last, (uint8_t *)out(s, 1));
}

static void alternatives(const struct wm_kernels *k, struct kernel_scene *s, size_t n)
{
    const size_t at = WM_ALTERNATIVE_REACH;
    const struct wm_alternative_planes planes = {
        {s->plane + at, s->plane_im + at}, {s->second + at, s->second_im + at}, s->sign + at, -0.8f, 0.6f};

    k->alternatives(&planes, 0, n, out(s, 0), N);
}

const struct kernel_case kernel_cases[] = {
    {"convert_cu8", "sample", convert_cu8, 1, 4, 0, 1024},
    {"convert_cs8", "sample", convert_cs8, 1, 4, 0, 1024},
    {"convert_cf32", "sample", convert_cf32, 1, 4, 0, 1024},
    {"fir, 24 taps, 8:1", "output", fir_gate, 2, 4, 0, 32},
    {"fir, 64 taps, 4:1", "output", fir_band, 2, 4, 0, 64},
    {"fir, 8 taps, 3:1", "output", fir_short, 2, 4, 0, 64},
    {"decimate, 64 taps, 7:1", "output", decimate_wide, 1, 4, 0, 1024},
    {"decimate, 8 taps, 2:1", "output", decimate_short, 1, 4, 0, 64},
    {"moments", "sample", moments, 3, 4, 1, 32},
    {"lag_product", "sample", lag_product, 2, 4, 0, 512},
    {"correlate, 97 taps", "output", correlate, 2, 4, 0, 512},
    {"rotate", "sample", rotate, 2, 4, 0, 64},
    {"interpolate", "output", interpolate, 2, 4, 0, 8},
    {"interpolate, dense", "output", interpolate_dense, 2, 4, 0, 512},
    {"chip_tones, 4 samples", "chip", chip_tones, 4, 4, 0, 8},
    {"chip_tones, 8 samples", "chip", chip_tones_s, 4, 4, 0, 24},
    {"chip_tones, 12 samples", "chip", chip_tones_most, 4, 4, 0, 24},
    {"chip_tones, 3 samples", "chip", chip_tones_odd, 4, 4, 0, 64},
    {"words_3of6", "word", words_3of6, 32, 4, 0, 8},
    {"best_energy, 16 codes", "word", best_energy, 1, 1, 0, 8},
    {"coherent_metric, 16 codes", "word", coherent_metric, 16, 4, 0, 8},
    {"trellis, 8 indices", "chip", trellis, 2, 4, 0, 512},
    {"alternatives", "chip", alternatives, WM_ALTERNATIVE_ROWS + 1, 4, 0, 512},
};
const size_t kernel_case_count = sizeof kernel_cases / sizeof *kernel_cases;

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static float real(uint64_t *state, int kind)
{
    float x = (float)next_random(state) / 1073741824.0f - 1.0f;
    uint32_t choice = next_random(state) % 16;

    if (kind == 0)
        return x;
    if (kind == 1) /* past the range of 16 bits in convert_cf32, rounding ties, whole numbers */
        return choice < 8 ? x * 66.0f : ((float)(next_random(state) % 65536) - 32768.0f + (choice < 12 ? 0.5f : 0.0f)) / 1000.0f;
    return choice < 3 ? 0.0f : choice == 3 ? -0.0f : choice < 8 ? x * 1e12f : choice < 12 ? x * 1e-12f : x;
}

static void fill(float *x, size_t n, uint64_t *state, int kind)
{
    for (size_t i = 0; i < n; i++)
        x[i] = real(state, kind);
}

void kernel_scene_fill(struct kernel_scene *scene, unsigned seed, int kind)
{
    uint64_t state = seed * 2654435761u + 12345;

    for (size_t i = 0; i < sizeof scene->raw; i++)
        scene->raw[i] = (uint8_t)(kind == 1 ? 255 * (next_random(&state) & 1) : next_random(&state));
    for (size_t i = 0; i < sizeof scene->x / sizeof *scene->x; i++)
        scene->x[i] =
            (int16_t)(kind == 1 ? (next_random(&state) & 1 ? 32767 : -32768) : (int)(next_random(&state) & 0xFFFF) - 32768);
    for (size_t i = 0; i < 64; i++) { /* 64 taps of |re| + |im| <= 1023: at most 65472 in all */
        int re = kind == 1 ? 512 : (int)(next_random(&state) % 1024) - 512;
        int im = kind == 1 ? -511 : (int)(next_random(&state) % 1022) - 511;
        scene->tap_re[2 * i] = (int16_t)re;
        scene->tap_re[2 * i + 1] = (int16_t)-im;
        scene->tap_im[2 * i] = (int16_t)im;
        scene->tap_im[2 * i + 1] = (int16_t)re;
    }
    fill(scene->plane, sizeof scene->plane / sizeof(float), &state, kind);
    fill(scene->plane_im, sizeof scene->plane_im / sizeof(float), &state, kind);
    fill(scene->second, sizeof scene->second / sizeof(float), &state, kind);
    fill(scene->second_im, sizeof scene->second_im / sizeof(float), &state, kind);
    fill(scene->tap, sizeof scene->tap / sizeof(float), &state, kind);
    fill(scene->tap2, sizeof scene->tap2 / sizeof(float), &state, kind);
    fill(scene->bank, sizeof scene->bank / sizeof(float), &state, kind);
    for (size_t i = 0; i < sizeof scene->sign / sizeof(float); i++)
        scene->sign[i] = (float)(next_random(&state) % 3) - 1;
    for (size_t i = 0; i < sizeof scene->known; i++)
        scene->known[i] = (uint8_t)(next_random(&state) & 1);
    fill(scene->cf32, sizeof scene->cf32 / sizeof(float), &state, kind);
    if (kind) {
        scene->cf32[1] = NAN;
        scene->cf32[4] = INFINITY;
        scene->cf32[7] = -INFINITY;
    }
}

size_t kernel_case_differs(const struct kernel_case *one, const struct wm_kernels *oracle, const struct wm_kernels *variant,
                           struct kernel_scene *scene, size_t n)
{
    const size_t stride = one->value_bytes * N, bytes = one->value_bytes * (one->values ? one->values : n);
    const size_t used = one->planes * stride;
    unsigned char *want = malloc(used);
    size_t plane = 0;

    if (!want)
        return 1;
    memset(scene->out, 0xA5, used);
    one->run(oracle, scene, n);
    memcpy(want, scene->out, used);
    memset(scene->out, 0x5A, used);
    one->run(variant, scene, n);
    while (plane < one->planes && memcmp(scene->out + plane * stride, want + plane * stride, bytes) == 0)
        plane++;
    free(want);
    return plane < one->planes ? 1 + plane : 0;
}
