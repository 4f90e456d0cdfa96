/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/synth/traffic.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wm_traffic_random(struct wm_rng *rng, size_t min, size_t max, struct wm_traffic_item *item)
{
    uint8_t *t = item->telegram;

    item->len = min + wm_rng_below(rng, (uint32_t)(max - min) + 1);
    for (size_t i = 0; i < item->len; i++)
        t[i] = (uint8_t)wm_rng_next(rng);
    t[0] = (uint8_t)(item->len - 1);
    t[1] = 0x44; /* SND-NR */
    t[2] = 0x64; /* manufacturer WSD, little-endian, five bits a letter */
    t[3] = 0x5E;
    for (unsigned i = 4; i < 8; i++)
        t[i] = (uint8_t)(t[i] % 10 | (t[i] >> 4) % 10 << 4); /* the ID is BCD */
    t[8] = 0x01;                                             /* version */
    t[9] = 0x07;                                             /* water */
    t[10] = 0x7A;                                            /* CI: short header: access number (random), status, configuration */
    t[12] = 0x00;
    t[13] = (uint8_t)((item->len - 15) / 16 << 4); /* mode 5: number of encrypted blocks in bits 4..7, mode in bits 8..12 */
    t[14] = 0x05;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Cuts the next word out of *text. */
static size_t word(const char **text, const char **start)
{
    size_t len;

    *start = skip_blanks(*text);
    len = strcspn(*start, " \t\r\n");
    *text = *start + len;
    return len;
}

static enum wm_status bad(const char **why, const char *text)
{
    *why = text;
    return WM_MALFORMED;
}

/* The settings of a line, with the ranges that the command line has for them too. */
static const struct {
    const char *name;
    double low, high, factor;
} settings[WM_TRAFFIC_SETTING_COUNT] = {
    [WM_TRAFFIC_EC_N0_DB] = {"ec-n0=", -50, 100, 1},
    [WM_TRAFFIC_OFFSET_HZ] = {"offset-khz=", -1000, 1000, 1e3},
    [WM_TRAFFIC_CLOCK_PPM] = {"clock-ppm=", -200e3, 200e3, 1},
    [WM_TRAFFIC_DEVIATION_PCT] = {"deviation-pct=", -90, 90, 1},
    [WM_TRAFFIC_GAP_S] = {"gap-ms=", 0, 1e6, 1e-3},
};

static bool setting(const char *text, size_t len, struct wm_traffic_item *item)
{
    for (unsigned i = 0; i < WM_TRAFFIC_SETTING_COUNT; i++) {
        size_t n = strlen(settings[i].name);
        double value;
        char *end;

        if (len <= n || memcmp(text, settings[i].name, n) != 0)
            continue;
        value = strtod(text + n, &end);
        if (end != text + len || !(value >= settings[i].low && value <= settings[i].high))
            return false;
        item->own |= 1u << i;
        item->setting[i] = value * settings[i].factor;
        return true;
    }
    return false;
}

enum wm_status wm_traffic_line(const char *line, struct wm_traffic_item *item, const char **why)
{
    const char *start;
    char name[8];
    size_t len;

    item->own = 0;
    line = skip_blanks(line);
    if (*line == '\0' || *line == '#')
        return WM_END;
    len = word(&line, &start);
    if (len >= sizeof name)
        return bad(why, "the first word is no mode: T, C or S");
    memcpy(name, start, len);
    name[len] = '\0';
    if (wm_mode_by_name(name, &item->mode) != WM_OK)
        return bad(why, "the first word is no mode: T, C or S");
    len = word(&line, &start);
    if (len != 1 || !strchr("ABab", *start))
        return bad(why, "the second word is no frame format: A or B");
    item->format = *start == 'A' || *start == 'a' ? WM_FORMAT_A : WM_FORMAT_B;
    if (item->format == WM_FORMAT_B && wm_mode_info(item->mode)->sync_b.count == 0)
        return bad(why, "this mode has no frame format B");
    len = word(&line, &start);
    if (wm_hex_decode(start, len, item->telegram, sizeof item->telegram, &item->len, NULL) != WM_OK || item->len == 0)
        return bad(why, "the third word is no telegram in hex");
    if (item->telegram[0] + 1u != item->len)
        return bad(why, "the telegram's L field disagrees with its length; give it without CRCs");
    while ((len = word(&line, &start)) > 0) {
        if (!setting(start, len, item))
            return bad(why, "behind the telegram stands no setting in its range; there are ec-n0=, offset-khz=, clock-ppm=, "
                            "deviation-pct= and gap-ms=");
    }
    return WM_OK;
}

void wm_traffic_draw(const struct wm_traffic *traffic, const struct wm_synth *synth, double sample_rate_hz, uint64_t after_sample,
                     struct wm_rng *rng, const struct wm_traffic_item *item, struct wm_synth_burst *burst)
{
    const struct wm_mode_info *info = wm_mode_info(item->mode);

    *burst = (struct wm_synth_burst){
        .mode = item->mode,
        .format = item->format,
        .telegram = {item->telegram, item->len},
        .preamble_pairs = traffic->long_preamble ? info->preamble_pairs_long : info->preamble_pairs_min,
        .tail_chips = traffic->tail_chips < info->tail_chips_max ? traffic->tail_chips : info->tail_chips_max,
        .amplitude =
            traffic->has_level ? pow(10, traffic->level_dbfs / 20) : wm_synth_amplitude(synth, item->mode, traffic->ec_n0_db),
        .bt = traffic->bt,
    };
    /* always the same number of draws, so that a seed's frames stay the same when a range is set to 0 */
    burst->start_sample =
        (double)after_sample + wm_rng_range(rng, traffic->gap_min_s, traffic->gap_max_s) * sample_rate_hz + wm_rng_uniform(rng);
    burst->offset_hz = traffic->carrier_middle_hz + wm_rng_range(rng, -traffic->carrier_hz, traffic->carrier_hz);
    burst->clock_ppm = traffic->clock_middle_ppm + wm_rng_range(rng, -traffic->clock_ppm, traffic->clock_ppm);
    burst->deviation_hz =
        info->deviation_hz *
        (1 + (traffic->deviation_middle_pct + wm_rng_range(rng, -traffic->deviation_pct, traffic->deviation_pct)) / 100);
    burst->phase_rad = wm_rng_range(rng, 0, 2 * acos(-1));
    if (item->own & 1u << WM_TRAFFIC_EC_N0_DB)
        burst->amplitude = wm_synth_amplitude(synth, item->mode, item->setting[WM_TRAFFIC_EC_N0_DB]);
    if (item->own & 1u << WM_TRAFFIC_OFFSET_HZ)
        burst->offset_hz = item->setting[WM_TRAFFIC_OFFSET_HZ];
    if (item->own & 1u << WM_TRAFFIC_CLOCK_PPM)
        burst->clock_ppm = item->setting[WM_TRAFFIC_CLOCK_PPM];
    if (item->own & 1u << WM_TRAFFIC_DEVIATION_PCT)
        burst->deviation_hz = info->deviation_hz * (1 + item->setting[WM_TRAFFIC_DEVIATION_PCT] / 100);
    if (item->own & 1u << WM_TRAFFIC_GAP_S)
        burst->start_sample = ceil((double)after_sample + item->setting[WM_TRAFFIC_GAP_S] * sample_rate_hz);
}

size_t wm_traffic_truth(const struct wm_synth_burst *burst, const struct wm_synth_place *place, char out[WM_TRUTH_MAX])
{
    char hex[2 * WM_TELEGRAM_MAX + 1];
    int len;

    wm_hex_encode(wm_span_sub(burst->telegram, 0, WM_TELEGRAM_MAX), hex);
    len = snprintf(out, WM_TRUTH_MAX,
                   "{\"telegram\":\"%s\",\"mode\":\"%s\",\"format\":\"%s\",\"sample\":%" PRIu64
                   ",\"offset_hz\":%.1f,\"clock_ppm\":%.1f,\"deviation_hz\":%.1f}",
                   hex, wm_mode_info(burst->mode)->name, wm_format_name(burst->format), place->data_sample, burst->offset_hz,
                   burst->clock_ppm, burst->deviation_hz);
    return (size_t)len;
}
