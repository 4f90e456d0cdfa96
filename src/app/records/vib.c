/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/records/vib.h"

#include <string.h>

#define VIFES_MAX        10 /* EN 13757-3:2018, 6.4.1 */
#define EXTENSION        0x80
#define VIF_PLAIN_TEXT   0x7C
#define VIF_MANUFACTURER 0x7F
#define VIF_EXTENSION_FB 0xFB
#define VIF_EXTENSION_FD 0xFD

/* How many VIFEs start at `pos`, SIZE_MAX when they are cut off; stops one behind the limit. */
static size_t count_vifes(struct wm_span bytes, size_t pos)
{
    size_t n = 0;

    do {
        if (pos + n >= bytes.len)
            return SIZE_MAX;
        n++;
    } while (bytes.data[pos + n - 1] & EXTENSION && n <= VIFES_MAX);
    return n;
}

/* A length byte and that many characters which can be read (Latin-1 without controls). */
static bool take_unit_text(struct wm_span bytes, size_t pos, struct wm_span *text)
{
    if (pos >= bytes.len || bytes.data[pos] > bytes.len - pos - 1)
        return false;
    *text = wm_span_sub(bytes, pos + 1, bytes.data[pos]);
    for (size_t i = 0; i < text->len; i++) {
        uint8_t c = text->data[i];
        if (c < 0x20 || (c >= 0x7F && c < 0xA0))
            return false;
    }
    return true;
}

/* Plain-text unit (Annex C.2): VIF, VIFEs, length, text. Meters built to the older wording send VIF, length, text, VIFEs (e.g. FC
 * 03
 * "%RH" 74, seen in the field), so where the standard's order leads to no readable text inside the record, that order is tried. */
static enum wm_status split_plain_text(struct wm_span bytes, struct wm_vib_parts *parts, const char **why)
{
    bool extended = bytes.data[0] & EXTENSION;
    size_t n = extended ? count_vifes(bytes, 1) : 0;

    if (n <= VIFES_MAX && take_unit_text(bytes, 1 + n, &parts->text)) {
        parts->vifes = wm_span_sub(bytes, 1, n);
        parts->len = 1 + n + 1 + parts->text.len;
        return WM_OK;
    }
    if (extended && take_unit_text(bytes, 1, &parts->text)) {
        size_t behind = 2 + parts->text.len;
        n = count_vifes(bytes, behind);
        if (n <= VIFES_MAX) {
            parts->vifes = wm_span_sub(bytes, behind, n);
            parts->len = behind + n;
            return WM_OK;
        }
    }
    *why = "the plain-text unit is cut off or not readable text";
    return WM_MALFORMED;
}

enum wm_status wm_vib_split(struct wm_span bytes, struct wm_vib_parts *parts, const char **why)
{
    size_t n = 0;

    *parts = (struct wm_vib_parts){0};
    if (bytes.len == 0) {
        *why = "no VIF behind the DIF";
        return WM_TOO_SHORT;
    }
    parts->vif = bytes.data[0];
    if ((parts->vif & ~EXTENSION) == VIF_PLAIN_TEXT)
        return split_plain_text(bytes, parts, why);
    if (parts->vif & EXTENSION)
        n = count_vifes(bytes, 1);
    if (n == SIZE_MAX) {
        *why = "the VIFEs are cut off";
        return WM_TOO_SHORT;
    }
    if (n > VIFES_MAX) {
        *why = "more than 10 VIFEs";
        return WM_MALFORMED;
    }
    parts->vifes = wm_span_sub(bytes, 1, n);
    parts->len = 1 + n;
    return WM_OK;
}

