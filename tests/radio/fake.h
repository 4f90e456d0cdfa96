/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the fake radios have in common: a recording of cu8 samples played in real time over and over, with faults by schedule. The
 * text FAKE_RADIO in the environment (or the rtl_tcp server's argument) has settings with spaces between:
 *   file=PATH     the recording, played at the rate that is asked for; without it 5 steps rms of noise
 *   rate=FACTOR   the oscillator's error, 1.00005 for 50 ppm
 *   late=MS       buffers come up to so much late, one in 16 up to nine times as much
 *   timestamps=no buffers have none, where the interface has them
 *   serial=TEXT   "FAKE0001" when not given; nothing behind it: no device is attached (librtlsdr)
 *   log=PATH      each setting the program makes is written there, a line each
 *   KIND@START[/UNTIL]  a fault START seconds after the first sample; UNTIL is "stream", "open", "reset" (it ends when the program
 *                 starts the stream again, opens the device again) or seconds; without it it stays
 * Kinds: stall (no samples), hang (the call does not return before UNTIL), unplug (errors, also on opening), constant
 * (one value), stale (one buffer again and again), odd (odd lengths), slow (a third of the samples), lost (half a second of samples
 * is missing, or UNTIL seconds, silently), overflow (the same, and the driver says that samples are missing), zeros (a quarter of each buffer), short
 * (buffers of all lengths), burst (nothing, and at UNTIL everything at once), corrupt (more samples than there is room for)
 */
struct fake;

enum fake_kind {
    FAKE_FINE,
    FAKE_STALL,
    FAKE_HANG,
    FAKE_UNPLUG,
    FAKE_CONSTANT,
    FAKE_STALE,
    FAKE_ODD,
    FAKE_SLOW,
    FAKE_LOST,
    FAKE_ZEROS,
    FAKE_SHORT,
    FAKE_BURST,
    FAKE_CORRUPT,
    FAKE_OVERFLOW
};

struct fake_buffer {
    uint64_t air; /* number of its first sample, those that nobody was given counted */
    bool timed;
};

/* One per process. text NULL: from the environment. */
struct fake *fake_get(const char *text);
const char *fake_serial(const struct fake *fake);
void fake_log(struct fake *fake, const char *what, double value);
/* The program opens the device: false when it is unplugged. */
bool fake_open(struct fake *fake);
void fake_start(struct fake *fake, double rate_hz);
/* Waits until `len` bytes are due and writes them; *len becomes what the program gets (0: nothing for 0.1 s). The result is the
 * fault of the moment. A hang is the caller's to make. */
enum fake_kind fake_read(struct fake *fake, unsigned char *bytes, size_t *len, struct fake_buffer *buffer);
/* Returns at UNTIL when that is a number, otherwise never. */
void fake_hang(struct fake *fake);
