/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares the variants of the kernels with the scalar one, bit for bit: those named as arguments, which must be there, or all that
 * this CPU has. test_kernels.c looks closer; this one needs no library and so runs under emulators of other CPUs too. */
#include "kernel_cases.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEDS 3

static int compare(const struct wm_kernels *variant, struct kernel_scene *scene)
{
    int faults = 0;

    for (int run = 0; run < 3 * SEEDS; run++) {
        const int kind = run % 3;
        kernel_scene_fill(scene, (unsigned)run, kind);
        for (size_t c = 0; c < kernel_case_count; c++) {
            /* every length of a tail, and one long call */
            for (size_t i = 0; i <= 71; i++) {
                const size_t n = i < 71 ? i : KERNEL_N_MAX;
                size_t differs = kernel_case_differs(&kernel_cases[c], wm_kernels_at(0), variant, scene, n);
                if (!differs)
                    continue;
                printf("%s: %s of %zu differs from scalar in plane %zu, input of kind %d\n", variant->name, kernel_cases[c].name, n,
                       differs - 1, kind);
                faults++;
                break;
            }
        }
    }
    printf("%s: %zu kernels compared, %d faults\n", variant->name, kernel_case_count, faults);
    fflush(stdout);
    return faults;
}

int main(int argc, char **argv)
{
    struct kernel_scene *scene = malloc(sizeof *scene);
    int faults = 0;

    if (!scene)
        return 2;
    for (int i = 1; i < argc; i++) {
        if (wm_kernels_select(argv[i])) {
            faults += compare(wm_kernels_select(argv[i]), scene);
        } else {
            printf("this CPU has no %s\n", argv[i]);
            faults++;
        }
    }
    for (size_t v = 1; argc == 1 && wm_kernels_at(v); v++)
        faults += compare(wm_kernels_at(v), scene);
    free(scene);
    return faults != 0;
}
