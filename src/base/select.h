/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/* The k-th smallest (from 0) of n > k numbers, none of them NaN; what they are afterwards is nobody's to use. Of many, those near
 * it by a sample first (R. W. Floyd and R. L. Rivest, "Algorithm 489: SELECT", 1975), then quickselect (C. A. R. Hoare, "Algorithm
 * 65: Find", 1961) with the median of three as pivot. */
float wm_select(float *values, size_t n, size_t k);
