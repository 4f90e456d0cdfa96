/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AVX2. Compiled with -mavx2 and reached only where the CPU has it. Every kernel is faster than its SSE4.1 twin (bench/kernels.c),
 * up to twice; interpolation of a few positions, which waits for its loads, is as fast. */
#include <immintrin.h>

#define WM_VECTOR                    8
#define WM_VECTOR_SQRT(v)            _mm256_sqrt_ps(v)
#define WM_VECTOR_SELECT(mask, a, b) _mm256_blendv_ps(b, a, (__m256)(mask))
#define WM_VECTOR_MASK(mask)         (unsigned)_mm256_movemask_ps((__m256)(mask))
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

/* Sums of the lanes of four vectors, each in the low and the high half apart: 0 1 2 3 | 0 1 2 3. Unpacking is cheaper than the
 * horizontal add, which unpacks inside. */
static inline __m256i sums4(const __m256i v[4])
{
    __m256i a = _mm256_add_epi32(_mm256_unpacklo_epi32(v[0], v[1]), _mm256_unpackhi_epi32(v[0], v[1]));
    __m256i b = _mm256_add_epi32(_mm256_unpacklo_epi32(v[2], v[3]), _mm256_unpackhi_epi32(v[2], v[3]));

    return _mm256_add_epi32(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
}

static inline __m256i load16(const int16_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* Four outputs, which share the loads of the taps: re | im. What limits is the multiplications themselves: keeping the taps of a
 * fixed length in registers was measured and gains nothing. */
static inline __m256i four_outputs(const struct wm_fir *fir, const int16_t *x)
{
    const size_t step = 2 * (size_t)fir->decimation, length = 2 * (size_t)fir->taps;
    __m256i r[4], i[4];

    for (int j = 0; j < 4; j++)
        r[j] = i[j] = _mm256_setzero_si256();
#pragma GCC unroll 2
    for (size_t k = 0; k < length; k += 16) {
        const __m256i a = load16(fir->for_re + k), b = load16(fir->for_im + k);
        for (int j = 0; j < 4; j++) {
            const __m256i v = load16(x + (size_t)j * step + k);
            r[j] = _mm256_add_epi32(r[j], _mm256_madd_epi16(v, a));
            i[j] = _mm256_add_epi32(i[j], _mm256_madd_epi16(v, b));
        }
    }
    /* low halves of both and high halves of both */
    const __m256i re = sums4(r), im = sums4(i);
    return _mm256_add_epi32(_mm256_permute2x128_si256(re, im, 0x20), _mm256_permute2x128_si256(re, im, 0x31));
}

/* One output: re, im, re, im. */
static inline __m128i one_output(const struct wm_fir *fir, const int16_t *x)
{
    __m256i r = _mm256_setzero_si256(), i = r;

    for (size_t k = 0; k < 2 * (size_t)fir->taps; k += 16) {
        const __m256i v = load16(x + k);
        r = _mm256_add_epi32(r, _mm256_madd_epi16(v, load16(fir->for_re + k)));
        i = _mm256_add_epi32(i, _mm256_madd_epi16(v, load16(fir->for_im + k)));
    }
    __m128i sum = _mm_hadd_epi32(_mm_add_epi32(_mm256_castsi256_si128(r), _mm256_extracti128_si256(r, 1)),
                                 _mm_add_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1)));
    return _mm_hadd_epi32(sum, sum);
}

static void avx2_fir(const struct wm_fir *fir, const int16_t *x, size_t n_out, float *re, float *im)
{
    const size_t step = 2 * (size_t)fir->decimation;
    size_t m = 0;

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        const __m256 y = _mm256_cvtepi32_ps(four_outputs(fir, x));
        _mm_storeu_ps(re + m, _mm256_castps256_ps128(y));
        _mm_storeu_ps(im + m, _mm256_extractf128_ps(y, 1));
    }
    for (; m < n_out; m++, x += step) {
        const __m128i sum = one_output(fir, x);
        re[m] = (float)_mm_cvtsi128_si32(sum);
        im[m] = (float)_mm_extract_epi32(sum, 1);
    }
}

/* Division by 2^(by + 1) with the halves up. */
static inline __m256i divided(__m256i sum, __m128i by)
{
    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_sra_epi32(sum, by), _mm256_set1_epi32(1)), 1);
}

static void avx2_decimate(const struct wm_fir *fir, const int16_t *x, size_t n_out, unsigned shift, int16_t *out)
{
    const size_t step = 2 * (size_t)fir->decimation;
    const __m128i by = _mm_cvtsi32_si128((int)shift - 1);
    size_t m = 0;

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        const __m256i y = divided(four_outputs(fir, x), by);
        const __m128i re = _mm256_castsi256_si128(y), im = _mm256_extracti128_si256(y, 1);
        _mm_storeu_si128((__m128i *)(out + 2 * m), _mm_packs_epi32(_mm_unpacklo_epi32(re, im), _mm_unpackhi_epi32(re, im)));
    }
    for (; m < n_out; m++, x += step) {
        const __m128i y = _mm256_castsi256_si128(divided(_mm256_zextsi128_si256(one_output(fir, x)), by));
        const int32_t pair = _mm_cvtsi128_si32(_mm_packs_epi32(y, y));
        memcpy(out + 2 * m, &pair, sizeof pair);
    }
}

const struct wm_kernels wm_kernels_avx2 = {
    .name = "avx2",
    .convert_cu8 = avx2_convert_cu8,
    .convert_cs8 = avx2_convert_cs8,
    .convert_cf32 = avx2_convert_cf32,
    .fir = avx2_fir,
    .decimate = avx2_decimate,
    WM_VECTOR_KERNELS,
};
