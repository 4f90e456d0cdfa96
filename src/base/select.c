/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/select.h"

static void order(float *a, float *b)
{
    if (*b < *a) {
        float t = *a;
        *a = *b;
        *b = t;
    }
}

float wm_select(float *values, size_t n, size_t k)
{
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
