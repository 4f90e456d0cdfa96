/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A function whose result the caller may not drop. */
#define WM_MUST_USE __attribute__((warn_unused_result))

/* The one result type of every fallible function. Data goes through out-parameters, never through the return value.
 * The first five tell a parser's caller apart what happened, so that it can be counted. */
enum wm_status {
    WM_OK = 0,
    WM_NOT_MINE,    /* well formed or not, it is of another kind: try the next parser (a T frame given to the C deframer) */
    WM_TOO_SHORT,   /* the data ends before the structure does (a frame cut off, a header with no room for its fields) */
    WM_MALFORMED,   /* a field has a value that the standard does not allow (L = 3, a BCD digit 0xB in an address) */
    WM_INTEGRITY,   /* a check failed: CRC, MAC, tag, 2F2F */
    WM_UNSUPPORTED, /* recognised, and not implemented */
    WM_NO_KEY,      /* a key is needed and none is known */
    WM_FULL,        /* a bounded buffer or list has no room */
    WM_END,         /* no more items: the regular end of an iteration or a stream */
    WM_NO_MEMORY,   /* an allocation failed */
    WM_IO,          /* the operating system refused; errno says why */
    WM_INVALID,     /* the caller's argument is out of its documented range */
};

/* The status as a short lower-case English phrase, a static string. */
const char *wm_status_text(enum wm_status status);
