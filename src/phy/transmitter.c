/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/transmitter.h"

#include "phy/linecode.h"

static struct wm_chips sync_word(const struct wm_transmission *tx)
{
    const struct wm_mode_info *info = wm_mode_info(tx->mode);

    return tx->format == WM_FORMAT_B ? info->sync_b : info->sync_a;
}

static size_t preamble_chips(const struct wm_transmission *tx)
{
    return 2u * (tx->preamble_pairs ? tx->preamble_pairs : wm_mode_info(tx->mode)->preamble_pairs_min);
}

size_t wm_transmission_chips(const struct wm_transmission *tx)
{
    return preamble_chips(tx) + sync_word(tx).count + tx->air.len * wm_mode_info(tx->mode)->chips_per_byte + tx->tail_chips;
}

enum wm_status wm_transmission_build(const struct wm_transmission *tx, uint8_t *chips, size_t cap, size_t *count,
                                     size_t *first_data)
{
    const struct wm_mode_info *info = wm_mode_info(tx->mode);
    struct wm_chips sync = sync_word(tx);
    size_t total = wm_transmission_chips(tx);
    size_t pos = 0;
    size_t coded;
    enum wm_status status;

    *count = 0;
    if (sync.count == 0 || tx->tail_chips > info->tail_chips_max)
        return WM_INVALID;
    if (total > cap)
        return WM_FULL;
    while (pos < preamble_chips(tx)) {
        chips[pos] = pos & 1;
        pos++;
    }
    for (unsigned i = sync.count; i-- > 0;)
        chips[pos++] = sync.bits >> i & 1;
    if (first_data)
        *first_data = pos;
    status = wm_linecode_encode(info->code, tx->air, chips + pos, cap - pos, &coded);
    if (status != WM_OK)
        return status;
    pos += coded;
    for (; pos < total; pos++)
        chips[pos] = !chips[pos - 1];
    *count = total;
    return WM_OK;
}
