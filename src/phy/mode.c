/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/mode.h"

#include <strings.h>

/* EN 13757-4, the mode tables (transmitter parameters, preamble and sync); figures cross-checked between public vendor stacks
 * (STM32 wM-Bus middleware, Silicon Labs modem tables, Microchip TRX configuration, STACKFORCE headers).
 *  - Chip 1 = positive deviation, T's and C's chip rate tolerances: recalled, to be verified against the standard's text (real T
 *    recordings confirm the polarity). T's table is quoted as 90-110 kcps; demodulators are designed for 88-112, which is taken
 * here.
 *  - carrier_tolerance_hz: S, T: a meter's 60 ppm (52 kHz) and what a receiver adds; C's own 25 ppm would need less, but it shares
 *    T's channel and search, and cheap receivers are off by more than a meter.
 *  - channel_half_width_hz: carrier tolerance + deviation + half the chip rate, rounded. */
static const struct wm_mode_info modes[WM_MODE_COUNT] = {
    [WM_MODE_S] =
        {
            .mode = WM_MODE_S,
            .name = "S",
            .air_name = "S1",
            .centre_hz = 868.300e6,
            .chip_rate_cps = 32768,
            .deviation_hz = 50e3,
            .deviation_min_hz = 40e3,
            .deviation_max_hz = 80e3,
            .clock_tolerance = 0.02,
            .carrier_tolerance_hz = 60e3,
            .channel_half_width_hz = 130e3,
            .code = WM_CODE_MANCHESTER,
            .chips_per_byte = 16,
            .preamble_pairs_min = 15, /* S1-m, S2 */
            .preamble_pairs_long = 279,
            .sync_a = {0x07696, 18},
            .tail_chips_max = 8,
        },
    [WM_MODE_T] =
        {
            .mode = WM_MODE_T,
            .name = "T",
            .air_name = "T1",
            .centre_hz = 868.950e6,
            .chip_rate_cps = 100e3,
            .deviation_hz = 50e3,
            .deviation_min_hz = 40e3,
            .deviation_max_hz = 80e3,
            .clock_tolerance = 0.12,
            .carrier_tolerance_hz = 60e3,
            .channel_half_width_hz = 160e3,
            .code = WM_CODE_3OF6,
            .chips_per_byte = 12,
            .preamble_pairs_min = 19,
            .preamble_pairs_long = 19,
            .sync_a = {0x03D, 10},
            .tail_chips_max = 8,
        },
    [WM_MODE_C] =
        {
            .mode = WM_MODE_C,
            .name = "C",
            .air_name = "C1",
            .centre_hz = 868.950e6,
            .chip_rate_cps = 100e3,
            .deviation_hz = 45e3,
            .deviation_min_hz = 33.75e3,
            .deviation_max_hz = 56.25e3,
            .clock_tolerance = 100e-6,
            .carrier_tolerance_hz = 60e3,
            .channel_half_width_hz = 160e3,
            .code = WM_CODE_NRZ,
            .chips_per_byte = 8,
            .preamble_pairs_min = 16,
            .preamble_pairs_long = 16,
            .sync_a = {0x543D54CD, 32},
            .sync_b = {0x543D543D, 32},
            .tail_chips_max = 0,
        },
    [WM_MODE_C_DOWN] =
        {
            .mode = WM_MODE_C_DOWN,
            .name = "C-down",
            .air_name = "C2", /* rtl_wmbus does not receive it; the name is wmbusmeters' */
            .centre_hz = 869.525e6,
            .chip_rate_cps = 50e3,
            .gaussian_bt = 0.5,
            .deviation_hz = 25e3,
            .deviation_min_hz = 18.75e3, /* +-25 %, as meter to other has it: recalled, to be verified */
            .deviation_max_hz = 31.25e3,
            .clock_tolerance = 100e-6,
            .carrier_tolerance_hz = 60e3, /* a gateway's 25 ppm is less than a cheap receiver adds */
            .channel_half_width_hz = 110e3,
            .code = WM_CODE_NRZ,
            .chips_per_byte = 8,
            .preamble_pairs_min = 16,
            .preamble_pairs_long = 16,
            .sync_a = {0x543D54CD, 32},
            .sync_b = {0x543D543D, 32},
            .tail_chips_max = 0,
        },
};

const struct wm_mode_info *wm_mode_info(enum wm_mode mode)
{
    return &modes[mode];
}

enum wm_status wm_mode_by_name(const char *name, enum wm_mode *mode)
{
    for (unsigned i = 0; i < WM_MODE_COUNT; i++) {
        if (strcasecmp(name, modes[i].name) == 0 || strcasecmp(name, modes[i].air_name) == 0) {
            *mode = modes[i].mode;
            return WM_OK;
        }
    }
    return WM_INVALID;
}

const char *wm_format_name(enum wm_format format)
{
    return format == WM_FORMAT_A ? "A" : format == WM_FORMAT_B ? "B" : "";
}
