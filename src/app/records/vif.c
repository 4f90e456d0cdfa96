/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/vif.h"

/* Units. The standard codes one quantity in several units and decades; since values are exact decimals, one unit each costs
 * nothing: Wh and MWh come out as kWh, J and GJ as MJ, W and MW as kW, J/h and GJ/h as MJ/h, t as kg. Flows stay per hour, minute
 * or second and durations in the unit that was sent, as their factors are no powers of ten.
 *
 * Entries are in code order; a code that is not listed is reserved (or was dropped, or public sources differ about it). */

#define ONE(code, quantity, unit, exponent)   [code] = {quantity, unit, exponent, WM_VIF_SIGNED, false}
#define RUN2(code, quantity, unit, exponent)  ONE(code, quantity, unit, exponent), ONE((code) + 1, quantity, unit, (exponent) + 1)
#define RUN4(code, quantity, unit, exponent)  RUN2(code, quantity, unit, exponent), RUN2((code) + 2, quantity, unit, (exponent) + 2)
#define RUN8(code, quantity, unit, exponent)  RUN4(code, quantity, unit, exponent), RUN4((code) + 4, quantity, unit, (exponent) + 4)
#define RUN16(code, quantity, unit, exponent) RUN8(code, quantity, unit, exponent), RUN8((code) + 8, quantity, unit, (exponent) + 8)
#define UINT(code, quantity, unit)            [code] = {quantity, unit, 0, WM_VIF_UNSIGNED, false}
#define TIMES(entry, code, quantity, a, b, c, d)                                                                                   \
    entry(code, quantity, a), entry((code) + 1, quantity, b), entry((code) + 2, quantity, c), entry((code) + 3, quantity, d)
#define INT(code, quantity, unit)           ONE(code, quantity, unit, 0)
#define INT_SECONDS_TO_DAYS(code, quantity) TIMES(INT, code, quantity, "seconds", "minutes", "hours", "days")
#define SECONDS_TO_DAYS(code, quantity)     TIMES(UINT, code, quantity, "seconds", "minutes", "hours", "days")
#define HOURS_TO_YEARS(code, quantity)      TIMES(UINT, code, quantity, "hours", "days", "months", "years")
#define CODED(code, quantity, coding)       [code] = {quantity, "", 0, coding, false}

const struct wm_vif wm_vif_primary[128] = {
    RUN8(0x00, "energy", "kWh", -6), /* 10^(nnn-3) Wh */
    RUN8(0x08, "energy", "MJ", -6),  /* 10^nnn J */
    RUN8(0x10, "volume", "m³", -6),
    RUN8(0x18, "mass", "kg", -3),
    INT_SECONDS_TO_DAYS(0x20, "on time"),
    INT_SECONDS_TO_DAYS(0x24, "operating time"),
    RUN8(0x28, "power", "kW", -6),   /* 10^(nnn-3) W */
    RUN8(0x30, "power", "MJ/h", -6), /* 10^nnn J/h */
    RUN8(0x38, "volume flow", "m³/h", -6),
    RUN8(0x40, "volume flow", "m³/min", -7),
    RUN8(0x48, "volume flow", "m³/s", -9),
    RUN8(0x50, "mass flow", "kg/h", -3),
    RUN4(0x58, "flow temperature", "°C", -3),
    RUN4(0x5C, "return temperature", "°C", -3),
    RUN4(0x60, "temperature difference", "K", -3),
    RUN4(0x64, "external temperature", "°C", -3),
    RUN4(0x68, "pressure", "bar", -3),
    CODED(0x6C, "date", WM_VIF_DATE),
    CODED(0x6D, "date and time", WM_VIF_DATE_TIME),
    ONE(0x6E, "heat cost allocation", "HCA", 0),
    INT_SECONDS_TO_DAYS(0x70, "averaging duration"),
    INT_SECONDS_TO_DAYS(0x74, "actuality duration"),
    UINT(0x78, "fabrication number", ""), /* an identification has no sign */
    UINT(0x79, "enhanced identification", ""),
    UINT(0x7A, "address", ""),
    /* 7B, 7D lead into the tables below, 7C is a plain-text unit, 7E "any VIF" of a readout selection, 7F the manufacturer's. */
};

