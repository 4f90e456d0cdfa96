/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AVX2. Compiled with -mavx2 and reached only where the CPU has it. */
#include <immintrin.h>

#define WM_VECTOR                    8
#define WM_VECTOR_SQRT(v)            _mm256_sqrt_ps(v)
#define WM_VECTOR_SELECT(mask, a, b) _mm256_blendv_ps(b, a, (__m256)(mask))
#include "dsp/kernels_float.h"

static void avx2_convert_cu8(const void *in, size_t n, int16_t *out)
{
    const uint8_t *u = in;
    const __m256i zero = _mm256_set1_epi16(255);
    size_t i = 0;

    for (; i + 16 <= 2 * n; i += 16) {
        __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(u + i)));
        _mm256_storeu_si256((__m256i *)(out + i), _mm256_sub_epi16(_mm256_slli_epi16(x, 1), zero));
    }
    for (; i < 2 * n; i++)
        out[i] = (int16_t)(2 * u[i] - 255);
}

static void avx2_convert_cs8(const void *in, size_t n, int16_t *out)
{
    const int8_t *s = in;
    size_t i = 0;

    for (; i + 16 <= 2 * n; i += 16)
        _mm256_storeu_si256((__m256i *)(out + i), _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(s + i))));
    for (; i < 2 * n; i++)
        out[i] = s[i];
}

static inline __m256i to_int(__m256 x, __m256 gain)
{
    x = _mm256_mul_ps(x, gain);
    x = _mm256_and_ps(x, _mm256_cmp_ps(x, x, _CMP_ORD_Q)); /* NaN to 0 */
    x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-32768.0f)), _mm256_set1_ps(32767.0f));
    return _mm256_cvtps_epi32(x);
}

static void avx2_convert_cf32(const void *in, size_t n, float gain, int16_t *out)
{
    const unsigned char *bytes = in;
    const __m256 g = _mm256_set1_ps(gain);
    size_t i = 0;

    for (; i + 16 <= 2 * n; i += 16) {
        __m256i a = to_int(_mm256_loadu_ps((const float *)(const void *)(bytes + 4 * i)), g);
        __m256i b = to_int(_mm256_loadu_ps((const float *)(const void *)(bytes + 4 * i + 32)), g);
        __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
        _mm256_storeu_si256((__m256i *)(out + i), packed);
    }
    if (i < 2 * n) { /* the tail through a padded vector */
        float rest[16] = {0};
        int16_t done[16];
        memcpy(rest, bytes + 4 * i, 4 * (2 * n - i));
        __m256i a = to_int(_mm256_loadu_ps(rest), g);
        __m256i b = to_int(_mm256_loadu_ps(rest + 8), g);
        _mm256_storeu_si256((__m256i *)done, _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8));
        memcpy(out + i, done, 2 * (2 * n - i));
    }
}

/* Sums of `outputs` outputs at a time, which share the loads of the taps. */
static inline void accumulate(const struct wm_fir *fir, const int16_t *x, int outputs, __m256i *r, __m256i *i)
{
    const size_t step = 2 * (size_t)fir->decimation, length = 2 * (size_t)fir->taps;
    const __m256i *for_re = (const __m256i *)fir->for_re, *for_im = (const __m256i *)fir->for_im;
    __m256i a = _mm256_loadu_si256(for_re), b = _mm256_loadu_si256(for_im);

    for (int j = 0; j < outputs; j++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(x + (size_t)j * step));
        r[j] = _mm256_madd_epi16(v, a);
        i[j] = _mm256_madd_epi16(v, b);
    }
    for (size_t k = 16; k < length; k += 16) {
        a = _mm256_loadu_si256(for_re + k / 16);
        b = _mm256_loadu_si256(for_im + k / 16);
        for (int j = 0; j < outputs; j++) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(x + (size_t)j * step + k));
            r[j] = _mm256_add_epi32(r[j], _mm256_madd_epi16(v, a));
            i[j] = _mm256_add_epi32(i[j], _mm256_madd_epi16(v, b));
        }
    }
}

/* Sums of the lanes of four vectors, each in the low and the high half apart: 0 1 2 3 | 0 1 2 3. */
static inline __m256i sums4(const __m256i v[4])
{
    return _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
}

static void avx2_fir(const struct wm_fir *fir, const int16_t *x, size_t n_out, float *re, float *im)
{
    const size_t step = 2 * (size_t)fir->decimation;
    size_t m = 0;
    __m256i r[4], i[4];

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        accumulate(fir, x, 4, r, i);
        __m256i a = sums4(r), b = sums4(i);
        /* low halves of both and high halves of both: re | im */
        __m256i sum = _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
        __m256 y = _mm256_cvtepi32_ps(sum);
        _mm_storeu_ps(re + m, _mm256_castps256_ps128(y));
        _mm_storeu_ps(im + m, _mm256_extractf128_ps(y, 1));
    }
    for (; m < n_out; m++, x += step) {
        accumulate(fir, x, 1, r, i);
        __m128i sum = _mm_hadd_epi32(_mm_add_epi32(_mm256_castsi256_si128(r[0]), _mm256_extracti128_si256(r[0], 1)),
                                     _mm_add_epi32(_mm256_castsi256_si128(i[0]), _mm256_extracti128_si256(i[0], 1)));
        sum = _mm_hadd_epi32(sum, sum);
        re[m] = (float)_mm_cvtsi128_si32(sum);
        im[m] = (float)_mm_extract_epi32(sum, 1);
    }
}

const struct wm_kernels wm_kernels_avx2 = {
    .name = "avx2",
    .convert_cu8 = avx2_convert_cu8,
    .convert_cs8 = avx2_convert_cs8,
    .convert_cf32 = avx2_convert_cf32,
    .fir = avx2_fir,
    .energy = vec_energy,
    .lag_product = vec_lag_product,
    .correlate = vec_correlate,
    .multiply = vec_multiply,
    .interpolate = vec_interpolate,
    .chip_tones = vec_chip_tones,
    .words_3of6 = vec_words_3of6,
    .best_energy = vec_best_energy,
    .coherent_metric = vec_coherent_metric,
    .trellis_metric = vec_trellis_metric,
};
