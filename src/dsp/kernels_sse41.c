/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SSE4.1, for x86 from 2008 on. Compiled with -msse4.1 and reached only where the CPU has it. Every kernel is faster than the
 * scalar one (bench/kernels.c); the integer conversions only as fast where the compiler is allowed to vectorise the scalar loop,
 * -O3. */
#include <smmintrin.h>

#define WM_VECTOR                    4
#define WM_VECTOR_SQRT(v)            _mm_sqrt_ps(v)
#define WM_VECTOR_SELECT(mask, a, b) _mm_blendv_ps(b, a, (__m128)(mask))
#define WM_VECTOR_MASK(mask)         (unsigned)_mm_movemask_ps((__m128)(mask))
#include "dsp/kernels_float.h"

static void sse41_convert_cu8(const void *in, size_t n, int16_t *out)
{
    const uint8_t *u = in;
    const __m128i zero = _mm_set1_epi16(255);
    size_t i = 0;

    for (; i + 16 <= 2 * n; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(u + i));
        __m128i low = _mm_cvtepu8_epi16(x), high = _mm_unpackhi_epi8(x, _mm_setzero_si128());
        _mm_storeu_si128((__m128i *)(out + i), _mm_sub_epi16(_mm_add_epi16(low, low), zero));
        _mm_storeu_si128((__m128i *)(out + i + 8), _mm_sub_epi16(_mm_add_epi16(high, high), zero));
    }
    for (; i < 2 * n; i++)
        out[i] = (int16_t)(2 * u[i] - 255);
}

static void sse41_convert_cs8(const void *in, size_t n, int16_t *out)
{
    const int8_t *s = in;
    size_t i = 0;

    for (; i + 16 <= 2 * n; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(s + i));
        _mm_storeu_si128((__m128i *)(out + i), _mm_cvtepi8_epi16(x));
        _mm_storeu_si128((__m128i *)(out + i + 8), _mm_srai_epi16(_mm_unpackhi_epi8(x, x), 8));
    }
    for (; i < 2 * n; i++)
        out[i] = s[i];
}

static inline __m128i to_int(const unsigned char *bytes, __m128 gain)
{
    __m128 x = _mm_mul_ps(_mm_loadu_ps((const float *)(const void *)bytes), gain);

    x = _mm_and_ps(x, _mm_cmpord_ps(x, x)); /* NaN to 0 */
    x = _mm_min_ps(_mm_max_ps(x, _mm_set1_ps(-32768.0f)), _mm_set1_ps(32767.0f));
    return _mm_cvtps_epi32(x);
}

static void sse41_convert_cf32(const void *in, size_t n, float gain, int16_t *out)
{
    const unsigned char *bytes = in;
    const __m128 g = _mm_set1_ps(gain);
    size_t i = 0;

    for (; i + 8 <= 2 * n; i += 8)
        _mm_storeu_si128((__m128i *)(out + i), _mm_packs_epi32(to_int(bytes + 4 * i, g), to_int(bytes + 4 * i + 16, g)));
    if (i < 2 * n) { /* the tail through a padded vector */
        unsigned char rest[32] = {0};
        int16_t done[8];
        memcpy(rest, bytes + 4 * i, 4 * (2 * n - i));
        _mm_storeu_si128((__m128i *)done, _mm_packs_epi32(to_int(rest, g), to_int(rest + 16, g)));
        memcpy(out + i, done, 2 * (2 * n - i));
    }
}

/* Sums of `outputs` outputs at a time, which share the loads of the taps. */
static inline void accumulate(const struct wm_fir *fir, const int16_t *x, int outputs, __m128i *r, __m128i *i)
{
    const size_t step = 2 * (size_t)fir->decimation, length = 2 * (size_t)fir->taps;

    for (int j = 0; j < outputs; j++)
        r[j] = i[j] = _mm_setzero_si128();
    for (size_t k = 0; k < length; k += 8) {
        const __m128i a = _mm_loadu_si128((const __m128i *)(fir->for_re + k));
        const __m128i b = _mm_loadu_si128((const __m128i *)(fir->for_im + k));
        for (int j = 0; j < outputs; j++) {
            __m128i v = _mm_loadu_si128((const __m128i *)(x + (size_t)j * step + k));
            r[j] = _mm_add_epi32(r[j], _mm_madd_epi16(v, a));
            i[j] = _mm_add_epi32(i[j], _mm_madd_epi16(v, b));
        }
    }
}

/* Sums of the lanes of four vectors. Unpacking is cheaper than the horizontal add, which unpacks inside. */
static inline __m128i sums4(const __m128i v[4])
{
    __m128i a = _mm_add_epi32(_mm_unpacklo_epi32(v[0], v[1]), _mm_unpackhi_epi32(v[0], v[1]));
    __m128i b = _mm_add_epi32(_mm_unpacklo_epi32(v[2], v[3]), _mm_unpackhi_epi32(v[2], v[3]));

    return _mm_add_epi32(_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b));
}

static void sse41_fir(const struct wm_fir *fir, const int16_t *x, size_t n_out, float *re, float *im)
{
    const size_t step = 2 * (size_t)fir->decimation;
    size_t m = 0;
    __m128i r[4], i[4];

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        accumulate(fir, x, 4, r, i);
        _mm_storeu_ps(re + m, _mm_cvtepi32_ps(sums4(r)));
        _mm_storeu_ps(im + m, _mm_cvtepi32_ps(sums4(i)));
    }
    for (; m < n_out; m++, x += step) {
        accumulate(fir, x, 1, r, i);
        __m128i sum = _mm_hadd_epi32(r[0], i[0]);
        sum = _mm_hadd_epi32(sum, sum);
        re[m] = (float)_mm_cvtsi128_si32(sum);
        im[m] = (float)_mm_extract_epi32(sum, 1);
    }
}

/* Division by 2^(by + 1) with the halves up. */
static inline __m128i divided(__m128i sum, __m128i by)
{
    return _mm_srai_epi32(_mm_add_epi32(_mm_sra_epi32(sum, by), _mm_set1_epi32(1)), 1);
}

static void sse41_decimate(const struct wm_fir *fir, const int16_t *x, size_t n_out, unsigned shift, int16_t *out)
{
    const size_t step = 2 * (size_t)fir->decimation;
    const __m128i by = _mm_cvtsi32_si128((int)shift - 1);
    size_t m = 0;
    __m128i r[4], i[4];

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        accumulate(fir, x, 4, r, i);
        const __m128i re = divided(sums4(r), by);
        const __m128i im = divided(sums4(i), by);
        _mm_storeu_si128((__m128i *)(out + 2 * m), _mm_packs_epi32(_mm_unpacklo_epi32(re, im), _mm_unpackhi_epi32(re, im)));
    }
    for (; m < n_out; m++, x += step) {
        accumulate(fir, x, 1, r, i);
        __m128i sum = _mm_hadd_epi32(r[0], i[0]);
        sum = divided(_mm_hadd_epi32(sum, sum), by);
        const int32_t pair = _mm_cvtsi128_si32(_mm_packs_epi32(sum, sum));
        memcpy(out + 2 * m, &pair, sizeof pair);
    }
}

const struct wm_kernels wm_kernels_sse41 = {
    .name = "sse4.1",
    .convert_cu8 = sse41_convert_cu8,
    .convert_cs8 = sse41_convert_cs8,
    .convert_cf32 = sse41_convert_cf32,
    .fir = sse41_fir,
    .decimate = sse41_decimate,
    WM_VECTOR_KERNELS,
};
