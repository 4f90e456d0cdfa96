/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares every variant of the kernels that this CPU has with the scalar one, bit for bit. A variant named as an argument must be
 * there. test_kernels.c looks closer; this one needs no library and so runs under emulators of other CPUs too. */
#include "kernel_cases.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEDS 3

static int compare(const struct wm_kernels *variant, struct kernel_scene *scene)
{
    int faults = 0;

    for (size_t c = 0; c < kernel_case_count; c++) {
        size_t n = 0, differs = 0;
        int kind = 0;
        for (int run = 0; run < 3 * SEEDS && !differs; run++) {
            kind = run % 3;
            kernel_scene_fill(scene, (unsigned)run, kind);
            for (n = kernel_cases[c].values == 1 ? 1 : 0; n <= 70 && !differs; n++)
                differs = kernel_case_differs(&kernel_cases[c], wm_kernels_at(0), variant, scene, n);
            if (!differs)
                differs = kernel_case_differs(&kernel_cases[c], wm_kernels_at(0), variant, scene, n = KERNEL_N_MAX);
        }
        if (differs)
            printf("%s: %s of %zu differs from scalar in plane %zu, input of kind %d\n", variant->name, kernel_cases[c].name, n,
                   differs - 1, kind);
        faults += differs != 0;
    }
    return faults;
}

int main(int argc, char **argv)
{
    struct kernel_scene *scene = malloc(sizeof *scene);
    int faults = 0;

    if (!scene)
        return 2;
    for (int i = 1; i < argc; i++) {
        if (!wm_kernels_select(argv[i])) {
            printf("this CPU has no %s\n", argv[i]);
            faults++;
        }
    }
    for (size_t v = 1; wm_kernels_at(v); v++) {
        int wrong = compare(wm_kernels_at(v), scene);
        printf("%s: %zu kernels compared, %d wrong\n", wm_kernels_at(v)->name, kernel_case_count, wrong);
        faults += wrong;
    }
    free(scene);
    return faults != 0;
}
