/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nanoseconds an output of every kernel in every variant that this CPU has, in calls as long as the receiver's. A variant is
 * compared with the scalar one before it is timed. Usage: bench_kernels [MILLISECONDS for each figure] */
#include "../tests/dsp/kernel_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* The best of several runs: others use the machine too. */
static double time_ns(const struct kernel_case *one, const struct wm_kernels *kernels, struct kernel_scene *scene, double limit_ns)
{
    size_t calls = 1;
    double best = 1e30, spent = 0, took = 0;

    for (; took < limit_ns / 20; calls *= 2) {
        double start = now_ns();
        for (size_t i = 0; i < calls; i++)
            one->run(kernels, scene, one->usual_n);
        took = now_ns() - start;
    }
    while (spent < limit_ns) {
        double start = now_ns();
        for (size_t i = 0; i < calls; i++)
            one->run(kernels, scene, one->usual_n);
        took = now_ns() - start;
        spent += took;
        best = took < best ? took : best;
    }
    return best / (double)calls / (double)one->usual_n;
}

int main(int argc, char **argv)
{
    const double limit_ns = 1e6 * (argc > 1 ? atof(argv[1]) : 100);
    struct kernel_scene *scene = malloc(sizeof *scene);

    if (!scene)
        return 2;
    kernel_scene_fill(scene, 1, 0);
    printf("%-26s %5s", "ns for each", "call");
    for (size_t v = 0; wm_kernels_at(v); v++)
        printf(" %8s", wm_kernels_at(v)->name);
    printf("\n");
    for (size_t c = 0; c < kernel_case_count; c++) {
        const struct kernel_case *one = &kernel_cases[c];
        printf("%-26s %5zu", one->name, one->usual_n);
        for (size_t v = 0; wm_kernels_at(v); v++) {
            if (kernel_case_differs(one, wm_kernels_at(0), wm_kernels_at(v), scene, one->usual_n)) {
                printf("\n%s differs from scalar in %s\n", wm_kernels_at(v)->name, one->name);
                return 1;
            }
            printf(" %8.3f", time_ns(one, wm_kernels_at(v), scene, limit_ns));
        }
        printf(" /%s\n", one->unit);
        fflush(stdout);
    }
    free(scene);
    return 0;
}
