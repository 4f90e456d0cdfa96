/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/input/lines_internal.h"

#include <string.h>

/* Binary messages of radio modules, pasted as hex. Each parser takes a message only when it fits to the last byte, because a
 * telegram's L field may well be A5, C0 or FF. */

/* CRC-16/IBM-SDLC (reflected 8408, start and final XOR FFFF), which both IMST modules use over the message. */
static uint16_t imst_crc(struct wm_span bytes)
{
    uint16_t crc = 0xFFFF;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1);
    }
    return (uint16_t)~crc;
}

/* A telegram whose L field is not among the bytes but in front of them as a length, or the whole. */
static enum wm_status module_frame(struct wm_line_reader *reader, struct wm_span bytes, enum wm_line_form form,
                                   struct wm_line *line)
{
    line->form = form;
    return wm_line_frame(reader, bytes, line);
}

/* iM871A HCI (user manual 3.1): A5, control and endpoint, message, length, payload, then as the control bits say a time stamp (4),
 * RSSI (1) and a CRC (2, over all but A5). Endpoint 2 message 3 is a received frame; the length byte is its L field. */
enum wm_status wm_line_im871a(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line)
{
    const uint8_t *b = bytes.data;
    bool has_time;
    bool has_rssi;
    bool has_crc;
    size_t end;

    if (bytes.len < 4 || b[0] != 0xA5 || (b[1] & 0x10))
        return WM_NOT_MINE;
    has_time = b[1] & 0x20;
    has_rssi = b[1] & 0x40;
    has_crc = b[1] & 0x80;
    end = 4u + b[3];
    if (bytes.len != end + (has_time ? 4 : 0) + (has_rssi ? 1 : 0) + (has_crc ? 2 : 0))
        return WM_NOT_MINE;
    if (has_crc && imst_crc(wm_span_sub(bytes, 1, bytes.len - 3)) != (b[bytes.len - 2] | b[bytes.len - 1] << 8))
        return wm_line_say(reader, WM_INTEGRITY, "damaged: the CRC of the iM871A message does not fit");
    if ((b[1] & 0x0F) != 2 || b[2] != 3)
        return wm_line_say(reader, WM_NOT_MINE, "an iM871A message without a telegram");
    if (has_rssi) {
        line->has_rssi_raw = true;
        line->rssi_raw = b[end + (has_time ? 4 : 0)];
    }
    return module_frame(reader, wm_span_sub(bytes, 3, 1u + b[3]), WM_LINE_IM871A, line);
}

/* Amber/Würth command interface: FF, command, length, payload, XOR of all before. Command 03 is a received frame without its L
 * field: the length byte stands in its place. (Modules that report RSSI append it inside the length; nothing in the message says
 * so, and it then counts as the frame's last byte. Recalled - verify with a module.) */
enum wm_status wm_line_amber(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line)
{
    uint8_t check = 0;

    if (bytes.len < 4 || bytes.data[0] != 0xFF || bytes.len != 4u + bytes.data[2])
        return WM_NOT_MINE;
    for (size_t i = 0; i < bytes.len; i++)
        check ^= bytes.data[i];
    if (check != 0)
        return WM_NOT_MINE;
    if (bytes.data[1] != 0x03)
        return wm_line_say(reader, WM_NOT_MINE, "a command message of an Amber module without a telegram");
    return module_frame(reader, wm_span_sub(bytes, 2, 1u + bytes.data[2]), WM_LINE_AMBER, line);
}

enum { SLIP_END = 0xC0, SLIP_ESC = 0xDB, SLIP_ESC_END = 0xDC, SLIP_ESC_ESC = 0xDD }; /* RFC 1055 */
enum { IU891A_GATEWAY = 0x09, IU891A_RECEIVED = 0x20, IU891A_HEAD = 2, IU891A_RSSI = 7, IU891A_FRAME = 8 };

/* One message without its SLIP ends, unescaped into `out`, which holds as many bytes. */
static size_t slip_decode(struct wm_span bytes, uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];

        if (byte == SLIP_ESC && i + 1 < bytes.len) {
            byte = bytes.data[++i];
            byte = byte == SLIP_ESC_END ? SLIP_END : byte == SLIP_ESC_ESC ? SLIP_ESC : byte;
        }
        out[n++] = byte;
    }
    return n;
}

/* iU891A HCI: SLIP frames of access point, message, payload, CRC (2). A received frame's payload: time and state (7), RSSI in dBm,
 * the telegram from its L field. Line noise and other messages may stand around it. */
enum wm_status wm_line_iu891a(struct wm_line_reader *reader, struct wm_span bytes, struct wm_line *line)
{
    uint8_t b[WM_LINE_BYTES_MAX];
    bool message = false;

    for (size_t start = 0; start < bytes.len; start++) {
        const uint8_t *found = memchr(bytes.data + start, SLIP_END, bytes.len - start);
        size_t end;
        size_t n;

        if (!found)
            break;
        start = (size_t)(found - bytes.data);
        end = start + 1;
        while (end < bytes.len && bytes.data[end] != SLIP_END)
            end++;
        if (end == bytes.len || end - start < 5)
            continue;
        n = slip_decode(wm_span_sub(bytes, start + 1, end - start - 1), b);
        if (n >= 4 && imst_crc((struct wm_span){b, n - 2}) == (b[n - 2] | b[n - 1] << 8)) {
            message = true;
            if (b[0] == IU891A_GATEWAY && b[1] == IU891A_RECEIVED && n > IU891A_HEAD + IU891A_FRAME + 2) {
                line->has_rssi_dbm = true;
                line->rssi_dbm = (int8_t)b[IU891A_HEAD + IU891A_RSSI];
                n -= IU891A_HEAD + IU891A_FRAME + 2;
                memcpy(reader->bytes, b + IU891A_HEAD + IU891A_FRAME, n);
                return module_frame(reader, (struct wm_span){reader->bytes, n}, WM_LINE_IU891A, line);
            }
        }
        start = end - 1;
    }
    return message ? wm_line_say(reader, WM_NOT_MINE, "an iU891A message without a telegram") : WM_NOT_MINE;
}
