/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "link/dll.h"

/* The transport layer header, EN 13757-7:2018 clause 7. */
enum wm_tpl_header { WM_TPL_NONE, WM_TPL_SHORT, WM_TPL_LONG };

struct wm_tpl {
    uint8_t ci;
    enum wm_tpl_header header;
    struct wm_address address; /* long header only; ID M version type on air */
    uint8_t acc;               /* short and long */
    uint8_t status;
    uint16_t config;          /* configuration field */
    uint8_t mode;             /* security mode: bits 12-8 of config (0 without a header) */
    uint8_t encrypted_blocks; /* mode 5 and 7: N, 16-byte blocks; 15: to the end; 0 otherwise */
    struct wm_span payload;   /* behind the two configuration bytes */
};

/* `layer` starts at the CI. WM_NOT_MINE: the CI opens no TPL; WM_TOO_SHORT. *tpl is written in any case, as far as it goes. */
WM_MUST_USE enum wm_status wm_tpl_parse(struct wm_span layer, struct wm_tpl *tpl);
/* The twin. mode and encrypted_blocks are views of config and not looked at. WM_INVALID: the header does not fit the CI; WM_FULL.
 */
WM_MUST_USE enum wm_status wm_tpl_build(const struct wm_tpl *tpl, struct wm_writer *out);

/* "none", "short", "long" */
const char *wm_tpl_header_name(enum wm_tpl_header header);
/* Name of a security mode, "reserved" where there is none. */
const char *wm_security_mode_name(unsigned mode);
/* The same as a phrase that names the mode's number too (of the five bits). */
const char *wm_security_mode_detail(unsigned mode);
