/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/select.h"

#include <math.h>
#include <stdbool.h>

#define SAMPLE   32 /* values that say where the wanted one lies, roughly */
#define AROUND   5 /* of them on either side of it: the median lies outside one time in fifteen, and nothing is lost but the time */
#define WORTH_IT 256 /* values */

static void order(float *a, float *b)
{
    if (*b < *a) {
        float t = *a;
        *a = *b;
        *b = t;
    }
}

/* Where values come in no order, each branch of a partition is a guess: so those that a sample says may be the one are gathered in
 * front without any branch. True: the k-th is among the first *m, as the *k-th. False: values are as they were. */
static bool gather(float *values, size_t n, size_t *m, size_t *k)
{
    float sample[SAMPLE];
    size_t below = 0, in = 0;

    for (size_t i = 0; i < SAMPLE; i++) {
        const float v = values[i * n / SAMPLE];
        size_t at = i;
        for (; at > 0 && sample[at - 1] > v; at--)
            sample[at] = sample[at - 1];
        sample[at] = v;
    }
    const size_t middle = *k * SAMPLE / n;
    const float low = middle < AROUND ? -INFINITY : sample[middle - AROUND];
    const float high = middle + AROUND >= SAMPLE ? INFINITY : sample[middle + AROUND];
    for (size_t i = 0; i < n; i++) {
        below += values[i] < low;
        in += values[i] <= high;
    }
    if (*k < below || *k >= in)
        return false;
    *m = 0;
    for (size_t i = 0; i < n; i++) {
        const float v = values[i];
        values[*m] = v;
        *m += (size_t)(v >= low) & (size_t)(v <= high);
    }
    *k -= below;
    return true;
}

float wm_select(float *values, size_t n, size_t k)
{
    if (n >= WORTH_IT)
        (void)gather(values, n, &n, &k);
    size_t low = 0, high = n - 1;

    while (low < high) {
        size_t mid = low + (high - low) / 2, i = low, j = high;
        order(&values[low], &values[mid]);
        order(&values[mid], &values[high]);
        order(&values[low], &values[mid]);
        const float pivot = values[mid];
        do { /* values[low] <= pivot <= values[high] bound both runs */
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i <= j) {
                float t = values[i];
                values[i++] = values[j];
                values[j] = t;
                if (j == 0)
                    break;
                j--;
            }
        } while (i <= j);
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            return values[k];
    }
    return values[k];
}
