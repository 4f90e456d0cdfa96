/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/sync_word.h"

#include <math.h>

const uint8_t wm_second_sync[2][WM_SECOND_SYNC_CHIPS] = {
    {0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1}, /* 54CD: format A */
    {0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1}, /* 543D: format B */
};

size_t wm_sync_word_chips(size_t preamble, const struct wm_chips *word, uint8_t *chips)
{
    for (size_t i = 0; i < preamble; i++)
        chips[i] = i & 1;
    for (unsigned i = 0; i < word->count; i++)
        chips[preamble + i] = word->bits >> (word->count - 1 - i) & 1;
    return preamble + word->count;
}

/* The sequence the search looks for: T's sync word is the end of C's first one, so one search serves both. */
enum wm_status wm_sync_word_finder_create(const struct wm_kernels *kernels, const enum wm_mode *modes, unsigned mode_count,
                                          double sample_rate_hz, size_t *sequence_chips, struct wm_sync_finder **finder)
{
    const struct wm_mode_info *info = wm_mode_info(modes[0]);
    const bool slow = info->code == WM_CODE_MANCHESTER;
    const struct wm_chips sync = slow ? info->sync_a : (struct wm_chips){0x03D, 10};
    uint8_t chips[64];

    *sequence_chips = wm_sync_word_chips(slow ? 26 : 28, &sync, chips);
    struct wm_sync_config config = {
        .kernels = kernels,
        .chips = chips,
        .count = *sequence_chips,
        .sync_count = sync.count,
        .long_preamble = info->preamble_pairs_long > info->preamble_pairs_min,
        .sample_rate_hz = sample_rate_hz,
        .chip_rate_cps = info->chip_rate_cps,
        .deviation_hz = info->deviation_hz,
        .h_min = 2 * info->deviation_min_hz / info->chip_rate_cps,
        .h_max = 2 * info->deviation_max_hz / info->chip_rate_cps,
        .carrier_max_hz = info->carrier_tolerance_hz * 1.2, /* the coarse estimate is good to a few kilohertz */
        .clock_tolerance = info->clock_tolerance,
    };
    for (unsigned i = 1; i < mode_count; i++) {
        const struct wm_mode_info *other = wm_mode_info(modes[i]);
        config.h_min = fmin(config.h_min, 2 * other->deviation_min_hz / other->chip_rate_cps);
        config.h_max = fmax(config.h_max, 2 * other->deviation_max_hz / other->chip_rate_cps);
    }
    return wm_sync_finder_create(&config, finder);
}
