/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/kernels.h"

#include <string.h>

extern const struct wm_kernels wm_kernels_scalar;
#ifdef WMSDR_HAVE_SSE41
extern const struct wm_kernels wm_kernels_sse41;
#endif
#ifdef WMSDR_HAVE_AVX2
extern const struct wm_kernels wm_kernels_avx2;
#endif
#ifdef WMSDR_HAVE_AVX512
extern const struct wm_kernels wm_kernels_avx512;
#endif
#ifdef WMSDR_HAVE_NEON
extern const struct wm_kernels wm_kernels_neon;
#endif

/* Slowest first; the compiler's CPU check includes the operating system's word that it saves the wide registers. */
const struct wm_kernels *wm_kernels_at(size_t i)
{
    const struct wm_kernels *have[5];
    size_t n = 0;

    have[n++] = &wm_kernels_scalar;
#ifdef WMSDR_HAVE_SSE41
    if (__builtin_cpu_supports("sse4.1"))
        have[n++] = &wm_kernels_sse41;
#endif
#ifdef WMSDR_HAVE_AVX2
    if (__builtin_cpu_supports("avx2"))
        have[n++] = &wm_kernels_avx2;
#endif
#ifdef WMSDR_HAVE_AVX512
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        have[n++] = &wm_kernels_avx512;
#endif
#ifdef WMSDR_HAVE_NEON
    have[n++] = &wm_kernels_neon;
#endif
    return i < n ? have[i] : NULL;
}

const struct wm_kernels *wm_kernels_select(const char *name)
{
    const struct wm_kernels *best = NULL;

    for (size_t i = 0; wm_kernels_at(i); i++) {
        best = wm_kernels_at(i);
        if (name && strcmp(best->name, name) == 0)
            return best;
    }
    return name ? NULL : best;
}
