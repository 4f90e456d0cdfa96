/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/headers.h"

#include "app/records/value.h"

_Static_assert(WM_HEADER_PLACES == 256, "the place is the highest byte of the product");

bool wm_header_is_lasting(const struct wm_record *record, const struct wm_vib_scale *scale)
{
    /* Of type M the value's control byte decides the unit. */
    if (scale->coding == WM_VIF_DATE_TIME && (record->dib.data[0] & 15) == WM_DATA_VARIABLE)
        return false;
    return record->unit != record->unit_text && record->detail != record->detail_text;
}
