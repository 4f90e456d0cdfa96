/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AVX-512 F, BW, DQ and VL. Compiled with these and reached only where the CPU has them and the system saves their registers.
 *
 * Compared with the scalar kernels in an emulator (tests/dsp/avx512_bochs.sh); never timed, so nothing says yet that they beat
 * AVX2. The integer kernels are 512 bits wide, with masks for the tails. The float kernels stay at eight lanes, which the order of
 * their sums is made of; they gain the 32 registers and the masks. */
#include <immintrin.h>

#define WM_VECTOR                    8
#define WM_VECTOR_SQRT(v)            _mm256_sqrt_ps(v)
#define WM_VECTOR_SELECT(mask, a, b) _mm256_blendv_ps(b, a, (__m256)(mask))
#define WM_VECTOR_MASK(mask)         (unsigned)_mm256_movemask_ps((__m256)(mask))
#include "dsp/kernels_float.h"

/* The mask of the first n of 32 values, 0 < n. */
static inline __mmask32 first32(size_t n)
{
    return n < 32 ? (__mmask32)((1u << n) - 1) : 0xFFFFFFFFu;
}

static void avx512_convert_cu8(const void *in, size_t n, int16_t *out)
{
    const uint8_t *u = in;
    const __m512i zero = _mm512_set1_epi16(255);

    for (size_t i = 0; i < 2 * n; i += 32) {
        const __mmask32 mask = first32(2 * n - i);
        __m512i x = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, u + i));
        _mm512_mask_storeu_epi16(out + i, mask, _mm512_sub_epi16(_mm512_slli_epi16(x, 1), zero));
    }
}

static void avx512_convert_cs8(const void *in, size_t n, int16_t *out)
{
    const int8_t *s = in;

    for (size_t i = 0; i < 2 * n; i += 32) {
        const __mmask32 mask = first32(2 * n - i);
        _mm512_mask_storeu_epi16(out + i, mask, _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(mask, s + i)));
    }
}

static void avx512_convert_cf32(const void *in, size_t n, float gain, int16_t *out)
{
    const unsigned char *bytes = in;
    const __m512 g = _mm512_set1_ps(gain), low = _mm512_set1_ps(-32768.0f), high = _mm512_set1_ps(32767.0f);

    for (size_t i = 0; i < 2 * n; i += 16) {
        const __mmask16 mask = (__mmask16)first32(2 * n - i);
        __m512 x = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, bytes + 4 * i), g);
        x = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, x, _CMP_ORD_Q), x); /* NaN to 0 */
        x = _mm512_min_ps(_mm512_max_ps(x, low), high);
        _mm256_mask_storeu_epi16(out + i, mask, _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(x)));
    }
}

/* Sums of `outputs` outputs at a time, which share the loads of the taps. Taps come in multiples of 8, half a vector. */
static inline void accumulate(const struct wm_fir *fir, const int16_t *x, int outputs, __m512i *r, __m512i *i)
{
    const size_t step = 2 * (size_t)fir->decimation, length = 2 * (size_t)fir->taps;
    size_t k = 0;

    for (int j = 0; j < outputs; j++)
        r[j] = i[j] = _mm512_setzero_si512();
    for (; k + 32 <= length; k += 32) {
        const __m512i a = _mm512_loadu_si512(fir->for_re + k), b = _mm512_loadu_si512(fir->for_im + k);
        for (int j = 0; j < outputs; j++) {
            __m512i v = _mm512_loadu_si512(x + (size_t)j * step + k);
            r[j] = _mm512_add_epi32(r[j], _mm512_madd_epi16(v, a));
            i[j] = _mm512_add_epi32(i[j], _mm512_madd_epi16(v, b));
        }
    }
    if (k < length) {
        const __m512i a = _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)(fir->for_re + k)));
        const __m512i b = _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)(fir->for_im + k)));
        for (int j = 0; j < outputs; j++) {
            __m512i v = _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)(x + (size_t)j * step + k)));
            r[j] = _mm512_add_epi32(r[j], _mm512_madd_epi16(v, a));
            i[j] = _mm512_add_epi32(i[j], _mm512_madd_epi16(v, b));
        }
    }
}

static inline __m256i fold512(__m512i v)
{
    return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

/* Sums of the lanes of four vectors, each in the low and the high half apart: 0 1 2 3 | 0 1 2 3. */
static inline __m256i sums4(const __m512i v[4])
{
    return _mm256_hadd_epi32(_mm256_hadd_epi32(fold512(v[0]), fold512(v[1])), _mm256_hadd_epi32(fold512(v[2]), fold512(v[3])));
}

/* Four outputs from the vectors that hold their sums: re | im. */
static inline __m256i four_outputs(const __m512i r[4], const __m512i i[4])
{
    const __m256i a = sums4(r), b = sums4(i);

    /* low halves of both and high halves of both */
    return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

static void avx512_fir(const struct wm_fir *fir, const int16_t *x, size_t n_out, float *re, float *im)
{
    const size_t step = 2 * (size_t)fir->decimation;
    size_t m = 0;
    __m512i r[4], i[4];

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        accumulate(fir, x, 4, r, i);
        __m256 y = _mm256_cvtepi32_ps(four_outputs(r, i));
        _mm_storeu_ps(re + m, _mm256_castps256_ps128(y));
        _mm_storeu_ps(im + m, _mm256_extractf128_ps(y, 1));
    }
    for (; m < n_out; m++, x += step) {
        accumulate(fir, x, 1, r, i);
        re[m] = (float)_mm512_reduce_add_epi32(r[0]);
        im[m] = (float)_mm512_reduce_add_epi32(i[0]);
    }
}

/* Division by 2^(by + 1) with the halves up. */
static inline __m256i divided(__m256i sum, __m128i by)
{
    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_sra_epi32(sum, by), _mm256_set1_epi32(1)), 1);
}

static void avx512_decimate(const struct wm_fir *fir, const int16_t *x, size_t n_out, unsigned shift, int16_t *out)
{
    const size_t step = 2 * (size_t)fir->decimation;
    const __m128i by = _mm_cvtsi32_si128((int)shift - 1);
    size_t m = 0;
    __m512i r[4], i[4];

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        accumulate(fir, x, 4, r, i);
        const __m256i y = divided(four_outputs(r, i), by);
        const __m128i re = _mm256_castsi256_si128(y), im = _mm256_extracti128_si256(y, 1);
        _mm_storeu_si128((__m128i *)(out + 2 * m), _mm_packs_epi32(_mm_unpacklo_epi32(re, im), _mm_unpackhi_epi32(re, im)));
    }
    for (; m < n_out; m++, x += step) {
        accumulate(fir, x, 1, r, i);
        const __m256i sum = _mm256_set_epi32(0, 0, 0, 0, 0, 0, _mm512_reduce_add_epi32(i[0]), _mm512_reduce_add_epi32(r[0]));
        const __m128i y = _mm256_castsi256_si128(divided(sum, by));
        const int32_t pair = _mm_cvtsi128_si32(_mm_packs_epi32(y, y));
        memcpy(out + 2 * m, &pair, sizeof pair);
    }
}

const struct wm_kernels wm_kernels_avx512 = {
    .name = "avx512",
    .convert_cu8 = avx512_convert_cu8,
    .convert_cs8 = avx512_convert_cs8,
    .convert_cf32 = avx512_convert_cf32,
    .fir = avx512_fir,
    .decimate = avx512_decimate,
    WM_VECTOR_KERNELS,
};
