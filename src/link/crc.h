/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"

/* CRC-16/EN-13757: polynomial 0x3D65, initial 0, not reflected, final XOR 0xFFFF; sent high byte first (EN 13757-4, EN 60870-5-1
 * FT3). Check value for "123456789": C2B7. */
uint16_t wm_crc16(struct wm_span bytes);

/* The register without the final XOR, to be continued over several spans: start with 0. */
uint16_t wm_crc16_update(uint16_t reg, struct wm_span bytes);

/* Syndrome of a block whose last two bytes are its CRC: 0 when it fits, never 0 for a block shorter than its CRC. */
uint16_t wm_crc16_syndrome(struct wm_span block);

/* Syndrome of a single wrong bit `distance` bits before the block's last bit (0: the last bit itself): x^distance mod P.
 * distance < 2400. Syndromes add (XOR). */
uint16_t wm_crc16_bit_syndrome(unsigned distance);

/* The same for a whole error pattern: bit i of `mask` is wrong at distance + i. */
uint16_t wm_crc16_mask_syndrome(uint32_t mask, unsigned distance);
