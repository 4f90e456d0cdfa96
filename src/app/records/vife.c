/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/vif.h"

#define NAMED(code, detail)     [code] = {WM_VIFE_NAMED, 0, detail, ""}
#define OPAQUE(code, detail)    [code] = {WM_VIFE_NAMED_OPAQUE, 0, detail, ""}
#define CONTAINER(code, detail) [code] = {WM_VIFE_CONTAINER, 0, detail, ""}
#define PROFILE(code, detail)   [code] = {WM_VIFE_PROFILE, 0, detail, ""}
#define ERROR(code, detail)     [code] = {WM_VIFE_ERROR, 0, detail, ""}
#define PER(code, unit)         [code] = {WM_VIFE_PER, 0, "", unit}
#define SCALE(code, exponent)   [code] = {WM_VIFE_SCALE, exponent, "", ""}
#define COUNT(code, detail)     [code] = {WM_VIFE_COUNT, 0, detail, ""}
#define DATE(code, detail)      [code] = {WM_VIFE_DATE, 0, detail, ""}
#define DURATION(code, detail)                                                                                                     \
    [code] = {WM_VIFE_DURATION, 0, detail, "seconds"}, [(code) + 1] = {WM_VIFE_DURATION, 0, detail, "minutes"},                    \
    [(code) + 2] = {WM_VIFE_DURATION, 0, detail, "hours"}, [(code) + 3] = {WM_VIFE_DURATION, 0, detail, "days"}

