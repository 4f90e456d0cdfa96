/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NEON, which every AArch64 has. Compared with the scalar kernels under an emulator (tests/dsp/cross_kernels.sh), never timed. */
#include <arm_neon.h>

#define WM_VECTOR                    4
#define WM_VECTOR_SQRT(v)            vsqrtq_f32(v)
#define WM_VECTOR_SELECT(mask, a, b) vbslq_f32((uint32x4_t)(mask), a, b)
#define WM_VECTOR_MASK(mask)         (unsigned)vaddvq_u32(vandq_u32((uint32x4_t)(mask), (uint32x4_t){1, 2, 4, 8}))
#include "dsp/kernels_float.h"

static void neon_convert_cu8(const void *in, size_t n, int16_t *out)
{
    const uint8_t *u = in;
    const int16x8_t zero = vdupq_n_s16(255);
    size_t i = 0;

    for (; i + 16 <= 2 * n; i += 16) {
        uint8x16_t x = vld1q_u8(u + i);
        vst1q_s16(out + i, vsubq_s16(vreinterpretq_s16_u16(vshll_n_u8(vget_low_u8(x), 1)), zero));
        vst1q_s16(out + i + 8, vsubq_s16(vreinterpretq_s16_u16(vshll_high_n_u8(x, 1)), zero));
    }
    for (; i < 2 * n; i++)
        out[i] = (int16_t)(2 * u[i] - 255);
}

static void neon_convert_cs8(const void *in, size_t n, int16_t *out)
{
    const int8_t *s = in;
    size_t i = 0;

    for (; i + 16 <= 2 * n; i += 16) {
        int8x16_t x = vld1q_s8(s + i);
        vst1q_s16(out + i, vmovl_s8(vget_low_s8(x)));
        vst1q_s16(out + i + 8, vmovl_high_s8(x));
    }
    for (; i < 2 * n; i++)
        out[i] = s[i];
}

/* The conversion itself rounds to even, saturates and makes 0 of NaN; the narrowing saturates once more. */
static inline int16x4_t to_int(const unsigned char *bytes, float gain)
{
    float32x4_t x = vreinterpretq_f32_u8(vld1q_u8(bytes));

    return vqmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(x, gain)));
}

static void neon_convert_cf32(const void *in, size_t n, float gain, int16_t *out)
{
    const unsigned char *bytes = in;
    size_t i = 0;

    for (; i + 4 <= 2 * n; i += 4)
        vst1_s16(out + i, to_int(bytes + 4 * i, gain));
    if (i < 2 * n) { /* the tail through a padded vector */
        unsigned char rest[16] = {0};
        int16_t done[4];
        memcpy(rest, bytes + 4 * i, 4 * (2 * n - i));
        vst1_s16(done, to_int(rest, gain));
        memcpy(out + i, done, 2 * (2 * n - i));
    }
}

/* Sums of `outputs` outputs at a time, which share the loads of the taps. */
static inline void accumulate(const struct wm_fir *fir, const int16_t *x, int outputs, int32x4_t *r, int32x4_t *i)
{
    const size_t step = 2 * (size_t)fir->decimation, length = 2 * (size_t)fir->taps;

    for (int j = 0; j < outputs; j++)
        r[j] = i[j] = vdupq_n_s32(0);
    for (size_t k = 0; k < length; k += 8) {
        const int16x8_t a = vld1q_s16(fir->for_re + k), b = vld1q_s16(fir->for_im + k);
        for (int j = 0; j < outputs; j++) {
            int16x8_t v = vld1q_s16(x + (size_t)j * step + k);
            r[j] = vmlal_high_s16(vmlal_s16(r[j], vget_low_s16(v), vget_low_s16(a)), v, a);
            i[j] = vmlal_high_s16(vmlal_s16(i[j], vget_low_s16(v), vget_low_s16(b)), v, b);
        }
    }
}

static inline int32x4_t sums4(const int32x4_t v[4])
{
    return vpaddq_s32(vpaddq_s32(v[0], v[1]), vpaddq_s32(v[2], v[3]));
}

static void neon_fir(const struct wm_fir *fir, const int16_t *x, size_t n_out, float *re, float *im)
{
    const size_t step = 2 * (size_t)fir->decimation;
    size_t m = 0;
    int32x4_t r[4], i[4];

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        accumulate(fir, x, 4, r, i);
        vst1q_f32(re + m, vcvtq_f32_s32(sums4(r)));
        vst1q_f32(im + m, vcvtq_f32_s32(sums4(i)));
    }
    for (; m < n_out; m++, x += step) {
        accumulate(fir, x, 1, r, i);
        re[m] = (float)vaddvq_s32(r[0]);
        im[m] = (float)vaddvq_s32(i[0]);
    }
}

/* The shift to the right by a negative count to the left, rounding as it goes. */
static void neon_decimate(const struct wm_fir *fir, const int16_t *x, size_t n_out, unsigned shift, int16_t *out)
{
    const size_t step = 2 * (size_t)fir->decimation;
    const int32x4_t by = vdupq_n_s32(-(int32_t)shift);
    size_t m = 0;
    int32x4_t r[4], i[4];

    for (; m + 4 <= n_out; m += 4, x += 4 * step) {
        accumulate(fir, x, 4, r, i);
        const int16x4x2_t pairs = {{vqmovn_s32(vrshlq_s32(sums4(r), by)), vqmovn_s32(vrshlq_s32(sums4(i), by))}};
        vst2_s16(out + 2 * m, pairs);
    }
    for (; m < n_out; m++, x += step) {
        accumulate(fir, x, 1, r, i);
        const int32x4_t both = vsetq_lane_s32(vaddvq_s32(i[0]), vdupq_n_s32(vaddvq_s32(r[0])), 1);
        const int16x4_t pair = vqmovn_s32(vrshlq_s32(both, by));
        out[2 * m] = vget_lane_s16(pair, 0);
        out[2 * m + 1] = vget_lane_s16(pair, 1);
    }
}

const struct wm_kernels wm_kernels_neon = {
    .name = "neon",
    .convert_cu8 = neon_convert_cu8,
    .convert_cs8 = neon_convert_cs8,
    .convert_cf32 = neon_convert_cf32,
    .fir = neon_fir,
    .decimate = neon_decimate,
    WM_VECTOR_KERNELS,
};
