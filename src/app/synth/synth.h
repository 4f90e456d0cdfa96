/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/span.h"
#include "dsp/channel_model.h"
#include "phy/mode.h"

#include <stdbool.h>

/* The virtual air: transmissions and noise in, a stream of converter samples out, block by block, whatever its length. */
struct wm_synth;

struct wm_synth_stream {
    double sample_rate_hz;
    double centre_hz;
    enum wm_sample_format format;
    double noise_lsb; /* rms of the complex noise (I and Q together), in steps of an 8-bit converter (full scale / 127.5), in every
                         format */
    uint64_t seed;    /* of the noise */
    struct wm_front_end front_end; /* gain 0 is taken as 1 */
    /* an unmodulated carrier all the time, so far from the stream's centre, its power in units of the noise's in 200 kHz; 0: none
     */
    double carrier_hz, carrier_to_noise;
};

/* One transmission. Each error is the transmitter's own: carrier and clock are independent here. */
struct wm_synth_burst {
    enum wm_mode mode;
    enum wm_format format;
    struct wm_span telegram; /* L first, no CRCs; needed only while wm_synth_add runs */
    unsigned preamble_pairs; /* 0: the mode's minimum */
    unsigned tail_chips;
    double start_sample; /* of the first chip; not before what has been rendered */
    double amplitude;    /* full scale 1 */
    double offset_hz;    /* from the channel's centre */
    double clock_ppm;
    double deviation_hz; /* 0: nominal */
    double bt;           /* 0: not shaped */
    double phase_rad;
};

/* Where a transmission lies in the stream. */
struct wm_synth_place {
    uint64_t data_sample; /* first sample of the first chip after the sync word: what wm_signal.sample_index shall read */
    uint64_t end_sample;  /* first sample behind the last chip */
};

/* WM_INVALID: a rate not above 0, a noise below 0. */
WM_MUST_USE enum wm_status wm_synth_create(const struct wm_synth_stream *stream, struct wm_synth **synth);
void wm_synth_destroy(struct wm_synth *synth);

/* Variance of the stream's complex noise samples, full scale 1. */
double wm_synth_noise_variance(const struct wm_synth *synth);
/* The amplitude that gives a burst of this mode the wanted Ec/N0 at the nominal chip rate; 0 without noise. */
double wm_synth_amplitude(const struct wm_synth *synth, enum wm_mode mode, double ec_n0_db);

/* Adds a transmission; any number may overlap. *place may be NULL. WM_INVALID: it starts before what has been rendered, lies
 * outside the band, or the mode lacks the format; WM_MALFORMED: L disagrees with the telegram's length. */
WM_MUST_USE enum wm_status wm_synth_add(struct wm_synth *synth, const struct wm_synth_burst *burst, struct wm_synth_place *place);

/* Samples rendered so far, and the end of the last transmission added so far. */
uint64_t wm_synth_position(const struct wm_synth *synth);
uint64_t wm_synth_last_end(const struct wm_synth *synth);

#define WM_SYNTH_BLOCK 16384 /* samples, the most one call renders */

/* The stream's next `samples` samples as count * wm_sample_format_bytes bytes; at most WM_SYNTH_BLOCK, else WM_INVALID. The result
 * does not depend on how the stream is cut. */
WM_MUST_USE enum wm_status wm_synth_render(struct wm_synth *synth, size_t samples, uint8_t *out);

/* Components clipped so far. */
uint64_t wm_synth_clipped(const struct wm_synth *synth);
