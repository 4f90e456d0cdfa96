/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/crc.h"

/* The register is the remainder of (message * x^16) modulo P = x^16 + 0x3D65, as in every CRC. Division is linear, and that gives
 * all that is here: the table for a byte value is the sum of what its bits contribute, and a bit d places before the end of a block
 * adds x^d mod P to the block's syndrome whatever the block holds. */
#define POLY 0x3D65

/* x^n mod P, each from its predecessor by one step of long division; the compiler does it. */
#define TIMES_X(r) (((r) << 1 & 0xFFFF) ^ ((r) >> 15 ? POLY : 0))
enum {
    X16 = POLY,
    X17 = TIMES_X(X16),
    X18 = TIMES_X(X17),
    X19 = TIMES_X(X18),
    X20 = TIMES_X(X19),
    X21 = TIMES_X(X20),
    X22 = TIMES_X(X21),
    X23 = TIMES_X(X22),
    X24 = TIMES_X(X23),
    X25 = TIMES_X(X24),
    X26 = TIMES_X(X25),
    X27 = TIMES_X(X26),
    X28 = TIMES_X(X27),
    X29 = TIMES_X(X28),
    X30 = TIMES_X(X29),
    X31 = TIMES_X(X30),
    X32 = TIMES_X(X31),
    X33 = TIMES_X(X32),
    X34 = TIMES_X(X33),
    X35 = TIMES_X(X34),
    X36 = TIMES_X(X35),
    X37 = TIMES_X(X36),
    X38 = TIMES_X(X37),
    X39 = TIMES_X(X38),
    X40 = TIMES_X(X39),
    X41 = TIMES_X(X40),
    X42 = TIMES_X(X41),
    X43 = TIMES_X(X42),
    X44 = TIMES_X(X43),
    X45 = TIMES_X(X44),
    X46 = TIMES_X(X45),
    X47 = TIMES_X(X46),
    X48 = TIMES_X(X47),
    X49 = TIMES_X(X48),
    X50 = TIMES_X(X49),
    X51 = TIMES_X(X50),
    X52 = TIMES_X(X51),
    X53 = TIMES_X(X52),
    X54 = TIMES_X(X53),
    X55 = TIMES_X(X54),
    X56 = TIMES_X(X55),
    X57 = TIMES_X(X56),
    X58 = TIMES_X(X57),
    X59 = TIMES_X(X58),
    X60 = TIMES_X(X59),
    X61 = TIMES_X(X60),
    X62 = TIMES_X(X61),
    X63 = TIMES_X(X62),
    X64 = TIMES_X(X63),
    X65 = TIMES_X(X64),
    X66 = TIMES_X(X65),
    X67 = TIMES_X(X66),
    X68 = TIMES_X(X67),
    X69 = TIMES_X(X68),
    X70 = TIMES_X(X69),
    X71 = TIMES_X(X70),
    X72 = TIMES_X(X71),
    X73 = TIMES_X(X72),
    X74 = TIMES_X(X73),
    X75 = TIMES_X(X74),
    X76 = TIMES_X(X75),
    X77 = TIMES_X(X76),
    X78 = TIMES_X(X77),
    X79 = TIMES_X(X78),
};

/* Table k holds v * x^(16 + 8k) mod P for every byte v: what a byte that is followed by k more adds to the register. */
#define V(b, x0, x1, x2, x3, x4, x5, x6, x7)                                                                                       \
    (((b)&1 ? (x0) : 0) ^ ((b)&2 ? (x1) : 0) ^ ((b)&4 ? (x2) : 0) ^ ((b)&8 ? (x3) : 0) ^ ((b)&16 ? (x4) : 0) ^                     \
     ((b)&32 ? (x5) : 0) ^ ((b)&64 ? (x6) : 0) ^ ((b)&128 ? (x7) : 0))
#define V4(b, ...)  V(b, __VA_ARGS__), V((b) + 1, __VA_ARGS__), V((b) + 2, __VA_ARGS__), V((b) + 3, __VA_ARGS__)
#define V16(b, ...) V4(b, __VA_ARGS__), V4((b) + 4, __VA_ARGS__), V4((b) + 8, __VA_ARGS__), V4((b) + 12, __VA_ARGS__)
#define V64(b, ...) V16(b, __VA_ARGS__), V16((b) + 16, __VA_ARGS__), V16((b) + 32, __VA_ARGS__), V16((b) + 48, __VA_ARGS__)
#define V256(...)                                                                                                                  \
    {                                                                                                                              \
        V64(0, __VA_ARGS__), V64(64, __VA_ARGS__), V64(128, __VA_ARGS__), V64(192, __VA_ARGS__)                                    \
    }

static const uint16_t table[8][256] = {
    V256(X16, X17, X18, X19, X20, X21, X22, X23), V256(X24, X25, X26, X27, X28, X29, X30, X31),
    V256(X32, X33, X34, X35, X36, X37, X38, X39), V256(X40, X41, X42, X43, X44, X45, X46, X47),
    V256(X48, X49, X50, X51, X52, X53, X54, X55), V256(X56, X57, X58, X59, X60, X61, X62, X63),
    V256(X64, X65, X66, X67, X68, X69, X70, X71), V256(X72, X73, X74, X75, X76, X77, X78, X79),
};

uint16_t wm_crc16_update(uint16_t reg, struct wm_span bytes)
{
    const uint8_t *p = bytes.data;
    size_t left = bytes.len;

    /* Eight bytes at a time: the register joins the first two, then each byte is looked up by how many follow it in the eight. */
    for (; left >= 8; left -= 8, p += 8) {
        reg = table[7][p[0] ^ reg >> 8] ^ table[6][p[1] ^ (reg & 0xFF)] ^ table[5][p[2]] ^ table[4][p[3]] ^ table[3][p[4]] ^
              table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
    }
    for (; left > 0; left--, p++)
        reg = (uint16_t)(reg << 8 ^ table[0][*p ^ reg >> 8]);
    return reg;
}

uint16_t wm_crc16(struct wm_span bytes)
{
    return wm_crc16_update(0, bytes) ^ 0xFFFF;
}

uint16_t wm_crc16_syndrome(struct wm_span block)
{
    if (block.len < 2)
        return 0xFFFF;
    uint16_t sent = (uint16_t)(block.data[block.len - 2] << 8 | block.data[block.len - 1]);
    return wm_crc16((struct wm_span){block.data, block.len - 2}) ^ sent;
}

/* r * x^bits mod P: zero bits shifted in behind. */
static uint16_t shift(uint16_t r, unsigned bits)
{
    for (; bits >= 64; bits -= 64)
        r = table[7][r >> 8] ^ table[6][r & 0xFF];
    for (; bits >= 8; bits -= 8)
        r = (uint16_t)(r << 8 ^ table[0][r >> 8]);
    for (; bits > 0; bits--)
        r = TIMES_X(r);
    return r;
}

uint16_t wm_crc16_bit_syndrome(unsigned distance)
{
    return shift(1, distance);
}

uint16_t wm_crc16_mask_syndrome(uint32_t mask, unsigned distance)
{
    uint16_t folded = table[1][mask >> 24] ^ table[0][mask >> 16 & 0xFF] ^ (uint16_t)mask;

    return shift(folded, distance);
}