const struct wm_vif wm_vif_fb[128] = {
    RUN2(0x00, "energy", "kWh", 2), /* 10^(n-1) MWh */
    RUN2(0x02, "reactive energy", "kvarh", 0), RUN2(0x04, "apparent energy", "kVAh", 0),
    RUN2(0x08, "energy", "MJ", 2), /* 10^(n-1) GJ */
    RUN4(0x0C, "energy", "Mcal", -1), RUN2(0x10, "volume", "m³", 2),
    RUN4(0x14, "reactive power", "kvar", -3), [0x18] = {"mass", "kg", 5, WM_VIF_UNSIGNED, false}, /* 10^(n+2) t */
    [0x19] = {"mass", "kg", 6, WM_VIF_UNSIGNED, false}, [0x1A] = {"relative humidity", "%", -1, WM_VIF_UNSIGNED, false},
    [0x1B] = {"relative humidity", "%", 0, WM_VIF_UNSIGNED, false}, ONE(0x20, "volume", "ft³", 0), ONE(0x21, "volume", "ft³", -1),
    /* 22, 24 to 26, 58 to 67 and 70 to 73 were in use until 2004 and are reserved now: old meters only. 23 was the US gallon too,
     * but has got a new meaning since (a phase angle), so it stays unknown. */
    ONE(0x22, "volume", "gal", -1), ONE(0x24, "volume flow", "gal/min", -3), ONE(0x25, "volume flow", "gal/min", 0),
    ONE(0x26, "volume flow", "gal/h", 0), RUN2(0x28, "power", "kW", 2), /* 10^(n-1) MW */
    ONE(0x2A, "phase angle voltage to voltage", "°", -1), ONE(0x2B, "phase angle voltage to current", "°", -1),
    RUN4(0x2C, "frequency", "Hz", -3), RUN2(0x30, "power", "MJ/h", 2), /* 10^(n-1) GJ/h */
    RUN4(0x34, "apparent power", "kVA", -3), RUN4(0x58, "flow temperature", "°F", -3), RUN4(0x5C, "return temperature", "°F", -3),
    RUN4(0x60, "temperature difference", "°F", -3),
    RUN4(0x64, "external temperature", "°F", -3), [0x68] = {"resulting rating factor K", "HCA", 0, WM_VIF_UNSIGNED, true},
    [0x69] = {"thermal output rating factor KQ", "W", 0, WM_VIF_UNSIGNED, true},
    /* 6A to 6E are further rating factors of heat cost allocators whose scale no public source states. */
    RUN4(0x70, "temperature limit", "°F", -3), RUN4(0x74, "temperature limit", "°C", -3),
    RUN8(0x78, "cumulative maximum power", "kW", -6), /* 10^(nnn-3) W */
};

const struct wm_vif wm_vif_fd[128] = {
    RUN4(0x00, "credit", "currency", -3),
    RUN4(0x04, "debit", "currency", -3),
    UINT(0x08, "access number", ""), /* "unique message identification" since 2013 */
    UINT(0x09, "device type", ""),
    UINT(0x0A, "manufacturer", ""),
    UINT(0x0B, "parameter set identification", ""),
    UINT(0x0C, "model version", ""),
    UINT(0x0D, "hardware version", ""),
    UINT(0x0E, "firmware version", ""),
    UINT(0x0F, "software version", ""),
    UINT(0x10, "customer location", ""),
    UINT(0x11, "customer", ""),
    UINT(0x12, "access code user", ""),
    UINT(0x13, "access code operator", ""),
    UINT(0x14, "access code system operator", ""),
    UINT(0x15, "access code developer", ""),
    UINT(0x16, "password", ""),
    UINT(0x17, "error flags", ""),
    UINT(0x18, "error mask", ""),
    UINT(0x19, "security key", ""),
    UINT(0x1A, "digital output", ""),
    UINT(0x1B, "digital input", ""),
    UINT(0x1C, "baud rate", "baud"),
    UINT(0x1D, "response delay time", "bit times"),
    UINT(0x1E, "retry", ""),
    UINT(0x1F, "remote control", ""),
    UINT(0x20, "first storage number for cyclic storage", ""),
    UINT(0x21, "last storage number for cyclic storage", ""),
    UINT(0x22, "size of storage block", ""),
    UINT(0x23, "descriptor for tariff and subunit", ""),
    SECONDS_TO_DAYS(0x24, "storage interval"),
    UINT(0x28, "storage interval", "months"),
    UINT(0x29, "storage interval", "years"),
    CODED(0x2A, "operator specific data", WM_VIF_BYTES),
    UINT(0x2B, "time point second", "seconds"),
    SECONDS_TO_DAYS(0x2C, "duration since last readout"),
    CODED(0x30, "start of tariff", WM_VIF_DATE_TIME),
    UINT(0x31, "duration of tariff", "minutes"),
    UINT(0x32, "duration of tariff", "hours"),
    UINT(0x33, "duration of tariff", "days"),
    SECONDS_TO_DAYS(0x34, "period of tariff"),
    UINT(0x38, "period of tariff", "months"),
    UINT(0x39, "period of tariff", "years"),
    ONE(0x3A, "dimensionless", "", 0),
    CODED(0x3B, "wireless M-Bus container", WM_VIF_BYTES),
    SECONDS_TO_DAYS(0x3C, "period of nominal data transmissions"),
    RUN16(0x40, "voltage", "V", -9),
    RUN16(0x50, "current", "A", -12),
    UINT(0x60, "reset counter", ""),
    UINT(0x61, "cumulation counter", ""),
    UINT(0x62, "control signal", ""),
    UINT(0x63, "day of week", ""),
    UINT(0x64, "week number", ""),
    CODED(0x65, "time point of day change", WM_VIF_DATE_TIME),
    UINT(0x66, "state of parameter activation", ""),
    UINT(0x67, "special supplier information", ""),
    HOURS_TO_YEARS(0x68, "duration since last cumulation"),
    HOURS_TO_YEARS(0x6C, "operating time of battery"),
    CODED(0x70, "date of battery change", WM_VIF_DATE_TIME),
    ONE(0x71, "reception level", "dBm", 0),
    CODED(0x72, "daylight saving", WM_VIF_BYTES),             /* type K */
    CODED(0x73, "listening window management", WM_VIF_BYTES), /* type L */
    UINT(0x74, "remaining battery life", "days"),
    UINT(0x75, "number of times the meter was stopped", ""),
    CODED(0x76, "manufacturer container", WM_VIF_BYTES),
};

/* From one public source only - verify. */
const struct wm_vif wm_vif_fd_fd[128] = {
    UINT(0x00, "currently selected application", ""),
    UINT(0x02, "remaining battery life", "months"),
    UINT(0x03, "remaining battery life", "years"),
};
