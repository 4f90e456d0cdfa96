/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/ci.h"

#include <stddef.h>

/* EN 13757-7:2018 Table 2. 5F, 9E and 9F are "specific usage" there and TLS control in BSI TR-03109-1 Annex III b. The split of 6C
 * (date and time) and 6D (difference) and that 50, 51, 54, 5C and B8..BF travel to the meter are recalled - verify. */
#define NONE(payload, direction, name)                                                                                             \
    {                                                                                                                              \
        WM_CI_APL_NONE, WM_CI_PAYLOAD_##payload, WM_CI_##direction, name                                                           \
    }
#define SHORT(payload, direction, name)                                                                                            \
    {                                                                                                                              \
        WM_CI_TPL_SHORT, WM_CI_PAYLOAD_##payload, WM_CI_##direction, name                                                          \
    }
#define LONG(payload, direction, name)                                                                                             \
    {                                                                                                                              \
        WM_CI_TPL_LONG, WM_CI_PAYLOAD_##payload, WM_CI_##direction, name                                                           \
    }
#define LAYER(layer, name)                                                                                                         \
    {                                                                                                                              \
        WM_CI_##layer, WM_CI_PAYLOAD_NONE, WM_CI_BOTH, name                                                                        \
    }
#define EIGHT(base, ...)                                                                                                           \
    [(base)] = __VA_ARGS__, [(base) + 1] = __VA_ARGS__, [(base) + 2] = __VA_ARGS__, [(base) + 3] = __VA_ARGS__,                    \
    [(base) + 4] = __VA_ARGS__, [(base) + 5] = __VA_ARGS__, [(base) + 6] = __VA_ARGS__, [(base) + 7] = __VA_ARGS__

