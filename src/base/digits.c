/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digits.h"

const char wm_digit_pairs[201] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

char *wm_uint_write_large(char *out, uint64_t value)
{
    out = wm_uint_write(out, value / WM_DIGITS_LIMIT);
    wm_digits_store(out, wm_digits_of((uint32_t)(value % WM_DIGITS_LIMIT)) + WM_DIGITS_ZERO);
    return out + 8;
}
