/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/dll.h"

#include "link/frame.h"

enum wm_status wm_dll_parse(struct wm_span telegram, struct wm_dll *dll)
{
    struct wm_cursor cur = wm_cursor_of(telegram);
    uint8_t l = wm_cursor_u8(&cur);

    if (!cur.failed && l < WM_L_MIN_A)
        return WM_MALFORMED;
    dll->c = wm_cursor_u8(&cur);
    wm_address_read(&cur, &dll->address);
    if (cur.failed) {
        dll->payload = (struct wm_span){0};
        return WM_TOO_SHORT;
    }
    dll->payload = wm_span_sub(telegram, cur.pos, l - (size_t)WM_L_MIN_A);
    return telegram.len > l ? WM_OK : WM_TOO_SHORT;
}

enum wm_status wm_dll_build(const struct wm_dll *dll, struct wm_writer *telegram)
{
    if (dll->payload.len > WM_TELEGRAM_MAX - WM_L_MIN_A - 1)
        return WM_FULL;
    wm_writer_u8(telegram, (uint8_t)(WM_L_MIN_A + dll->payload.len));
    wm_writer_u8(telegram, dll->c);
    wm_address_write(telegram, &dll->address);
    wm_writer_bytes(telegram, dll->payload);
    return telegram->failed ? WM_FULL : WM_OK;
}

void wm_address_read(struct wm_cursor *cur, struct wm_address *address)
{
    address->manufacturer = wm_cursor_u16le(cur);
    address->id = wm_cursor_u32le(cur);
    address->version = wm_cursor_u8(cur);
    address->type = wm_cursor_u8(cur);
}

void wm_address_write(struct wm_writer *out, const struct wm_address *address)
{
    wm_writer_u16le(out, address->manufacturer);
    wm_writer_u32le(out, address->id);
    wm_writer_u8(out, address->version);
    wm_writer_u8(out, address->type);
}

bool wm_address_equal(const struct wm_address *a, const struct wm_address *b)
{
    return a->manufacturer == b->manufacturer && a->id == b->id && a->version == b->version && a->type == b->type;
}

/* EN 13757-3 / EN 13757-7: five bits a letter, 1 is A, the first letter highest. */
void wm_manufacturer_text(uint16_t manufacturer, char text[4])
{
    for (int i = 0; i < 3; i++)
        text[i] = (char)('@' + (manufacturer >> (10 - 5 * i) & 0x1F));
    text[3] = '\0';
}

enum wm_status wm_manufacturer_parse(const char *text, uint16_t *manufacturer)
{
    unsigned number = 0;

    for (int i = 0; i < 3; i++) {
        char letter = text[i] & ~0x20;
        if (letter < 'A' || letter > 'Z')
            return WM_INVALID;
        number = number << 5 | (unsigned)(letter - '@');
    }
    if (text[3] != '\0')
        return WM_INVALID;
    *manufacturer = (uint16_t)number;
    return WM_OK;
}

const char *wm_c_name(uint8_t c)
{
    /* By the PRM bit (40h) and function code: EN 13757-4 C-field tables, after IEC 60870-5-2. `flags` are the values that bits 5
     * and 4 may take: FCB and FCV from a primary station, ACD and DFC from a secondary one (bit n stands for the value n). */
    static const struct {
        uint8_t base, flags;
        const char *name;
    } names[] = {
        {0x40, 0x1, "SND_NKE"}, {0x43, 0xA, "SND_UD"}, /* 53, 73 */
        {0x43, 0x5, "SND_UD2"},                        /* 43, 63: recalled - verify the FCB/FCV rule */
        {0x44, 0x1, "SND_NR"},  {0x45, 0x1, "SND_UD3"}, {0x46, 0x1, "SND_IR"}, {0x47, 0x1, "ACC_NR"},
        {0x48, 0x1, "ACC_DMD"}, {0x4A, 0xA, "REQ_UD1"}, /* 5A, 7A */
        {0x4B, 0xA, "REQ_UD2"},                         /* 5B, 7B */
        {0x00, 0xF, "ACK"},     {0x01, 0xF, "NACK"},    {0x06, 0xF, "CNF_IR"}, {0x08, 0xF, "RSP_UD"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((c & ~0x30) == names[i].base && names[i].flags >> (c >> 4 & 3) & 1)
            return names[i].name;
    }
    return NULL;
}

const char *wm_device_type_name(uint8_t type)
{
    /* EN 13757-7:2018 device types (Table 13). */
    static const char *const names[] = {
        [0x00] = "other",
        [0x01] = "oil",
        [0x02] = "electricity",
        [0x03] = "gas",
        [0x04] = "heat",
        [0x05] = "steam",
        [0x06] = "warm water",
        [0x07] = "water",
        [0x08] = "heat cost allocator",
        [0x09] = "compressed air",
        [0x0A] = "cooling (outlet)",
        [0x0B] = "cooling (inlet)",
        [0x0C] = "heat (inlet)",
        [0x0D] = "heat and cooling",
        [0x0E] = "bus or system",
        [0x0F] = "unknown",
        [0x14] = "calorific value",
        [0x15] = "hot water",
        [0x16] = "cold water",
        [0x17] = "dual water",
        [0x18] = "pressure",
        [0x19] = "A/D converter",
        [0x1A] = "smoke detector",
        [0x1B] = "room sensor",
        [0x1C] = "gas detector",
        [0x20] = "breaker",
        [0x21] = "valve",
        [0x25] = "customer display",
        [0x28] = "waste water",
        [0x29] = "garbage",
        [0x2A] = "carbon dioxide",
        [0x31] = "communication controller",
        [0x32] = "unidirectional repeater",
        [0x33] = "bidirectional repeater",
        [0x36] = "radio converter (system side)",
        [0x37] = "radio converter (meter side)",
        [0x38] = "wired adapter",
    };

    return type < sizeof names / sizeof names[0] && names[type] ? names[type] : "reserved";
}
