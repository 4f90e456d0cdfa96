/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public C interface of libwmsdr: wireless M-Bus telegrams (EN 13757-4, EN 13757-7, OMS) opened, sealed and decoded, without a
 * radio. Types are opaque, functions return a status, and nothing here prints, exits or reads the environment. An object serves one
 * thread at a time. Verdicts and JSON members are documented in docs/verdicts.md and docs/json.md. */
#ifndef WMSDR_WMSDR_H
#define WMSDR_WMSDR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    WMSDR_OK = 0,
    WMSDR_END,       /* no more items */
    WMSDR_INVALID,   /* an argument is out of its documented range */
    WMSDR_MALFORMED, /* a key or key file is not understood */
    WMSDR_NO_KEY,    /* sealing needs one */
    WMSDR_FULL,      /* no room */
    WMSDR_NO_MEMORY,
    WMSDR_IO, /* errno says why */
    WMSDR_UNSUPPORTED,
} wmsdr_status;

/* "0.1.0" */
const char *wmsdr_version(void);
/* A lower-case English phrase. */
const char *wmsdr_status_text(wmsdr_status status);

/* ---- keys: many meters, several keys each; wiped when destroyed, never printed ---- */
typedef struct wmsdr_keys wmsdr_keys;

wmsdr_status wmsdr_keys_create(wmsdr_keys **keys);
void wmsdr_keys_destroy(wmsdr_keys *keys);
/* One line of a key file: "KAM-12345678 = 32 hex digits". */
wmsdr_status wmsdr_keys_add(wmsdr_keys *keys, const char *line);
/* A key file, a meter file of wmbusmeters, or CSV. WMSDR_INVALID: others may read it, and allow_shared is 0. *line (may be NULL)
 * tells where it is malformed, from 1. */
wmsdr_status wmsdr_keys_load(wmsdr_keys *keys, const char *path, int allow_shared, unsigned *line);
size_t wmsdr_keys_count(const wmsdr_keys *keys);

/* ---- open: from a telegram to its content and a verdict ---- */
typedef struct wmsdr_opener wmsdr_opener;

/* keys are borrowed, NULL: none. counters: a file for the meters' message counters, which replays are refused by; NULL: they are
 * not looked at. */
wmsdr_status wmsdr_opener_create(const wmsdr_keys *keys, const char *counters, wmsdr_opener **opener);
void wmsdr_opener_destroy(wmsdr_opener *opener);
/* Not 0: also opens security modes 8 and 9 and the GMAC of the authentication layer, whose layouts are not public, by this
 * project's reading of them. Off by default. */
void wmsdr_opener_experimental(wmsdr_opener *opener, int on);
/* Milliseconds of a clock that does not go back, for the time-out between fragments. */
void wmsdr_opener_time(wmsdr_opener *opener, uint64_t now_ms);
/* One telegram, from its L field, CRCs removed; at most 256 bytes. What the functions below tell is about it, and what they point
 * to lives until the next call. WMSDR_OK for every verdict. */
wmsdr_status wmsdr_open(wmsdr_opener *opener, const uint8_t *telegram, size_t len);

/* "decrypted-and-authenticated", "wrong-key" … */
const char *wmsdr_verdict(const wmsdr_opener *opener);
/* What exactly, or where; "" when there is nothing to add. */
const char *wmsdr_detail(const wmsdr_opener *opener);
/* Whether the content may be taken for a reading. */
int wmsdr_readable(const wmsdr_opener *opener);
/* The telegram with plain text where there was cipher text. */
const uint8_t *wmsdr_plain(const wmsdr_opener *opener, size_t *len);
/* The application data: behind the transport layer's header, without a tag. */
const uint8_t *wmsdr_application(const wmsdr_opener *opener, size_t *len);

typedef struct {
    char manufacturer[4];
    char id[9]; /* eight digits as printed on the meter */
    uint8_t version, type;
} wmsdr_meter;
/* The meter that it is about. */
void wmsdr_opened_meter(const wmsdr_opener *opener, wmsdr_meter *meter);

/* The telegram opened last as one JSON object with its records, NUL-terminated. *len (may be NULL) is its length without the NUL;
 * WMSDR_FULL: out is too small. 64 KiB are enough for a telegram; a reassembled message may need more. */
wmsdr_status wmsdr_json(const wmsdr_opener *opener, char *out, size_t cap, size_t *len);

/* ---- seal: from content to telegrams ---- */
typedef struct wmsdr_sealer wmsdr_sealer;

typedef struct {
    uint8_t c;          /* C field: 0x44 SND_NR, 0x53 SND_UD … */
    wmsdr_meter sender; /* of the link layer */
    int to_meter;       /* not 0: a partner speaks; the long header names `meter` */
    int has_meter;      /* long header with `meter`, otherwise a short one */
    wmsdr_meter meter;
    uint8_t ci;     /* of the transport layer: 0x7A, 0x72, 0x5B … */
    uint8_t access; /* access number */
    uint8_t status;
    int mode;         /* security mode: 0, 4, 5, 7, 10, 13; 8 and 9 with `experimental` */
    int authenticate; /* not 0: behind an authentication layer with counter and an 8-byte CMAC; implies an extended link layer I */
    uint32_t counter; /* message counter; must never repeat under one key */
    size_t fragment_bytes;      /* with authenticate: of one fragment; 0: as much as a telegram takes */
    const uint8_t *application; /* plain text, without check bytes */
    size_t application_len;
    const uint8_t *clear; /* behind it, not encrypted; NULL: none */
    size_t clear_len;
    int link_encrypted; /* not 0: an extended link layer II with AES-128-CTR and `session`; without authenticate */
    uint32_t session;   /* minutes in bits 28-4, number within the minute in bits 3-0; must never repeat under one key */
    int protocol;       /* mode 13: 0 TLSCONN, 1 TLSHS, 2 TLSALERT, 3 TLSAPP */
    int experimental;   /* not 0: modes 8 and 9 by this project's reading of them */
} wmsdr_message;

wmsdr_status wmsdr_sealer_create(wmsdr_sealer **sealer);
void wmsdr_sealer_destroy(wmsdr_sealer *sealer);
/* key: 16 bytes, NULL where none is needed. */
wmsdr_status wmsdr_seal(wmsdr_sealer *sealer, const wmsdr_message *message, const uint8_t *key);
/* The telegrams one after another, from L, without CRCs; 256 bytes are enough. WMSDR_END behind the last. */
wmsdr_status wmsdr_seal_next(wmsdr_sealer *sealer, uint8_t *telegram, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif

#endif
