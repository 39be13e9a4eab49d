// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

// Everything an 8-bit layer can meet: padding that is not 0, depthwise, a residual, a concatenation, a pool, floats beside it. Two outputs,
// made of 1 x 3 x 24 x 32.
SqGraph *sq_test_quantised_network (void);

// How often `word` stands in what an exec says of itself.
guint sq_test_count_word (const char *text, const char *word);

// The pieces: any node; rounding to 0..255; a convolution of side x side with whole weights and a bias. Each returns its value.
int sq_test_add (SqGraph *graph, const SqOp *op, SqParams params, const int *in, int n);
int sq_test_round (SqGraph *graph, int x, float scale, float zero);
int sq_test_conv8 (SqGraph *graph, int x, gint64 k, int side, int stride, int groups, SqActKind act, int residual, guint seed);
