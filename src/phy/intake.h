/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dsp/design.h"

/* The stream's newest samples as 16-bit complex, addressed by their index in the stream: what every channel reads from.
 *
 *        first                                   end
 *   ------|======================================|------>   one linear stretch; when it is full the newest `keep` samples move to
 * the kept, readable                          next push      front, so a reader never meets a seam
 *
 * cf32 has no fixed scale: its gain is a power of two that puts the noise well above one step, watched every WM_INTAKE_BLOCK
 * samples. A sub-band of a wide capture is held the same way, filled by its filter instead of a conversion (phy/subband.h). */
struct wm_intake;

WM_MUST_USE enum wm_status wm_intake_create(const struct wm_kernels *kernels, enum wm_sample_format format, size_t keep,
                                            struct wm_intake **intake);
void wm_intake_destroy(struct wm_intake *intake);
/* Empties it; the next sample has index 0. */
void wm_intake_reset(struct wm_intake *intake);

/* Takes at most WM_INTAKE_BATCH samples from bytes (a rest of a split sample is remembered) and says how many bytes it took. The
 * scale changes at most once in a call, before any sample of the call can be read. */
#define WM_INTAKE_BATCH 16384
#define WM_INTAKE_BLOCK 4096 /* floats are taken in blocks of so many samples */
size_t wm_intake_push(struct wm_intake *intake, const void *bytes, size_t len);
/* Appends n <= WM_INTAKE_BATCH zero samples. */
void wm_intake_pad(struct wm_intake *intake, size_t n);

/* Instead of push, for cs16: room for n <= WM_INTAKE_BATCH samples of the caller's making (valid until the next call), and that
 * they are there now, the last `padded` of them padding. */
int16_t *wm_intake_room(struct wm_intake *intake, size_t n);
void wm_intake_fill(struct wm_intake *intake, size_t n, size_t padded);
/* Brings what is held to another full scale. */
void wm_intake_rescale(struct wm_intake *intake, double full_scale);

/* How many more it takes before it drops samples older than the newest `keep`; what is worked on in batches may take no more. */
size_t wm_intake_left(const struct wm_intake *intake);
/* As if n >= keep samples had been pushed, of which only the newest `keep` can be read: here they are. Between blocks only. */
void wm_intake_jump(struct wm_intake *intake, const void *newest, size_t n);
/* n samples as they would be held at the present scale, in whatever order and by whatever thread. */
void wm_intake_convert_at(const struct wm_intake *intake, const void *bytes, size_t n, int16_t *out);
/* The same where they are, if they can be read there, or in `room`. */
const int16_t *wm_intake_held_as(const struct wm_intake *intake, const void *bytes, size_t n, int16_t *room);
/* Neither a sample has come in part nor a block of floats. */
bool wm_intake_is_between_blocks(const struct wm_intake *intake);
/* Floats: the rms of WM_INTAKE_BLOCK of them, and how many of the next blocks, by their rms, leave the scale as it is. stay: they
 * have been taken. */
double wm_intake_block_rms(const void *bytes);
size_t wm_intake_watch_blocks(struct wm_intake *intake, const double *rms, size_t blocks, bool stay);

/* ---- work in batches (phy/rounds.h): one batch is read while the next is being filled
 *
 *   memory   ----[ keep |== batch n ==|== batch n + 1 ==>      ]      what is read is seen through a view; turn shows it the batch
 *                 ^--- the view -----^ ^--- being filled              that has been filled. At the memory's end the newest `keep`
 *                                                                     samples are carried to its front, where nobody reads. */
WM_MUST_USE enum wm_status wm_intake_create_for(const struct wm_kernels *kernels, enum wm_sample_format format, size_t keep,
                                                size_t batch, struct wm_intake **intake);
/* Freed by wm_intake_destroy; must not outlive the intake. */
WM_MUST_USE enum wm_status wm_intake_create_view(const struct wm_intake *intake, struct wm_intake **view);
/* What the view sees is what the intake holds now. */
void wm_intake_view(const struct wm_intake *intake, struct wm_intake *view);
/* The same, and the intake goes on with at most a batch, at least half of one. What it holds is there when each i < carries has
 * been carried, by whatever threads; then carried is to be called. */
void wm_intake_turn(struct wm_intake *intake, struct wm_intake *view);
size_t wm_intake_carries(const struct wm_intake *intake);
void wm_intake_carry(struct wm_intake *intake, size_t i);
void wm_intake_carried(struct wm_intake *intake);
/* Called before what is held is brought to another scale: nothing of it may be waiting to be read then. */
typedef void (*wm_intake_change_fn)(void *user);
void wm_intake_on_change(struct wm_intake *intake, wm_intake_change_fn on_change, void *user);

/* First index that can be read, and one past the last. */
int64_t wm_intake_first(const struct wm_intake *intake);
int64_t wm_intake_end(const struct wm_intake *intake);
/* One past the last that is of the stream, not padding. */
int64_t wm_intake_stream_end(const struct wm_intake *intake);
/* Interleaved I, Q from index on; index in [first, end). */
const int16_t *wm_intake_at(const struct wm_intake *intake, int64_t index);
/* What one step of full scale is now: 255 for cu8 (2u - 255), 128, 32768, or the gain for cf32. */
double wm_intake_full_scale(const struct wm_intake *intake);
