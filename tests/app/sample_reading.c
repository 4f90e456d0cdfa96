/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample_reading.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

void sample_open(struct sample *sample)
{
    memset(sample, 0, sizeof *sample);
    ck_assert_int_eq(wm_opener_create(NULL, &sample->opener), WM_OK);
}

void sample_close(struct sample *sample)
{
    wm_opener_destroy(sample->opener);
}

/* The low 8 decimal digits as BCD, least significant byte first. */
static void bcd(unsigned n, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(n % 10 | n / 10 % 10 << 4);
        n /= 100;
    }
}

static const struct wm_reading *make(struct sample *sample, unsigned id, unsigned n)
{
    static const char hex[] = "1E44EE4D000000003C077A8F0000000C130000000002FD170000426CE1F12F";
    struct wm_frame *frame = &sample->frame;

    memset(frame, 0, sizeof *frame);
    ck_assert_int_eq(wm_hex_decode(hex, strlen(hex), frame->data, sizeof frame->data, &frame->len, NULL), WM_OK);
    ck_assert_uint_eq(frame->len, frame->data[0] + 1u);
    bcd(id, frame->data + 4);
    bcd(n, frame->data + 17);
    frame->format = WM_FORMAT_A;
    frame->grade = WM_GRADE_CLEAN;
    frame->on_air = true;
    frame->mode = WM_MODE_T;
    frame->signal = (struct wm_signal){.sample_index = n,
                                       .time_ns = (1714564800 + (int64_t)n) * 1000000000,
                                       .channel_hz = 868.95e6,
                                       .rssi_dbfs = -31.0F,
                                       .snr_db = 14.0F};
    ck_assert_int_eq(wm_open(sample->opener, (struct wm_span){frame->data, frame->len}, &sample->message), WM_OK);
    ck_assert_int_eq(wm_reading_content(NULL, &sample->message, &sample->content), WM_OK);
    sample->reading = (struct wm_reading){.frame = frame, .message = &sample->message, .content = &sample->content};
    ck_assert(wm_reading_has_records(&sample->reading));
    return &sample->reading;
}

const struct wm_reading *sample_number(struct sample *sample, unsigned n)
{
    return make(sample, n, n);
}

const struct wm_reading *sample_of_one_meter(struct sample *sample, unsigned n)
{
    return make(sample, 12345678, n);
}
