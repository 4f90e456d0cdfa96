/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/* The 16 chip patterns of the 3-of-6 code by nibble, first chip in bit 5: exactly three ones in each (EN 13757-4, mode T; public
 * vendor stacks and two independent receivers agree). Here, below the line codes, because the word correlator's inner loop is
 * written over it; to that loop they are sixteen balanced waveforms. */
static const uint8_t wm_code_3of6[16] = {0x16, 0x0D, 0x0E, 0x0B, 0x1C, 0x19, 0x1A, 0x13,
                                         0x2C, 0x25, 0x26, 0x23, 0x34, 0x31, 0x32, 0x29};
