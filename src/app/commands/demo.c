/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/demo.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool wm_demo_find(const char *name, char path[4096])
{
    char self[2048];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n > 0) {
        char *slash;

        self[n] = '\0';
        slash = strrchr(self, '/');
        if (slash)
            *slash = '\0';
        snprintf(path, 4096, "%s/../" WMSDR_DATA_INSTALLED "/%s", self, name);
        if (access(path, R_OK) == 0)
            return true;
    }
    snprintf(path, 4096, "%s/%s", WMSDR_DATA_SOURCE, name);
    return access(path, R_OK) == 0;
}
