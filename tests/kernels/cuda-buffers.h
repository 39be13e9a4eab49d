// SPDX-License-Identifier: GPL-3.0-or-later
// Memory for kernel tests: every buffer twice (one for the kernel, one for its twin), alike at first, with guard bytes around, which
// AddressSanitizer watches where it is built in.
//
// Owner:  all buffers belong to the list; sq_buffers_clear frees them
// Thread: one
#pragma once

#include "kernels/cuda/cuda.h"

#include <glib.h>

G_BEGIN_DECLS

extern GRand *sq_rand;

int sq_pick (int n); // 0 ... n - 1
float sq_number (float low, float high);

// Zeroed bytes outside of what is written later would hide reads: filled with 0xA5. `shift` moves it off its alignment.
gpointer sq_buffer_new (gsize bytes, gsize shift);
gpointer sq_buffer_twin (gpointer p); // the same place in the other copy; NULL for NULL

// Numbers of `type` in [low, high), now and then NaN or infinite where `wild`; both copies.
void sq_buffer_fill (gpointer p, SqCudaType type, gint64 n, float low, float high, gboolean wild);

// Every element of both copies, also those that nobody should have touched. Floats within relative + absolute, others within `steps`.
gboolean sq_buffer_same (gpointer p, SqCudaType type, double relative, double absolute, int steps, char **why);
gboolean sq_buffers_intact (void); // no guard byte was written
void sq_buffers_clear (void);

// A picture with odd pitches: pixel > c at times, rows and images with room between. S8 gets a scale and a zero point.
SqCudaMap sq_map_new (SqCudaType type, int n, int h, int w, int c);
SqCudaMap sq_map_twin (const SqCudaMap *map);

G_END_DECLS
