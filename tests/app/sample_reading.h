/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pipeline/reading.h"

/* Readings for the tests of outputs: a water meter made for them, whose identification and volume count up. */
struct sample {
    struct wm_opener *opener;
    struct wm_frame frame;
    struct wm_message message;
    struct wm_content content;
    struct wm_reading reading;
};

void sample_open(struct sample *sample);
void sample_close(struct sample *sample);
/* The n-th: identification n (BCD), volume n litres, heard n seconds after 2024-05-01T12:00:00Z. */
const struct wm_reading *sample_number(struct sample *sample, unsigned n);
/* The same of one meter, 12345678. */
const struct wm_reading *sample_of_one_meter(struct sample *sample, unsigned n);
