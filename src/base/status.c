/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/status.h"

const char *wm_status_text(enum wm_status status)
{
    switch (status) {
    case WM_OK:
        return "ok";
    case WM_NOT_MINE:
        return "of another kind";
    case WM_TOO_SHORT:
        return "too short";
    case WM_MALFORMED:
        return "malformed";
    case WM_INTEGRITY:
        return "integrity check failed";
    case WM_UNSUPPORTED:
        return "not supported";
    case WM_NO_KEY:
        return "no key";
    case WM_FULL:
        return "no room left";
    case WM_END:
        return "at the end";
    case WM_NO_MEMORY:
        return "out of memory";
    case WM_IO:
        return "input/output error";
    case WM_INVALID:
        return "invalid argument";
    }
    return "unknown status";
}
