/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Formats of meters in the field, as hex of their DIBs and VIBs; NULL at the end. Meters of these kinds send a full frame only now
 * and then, so that without the format a receiver would wait for minutes. The signature is computed from them, and the CRC of the
 * full frame proves each use. */
extern const char *const wm_formats_known[];
