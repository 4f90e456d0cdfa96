/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rx/open.h"

#include "app/options/options.h"

#include <string.h>

/* What neither the recording nor an option says. */
static bool is_known(const char *what, double hz, const char *path, const char *option, const char *name)
{
    const bool from_stdin = strcmp(path, "-") == 0;

    if (hz > 0)
        return true;
    wm_say("the %s of %s is not known: give it with %s%s%s%s", what, from_stdin ? "standard input" : path, option,
           from_stdin ? "" : ", or in the file name (", from_stdin ? "" : name, from_stdin ? "" : ")");
    return false;
}

int wm_rx_open(const char *path, struct wm_source_info *wanted, struct wm_source **source, struct wm_source_info *info)
{
    const char *why = "";

    if (strcmp(path, "-") == 0 && !wanted->has_format) {
        wanted->has_format = true;
        wanted->format = WM_SAMPLES_CU8;
    }
    if (wm_source_open(path, wanted, source, info, &why) != WM_OK) {
        wm_say("%s", why);
        return WM_EXIT_FAILED;
    }
    if (is_known("sample rate", info->sample_rate_hz, path, "-s, e.g. -s 1.6M", "…_1600k.cu8") &&
        is_known("centre frequency", info->centre_hz, path, "-f, e.g. -f 868.95M", "…_868.95M_1600k.cu8"))
        return WM_EXIT_OK;
    return WM_EXIT_USAGE;
}
