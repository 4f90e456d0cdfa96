/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rotate.h"
#include "suite.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    double phase, step;
    float gain;
    bool offset;
} cases[] = {{0, 0, 1, false},
             {0.25, 0, 1, false},
             {0, 0.25, 2, true},
             {-7.3, 0.1234567, 1, false},
             {-7.3, 0.1234567, 1, true},
             {1e7 + 0.125, -0.31, 0.5f, true},
             {0.9, 0.4999, 1e-3f, false},
             {0, 1e-7, 1e3f, true}};
static const float offset[2] = {0.25f, -0.125f};

/* The rotation by hand in double, at every length round the block's; no error grows with the length. */
START_TEST(turns_by_the_phase_of_each_sample)
{
    enum { LONGEST = 50000 };
    static const size_t counts[] = {0, 1, 7, 63, 64, 65, 127, 128, 200, LONGEST};
    const struct wm_kernels *k = wm_kernels_select(NULL);

    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        size_t n = counts[c];
        float *re = malloc((n + 1) * sizeof *re), *im = malloc((n + 1) * sizeof *im);
        ck_assert(re && im);
        for (size_t i = 0; i < n; i++) {
            re[i] = (float)cos(0.1 * (double)i);
            im[i] = (float)sin(0.37 * (double)i);
        }
        re[n] = im[n] = 42;
        struct wm_rotator rotator;
        wm_rotator_set(&rotator, cases[_i].step, cases[_i].gain);
        wm_rotate(k, &rotator, re, im, n, cases[_i].phase, cases[_i].offset ? offset : NULL, re, im); /* in place */
        for (size_t i = 0; i < n; i++) {
            double cycles = fmod(cases[_i].phase, 1) + fmod(cases[_i].step * (double)i, 1);
            double complex in = (float)cos(0.1 * (double)i) + I * (float)sin(0.37 * (double)i);
            if (cases[_i].offset)
                in -= (double)offset[0] + I * (double)offset[1];
            double complex want = in * (double)cases[_i].gain * cexp(2 * I * M_PI * cycles);
            ck_assert_msg(cabs(re[i] + I * im[i] - want) < 1e-6 * (double)cases[_i].gain, "sample %zu of %zu", i, n);
        }
        ck_assert(re[n] == 42 && im[n] == 42);
        free(re);
        free(im);
    }
}
END_TEST

/* Every variant gives the same bits. */
START_TEST(variants_agree)
{
    enum { N = 333 };
    float re[N], im[N], want_re[N], want_im[N], got_re[N], got_im[N];
    struct wm_rotator rotator;

    for (int i = 0; i < N; i++) {
        re[i] = (float)sin(i * i);
        im[i] = (float)cos(3.0 * i * i);
    }
    wm_rotator_set(&rotator, 0.123, 1.7f);
    wm_rotate(wm_kernels_at(0), &rotator, re, im, N, 0.3, offset, want_re, want_im);
    for (size_t v = 1; wm_kernels_at(v); v++) {
        wm_rotate(wm_kernels_at(v), &rotator, re, im, N, 0.3, offset, got_re, got_im);
        ck_assert_mem_eq(got_re, want_re, sizeof got_re);
        ck_assert_mem_eq(got_im, want_im, sizeof got_im);
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("dsp: rotate");
    TCase *tcase = tcase_create("rotate");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, turns_by_the_phase_of_each_sample, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, variants_agree);
    return suite;
}
