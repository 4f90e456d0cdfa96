/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What VIF and VIFE codes mean, as const tables (EN 13757-3:2018, 6.4). Internal to the records room. */

enum wm_vif_coding {
    WM_VIF_SIGNED,    /* binary data are type B, two's complement: the default of Table 4 */
    WM_VIF_UNSIGNED,  /* binary data are type C or D: remark k of Table 12, remark d of Table 14 */
    WM_VIF_DATE,      /* type G only (VIF 6C) */
    WM_VIF_DATE_TIME, /* by data field: 16 bits G, 24 J, 32 F, 48 I, variable length M */
    WM_VIF_BYTES,     /* a container or a compound type that is not decoded here */
};

struct wm_vif {
    const char *quantity; /* NULL: reserved, or its meaning is not known for certain */
    const char *unit;
    int8_t exponent;
    uint8_t coding;       /* enum wm_vif_coding */
    bool binary_fraction; /* the value counts 1/4096 (2^-12) */
};

extern const struct wm_vif wm_vif_primary[128]; /* 6.4.2, Table 10 */
extern const struct wm_vif wm_vif_fb[128];      /* 6.4.5, Table 14: after VIF FB */
extern const struct wm_vif wm_vif_fd[128];      /* 6.4.4, Table 12: after VIF FD */
extern const struct wm_vif wm_vif_fd_fd[128];   /* 6.4.4, Table 13: after FD FD */

enum wm_vife_effect {
    WM_VIFE_UNKNOWN,      /* reserved, or not understood: the record is not known */
    WM_VIFE_NEUTRAL,      /* changes nothing: record error "none" */
    WM_VIFE_NAMED,        /* says more about the same value */
    WM_VIFE_NAMED_OPAQUE, /* has a name, but changes the scale or the unit in a way not applied here: the record is not known */
    WM_VIFE_CONTAINER,    /* the value is a compound of its own kind, not decoded here */
    WM_VIFE_PROFILE,      /* a compact profile: a series of values in one record */
    WM_VIFE_ERROR,        /* a record error: there is no usable value */
    WM_VIFE_PER,          /* the unit is followed by `unit` */
    WM_VIFE_SCALE,        /* times 10^exponent */
    WM_VIFE_COUNT,        /* the value is a number of events instead */
    WM_VIFE_DATE,         /* the value is a date or time instead */
    WM_VIFE_DURATION,     /* the value is a duration in `unit` instead */
    WM_VIFE_UNSIGNED,     /* binary data are type C or D */
    WM_VIFE_EXTENSION,    /* FC: the next VIFE is from the extension table */
    WM_VIFE_MANUFACTURER, /* the VIFEs behind it and the data are the manufacturer's */
};

struct wm_vife {
    uint8_t effect; /* enum wm_vife_effect */
    int8_t exponent;
    const char *detail; /* "" when there is nothing to say */
    const char *unit;
};

extern const struct wm_vife wm_vife_combinable[128]; /* 6.4.6 and 6.4.8, Tables 15 and 18 */
extern const struct wm_vife wm_vife_fc[128];         /* 6.4.6, Table 16: after a combinable VIFE FC */
