/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/select.h"
#include "suite.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST 900

static uint32_t random_bits(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Orders that a sample at even distances reads wrong are among them. */
static const char *const kinds[] = {"any",          "few different", "all equal",   "rising",  "falling",
                                    "a comb above", "a comb below",  "a loud half", "infinite"};

static void fill(int kind, float *values, size_t n, uint32_t *state)
{
    for (size_t i = 0; i < n; i++) {
        const float any = (float)random_bits(state) / 1e6f - 4;
        const size_t tooth = n >= 32 ? n / 32 : 1;
        switch (kind) {
        case 0:
            values[i] = any;
            break;
        case 1:
            values[i] = (float)(random_bits(state) % 3);
            break;
        case 2:
            values[i] = -1.5f;
            break;
        case 3:
            values[i] = (float)i / 7;
            break;
        case 4:
            values[i] = -(float)i / 7;
            break;
        case 5: /* where the sample looks it is another world */
            values[i] = i % tooth == 0 ? any + 1e6f : any;
            break;
        case 6:
            values[i] = i % tooth == 0 ? any - 1e6f : any;
            break;
        case 7:
            values[i] = i < n / 2 ? any : any * 1e4f;
            break;
        default:
            values[i] = random_bits(state) % 4 ? any : any < 0 ? -INFINITY : INFINITY;
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

START_TEST(it_is_what_sorting_would_put_there)
{
    static const size_t sizes[] = {1, 2, 3, 31, 32, 33, 255, 256, 257, 512, 800, MOST};
    float values[MOST], sorted[MOST], work[MOST];
    uint32_t state = 1;

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t n = sizes[s];
        fill(_i, values, n, &state);
        memcpy(sorted, values, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_value);
        for (size_t k = 0; k < n; k++) {
            memcpy(work, values, n * sizeof *work);
            const float got = wm_select(work, n, k);
            if (!(got == sorted[k]))
                ck_abort_msg("%s, %zu of %zu: %g instead of %g", kinds[_i], k, n, (double)got, (double)sorted[k]);
        }
    }
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("base: select");
    TCase *tcase = tcase_create("select");

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, it_is_what_sorting_would_put_there, 0, sizeof kinds / sizeof *kinds);
    return suite;
}
