/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"
#include "phy/mode.h"
#include "phy/signal.h"

/* Frame formats A and B (EN 13757-4 clause "Frame formats"): blocks, CRCs, lengths. The on-air form ("air") has CRCs; the
 * telegram form has none and its L counts exactly the bytes that follow it. */

#define WM_TELEGRAM_MAX 256 /* L and 255 bytes */
#define WM_AIR_MAX      290 /* format A with L = 255 */
#define WM_L_MIN_A      9   /* C, M, A and no CI */
#define WM_L_MIN_B      12  /* C, M, A, CI and the CRC that L counts in format B */

/* How far a frame's bytes can be believed. */
enum wm_grade {
    WM_GRADE_UNCHECKED, /* came without CRCs (a telegram from a file) */
    WM_GRADE_CLEAN,     /* every CRC passed on the hard decisions */
    WM_GRADE_REPAIRED,  /* passed after `repaired` symbols were replaced by their runner-up */
};

/* One data link frame and how it was heard. A plain value. */
struct wm_frame {
    uint8_t data[WM_TELEGRAM_MAX]; /* telegram form: data[0] is L = len - 1 */
    size_t len;
    enum wm_format format; /* WM_FORMAT_NONE: unknown (telegram without CRCs) */
    enum wm_grade grade;
    unsigned repaired; /* symbols changed */
    bool on_air;       /* mode and signal are set */
    enum wm_mode mode;
    struct wm_signal signal;
};

/* "unchecked", "clean", "repaired" */
const char *wm_grade_name(enum wm_grade grade);

/* Bytes on air of a frame whose L field reads l: format A: 1 + l + 2 * blocks; format B: 1 + l. 0 when no frame has that L: it is
 * below the minimum, or leaves format B's third block nothing but its CRC (128, 129). */
size_t wm_frame_air_len(enum wm_format format, uint8_t l);

/* Walks the blocks of an on-air frame of air_len bytes: the length, CRC included, of the block that starts at offset (0, then the
 * sum of the lengths so far); false behind the last. air_len is one that wm_frame_air_len returned. */
bool wm_frame_block(enum wm_format format, size_t air_len, size_t offset, size_t *len);

/* Checks every CRC of an on-air frame and strips them into *frame (data, len, format, grade CLEAN, repaired 0 are written; data
 * is scratch on failure).
 * WM_TOO_SHORT: air ends before the frame; WM_MALFORMED: L below the minimum, or a format B length that leaves no room for a CRC;
 * WM_INTEGRITY: a CRC failed, *bad_block (may be NULL) says which, from 0. Bytes after the frame are ignored. */
WM_MUST_USE enum wm_status wm_frame_strip(enum wm_format format, struct wm_span air, struct wm_frame *frame, unsigned *bad_block);

/* The twin: a telegram (L first, no CRCs) to its on-air form. WM_MALFORMED: L disagrees with the length or is out of range
 * (format B needs a CI, and its L = 255 at most counts two CRCs: telegrams of 11 to 252 bytes). WM_FULL. */
WM_MUST_USE enum wm_status wm_frame_build(enum wm_format format, struct wm_span telegram, struct wm_writer *air);

/* A telegram without CRCs into *frame (grade UNCHECKED): checks that L fits. WM_TOO_SHORT: fewer bytes than L says; WM_MALFORMED:
 * more, or L below the minimum. */
WM_MUST_USE enum wm_status wm_frame_from_telegram(struct wm_span telegram, struct wm_frame *frame);
