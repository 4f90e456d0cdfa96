/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phy/linecode.h"

#include "dsp/line_3of6.h"

/* EN 13757-4 modes S and T (other to meter): a data bit d is sent as the chips "not d, d": 1 is 01, 0 is 10. */
static const uint8_t manchester[2] = {2, 1};

static const uint8_t chips_per_byte[] = {[WM_CODE_MANCHESTER] = 16, [WM_CODE_3OF6] = 12, [WM_CODE_NRZ] = 8};

uint8_t wm_3of6_encode(unsigned nibble)
{
    return wm_code_3of6[nibble & 15];
}

int wm_3of6_decode(unsigned word)
{
    for (int nibble = 0; nibble < 16; nibble++)
        if (wm_code_3of6[nibble] == word)
            return nibble;
    return -1;
}

unsigned wm_linecode_chips_per_byte(enum wm_line_code code)
{
    return chips_per_byte[code];
}

static uint8_t *put(uint8_t *chips, unsigned word, unsigned width)
{
    while (width--)
        *chips++ = word >> width & 1;
    return chips;
}

static unsigned get(const uint8_t *chips, unsigned width)
{
    unsigned word = 0;

    while (width--)
        word = word << 1 | (*chips++ & 1u);
    return word;
}

enum wm_status wm_linecode_encode(enum wm_line_code code, struct wm_span bytes, uint8_t *chips, size_t cap, size_t *count)
{
    *count = 0;
    if (bytes.len > cap / chips_per_byte[code])
        return WM_FULL;
    *count = bytes.len * chips_per_byte[code];
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned byte = bytes.data[i];

        switch (code) {
        case WM_CODE_3OF6:
            chips = put(chips, wm_code_3of6[byte >> 4], 6);
            chips = put(chips, wm_code_3of6[byte & 15], 6);
            break;
        case WM_CODE_MANCHESTER:
            for (unsigned bit = 8; bit-- > 0;)
                chips = put(chips, manchester[byte >> bit & 1], 2);
            break;
        case WM_CODE_NRZ:
            chips = put(chips, byte, 8);
            break;
        }
    }
    return WM_OK;
}

static unsigned decode_byte(enum wm_line_code code, const uint8_t *chips, size_t *invalid_words)
{
    unsigned byte = 0;

    switch (code) {
    case WM_CODE_3OF6:
        for (unsigned half = 0; half < 2; half++) {
            int nibble = wm_3of6_decode(get(chips + 6 * half, 6));

            *invalid_words += nibble < 0;
            byte = byte << 4 | (nibble < 0 ? 0u : (unsigned)nibble);
        }
        break;
    case WM_CODE_MANCHESTER:
        for (unsigned bit = 0; bit < 8; bit++) {
            unsigned pair = get(chips + 2 * bit, 2);

            *invalid_words += pair != manchester[0] && pair != manchester[1];
            byte = byte << 1 | (pair == manchester[1]);
        }
        break;
    case WM_CODE_NRZ:
        byte = get(chips, 8);
        break;
    }
    return byte;
}

enum wm_status wm_linecode_decode(enum wm_line_code code, const uint8_t *chips, size_t count, uint8_t *bytes, size_t cap,
                                  size_t *len, size_t *invalid_words)
{
    size_t whole = count / chips_per_byte[code];

    *len = 0;
    *invalid_words = 0;
    if (whole > cap)
        return WM_FULL;
    for (size_t i = 0; i < whole; i++)
        bytes[i] = (uint8_t)decode_byte(code, chips + i * chips_per_byte[code], invalid_words);
    *len = whole;
    return WM_OK;
}
