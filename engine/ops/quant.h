// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by quantize and dequantize: how scales and zero points lie on a tensor.
//
// real = scale (q - zero_point); one pair for all, or one per index of an axis (ONNX QuantizeLinear-13).
#pragma once

#include "op.h"

gboolean _sq_quant_infer (const char *op, int axis, const SqType *const *in, int n_in, GError **error);

static inline gint64
_sq_quant_index (const SqTensor *x, const SqTensor *scale, int axis, gint64 i)
{
  return scale->n == 1 ? 0 : i / sq_shape_span (&x->shape, axis + 1, x->shape.rank) % x->shape.dim[axis];
}
