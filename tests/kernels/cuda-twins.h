// SPDX-License-Identifier: GPL-3.0-or-later
// Plain C twins of the CUDA kernels: the same jobs, one loop each, no thought of speed. Pointers are the host's.
//
// Thread: any
#pragma once

#include "kernels/cuda/cuda.h"

#include <glib.h>

G_BEGIN_DECLS

// A number of any type; `scale` counts for S8 and E4M3, `zero` for S8 only. Stores round and saturate.
double sq_twin_read (const void *data, SqCudaType type, gint64 i, float scale, int zero);
void sq_twin_write (void *data, SqCudaType type, gint64 i, float scale, int zero, double value);
gsize sq_twin_bytes (SqCudaType type);

void sq_twin_elementwise (const SqCudaElementwise *job);
void sq_twin_conv (const SqCudaConv *job); // also depthwise and stem
void sq_twin_conv_transpose (const SqCudaConv *job);
void sq_twin_pool (const SqCudaPool *job);
void sq_twin_resize (const SqCudaResize *job);
void sq_twin_softmax (const SqCudaSoftmax *job);
void sq_twin_matmul (const SqCudaMatmul *job);
void sq_twin_reduce (const SqCudaReduce *job);
void sq_twin_letterbox (const SqCudaLetterbox *job); // through kernels/resample.c
void sq_twin_head (const SqCudaHead *job);
void sq_twin_topk (const SqCudaTopk *job);
void sq_twin_nms (const SqCudaNms *job);

// qsort's: best first, the order that topk promises.
int sq_twin_compare_boxes (gconstpointer a, gconstpointer b);

G_END_DECLS
