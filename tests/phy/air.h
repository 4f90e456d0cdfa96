/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/channel_model.h"
#include "phy/mode.h"
#include "phy/receiver.h"

/* A stretch of virtual air in memory, and an ear that holds the receiver against what was sent. The bytes of a transmission are
 * random: these tests know no frames, only how many bytes each transmission has. */

#define AIR_FRAMES_MAX 48
#define AIR_BYTES_MAX  290

struct air_burst {
    enum wm_mode mode;
    enum wm_format format; /* NONE: A */
    size_t bytes;          /* on air; random ones */
    double at_s;           /* where the first preamble chip begins */
    double ec_n0_db;       /* used unless amplitude is set */
    double amplitude;
    double offset_hz, clock_ppm, deviation_hz /* 0: nominal */, bt;
    unsigned preamble_pairs, tail_chips;
};

/* What was sent, and what the ear heard of it. */
struct air_frame {
    struct air_burst burst;
    double amplitude, deviation_hz;
    double data_sample, end_sample; /* where the data's first chip begins, where the whole burst ends */
    uint8_t bytes[AIR_BYTES_MAX];
    unsigned heard;
    unsigned tier;           /* in which it was read */
    struct wm_signal signal; /* of the call that read it */
    unsigned told_of_end;    /* read said WM_END in tier 0 */
};

struct air {
    double sample_rate_hz, centre_hz, noise_variance;
    size_t samples;
    float complex *x;
    struct wm_rng rng;
    size_t count;
    struct air_frame frame[AIR_FRAMES_MAX];
};

/* Noise of the given rms (of the complex sample, full scale 1); 0: none. */
void air_open(struct air *air, double sample_rate_hz, double centre_hz, double seconds, double noise_rms, uint64_t seed);
void air_close(struct air *air);
/* Adds a transmission and returns its entry in air->frame. */
struct air_frame *air_send(struct air *air, const struct air_burst *burst);
/* Some of everything: T, C in both formats, S with the short and the long preamble, with every error a transmitter may have; the
 * stretch must be AIR_MIX_S long and hold both channels. */
#define AIR_MIX_S 0.1
void air_send_mix(struct air *air, double ec_n0_db);
/* Asserts that the ear heard each transmission, and heard it once. */
void air_heard_once(const struct air *air);
/* The stretch as the converter gives it, times `gain`; free with free(). */
uint8_t *air_samples(const struct air *air, enum wm_sample_format format, double gain, size_t *bytes);

struct ear {
    struct air *air;
    unsigned calls, strangers; /* syncs that belong to no transmission */
    /* Every call with all that it was told, as text: two runs that heard the same have the same. */
    char *log;
    size_t log_len, log_cap;
    bool reads_all_tiers; /* for the log: every tier, not only until the bytes are right */
};

/* Forgets what was heard. */
void ear_open(struct ear *ear, struct air *air);
void ear_close(struct ear *ear);
/* wm_sync_fn; user is the ear. */
enum wm_status ear_on_sync(void *user, const struct wm_sync *sync, size_t *air_bytes);
/* A receiver for this air with the ear at its end. */
struct wm_receiver *ear_receiver(struct ear *ear, enum wm_sample_format format, const char *kernels);
/* Pushes in steps of `step` bytes (0: all at once) and flushes. */
void ear_listen(struct wm_receiver *receiver, const uint8_t *samples, size_t bytes, size_t step);
/* air_samples, ear_receiver and ear_listen in one. */
void ear_hear(struct ear *ear, enum wm_sample_format format, const char *kernels);