const struct wm_vife wm_vife_combinable[128] = {
    /* 00 to 0F from a meter: record errors in the DIB and VIB, Table 18 (to a meter they are object actions, 6.4.7) */
    [0x00] = {WM_VIFE_NEUTRAL, 0, "", ""},
    ERROR(0x01, "error: too many DIFEs"),
    ERROR(0x02, "error: storage number not implemented"),
    ERROR(0x03, "error: unit number not implemented"),
    ERROR(0x04, "error: tariff number not implemented"),
    ERROR(0x05, "error: function not implemented"),
    ERROR(0x06, "error: data class not implemented"),
    ERROR(0x07, "error: data size not implemented"),
    ERROR(0x0B, "error: too many VIFEs"),
    ERROR(0x0C, "error: illegal VIF group"),
    ERROR(0x0D, "error: illegal VIF exponent"),
    ERROR(0x0E, "error: VIF and DIF do not match"),
    ERROR(0x0F, "error: unimplemented action"),
    NAMED(0x12, "average"),
    PROFILE(0x13, "inverse compact profile"), /* Annex F */
    OPAQUE(0x14, "relative deviation"),
    ERROR(0x15, "error: no data available"),
    ERROR(0x16, "error: data overflow"),
    ERROR(0x17, "error: data underflow"),
    ERROR(0x18, "error: data error"),
    ERROR(0x1C, "error: premature end of record"),
    NAMED(0x1D, "standard conform data content"),
    PROFILE(0x1E, "compact profile with registers"),
    PROFILE(0x1F, "compact profile"),
    PER(0x20, "/s"),
    PER(0x21, "/min"),
    PER(0x22, "/h"),
    PER(0x23, "/day"),
    PER(0x24, "/week"),
    PER(0x25, "/month"),
    PER(0x26, "/year"),
    PER(0x27, "/revolution"), /* or a measurement */
    [0x28] = {WM_VIFE_PER, 0, "input channel 0", "/pulse"},
    [0x29] = {WM_VIFE_PER, 0, "input channel 1", "/pulse"},
    [0x2A] = {WM_VIFE_PER, 0, "output channel 0", "/pulse"},
    [0x2B] = {WM_VIFE_PER, 0, "output channel 1", "/pulse"},
    PER(0x2C, "/l"),
    PER(0x2D, "/m³"),
    PER(0x2E, "/kg"),
    PER(0x2F, "/K"),
    PER(0x30, "/kWh"),
    PER(0x31, "/GJ"),
    PER(0x32, "/kW"),
    PER(0x33, "/(K·l)"),
    PER(0x34, "/V"),
    PER(0x35, "/A"),
    PER(0x36, "·s"),
    PER(0x37, "·s/V"),
    PER(0x38, "·s/A"),
    DATE(0x39, "start"),
    NAMED(0x3A, "uncorrected"),
    NAMED(0x3B, "forward flow"),
    NAMED(0x3C, "backward flow"),
    OPAQUE(0x3D, "non-metric unit"), /* Annex C: other units for the same codes */
    NAMED(0x3E, "at base conditions"),
    CONTAINER(0x3F, "OBIS declaration"),
    /* E100 ufxx, E101 ufnn: u upper limit, f last, b end, nn seconds to days */
    NAMED(0x40, "lower limit"),
    COUNT(0x41, "number of exceeds of lower limit"),
    DATE(0x42, "begin of first lower limit exceed"),
    DATE(0x43, "end of first lower limit exceed"),
    DATE(0x46, "begin of last lower limit exceed"),
    DATE(0x47, "end of last lower limit exceed"),
    NAMED(0x48, "upper limit"),
    COUNT(0x49, "number of exceeds of upper limit"),
    DATE(0x4A, "begin of first upper limit exceed"),
    DATE(0x4B, "end of first upper limit exceed"),
    DATE(0x4E, "begin of last upper limit exceed"),
    DATE(0x4F, "end of last upper limit exceed"),
    DURATION(0x50, "duration of first lower limit exceed"),
    DURATION(0x54, "duration of last lower limit exceed"),
    DURATION(0x58, "duration of first upper limit exceed"),
    DURATION(0x5C, "duration of last upper limit exceed"),
    DURATION(0x60, "duration of first"),
    DURATION(0x64, "duration of last"),
    NAMED(0x68, "during lower limit exceed"),
    NAMED(0x69, "leakage"),
    DATE(0x6A, "begin of first"),
    DATE(0x6B, "end of first"),
    NAMED(0x6C, "during upper limit exceed"),
    NAMED(0x6D, "overflow"),
    DATE(0x6E, "begin of last"),
    DATE(0x6F, "end of last"),
    SCALE(0x70, -6),
    SCALE(0x71, -5),
    SCALE(0x72, -4),
    SCALE(0x73, -3),
    SCALE(0x74, -2),
    SCALE(0x75, -1),
    SCALE(0x76, 0),
    SCALE(0x77, 1),
    /* 10^(nn-3) "times the unit of the VIF": public sources do not agree on whether that unit has the VIF's decade in it */
    OPAQUE(0x78, "additive correction 0.001"),
    OPAQUE(0x79, "additive correction 0.01"),
    OPAQUE(0x7A, "additive correction 0.1"),
    OPAQUE(0x7B, "additive correction 1"),
    [0x7C] = {WM_VIFE_EXTENSION, 0, "", ""},
    SCALE(0x7D, 3),
    NAMED(0x7E, "future value"),
    [0x7F] = {WM_VIFE_MANUFACTURER, 0, "", ""},
};

const struct wm_vife wm_vife_fc[128] = {
    NAMED(0x01, "phase L1"),
    NAMED(0x02, "phase L2"),
    NAMED(0x03, "phase L3"),
    NAMED(0x04, "neutral"),
    NAMED(0x05, "phase L1-L2"),
    NAMED(0x06, "phase L2-L3"),
    NAMED(0x07, "phase L3-L1"),
    NAMED(0x08, "quadrant Q1"),
    NAMED(0x09, "quadrant Q2"),
    NAMED(0x0A, "quadrant Q3"),
    NAMED(0x0B, "quadrant Q4"),
    NAMED(0x0C, "delta between import and export"),
    OPAQUE(0x0D, "alternative non-metric unit"),
    NAMED(0x0E, "secondary sensor"),
    NAMED(0x0F, "higher resolution"),
    NAMED(0x10, "absolute value of both directions"),
    [0x11] = {WM_VIFE_UNSIGNED, 0, "", ""}, /* type C */
    [0x12] = {WM_VIFE_UNSIGNED, 0, "", ""}, /* type D */
    DATE(0x13, "end"),
    NAMED(0x14, "towards the meter"),
    NAMED(0x15, "from the meter"),
};
