// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL || in[0]->dtype != SQ_F32)
    return sq_op_fail (error, "dynamic_quantize", "the input is not float32");
  out[0] = (SqType){ SQ_U8, in[0]->shape };
  out[1] = (SqType){ SQ_F32, { 0 } };
  out[2] = (SqType){ SQ_U8, { 0 } };
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const float *x = sq_tensor_f32 (in[0]);
  float lo = 0, hi = 0, scale, zero;

  for (gint64 i = 0; i < in[0]->n; i++)
    {
      lo = fminf (lo, x[i]);
      hi = fmaxf (hi, x[i]);
    }
  scale = hi == lo ? 1 : (hi - lo) / 255;
  zero = fminf (fmaxf (nearbyintf (-lo / scale), 0), 255);
  sq_tensor_f32 (out[1])[0] = scale;
  ((guint8 *) out[2]->data)[0] = (guint8) zero;
  for (gint64 i = 0; i < in[0]->n; i++)
    sq_tensor_set (out[0], i, nearbyintf (x[i] / scale) + zero);
}

// ONNX DynamicQuantizeLinear-11: q, scale, zero point from the input's own range (0 included).
const SqOp sq_op_dynamic_quantize = { .name = "dynamic_quantize", .n_out = 3, .infer = infer, .reference = reference };
