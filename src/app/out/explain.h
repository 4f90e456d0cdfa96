/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/out/sink.h"
#include "app/pipeline/reading.h"

/* A telegram layer by layer, byte by byte, with names: for people. Bytes that were decrypted are shown as plain text and marked. */
void wm_explain(struct wm_sink *sink, const struct wm_reading *reading);
