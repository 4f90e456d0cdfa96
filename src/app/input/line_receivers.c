/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/input/lines_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text lines of other receivers: rtl_wmbus, rtl_433 (CSV), culfw. */

/* Cuts the next field off *rest; false when nothing is left. */
static bool next_field(struct wm_text *rest, char separator, struct wm_text *field)
{
    const char *end;

    if (!rest->s)
        return false;
    end = memchr(rest->s, separator, rest->len);
    field->s = rest->s;
    field->len = end ? (size_t)(end - rest->s) : rest->len;
    rest->len -= field->len + (end != NULL);
    rest->s = end ? end + 1 : NULL;
    return true;
}

static void copy_time(struct wm_line *line, struct wm_text time)
{
    size_t n = time.len < sizeof line->time - 1 ? time.len : sizeof line->time - 1;

    memcpy(line->time, time.s, n);
    line->time[n] = '\0';
}

static bool is_text(struct wm_text text, const char *other)
{
    return text.len == strlen(other) && memcmp(text.s, other, text.len) == 0;
}

static bool all_hex(struct wm_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!memchr("0123456789abcdefABCDEF", text.s[i], 22))
            return false;
    }
    return true;
}

/* Fields as rtl_wmbus's README lists them: MODE;CRC_OK;3OUTOF6_OK;TIMESTAMP;PACKET_RSSI;CURRENT_RSSI;IDENT;DATAGRAM. With its
 * option -v the algorithm's name stands before them, and some builds add a second datagram with the CRCs. */
enum { RTL_MODE, RTL_CRC_OK, RTL_3OUTOF6_OK, RTL_TIME, RTL_PACKET_RSSI, RTL_CURRENT_RSSI, RTL_IDENT, RTL_DATAGRAM, RTL_FIELDS };

/* Old versions of rtl_wmbus printed format B with the L field as received, which counts the CRCs that the line leaves out: 2 bytes,
 * or 4 where L exceeds 127. */
static void old_format_b(struct wm_line_reader *reader, struct wm_span bytes, const struct wm_line *line)
{
    size_t crcs = bytes.len > 0 && bytes.data[0] > 127 ? 4 : 2;

    if (line->has_mode && line->frame.mode == WM_MODE_C && bytes.len > WM_L_MIN_A && bytes.data[0] + 1u == bytes.len + crcs)
        reader->bytes[0] = (uint8_t)(bytes.len - 1);
}

enum wm_status wm_line_rtl_wmbus(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line)
{
    struct wm_text field[RTL_FIELDS] = {0};
    struct wm_text rest = text;
    struct wm_span bytes;
    enum wm_status status;
    unsigned count = 0;
    bool crc_ok;

    line->form = WM_LINE_RTL_WMBUS;
    while (count < RTL_FIELDS && next_field(&rest, ';', &field[count])) {
        if (count == RTL_MODE) {
            wm_line_mode(line, field[0]);
            if (!line->has_mode && rest.s == text.s + field[0].len + 1 && field[0].len <= 4)
                next_field(&rest, ';', &field[0]);
            wm_line_mode(line, field[0]);
        }
        count++;
    }
    if (count < RTL_FIELDS || !line->has_mode)
        return wm_line_say(reader, WM_MALFORMED,
                           "not an rtl_wmbus line: it has the 8 fields MODE;CRC;3OUTOF6;TIME;RSSI;RSSI;ID;0xHEX "
                           "with MODE S1, T1 or C1");
    crc_ok = is_text(field[RTL_CRC_OK], "1");
    copy_time(line, field[RTL_TIME]);
    line->has_rssi_raw = field[RTL_PACKET_RSSI].len > 0;
    line->rssi_raw = strtod(field[RTL_PACKET_RSSI].s, NULL); /* stops at the ';' that follows */
    if (!crc_ok && !reader->accept_damaged)
        return wm_line_say(reader, WM_INTEGRITY, "damaged: its receiver says that a CRC failed; --damaged decodes it all the same");
    line->damaged = !crc_ok;
    status = wm_line_hex(reader, field[RTL_DATAGRAM], &bytes);
    if (status != WM_OK)
        return status;
    old_format_b(reader, bytes, line);
    return wm_line_frame(reader, bytes, line);
}

/* rtl_433 -F csv: the columns depend on the decoders switched on, so the header says where mode and time are; the telegram is the
 * one long field of hex. */
enum wm_status wm_line_rtl_433_csv(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line)
{
    struct wm_text rest = text;
    struct wm_text field;
    struct wm_text hex = {0};
    bool header = text.len > 9 && memcmp(text.s, "time,msg,", 9) == 0;
    bool mine = false;

    line->form = WM_LINE_RTL_433;
    if (header)
        reader->csv_mode = reader->csv_time = 0;
    for (int column = 1; next_field(&rest, ',', &field); column++) {
        if (header) {
            if (is_text(field, "mode"))
                reader->csv_mode = column;
            else if (is_text(field, "time"))
                reader->csv_time = column;
            continue;
        }
        mine |= is_text(field, "Wireless-MBus");
        if (column == reader->csv_mode)
            wm_line_mode(line, field);
        else if (column == reader->csv_time || (column == 1 && !reader->csv_time))
            copy_time(line, field);
        if (field.len >= 20 && field.len > hex.len && all_hex(field))
            hex = field;
    }
    if (header)
        return wm_line_say(reader, WM_NOT_MINE, "the heading of rtl_433's CSV");
    if (!mine)
        return wm_line_say(reader, WM_MALFORMED, "not understood: has commas, but is no rtl_433 line of Wireless-MBus");
    if (!hex.len)
        return wm_line_say(reader, WM_MALFORMED, "an rtl_433 line without the column data");
    return wm_line_hex_frame(reader, hex, line);
}

/* culfw (clib/rf_mbus.c): "b" and the frame with its CRCs, "bY" for format B, then LQI and RSSI of the CC1101 when reporting is on
 * (X21). "bss" and "bst" send a frame in mode S or T. */
enum wm_status wm_line_cul(struct wm_line_reader *reader, struct wm_text text, struct wm_line *line)
{
    bool send = text.len > 3 && text.s[1] == 's';
    size_t prefix = send ? 3 : text.len > 1 && text.s[1] == 'Y' ? 2 : 1;
    struct wm_text hex = {text.s + prefix, text.len - prefix};
    enum wm_status status;

    line->form = WM_LINE_CUL;
    if (send)
        wm_line_mode(line, (struct wm_text){text.s + 2, 1});
    status = wm_line_hex_frame(reader, hex, line);
    if (status == WM_MALFORMED && hex.len % 2)
        return wm_line_say(reader, WM_MALFORMED,
                           "culfw sent an odd number of hex digits: old firmware cuts telegrams above 148 bytes");
    if (status == WM_OK && !send && line->trailing.len == 2) {
        /* CC1101 data sheet 17.3: RSSI is in half decibels above -74 dBm, two's complement; LQI is the low 7 bits of the other
         * byte, which culfw puts first and shifted by one. */
        line->has_lqi = true;
        line->lqi = line->trailing.data[0] >> 1;
        line->has_rssi_dbm = true;
        line->rssi_dbm = (int8_t)line->trailing.data[1] / 2.0 - 74;
        line->trailing.len = 0;
    }
    return status;
}
