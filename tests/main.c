/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suite.h"

#include <stdlib.h>

/* Each test program defines wm_test_suite(); CK_FORK=no in the environment keeps it in one process for a debugger. */
int main(void)
{
    SRunner *runner = srunner_create(wm_test_suite());
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
