/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/sink.h"
#include "app/pipeline/reading.h"

/* Topic templates: "wmsdr/{manufacturer}/{id}". The names in braces are fields about the telegram (app/out/fields.h). */

/* NULL, or what is wrong with it: a static phrase. */
const char *wm_topic_fault(const char *template);
/* Characters that mean something in a topic (/ + #) become _ in what is filled in; a field that is not there becomes "unknown". */
void wm_topic_write(struct wm_sink *sink, const char *template, const struct wm_reading *reading);