static const struct wm_ci_info infos[256] = {
    EIGHT(0x00, NONE(DLMS, BOTH, "DLMS")),
    EIGHT(0x08, NONE(DLMS, BOTH, "DLMS")),
    EIGHT(0x10, NONE(DLMS, BOTH, "DLMS")),
    EIGHT(0x18, NONE(DLMS, BOTH, "DLMS")),
    [0x50] = NONE(OTHER, TO_METER, "application reset or select"),
    [0x51] = NONE(MBUS, TO_METER, "command (wired)"),
    [0x53] = LONG(OTHER, TO_METER, "application reset or select"),
    [0x54] = NONE(OTHER, TO_METER, "request of selected application"),
    [0x55] = LONG(OTHER, TO_METER, "request of selected application"),
    [0x5A] = SHORT(MBUS, TO_METER, "command"),
    [0x5B] = LONG(MBUS, TO_METER, "command"),
    [0x5C] = NONE(OTHER, TO_METER, "synchronise"),
    [0x5F] = LONG(TLS, TO_METER, "TLS control"),
    [0x60] = LONG(DLMS, TO_METER, "DLMS command"),
    [0x61] = SHORT(DLMS, TO_METER, "DLMS command"),
    [0x64] = LONG(OBIS, TO_METER, "OBIS command"),
    [0x65] = SHORT(OBIS, TO_METER, "OBIS command"),
    [0x66] = NONE(OTHER, FROM_METER, "response of selected application"),
    [0x67] = SHORT(OTHER, FROM_METER, "response of selected application"),
    [0x68] = LONG(OTHER, FROM_METER, "response of selected application"),
    [0x69] = NONE(FORMAT, FROM_METER, "M-Bus format frame"),
    [0x6A] = SHORT(FORMAT, FROM_METER, "M-Bus format frame"),
    [0x6B] = LONG(FORMAT, FROM_METER, "M-Bus format frame"),
    [0x6C] = LONG(CLOCK, TO_METER, "clock: date and time"),
    [0x6D] = LONG(CLOCK, TO_METER, "clock: difference"),
    [0x6E] = SHORT(ERROR, FROM_METER, "application error"),
    [0x6F] = LONG(ERROR, FROM_METER, "application error"),
    [0x70] = NONE(ERROR, FROM_METER, "application error"),
    [0x71] = NONE(ALARM, FROM_METER, "alarm"),
    [0x72] = LONG(MBUS, FROM_METER, "M-Bus response"),
    [0x73] = LONG(COMPACT, FROM_METER, "M-Bus compact frame"),
    [0x74] = SHORT(ALARM, FROM_METER, "alarm"),
    [0x75] = LONG(ALARM, FROM_METER, "alarm"),
    [0x78] = NONE(MBUS, FROM_METER, "M-Bus response"),
    [0x79] = NONE(COMPACT, FROM_METER, "M-Bus compact frame"),
    [0x7A] = SHORT(MBUS, FROM_METER, "M-Bus response"),
    [0x7B] = SHORT(COMPACT, FROM_METER, "M-Bus compact frame"),
    [0x7C] = LONG(DLMS, FROM_METER, "DLMS response"),
    [0x7D] = SHORT(DLMS, FROM_METER, "DLMS response"),
    [0x7E] = LONG(OBIS, FROM_METER, "OBIS response"),
    [0x7F] = SHORT(OBIS, FROM_METER, "OBIS response"),
    [0x80] = LONG(NONE, TO_METER, "transport layer to the meter"),
    [0x81] = LAYER(NWL, "network layer"), /* EN 13757-5 */
    [0x82] = LONG(OTHER, TO_METER, "network management to the meter"),
    [0x83] = NONE(OTHER, TO_METER, "network management to the meter"),
    [0x84] = LONG(NONE, TO_METER, "transport layer to the meter, compact frame expected"),
    [0x85] = LONG(NONE, TO_METER, "transport layer to the meter, format frame expected"),
    [0x86] = LAYER(ELL, "extended link layer V"), /* 86, 8C..8F: EN 13757-4:2019 clause 13.2 */
    [0x87] = LONG(OTHER, FROM_METER, "network management from the meter"),
    [0x88] = SHORT(OTHER, FROM_METER, "network management from the meter"),
    [0x89] = NONE(OTHER, FROM_METER, "network management from the meter"),
    [0x8A] = SHORT(NONE, FROM_METER, "transport layer from the meter"),
    [0x8B] = LONG(NONE, FROM_METER, "transport layer from the meter"),
    [0x8C] = LAYER(ELL, "extended link layer I"),
    [0x8D] = LAYER(ELL, "extended link layer II"),
    [0x8E] = LAYER(ELL, "extended link layer III"),
    [0x8F] = LAYER(ELL, "extended link layer IV"),
    [0x90] = LAYER(AFL, "authentication and fragmentation layer"), /* clause 6 */
    [0x9E] = SHORT(TLS, FROM_METER, "TLS control"),
    [0x9F] = LONG(TLS, FROM_METER, "TLS control"),
    EIGHT(0xA0, {WM_CI_MANUFACTURER, WM_CI_PAYLOAD_OTHER, WM_CI_BOTH, "manufacturer specific"}),
    EIGHT(0xA8, {WM_CI_MANUFACTURER, WM_CI_PAYLOAD_OTHER, WM_CI_BOTH, "manufacturer specific"}),
    EIGHT(0xB0, {WM_CI_MANUFACTURER, WM_CI_PAYLOAD_OTHER, WM_CI_BOTH, "manufacturer specific"}),
    EIGHT(0xB8, NONE(OTHER, TO_METER, "baud rate switch (wired)")),
    [0xC0] = LONG(OTHER, TO_METER, "image transfer command"),
    [0xC1] = SHORT(OTHER, FROM_METER, "image transfer response"),
    [0xC2] = LONG(OTHER, FROM_METER, "image transfer response"),
    [0xC3] = LONG(OTHER, TO_METER, "security information transfer command"), /* SITP, Annex A */
    [0xC4] = SHORT(OTHER, FROM_METER, "security information transfer response"),
    [0xC5] = LONG(OTHER, FROM_METER, "security information transfer response"),
};

const struct wm_ci_info *wm_ci_info(uint8_t ci)
{
    static const struct wm_ci_info reserved = {WM_CI_RESERVED, WM_CI_PAYLOAD_OTHER, WM_CI_BOTH, "reserved"};

    return infos[ci].name ? &infos[ci] : &reserved;
}
