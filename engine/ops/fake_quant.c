// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL || in[0]->dtype != SQ_F32)
    return sq_op_fail (error, "fake_quant", "the input is not float32");
  out[0] = *in[0];
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const float *x = sq_tensor_f32 (in[0]);
  float scale = params->fake_quant.scale, zero = params->fake_quant.zero, low = params->fake_quant.low, high = params->fake_quant.high;

  for (gint64 i = 0; i < in[0]->n; i++)
    sq_tensor_f32 (out[0])[i] = scale * (fminf (fmaxf (nearbyintf (x[i] / scale) + zero, low), high) - zero);
}

// What is left of x after it was stored in 8 bits: quantize and dequantize in one (QDQ).
const SqOp sq_op_fake_quant = { .name = "fake_quant", .n_out = 1, .infer = infer, .reference = reference };
