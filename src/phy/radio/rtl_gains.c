/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/radio/rtl_gains.h"

/* Tenths of a decibel. rtl_tcp tells only how many there are; which they are stands in librtlsdr (rtlsdr_get_tuner_gains). */
static const int e4000[] = {-10, 15, 40, 65, 90, 115, 140, 165, 190, 215, 240, 290, 340, 420};
static const int fc0012[] = {-99, -40, 71, 179, 192};
static const int fc0013[] = {-99, -73, -65, -63, -60, -58, -54, 58,  61,  63,  65, 67,
                             68,  70,  71,  179, 181, 182, 184, 186, 188, 191, 197};
static const int r82xx[] = {0,   9,   14,  27,  37,  77,  87,  125, 144, 157, 166, 197, 207, 229, 254,
                            280, 297, 328, 338, 364, 372, 386, 402, 421, 434, 439, 445, 480, 496};

#define TABLE(name, gains)                                                                                                         \
    {                                                                                                                              \
        name, gains, sizeof gains / sizeof gains[0]                                                                                \
    }

static const struct {
    const char *name;
    const int *gains;
    uint32_t count;
} tuners[] = {
    {"unknown", NULL, 0}, TABLE("E4000", e4000), TABLE("FC0012", fc0012), TABLE("FC0013", fc0013),
    {"FC2580", NULL, 0},  TABLE("R820T", r82xx), TABLE("R828D", r82xx),
};

void wm_rtl_gains(uint32_t tuner, uint32_t count, struct wm_radio_caps *caps)
{
    caps->gain_count = 0;
    if (tuner >= sizeof tuners / sizeof tuners[0] || tuners[tuner].count != count)
        return;
    for (uint32_t i = 0; i < count; i++)
        caps->gain_db[caps->gain_count++] = (float)tuners[tuner].gains[i] / 10;
}

void wm_rtl_rates(struct wm_radio_caps *caps)
{
    caps->rate_count = 2;
    caps->rate[0] = (struct wm_rate_range){225001, 300000};
    caps->rate[1] = (struct wm_rate_range){900001, 3200000};
}

const char *wm_rtl_tuner_name(uint32_t tuner)
{
    return tuners[tuner < sizeof tuners / sizeof tuners[0] ? tuner : 0].name;
}
