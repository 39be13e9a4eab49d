// SPDX-License-Identifier: GPL-3.0-or-later
// Gradients of operators other than convolutions.
#pragma once

#include "engine/ops/op.h"

G_BEGIN_DECLS

gboolean _sq_slope_knows (const SqGraph *graph, const SqNode *node); // whether there is a rule (activations of convolutions included)

// x' += y' act' (x); `scratch` has room for n.
void _sq_slope_act (const SqAct *act, const float *x, const float *dy, float *dx, gint64 n, float *scratch);

// dx[k] += what dy says about input k; NULL where nobody wants it. `in`, `out` are the values.
void _sq_slope_node (const SqNode *node, SqTensor *const *in, const SqTensor *out, const SqTensor *dy, SqTensor *const *dx, float *scratch);

G_END_DECLS
