/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <check.h>

/* What a test program offers to tests/main.c. */
Suite *wm_test_suite(void);