bool wm_reversed_latin1(struct wm_span text, char *out, size_t cap)
{
    size_t len = 0;

    while (text.len && text.data[0] == 0) /* NULs at the end are padding */
        text = wm_span_sub(text, 1, text.len);
    for (size_t i = text.len; i > 0; i--) {
        uint8_t c = text.data[i - 1];
        size_t need = c == 0 ? 3 : c < 0x80 ? 1 : 2;
        if (len + need >= cap) {
            out[len] = '\0';
            return false;
        }
        if (c == 0) { /* a NUL inside would end the string for every reader: U+FFFD */
            memcpy(out + len, "\xEF\xBF\xBD", 3);
        } else if (c < 0x80) {
            out[len] = (char)c;
        } else {
            out[len] = (char)(0xC0 | c >> 6);
            out[len + 1] = (char)(0x80 | (c & 0x3F));
        }
        len += need;
    }
    out[len] = '\0';
    return true;
}

/* Appends to one of the record's small strings; false when there is no room, and then nothing is changed. */
static bool append(char *out, size_t cap, const char *text)
{
    size_t len = strlen(out);
    size_t more = strlen(text);

    if (len + more >= cap)
        return false;
    memcpy(out + len, text, more + 1);
    return true;
}

static void append_detail(struct wm_record *record, const char *detail)
{
    if (record->detail != record->detail_text) {
        record->detail_text[0] = '\0';
        append(record->detail_text, sizeof record->detail_text, record->detail);
        record->detail = record->detail_text;
    }
    if ((record->detail_text[0] && !append(record->detail_text, sizeof record->detail_text, ", ")) ||
        !append(record->detail_text, sizeof record->detail_text, detail))
        record->known = false;
}

/* The text must live as long as the record. */
static void add_detail(struct wm_record *record, const char *detail)
{
    if (!detail || !*detail) /* reserved codes have no entry */
        return;
    if (!*record->detail) {
        record->detail = detail;
        return;
    }
    append_detail(record, detail);
}

/* The manufacturer's VIFEs, in hex. */
static void add_manufacturer(struct wm_record *record, struct wm_span vifes)
{
    char text[2 * VIFES_MAX + 24] = "manufacturer's VIFE ";

    wm_hex_encode(wm_span_sub(vifes, 0, VIFES_MAX), text + strlen(text));
    append_detail(record, text);
}

static void add_unit(struct wm_record *record, const char *unit)
{
    if (record->unit != record->unit_text) {
        record->unit_text[0] = '\0';
        append(record->unit_text, sizeof record->unit_text, *record->unit ? record->unit : "1");
        record->unit = record->unit_text;
    }
    if (!append(record->unit_text, sizeof record->unit_text, unit))
        record->known = false;
}

static void count_of(struct wm_record *record, struct wm_vib_scale *scale, const char *unit, enum wm_vif_coding coding)
{
    record->unit = unit;
    *scale = (struct wm_vib_scale){.coding = coding, .error = scale->error};
}

static void apply(const struct wm_vife *vife, uint8_t code, struct wm_record *record, struct wm_vib_scale *scale)
{
    add_detail(record, vife->detail);
    switch ((enum wm_vife_effect)vife->effect) {
    case WM_VIFE_NEUTRAL:
    case WM_VIFE_NAMED:
    case WM_VIFE_EXTENSION:
        break;
    case WM_VIFE_UNKNOWN:
    case WM_VIFE_NAMED_OPAQUE:
        record->known = false;
        break;
    case WM_VIFE_CONTAINER:
        record->known = false;
        scale->coding = WM_VIF_BYTES;
        break;
    case WM_VIFE_PROFILE:
        record->profile = code;
        scale->coding = WM_VIF_BYTES;
        break;
    case WM_VIFE_MANUFACTURER:
        record->manufacturer = true;
        break;
    case WM_VIFE_ERROR:
        scale->error = true;
        break;
    case WM_VIFE_PER:
        add_unit(record, vife->unit);
        break;
    case WM_VIFE_SCALE:
        scale->exponent += vife->exponent;
        break;
    case WM_VIFE_COUNT:
        count_of(record, scale, "", WM_VIF_UNSIGNED);
        break;
    case WM_VIFE_DATE:
        count_of(record, scale, "", WM_VIF_DATE_TIME);
        break;
    case WM_VIFE_DURATION:
        count_of(record, scale, vife->unit, WM_VIF_UNSIGNED);
        break;
    case WM_VIFE_UNSIGNED:
        if (scale->coding == WM_VIF_SIGNED)
            scale->coding = WM_VIF_UNSIGNED;
        break;
    }
}

