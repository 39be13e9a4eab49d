// SPDX-License-Identifier: GPL-3.0-or-later
// Small networks by hand: every call adds a node and returns its output's value id; weights are the same every time.
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

int sq_test_add (SqGraph *graph, const SqOp *op, const SqParams *params, const int *in, int n_in);
int sq_test_conv (SqGraph *graph, int x, gint64 channels, int kernel, int groups, SqActKind act, guint seed); // padded, stride 1, with bias
int sq_test_two (SqGraph *graph, const SqOp *op, SqParams params, int a, int b);
int sq_test_slice_channels (SqGraph *graph, int x, gint64 start, gint64 size);

SqTensor *sq_test_run (const SqGraph *graph, SqTensor *x);    // on the reference backend
float *sq_test_weights_of (SqGraph *graph, int value, int k); // constant input k of the node that makes it

G_END_DECLS