/* The VIF of the primary table or of the extension that FB, FD or FD FD leads to; *used VIFEs belong to it. */
static const struct wm_vif *find_vif(const struct wm_vib_parts *parts, size_t *used)
{
    const uint8_t *vife = parts->vifes.data;

    *used = 0;
    if (parts->vif == VIF_EXTENSION_FB) {
        *used = 1;
        return &wm_vif_fb[vife[0] & ~EXTENSION];
    }
    if (parts->vif == VIF_EXTENSION_FD) {
        *used = 1;
        if (vife[0] == VIF_EXTENSION_FD) {
            *used = 2;
            return &wm_vif_fd_fd[vife[1] & ~EXTENSION];
        }
        return &wm_vif_fd[vife[0] & ~EXTENSION];
    }
    return &wm_vif_primary[parts->vif & ~EXTENSION];
}

static void read_vib(const struct wm_vib_parts *parts, bool one_value, struct wm_record *record, struct wm_vib_scale *scale)
{
    size_t i = 0;

    *scale = (struct wm_vib_scale){.coding = WM_VIF_SIGNED};
    record->quantity = record->unit = record->detail = "";
    record->known = true;
    switch (parts->vif & ~EXTENSION) {
    case VIF_MANUFACTURER:
        record->known = false;
        record->manufacturer = true;
        return;
    case VIF_PLAIN_TEXT:
        record->quantity = "plain text";
        record->unit = record->unit_text;
        record->known = wm_reversed_latin1(parts->text, record->unit_text, sizeof record->unit_text);
        break;
    default: {
        const struct wm_vif *vif = find_vif(parts, &i);
        if (!vif->quantity) {
            record->known = false;
            break;
        }
        record->quantity = vif->quantity;
        record->unit = vif->unit;
        *scale = (struct wm_vib_scale){vif->exponent, vif->coding, vif->binary_fraction, false};
    }
    }
    for (; i < parts->vifes.len && !record->manufacturer; i++) {
        uint8_t code = parts->vifes.data[i] & (uint8_t)~EXTENSION;
        const struct wm_vife *vife = &wm_vife_combinable[code];
        if (vife->effect == WM_VIFE_EXTENSION)
            vife = ++i < parts->vifes.len ? &wm_vife_fc[parts->vifes.data[i] & ~EXTENSION] : &wm_vife_fc[0];
        if (one_value && vife->effect == WM_VIFE_PROFILE)
            continue;
        apply(vife, code, record, scale);
    }
    /* "Next VIFEs and data are manufacturer specific" (VIFE FF): meters of all makers use it to tell like quantities apart (phases,
     * their own averages), and the VIF's unit and decade hold. So both are given, with the VIFEs beside them and the record marked.
     */
    if (record->manufacturer && i < parts->vifes.len)
        add_manufacturer(record, wm_span_sub(parts->vifes, i, parts->vifes.len));
    if (record->profile) /* a series of bytes has no unit, its values have */
        record->unit = "";
    /* Half understood is not understood: the bare number is right, a unit and decade that a VIFE may have changed are not. */
    if (!record->known) {
        record->unit = "";
        scale->exponent = 0;
        scale->binary_fraction = false;
    }
}

void wm_vib_read(const struct wm_vib_parts *parts, struct wm_record *record, struct wm_vib_scale *scale)
{
    read_vib(parts, false, record, scale);
}

void wm_vib_read_value(const struct wm_vib_parts *parts, struct wm_record *record, struct wm_vib_scale *scale)
{
    read_vib(parts, true, record, scale);
}
